"""Dense rows, a block of lines at a time: what a CSV parser can read of them.

ARFF is not CSV, and a CSV parser is silently wrong where they differ.  So a block is looked
through before: what means the same in both goes to pyarrow's parser, blanks around values and
comments are taken out, and of anything else None is given, for the reader of lines to do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from openml_client.errors import ArffError
from openml_client.formats.arff import NUMBERS, Attribute, codes_dtype
from openml_client.formats.arff_rows import DenseRows
from openml_client.formats.arff_values import Parse

if TYPE_CHECKING:
    import pyarrow as pa

_SPECIAL = b"'\"\\%{ \t\0"
"""Bytes that may mean something else in ARFF than in CSV."""

_HARMLESS = bytes(range(256)).translate(None, _SPECIAL)

_COMMENT = re.compile(rb"^[ \t]*%[^\n]*\n", re.MULTILINE)
_EMPTY_LINES = re.compile(rb"\n{2,}")
_EDGES = tuple(
    pattern
    for blank in (b" ", b"\t")
    for pattern in (
        (b"," + blank, b","),
        (blank + b",", b","),
        (b"\n" + blank, b"\n"),
        (blank + b"\n", b"\n"),
    )
)
"""Blanks around values that have no quotes, and what is left of them."""

_COMMA, _FEED, _BACKSLASH, _SPACE, _TAB = b",\n\\ \t"
_DELIMITERS = np.zeros(256, dtype=bool)
_DELIMITERS[[_COMMA, _FEED]] = True
_BLANKS = np.zeros(256, dtype=bool)
_BLANKS[list(b" \t")] = True
_MEANINGFUL = np.zeros(256, dtype=bool)
_MEANINGFUL[list(b"ntrbfavu01234567")] = True
"""What becomes another character behind a backslash; the rest stands for itself."""


def read_block(
    attributes: Sequence[Attribute], parsers: Sequence[Parse | None], block: bytes
) -> DenseRows | None:
    """The rows of whole lines.

    None if they are not plain enough for a CSV parser, or if something is wrong with them.
    """
    csv = _as_csv(block)
    table = None if csv is None else _parsed(attributes, csv)
    if table is None:
        return None
    try:
        columns = zip(attributes, parsers, table.columns, strict=True)
        return DenseRows([_values(*column) for column in columns])
    except ArffError:
        return None


class _Csv(NamedTuple):
    """Lines that a CSV parser reads as a reader of ARFF does."""

    block: bytes
    quote: str | Literal[False]
    has_escapes: bool


def _as_csv(block: bytes) -> _Csv | None:
    """The same lines as CSV; None if they can't be."""
    if b"'" in block or b'"' in block:
        # Here most of these are found soon, and it is faster to look for each.
        special = bytes(one for one in _SPECIAL if one in block)
    else:
        special = block.translate(None, _HARMLESS)
        if not special:
            return _Csv(block, False, False)
    if b"\0" in special:
        return None
    if b"%" in special:
        block = _COMMENT.sub(b"", block)
    if b"'" in special or b'"' in special:
        return _quoted(block, special)
    if b" " in special or b"\t" in special:
        block = _without_edges(block)
    # Without quotes a backslash is one.
    return None if _has_sparse_row(block) else _Csv(block, False, False)


def _has_sparse_row(block: bytes) -> bool:
    return block.startswith(b"{") or b"\n{" in block


def _without_edges(block: bytes) -> bytes:
    """Take the blanks out that stand around values."""
    block = b"\n" + block
    found = True
    while found:
        found = False
        for pattern, rest in _EDGES:
            if pattern in block:
                block, found = block.replace(pattern, rest), True
    return block[1:]


def _quoted(block: bytes, special: bytes) -> _Csv | None:
    """The same for a block with quotes.

    A quote counts only where a value starts with it.  If the quotes taken in pairs all begin and
    end values, a reader from left to right takes them so, too.
    """
    has_blanks = b" " in special or b"\t" in special
    openers = [quote for quote in "'\"" if _opens(block, quote.encode(), has_blanks)]
    if len(openers) == 2:
        return None
    if not openers:
        block = _without_edges(block) if has_blanks else block
        return None if _has_sparse_row(block) else _Csv(block, False, False)
    has_escapes = b"\\" in special
    array, places = _with_quotes(block, openers[0], has_escapes=has_escapes)
    if places is None or len(places) % 2:
        return None
    if has_blanks and _has_outer_blanks(array, places):
        block = _without_outer_blanks(array, places)
        array, places = _with_quotes(block, openers[0], has_escapes=has_escapes)
    if b"\n\n" in block or block.startswith(b"\n"):
        block = _EMPTY_LINES.sub(b"\n", block.lstrip(b"\n"))
        array, places = _with_quotes(block, openers[0], has_escapes=has_escapes)
    if places is None or (b"{" in special and _has_sparse_row(block)):
        return None
    # The block ends with a line feed, which stands before its first byte, too.
    delimits = _DELIMITERS[array[places[::2] - 1]] & _DELIMITERS[array[places[1::2] + 1]]
    return _Csv(block, openers[0], has_escapes) if delimits.all() else None


