"""The connection to a registry's database: SQLite in a folder, or any other by its URL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError

from openml_client.errors import RegistryError
from openml_client.registry.store.base import StoreBusyError, StoreFullError

BUSY_TIMEOUT_S = 30.0
"""A writer waits this long for the others.  A write takes milliseconds, so this is a long queue."""

_WRITES = {"registry_writes": True}


class Store:
    """A registry's database; see `openml_client.registry.store.base` for what it promises."""

    def __init__(self, url: str | URL, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self.url = make_url(url)
        self.busy_timeout_s = busy_timeout_s
        self._engine = _engine(self.url, busy_timeout_s)

    @classmethod
    def at(cls, path: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Store:
        """Make the store of a SQLite file."""
        url = URL.create("sqlite", database=str(path))
        return cls(url, busy_timeout_s=busy_timeout_s)

    @property
    def place(self) -> str:
        """Where the database is, for messages: its file, or its URL without the password."""
        if self.url.get_backend_name() == "sqlite":
            return str(self.url.database)
        return self.url.render_as_string(hide_password=True)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Look at one state of the database.

        Raises
        ------
        RegistryError
            If the database can't be used.
        """
        with self._explained(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Change the database: all of what is written in the block, or, if it raises, nothing.

        Raises
        ------
        StoreBusyError
            If other writers kept the database for too long.
        RegistryError
            If the database can't be used.
        """
        with self._explained(), self._engine.connect() as connection:
            writer = connection.execution_options(**_WRITES)
            with writer.begin():
                yield writer

    def settle(self) -> None:
        """Bring everything that was written into the SQLite file itself, and empty its log.

        Raises
        ------
        StoreBusyError
            If another connection uses the database.
        RegistryError
            If the database can't be used, or its disk is full.
        """
        with self._explained(), self._engine.connect() as connection:
            # On the driver's own connection: there is no checkpoint within a transaction.
            driver = connection.connection.driver_connection
            assert driver is not None  # noqa: S101  (it was opened a line ago)
            try:
                (is_blocked, *_) = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.Error as error:
                raise _unusable(str(error), self.place) from error
        if is_blocked:
            raise self._busy()

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say of the database's own errors which database it is, and what can be done."""
        try:
            yield
        except IntegrityError:
            raise  # a fault of this code, not of the database
        except DBAPIError as error:
            raise self._translated(error) from error

    def _translated(self, error: DBAPIError) -> RegistryError:
        text = str(error.orig)
        if "locked" in text or "busy" in text:
            return self._busy()
        return _unusable(text, self.place)

    def _busy(self) -> StoreBusyError:
        return StoreBusyError(
            f"the registry's database {self.place} was busy for {self.busy_timeout_s:g} s",
            hint="Another process is writing to it. Try again, or stop that process.",
        )


def _unusable(text: str, place: str) -> RegistryError:
    if "disk is full" in text or "No space left" in text:
        return StoreFullError(
            f"there is no space for the registry's database {place}: {text}",
            hint="Free some space on its disk. Nothing was stored.",
        )
    if "readonly" in text or "read-only" in text:
        return RegistryError(
            f"the registry's database {place} can't be written: {text}",
            hint="Make the folder and the files in it writable for this user.",
        )
    return RegistryError(
        f"the registry's database {place} can't be used: {text}",
        hint=f"Run `openml-client registry check {Path(place).parent}`, or restore a backup.",
    )


def _engine(url: URL, busy_timeout_s: float) -> Engine:
    if url.get_backend_name() != "sqlite":
        # One writer after the other, as `store.base` promises, costs retries there.
        return create_engine(url, isolation_level="SERIALIZABLE", pool_pre_ping=True)
    # Without a cap on connections, no thread ever waits for one: it waits for the write lock only.
    engine = create_engine(url, connect_args={"timeout": busy_timeout_s}, max_overflow=-1)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver would begin transactions by itself, too late and only for some statements.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    # With FULL, a commit is on the disk when it returns; with WAL's default it may be lost.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # IMMEDIATE takes the write lock at once: what is read under it stays true until the commit.
    writes = connection.get_execution_options().get("registry_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
