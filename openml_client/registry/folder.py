"""The folder of a registry: what lies where, and how it is made, opened and brought up to date.

::

    registry.sqlite3    the database
    blobs/ab/abcd…      the contents of files, by their sha256
    blobs/links/…       which contents were made of others, as Parquet of ARFF; may be deleted
    owner.key           API key of the folder's owner, readable by nobody else
    registry.lock       held while the folder is made or brought up to date
    seed.lock           held while the folder is seeded, by `openml_client.seed`
"""

from __future__ import annotations

import errno
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock

from openml_client.errors import RegistryError
from openml_client.registry.blobs import flush
from openml_client.registry.store import users
from openml_client.registry.store.database import Store
from openml_client.registry.store.migrating import back_up, check_known, revision_of, upgrade
from openml_client.registry.store.schema import REVISIONS
from openml_client.registry.store.users import Group

DATABASE = "registry.sqlite3"
BLOBS = "blobs"
OWNER_KEY = "owner.key"
LOCK = "registry.lock"

OWNER = "owner"
"""Name of the first user, an administrator."""

ROOM_BYTES = 1_000_000
"""Free space that making a registry needs.  Measured: 0.6 to 0.9 MB, half of it only
meanwhile."""

_UNFINISHED_KEY = "owner.new"

_HARMLESS = frozenset({LOCK, "seed.lock", OWNER_KEY, _UNFINISHED_KEY, "cache"})
"""What a folder may hold before a registry is made in it; the client keeps its cache there."""


def open_store(folder: Path, *, create: bool) -> Store:
    """Open the database of a folder, up to date.

    Raises
    ------
    RegistryError
        If the folder is no registry and none may be made in it, or if its database is damaged,
        can't be written or was made by a newer version.
    """
    database = folder / DATABASE
    if not database.exists():
        _make(folder, create=create)
    _check_writable(folder, database)
    store = Store.at(database)
    try:
        revision = revision_of(store)
        check_known(revision, store.place)
        if revision != REVISIONS[-1]:
            _bring_up_to_date(folder, store)
    except BaseException:
        store.close()
        raise
    return store


def _make(folder: Path, *, create: bool) -> None:
    """Make a registry in a folder that is empty or not there."""
    if folder.exists() and not folder.is_dir():
        raise RegistryError(f"{folder} is a file, not a folder", hint="Name a folder.")
    if not create:
        raise RegistryError(
            f"{folder} holds no registry",
            hint=f"Make one with `openml-client registry init {folder}`.",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _check_empty(folder)  # before the lock, which would be left in somebody's folder
        with FileLock(folder / LOCK):
            if not (folder / DATABASE).exists():  # another process may have been faster
                _check_empty(folder)
                _check_room(folder)
                _make_database(folder)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise _no_room(folder) from error
        raise RegistryError(
            f"no registry can be made in {folder}: {error.strerror or error}",
            hint="Name a folder that this user may write to.",
        ) from error


def _check_empty(folder: Path) -> None:
    if (folder / DATABASE).exists():
        return  # another process made it meanwhile
    others = sorted(p.name for p in folder.iterdir() if p.name not in _HARMLESS)
    others = [name for name in others if not name.startswith(f"{DATABASE}.new")]
    if BLOBS in others:
        raise RegistryError(
            f"the registry in {folder} lost its database {DATABASE}",
            hint="Restore it from a backup, or name another folder to begin anew.",
        )
    if others:
        raise RegistryError(
            f"{folder} is no registry, and it is not empty: it holds {', '.join(others[:5])}",
            hint="Name an empty folder, or one that is not there yet.",
        )


def _check_room(folder: Path) -> None:
    if _free_bytes(folder) < ROOM_BYTES:
        raise _no_room(folder)


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def _no_room(folder: Path) -> RegistryError:
    return RegistryError(
        f"no space for a registry in {folder}: it needs {ROOM_BYTES / 1e6:.1f} MB, and "
        f"{_free_bytes(folder) / 1e6:.1f} MB are free",
        hint="Free some space and try again, or name a folder on another disk.",
    )


def _make_database(folder: Path) -> None:
    """Make a database under another name first, so that a half-made one is never opened."""
    unfinished = folder / f"{DATABASE}.new"
    _clear(folder)
    try:
        _fill(unfinished)
        flush(unfinished)
        unfinished.rename(folder / DATABASE)
    except BaseException as error:
        has_room = _free_bytes(folder) >= ROOM_BYTES  # as the failure left it
        _clear(folder)
        if isinstance(error, RegistryError) and not has_room:
            raise _no_room(folder) from error
        raise
    flush(folder)


def _clear(folder: Path) -> None:
    """Remove what an unfinished making left; a key without a database is worth nothing."""
    for leftover in folder.glob(f"{DATABASE}.new*"):
        leftover.unlink()
    for name in (OWNER_KEY, _UNFINISHED_KEY):
        (folder / name).unlink(missing_ok=True)


def _fill(database: Path) -> None:
    """Make the tables and the owner, all of them in one file when it returns."""
    store = Store.at(database)
    try:
        upgrade(store)
        key = users.new_key()
        with store.write() as connection:
            users.add(connection, OWNER, group=Group.ADMIN, key=key)
        write_key(database.parent, key)
        store.settle()  # only the file is renamed: what its log still held would be lost
    finally:
        store.close()


def _check_writable(folder: Path, database: Path) -> None:
    if not (os.access(folder, os.W_OK | os.X_OK) and os.access(database, os.W_OK)):
        raise RegistryError(
            f"the registry in {folder} can't be written by this user",
            hint=f"Make the folder and {DATABASE} writable, or copy the folder elsewhere.",
        )


def _bring_up_to_date(folder: Path, store: Store) -> None:
    with FileLock(folder / LOCK):
        revision = revision_of(store)  # another process may have been faster
        if revision == REVISIONS[-1]:
            return
        time = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        back_up(store, folder / f"{DATABASE}.backup-{revision}-{time}")
        upgrade(store)


def write_key(folder: Path, key: str) -> None:
    """Write the owner's key, readable by nobody else from the first moment."""
    target = folder / OWNER_KEY
    unfinished = folder / _UNFINISHED_KEY
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(key + "\n")
    unfinished.replace(target)


def read_key(folder: Path) -> str | None:
    """The owner's key, or None if its file was deleted.

    Raises
    ------
    RegistryError
        If this user may not read it.
    """
    try:
        return (folder / OWNER_KEY).read_text("ascii").strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RegistryError(
            f"the owner's key {folder / OWNER_KEY} can't be read: {error.strerror}",
            hint="Ask the folder's owner for an API key, and set OPENML_API_KEY.",
        ) from error
