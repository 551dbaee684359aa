"""One column of a table in the types of its views; see ``table`` for the policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from openml_client.formats.arff import Attribute

if TYPE_CHECKING:
    import pyarrow as pa

MAX_EXACT = 2**53
"""Whole numbers up to here survive as float64."""


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


def to_arrow(attribute: Attribute, column: Any, owner: object | None) -> pa.Array:
    """A column as Arrow has it; in the memory of its owner, if there is one."""
    import pyarrow as pa

    if attribute.kind == "string":
        return column
    if attribute.kind == "nominal":
        codes = _owned(pa.array(column, mask=column < 0), owner)
        return pa.DictionaryArray.from_arrays(codes, pa.array(attribute.labels, pa.string()))
    if attribute.kind == "date" or column.dtype.kind == "i":
        return _owned(pa.array(column), owner)
    return _owned(pa.array(column, mask=np.isnan(column)), owner)


def _owned(array: pa.Array, owner: object | None) -> pa.Array:
    """The same array, that keeps its owner alive: a frame left alone would be written in place."""
    import pyarrow as pa

    bitmap, values = array.buffers()
    if owner is None or not values:
        return array
    kept = pa.foreign_buffer(values.address, values.size, base=(owner, values))
    return pa.Array.from_buffers(array.type, len(array), [bitmap, kept], array.null_count)
