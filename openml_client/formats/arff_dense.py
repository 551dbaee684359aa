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

from openml_client.errors import ArffError
from openml_client.formats.arff import NUMBERS, Attribute, codes_dtype
from openml_client.formats.arff_rows import DenseRows
from openml_client.formats.arff_values import Parse
from openml_client.formats.bits import (
    Bits,
    Marked,
    after,
    before,
    count,
    from_odd_to_even,
    packed,
)

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
    quote: str | Literal[False] = False
    has_escapes: bool = False
    n_lines: int | None = None
    """If there are quotes, which may hide the end of a line."""


def _as_csv(block: bytes) -> _Csv | None:
    """The same lines as CSV; None if they can't be."""
    if b"'" in block or b'"' in block:
        # Here most of these are found soon, and it is faster to look for each.
        special = bytes(one for one in _SPECIAL if one in block)
    else:
        special = block.translate(None, _HARMLESS)
        if not special:
            return _Csv(block)
    if b"\0" in special:
        return None
    lines = Marked(block)
    if b"%" in special and _may_have_comments(lines):
        block = _COMMENT.sub(b"", block)
        lines = Marked(block)
    if b"'" in special or b'"' in special:
        return _quoted(lines, special)
    if b" " in special or b"\t" in special:
        block = _without_edges(block)
    # Without quotes a backslash is one.
    return None if _has_sparse_row(block) else _Csv(block)


def _may_have_comments(lines: Marked) -> bool:
    """Whether a line begins with a percent sign, or with a blank that may stand before one."""
    starts = after(lines.of(_FEED), first=True)
    return any((lines.of(byte) & starts).any() for byte in b"% \t")


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


def _quoted(lines: Marked, special: bytes) -> _Csv | None:
    """The same for a block with quotes.

    A quote counts only where a value starts with it.  If the quotes taken in pairs all begin and
    end values, a reader from left to right takes them so, too.
    """
    block = lines.content
    has_blanks = b" " in special or b"\t" in special
    openers = [quote for quote in "'\"" if _opens(block, quote.encode(), has_blanks)]
    if len(openers) == 2:
        return None
    if not openers:
        block = _without_edges(block) if has_blanks else block
        return None if _has_sparse_row(block) else _Csv(block)
    quotes = _quotes(lines, openers[0], special)
    if quotes is not None and quotes.has_outer_blanks():
        quotes = _quotes(Marked(_without_outer_blanks(quotes)), openers[0], special)
    if quotes is not None and quotes.has_empty_lines():
        block = _EMPTY_LINES.sub(b"\n", quotes.lines.content.lstrip(b"\n"))
        quotes = _quotes(Marked(block), openers[0], special)
    if quotes is None or not quotes.are_around_values():
        return None
    lines = quotes.lines
    if b"{" in special and _has_sparse_row(lines.content):
        return None
    return _Csv(lines.content, openers[0], b"\\" in special, count(lines.of(_FEED)))


def _opens(block: bytes, quote: bytes, has_blanks: bool) -> bool:
    """Whether a value may begin with this quote."""
    if quote not in block:
        return False
    before = (b",", b"\n", b" ", b"\t") if has_blanks else (b",", b"\n")
    return block.startswith(quote) or any(one + quote in block for one in before)


class _Quotes(NamedTuple):
    """Where the quotes of some lines are, and what they are around."""

    lines: Marked
    marks: Bits
    """The quotes that are not escaped."""
    insides: Bits
    """From each opening quote to the byte in front of the closing one."""
    blanks: Bits | None
    """None if there are none."""

    @property
    def _delimiters(self) -> Bits:
        return self.lines.of(_COMMA) | self.lines.of(_FEED)

    def are_around_values(self) -> bool:
        """Whether each pair of quotes begins and ends a value."""
        # The last byte is a line feed, which stands before the first one, too.
        opening = self.marks & self.insides & ~after(self._delimiters, first=True)
        closing = self.marks & ~self.insides & ~before(self._delimiters)
        return not (opening.any() or closing.any())

    def has_empty_lines(self) -> bool:
        """Whether a line feed stands at the beginning, or behind another one."""
        feeds = self.lines.of(_FEED)
        return bool((feeds & after(feeds, first=True)).any())

    def has_outer_blanks(self) -> bool:
        """Whether blanks stand around values."""
        if self.blanks is None:
            return False
        edges = after(self._delimiters, first=True) | before(self._delimiters)
        return bool((self.blanks & edges & ~self.insides).any())


def _quotes(lines: Marked, quote: str, special: bytes) -> _Quotes | None:
    """The quotes of some lines.

    None if one is left open, or if there are escapes that a CSV parser would not understand:
    outside of quotes, where a backslash is one, or such as make another character.
    """
    marks = lines.of(ord(quote))
    escapes = None
    if b"\\" in special:
        escapes = _escapes(lines, marks)
        if escapes is None:
            return None
        marks = marks & ~after(escapes)
    insides = from_odd_to_even(marks)
    # The last byte is a line feed: it is inside only if a quote is left open.
    if (insides & lines.of(_FEED))[-1] >> np.uint64((len(lines.content) - 1) % 64):
        return None
    if escapes is not None and (escapes & ~insides).any():
        return None
    has_blanks = b" " in special or b"\t" in special
    blanks = lines.of(_SPACE) | lines.of(_TAB) if has_blanks else None
    return _Quotes(lines, marks, insides, blanks)


def _escapes(lines: Marked, quotes: Bits) -> Bits | None:
    """The backslashes that are not themselves escaped; None if one makes another character."""
    escapes = backslashes = lines.of(_BACKSLASH)
    if (backslashes & after(backslashes)).any():
        is_backslash = lines.array == _BACKSLASH
        places = np.flatnonzero(is_backslash)
        begins = np.ones(len(places), dtype=bool)
        begins[1:] = places[1:] != places[:-1] + 1
        numbers = np.arange(len(places))
        in_run = numbers - np.maximum.accumulate(np.where(begins, numbers, 0))
        is_backslash[places[in_run % 2 == 1]] = False
        escapes = packed(is_backslash)
    escaped = after(escapes) & ~quotes & ~backslashes
    if escaped.any() and _MEANINGFUL[lines.array[lines.places(escaped)]].any():
        return None
    return escapes


def _without_outer_blanks(quotes: _Quotes) -> bytes:
    """Take the blanks out that stand around values."""
    array = quotes.lines.array
    outside = np.unpackbits((~quotes.insides).view(np.uint8), bitorder="little")[: len(array)]
    is_blank = _BLANKS[array] & outside.view(bool)
    bounds = np.flatnonzero(np.diff(is_blank, prepend=False, append=False))
    begins, ends = bounds[::2], bounds[1::2]
    is_edge = _DELIMITERS[array[begins - 1]] | _DELIMITERS[array[ends]]
    steps = np.zeros(len(array) + 1, dtype=np.int8)
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
    is_whole = csv.n_lines in (None, table.num_rows)
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
