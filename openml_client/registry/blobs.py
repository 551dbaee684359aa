"""The contents of files, each kept once, under the sha256 of its bytes.

A blob is there as a whole or not at all, and is never changed: whoever knows its sha256 reads the
bytes that were put.  It is put before the row that names it is written, so that no row names a
blob that is not there; a blob that no row names is harmless.

What can be made again of other contents is found by a key instead of a row.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Protocol

from openml_client.errors import IntegrityError

LINKS = "links"
"""Where the keys are that lead to contents, beside the contents."""

_CHUNK_BYTES = 1024 * 1024
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class BlobInfo:
    """What is known of a content once it was put."""

    sha256: str
    md5: str
    """The checksum that the protocol shows."""
    size_bytes: int


class Blobs(Protocol):
    """A place for contents."""

    def put(self, content: bytes | IO[bytes]) -> BlobInfo:
        """Keep a content; putting it twice keeps it once."""
        ...

    def open(self, sha256: str) -> BinaryIO:
        """Open a content for reading.

        Raises
        ------
        IntegrityError
            If it is not there.
        """
        ...

    def path(self, sha256: str) -> Path | None:
        """Where a content lies on this machine, or None if it doesn't."""
        ...

    def link(self, key: str, sha256: str) -> None:
        """Let a key lead to a content that was made of others, and can be made again.

        Keys are made of letters, digits and hyphens.
        """
        ...

    def linked(self, key: str) -> str | None:
        """The sha256 of the content to which a key leads; None if it leads to none."""
        ...


def read(blobs: Blobs, sha256: str) -> bytes:
    """The whole content.

    Raises
    ------
    IntegrityError
        If it is not there.
    """
    with blobs.open(sha256) as stream:
        return stream.read()


def missing(what: str) -> IntegrityError:
    """The error of a content that was lost; it names no path, as strangers may read it."""
    return IntegrityError(
        f"the content of {what} is missing from this registry",
        hint="Run `openml-client registry check FOLDER` with the registry's folder.",
    )


class FolderBlobs:
    """Contents in a folder of this machine, two levels deep: ``ab/abcdef…``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        """Where a content lies, or would lie."""
        return self.folder / sha256[:2] / sha256

    def put(self, content: bytes | IO[bytes]) -> BlobInfo:
        """Keep a content: written to another name first, flushed to the disk, then renamed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix="incoming-", dir=self.folder)
        incoming = Path(name)
        try:
            with os.fdopen(handle, "wb") as sink:
                info = _copy(content, sink)
                sink.flush()
                os.fsync(sink.fileno())
            target = self.path(info.sha256)
            if not target.exists():
                target.parent.mkdir(exist_ok=True)
                incoming.replace(target)
                flush(target.parent)
        finally:
            incoming.unlink(missing_ok=True)
        return info

    def open(self, sha256: str) -> BinaryIO:
        """Open a content for reading."""
        try:
            return self.path(sha256).open("rb")
        except FileNotFoundError as error:
            raise missing(f"blob {sha256}") from error

    def link(self, key: str, sha256: str) -> None:
        """Let a key lead to a content; a link that is lost or torn means to make it again."""
        links = self.folder / LINKS
        links.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix="incoming-", dir=links)
        incoming = Path(name)
        try:
            with os.fdopen(handle, "w") as sink:
                sink.write(sha256)
            incoming.replace(links / key)
        finally:
            incoming.unlink(missing_ok=True)

    def linked(self, key: str) -> str | None:
        """The content to which a key leads."""
        try:
            sha256 = (self.folder / LINKS / key).read_text()
        except FileNotFoundError:
            return None
        return sha256 if _SHA256.fullmatch(sha256) and self.path(sha256).is_file() else None

    def links(self) -> Iterator[tuple[str, str]]:
        """All keys that lead to contents, with the sha256 of each."""
        for path in sorted((self.folder / LINKS).glob("*")):
            sha256 = self.linked(path.name)
            if sha256 is not None:
                yield path.name, sha256

    def __iter__(self) -> Iterator[Path]:
        """Iterate over the files of all contents."""
        return (path for path in sorted(self.folder.glob("??/*")) if path.is_file())


class RemoteBlobs:
    """Contents at any address that fsspec knows, as ``s3://bucket/path``.

    Object stores show an object once it was written as a whole, so it is written in place.
    """

    def __init__(self, url: str) -> None:
        import fsspec

        self._filesystem, self._root = fsspec.core.url_to_fs(url)
        self.url = url

    def path(self, sha256: str) -> None:
        """Nothing: these contents lie elsewhere."""

    def put(self, content: bytes | IO[bytes]) -> BlobInfo:
        """Keep a content."""
        with tempfile.TemporaryFile() as copy:
            info = _copy(content, copy)
            place = self._place(info.sha256)
            if not self._filesystem.exists(place):
                copy.seek(0)
                self._filesystem.makedirs(place.rpartition("/")[0], exist_ok=True)
                with self._filesystem.open(place, "wb") as sink:
                    _copy(copy, sink)
        return info

    def open(self, sha256: str) -> BinaryIO:
        """Open a content for reading."""
        try:
            stream: BinaryIO = self._filesystem.open(self._place(sha256), "rb")
        except FileNotFoundError as error:
            raise missing(f"blob {sha256}") from error
        return stream

    def link(self, key: str, sha256: str) -> None:
        """Let a key lead to a content."""
        self._filesystem.makedirs(f"{self._root}/{LINKS}", exist_ok=True)
        self._filesystem.pipe_file(f"{self._root}/{LINKS}/{key}", sha256.encode())

    def linked(self, key: str) -> str | None:
        """The content to which a key leads."""
        try:
            sha256 = str(self._filesystem.cat_file(f"{self._root}/{LINKS}/{key}"), "ascii")
        except FileNotFoundError:
            return None
        is_there = _SHA256.fullmatch(sha256) and self._filesystem.exists(self._place(sha256))
        return sha256 if is_there else None

    def _place(self, sha256: str) -> str:
        return f"{self._root}/{sha256[:2]}/{sha256}"


def _copy(content: bytes | IO[bytes], sink: BinaryIO) -> BlobInfo:
    source = io.BytesIO(content) if isinstance(content, bytes) else content
    sha256 = hashlib.sha256()
    md5 = hashlib.md5(usedforsecurity=False)
    size = 0
    while chunk := source.read(_CHUNK_BYTES):
        sha256.update(chunk)
        md5.update(chunk)
        size += len(chunk)
        sink.write(chunk)
    return BlobInfo(sha256.hexdigest(), md5.hexdigest(), size)


def flush(path: Path) -> None:
    """Make a file, or the renames in a folder, last; only POSIX systems can, and need to."""
    if os.name != "posix":
        return
    with _descriptor(path) as descriptor:
        os.fsync(descriptor)


@contextmanager
def _descriptor(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
