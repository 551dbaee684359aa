"""Files that things have: a blob each, or an address elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from openml_client.registry.store.clock import now
from openml_client.registry.store.rows import new_id
from openml_client.registry.store.schema import datasets, files


@dataclass(frozen=True, kw_only=True)
class NewFile:
    """A file that is to be registered; its content is in the blobs already."""

    name: str
    """As its uploader named it, or as it shall be called."""
    content_type: str
    sha256: str | None = None
    md5: str | None = None
    size_bytes: int | None = None
    url: str | None = None
    """Where the content lies, if it is elsewhere; a blob is a copy for the engine then."""
    is_private: bool = False


@dataclass(frozen=True, kw_only=True)
class StoredFile(NewFile):
    """A registered file."""

    id: int
    uploader_id: int


def add(
    connection: Connection, file: NewFile, *, uploader_id: int, file_id: int | None = None
) -> int:
    """Register a file and give its id: the next one, unless it has one already."""
    statement = insert(files).values(
        **({} if file_id is None else {"id": file_id}),
        name=file.name,
        content_type=file.content_type,
        sha256=file.sha256,
        md5=file.md5,
        size_bytes=file.size_bytes,
        url=file.url,
        is_private=file.is_private,
        uploader_id=uploader_id,
        created_at=now(),
    )
    return new_id(connection, statement)


def find(connection: Connection, file_id: int) -> StoredFile | None:
    """The file, or None."""
    row = connection.execute(select(files).where(files.c.id == file_id)).first()
    if row is None:
        return None
    return StoredFile(
        id=row.id,
        name=row.name,
        content_type=row.content_type,
        sha256=row.sha256,
        md5=row.md5,
        size_bytes=row.size_bytes,
        url=row.url,
        is_private=row.is_private,
        uploader_id=row.uploader_id,
    )


def dataset_of(connection: Connection, file_id: int) -> int | None:
    """Id of the dataset whose data a file is, the first if copies share it, or None."""
    return connection.scalar(
        select(datasets.c.id).where(datasets.c.file_id == file_id).order_by(datasets.c.id).limit(1)
    )
