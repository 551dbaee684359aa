"""What all imports have in common: one thing is written whole, and never over another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Table, select
from sqlalchemy.exc import IntegrityError

from openml_client.errors import RegistryError
from openml_client.registry.store.database import Store


@contextmanager
def transaction(store: Store, what: str) -> Iterator[Connection]:
    """Write one thing, all of it or nothing.

    Raises
    ------
    RegistryError
        If it can't be stored, because the tables have no place for it.
    """
    try:
        with store.write() as connection:
            yield connection
    except (IntegrityError, OverflowError) as error:
        cause = error.orig if isinstance(error, IntegrityError) else error
        raise RegistryError(f"{what} can't be stored in this registry: {cause}") from error


def conflict(what: str, *, here: str, source: str) -> RegistryError:
    """The error of an id that is something else here."""
    return RegistryError(
        f"{what} of this registry is {here}, and the source's is {source}",
        hint="Nothing was overwritten; another folder has room for both.",
    )


def require(connection: Connection, table: Table, thing_id: int, *, why: str) -> None:
    """Nothing, if the thing that another one needs is here; ``why`` ends in its kind.

    Raises
    ------
    RegistryError
        If it is not.
    """
    if connection.scalar(select(table.c.id).where(table.c.id == thing_id)) is None:
        raise RegistryError(f"{why} {thing_id}, which is not in this registry")
