"""Lists that page by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, is_dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")

PREVIEW_ROWS = 5
"""Rows that a repr shows; it asks for no more than one page."""


class Listing(Generic[T]):
    """A lazy list: iterating asks the server for one page after the other.

    Rows that are there all the while come once each, wherever in the list others appear
    meanwhile.  Where rows vanish, as by a deletion, others move up, and as many may be missed.

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
        key: Callable[[T], object] | None = None,
        title: str = "rows",
    ) -> None:
        self._fetch = fetch
        self._page_size = page_size
        self._limit = limit
        self._offset = offset
        self._key = key
        self._title = title
        self._rows: list[T] = []
        self._seen: set[object] = set()
        self._complete = limit == 0

    def __iter__(self) -> Iterator[T]:
        position = 0
        while True:
            while position < len(self._rows):
                yield self._rows[position]
                position += 1
            if self._complete:
                return
            self._read_page()

    def __len__(self) -> int:
        if not self._complete:
            raise TypeError(
                "the length of this listing is not known before it was read to the end; "
                "use len(list(listing))"
            )
        return len(self._rows)

    def __length_hint__(self) -> int:
        return len(self._rows)

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

        return pd.DataFrame([_flat(row) for row in self])

    def _read_page(self) -> None:
        wanted = self._page_size
        if self._limit is not None:
            wanted = min(wanted, self._limit - len(self._rows))
        page = self._fetch(self._offset, wanted)
        self._offset += len(page)
        for row in page:
            # Rows that appear meanwhile push others onto the next page: each is kept once.
            key = self._key(row) if self._key else None
            if key is not None and key in self._seen:
                continue
            self._seen.add(key)
            self._rows.append(row)
        full = self._limit is not None and len(self._rows) >= self._limit
        if len(page) < wanted or full:
            self._complete = True

    def __repr__(self) -> str:
        rows = list(islice(self, PREVIEW_ROWS + 1))
        count = f"{len(self._rows)}" if self._complete else f"at least {len(self._rows)}"
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
