"""What lies in the cache folders of all servers: listed, verified, and removed on demand.

An entry is any file that is no dotfile and has a checksum in a dotfile beside it,
``.NAME.ALGORITHM``.  All else is somebody else's: it is counted as foreign, and stays.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Protocol

from filelock import FileLock, Timeout

from openml_client.cache.layout import VERSION, lock_path
from openml_client.cache.store import PARTIAL, PARTIAL_AGE_S

CHUNK_BYTES = 2**20
"""Read at once, so that large entries take no memory."""

REGISTRY = "registry-"
"""What the folders of embedded registries begin with that share a cache folder with servers."""

_LOCK = "lock"
"""What a dotfile beside an entry ends in that holds no checksum."""

_OURS = frozenset({"sha256", "xxh3", _LOCK})
"""What dotfiles end in that are left over if they stand beside nothing."""


class Digest(Protocol):
    """What computes a checksum, as those of hashlib."""

    def update(self, content: bytes, /) -> None:
        """Take in more of the content."""

    def hexdigest(self) -> str:
        """The checksum of all that was taken in."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Something that the cache keeps."""

    server: str
    """Name of its folder, as ``https-www.openml.org``, or ``registry-...`` of an embedded one."""
    kind: str
    """The part of the key before the ids, as ``data/get`` or ``task/splits``."""
    key: str
    """Place below the server's folder; unsafe parts of it are hashes."""
    size_bytes: int
    """Of the content, without its checksum."""
    used_at: datetime
    """Of the last use or write, in UTC.  Many systems note a use once a day, some never."""
    path: Path
    checksums: tuple[Path, ...]
    """The dotfiles beside it that hold one."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something that could not be read or removed, or is damaged."""

    path: Path
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


@dataclass(kw_only=True)
class Walk:
    """What was found in a cache folder."""

    folder: Path
    entries: list[Entry] = field(default_factory=list)
    foreign: list[Path] = field(default_factory=list)
    """Files that the cache did not make."""
    unreadable: list[Problem] = field(default_factory=list)

    @property
    def size_bytes(self) -> int:
        """Of all entries."""
        return sum(entry.size_bytes for entry in self.entries)


@dataclass(kw_only=True)
class Verified:
    """What reading every entry showed."""

    n_whole: int = 0
    damaged: list[tuple[Entry, str]] = field(default_factory=list)
    """Entries that don't match their checksum, and why; the cache would fetch them again."""
    unknown: list[Entry] = field(default_factory=list)
    """Entries with no checksum of a kind that is known here."""
    unreadable: list[Problem] = field(default_factory=list)


@dataclass(kw_only=True)
class Removed:
    """What was removed, and what could not be."""

    removed: list[Entry] = field(default_factory=list)
    busy: list[Entry] = field(default_factory=list)
    """Left alone, as somebody is writing them."""
    failed: list[Problem] = field(default_factory=list)

    @property
    def size_bytes(self) -> int:
        """Of all that was removed."""
        return sum(entry.size_bytes for entry in self.removed)


def walk(folder: Path, *, server_folder: str | None = None) -> Walk:
    """What a cache folder holds, of all servers; nothing if there is no such folder.

    Parameters
    ----------
    folder
        As ``Settings.cache_dir`` names it.
    server_folder
        Only this server's, by `layout.host_folder`.
    """
    found = Walk(folder=folder)
    for server, host in _hosts(folder, server_folder, found.unreadable):
        _walk_host(server, host, found)
    found.entries.sort(key=lambda entry: (entry.server, entry.key))
    return found


def verify(entries: Iterable[Entry]) -> Verified:
    """Whether the entries match their checksums; each is read from beginning to end."""
    result = Verified()
    for entry in entries:
        try:
            checked = list(_complaints(entry))
        except FileNotFoundError:
            continue  # removed meanwhile
        except OSError as error:
            result.unreadable.append(_problem(entry.path, error))
            continue
        complaints = [complaint for complaint in checked if complaint]
        if complaints and _is_written(entry.path):
            continue
        if complaints:
            result.damaged.append((entry, complaints[0]))
        elif checked:
            result.n_whole += 1
        else:
            result.unknown.append(entry)
    return result


