"""Which file a dataset is loaded from, and what is kept of it."""

from __future__ import annotations

import gc
import io
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from openml_client import Client, DatasetDraft
from openml_client.config import load_settings
from openml_client.errors import FormatError, IntegrityError, OfflineError, TransportError
from openml_client.registry import Registry
from openml_client.resources import loading
from openml_client.transport import InProcessTransport
from tests.doors import ADDRESS


class Server:
    """A registry whose answers can be replaced, and that remembers what it was asked."""

    def __init__(self, registry: Registry, folder: Path) -> None:
        self._app = registry.wsgi_app
        self._folder = folder
        self.key = registry.local_key
        self.asked: list[str] = []
        self.instead: dict[str, tuple[str, bytes]] = {}
        """Status and body by a part of the path."""

    def __call__(self, environ: Any, start: Any) -> Any:
        path = environ["PATH_INFO"]
        self.asked.append(path)
        for part, (status, body) in self.instead.items():
            if part in path:
                start(status, [("Content-Type", "application/octet-stream")])
                return [body]
        return self._app(environ, start)

    @property
    def files(self) -> list[str]:
        """Kinds of the data files that were asked for, since this was looked at."""
        found = ["parquet" if p.startswith("/datasets") else "arff" for p in self.asked if _data(p)]
        self.asked.clear()
        return found

    def client(self, address: str = ADDRESS, **options: Any) -> Client:
        known = load_settings(address, cache_dir=self._folder, retries=0, **options)
        return Client.over(InProcessTransport(self, known), known)


def _data(path: str) -> bool:
    return path.startswith(("/datasets", "/data/"))


@pytest.fixture
def server(seeded_registry: Registry, tmp_path: Path) -> Server:
    return Server(seeded_registry, tmp_path / "cache")


@pytest.fixture
def iris(seeded_registry: Registry, tmp_path: Path) -> pd.DataFrame:
    """What the ARFF file holds."""
    client = Server(seeded_registry, tmp_path / "other").client()
    return client.datasets.load("iris", format="arff").to_pandas()


def kept(tmp_path: Path, pattern: str) -> list[Path]:
    return sorted((tmp_path / "cache").rglob(pattern))


def test_parquet_is_taken_where_the_server_has_it(server: Server, iris: pd.DataFrame) -> None:
    table = server.client().datasets.load("iris")
    assert server.files == ["parquet"]
    pd.testing.assert_frame_equal(table.to_pandas(), iris)
    assert table.target == ("class",)


@pytest.mark.parametrize("format", ["arff", "parquet", "auto"])
def test_a_table_is_mapped_the_next_time(server: Server, tmp_path: Path, format: Any) -> None:
    first = server.client().datasets.load("iris", format=format)
    for path in (*kept(tmp_path, "*.arff"), *kept(tmp_path, "*.pq")):
        path.unlink()
    assert len(server.files) == 1
    again = server.client().datasets.load("iris", format=format)
    assert server.files == []
    pd.testing.assert_frame_equal(again.to_pandas(), first.to_pandas())
    assert again.to_arrow().equals(first.to_arrow())
    assert [f.name for f in again.features] == [f.name for f in first.features]


def test_either_file_gives_the_same_table(server: Server) -> None:
    client = server.client()
    for name in ("iris", "zoo"):
        arff, parquet = (client.datasets.load(name, format=f) for f in ("arff", "parquet"))
        assert arff.attributes == parquet.attributes
        assert arff.to_arrow().equals(parquet.to_arrow())
        pd.testing.assert_frame_equal(arff.to_pandas(), parquet.to_pandas())


def test_a_missing_parquet_file_is_remembered_quietly(
    server: Server, iris: pd.DataFrame, caplog: pytest.LogCaptureFixture
) -> None:
    server.instead["/datasets/"] = ("404 Not Found", b"<Error><Code>NoSuchKey</Code></Error>")
    pd.testing.assert_frame_equal(server.client().datasets.load("iris").to_pandas(), iris)
    assert server.files == ["parquet", "arff"]
    for path in kept(server._folder.parent, "*.arrow"):
        path.unlink()
    server.client().datasets.load("iris")
    assert server.files == []
    assert not caplog.records
    with pytest.raises(TransportError, match="404"):
        server.client().datasets.load("iris", format="parquet")


