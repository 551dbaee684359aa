"""Lists that page by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, is_dataclass
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from openml_client.model.columns import Columns, to_frame

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")

PREVIEW_ROWS = 5
"""Rows that a repr shows; it asks for no more than one page."""


class Listing(Generic[T]):
    """A lazy list: iterating asks the server for one page after the other.

    Rows that are there all the while come once each, wherever in the list others appear
    meanwhile.  Where rows vanish, as by a deletion, others move up, and as many may be missed.

    Rows are told apart by the fields of ``key``.

    ``len()`` works once everything was read; before, it raises TypeError, so that no
    harmless-looking ``len`` downloads a list of a hundred thousand rows.
    """

    def __init__(
        self,
        fetch: Callable[[int, int], Sequence[T]],
        *,
        page_size: int,
        limit: int | None = None,
        offset: int = 0,
        key: Sequence[str] = (),
        title: str = "rows",
    ) -> None:
        self._fetch = fetch
        self._page_size = page_size
        self._limit = limit
        self._offset = offset
        self._key = key
        self._title = title
        self._pages: list[Sequence[T]] = []
        self._rows: list[T] = []
        self._n_read = 0
        self._seen: set[object] = set()
        self._complete = limit == 0

    def __iter__(self) -> Iterator[T]:
        position = 0
        while True:
            while position < len(self._rows):
                yield self._rows[position]
                position += 1
            if len(self._rows) < self._n_read:
                self._make_rows()
            elif self._complete:
                return
            else:
                self._read_page()

    def __len__(self) -> int:
        if not self._complete:
            raise TypeError(
                "the length of this listing is not known before it was read to the end; "
                "use len(list(listing))"
            )
        return self._n_read

    def __length_hint__(self) -> int:
        return self._n_read

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        if isinstance(index, slice):
            ends = (index.start or 0, index.stop if index.stop is not None else -1)
            if min(ends) < 0 or (index.step or 1) < 0:
                return list(self)[index]
            return list(islice(self, index.start, index.stop, index.step))
        if index < 0:
            return list(self)[index]
        row = next(islice(self, index, None), _MISSING)
        if row is _MISSING:
            raise IndexError(f"row {index} of a listing of {len(self._rows)} {self._title}")
        return row

    def __bool__(self) -> bool:
        return next(iter(self), _MISSING) is not _MISSING

    def first(self) -> T | None:
        """The first row, or None if there is none."""
        return next(iter(self), None)

    def to_pandas(self) -> pd.DataFrame:
        """All rows as a frame, one column per field; mappings become one column per key."""
        import pandas as pd

        while not self._complete:
            self._read_page()
        columns = [page for page in self._pages if isinstance(page, Columns)]
        if columns and len(columns) == len(self._pages):
            return to_frame(columns)
        return pd.DataFrame([_flat(row) for row in self])

    def _read_page(self) -> None:
        wanted = self._page_size
        if self._limit is not None:
            wanted = min(wanted, self._limit - self._n_read)
        page = self._fetch(self._offset, wanted)
        self._offset += len(page)
        kept = self._new_rows(page)
        if kept:
            self._pages.append(kept)
            self._n_read += len(kept)
        full = self._limit is not None and self._n_read >= self._limit
        if len(page) < wanted or full:
            self._complete = True

    def _new_rows(self, page: Sequence[T]) -> Sequence[T]:
        """The rows that are not there yet.

        Rows that appear meanwhile push others onto the next page: each is kept once.
        """
        if not self._key:
            return page
        keys: list[object] = list(
            page.keys(self._key) if isinstance(page, Columns) else map(attrgetter(*self._key), page)
        )
        unique = set(keys)
        if len(unique) == len(keys) and self._seen.isdisjoint(unique):
            self._seen |= unique
            return page
        new = []
        for place, key in enumerate(keys):
            if key not in self._seen:
                self._seen.add(key)
                new.append(place)
        return [page[place] for place in new]

    def _make_rows(self) -> None:
        """Make rows of the first page that has none yet."""
        n_rows = 0
        for page in self._pages:
            if n_rows == len(self._rows):
                self._rows.extend(page)
                return
            n_rows += len(page)

    def __repr__(self) -> str:
        rows = list(islice(self, PREVIEW_ROWS + 1))
        count = f"{self._n_read}" if self._complete else f"at least {self._n_read}"
        lines = [f"<Listing of {count} {self._title}>", *(f"  {r!r}" for r in rows[:PREVIEW_ROWS])]
        if len(rows) > PREVIEW_ROWS:
            lines.append("  …")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        import pandas as pd

        rows = [_flat(row) for row in islice(self, PREVIEW_ROWS + 1)]
        more = "<p>…</p>" if len(rows) > PREVIEW_ROWS else ""
        return str(pd.DataFrame(rows[:PREVIEW_ROWS]).to_html(index=False)) + more


_MISSING: Any = object()


def _flat(row: object) -> dict[str, object]:
    as_row = getattr(row, "as_row", None)
    if as_row is not None:
        return dict(as_row())
    if not is_dataclass(row) or isinstance(row, type):
        return {"value": row}
    out: dict[str, object] = {}
    for name, value in asdict(row).items():
        if isinstance(value, dict):
            out.update(value)
        else:
            out[name] = value
    return out
