"""What can be published as a dataset, turned into the ARFF file that is uploaded.

=========================================  =============================================
given                                      uploaded
=========================================  =============================================
pandas frame                               as `formats.frames` says; sparse if a column is
numpy array, 2-dimensional                 a column each, named by ``columns``
numpy structured or record array           its fields
scipy sparse matrix or array               sparse numbers, named by ``columns``
list of mappings                           the union of their keys, in the order of sight
list of lists or tuples                    a column each, named by ``columns``
frame that gives an Arrow stream           its columns (pyarrow, polars and others)
ARFF file: bytes, open file or path        as it is
Parquet file: bytes, open file or path     its columns; dictionaries become nominal
=========================================  =============================================
"""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openml_client.errors import ArffError, FormatError
from openml_client.formats.arff import ArffFile, Attribute
from openml_client.model.several import several
from openml_client.wire.scalars import NOT_XML, Scalar, limited

if TYPE_CHECKING:
    import pandas as pd

_NAME, _LABEL = limited(64), limited(256, min_length=0)
"""What may be a feature's name and a nominal value, of which servers make documents.
Source: protocol note, section 1.3."""

_SHOWN = 60
"""Characters of a name or value, in messages."""

_PARQUET = b"PAR1"
"""What Parquet files begin with."""


@dataclass(frozen=True)
class DataFile:
    """An ARFF file that can be uploaded."""

    content: bytes
    attributes: tuple[Attribute, ...]
    is_sparse: bool

    @property
    def format(self) -> str:
        """What the description of the dataset says of it."""
        return "Sparse_ARFF" if self.is_sparse else "ARFF"


def data_file(data: Any, name: str, *, columns: Sequence[str] | None = None) -> DataFile:
    """The file of what a caller wants to publish.

    Parameters
    ----------
    data
        One of the kinds above.
    name
        Of the dataset.
    columns
        Names of the columns, for data that has none.

    Raises
    ------
    FormatError
        If this is none of these kinds, or lacks names of columns, or has them twice.
    ArffError
        If the data can't be written so that it reads back equal, if a file is no ARFF file, or
        if a name or a nominal value is longer than servers take, or not of Basic Latin.
    OSError
        If a path can't be read.
    """
    content = _content_of(data)
    if content is None:
        return _checked(_from_values(data, name, columns))
    if columns is not None:
        raise _named_already("a file")
    if content.startswith(_PARQUET):
        from openml_client.formats.parquet import columns_of, read_arrow

        return _checked(_from_columns(columns_of(read_arrow(content)), name))
    try:
        return _checked(content)
    except ArffError as error:
        what = str(data) if isinstance(data, str | Path) else "the file"
        raise _unreadable(what, error) from None


def _unreadable(what: str, error: ArffError) -> ArffError:
    """The fault of a file with the file's name, and what to do if it was never ARFF."""
    if error.line is None:
        return error  # it is ARFF, with a name or a value that servers don't take
    told = ArffError(
        f"{what} can't be read as ARFF: {error.message}",
        hint=error.hint
        or "Of files ARFF and Parquet are taken; read others into a frame, as by pandas.read_csv.",
    )
    told.line = error.line
    return told


def _checked(content: bytes) -> DataFile:
    from openml_client.formats.arff import read_start

    attributes, is_sparse = read_start(content)
    for place, attribute in enumerate(attributes, start=1):
        if not attribute.name.strip():
            raise ArffError(f"column {place} of {len(attributes)} has no name", hint="Name it.")
        fault = _fault(_NAME, attribute.name)
        if fault is not None:
            raise ArffError(
                f"the name of column {_shown(attribute.name)} {fault}", hint="Rename the column."
            )
        for label in attribute.labels:
            fault = _fault(_LABEL, label)
            if fault is not None:
                raise ArffError(
                    f"column {attribute.name!r} has the nominal value {_shown(label)}, which "
                    f"{fault}",
                    hint="Rename the value, or make the column texts instead of categories: "
                    "those are not limited.",
                )
    return DataFile(content, attributes, is_sparse)


def _fault(kind: Scalar, text: str) -> str | None:
    lost = NOT_XML.search(text)
    if lost is not None:
        return f"contains {lost[0]!r}, which no XML document may have"
    return kind.complaint(text)


def _shown(text: str) -> str:
    return repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r}..."


def _content_of(data: Any) -> bytes | None:
    """The content of a file; None for other data."""
    if isinstance(data, bytes | bytearray | memoryview):
        return bytes(data)
    if isinstance(data, str | Path):
        if "\n" in str(data) or "\0" in str(data):
            raise FormatError(
                f"{str(data)[:40]!r}... is no path of a file to publish",
                hint="The text of an ARFF file goes as bytes: text.encode().",
            )
        path = Path(data)
        if path.is_dir():
            raise FormatError(f"{path} is a folder", hint="Name a file in it.")
        if not path.is_file():
            raise FormatError(f"there is no file {path} to publish")
        return path.read_bytes()
    if isinstance(data, io.IOBase) or hasattr(data, "read"):
        content = data.read()
        if not isinstance(content, bytes):
            raise FormatError(
                "a file that is open as text can't be published", hint='Open it with "rb".'
            )
        return content
    return None


