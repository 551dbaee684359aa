"""Rows of a list, held column by column: frames are made of the columns, models when asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")

ABSENT: Any = object()
"""Stands in the columns of a mapping where a row lacks the key."""


@dataclass(frozen=True, eq=False)
class Columns(Sequence[T], Generic[T]):
    """The rows of one answer; all columns are of the same length.

    Without the mappings and the nested models of a row a column stands for a field.
    """

    model: type[T]
    """What a row is, once it is asked for."""
    values: Mapping[str, list[Any]]
    """Columns by the fields of the model; fields that hold further models have none."""
    pairs: Mapping[str, Mapping[str, list[Any]]]
    """Fields that are mappings: columns by key, with `ABSENT` where a row lacks it."""
    names: Sequence[str]
    """Columns of the frame, in the order in which the rows first have them."""

    def __len__(self) -> int:
        return len(next(iter(self.values.values())))

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        return self.rows[index]

    @cached_property
    def rows(self) -> tuple[T, ...]:
        """The models, made once; keys of mappings are in the order of the list, not of the row."""
        mappings = {
            attribute: _dicts(columns, len(self)) for attribute, columns in self.pairs.items()
        }
        columns = {**self.values, **mappings}
        model, names = self.model, tuple(columns)
        return tuple(
            model(**dict(zip(names, row, strict=True)))
            for row in zip(*columns.values(), strict=True)
        )

    def keys(self, attributes: Sequence[str]) -> Iterable[object]:
        """What tells the rows apart, row by row: the value of a field, or a tuple of several."""
        if len(attributes) == 1:
            return self.values[attributes[0]]
        return zip(*(self.values[name] for name in attributes), strict=True)

    def column(self, name: str) -> list[Any]:
        """The cells of a column of the frame; not-a-number where a row has none."""
        if name in self.values:
            return self.values[name]
        found = next((c[name] for c in self.pairs.values() if name in c), None)
        if found is None:
            return [_NAN] * len(self)
        return [_NAN if value is ABSENT else value for value in found]


_NAN = float("nan")


def _dicts(columns: Mapping[str, list[Any]], n_rows: int) -> list[dict[str, Any]]:
    if not columns:
        return [{} for _ in range(n_rows)]
    names = tuple(columns)
    return [
        {name: value for name, value in zip(names, row, strict=True) if value is not ABSENT}
        for row in zip(*columns.values(), strict=True)
    ]


def names_of(
    model: type[Any],
    mappings: Mapping[str, Sequence[str]],
    later: Iterable[str],
    *,
    nested: Iterable[str] = (),
) -> tuple[str, ...]:
    """Names of the columns of a frame, in the order in which the rows first have them.

    Parameters
    ----------
    mappings
        Keys of the first row by field, which stand in the place of the field.
    later
        Keys that other rows have, in the order of the first of these.
    nested
        Fields that hold further models, and are no columns.
    """
    left_out = set(nested)
    first = chain.from_iterable(
        mappings.get(field.name, (field.name,))
        for field in fields(model)
        if field.name not in left_out
    )
    return tuple(dict.fromkeys(chain(first, later)))


def to_frame(pages: Sequence[Columns[Any]]) -> pd.DataFrame:
    """A frame of all pages, equal to that of the rows one by one."""
    import pandas as pd

    names = dict.fromkeys(chain.from_iterable(page.names for page in pages))
    # Models that make their own rows show several values as lists.
    as_lists = any(hasattr(page.model, "as_row") for page in pages)
    columns: dict[str, list[Any]] = {}
    for name in names:
        column = list(chain.from_iterable(page.column(name) for page in pages))
        if as_lists and tuple in set(map(type, column)):
            column = [list(cell) if isinstance(cell, tuple) else cell for cell in column]
        columns[name] = column
    return pd.DataFrame(columns)
