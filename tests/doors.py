"""The doors to a registry: in this process, over a socket, and as a recording."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from openml_client import Client, Run, TaskDraft
from openml_client.config import load_settings
from openml_client.registry import Registry
from openml_client.seed import seed
from openml_client.transport import HttpTransport, RecordedTransport
from openml_client.transport.inprocess import WsgiAdapter
from openml_client.transport.recording import Recorder, read_exchanges

ADDRESS = "http://registry.test"
"""Of a registry that is called in this process; it never reaches the network."""

T = TypeVar("T")
Ask = Callable[[Callable[[Client], T]], T]
"""Calls a function with a client, and gives what it gives."""


@dataclass(frozen=True)
class World:
    """A folder that holds a registry with runs of all kinds; copy it before you use it."""

    folder: Path
    tree: Run
    """A classification of iris by a decision tree."""
    search: Run
    """A classification of iris by a search, so it has a trace."""
    regression: Run
    """A regression of diabetes."""
    curve: Run
    """A learning curve of iris."""


def make_seeded(folder: Path) -> None:
    """Make a registry in a folder, with the data that scikit-learn ships."""
    with Client(f"local:{folder}") as client:
        for _ in seed(client):
            pass
    forget(folder)


def make_world(folder: Path) -> World:
    """Publish runs of all kinds in a folder that holds a seeded registry."""
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import GridSearchCV
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier(max_depth=2)
    with Client(f"local:{folder}") as client:

        def published(model: Any, task: Any) -> Run:
            return client.runs.publish(client.runs.execute(model, task, seed=7, progress=False))

        world = World(
            folder,
            tree=published(tree, task_on(client, "iris")),
            search=published(
                GridSearchCV(tree, {"max_depth": [1, 3]}, cv=3), task_on(client, "iris")
            ),
            regression=published(Ridge(alpha=0.5), task_on(client, "diabetes")),
            curve=published(tree, client.tasks.publish(learning_curve(client))),
        )
    forget(folder)
    return world


def task_on(client: Client, dataset: str) -> int:
    """Id of the seeded task on a dataset."""
    row = client.tasks.list(dataset_name=dataset).first()
    assert row is not None
    return row.id


def learning_curve(client: Client) -> TaskDraft:
    """Learning curves of iris, 10 folds.  Source: protocol note, section 3.2."""
    inputs = {
        "source_data": str(client.datasets.get("iris").id),
        "target_feature": "class",
        "estimation_procedure": "13",
    }
    return TaskDraft(type_id=3, inputs=inputs)


def forget(folder: Path) -> None:
    """Remove what clients have cached in a registry's folder."""
    shutil.rmtree(folder / "cache", ignore_errors=True)


@contextmanager
def served(registry: Registry) -> Iterator[str]:
    """Address of a registry that is served over a socket, as ``registry serve`` does it."""
    from waitress import wasyncore
    from waitress.server import create_server

    server = create_server(registry.wsgi_app, host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, name="registry over a socket")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        # The loop ends when its map is empty; only its own thread may close what it waits for.
        # pull_trigger() would write to it after the loop may have closed it, woken by an answer.
        with server.trigger.lock:
            server.trigger.thunks.append(lambda: wasyncore.close_all(server._map))
            server.trigger._physical_pull()
        thread.join(10)
        server.task_dispatcher.shutdown()
        assert not thread.is_alive()


def recorded(registry: Registry, folder: Path, ask: Callable[[Client], T]) -> T:
    """What a function gets from a recording of the requests that it makes itself.

    The function is called twice: with a client of the registry, whose requests are written into
    the folder, and with a client that knows nothing but these files.
    """
    exchanges = folder / "exchanges"
    exchanges.mkdir(parents=True)

    def settings(name: str) -> Any:
        return load_settings(ADDRESS, api_key=registry.local_key, cache_dir=folder / name)

    known = settings("first")
    recorder = Recorder(WsgiAdapter(registry.wsgi_app), exchanges, api_key=known.api_key)
    with HttpTransport(known, base_url=ADDRESS, adapter=recorder) as transport:
        ask(Client.over(transport, known))
    again = settings("again")
    with RecordedTransport(read_exchanges(exchanges), again, base_url=ADDRESS) as transport:
        return ask(Client.over(transport, again))
