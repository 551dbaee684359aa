"""Offline: what the cache has works as it did online, and nothing is sent."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from openml_client import Client, DatasetDraft
from openml_client.errors import NotFoundError, OfflineError, OpenMLError

DATA = [{"a": 1.0, "b": "x"}, {"a": 2.0, "b": "y"}]


def said(ask: Callable[[], object]) -> str:
    """The first line of the error that it raises for want of a network."""
    with pytest.raises(OfflineError) as caught:
        ask()
    return caught.value.message


@pytest.fixture
def offline(client: Client) -> Client:
    """A client that has the cache of `client`, and asks nobody."""
    return client.with_options(offline=True)


# Names


def test_a_dataset_that_was_asked_for_by_name_is_found_by_it(
    client: Client, offline: Client
) -> None:
    iris = client.datasets.get("iris")
    assert offline.datasets.get("iris") == iris
    assert offline.datasets.find("iris") == iris
    assert offline.datasets.get("iris", version=iris.version) == iris
    assert offline.datasets.find("iris", iris.version) == iris


def test_the_data_of_a_name_is_loaded(client: Client, offline: Client) -> None:
    frame = client.datasets.load("iris").to_pandas()
    assert offline.datasets.load("iris").to_pandas().equals(frame)
    assert offline.datasets.features("iris") == client.datasets.features("iris")


def test_a_name_with_its_version_says_nothing_of_the_newest_one(
    client: Client, offline: Client
) -> None:
    first = client.datasets.find("iris", 1)
    assert offline.datasets.get("iris", version=1) == first
    server = client.settings.server
    assert said(lambda: offline.datasets.get("iris")) == (
        "the client is offline and data.get 'iris' (the name is not in the cache) was asked of "
        f"{server}"
    )
    assert said(lambda: offline.datasets.find("iris", 2)).startswith(
        "the client is offline and data.get 'iris', version 2 (the name is not in the cache)"
    )


def test_the_document_that_a_name_needs_is_named_where_it_is_missing(
    client: Client, offline: Client
) -> None:
    iris = client.datasets.get("iris")
    client._caller.cache.remove(f"data/get/{iris.id}.xml")
    assert f"data.get {iris.id} (not in the cache)" in said(lambda: offline.datasets.get("iris"))
    client.datasets.load(iris.id)
    client._caller.cache.remove(f"data/features/{iris.id}.xml")
    assert f"data.features {iris.id} (not in the cache)" in said(
        lambda: offline.datasets.load("iris")
    )


def test_a_name_that_is_asked_for_again_stands_for_the_new_answer(
    client: Client, offline: Client
) -> None:
    draft = DatasetDraft(name="mine", description="A test.", default_target_attribute="b")
    first = client.datasets.publish(draft, DATA)
    client.datasets.get("mine")
    second = client.datasets.publish(draft, DATA)
    assert offline.datasets.get("mine") == first, "nobody has asked since"
    client.datasets.get("mine")
    assert offline.datasets.get("mine").id == second.id
    assert offline.datasets.get("mine", version=1).id == first.id


def test_a_name_that_stands_for_nothing_any_more_is_not_kept(
    client: Client, offline: Client
) -> None:
    mine = client.datasets.publish(
        DatasetDraft(name="mine", description="A test.", default_target_attribute="b"), DATA
    )
    client.datasets.get("mine")
    client.datasets.delete(mine)
    with pytest.raises(NotFoundError):
        client.datasets.get("mine")
    assert "data.get 'mine' (the name is not in the cache)" in said(
        lambda: offline.datasets.find("mine")
    )


@pytest.mark.parametrize("name", ["Iris", "a name with blanks", "ä/😀", "x" * 300, "..", "alias"])
def test_odd_names_are_names(client: Client, offline: Client, name: str) -> None:
    iris = client.datasets.get("iris")
    client._caller.keep_name(_get(), name, None, iris.id)
    assert offline._caller.named(_get(), name) == iris
    assert offline.datasets.get("iris") == iris


def _get() -> Any:
    from openml_client.wire.routes import every as routes

    return routes.DATASET_GET


# Nothing is sent

READS: dict[str, Callable[[Client], object]] = {
    "datasets.get": lambda c: c.datasets.get(1),
    "datasets.find": lambda c: c.datasets.find("iris"),
    "datasets.list": lambda c: list(c.datasets.list()),
    "datasets.features": lambda c: c.datasets.features(1),
    "datasets.qualities": lambda c: c.datasets.qualities(1),
    "datasets.get_many": lambda c: c.datasets.get_many([1]),
    "datasets.load": lambda c: c.datasets.load("iris"),
    "datasets.descriptions": lambda c: c.datasets.descriptions(1),
    "datasets.quality_names": lambda c: c.datasets.quality_names(),
    "tasks.get": lambda c: c.tasks.get(1),
    "tasks.get_many": lambda c: c.tasks.get_many([1]),
    "tasks.inputs": lambda c: c.tasks.inputs(1),
    "tasks.list": lambda c: list(c.tasks.list()),
    "tasks.splits": lambda c: c.tasks.splits(1),
    "tasks.types": lambda c: c.tasks.types(),
    "tasks.estimation_procedures": lambda c: c.tasks.estimation_procedures(),
    "flows.get": lambda c: c.flows.get(1),
    "flows.find": lambda c: c.flows.find("a", "1"),
    "flows.exists": lambda c: c.flows.exists("a", "1"),
    "flows.list": lambda c: list(c.flows.list()),
    "flows.source": lambda c: c.flows.source(1),
    "flows.binary": lambda c: c.flows.binary(1),
    "flows.to_model": lambda c: c.flows.to_model(1),
    "flows.untrusted": lambda c: c.flows.untrusted(1),
    "runs.audit": lambda c: c.runs.audit(1),
    "flows.audit": lambda c: c.flows.audit(1),
    "flows.describe": lambda c: c.flows.describe(1),
    "setups.get": lambda c: c.setups.get(1),
    "setups.list": lambda c: list(c.setups.list(flows=1)),
    "setups.find": lambda c: c.setups.find(1, {}),
    "setups.to_model": lambda c: c.setups.to_model(1),
    "runs.get": lambda c: c.runs.get(1),
    "runs.list": lambda c: list(c.runs.list(tasks=1)),
    "runs.predictions": lambda c: c.runs.predictions(1),
    "runs.trace": lambda c: c.runs.trace(1),
    "runs.download": lambda c: c.runs.download(1, "predictions"),
    "runs.weights": lambda c: c.runs.weights(1),
    "runs.training_log": lambda c: c.runs.training_log(1),
    "runs.to_model": lambda c: c.runs.to_model(1),
    "runs.reproduce": lambda c: c.runs.reproduce(1),
    "evaluations.list": lambda c: list(c.evaluations.list("kappa")),
    "evaluations.measures": lambda c: c.evaluations.measures(),
    "suites.get": lambda c: c.suites.get("small"),
    "suites.list": lambda c: list(c.suites.list()),
    "studies.get": lambda c: c.studies.get(1),
    "studies.list": lambda c: list(c.studies.list()),
    "users.list": lambda c: list(c.users.list()),
    "whoami": lambda c: c.whoami(),
}
"""Every verb that reads, and a call of it."""

OTHERS = {
    *("publish", "edit", "fork", "set_status", "delete", "tag", "untag", "attach", "detach"),
    *("add_topic", "remove_topic", "add_ontology", "remove_ontology", "reset"),
    *("execute", "check", "from_model"),
}
"""What writes, or works on what it is given."""


@pytest.fixture
def door() -> Iterator[socket.socket]:
    """A socket that listens and never answers: the system takes connections in its name."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def knocks(door: socket.socket) -> int:
    """How many connections were made since the last time."""
    count = 0
    while True:
        try:
            connection, _ = door.accept()
        except BlockingIOError:
            return count
        connection.close()
        count += 1


