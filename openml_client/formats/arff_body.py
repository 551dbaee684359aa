"""The data section of an ARFF file: blocks of lines into columns, some at a time.

A block goes to pyarrow's CSV parser, in a thread of its own, where that reads it as ARFF means it;
else, and where it finds a fault, line by line to `arff_lines`, which knows the dialects and names
the line.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from openml_client.formats import arff_dense, arff_lines, arff_sparse
from openml_client.formats.arff import ArffFile
from openml_client.formats.arff_data import Data
from openml_client.formats.arff_header import Header
from openml_client.formats.arff_lines import Line, check_sparse, lines_of
from openml_client.formats.arff_rows import (
    DenseRows,
    Joiner,
    SparseRows,
    joined_matrix,
    joined_weights,
)
from openml_client.formats.arff_values import cell_parser
from openml_client.formats.workers import in_order

CHECKED_ROWS = 1_000
"""Rows that the server's upload check looks at.  Source: protocol note, section 2."""

_logger = logging.getLogger("openml_client")

T = TypeVar("T", DenseRows, SparseRows)


def read_body(header: Header, data: Data) -> ArffFile:
    """The whole file, given its header and its data section.

    Raises
    ------
    ArffError
        With the line that breaks the format.
    UnicodeDecodeError
        If the data is not in the encoding that it is thought to have.
    """
    attributes = header.attributes
    parsers = [cell_parser(a) if a.kind in {"nominal", "date"} else None for a in attributes]
    spans = list(data.spans())
    if not data.is_sparse:
        joiner = Joiner(len(spans))
        for rows in _in_blocks(
            header,
            data,
            spans,
            partial(arff_dense.read_block, attributes, parsers),
            partial(arff_lines.read_dense, attributes),
        ):
            joiner.add(rows)
        columns, weights = joiner.finish(), joiner.weights
        return ArffFile(header.relation, attributes, len(joiner), columns=columns, weights=weights)
    check_sparse(attributes, _first_line(header, data))
    entries = list(
        _in_blocks(
            header,
            data,
            spans,
            partial(arff_sparse.read_block, arff_sparse.are_nominal(attributes), parsers),
            partial(arff_lines.read_sparse, attributes),
        )
    )
    return ArffFile(
        header.relation,
        attributes,
        sum(map(len, entries)),
        sparse=joined_matrix(entries, len(attributes)),
        weights=joined_weights(entries),
    )


def check_body(header: Header, data: Data) -> None:
    """Nothing, if the server's upload check accepts the first rows.

    Raises
    ------
    ArffError
        With the line that it refuses.
    """
    lines = itertools.islice(_lines(header, data), CHECKED_ROWS)
    if data.is_sparse:
        check_sparse(header.attributes, _first_line(header, data))
        arff_lines.read_sparse(header.attributes, lines)
    else:
        arff_lines.read_dense(header.attributes, lines)


def _first_line(header: Header, data: Data) -> int:
    return next(_lines(header, data))[0]


def _lines(header: Header, data: Data) -> Iterator[Line]:
    line = header.next_line
    for span in data.spans():
        block = data.block(span)
        yield from lines_of(block, line)
        line += block.count(b"\n")


def _in_blocks(
    header: Header,
    data: Data,
    spans: Sequence[tuple[int, int]],
    read: Callable[[bytes], T | None],
    read_lines: Callable[[Iterable[Line]], T],
) -> Iterator[T]:
    """What the blocks hold, in their order; few are read ahead."""

    def read_span(span: tuple[int, int]) -> T:
        block = data.block(span)
        rows = read(block)
        if rows is not None:
            return rows
        _logger.debug("ARFF %r: bytes %d to %d go line by line", header.relation, *span)
        return read_lines(lines_of(block, data.line_of(span[0], header.next_line)))

    return in_order(read_span, spans) if spans else iter([read_lines(())])
