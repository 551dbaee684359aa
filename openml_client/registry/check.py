"""Looks for damage in a registry's folder, without changing anything."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from sqlalchemy import Connection, select, text

from openml_client.errors import RegistryError
from openml_client.registry import folder as layout
from openml_client.registry.blobs import FolderBlobs
from openml_client.registry.store.database import Store
from openml_client.registry.store.migrating import check_known, revision_of
from openml_client.registry.store.schema import datasets, files, flows, run_files, tasks

_CHUNK_BYTES = 1024 * 1024


def check_folder(folder: Path) -> Iterator[str]:
    """Sentences that say what is damaged, and last what to do; none for a sound registry.

    The database is checked by its own means, and each content that it names by its sha256.

    Raises
    ------
    RegistryError
        If the folder holds no registry.
    """
    database = folder / layout.DATABASE
    if not database.is_file():
        raise RegistryError(
            f"{folder} holds no registry", hint=f"Name a folder with a file {layout.DATABASE}."
        )
    store = Store.at(database)
    try:
        yield from _check_database(store)
        yield from _check_blobs(store, folder / layout.BLOBS)
    except RegistryError as error:
        yield error.message
    finally:
        store.close()


def _check_database(store: Store) -> Iterator[str]:
    check_known(revision_of(store), store.place)
    with store.read() as connection:
        for (line,) in connection.execute(text("PRAGMA integrity_check")):
            if line != "ok":
                yield f"the database {store.place} is damaged: {line}"
        for row in connection.execute(text("PRAGMA foreign_key_check")):
            yield f"row {row[1]} of the table {row[0]} names a row of {row[2]} that is not there"


def _check_blobs(store: Store, folder: Path) -> Iterator[str]:
    with store.read() as connection:
        users = _users(connection)
    blobs = FolderBlobs(folder)
    n_bad = 0
    for sha256, things in sorted(users.items()):
        path = blobs.path(sha256)
        whose = ", and of ".join(things)
        if not path.is_file():
            fault = f"is missing: {path}"
        elif _sha256(path) != sha256:
            fault = f"is damaged, its sha256 is another: {path}"
        else:
            continue
        n_bad += 1
        yield f"the content of {whose} {fault}"
    for key, sha256 in blobs.links():
        if _sha256(blobs.path(sha256)) != sha256:
            yield (
                f"the content of the link {key} is damaged: delete {blobs.path(sha256)}, "
                "and it is made again"
            )
    if n_bad:
        yield f"{n_bad} of {len(users)} contents are lost: restore their files from a backup"


def _users(connection: Connection) -> Mapping[str, list[str]]:
    """What each content belongs to, in words, by its sha256."""
    owners = _owners(connection)
    users: dict[str, list[str]] = defaultdict(list)
    rows = select(files.c.id, files.c.name, files.c.sha256).where(files.c.sha256.is_not(None))
    for id_, name, sha256 in connection.execute(rows.order_by(files.c.id)):
        users[sha256].append(f"file {id_} {name!r} ({', '.join(owners[id_]) or 'of nothing'})")
    splits = select(tasks.c.id, tasks.c.splits_sha256).where(tasks.c.splits_sha256.is_not(None))
    for id_, sha256 in connection.execute(splits.order_by(tasks.c.id)):
        users[sha256].append(f"the splits of task {id_}")
    return users


def _owners(connection: Connection) -> Mapping[int, list[str]]:
    """The datasets, runs and flows that each file is of, by the file's id."""
    owners: dict[int, list[str]] = defaultdict(list)
    for id_, name, file_id in connection.execute(
        select(datasets.c.id, datasets.c.name, datasets.c.file_id).order_by(datasets.c.id)
    ):
        owners[file_id].append(f"dataset {id_} {name!r}")
    for id_, name, file_id in connection.execute(
        select(run_files.c.run_id, run_files.c.name, run_files.c.file_id)
    ):
        owners[file_id].append(f"{name} of run {id_}")
    for kind in ("source", "binary"):
        column = flows.c[f"{kind}_file_id"]
        rows = select(flows.c.id, column).where(column.is_not(None))
        for id_, file_id in connection.execute(rows):
            owners[file_id].append(f"{kind} of flow {id_}")
    return owners


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