def _from_values(data: Any, name: str, columns: Sequence[str] | None) -> bytes:
    from openml_client.formats import frames

    if _is_sparse_matrix(data):
        return _from_matrix(data, name, columns)
    if _is_a(data, "pandas", "DataFrame"):
        frame: pd.DataFrame = data
    elif _is_a(data, "numpy", "ndarray"):
        frame, columns = _frame_of_array(data, columns), None
    elif hasattr(data, "__arrow_c_stream__"):
        return _from_arrow(data, name, columns)
    elif isinstance(data, Sequence):
        frame, columns = _frame_of_rows(data, columns), None
    else:
        raise FormatError(
            f"data of the type {type(data).__name__} can't be published",
            hint="Give a frame, an array with columns=, rows, an ARFF or Parquet file, or a URL.",
        )
    if columns is not None:
        raise _named_already("a frame")
    if frames.is_sparse(frame):
        return frames.sparse_arff_from_pandas(frame, name)
    return frames.arff_from_pandas(frame, name)


def _is_a(data: Any, module: str, name: str) -> bool:
    """Whether data is of a module's class; who has such data has imported the module."""
    cls = getattr(sys.modules.get(module), name, None)
    return isinstance(cls, type) and isinstance(data, cls)


def _is_sparse_matrix(data: Any) -> bool:
    return any(_is_a(data, "scipy.sparse", name) for name in ("spmatrix", "sparray"))


def _named_already(what: str) -> FormatError:
    return FormatError(
        f"{what} names its columns itself, and columns= was given", hint="Leave columns= out."
    )


def _check_names(columns: Sequence[str] | None, n_columns: int, what: str) -> list[str]:
    """Names for columns that have none."""
    if columns is None:
        raise FormatError(
            f"{what} can't be published without the names of its {n_columns} columns",
            hint="Give them: columns=[...].",
        )
    names = [str(name) for name in several(columns)]
    if len(names) != n_columns:
        raise FormatError(f"columns= gives {len(names)} names, and {what} has {n_columns} columns")
    return names


def _frame_of_array(array: Any, columns: Sequence[str] | None) -> pd.DataFrame:
    import pandas as pd

    if array.dtype.names is not None:
        if columns is not None:
            raise _named_already("a structured array")
        if array.ndim != 1 or any(array.dtype[name].shape for name in array.dtype.names):
            raise FormatError("a structured array needs one dimension, and a value in each field")
        return pd.DataFrame({name: array[name] for name in array.dtype.names})
    what = f"an array of the shape {array.shape}"
    if array.ndim != 2:
        raise FormatError(f"{what} can't be published", hint="It needs rows and columns.")
    return pd.DataFrame(array, columns=_check_names(columns, array.shape[1], what))


def _frame_of_rows(rows: Sequence[Any], columns: Sequence[str] | None) -> pd.DataFrame:
    """Frame of mappings or of sequences; its columns get the types of what they hold."""
    import pandas as pd

    if all(isinstance(row, Mapping) for row in rows):
        if columns is not None:
            raise _named_already("a list of mappings")
        names: list[Any] = list(dict.fromkeys(key for row in rows for key in row))
        cells = {name: [row.get(name) for row in rows] for name in names}
    elif all(isinstance(row, list | tuple) for row in rows):
        width = len(rows[0])
        ragged = next((n for n, row in enumerate(rows) if len(row) != width), None)
        if ragged is not None:
            raise FormatError(
                f"row {ragged} has {len(rows[ragged])} values, and row 0 has {width} "
                "(rows are counted from 0)"
            )
        names = _check_names(columns, width, "a list of rows")
        cells = {n: [row[n] for row in rows] for n in range(width)}
    else:
        kinds = sorted({type(row).__name__ for row in rows})
        raise FormatError(
            f"a list of {', '.join(kinds)} can't be published",
            hint="Give mappings, or lists or tuples with columns=.",
        )
    # As objects: pandas would make floats of whole numbers where one is missing.
    series = {key: pd.Series(values, dtype=object) for key, values in cells.items()}
    return pd.DataFrame(series).set_axis(names, axis=1)


def _from_matrix(matrix: Any, name: str, columns: Sequence[str] | None) -> bytes:
    from openml_client.formats.arff_writer import write_sparse_arff

    what = f"a sparse matrix of the shape {matrix.shape}"
    if matrix.ndim != 2:
        raise FormatError(f"{what} can't be published", hint="It needs rows and columns.")
    names = _check_names(columns, matrix.shape[1], what)
    kind: Any = "real" if matrix.dtype.kind == "f" else "integer"
    return write_sparse_arff(name, [Attribute(name, kind) for name in names], matrix)


def _from_arrow(data: Any, name: str, columns: Sequence[str] | None) -> bytes:
    import pyarrow as pa

    from openml_client.formats.parquet import columns_of

    if columns is not None:
        raise _named_already("a frame")
    try:
        table = pa.table(data)
    except (pa.ArrowInvalid, TypeError) as error:
        raise FormatError(
            f"data of the type {type(data).__name__} can't be published: it has no columns",
            hint="Make a frame of it.",
        ) from error
    return _from_columns(columns_of(table, what="the frame"), name)


def _from_columns(file: ArffFile, name: str) -> bytes:
    """The ARFF file of columns that came without formats for their dates."""
    from openml_client.formats.arff_writer import write_arff
    from openml_client.formats.frames import date_format

    values = file.columns or ()
    attributes = [
        replace(a, date_format=date_format(c)) if a.kind == "date" and not a.date_format else a
        for a, c in zip(file.attributes, values, strict=True)
    ]
    return write_arff(name, attributes, values)
