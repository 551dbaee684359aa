"""Sparse rows, a block of lines at a time: entries as two columns that a CSV parser reads.

As with dense rows, a block is looked through before, and None is given of what means something
else in ARFF than in CSV, or is wrong, for the reader of lines to do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from openml_client.errors import ArffError
from openml_client.formats.arff import Attribute
from openml_client.formats.arff_rows import SparseRows
from openml_client.formats.arff_values import Parse
from openml_client.formats.bits import Marked, after, before

if TYPE_CHECKING:
    import pyarrow as pa

_HARMLESS = bytes(range(256)).translate(None, b"'\"\\%\0")
_COMMENT = re.compile(rb"^[ \t]*%[^\n]*\n", re.MULTILINE)
_EMPTY_LINES = re.compile(rb"\n{2,}")
_BLANKS = tuple(
    (pattern, rest)
    for pattern, rest in (
        (b"  ", b" "),
        (b", ", b","),
        (b" ,", b","),
        (b"{ ", b"{"),
        (b" }", b"}"),
        (b"\n ", b"\n"),
        (b" \n", b"\n"),
    )
)
"""Blanks that mean nothing, once tabs are blanks."""

_TABS = bytes.maketrans(b"\t", b" ")
_ENTRIES = bytes.maketrans(b",", b"\n")
_COMMA, _FEED, _OPEN, _CLOSE, _BLANK = b",\n{} "


def are_nominal(attributes: Sequence[Attribute]) -> NDArray[np.bool_]:
    """Whether each attribute is nominal."""
    return np.array([attribute.kind == "nominal" for attribute in attributes], dtype=bool)


def read_block(
    is_nominal: NDArray[np.bool_], parsers: Sequence[Parse | None], block: bytes
) -> SparseRows | None:
    """The rows of whole lines.

    None if they are not plain enough for a CSV parser, or if something is wrong with them.

    Parameters
    ----------
    is_nominal
        As `are_nominal` has it.
    """
    rows = _plain_rows(block)
    lengths = None if rows is None else _lengths(rows)
    if rows is None or lengths is None:
        return None
    parsed = _parsed(rows, has_labels=bool(is_nominal.any()))
    if parsed is None:
        return None
    indices, column = parsed
    if not _are_good(indices, lengths, len(is_nominal)):
        return None
    try:
        values = _values(column, indices, is_nominal, parsers)
    except (ArffError, ValueError):
        return None
    return SparseRows(values, indices, lengths)


def _plain_rows(block: bytes) -> bytes | None:
    """The rows without comments, empty lines and blanks that mean nothing."""
    special = block.translate(None, _HARMLESS)
    if special.strip(b"%"):
        return None
    if special:
        block = _COMMENT.sub(b"", block)
    block = block.translate(_TABS) if b"\t" in block else block
    block = (
        block if block.startswith(b"{") and block.endswith(b"}\n") else block.strip(b" \n") + b"\n"
    )
    found = _has_idle_blanks(block)
    while found:
        found = False
        for pattern, rest in _BLANKS:
            if pattern in block:
                block, found = block.replace(pattern, rest), True
    return _EMPTY_LINES.sub(b"\n", block) if b"\n\n" in block else block


def _has_idle_blanks(block: bytes) -> bool:
    """Whether there are blanks that do more than part an index from its value."""
    rows = Marked(block)
    blanks = rows.of(_BLANK)
    around = blanks | rows.of(_COMMA) | rows.of(_FEED) | rows.of(_OPEN) | rows.of(_CLOSE)
    # Before the first byte and behind the last one, which is a line feed, nothing stands.
    return bool((blanks & (after(around, first=True) | before(around))).any())


def _lengths(rows: bytes) -> NDArray[np.int64] | None:
    """Entries of each row; None if a row is not in braces, or has more than entries in them."""
    array = np.frombuffer(rows, dtype=np.uint8)
    ends = np.flatnonzero(array == _FEED)
    starts = np.concatenate([[0], ends[:-1] + 1])
    if not ((array[starts] == _OPEN) & (array[ends - 1] == _CLOSE)).all():
        return None
    if any(np.count_nonzero(array == brace) != len(ends) for brace in (_OPEN, _CLOSE)):
        return None
    commas = np.searchsorted(np.flatnonzero(array == _COMMA), ends)
    lengths = np.diff(commas, prepend=0) + 1
    lengths[ends - starts == len(b"{}")] = 0
    return lengths.astype(np.int64)


def _parsed(rows: bytes, *, has_labels: bool) -> tuple[NDArray[np.int32], pa.Array] | None:
    """Indices of all entries, and their values: numbers, or texts if some are labels."""
    import pyarrow as pa
    from pyarrow import csv

    entries = rows.translate(_ENTRIES, b"{}")
    types = {"index": pa.int32(), "value": pa.string() if has_labels else pa.float64()}
    try:
        table = csv.read_csv(
            pa.BufferReader(entries),
            csv.ReadOptions(
                column_names=list(types), block_size=len(entries) + 1, use_threads=False
            ),
            csv.ParseOptions(delimiter=" ", quote_char=False),
            csv.ConvertOptions(column_types=types, null_values=["?"], strings_can_be_null=True),
        )
    except pa.ArrowInvalid:
        return None
    index, value = (column.combine_chunks() for column in table.columns)
    return None if index.null_count else (index.to_numpy(), value)


def _are_good(indices: NDArray[np.int32], lengths: NDArray[np.int64], width: int) -> bool:
    """Whether the indices are those of attributes, and stand in order and once in each row."""
    if len(indices) != lengths.sum() or not len(indices):
        return not len(indices) and not lengths.any()
    begins = np.zeros(len(indices) + 1, dtype=bool)
    begins[np.cumsum(lengths) - lengths] = True
    rises = (np.diff(indices) > 0) | begins[1:-1]
    return bool(rises.all()) and int(indices.min()) >= 0 and int(indices.max()) < width


def _values(
    column: pa.Array,
    indices: NDArray[np.int32],
    is_nominal: NDArray[np.bool_],
    parsers: Sequence[Parse | None],
) -> NDArray[np.float64]:
    """Numbers, and positions of labels; NaN where a value is missing."""
    import pyarrow as pa

    if not is_nominal.any():
        return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)
    values = np.empty(len(column), dtype=np.float64)
    are_labels = is_nominal[indices]
    numbers = column.filter(pa.array(~are_labels))
    values[~are_labels] = numbers.cast(pa.float64()).to_numpy(zero_copy_only=False)
    texts = np.array(column.filter(pa.array(are_labels)).to_pylist(), dtype=object)
    found = zip(indices[are_labels].tolist(), texts, strict=True)
    codes = [parse(text) for n, text in found if (parse := parsers[n]) is not None]
    values[are_labels] = np.where(np.array(codes) < 0, np.nan, codes) if codes else []
    return values