def test_a_missing_parquet_file_is_asked_for_again_some_day(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.instead["/datasets/"] = ("404 Not Found", b"<Error><Code>NoSuchKey</Code></Error>")
    server.client().datasets.load("iris")
    for path in kept(server._folder.parent, "*.arrow"):
        path.unlink()
    server.asked.clear()
    monkeypatch.setattr(loading, "ASKED_AGAIN_AFTER", timedelta(0))
    server.client().datasets.load("iris")
    assert server.files == ["parquet"]


def test_an_object_store_out_of_order_is_asked_again_the_next_time(server: Server) -> None:
    server.instead["/datasets/"] = ("503 Service Unavailable", b"")
    server.client().datasets.load("iris")
    assert server.files == ["parquet", "arff"]
    del server.instead["/datasets/"]
    for path in kept(server._folder.parent, "*.arrow"):
        path.unlink()
    server.client().datasets.load("iris")
    assert server.files == ["parquet"]


@pytest.mark.fault(7)
def test_a_broken_parquet_file_is_told_and_the_arff_file_read(
    server: Server, iris: pd.DataFrame, caplog: pytest.LogCaptureFixture
) -> None:
    server.instead["/datasets/"] = ("200 OK", b"PAR1 and no more")
    pd.testing.assert_frame_equal(server.client().datasets.load("iris").to_pandas(), iris)
    assert "is read as ARFF: the Parquet file is broken" in caplog.text
    with pytest.raises(FormatError, match="broken"):
        server.client().datasets.load("iris", format="parquet")


@pytest.mark.fault(8)
@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-8],
        lambda content: b"",
        lambda content: content[:900] + bytes([content[900] ^ 1]) + content[901:],
    ],
)
def test_a_damaged_table_is_made_again(
    server: Server, tmp_path: Path, iris: pd.DataFrame, damage: Callable[[bytes], bytes]
) -> None:
    server.client().datasets.load("iris", format="arff")
    (stored,) = kept(tmp_path, "*.arff.arrow")
    whole = stored.read_bytes()
    stored.write_bytes(damage(whole))
    server.asked.clear()
    table = server.client().datasets.load("iris", format="arff")
    pd.testing.assert_frame_equal(table.to_pandas(), iris)
    assert server.files == []  # the ARFF file is at hand
    assert stored.read_bytes() == whole


