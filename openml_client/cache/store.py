"""Get or fetch: an entry is a file and, beside it, the sha256 of its content."""

from __future__ import annotations

import errno
import hashlib
import io
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import IO, BinaryIO

from openml_client.cache import derived
from openml_client.cache.layout import (
    VERSION,
    checksum_path,
    entry_path,
    host_folder,
    lock_path,
)
from openml_client.cache.locks import entry_lock
from openml_client.errors import IntegrityError, OpenMLError

_logger = logging.getLogger("openml_client")

PARTIAL = ".partial"
"""Folder of what is being written.  No key leads there."""
PARTIAL_AGE_S = 24 * 3600
"""What lies there for longer was left by a process that was killed."""


class Cache:
    """What was fetched from one server, in a folder.

    Guarantees, for threads and processes alike:

    - what `get_or_fetch` and `read` give was verified against its checksum just now;
    - an entry is whole or absent: content goes to a temporary file in the same file system, is
      flushed to the disk and then renamed;
    - a damaged entry is fetched again, and a warning says so;
    - a folder that can't be written does not hinder: the content is fetched and not kept, and
      one warning says so.
    """

    def __init__(self, folder: Path, *, server: str = "") -> None:
        self.folder = folder / VERSION / host_folder(server)
        self._has_warned = False
        self._has_swept = False

    def get_or_fetch(
        self, key: str, fetch: Callable[[IO[bytes]], object], *, md5: str | None = None
    ) -> bytes:
        """Content of an entry; ``fetch`` writes it if it is missing or damaged.

        Parameters
        ----------
        key
            Parts with slashes between; unsafe ones are replaced by their hash.
        fetch
            Writes the content to the file that it is given, which is in memory.
        md5
            Of the content as the server has it, if ``fetch`` does not see to it.

        Raises
        ------
        IntegrityError
            If what was fetched does not match ``md5``.
        OpenMLError
            If the disk is full.
        """
        path = entry_path(self.folder, key)
        content = _verified(path)
        if content is not None:
            return content
        if not self._make_folder(path.parent):
            _warn_of_damage(path)
            return _fetched(fetch, key, md5)
        with entry_lock(lock_path(path)):
            content = _verified(path)  # by now somebody else may have fetched it
            if content is None:
                _warn_of_damage(path)
                content = _fetched(fetch, key, md5)
                self._keep_fetched(path, key, content)
            return content

    def read(self, key: str) -> bytes | None:
        """Content of an entry, or None if it is missing or damaged."""
        path = entry_path(self.folder, key)
        content = _verified(path)
        if content is None and path.exists():
            with entry_lock(lock_path(path)):  # it may just be written
                content = _verified(path)
            if content is None:
                _warn_of_damage(path)
        return content

    def read_recent(self, key: str, within: timedelta) -> bytes | None:
        """The same, if it was written no longer ago than that."""
        try:
            age_s = time.time() - entry_path(self.folder, key).stat().st_mtime
        except OSError:
            return None
        # A clock that was put back makes no entry recent.
        return self.read(key) if 0 <= age_s < within.total_seconds() else None

    def write(self, key: str, content: bytes) -> None:
        """Keep content under a key, in the place of what was there.

        An entry that can't be written is not kept; a warning says so once.
        """
        path = entry_path(self.folder, key)
        if _verified(path) == content:
            with suppress(OSError):
                os.utime(path)  # it was written now, for `read_recent`
            return
        if not self._make_folder(path.parent):
            return
        try:
            with entry_lock(lock_path(path)):
                self._keep(path, content)
        except OSError as error:
            self._warn(error)

    def remove(self, key: str) -> None:
        """Keep the content of a key no longer, if there is any."""
        path = entry_path(self.folder, key)
        if not path.exists():
            return
        try:
            with entry_lock(lock_path(path)):
                checksum_path(path).unlink(missing_ok=True)
                path.unlink(missing_ok=True)
        except OSError as error:
            self._warn(error)

    def path_of(self, key: str) -> Path:
        """Where an entry is, if it is there; `get_or_fetch` and `read` verify it."""
        return entry_path(self.folder, key)

    def open_derived(self, key: str, source: str) -> BinaryIO | None:
        """The file that was made of an entry, opened for reading; None if it must be made again.

        Parameters
        ----------
        key
            Of the file, as of an entry.
        source
            What the file must have been made of, and how.
        """
        return derived.opened(entry_path(self.folder, key), source)

    def keep_derived(self, key: str, source: str, make: Callable[[IO[bytes]], object]) -> None:
        """Keep a file that was made of an entry; one that can't be written is not kept.

        It is not flushed to the disk: what a crash leaves of it does not match its checksum.

        Parameters
        ----------
        make
            Writes the content to the file that it is given.
        """
        path = entry_path(self.folder, key)
        if not self._make_folder(path.parent):
            return
        partial = self.folder / PARTIAL
        try:
            partial.mkdir(parents=True, exist_ok=True)
            self._sweep(partial)
            descriptor, name = tempfile.mkstemp(prefix=f"{path.name[:40]}.", dir=partial)
            with _removed(Path(name)) as temporary:
                with os.fdopen(descriptor, "w+b") as file:
                    mark = derived.write(file, source, make)
                with _written(partial, path.name, mark.encode(), is_flushed=True) as new_mark:
                    derived.mark_path(path).unlink(missing_ok=True)
                    temporary.replace(path)
                    new_mark.replace(derived.mark_path(path))
        except OSError as error:
            self._warn(error)

    @contextmanager
    def hold(self, key: str) -> Iterator[None]:
        """Let one process or thread at a time do what must not be done twice.

        A folder that can't be written does not hinder, and nobody is waited for then.
        """
        path = entry_path(self.folder, key)
        if not self._make_folder(path.parent):
            yield
            return
        with entry_lock(lock_path(path), what="does the same"):
            yield

    def _keep_fetched(self, path: Path, key: str, content: bytes) -> None:
        try:
            self._keep(path, content)
        except OSError as error:
            if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
                self._warn(error)
                return
            free = shutil.disk_usage(path.parent).free
            raise OpenMLError(
                f"no space: {key} needs {len(content):,} bytes, and {path.parent} has {free:,}",
                hint="Free some space, or choose another folder with OPENML_CACHE_DIR.",
            ) from error

    def _keep(self, path: Path, content: bytes) -> None:
        """Write content and checksum so that a reader sees the old entry, the new one or none."""
        partial = self.folder / PARTIAL
        partial.mkdir(parents=True, exist_ok=True)
        self._sweep(partial)
        checksum = hashlib.sha256(content).hexdigest().encode()
        with (
            _written(partial, path.name, content, is_flushed=True) as new_content,
            # Not flushed: without power this is at worst no checksum of it, and it is fetched
            # again.  Waiting for the disk twice took a quarter of fetching many documents.
            _written(partial, path.name, checksum, is_flushed=False) as new_checksum,
        ):
            # From here on the disk can't be full, which would cost the old entry.
            checksum_path(path).unlink(missing_ok=True)
            new_content.replace(path)
            new_checksum.replace(checksum_path(path))

    def _sweep(self, partial: Path) -> None:
        """Remove what killed processes left, once."""
        if self._has_swept:
            return
        self._has_swept = True
        oldest = time.time() - PARTIAL_AGE_S
        for path in partial.iterdir():
            with suppress(OSError):  # somebody else removed it
                if path.stat().st_mtime < oldest:
                    path.unlink()

    def _make_folder(self, folder: Path) -> bool:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self._warn(error)
            return False
        if os.access(folder, os.W_OK):
            return True
        self._warn(PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder)))
        return False

    def _warn(self, error: OSError) -> None:
        if not self._has_warned:
            self._has_warned = True
            _logger.warning("the cache can't be written (%s); going on without it", error)

    def __repr__(self) -> str:
        return f"<Cache in {self.folder}>"


