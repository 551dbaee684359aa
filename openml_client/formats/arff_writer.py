"""Writing ARFF files: columns and sparse matrices into bytes that read back equal."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from openml_client.errors import ArffError
from openml_client.formats.arff import NUMBERS, Attribute
from openml_client.formats.arff_dates import DEFAULT_DATE, DateFormat

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_PLAIN = re.compile(r"[A-Za-z0-9_.:;/+*()<>=@!&#$~^|\[\]-]+")
"""Values that need no quotes in any reader."""
_ESCAPES = str.maketrans({"\\": r"\\", "'": r"\'", "\n": r"\n", "\r": r"\r", "\t": r"\t"})
DATE_WITH_MILLISECONDS = DEFAULT_DATE + ".SSS"
"""The finest format, as Java knows no more."""

_MICROSECONDS = "datetime64[us]"
_ISO_UNITS: Mapping[str, Literal["s", "ms"]] = {DEFAULT_DATE: "s", DATE_WITH_MILLISECONDS: "ms"}
"""Formats in which numpy writes dates, too, and its unit for them."""
_FOUR_DIGITS = (np.datetime64("0001-01-01", "us"), np.datetime64("9999-12-31T23:59:59.999999"))
"""Between these dates a year has four digits."""

MAX_EXACT = 2**53
"""Whole numbers up to here are read back exactly, as numbers are read as float64."""


def write_arff(
    relation: str,
    attributes: Sequence[Attribute],
    columns: Sequence[NDArray[Any]],
    *,
    comment: str = "",
) -> bytes:
    """The bytes of a dense file; numbers are written as short as they read back equal.

    Parameters
    ----------
    columns
        One per attribute, as in `ArffFile.columns`.
    comment
        Stands before the header.

    Raises
    ------
    ArffError
        If a value can't be written so that it reads back equal.
    """
    lengths = sorted({len(column) for column in columns})
    if len(columns) != len(attributes) or len(lengths) > 1:
        raise ArffError(
            f"there are {len(attributes)} attributes, and {len(columns)} columns of the lengths "
            f"{lengths}"
        )
    header = _header(relation, attributes, comment)
    texts = [_texts(a, c) for a, c in zip(attributes, columns, strict=True)]
    return _encoded([*header, *map(",".join, zip(*texts, strict=True))])


def write_sparse_arff(relation: str, attributes: Sequence[Attribute], matrix: csr_matrix) -> bytes:
    """The bytes of a sparse file.

    Parameters
    ----------
    matrix
        Shape ``(n_rows, n_attributes)``, as `ArffFile.sparse`: numbers, and positions in the labels
        for nominal attributes; what it leaves out is 0, or the first label.

    Raises
    ------
    ArffError
        If an attribute is neither numeric nor nominal, or a value can't be written.
    """
    bad = next((a for a in attributes if a.kind not in NUMBERS | {"nominal"}), None)
    if bad is not None:
        raise ArffError(
            f"attribute {bad.name!r} is {bad.kind}; sparse files take numbers and classes only"
        )
    if matrix.shape[1] != len(attributes):
        raise ArffError(f"there are {len(attributes)} attributes and {matrix.shape[1]} columns")
    header = _header(relation, attributes, "")
    rows = matrix.tocsr(copy=True)
    rows.sum_duplicates()  # sorts them, too
    values = _sparse_texts(attributes, rows)
    entries = [f"{index} {value}" for index, value in zip(rows.indices, values, strict=True)]
    bounds = itertools.pairwise(rows.indptr)
    return _encoded([*header, *("{" + ", ".join(entries[a:b]) + "}" for a, b in bounds)])


def _sparse_texts(attributes: Sequence[Attribute], rows: csr_matrix) -> Sequence[str]:
    """The entries as they stand in a file, in the order of the rows."""
    nominal = [n for n, attribute in enumerate(attributes) if attribute.kind == "nominal"]
    if not nominal:
        return _numbers("the matrix", rows.data)
    texts = np.empty(rows.nnz, dtype=object)
    is_nominal = np.isin(rows.indices, nominal)
    texts[~is_nominal] = _numbers("the matrix", rows.data[~is_nominal])
    for index in nominal:
        places = np.flatnonzero(rows.indices == index)
        codes = np.nan_to_num(rows.data[places], nan=-1).astype(np.int32)
        texts[places] = _texts(attributes[index], codes)
    return list(texts)


def quote(text: str) -> str:
    """Text as it stands in a file, with quotes where it needs them.

    Raises
    ------
    ArffError
        If it has a NUL character, at which many readers stop.
    """
    if _PLAIN.fullmatch(text):
        return text
    if "\0" in text:
        raise ArffError(f"{text[:40]!r} has a NUL character, which ARFF files can't hold")
    return "'" + text.translate(_ESCAPES) + "'"


def _encoded(lines: Sequence[str]) -> bytes:
    try:
        return ("\n".join(lines) + "\n").encode()
    except UnicodeEncodeError as error:
        around = error.object[max(0, error.start - 20) : error.start + 20]
        raise ArffError(f"half of a surrogate pair is no character: {around!r}") from error


def _header(relation: str, attributes: Sequence[Attribute], comment: str) -> list[str]:
    if not attributes:
        raise ArffError("there is no column to write")
    _check_unique("column", [attribute.name for attribute in attributes])
    lines = [f"% {line}" for line in comment.splitlines()]
    lines += [f"@RELATION {quote(relation)}", ""]
    lines += [f"@ATTRIBUTE {quote(a.name)} {_declared(a)}" for a in attributes]
    return [*lines, "", "@DATA"]


def _check_unique(what: str, names: Sequence[str]) -> None:
    if len(set(names)) == len(names):
        return
    repeated = next(name for n, name in enumerate(names) if name in names[:n])
    raise ArffError(
        f"{what} {repeated!r} is there more than once",
        hint="Names are written as texts: 1 and '1' are the same.",
    )


def _declared(attribute: Attribute) -> str:
    if attribute.kind == "nominal":
        _check_unique(f"the value of attribute {attribute.name!r},", attribute.labels)
        return "{" + ",".join(quote(label) for label in attribute.labels) + "}"
    if attribute.kind == "date":
        pattern = attribute.date_format or DEFAULT_DATE
        has_trouble = any(character in pattern for character in '"\\\0\n\r\t')
        return f"DATE {quote(pattern)}" if has_trouble else f'DATE "{pattern}"'
    if attribute.kind == "relational":
        raise ArffError(f"attribute {attribute.name!r} is relational, which can't be written")
    return attribute.kind.upper()


def _texts(attribute: Attribute, column: NDArray[Any]) -> list[str]:
    what = f"attribute {attribute.name!r}"
    if attribute.kind in NUMBERS:
        return _numbers(what, column)
    if attribute.kind == "nominal":
        if len(column) and (column.min() < -1 or column.max() >= len(attribute.labels)):
            raise ArffError(f"{what} has a value that is not declared")
        quoted = np.array([*(quote(label) for label in attribute.labels), "?"], dtype=object)
        texts: list[str] = quoted[column].tolist()
        return texts
    if attribute.kind == "date":
        return _dates(what, attribute.date_format or DEFAULT_DATE, column)
    return ["?" if value is None else _string(what, value) for value in column.tolist()]


def _string(what: str, value: object) -> str:
    if not isinstance(value, str):
        raise ArffError(
            f"{what} is a string, and one of its values is {value!r} of type "
            f"{type(value).__name__}",
            hint="Turn the column into texts, numbers or categories first.",
        )
    return quote(value)


def _dates(what: str, pattern: str, column: NDArray[Any]) -> list[str]:
    exact = column.astype(_MICROSECONDS)
    if (exact != column)[~np.isnat(column)].any():
        raise ArffError(f"{what} has nanoseconds", hint="Round them to milliseconds before.")
    texts = _iso_dates(exact, _ISO_UNITS.get(pattern))
    if texts is not None:
        return texts
    try:
        date_format = DateFormat(pattern)
        return ["?" if v is None else quote(_date(date_format, v)) for v in exact.tolist()]
    except ValueError as error:
        raise ArffError(f"{what}: {error}", hint="Round the dates, or drop them.") from error


def _iso_dates(column: NDArray[np.datetime64], unit: Literal["s", "ms"] | None) -> list[str] | None:
    """Texts of dates in a format of numpy's; None if that is not so, or can't hold all of them."""
    missing = np.isnat(column)
    there = column[~missing]
    if unit is None or (there.astype(f"datetime64[{unit}]") != there).any():
        return None
    if len(there) and (there.min() < _FOUR_DIGITS[0] or there.max() > _FOUR_DIGITS[1]):
        return None
    texts = np.datetime_as_string(column, unit=unit).astype(object)
    texts[missing] = "?"
    written: list[str] = texts.tolist()
    return written


def _date(date_format: DateFormat, value: object) -> str:
    if not isinstance(value, datetime):  # numpy gives a number for years that Python lacks
        raise ValueError("a date lies outside the years 1 to 9999")  # noqa: TRY004  (not a type)
    return date_format.format(value)


def _numbers(what: str, column: NDArray[Any]) -> list[str]:
    if column.dtype.kind in "biu":
        check_exact(what, column)
        return [str(value) for value in column.astype(int).tolist()]
    if column.dtype.kind != "f":
        raise ArffError(f"{what} is a number, and its column is of type {column.dtype}")
    if np.isinf(column).any():
        raise ArffError(f"{what} has an infinite value", hint="Replace it before.")
    # repr of a Python float is the shortest text that reads back equal.
    return [
        "?" if value != value else repr(value).removesuffix(".0")  # noqa: PLR0124  (NaN)
        for value in column.astype(np.float64).tolist()
    ]


def check_exact(what: str, column: NDArray[Any]) -> None:
    """Refuse whole numbers that would not read back equal.

    Raises
    ------
    ArffError
        Naming what holds them.
    """
    if column.dtype.kind not in "iuO":
        return
    if len(column) and (column.min() < -MAX_EXACT or column.max() > MAX_EXACT):
        raise ArffError(
            f"{what} has whole numbers beyond 2**53, which would be read back rounded",
            hint="Turn the column into texts or categories, if they are names.",
        )