def test_a_large_table_is_kept_while_the_caller_works(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []

    class Thread:
        def __init__(self, target: Callable[[], None], name: str) -> None:
            self.target, self.name = target, name

        def start(self) -> None:
            started.append(self)

    monkeypatch.setattr(loading, "SMALL_BYTES", 10)
    monkeypatch.setattr(loading, "threading", SimpleNamespace(Thread=Thread))
    server.client().datasets.load("iris", format="arff")
    assert kept(tmp_path, "*.arrow") == []
    (thread,) = started
    assert thread.name == "keeps dataset 1"
    thread.target()
    assert len(kept(tmp_path, "*.arrow")) == 1


def test_what_is_written_into_a_frame_meanwhile_is_not_kept(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Callable[[], None]] = []

    def thread(target: Callable[[], None], name: str) -> Any:
        return SimpleNamespace(start=lambda: started.append(target))

    monkeypatch.setattr(loading, "SMALL_BYTES", 10)
    monkeypatch.setattr(loading, "threading", SimpleNamespace(Thread=thread))
    frame = server.client().datasets.load("iris", format="arff").to_pandas()
    wanted = frame.copy(deep=True)
    gc.collect()  # the table that was given is gone, and the frame alone is left of it
    frame.loc[0, "sepallength"] = 99.0
    frame.loc[0, "class"] = "Iris-virginica"
    started[0]()
    again = server.client(offline=True).datasets.load(1, format="arff")
    pd.testing.assert_frame_equal(again.to_pandas(), wanted)


@pytest.mark.fault(11)
def test_offline_what_is_kept_is_loaded_and_nothing_sent(server: Server) -> None:
    with pytest.raises(OfflineError, match=r"data.get 1 \(not in the cache\)"):
        server.client(offline=True).datasets.load(1)
    server.client().datasets.load("iris", format="arff")
    server.asked.clear()
    assert len(server.client(offline=True).datasets.load(1)) == 150
    for path in kept(server._folder.parent, "*.arrow"):
        path.unlink()
    assert len(server.client(offline=True).datasets.load(1)) == 150
    for path in (*kept(server._folder.parent, "*.arrow"), *kept(server._folder.parent, "*.arff")):
        path.unlink()
    with pytest.raises(OfflineError, match=r"/data/v1/download/1"):
        server.client(offline=True).datasets.load(1)
    assert server.asked == []


@pytest.mark.fault(6)
def test_without_a_checksum_the_rows_are_counted(server: Server) -> None:
    client = server.client()
    iris = replace(client.datasets.get("iris"), md5_checksum=None)
    assert len(client.datasets.load(iris, format="arff")) == 150
    for path in (*kept(server._folder.parent, "*.arrow"), *kept(server._folder.parent, "*.arff")):
        path.unlink()
    assert iris.url is not None
    sink = io.BytesIO()
    client.download(iris.url, sink)
    body = sink.getvalue()
    server.instead["/data/v1/download"] = ("200 OK", body[: len(body) // 2].rpartition(b"\n")[0])
    with pytest.raises(IntegrityError, match=r"has \d+ rows, and the server counted 150"):
        client.datasets.load(iris, format="arff")
    server.instead.clear()
    assert len(client.datasets.load(iris, format="arff")) == 150


def test_a_public_server_is_asked_once_a_day_what_it_says_of_a_dataset(
    server: Server, tmp_path: Path
) -> None:
    first = server.client().datasets.load(1).to_pandas()
    server.asked.clear()
    pd.testing.assert_frame_equal(server.client().datasets.load(1).to_pandas(), first)
    assert server.asked == []
    for path in kept(tmp_path, "*.xml"):
        set_back(path, timedelta(days=1))
    pd.testing.assert_frame_equal(server.client().datasets.load(1).to_pandas(), first)
    assert sorted(server.asked) == ["/api/v1/xml/data/1", "/api/v1/xml/data/features/1"]
    server.asked.clear()
    server.client().datasets.load(1)  # the same answer is a new one
    assert server.asked == []


def test_what_get_gives_is_what_is_loaded(server: Server) -> None:
    client = server.client()
    client.datasets.load(1)
    server.asked.clear()
    client.datasets.load(client.datasets.get(1))
    assert server.asked == ["/api/v1/xml/data/1"]


def test_what_a_client_changes_it_asks_for_again(server: Server) -> None:
    client = server.client(api_key=server.key)
    draft = DatasetDraft(name="two", description="A test.", default_target_attribute="a")
    id_ = client.datasets.publish(draft, [{"a": "x", "b": "y"}]).id
    assert client.datasets.load(id_).target == ("a",)
    client.datasets.edit(id_, default_target_attribute="b")
    assert client.datasets.load(id_).target == ("b",)


def test_a_server_in_a_private_network_is_asked_every_time(server: Server) -> None:
    address = "http://127.0.0.1:9"
    server.client(address).datasets.load(1)
    server.asked.clear()
    server.client(address).datasets.load(1)
    assert sorted(server.asked) == ["/api/v1/xml/data/1", "/api/v1/xml/data/features/1"]


def set_back(path: Path, time: timedelta) -> None:
    seconds = path.stat().st_mtime - time.total_seconds() - 1
    os.utime(path, (seconds, seconds))