def _verified(path: Path) -> bytes | None:
    """Content of an entry if it matches its checksum."""
    try:
        content = path.read_bytes()
        wanted = checksum_path(path).read_bytes()
    except OSError:
        return None
    is_whole = hashlib.sha256(content).hexdigest().encode() == wanted
    return content if is_whole else None


def _is_there(path: Path) -> bool:
    return path.exists() and checksum_path(path).exists()


def _warn_of_damage(path: Path) -> None:
    """Warn of an entry that is there; who calls knows that it is not right."""
    if _is_there(path):
        _logger.warning("%s is damaged; it is fetched again", path)


def _fetched(fetch: Callable[[IO[bytes]], object], key: str, md5: str | None) -> bytes:
    sink = io.BytesIO()
    fetch(sink)
    content = sink.getvalue()
    if md5 is None:
        return content
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != md5.lower():
        raise IntegrityError(
            f"{key} does not match its checksum: the server says md5 {md5}, the content has "
            f"{found}",
            hint="The download was damaged on its way, or the server's file was replaced. "
            "Try again, and tell the owner if it stays.",
        )
    return content


@contextmanager
def _removed(path: Path) -> Iterator[Path]:
    """Remove a file afterwards, if it is still there."""
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def _written(folder: Path, name: str, content: bytes, *, is_flushed: bool) -> Iterator[Path]:
    """Write a file, and remove it afterwards if it is still there."""
    descriptor, temporary = tempfile.mkstemp(prefix=f"{name[:40]}.", dir=folder)
    with _removed(Path(temporary)) as path:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            if is_flushed:
                file.flush()
                os.fsync(file.fileno())
        yield path
