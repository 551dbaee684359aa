"""Many things are fetched at once, in their order, and one that fails stops no other."""

from __future__ import annotations

import logging
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tqdm.auto import tqdm

from openml_client import Client
from openml_client.errors import (
    AuthenticationError,
    NotFoundError,
    OfflineError,
    OpenMLError,
    TransportError,
    ValidationError,
)
from openml_client.resources.at_once import each, fetch_each, meanwhile
from openml_client.transport import Request
from openml_client.transport.connections import _Http

LIMIT_S = 10.0
"""Of waiting for a request that should be under way at the same time."""


def of(
    keys: Any, work: Callable[[Any], Any], *, workers: int = 4, each: Callable[..., Any] = each
) -> Any:
    return each(keys, work, workers=workers, title="things", progress=False)


def threads_of(name: str) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith(f"{name} ")]


def test_datasets_come_in_the_order_of_the_ids_and_errors_apart(client: Client) -> None:
    found = client.datasets.get_many([3, 999, 1, "2", 3])
    assert [dataset.id for dataset in found] == [3, 1, 2, 3]
    assert list(found) == [client.datasets.get(n) for n in (3, 1, 2, 3)]
    assert list(found.errors) == [999]
    assert isinstance(found.errors[999], NotFoundError)
    with pytest.raises(NotFoundError, match="999"):
        found.or_raise()


def test_tasks_come_in_the_order_of_the_ids_and_errors_apart(client: Client) -> None:
    found = client.tasks.get_many([2, 999, 1])
    assert list(found) == [client.tasks.get(2), client.tasks.get(1)]
    assert list(found.errors) == [999]
    whole = client.tasks.get_many([2, 1])
    assert whole.or_raise() is whole


def test_what_is_left_out_is_warned_of(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "openml_client"):
        found = client.datasets.get_many([1, 999])
    assert "1 datasets left out (999: " in caplog.text
    assert "1 datasets left out" in repr(found)


def test_features_and_qualities_come_along_when_asked_for(client: Client) -> None:
    found = client.datasets.get_many([2, 999, 1], with_features=True, with_qualities=True)
    assert found.features == {n: client.datasets.features(n) for n in (1, 2)}
    assert found.qualities == {n: client.datasets.qualities(n) for n in (1, 2)}
    bare = client.datasets.get_many([1])
    assert (bare.features, bare.qualities) == ({}, {})


@pytest.mark.parametrize("ids", [[1, "iris"], [0], [None]])
def test_what_is_no_id_is_refused(client: Client, ids: list[Any]) -> None:
    with pytest.raises(ValidationError):
        client.datasets.get_many(ids)
    with pytest.raises(ValidationError):
        client.tasks.get_many(ids)


def test_no_workers_are_refused(client: Client) -> None:
    with pytest.raises(ValidationError, match="workers"):
        client.datasets.get_many([1], workers=0)


def test_offline_what_was_kept_comes_and_the_rest_is_named(client: Client) -> None:
    client.datasets.get(2)
    found = client.with_options(offline=True).datasets.get_many([1, 2, 3])
    assert [dataset.id for dataset in found] == [2]
    assert {n: type(error) for n, error in found.errors.items()} == {
        1: OfflineError,
        3: OfflineError,
    }


@contextmanager
def recording(
    client: Client, patch: pytest.MonkeyPatch, meet: Callable[[str], None]
) -> Iterator[list[str]]:
    """Paths of all that the client asks, each of which is met before it is asked."""
    transport, asked = client._connection, []
    send, download = transport.send, transport.download

    def recorded_send(request: Request, **options: Any) -> Any:
        asked.append(request.path)
        meet(request.path)
        return send(request, **options)

    def recorded_download(url: str, *args: Any, **options: Any) -> Any:
        asked.append(url)
        meet(url)
        return download(url, *args, **options)

    with patch.context() as context:
        context.setattr(transport, "send", recorded_send)
        context.setattr(transport, "download", recorded_download)
        yield asked


