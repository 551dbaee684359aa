"""The contents of files: each kept once, whole, under its sha256."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from openml_client.errors import IntegrityError
from openml_client.registry.blobs import Blobs, FolderBlobs, RemoteBlobs, read

CONTENT = b"a content" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(params=["folder", "memory"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Blobs]:
    if request.param == "folder":
        yield FolderBlobs(tmp_path / "blobs")
        return
    yield RemoteBlobs(f"memory://{tmp_path.name}")


def test_a_content_is_read_as_it_was_put(blobs: Blobs) -> None:
    info = blobs.put(CONTENT)
    assert (info.sha256, info.size_bytes) == (SHA256, len(CONTENT))
    assert info.md5 == hashlib.md5(CONTENT).hexdigest()
    assert read(blobs, info.sha256) == CONTENT


def test_a_stream_is_put_as_well(blobs: Blobs) -> None:
    assert blobs.put(io.BytesIO(CONTENT)).sha256 == SHA256
    assert read(blobs, SHA256) == CONTENT


def test_putting_twice_keeps_once(blobs: Blobs) -> None:
    assert blobs.put(CONTENT) == blobs.put(CONTENT)
    assert read(blobs, SHA256) == CONTENT


def test_a_content_that_is_not_there_is_missed_with_the_way_out(blobs: Blobs) -> None:
    with pytest.raises(IntegrityError, match="0000") as info:
        blobs.open("0" * 64)
    assert "registry check" in str(info.value)


def test_only_contents_of_this_machine_have_a_path(blobs: Blobs) -> None:
    blobs.put(CONTENT)
    path = blobs.path(SHA256)
    assert (path is not None) == isinstance(blobs, FolderBlobs)
    assert path is None or path.read_bytes() == CONTENT


def test_an_upload_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError("the connection broke")

    blobs = FolderBlobs(tmp_path)
    with pytest.raises(OSError, match="broke"):
        blobs.put(Broken())
    assert list(tmp_path.rglob("*")) == []


def test_the_same_content_put_at_once_is_whole(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        infos = set(pool.map(lambda _: blobs.put(CONTENT), range(32)))
    assert len(infos) == 1
    assert [path.read_bytes() for path in blobs] == [CONTENT]
    assert [path for path in tmp_path.iterdir() if path.is_file()] == []


def test_a_content_is_flushed_before_it_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from openml_client.registry import blobs as module

    order: list[str] = []
    original: Callable[[int], None] = module.os.fsync

    def fsync(descriptor: int) -> None:
        order.append("named" if FolderBlobs(tmp_path).path(SHA256).exists() else "unnamed")
        original(descriptor)

    monkeypatch.setattr(module.os, "fsync", fsync)
    FolderBlobs(tmp_path).put(CONTENT)
    assert order == ["unnamed", "named"]


def test_a_key_leads_to_a_content_until_it_leads_to_another(blobs: Blobs) -> None:
    first, second = blobs.put(CONTENT).sha256, blobs.put(b"another").sha256
    assert blobs.linked("parquet-1") is None
    for sha256 in (first, second):
        blobs.link("parquet-1", sha256)
        assert blobs.linked("parquet-1") == sha256


def test_a_key_leads_to_nothing_where_its_content_was_lost(blobs: Blobs) -> None:
    blobs.put(CONTENT)
    blobs.link("key", "0" * 64)
    assert blobs.linked("key") is None


def test_links_are_no_contents(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path)
    blobs.link("key", blobs.put(CONTENT).sha256)
    assert [path.name for path in blobs] == [SHA256]
