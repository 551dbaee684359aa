"""Loading the data of one dataset: from the best file that the server has, kept as it is mapped."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from openml_client.errors import (
    FormatError,
    IntegrityError,
    NoResultError,
    NotFoundError,
    OfflineError,
    ServerError,
    TransportError,
)
from openml_client.model.dataset import Dataset, Feature
from openml_client.resources.caller import Caller
from openml_client.wire.routes import datasets as routes

if TYPE_CHECKING:
    from openml_client.formats.table import Table

Format = Literal["auto", "arff", "parquet"]
FORMATS: tuple[Format, ...] = ("auto", "arff", "parquet")

SMALL_BYTES = 4 * 2**20
"""A table up to this size is kept at once, a larger one while the caller works with it."""

ASKED_AGAIN_AFTER = timedelta(days=30)
"""A server may get the Parquet file that it lacked."""

_NOT_THERE = frozenset({403, 404})
"""Statuses of an object store that has no such file."""

_logger = logging.getLogger("openml_client")

_Suffix = Literal["pq", "arff"]


def file_key(dataset: Dataset, suffix: str) -> str:
    """Where the cache has a file of a dataset."""
    return f"data/{dataset.id}/{dataset.md5 or 'unverified'}.{suffix}"


@dataclass(frozen=True)
class Loading:
    """How the data of a dataset gets from its server into a table."""

    caller: Caller
    dataset: Dataset

    def table(self, features: Callable[[], Sequence[Feature]], format: Format) -> Table:
        """The data as a table.

        Parameters
        ----------
        features
            Gives what the server says of the columns.  It is asked once a file is here, so that
            both may be under way at the same time.

        Raises
        ------
        IntegrityError
            If what was downloaded does not match the server's checksum or count of rows.
        FormatError
            If the data file breaks its format.
        """
        target = self.dataset.target_names
        for suffix in self._suffixes(format):
            stored = self._stored(suffix)
            if stored is not None:
                return stored.described(features(), target=target)
        if format != "arff" and "pq" in self._suffixes(format):
            table = self._from_parquet(features, is_wanted=format == "parquet")
            if table is not None:
                return table.described(features(), target=target)
        return self._from_arff().described(features(), target=target)

    def _suffixes(self, format: Format) -> Sequence[_Suffix]:
        """The files that will do, the best one first."""
        if format != "auto":
            return ("pq",) if format == "parquet" else ("arff",)
        # An embedded registry would have to make the Parquet file first; its ARFF file is at hand.
        has_parquet = self.dataset.parquet_url is not None and not self.caller.settings.is_local
        return ("pq", "arff") if has_parquet else ("arff",)

    def _from_parquet(
        self, features: Callable[[], Sequence[Feature]], *, is_wanted: bool
    ) -> Table | None:
        """The table of the Parquet file; None if there is none, and another file will do."""
        from openml_client.formats.parquet import read_parquet

        content = self._parquet_file(is_wanted=is_wanted)
        if content is None:
            return None
        columns = features()
        try:
            table = read_parquet(content, columns)
        except FormatError as error:
            if is_wanted:
                raise
            _logger.warning("dataset %d is read as ARFF: %s", self.dataset.id, error.message)
            return None
        self._keep(table, "pq")
        return table

    def _parquet_file(self, *, is_wanted: bool) -> bytes | None:
        """The content of the Parquet file; None if there is none, and another file will do."""
        url, cache = self.dataset.parquet_url, self.caller.cache
        if not is_wanted and self._is_known_to_be_missing():
            return None
        if url is None:
            raise NotFoundError(f"dataset {self.dataset.id} has no Parquet file")
        try:
            return cache.get_or_fetch(
                self._key("pq"),
                lambda sink: self.caller.download(url, sink, private=self._is_private),
            )
        except (TransportError, OfflineError) as error:
            if is_wanted:
                raise
            if isinstance(error, TransportError) and error.status in _NOT_THERE:
                cache.write(self._key("no-pq"), b"")
            _logger.debug("dataset %d is read as ARFF: %s", self.dataset.id, error.message)
            return None

    def _is_known_to_be_missing(self) -> bool:
        """Whether the server had no Parquet file when it was asked, not long ago."""
        return self.caller.cache.read_recent(self._key("no-pq"), ASKED_AGAIN_AFTER) is not None

    def _from_arff(self) -> Table:
        from openml_client.formats.arff import read_arff
        from openml_client.formats.table import Table

        file = read_arff(self._arff_file())
        if self.dataset.md5 is None:
            self._check_rows(file.n_rows)
        table = Table.from_arff(file)
        self._keep(table, "arff")
        return table

    def _arff_file(self) -> bytes | Path:
        """The verified data file: where it lies, or, if it can't be kept, its content."""
        url, md5, cache = self.dataset.url, self.dataset.md5, self.caller.cache
        if url is None:
            name = f"{self.dataset.id} ({self.dataset.name})"
            raise NotFoundError(f"dataset {name} has no data file")
        content = cache.get_or_fetch(
            self._key("arff"),
            lambda sink: self.caller.download(url, sink, md5=md5, private=self._is_private),
        )
        path = cache.path_of(self._key("arff"))
        return path if path.is_file() else content

    def _check_rows(self, n_rows: int) -> None:
        """Compare with what the server counted, where it has no checksum."""
        try:
            rows = self.caller.get_cached(routes.DATASET_QUALITIES, self.dataset.id)
        except (NoResultError, OfflineError, ServerError, TransportError):
            return
        counted = {row.name: row.value for row in rows}.get("NumberOfInstances")
        if counted is not None and counted != n_rows:
            self.caller.cache.remove(self._key("arff"))
            raise IntegrityError(
                f"the data file of dataset {self.dataset.id} has {n_rows} rows, and the server "
                f"counted {counted:g}",
                hint="The download was cut on its way, or the file was replaced. Try again, and "
                "tell the owner if it stays.",
            )

    @property
    def _is_private(self) -> bool:
        return self.dataset.visibility == "private"

    def _key(self, suffix: str) -> str:
        return file_key(self.dataset, suffix)

    def _stored(self, suffix: _Suffix) -> Table | None:
        from openml_client.formats.stored import VERSION, open_stored

        file = self.caller.cache.open_derived(self._key(f"{suffix}.arrow"), VERSION)
        if file is None:
            return None
        with file:
            try:
                return open_stored(file)
            except FormatError as error:  # of another version of Arrow, say
                _logger.debug("dataset %d is read again: %s", self.dataset.id, error.message)
                return None

    def _keep(self, table: Table, suffix: _Suffix) -> None:
        """Keep the table for the next time; a large one is written by a thread."""
        from openml_client.formats.stored import VERSION, write_stored

        def keep() -> None:
            key = self._key(f"{suffix}.arrow")
            self.caller.cache.keep_derived(key, VERSION, lambda sink: write_stored(table, sink))

        if table.n_bytes <= SMALL_BYTES:
            keep()
        else:
            # Not a daemon: the process ends when the table is written.
            threading.Thread(target=keep, name=f"keeps dataset {self.dataset.id}").start()