def outdated(
    entries: Iterable[Entry],
    *,
    older_than: timedelta | None = None,
    max_size_bytes: int | None = None,
    now: datetime | None = None,
) -> list[Entry]:
    """The entries to remove, those first that were not used for longest.

    Parameters
    ----------
    older_than
        Time since the last use.
    max_size_bytes
        Of all that is to stay.
    now
        The time that it is, unless it is another.
    """
    oldest_first = sorted(entries, key=lambda entry: entry.used_at)
    size = sum(entry.size_bytes for entry in oldest_first)
    now = now or datetime.now(UTC)
    chosen = []
    for entry in oldest_first:
        is_old = older_than is not None and now - entry.used_at > older_than
        is_too_much = max_size_bytes is not None and size > max_size_bytes
        if is_old or is_too_much:
            chosen.append(entry)
            size -= entry.size_bytes
    return chosen


def remove(entries: Iterable[Entry]) -> Removed:
    """Remove entries, but none that somebody is writing, or has written since."""
    result = Removed()
    folders = set()
    for entry in entries:
        try:
            with _locked_now(lock_path(entry.path)) as is_ours:
                if not is_ours:
                    result.busy.append(entry)
                    continue
                if _is_rewritten(entry):
                    continue
                # The checksum last: what is left of an entry after a fault has to be known as one.
                entry.path.unlink(missing_ok=True)
                for checksum in entry.checksums:
                    checksum.unlink(missing_ok=True)
                _unlink_lock(lock_path(entry.path))
        except OSError as error:
            result.failed.append(_problem(entry.path, error))
            continue
        result.removed.append(entry)
        folders.add(entry.path.parent)
    for folder in folders:
        _prune_folders(folder)
    return result


def clear(folder: Path, *, server_folder: str | None = None) -> Removed:
    """Remove all entries, and what killed processes left of others; foreign files stay."""
    result = remove(walk(folder, server_folder=server_folder).entries)
    unreadable: list[Problem] = []
    for _, host in _hosts(folder, server_folder, unreadable):
        _sweep(host)
    result.failed += unreadable
    return result


def _hosts(
    folder: Path, wanted: str | None, unreadable: list[Problem]
) -> Iterator[tuple[str, Path]]:
    """Names and folders of the servers that a cache folder has entries of."""
    hosts = [(host.name, host) for host in _subfolders(folder / VERSION, unreadable)]
    for registry in _subfolders(folder, []):
        if registry.name.startswith(REGISTRY):
            hosts += [(registry.name, host) for host in _subfolders(registry / VERSION, unreadable)]
    yield from (item for item in hosts if wanted in {None, item[0]})


def _walk_host(server: str, host: Path, found: Walk) -> None:
    def note(error: OSError) -> None:
        found.unreadable.append(_problem(Path(error.filename or host), error))

    for place, folders, names in os.walk(host, onerror=note):
        parent = Path(place)
        if parent == host and PARTIAL in folders:
            folders.remove(PARTIAL)
        checksums = _checksums_in(parent, names)
        for name in names:
            if name.startswith("."):
                continue
            path = parent / name
            try:
                status = path.lstat()
            except FileNotFoundError:
                continue  # removed meanwhile
            except OSError as error:
                note(error)
                continue
            if stat.S_ISREG(status.st_mode) and name in checksums:
                found.entries.append(_entry(path, status, server, host, tuple(checksums[name])))
            else:
                found.foreign.append(path)


def _checksums_in(folder: Path, names: Iterable[str]) -> dict[str, list[Path]]:
    """The checksums in a folder, by the name of what they stand beside."""
    found: dict[str, list[Path]] = {}
    for name in sorted(names):
        entry, _, algorithm = name[1:].rpartition(".")
        if name.startswith(".") and entry and algorithm != _LOCK:
            found.setdefault(entry, []).append(folder / name)
    return found


def _entry(
    path: Path, status: os.stat_result, server: str, host: Path, checksums: tuple[Path, ...]
) -> Entry:
    parts = path.relative_to(host).parts
    kind = [part for part in parts[:-1] if not part.isdecimal()]
    return Entry(
        server=server,
        kind="/".join(kind),
        key="/".join(parts),
        size_bytes=status.st_size,
        used_at=_used_at(status),
        path=path,
        checksums=checksums,
    )


