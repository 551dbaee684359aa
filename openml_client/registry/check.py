"""Looks for damage in a registry's folder, without changing anything."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import select, text, union

from openml_client.errors import RegistryError
from openml_client.registry import folder as layout
from openml_client.registry.blobs import FolderBlobs
from openml_client.registry.store.database import Store
from openml_client.registry.store.migrating import check_known, revision_of
from openml_client.registry.store.schema import files, tasks

_CHUNK_BYTES = 1024 * 1024


def check_folder(folder: Path) -> Iterator[str]:
    """Sentences that say what is damaged; none for a sound registry.

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
        yield from _check_blobs(store, FolderBlobs(folder / layout.BLOBS))
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


def _check_blobs(store: Store, blobs: FolderBlobs) -> Iterator[str]:
    named = union(
        select(files.c.sha256).where(files.c.sha256.is_not(None)),
        select(tasks.c.splits_sha256).where(tasks.c.splits_sha256.is_not(None)),
    )
    with store.read() as connection:
        wanted = connection.scalars(named).all()
    for sha256 in wanted:
        path = blobs.path(sha256)
        if not path.is_file():
            yield f"the content {sha256} is missing from {blobs.folder}"
        elif _sha256(path) != sha256:
            yield f"{path} is damaged: its content has another sha256"


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
