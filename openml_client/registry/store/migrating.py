"""Makes a database's tables, and brings an older database up to date."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from openml_client.errors import RegistryError
from openml_client.registry.store.database import Store
from openml_client.registry.store.schema import REVISIONS

SCRIPTS = Path(__file__).parent / "migrations"
"""Where the steps are, one module each."""


def revision_of(store: Store) -> str | None:
    """The revision of a database; None if it is no registry's.

    Raises
    ------
    RegistryError
        If the database can't be read.
    """
    with store.read() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        revision = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return None if revision is None else str(revision)


def check_known(revision: str | None, place: str) -> None:
    """Refuse a database of a revision that this code does not know.

    Raises
    ------
    RegistryError
        If it is no registry's, or was written by a newer version.
    """
    if revision is None:
        raise RegistryError(
            f"{place} is no registry's database",
            hint="Name another folder, or move that file away.",
        )
    if revision not in REVISIONS:
        raise RegistryError(
            f"the registry's database {place} has the revision {revision!r}, and this version of "
            f"openml-client knows up to {REVISIONS[-1]!r}",
            hint="A newer version wrote it. Upgrade openml-client, or restore an older backup.",
        )


def upgrade(store: Store) -> None:
    """Make the tables, or bring them up to date, in one transaction.

    Raises
    ------
    RegistryError
        If the database can't be written.
    """
    # Alembic is only needed here, and most often nothing is to be done.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    with store.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def back_up(store: Store, target: Path) -> None:
    """Copy a SQLite database, as it is at one moment, to a new file.

    Raises
    ------
    RegistryError
        If there is such a file already, or the database can't be read.
    """
    if target.exists():
        raise RegistryError(f"{target} exists already", hint="Move it, or choose another name.")
    with store.read() as connection:
        _copy_sqlite(connection, target)


def _copy_sqlite(connection: Connection, target: Path) -> None:
    import sqlite3

    source = connection.connection.driver_connection
    if not isinstance(source, sqlite3.Connection):
        raise RegistryError(
            "only SQLite databases are copied to a file",
            hint="Use the tools of the database's own system, as pg_dump.",
        )
    copy = sqlite3.connect(target)
    try:
        source.backup(copy)
    finally:
        copy.close()