def _used_at(status: os.stat_result) -> datetime:
    return datetime.fromtimestamp(max(status.st_atime, status.st_mtime), UTC)


def _complaints(entry: Entry) -> Iterator[str | None]:
    """What each checksum beside an entry says against it; None where it agrees."""
    for checksum in entry.checksums:
        algorithm = checksum.name.rpartition(".")[2]
        make = _digest(algorithm)
        if make is None:
            continue
        # What follows the checksum is the business of who wrote it.
        words = checksum.read_text("ascii", errors="replace").split(maxsplit=1)
        wanted = words[0] if words else "nothing"
        found = _computed(entry.path, make())
        yield None if found == wanted else f"its {algorithm} is {found}, and {wanted} was kept"


def _digest(algorithm: str) -> Callable[[], Digest] | None:
    """Makes what computes such checksums, if that is known here."""
    if algorithm == "sha256":
        return hashlib.sha256
    if algorithm == "xxh3":
        try:
            from xxhash import xxh3_128
        except ImportError:
            return None
        return xxh3_128
    return None


def _computed(path: Path, digest: Digest) -> str:
    with _opened(path) as file:
        while content := file.read(CHUNK_BYTES):
            digest.update(content)
    return digest.hexdigest()


def _opened(path: Path) -> IO[bytes]:
    """The file, opened so that reading it does not count as a use, where the system can."""

    def open_quietly(name: str, flags: int) -> int:
        try:
            return os.open(name, flags | getattr(os, "O_NOATIME", 0))
        except PermissionError:  # somebody else's file
            return os.open(name, flags)

    return open(path, "rb", opener=open_quietly)


def _is_written(path: Path) -> bool:
    """Whether somebody holds the lock of an entry: it may be half replaced."""
    if not lock_path(path).exists():
        return False
    with _locked_now(lock_path(path)) as is_ours:
        return not is_ours


def _is_rewritten(entry: Entry) -> bool:
    """Whether an entry was written since it was looked at."""
    try:
        # Both rounded alike: a time of a file has more digits than that of an entry.
        return datetime.fromtimestamp(entry.path.stat().st_mtime, UTC) > entry.used_at
    except FileNotFoundError:
        return False


@contextmanager
def _locked_now(path: Path) -> Iterator[bool]:
    """Whether the lock could be had at once; where locks don't work, nobody holds one."""
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    except (OSError, NotImplementedError):
        yield True
        return
    try:
        yield True
    finally:
        lock.release()


def _unlink_lock(path: Path) -> None:
    # filelock notices that what it waited for is gone, and begins anew.  Windows does not let go
    # of a file that is open: it stays there.
    with suppress(OSError):
        path.unlink()


def _subfolders(folder: Path, unreadable: list[Problem]) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir())
    except FileNotFoundError:
        return []
    except OSError as error:
        unreadable.append(_problem(folder, error))
        return []


def _sweep(host: Path) -> None:
    """Remove what is left without an entry: checksums, locks, old partial files, empty folders."""
    for place, folders, names in os.walk(host, topdown=False):
        parent = Path(place)
        is_partial = parent == host / PARTIAL
        for name in names:
            path = parent / name
            with suppress(OSError):
                if is_partial:
                    if datetime.now(UTC).timestamp() - path.stat().st_mtime > PARTIAL_AGE_S:
                        path.unlink()
                elif name.startswith("."):
                    _remove_orphan(path)
        for folder in folders:
            with suppress(OSError):
                (parent / folder).rmdir()
    with suppress(OSError):
        host.rmdir()


def _remove_orphan(path: Path) -> None:
    """Remove the checksum or the lock of an entry that is not there."""
    name, _, ending = path.name[1:].rpartition(".")
    if not name or ending not in _OURS or path.with_name(name).exists():
        return
    lock = lock_path(path.with_name(name))
    with _locked_now(lock) as is_ours:
        if is_ours and not path.with_name(name).exists():
            path.unlink(missing_ok=True)
            _unlink_lock(lock)


def _prune_folders(folder: Path) -> None:
    """Remove folders that have become empty, upwards to that of the server."""
    while folder.name != VERSION:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent


def _problem(path: Path, error: OSError) -> Problem:
    return Problem(path=path, reason=error.strerror or str(error))