def client_of(door: socket.socket, folder: Path, *, offline: bool) -> Client:
    return Client(
        f"http://127.0.0.1:{door.getsockname()[1]}",
        api_key="0" * 32,
        cache_dir=folder,
        offline=offline,
        timeout_s=0.2,
        retries=0,
    )


def test_an_offline_client_makes_no_connection(door: socket.socket, tmp_path: Path) -> None:
    with client_of(door, tmp_path, offline=True) as client:
        for verb, ask in READS.items():
            assert "the client is offline and " in said(lambda ask=ask: ask(client)), verb
    assert knocks(door) == 0


def test_a_connection_would_have_been_noticed(door: socket.socket, tmp_path: Path) -> None:
    with client_of(door, tmp_path, offline=False) as client, pytest.raises(OpenMLError):
        READS["datasets.get"](client)
    assert knocks(door) == 1


def test_every_verb_that_reads_is_tried(door: socket.socket, tmp_path: Path) -> None:
    names = ("datasets", "tasks", "flows", "setups", "runs", "evaluations", "suites", "studies")
    with client_of(door, tmp_path, offline=True) as client:
        verbs = {
            f"{name}.{verb}"
            for name in (*names, "users")
            for verb in dir(getattr(client, name))
            if not verb.startswith("_") and verb not in OTHERS
        }
    assert verbs == READS.keys() - {"whoami"}
