"""Files of other registries, whose contents are in the blobs already."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from sqlalchemy import Connection, and_, select, update

from openml_client.registry.importing.base import conflict
from openml_client.registry.store import files as store
from openml_client.registry.store.files import NewFile
from openml_client.registry.store.schema import files, flows, run_files

_DOWNLOAD = re.compile(r"/data/(?:v1/)?download/(\d+)(?:/|$)")
"""Where servers have had their files.  Source: protocol note, section 9.1."""

_MAX_NAME = 255
"""Characters; file systems take no longer names."""


@dataclass(frozen=True, kw_only=True)
class ImportedFile(NewFile):
    """A file with the id that it has at its source.

    One whose content is lost there is known by its address only.
    """

    id: int | None
    """None gives it the next id here: the source tells none."""


@dataclass(frozen=True)
class LostFile:
    """A file whose content could not be had when it was imported."""

    id: int
    owner: str
    """What it is of, as ``predictions of run 219``."""
    name: str
    url: str
    md5: str | None


def id_in(url: str | None) -> int | None:
    """The id of a file that its address tells; None if it tells none."""
    match = _DOWNLOAD.search(urlsplit(url or "").path)
    return int(match[1]) if match else None


def name_in(url: str, otherwise: str) -> str:
    """The last part of an address, as the name of the file that lies there."""
    path = unquote(urlsplit(url).path).replace("\\", "/")
    name = "".join(character for character in path.rpartition("/")[2] if character.isprintable())
    return name[-_MAX_NAME:] or otherwise


def keep(connection: Connection, file: ImportedFile, *, uploader_id: int) -> int:
    """Id of the file, which is registered if it is new.

    Raises
    ------
    RegistryError
        If this id is that of a file with another content.
    """
    known = None if file.id is None else store.find(connection, file.id)
    if known is None:
        return store.add(connection, file, uploader_id=uploader_id, file_id=file.id)
    is_same = known.sha256 == file.sha256 if file.sha256 else known.md5 == file.md5
    if known.sha256 and not is_same:
        raise conflict(f"file {file.id}", here=_content(known), source=_content(file))
    return known.id


def lost(connection: Connection) -> Sequence[LostFile]:
    """All files of runs and flows of which this registry has no content."""
    columns = (files.c.id, files.c.name, files.c.url, files.c.md5)
    is_lost = and_(files.c.sha256.is_(None), files.c.url.is_not(None))
    found = [
        LostFile(row.id, f"{row.what} of run {row.run_id}", row.name, row.url, row.md5)
        for row in connection.execute(
            select(run_files.c.run_id, run_files.c.name.label("what"), *columns)
            .join(files, run_files.c.file_id == files.c.id)
            .where(is_lost)
        )
    ]
    for kind in ("source", "binary"):
        rows = connection.execute(
            select(flows.c.id.label("flow_id"), *columns)
            .join(files, flows.c[f"{kind}_file_id"] == files.c.id)
            .where(is_lost)
        )
        found += [
            LostFile(row.id, f"{kind} of flow {row.flow_id}", row.name, row.url, row.md5)
            for row in rows
        ]
    return found


def restore(connection: Connection, file_id: int, file: NewFile) -> None:
    """Give a file that was lost its content."""
    connection.execute(
        update(files)
        .where(files.c.id == file_id)
        .values(
            sha256=file.sha256,
            md5=file.md5,
            size_bytes=file.size_bytes,
            content_type=file.content_type,
            url=None,
        )
    )


def _content(file: NewFile) -> str:
    where = f"sha256 {file.sha256}" if file.sha256 else f"at {file.url}"
    return f"{file.name!r} ({where})"
