"""Tags of things of all kinds, added and removed after the things were published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Table, delete, func, select

from openml_client.registry.store.datasets import visible_to
from openml_client.registry.store.rows import add_tags, tags_of
from openml_client.registry.store.schema import (
    dataset_tags,
    datasets,
    flow_tags,
    run_tags,
    setup_tags,
    task_tags,
)
from openml_client.registry.store.users import User

TABLES: Mapping[str, Table] = {
    "data": dataset_tags,
    "task": task_tags,
    "flow": flow_tags,
    "run": run_tags,
    "setup": setup_tags,
}
"""Tables of tags by the protocol's names of the things."""


@dataclass(frozen=True, kw_only=True)
class StoredTag:
    """A tag that a thing has."""

    tag: str
    uploader_id: int


def of(connection: Connection, thing: str, thing_id: int) -> tuple[str, ...]:
    """All tags of a thing, sorted."""
    return tags_of(connection, TABLES[thing], thing_id)


def find(connection: Connection, thing: str, thing_id: int, tag: str) -> StoredTag | None:
    """The tag of a thing, or None if the thing does not have it."""
    table = TABLES[thing]
    key, *_ = table.primary_key.columns
    row = connection.execute(
        select(table.c.tag, table.c.uploader_id).where(key == thing_id, table.c.tag == tag)
    ).first()
    return None if row is None else StoredTag(tag=row.tag, uploader_id=row.uploader_id)


def add(connection: Connection, thing: str, thing_id: int, tag: str, *, uploader_id: int) -> None:
    """Tag a thing; ask `find` before, within the same write."""
    add_tags(connection, TABLES[thing], thing_id, [tag], uploader_id=uploader_id)


def remove(connection: Connection, thing: str, thing_id: int, tag: str) -> None:
    """Take a tag from a thing."""
    table = TABLES[thing]
    key, *_ = table.primary_key.columns
    connection.execute(delete(table).where(key == thing_id, table.c.tag == tag))


def in_use(connection: Connection, thing: str, user: User | None) -> tuple[str, ...]:
    """All tags of the things of a kind that the user may see, by the first that has them."""
    table = TABLES[thing]
    key, *_ = table.primary_key.columns
    statement = select(table.c.tag).group_by(table.c.tag).order_by(func.min(key), table.c.tag)
    if table is dataset_tags:
        statement = statement.where(key.in_(select(datasets.c.id).where(visible_to(user))))
    return tuple(connection.scalars(statement))
