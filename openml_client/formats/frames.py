"""Frames as ARFF files: which attribute a column becomes, by its type.

The types are those of openml-python 0.15.1 (``attributes_arff_from_df``), which takes no dates.

===================================  ======================================================
column                               attribute
===================================  ======================================================
category                             nominal, in the order of the categories
bool, boolean                        nominal ``{True,False}``; ``{False,True}`` where sparse
integers, Int64                      INTEGER
floats, Float64                      REAL
dates and times                      DATE, in UTC if they have a time zone
texts                                STRING
objects                              as what they are, if they are all of one of these kinds
===================================  ======================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from openml_client.errors import ArffError
from openml_client.formats.arff import NUMBERS, Attribute
from openml_client.formats.arff_dates import DEFAULT_DATE
from openml_client.formats.arff_writer import (
    DATE_WITH_MILLISECONDS,
    check_exact,
    write_arff,
    write_sparse_arff,
)

if TYPE_CHECKING:
    import pandas as pd

_Kind = Literal["boolean", "integer", "float", "date", "string"]

_BY_CONTENT: dict[str, _Kind] = {
    "boolean": "boolean",
    "integer": "integer",
    "floating": "float",
    "mixed-integer-float": "float",
    "date": "date",
    "datetime": "date",
    "datetime64": "date",
}
"""What pandas finds in a column of objects; all else is written as texts, or refused as such."""


def arff_from_pandas(frame: pd.DataFrame, relation: str) -> bytes:
    """The dense ARFF file of a frame.  The index is left out.

    Raises
    ------
    ArffError
        If a column's name stands twice, or its values can't be written so that they read back
        equal: whole numbers beyond 2**53, infinity, times finer than milliseconds, objects of
        several kinds, or of another kind than the table above has.
    """
    pairs = [_from_series(str(name), frame.iloc[:, n]) for n, name in enumerate(frame.columns)]
    return write_arff(relation, [a for a, _ in pairs], [c for _, c in pairs])


def is_sparse(frame: pd.DataFrame) -> bool:
    """Whether a column of a frame is sparse, and leaves out zeros (or what is false)."""
    return any(_leaves_out_zeros(dtype) for dtype in frame.dtypes)


def sparse_arff_from_pandas(frame: pd.DataFrame, relation: str) -> bytes:
    """The sparse ARFF file of a frame, some of whose columns may be dense.

    Raises
    ------
    ArffError
        As `arff_from_pandas`, and if a column is neither numeric nor nominal.
    """
    from scipy.sparse import coo_matrix

    attributes: list[Attribute] = []
    rows: list[NDArray[np.integer[Any]]] = [np.empty(0, dtype=np.int64)]
    values: list[NDArray[np.float64]] = [np.empty(0)]
    for n, name in enumerate(frame.columns):
        attribute, places, entries = _entries(str(name), frame.iloc[:, n])
        attributes.append(attribute)
        rows.append(places)
        values.append(entries)
    columns = np.repeat(np.arange(len(attributes)), [len(places) for places in rows[1:]])
    matrix = coo_matrix(
        (np.concatenate(values), (np.concatenate(rows), columns)),
        shape=(len(frame), len(attributes)),
    )
    return write_sparse_arff(relation, attributes, matrix)


def _entries(
    name: str, series: pd.Series[Any]
) -> tuple[Attribute, NDArray[np.integer[Any]], NDArray[np.float64]]:
    """Attribute of a column of a sparse file, the rows where it has entries, and those."""
    import pandas as pd

    if _leaves_out_zeros(series.dtype):
        array: Any = series.array
        entries = np.asarray(array.sp_values)
        is_bool = entries.dtype.kind == "b"
        # What is left out reads back as the first label.
        labels = ("False", "True") if is_bool else ()
        kind: Any = "nominal" if is_bool else "real" if entries.dtype.kind == "f" else "integer"
        check_exact(f"column {name!r}", entries)
        return Attribute(name, kind, labels), array.sp_index.indices, entries.astype(np.float64)
    if isinstance(series.dtype, pd.SparseDtype):
        series = pd.Series(np.asarray(series), name=series.name)
    attribute, column = _from_series(name, series)
    if attribute.kind in NUMBERS:
        numbers = column.astype(np.float64)
        places = np.flatnonzero(numbers)  # NaN counts as not zero, as it must
        return attribute, places, numbers[places]
    if attribute.kind == "nominal":
        codes = np.where(column < 0, np.nan, column)
        return attribute, np.arange(len(codes)), codes
    raise ArffError(
        f"column {name!r} is a {attribute.kind}, and other columns are sparse: a sparse file "
        "takes numbers and classes only",
        hint="Make the column a category, or the sparse columns dense "
        "(`frame[name].sparse.to_dense()`).",
    )


def _leaves_out_zeros(dtype: Any) -> bool:
    import pandas as pd

    return isinstance(dtype, pd.SparseDtype) and dtype.fill_value == 0


def _from_series(name: str, series: pd.Series[Any]) -> tuple[Attribute, NDArray[Any]]:
    """Attribute of a column, and its values as `ArffFile.columns` has them."""
    import pandas as pd

    missing = series.isna().to_numpy()
    if isinstance(series.dtype, pd.CategoricalDtype):
        labels = tuple(str(category) for category in series.dtype.categories)
        return Attribute(name, "nominal", labels), series.cat.codes.to_numpy(np.int32)
    kind = _kind_of(series)
    if kind == "boolean":
        codes = series.to_numpy(object).copy()
        codes[missing] = -1
        codes[~missing] = 1 - codes[~missing].astype(np.int32)
        return Attribute(name, "nominal", ("True", "False")), codes.astype(np.int32)
    if kind == "integer":
        whole = series[~missing].to_numpy()
        check_exact(f"column {name!r}", whole)
        column = np.full(len(series), np.nan)
        column[~missing] = whole
        return Attribute(name, "integer"), column
    if kind == "float":
        floats = series[~missing].to_numpy(np.float64)
        column = np.full(len(series), np.nan)
        column[~missing] = floats
        return Attribute(name, "real"), column
    if kind == "date":
        return _from_dates(name, series)
    values = np.empty(len(series), dtype=object)
    values[:] = list(series)
    values[missing] = None
    return Attribute(name, "string"), values


def _kind_of(series: pd.Series[Any]) -> _Kind:
    import pandas as pd

    types = pd.api.types
    dtype = series.dtype
    if types.is_object_dtype(dtype):
        return _BY_CONTENT.get(types.infer_dtype(series, skipna=True), "string")
    if types.is_bool_dtype(dtype):
        return "boolean"
    if types.is_integer_dtype(dtype):
        return "integer"
    if types.is_float_dtype(dtype):
        return "float"
    return "date" if types.is_datetime64_any_dtype(dtype) else "string"


def _from_dates(name: str, series: pd.Series[Any]) -> tuple[Attribute, NDArray[Any]]:
    import pandas as pd

    if isinstance(series.dtype, pd.ArrowDtype):
        array: Any = series.array
        series = array.__arrow_array__().to_pandas(date_as_object=False)
    elif pd.api.types.is_object_dtype(series.dtype):
        series = _dates_of(name, series)
    if series.dt.tz is not None:
        series = series.dt.tz_convert("UTC").dt.tz_localize(None)
    column = series.to_numpy()
    return Attribute(name, "date", date_format=date_format(column)), column


def date_format(column: NDArray[Any]) -> str:
    """The format for dates of the type datetime64: that with milliseconds if there are any."""
    there = column[~np.isnat(column)]
    has_fractions = (there.astype("datetime64[s]") != there).any()
    return DATE_WITH_MILLISECONDS if has_fractions else DEFAULT_DATE


def _dates_of(name: str, series: pd.Series[Any]) -> pd.Series[Any]:
    """Dates out of a column of objects."""
    import pandas as pd

    try:
        return pd.to_datetime(series)
    except (ValueError, TypeError) as error:
        raise ArffError(
            f"column {name!r} has dates that don't fit together: {error}",
            hint="Give them all one time zone, or none.",
        ) from error