def _opens(block: bytes, quote: bytes, has_blanks: bool) -> bool:
    """Whether a value may begin with this quote."""
    if quote not in block:
        return False
    before = (b",", b"\n", b" ", b"\t") if has_blanks else (b",", b"\n")
    return block.startswith(quote) or any(one + quote in block for one in before)


def _with_quotes(
    block: bytes, quote: str, *, has_escapes: bool
) -> tuple[NDArray[np.uint8], NDArray[np.intp] | None]:
    """The bytes of a block, and the places of the quotes that are not escaped.

    None for these if there are escapes that a CSV parser would not understand: outside of quotes,
    where a backslash is one, or such as make another character.
    """
    array = np.frombuffer(block, dtype=np.uint8)
    places = np.flatnonzero(array == ord(quote))
    if not has_escapes:
        return array, places
    escapes = _escapes(array)
    is_escaped = np.zeros(len(array) + 1, dtype=bool)
    is_escaped[escapes + 1] = True
    places = places[~is_escaped[places]]
    is_inside = np.searchsorted(places, escapes) % 2 == 1
    if not is_inside.all() or _MEANINGFUL[array[escapes + 1]].any():
        return array, None
    return array, places


def _escapes(array: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Places of the backslashes that are not themselves escaped."""
    places = np.flatnonzero(array == _BACKSLASH)
    begins = np.ones(len(places), dtype=bool)
    begins[1:] = places[1:] != places[:-1] + 1
    numbers = np.arange(len(places))
    in_run = numbers - np.maximum.accumulate(np.where(begins, numbers, 0))
    escapes: NDArray[np.intp] = places[in_run % 2 == 0]
    return escapes


def _has_outer_blanks(array: NDArray[np.uint8], places: NDArray[np.intp]) -> bool:
    """Whether blanks stand around values, given the places of the quotes."""
    is_blank, delimits = array == _SPACE, array == _COMMA
    delimits |= array == _FEED
    is_blank |= array == _TAB
    is_edge = is_blank[1:-1] & (delimits[:-2] | delimits[2:])
    edges = np.flatnonzero(is_edge) + 1
    return bool(is_blank[0] or (np.searchsorted(places, edges) % 2 == 0).any())


def _without_outer_blanks(array: NDArray[np.uint8], places: NDArray[np.intp]) -> bytes:
    """Take the blanks out that stand around values, given the places of the quotes."""
    steps = np.zeros(len(array) + 1, dtype=np.int8)
    steps[places[::2]] = 1
    steps[places[1::2] + 1] -= 1
    is_blank = _BLANKS[array] & (np.cumsum(steps[:-1], dtype=np.int8) == 0)
    bounds = np.flatnonzero(np.diff(is_blank, prepend=False, append=False))
    begins, ends = bounds[::2], bounds[1::2]
    is_edge = _DELIMITERS[array[begins - 1]] | _DELIMITERS[array[ends]]
    steps[:] = 0
    steps[begins[is_edge]] = 1
    steps[ends[is_edge]] -= 1
    return bytes(array[np.cumsum(steps[:-1], dtype=np.int8) == 0])


def _parsed(attributes: Sequence[Attribute], csv: _Csv) -> pa.Table | None:
    """The table that pyarrow makes of it; None if it finds a fault."""
    import pyarrow as pa
    from pyarrow import csv as arrow

    names = [str(n) for n in range(len(attributes))]
    types = [_arrow_type(attribute) for attribute in attributes]
    try:
        table = arrow.read_csv(
            pa.BufferReader(csv.block),
            # One piece, read by the thread that asks: other threads read other blocks.
            arrow.ReadOptions(column_names=names, block_size=len(csv.block) + 1, use_threads=False),
            arrow.ParseOptions(
                quote_char=csv.quote,
                double_quote=False,
                escape_char="\\" if csv.has_escapes else False,
            ),
            arrow.ConvertOptions(
                column_types=dict(zip(names, types, strict=True)),
                null_values=["?", ""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid:
        return None
    # A value that goes over the end of its line has lost it.
    is_whole = csv.quote is False or table.num_rows == csv.block.count(b"\n")
    return table if is_whole else None


def _arrow_type(attribute: Attribute) -> pa.DataType:
    import pyarrow as pa

    if attribute.kind in NUMBERS:
        return pa.float64()
    if attribute.kind == "string":
        return pa.large_string()
    return pa.dictionary(pa.int32(), pa.string())


def _values(attribute: Attribute, parse: Parse | None, column: pa.ChunkedArray) -> Any:
    """A column as `ArffFile.columns` has it.

    Raises
    ------
    ArffError
        If a label is not declared, or a date is none.
    """
    values = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    if attribute.kind in NUMBERS:
        return values.to_numpy(zero_copy_only=False)
    if parse is None:
        return values
    is_nominal = attribute.kind == "nominal"
    dtype = codes_dtype(attribute.labels) if is_nominal else np.dtype("datetime64[us]")
    texts = (*values.dictionary.to_pylist(), None)
    known = np.array([parse(text) for text in texts], dtype=dtype)
    return known[values.indices.fill_null(len(known) - 1).to_numpy()]
