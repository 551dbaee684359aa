"""Values as they stand in an ARFF file: a piece of a column at a time, as an Arrow array of texts.

A text is null where the value is missing.  Numbers are the shortest texts that read back equal, as
Python's ``repr`` has them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from openml_client.errors import ArffError
from openml_client.formats.arff import MAX_EXACT, NUMBERS, Attribute
from openml_client.formats.arff_dates import DEFAULT_DATE, DateFormat

if TYPE_CHECKING:
    import pyarrow as pa

_PLAIN = r"[A-Za-z0-9_.:;/+*()<>=@!&#$~^|\[\]-]+"
"""Values that need no quotes in any reader."""
_IS_PLAIN = re.compile(_PLAIN)
_ESCAPES = {"\\": r"\\", "'": r"\'", "\n": r"\n", "\r": r"\r", "\t": r"\t"}
_TRANSLATION = str.maketrans(_ESCAPES)

DATE_WITH_MILLISECONDS = DEFAULT_DATE + ".SSS"
"""The finest format, as Java knows no more."""

_MICROSECONDS = "datetime64[us]"
_ISO_UNITS: Mapping[str, Literal["s", "ms"]] = {DEFAULT_DATE: "s", DATE_WITH_MILLISECONDS: "ms"}
"""Formats in which numpy writes dates, too, and its unit for them."""
_FOUR_DIGITS = (np.datetime64("0001-01-01", "us"), np.datetime64("9999-12-31T23:59:59.999999"))
"""Between these dates a year has four digits."""


def check_column(attribute: Attribute, column: Any) -> None:
    """Refuse a column before anything is written, where a look at the numbers tells.

    Raises
    ------
    ArffError
        Naming the attribute.
    """
    what = f"attribute {attribute.name!r}"
    if attribute.kind in NUMBERS:
        check_numbers(what, column)
    elif attribute.kind == "nominal":
        if column.dtype.kind not in "iu":
            raise ArffError(f"{what} is nominal, and its positions are of type {column.dtype}")
        if len(column) and (column.min() < -1 or column.max() >= len(attribute.labels)):
            raise ArffError(f"{what} has a value that is not declared")
    elif attribute.kind == "date" and column.dtype.kind != "M":
        raise ArffError(f"{what} is a date, and its column is of type {column.dtype}")


def check_numbers(what: str, column: NDArray[Any]) -> None:
    """Refuse numbers that would not read back equal.

    Raises
    ------
    ArffError
        Naming what holds them.
    """
    if column.dtype.kind in "biu":
        check_exact(what, column)
        return
    if column.dtype.kind != "f":
        raise ArffError(f"{what} is a number, and its column is of type {column.dtype}")
    # These pass over NaN, and take no memory.
    if len(column) and np.isinf([np.fmin.reduce(column), np.fmax.reduce(column)]).any():
        raise ArffError(f"{what} has an infinite value", hint="Replace it before.")
    if column.dtype.itemsize > 8 and (column != column.astype(np.float64))[~np.isnan(column)].any():
        raise ArffError(
            f"{what} has numbers of the type {column.dtype}, which would be read back rounded",
            hint="Round them to float64 before.",
        )


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


def texts(attribute: Attribute, column: Any) -> pa.LargeStringArray:
    """The values of a piece of a column that was checked.

    Raises
    ------
    ArffError
        If a value can't be written so that it reads back equal.
    """
    import pyarrow as pa

    what = f"attribute {attribute.name!r}"
    if attribute.kind in NUMBERS:
        return numbers(column)
    if attribute.kind == "nominal":
        labels = pa.array([*map(quote, attribute.labels), None], pa.large_string())
        codes = column.astype(np.int64)
        return labels.take(pa.array(np.where(codes < 0, len(attribute.labels), codes)))
    if attribute.kind == "date":
        return _dates(what, attribute.date_format or DEFAULT_DATE, column)
    return _strings(what, column)


def numbers(column: NDArray[Any]) -> pa.LargeStringArray:
    """Numbers that were checked, null for NaN."""
    import pyarrow as pa
    from pyarrow import compute

    if column.dtype.kind != "f":
        whole = np.ascontiguousarray(column, dtype=np.int64)
        return compute.cast(pa.array(whole), pa.large_string())
    values = np.ascontiguousarray(column, dtype=np.float64)
    written = compute.cast(pa.array(values, from_pandas=True), pa.large_string())
    sizes = np.abs(values)
    differs = ((sizes < 1e-4) & (sizes >= 1e-9)) | ((sizes >= 1e10) & (sizes < 1e16))
    if not differs.any():
        return written
    return replaced(written, differs, _as_python(values[differs], written.filter(differs)))


def _as_python(values: NDArray[np.float64], written: pa.LargeStringArray) -> pa.LargeStringArray:
    """Numbers that Arrow writes as 0.00001, 1e-7 or 1e+10, as ``repr`` has them."""
    sizes = np.abs(values)
    for low, high, rewritten in (
        (1e-9, 1e-6, _padded),
        (1e-6, 1e-5, partial(_scientific, "e-06")),
        (1e-5, 1e-4, partial(_scientific, "e-05")),
        (1e10, 1e16, _positional),
    ):
        mask = (sizes >= low) & (sizes < high)
        if mask.any():
            written = replaced(written, mask, rewritten(values[mask], written.filter(mask)))
    return written


def _padded(_: NDArray[np.float64], written: pa.LargeStringArray) -> pa.LargeStringArray:
    """As 1e-07, where Arrow writes 1e-7."""
    from pyarrow import compute

    return compute.replace_substring(written, "e-", "e-0")


def _scientific(
    exponent: str, values: NDArray[np.float64], written: pa.LargeStringArray
) -> pa.LargeStringArray:
    """As 1.5e-05, where Arrow writes 0.000015."""
    import pyarrow as pa
    from pyarrow import compute

    def text(value: str) -> pa.LargeStringScalar:
        return pa.scalar(value, pa.large_string())

    digits = compute.ascii_ltrim(written, "-0.")
    first = compute.utf8_slice_codeunits(digits, 0, 1)
    others = compute.utf8_slice_codeunits(digits, 1)
    sign = compute.if_else(pa.array(values < 0), text("-"), text(""))
    point = compute.if_else(compute.equal(others, text("")), text(""), text("."))
    return compute.binary_join_element_wise(sign, first, point, others, text(exponent), text(""))


def _positional(values: NDArray[np.float64], _: pa.LargeStringArray) -> pa.LargeStringArray:
    """As 10000000000.5, where Arrow writes 1.00000000005e+10."""
    import pyarrow as pa
    from pyarrow import compute

    whole = values.astype(np.int64)
    written = compute.cast(pa.array(whole), pa.large_string())
    is_broken = whole != values
    exact = [repr(value) for value in values[is_broken].tolist()]
    return replaced(written, is_broken, pa.array(exact, pa.large_string()))


def quote(text: str) -> str:
    """Text as it stands in a file, with quotes where it needs them.

    Raises
    ------
    ArffError
        If it has a NUL character, at which many readers stop.
    """
    if _IS_PLAIN.fullmatch(text):
        return text
    if "\0" in text:
        raise ArffError(f"{text[:40]!r} has a NUL character, which ARFF files can't hold")
    return "'" + text.translate(_TRANSLATION) + "'"


def surrogate_error(error: UnicodeEncodeError) -> ArffError:
    """What to raise for text that can't be encoded."""
    around = error.object[max(0, error.start - 20) : error.start + 20]
    return ArffError(f"half of a surrogate pair is no character: {around!r}")


