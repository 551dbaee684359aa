"""Users of other registries: who uploaded what; they have no key here."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from openml_client.registry.importing.base import conflict
from openml_client.registry.store.clock import now
from openml_client.registry.store.schema import users
from openml_client.registry.store.users import OWNER_ID, Group

_NO_KEY = "imported:"
"""Begins what stands for the hash of a key; no key has such a hash, so nobody can be this user."""
_MAX_NAME = 128


def keep(connection: Connection, user_id: int | None, name: str | None = None) -> int:
    """Id of the user to whom a thing is attributed, who is made if missing.

    The first user stays the owner of this registry, whoever that is elsewhere, and has what
    nobody is named for.

    Raises
    ------
    RegistryError
        If the id is that of somebody who was added to this registry under another name.
    """
    if user_id is None or user_id == OWNER_ID:
        return OWNER_ID
    row = connection.execute(select(users).where(users.c.id == user_id)).first()
    if row is None:
        connection.execute(
            insert(users).values(
                id=user_id,
                name=_free_name(connection, user_id, name or _placeholder(user_id)),
                group=Group.READ_ONLY.value,
                key_hash=f"{_NO_KEY}{user_id}",
                created_at=now(),
            )
        )
    elif not row.key_hash.startswith(_NO_KEY):
        if name is not None and name != row.name:
            raise conflict(f"user {user_id}", here=repr(row.name), source=repr(name))
    elif name is not None and row.name == _placeholder(user_id):
        free = _free_name(connection, user_id, name)
        connection.execute(update(users).where(users.c.id == user_id).values(name=free))
    return user_id


def unnamed(connection: Connection) -> tuple[int, ...]:
    """Ids of the users of other registries whose names nothing has told yet."""
    rows = connection.execute(select(users.c.id, users.c.name))
    return tuple(row.id for row in rows if row.name == _placeholder(row.id))


def _placeholder(user_id: int) -> str:
    return f"user {user_id}"


def _free_name(connection: Connection, user_id: int, name: str) -> str:
    """The name, or, if another user has it, the name with the id."""
    name = name[:_MAX_NAME]
    taken = select(users.c.id).where(users.c.name == name, users.c.id != user_id)
    if connection.scalar(taken) is None:
        return name
    mark = f" ({user_id})"
    return name[: _MAX_NAME - len(mark)] + mark
