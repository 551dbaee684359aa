"""Who may do what: users, their groups and their API keys."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, insert, select, update

from openml_client.errors import RegistryError
from openml_client.model.user import User as ShownUser
from openml_client.registry.store.clock import now
from openml_client.registry.store.schema import users

OWNER_ID = 1
"""The owner of a registry is its first user."""


class Group(StrEnum):
    """What a user may do.  Source: protocol note, section 1.1."""

    ADMIN = "admin"
    """Everything, also to other users' things."""
    NORMAL = "normal"
    """Read, and write."""
    READ_ONLY = "read-only"


@dataclass(frozen=True, kw_only=True)
class User:
    """A user of the registry."""

    id: int
    name: str
    group: Group

    @property
    def is_admin(self) -> bool:
        """Whether this user may do what owners may, and more."""
        return self.group is Group.ADMIN

    @property
    def may_write(self) -> bool:
        """Whether this user may publish and change things."""
        return self.group is not Group.READ_ONLY


def may_change(user: User | None, uploader_id: int) -> bool:
    """Whether a user is who published a thing, or an administrator; nobody is neither."""
    return user is not None and (user.is_admin or user.id == uploader_id)


def new_key() -> str:
    """Make an API key: 128 random bits in hexadecimal, as OpenML's keys are."""
    return secrets.token_hex(16)


def _hash(key: str) -> str:
    # A random key of 128 bits can't be guessed from its hash, so no slow hash is needed.
    # The real server compares keys without regard to case.
    return hashlib.sha256(key.lower().encode()).hexdigest()


def add(connection: Connection, name: str, *, group: Group, key: str) -> User:
    """Add a user; the database gets the hash of the key only.

    Raises
    ------
    RegistryError
        If there is a user of this name already, or the name is empty or longer than 128.
    """
    if not 0 < len(name) <= 128:
        raise RegistryError(f"a user's name has 1 to 128 characters, not {len(name)}")
    if connection.scalar(select(users.c.id).where(users.c.name == name)) is not None:
        raise RegistryError(
            f"the registry has a user named {name!r} already", hint="Choose another name."
        )
    row = {"name": name, "group": group.value, "key_hash": _hash(key), "created_at": now()}
    user_id = connection.execute(insert(users).values(row)).inserted_primary_key
    assert user_id is not None  # noqa: S101  (an insert of one row always has one)
    return User(id=user_id[0], name=name, group=group)


def set_key(connection: Connection, user_id: int, key: str) -> None:
    """Give a user another key; the old one is worth nothing from then on."""
    connection.execute(update(users).where(users.c.id == user_id).values(key_hash=_hash(key)))


def listed(connection: Connection, ids: Collection[int] | None) -> tuple[ShownUser, ...]:
    """The users of these ids, or all, as others see them, by id."""
    statement = select(users.c.id, users.c.name).order_by(users.c.id)
    if ids is not None:
        statement = statement.where(users.c.id.in_(ids))
    return tuple(ShownUser(id=row.id, name=row.name) for row in connection.execute(statement))


def by_key(connection: Connection, key: str) -> User | None:
    """The user whose key this is, or None."""
    wanted = _hash(key)
    row = connection.execute(
        select(users.c.id, users.c.name, users.c.group, users.c.key_hash).where(
            users.c.key_hash == wanted
        )
    ).first()
    if row is None or not hmac.compare_digest(row.key_hash, wanted):
        return None
    return User(id=row.id, name=row.name, group=Group(row.group))