def replaced(
    written: pa.LargeStringArray, mask: NDArray[np.bool_], values: pa.LargeStringArray
) -> pa.LargeStringArray:
    """The same with one of ``values``, in their order, wherever the mask is set."""
    import pyarrow as pa

    places = np.arange(len(written))
    places[mask] = np.arange(len(written), len(written) + len(values))
    # Twice as fast as Arrow's replace_with_mask.
    return pa.concat_arrays([written, values]).take(pa.array(places))


def _strings(what: str, column: Any) -> pa.LargeStringArray:
    import pyarrow as pa
    from pyarrow import compute

    values = _unquoted(what, column)
    is_plain = compute.match_substring_regex(values, f"^(?:{_PLAIN})\\z").fill_null(True)
    if is_plain.true_count == len(values):
        return values
    odd = values.filter(compute.invert(is_plain))
    if compute.any(compute.match_substring(odd, "\0")).as_py():
        for text in odd.to_pylist():
            quote(text)
    for character, escape in _ESCAPES.items():
        odd = compute.replace_substring(odd, character, escape)
    mark, nothing = (pa.scalar(text, pa.large_string()) for text in ("'", ""))
    quoted = compute.binary_join_element_wise(mark, odd, mark, nothing)
    return replaced(values, ~is_plain.to_numpy(zero_copy_only=False), quoted)


def _unquoted(what: str, column: Any) -> pa.LargeStringArray:
    """The same texts as an Arrow array."""
    import pyarrow as pa
    from pyarrow import compute

    if isinstance(column, pa.Array) and column.type in {pa.string(), pa.large_string()}:
        return compute.cast(column, pa.large_string())
    values = column.tolist()
    if not set(map(type, values)) <= {str, type(None)}:
        values = [None if value is None else _string(what, value) for value in values]
    try:
        return pa.array(values, pa.large_string())
    except UnicodeEncodeError as error:
        raise surrogate_error(error) from error


def _string(what: str, value: object) -> str:
    if not isinstance(value, str):
        raise ArffError(
            f"{what} is a string, and one of its values is {value!r} of type "
            f"{type(value).__name__}",
            hint="Turn the column into texts, numbers or categories first.",
        )
    return str(value)


def _dates(what: str, pattern: str, column: NDArray[Any]) -> pa.LargeStringArray:
    import pyarrow as pa

    exact = column.astype(_MICROSECONDS)
    if (exact != column)[~np.isnat(column)].any():
        raise ArffError(f"{what} has nanoseconds", hint="Round them to milliseconds before.")
    written = _iso_dates(exact, _ISO_UNITS.get(pattern))
    if written is None:
        try:
            date_format = DateFormat(pattern)
            written = [None if v is None else quote(_date(date_format, v)) for v in exact.tolist()]
        except ValueError as error:
            raise ArffError(f"{what}: {error}", hint="Round the dates, or drop them.") from error
    return pa.array(written, pa.large_string())


def _iso_dates(
    column: NDArray[np.datetime64], unit: Literal["s", "ms"] | None
) -> Sequence[str | None] | None:
    """Texts of dates in a format of numpy's; None if that is not so, or can't hold all of them."""
    missing = np.isnat(column)
    there = column[~missing]
    if unit is None or (there.astype(f"datetime64[{unit}]") != there).any():
        return None
    if len(there) and (there.min() < _FOUR_DIGITS[0] or there.max() > _FOUR_DIGITS[1]):
        return None
    texts = np.datetime_as_string(column, unit=unit).astype(object)
    texts[missing] = None
    written: list[str | None] = texts.tolist()
    return written


def _date(date_format: DateFormat, value: object) -> str:
    if not isinstance(value, datetime):  # numpy gives a number for years that Python lacks
        raise ValueError("a date lies outside the years 1 to 9999")  # noqa: TRY004  (not a type)
    return date_format.format(value)
