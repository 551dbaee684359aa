"""The dense columns of a table in the types of its views; see ``table`` for the policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from openml_client.formats.arff import MAX_EXACT, Attribute

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

MAX_BLOCKS = 100
"""A frame of more columns, each in memory of its own, makes pandas warn."""


class Columns:
    """Dense columns, in memory that the views of them share.

    Pandas copies what is written into a frame as long as another one is there that has the same
    memory.  That is `frame`; so whoever else uses the memory holds this object.
    """

    def __init__(self, attributes: Sequence[Attribute], raw: Sequence[Any]) -> None:
        self.attributes = attributes
        self.raw = tuple(raw)
        """As `ArffFile.columns` has them."""

    def __len__(self) -> int:
        """Rows."""
        return len(self.raw[0]) if self.raw else 0

    @cached_property
    def typed(self) -> tuple[Any, ...]:
        """The columns of the types that views have."""
        return tuple(typed(a, column) for a, column in zip(self.attributes, self.raw, strict=True))

    @cached_property
    def frame(self) -> pd.DataFrame:
        """All columns in the memory of the table: never given out, but copied lazily."""
        columns = {
            attribute.name: to_pandas(attribute, column)
            for attribute, column in zip(self.attributes, self.typed, strict=True)
        }
        return frame_of(columns, len(self), copy=len(columns) > MAX_BLOCKS)

    def arrow(self) -> list[pa.Array]:
        """The columns as Arrow arrays in the same memory."""
        columns = zip(self.attributes, self.typed, strict=True)
        return [_owned(to_arrow(attribute, column), self) for attribute, column in columns]


def frame_of(columns: Mapping[str, Any], n_rows: int, *, copy: bool) -> pd.DataFrame:
    """The frame of some columns, which `to_pandas` gave."""
    import pandas as pd

    return pd.DataFrame(dict(columns), index=pd.RangeIndex(n_rows), copy=copy)


def _is_whole(column: NDArray[Any]) -> bool:
    finite = np.isfinite(column).all()
    return bool(finite and (column == np.trunc(column)).all() and (abs(column) < MAX_EXACT).all())


def copies_on_write() -> bool:
    """Whether pandas copies what is shared before it is written, as it does from version 3 on."""
    import pandas as pd

    return int(pd.__version__.partition(".")[0]) >= 3


def typed(attribute: Attribute, column: Any) -> Any:
    """A column of the type that views have, in memory that may be written."""
    if attribute.kind == "string":
        return column
    if attribute.kind == "integer" and column.dtype.kind == "f" and _is_whole(column):
        return column.astype(np.int64)
    return column if column.flags.writeable else column.copy()


def to_pandas(attribute: Attribute, column: Any) -> Any:
    """A column as pandas has it, in the same memory where that can be."""
    import pandas as pd

    if attribute.kind == "nominal":
        categories = pd.Index(np.array(attribute.labels, dtype=object), dtype=object)
        dtype = pd.CategoricalDtype(categories)
        return pd.Categorical.from_codes(column, dtype=dtype, validate=False)
    if attribute.kind != "string":
        return column
    if copies_on_write():
        return pd.array(column, dtype=pd.StringDtype("pyarrow", na_value=np.nan))
    values = column.to_numpy(zero_copy_only=False)
    values[[value is None for value in values]] = np.nan
    return pd.Series(values, dtype=object)


def to_arrow(attribute: Attribute, column: Any) -> pa.Array:
    """A column as Arrow has it, in the same memory where that can be."""
    import pyarrow as pa

    if attribute.kind == "string":
        return column
    if attribute.kind == "nominal":
        codes = pa.array(column, mask=column < 0)
        return pa.DictionaryArray.from_arrays(codes, pa.array(attribute.labels, pa.string()))
    if attribute.kind == "date" or column.dtype.kind == "i":
        return pa.array(column)
    return pa.array(column, mask=np.isnan(column))


def _owned(array: pa.Array, owner: Columns) -> pa.Array:
    """The same array, that holds the owner of its memory."""
    import pyarrow as pa

    if pa.types.is_dictionary(array.type):
        return pa.DictionaryArray.from_arrays(_owned(array.indices, owner), array.dictionary)
    if pa.types.is_large_string(array.type):
        return array  # which nobody can write
    bitmap, values = array.buffers()
    if not values:
        return array
    kept = pa.foreign_buffer(values.address, values.size, base=(owner, values))
    return pa.Array.from_buffers(array.type, len(array), [bitmap, kept], array.null_count)