def test_each_id_is_fetched_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with recording(client, monkeypatch, lambda _: None) as asked:
        client.datasets.get_many([1, 2, 1, "1"], with_qualities=True)
    assert len(asked) == len(set(asked)) == 4


def test_loading_by_id_asks_for_description_and_features_at_once(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    barrier = threading.Barrier(2)

    def meet(path: str) -> None:
        if path.endswith(("data/1", "data/features/1")):
            barrier.wait(LIMIT_S)  # broken if the other is asked later

    with recording(client, monkeypatch, meet) as asked:
        assert client.datasets.load(1).to_arrow().num_rows == 150
    assert len(asked) == 3


@pytest.mark.parametrize("format", ["arff", "parquet"])
def test_loading_a_dataset_asks_for_features_and_file_at_once(
    client: Client, monkeypatch: pytest.MonkeyPatch, format: Any
) -> None:
    dataset = client.datasets.get(1)
    barrier = threading.Barrier(2)
    with recording(client, monkeypatch, lambda _: (barrier.wait(LIMIT_S), None)[1]) as asked:
        table = client.datasets.load(dataset, format=format)
    assert table.to_arrow().num_rows == 150
    assert len(asked) == 2


def test_loading_by_name_asks_for_features_and_file_at_once(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    barrier = threading.Barrier(2)

    def meet(path: str) -> None:
        if "features" in path or path.endswith(".arff"):
            barrier.wait(LIMIT_S)

    with recording(client, monkeypatch, meet) as asked:
        assert client.datasets.load("iris").to_arrow().num_rows == 150
    assert len(asked) == 4


def test_an_error_of_the_features_is_raised_and_not_taken_for_one_of_the_file(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = client.datasets.get(1)

    def meet(path: str) -> None:
        if "features" in path:
            raise TransportError("features are out of order", status=404)

    with recording(client, monkeypatch, meet), pytest.raises(TransportError, match="out of order"):
        client.datasets.load(dataset)


def test_loading_what_is_not_there_says_so_of_the_dataset(client: Client) -> None:
    with pytest.raises(NotFoundError) as expected:
        client.datasets.get(999)
    with pytest.raises(NotFoundError) as found:
        client.datasets.load(999)
    assert str(found.value) == str(expected.value)


def test_a_call_runs_while_the_block_does() -> None:
    barrier = threading.Barrier(2)
    with meanwhile(lambda: (barrier.wait(LIMIT_S), "found")[1]) as found:
        barrier.wait(LIMIT_S)
        assert found() == "found"
        assert found() == "found"


def test_the_error_of_a_call_is_raised_where_it_is_asked_for() -> None:
    def work() -> None:
        raise OpenMLError("no")

    with meanwhile(work) as found, pytest.raises(OpenMLError, match="no"):
        found()
    with meanwhile(work):
        pass


def test_a_call_has_ended_when_the_block_has() -> None:
    may_end, ended = threading.Event(), []

    def work() -> None:
        assert may_end.wait(LIMIT_S)
        ended.append(True)

    def block() -> None:
        with meanwhile(work):
            may_end.set()
            raise OpenMLError("in the block")

    with pytest.raises(OpenMLError):
        block()
    assert ended
    assert not threads_of("meanwhile")


def test_ctrl_c_waits_for_no_silent_server() -> None:
    answers = threading.Event()
    with pytest.raises(KeyboardInterrupt), meanwhile(lambda: answers.wait(LIMIT_S)):
        raise KeyboardInterrupt
    silent = threads_of("meanwhile")
    assert len(silent) == 1
    assert silent[0].daemon, "the process may end all the same"
    answers.set()
    silent[0].join(LIMIT_S)


def test_as_many_run_at_once_as_there_are_workers() -> None:
    barrier = threading.Barrier(4)
    done, errors = of(range(8), lambda key: (barrier.wait(LIMIT_S), key)[1])
    assert (sorted(done), errors) == (list(range(8)), {})


def test_a_wrong_key_ends_it_all() -> None:
    def work(key: int) -> int:
        raise AuthenticationError("wrong key")

    with pytest.raises(AuthenticationError):
        of(range(3), work)


def test_ctrl_c_begins_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    answers, begun = threading.Event(), []

    def work(key: int) -> int:
        begun.append(key)
        if key == 0:
            return key
        assert answers.wait(LIMIT_S)
        return key

    class Interrupted(tqdm):  # type: ignore[type-arg]
        def update(self, n: float | None = 1) -> bool | None:
            raise KeyboardInterrupt  # as Ctrl-C does while the bar is drawn

    monkeypatch.setattr("tqdm.auto.tqdm", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        of(range(100), work, workers=3)
    left = threads_of("things")
    assert all(thread.daemon for thread in left)
    answers.set()
    for thread in left:
        thread.join(LIMIT_S)
    assert not threads_of("things")
    assert len(begun) <= 4, "the three under way, and what followed the one that ended"


def test_no_thread_is_left(client: Client) -> None:
    before = set(threading.enumerate())
    client.datasets.get_many([1, 2, 999], workers=3)
    client.datasets.load(1)
    assert set(threading.enumerate()) == before


def test_progress_is_shown_on_a_terminal(
    client: Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    client.datasets.get_many([1, 2])
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    client.datasets.get_many([1, 2], progress=False)
    client.datasets.get_many([])
    assert capsys.readouterr().err == ""
    client.datasets.get_many([1, 2])
    client.tasks.get_many([1])
    shown = capsys.readouterr()
    assert "datasets: 100%" in shown.err
    assert "2/2" in shown.err
    assert "tasks: 100%" in shown.err
    assert shown.out == ""


def test_requests_share_as_many_connections_as_there_are_workers(
    loopback: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections, connect = [], _Http.connect

    def counted(self: _Http) -> None:
        connections.append(self)
        connect(self)

    monkeypatch.setattr(_Http, "connect", counted)
    with Client(loopback, cache_dir=tmp_path) as client:
        found = client.datasets.get_many(range(1, 30), with_features=True, workers=4)
    assert len(found) + len(found.errors) == 29
    assert 1 <= len(connections) <= 4


def test_no_more_requests_are_under_way_than_there_are_workers(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, under_way, most = client._connection.send, set(), []

    def counted(request: Request, **options: Any) -> Any:
        under_way.add(request.path)
        most.append(len(under_way))
        try:
            return send(request, **options)
        finally:
            under_way.remove(request.path)

    monkeypatch.setattr(client._connection, "send", counted)
    found = client.datasets.get_many(range(1, 10), with_qualities=True, workers=2)
    assert len(found) == 9
    assert max(most) <= 2
    client.datasets.get(1)  # which has nobody to share with


def test_a_server_out_of_reach_is_not_asked_again_and_what_came_is_kept(client: Client) -> None:
    tried = []

    def work(_: object, key: int) -> int:
        tried.append(key)
        if key:
            raise OfflineError("no route")
        return key

    done, errors = of(range(5), work, workers=1, each=partial(fetch_each, client._caller))
    assert (done, tried) == ({0: 0}, [0, 1])
    assert list(errors) == [1, 2, 3, 4]
    assert "not tried, as no route" in errors[4].message


def test_a_server_out_of_reach_from_the_start_is_an_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with Client(address, cache_dir=tmp_path, retries=0) as client:
        with pytest.raises(OfflineError, match=address.removeprefix("http://")):
            client.datasets.get_many([1, 2, 3])
        with pytest.raises(OfflineError, match=r"the client is offline and task\.get 2"):
            client.with_options(offline=True).tasks.get_many([2, 1])


def test_other_threads_may_fetch_many_meanwhile(client: Client) -> None:
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: client.datasets.get_many([1, 2, 3], workers=4), range(6)))
    assert all([dataset.id for dataset in one] == [1, 2, 3] for one in found)
