"""The data section of an ARFF file: dense or sparse lines into columns.

It goes to pyarrow's CSV reader where it is plain (no quotes, escapes, comments or blanks), else
line by line through `cells`, which knows the dialects.
"""

from __future__ import annotations

import itertools
import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openml_client.errors import ArffError
from openml_client.formats.arff import NUMBERS, ArffFile, Attribute
from openml_client.formats.arff_header import Header
from openml_client.formats.arff_text import BLANKS, QUOTED, cells, plain, unquote
from openml_client.formats.arff_values import Parse, cell_parser, number

CHECKED_ROWS = 1_000
"""Rows that the server's upload check looks at.  Source: protocol note, section 2."""

BLOCK_ROWS = 10_000
"""Rows whose texts are held at once; a text takes seven times the memory of its number."""

_SUSPICIOUS = frozenset("'\"\\%{}\t ")
_DTYPES = {"nominal": "int32", "string": "object", "date": "datetime64[us]"}
_SPARSE_ENTRY = re.compile(
    rf"[ \t]*(\d{{1,9}})[ \t]+(?:({QUOTED.pattern})|((?!['\"])[^,]*))[ \t]*(?:,|\Z)"
)
_WEIGHT = re.compile(r"\{([^{}]*)\}")
_BEFORE_ROWS = re.compile(r"(?:[ \t]*(?:%[^\n]*)?\n)*[ \t]*(\{?)")
"""Blank lines and comments before the first row, and what it begins with."""
_SPARSE_WEIGHT = re.compile(r"\}[ \t]*,[ \t]*(\{[^{}]*\})\Z")

_FEW, _MANY = "too few feature values ", "trailing characters on data line "
"""What the server says of rows of the wrong length."""

_logger = logging.getLogger("openml_client")

_Line = tuple[int, str]
"""Number and content."""


def read_body(header: Header, text: str) -> ArffFile:
    """The whole file, given its header and its data section.

    Raises
    ------
    ArffError
        With the line that breaks the format.
    """
    columns = _read_plain(header.attributes, text)
    if columns is not None:
        return ArffFile(header.relation, header.attributes, len(columns[0]), columns=columns)
    _logger.debug("ARFF %r: the data section is not plain", header.relation)
    return _read_lines(header, _data_lines(text, header.next_line))


def check_body(header: Header, text: str) -> None:
    """Nothing, if the server's upload check accepts the first rows.

    Raises
    ------
    ArffError
        With the line that it refuses.
    """
    _read_lines(header, itertools.islice(_data_lines(text, header.next_line), CHECKED_ROWS))


def is_sparse(header: Header, text: str) -> bool:
    """Whether the first row of a whole file is sparse."""
    return _BEFORE_ROWS.match(text, header.end)[1] == "{"  # type: ignore[index]  # always matches


