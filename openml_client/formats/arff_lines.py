"""Rows of an ARFF file line by line, in every dialect: the careful way, which names each fault.

Blocks of lines come here that a CSV parser would not read as ARFF means them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openml_client.errors import ArffError
from openml_client.formats.arff import Attribute, codes_dtype
from openml_client.formats.arff_rows import DenseRows, Joiner, SparseRows
from openml_client.formats.arff_text import BLANKS, QUOTED, cells, plain, unquote
from openml_client.formats.arff_values import Parse, cell_parser, number

BLOCK_ROWS = 10_000
"""Rows whose texts are held at once; a text takes seven times the memory of its number."""

_SPARSE_ENTRY = re.compile(
    rf"[ \t]*(\d{{1,9}})[ \t]+(?:({QUOTED.pattern})|((?!['\"])[^,]*))[ \t]*(?:,|\Z)"
)
_WEIGHT = re.compile(r"\{([^{}]*)\}")
_SPARSE_WEIGHT = re.compile(r"\}[ \t]*,[ \t]*(\{[^{}]*\})\Z")

_FEW, _MANY = "too few feature values ", "trailing characters on data line "
"""What the server says of rows of the wrong length."""

Line = tuple[int, str]
"""Number and content."""


def lines_of(block: bytes, first: int) -> Iterator[Line]:
    """Lines of data, with their numbers; comments and blank lines are passed over."""
    for number_, raw in enumerate(block.decode().split("\n"), start=first):
        line = raw.strip(BLANKS)
        if line and not line.startswith("%"):
            yield number_, line


def read_dense(attributes: Sequence[Attribute], lines: Iterable[Line]) -> DenseRows:
    """The rows of dense lines.

    Raises
    ------
    ArffError
        With the line that breaks the format.
    """
    columns = _Columns(attributes)
    weights: list[float] = []
    for line_number, line in lines:
        try:
            row, weight = _dense_row(line, len(attributes))
        except (ArffError, ValueError) as error:
            columns.convert()  # an earlier line may be at fault
            raise _at(line_number, error) from error
        columns.add(line_number, row)
        weights.append(weight)
    return DenseRows(columns.finish(), _weights(weights))


def read_sparse(attributes: Sequence[Attribute], lines: Iterable[Line]) -> SparseRows:
    """The rows of sparse lines.

    Raises
    ------
    ArffError
        With the line that breaks the format.
    """
    parsers = [cell_parser(attribute) for attribute in attributes]
    values: list[float] = []
    indices: list[int] = []
    lengths: list[int] = []
    weights: list[float] = []
    for line_number, line in lines:
        try:
            row, weight = _sparse_row(line, attributes, parsers)
        except (ArffError, ValueError) as error:
            raise _at(line_number, error) from error
        values += row.values()
        indices += row.keys()
        lengths.append(len(row))
        weights.append(weight)
    return SparseRows(
        np.array(values, dtype=np.float64),
        np.array(indices, dtype=np.int32),
        np.array(lengths, dtype=np.int64),
        _weights(weights),
    )


def check_sparse(attributes: Sequence[Attribute], line: int) -> None:
    """Refuse attributes that no sparse file may have.

    Raises
    ------
    ArffError
        With the line of the first row.
    """
    for attribute in attributes:
        if attribute.kind in {"string", "date"}:
            raise ArffError(
                f"attribute {attribute.name!r} is a {attribute.kind}, and the rows are sparse",
                line=line,
                hint="What a sparse row leaves out is 0, which only numbers and classes have.",
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
        self._attributes = attributes
        self._parts = Joiner(1)
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
        cells = zip(*self._rows, strict=True)
        columns = zip(self._attributes, self._parsers, cells, strict=True)
        try:
            part = [_column(a, [parse(cell) for cell in column]) for a, parse, column in columns]
        except ArffError:
            self._raise_first()
            raise
        self._parts.add(DenseRows(part))
        self._rows.clear()
        self._lines.clear()

    def _raise_first(self) -> None:
        for line, row in zip(self._lines, self._rows, strict=True):
            for parse, cell in zip(self._parsers, row, strict=True):
                try:
                    parse(cell)
                except ArffError as error:
                    raise _at(line, error) from error

    def finish(self) -> list[Any]:
        """All columns."""
        self.convert()
        if not len(self._parts):
            return [_column(attribute, []) for attribute in self._attributes]
        return list(self._parts.finish())


def _column(attribute: Attribute, values: list[Any]) -> Any:
    """Values as a column of a file has them."""
    if attribute.kind == "string":
        import pyarrow as pa

        return pa.array(values, pa.large_string())
    if attribute.kind == "nominal":
        return np.array(values, dtype=codes_dtype(attribute.labels))
    return np.array(values, dtype="datetime64[us]" if attribute.kind == "date" else np.float64)


def _at(line: int, error: Exception) -> ArffError:
    """The same error, with its line."""
    if not isinstance(error, ArffError):
        return ArffError(str(error), line=line)
    return ArffError(error.message, line=line, hint=error.hint, summary=error.summary)


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
