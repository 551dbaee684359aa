"""What the modules of the store do alike: new ids, tags, and pages of lists."""

from __future__ import annotations

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Insert, Select, Table, func, insert, select

from openml_client.registry.store.clock import now


def new_id(connection: Connection, statement: Insert) -> int:
    """Insert one row and give the id that it got."""
    key = connection.execute(statement).inserted_primary_key
    assert key is not None  # noqa: S101  (an insert of one row always has one)
    return int(key[0])


def stable_hash(value: object) -> str:
    """Hash of a value made of lists, mappings, texts and numbers; the same in all processes."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


MAX_ID = 2**63 - 1
"""The largest integer that the databases know; no thing has it."""

_LOT = 10_000
"""So many ids are named by one statement; the databases take 32,766 at least."""


def lots(ids: Iterable[int]) -> Iterator[Sequence[int]]:
    """The ids, as many at a time as one statement may name."""
    rest = list(ids)
    for start in range(0, len(rest), _LOT):
        yield rest[start : start + _LOT]


def known_ids(connection: Connection, table: Table, ids: Iterable[int]) -> frozenset[int]:
    """Those of the ids that rows of a table have."""
    return frozenset(
        id_
        for lot in lots(id_ for id_ in set(ids) if id_ <= MAX_ID)
        for id_ in connection.scalars(select(table.c.id).where(table.c.id.in_(lot)))
    )


def finite(value: float | None) -> float | None:
    """The number, or None if it is none that JSON and all databases have."""
    return value if value is not None and math.isfinite(value) else None


def add_tags(
    connection: Connection, table: Table, thing_id: int, tags: Iterable[str], *, uploader_id: int
) -> None:
    """Tag a new thing; a tag that is given twice counts once."""
    thing, *_ = table.primary_key.columns
    rows = [
        {thing.name: thing_id, "tag": tag, "uploader_id": uploader_id, "tagged_at": now()}
        for tag in dict.fromkeys(tags)
    ]
    if rows:
        connection.execute(insert(table), rows)


def tags_of(connection: Connection, table: Table, thing_id: int) -> tuple[str, ...]:
    """The tags of a thing, sorted without regard to case."""
    thing, *_ = table.primary_key.columns
    order = func.lower(table.c.tag), table.c.tag
    statement = select(table.c.tag).where(thing == thing_id).order_by(*order)
    return tuple(connection.scalars(statement))


def tagged(table: Table, tag: str) -> Select[tuple[int]]:
    """Select the ids of the things with this tag."""
    thing, *_ = table.primary_key.columns
    return select(thing).where(table.c.tag == tag)


def page(statement: Select[Any], filters: Mapping[str, Any]) -> Select[Any]:
    """Cut a list to what the filters ``limit`` and ``offset`` ask for."""
    limit, offset = filters.get("limit"), filters.get("offset")
    if limit is not None:
        statement = statement.limit(limit)
    if offset is not None:
        statement = statement.offset(offset)
    return statement


def grouped(rows: Iterable[Any], key: str) -> Mapping[int, list[Any]]:
    """Rows by the value of one column, in their order."""
    groups: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        groups[getattr(row, key)].append(row)
    return groups


Condition = ColumnElement[bool]