def _read_plain(attributes: Sequence[Attribute], text: str) -> tuple[NDArray[Any], ...] | None:
    """Columns of a data section without quotes, escapes, comments and blanks; else None."""
    if not text or any(character in text for character in _SUSPICIOUS):
        return None
    if any(attribute.kind == "date" for attribute in attributes):
        return None
    import pyarrow as pa
    from pyarrow import csv

    names = [str(n) for n in range(len(attributes))]
    types = [pa.float64() if a.kind in NUMBERS else pa.string() for a in attributes]
    try:
        table = csv.read_csv(
            pa.BufferReader(text.encode()),
            read_options=csv.ReadOptions(column_names=names),
            parse_options=csv.ParseOptions(quote_char=False),
            convert_options=csv.ConvertOptions(
                column_types=dict(zip(names, types, strict=True)),
                null_values=["?", ""],
                strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid:
        return None  # the slow way says which line is wrong
    columns: list[NDArray[Any]] = []
    for attribute, column in zip(attributes, table.columns, strict=True):
        if attribute.kind in NUMBERS:
            columns.append(column.to_numpy().astype(np.float64, copy=False))
        elif attribute.kind == "nominal":
            codes = _codes(column, attribute)
            if codes is None:
                return None
            columns.append(codes)
        else:
            columns.append(np.array(column.to_pylist(), dtype=object))
    return tuple(columns)


def _codes(column: Any, attribute: Attribute) -> NDArray[np.int32] | None:
    """Positions in the declared labels; None if a value is not declared."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.index_in(column, value_set=pa.array(attribute.labels, pa.string()))
    if found.null_count != column.null_count:
        return None
    codes: NDArray[np.int32] = pc.fill_null(found, -1).to_numpy().astype(np.int32)
    return codes


def _data_lines(text: str, first_line: int) -> Iterator[_Line]:
    """Lines of data, with their numbers; comments and blank lines are passed over."""
    for line_number, raw in enumerate(text.split("\n"), start=first_line):
        line = raw.strip(BLANKS)
        if line and not line.startswith("%"):
            yield line_number, line


def _read_lines(header: Header, lines: Iterator[_Line]) -> ArffFile:
    first = next(lines, None)
    if first is None:
        return _read_dense(header, ())
    lines = itertools.chain([first], lines)
    if not first[1].startswith("{"):
        return _read_dense(header, lines)
    _check_sparse(header.attributes, first[0])
    return _read_sparse(header, lines)


def _read_dense(header: Header, lines: Iterable[_Line]) -> ArffFile:
    columns = _Columns(header.attributes)
    weights: list[float] = []
    for line_number, line in lines:
        try:
            row, weight = _dense_row(line, len(header.attributes))
        except (ArffError, ValueError) as error:
            columns.convert()  # an earlier line may be at fault
            raise _at(line_number, error) from error
        columns.add(line_number, row)
        weights.append(weight)
    return ArffFile(
        header.relation,
        header.attributes,
        len(weights),
        columns=columns.finish(),
        weights=_weights(weights),
    )


def _dense_row(line: str, width: int) -> tuple[list[str | None], float]:
    """Cells and weight of a line."""
    if line.startswith("{"):
        raise ArffError("a sparse row among dense ones")
    row = cells(line)
    weight = 1.0
    if len(row) == width + 1 and row[-1] is not None and line.endswith("}"):
        weight = _weight(row.pop())
    if len(row) != width:
        summary = _FEW if len(row) < width else _MANY
        raise ArffError(f"{len(row)} values for {width} attributes", summary=summary)
    return row, weight


def _weight(text: str | None) -> float:
    match = _WEIGHT.fullmatch(text or "")
    if match is None:
        raise ArffError(f"{text!r} is no weight, as {{2.5}} is")
    return number(match[1].strip())


def _weights(weights: Sequence[float]) -> NDArray[np.float64] | None:
    return np.array(weights) if any(weight != 1.0 for weight in weights) else None


class _Columns:
    """Rows of cells gathered into columns, a block at a time."""

    def __init__(self, attributes: Sequence[Attribute]) -> None:
        self._parsers = [cell_parser(attribute) for attribute in attributes]
        self._dtypes = [np.dtype(_DTYPES.get(a.kind, "float64")) for a in attributes]
        self._parts: list[list[NDArray[Any]]] = [[np.empty(0, d)] for d in self._dtypes]
        self._lines: list[int] = []
        self._rows: list[list[str | None]] = []

    def add(self, line: int, row: list[str | None]) -> None:
        """Take one row of cells and the number of its line."""
        self._lines.append(line)
        self._rows.append(row)
        if len(self._rows) == BLOCK_ROWS:
            self.convert()

    def convert(self) -> None:
        """Turn the cells held so far into values.

        Raises
        ------
        ArffError
            With the first line that has a bad cell.
        """
        if not self._rows:
            return
        columns = zip(self._parsers, self._dtypes, zip(*self._rows, strict=True), strict=True)
        try:
            for part, (parse, dtype, column) in zip(self._parts, columns, strict=True):
                values = np.empty(len(column), dtype)
                values[:] = [parse(cell) for cell in column]
                part.append(values)
        except ArffError:
            self._raise_first()
            raise
        self._rows.clear()
        self._lines.clear()

    def _raise_first(self) -> None:
        for line, row in zip(self._lines, self._rows, strict=True):
            for parse, cell in zip(self._parsers, row, strict=True):
                try:
                    parse(cell)
                except ArffError as error:
                    raise _at(line, error) from error

    def finish(self) -> tuple[NDArray[Any], ...]:
        """All columns."""
        self.convert()
        return tuple(np.concatenate(part) for part in self._parts)


def _at(line: int, error: Exception) -> ArffError:
    """The same error, with its line."""
    if not isinstance(error, ArffError):
        return ArffError(str(error), line=line)
    return ArffError(error.message, line=line, hint=error.hint, summary=error.summary)


def _read_sparse(header: Header, lines: Iterable[_Line]) -> ArffFile:
    from scipy.sparse import csr_matrix

    parsers = [cell_parser(attribute) for attribute in header.attributes]
    data: list[float] = []
    indices: list[int] = []
    starts = [0]
    weights: list[float] = []
    for line_number, line in lines:
        try:
            row, weight = _sparse_row(line, header.attributes, parsers)
        except (ArffError, ValueError) as error:
            raise _at(line_number, error) from error
        data += row.values()
        indices += row.keys()
        starts.append(len(data))
        weights.append(weight)
    matrix = csr_matrix(
        (np.array(data, dtype=np.float64), np.array(indices, dtype=np.int32), starts),
        shape=(len(weights), len(header.attributes)),
    )
    matrix.sort_indices()
    return ArffFile(
        header.relation,
        header.attributes,
        len(weights),
        sparse=matrix,
        weights=_weights(weights),
    )


def _check_sparse(attributes: Sequence[Attribute], line: int) -> None:
    for attribute in attributes:
        if attribute.kind in {"string", "date"}:
            raise ArffError(
                f"attribute {attribute.name!r} is a {attribute.kind}, and the rows are sparse",
                line=line,
                hint="What a sparse row leaves out is 0, which only numbers and classes have.",
            )


def _sparse_row(
    line: str, attributes: Sequence[Attribute], parsers: Sequence[Parse]
) -> tuple[dict[int, float], float]:
    """Values of a line by their indices, and its weight."""
    weight = 1.0
    match = _SPARSE_WEIGHT.search(line)
    if match is not None:
        weight = _weight(match[1])
        line = line[: match.start() + 1]
    if not (line.startswith("{") and line.endswith("}")):
        raise ArffError("a dense row among sparse ones")
    row: dict[int, float] = {}
    for index, cell in _sparse_entries(line[1:-1].rstrip(BLANKS)):
        if index >= len(attributes):
            summary = f"invalid feature index: {index}"
            raise ArffError(f"index {index} of {len(attributes)} attributes", summary=summary)
        if index in row:
            raise ArffError(f"index {index} stands twice")
        value = parsers[index](cell)
        row[index] = np.nan if value == -1 and attributes[index].kind == "nominal" else value
    return row, weight


def _sparse_entries(body: str) -> Iterator[tuple[int, str | None]]:
    position = 0
    while position < len(body):
        match = _SPARSE_ENTRY.match(body, position)
        if match is None:
            raise ArffError(f"no entry of a sparse row: {body[position : position + 30]!r}")
        yield int(match[1]), unquote(match[2]) if match[2] else plain(match[3])
        position = match.end()
