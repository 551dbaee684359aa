"""Writing ARFF files: columns and sparse matrices into bytes that read back equal.

Rows are written in blocks, by some threads side by side: what is held of the texts is a few blocks.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from openml_client.errors import ArffError
from openml_client.formats.arff import NUMBERS, Attribute
from openml_client.formats.arff_dates import DEFAULT_DATE
from openml_client.formats.arff_texts import (
    DATE_WITH_MILLISECONDS,
    check_column,
    check_exact,
    check_numbers,
    numbers,
    quote,
    replaced,
    surrogate_error,
    texts,
)
from openml_client.formats.workers import in_order

if TYPE_CHECKING:
    import pyarrow as pa
    from scipy.sparse import csr_matrix

__all__ = [
    "DATE_WITH_MILLISECONDS",
    "arff_blocks",
    "check_exact",
    "join_lines",
    "write_arff",
    "write_sparse_arff",
]

BLOCK_CELLS = 2**18
"""Values in one block: some megabytes of text, so that it stays in the processor's caches."""

_Span = tuple[int, int]


def write_arff(
    relation: str,
    attributes: Sequence[Attribute],
    columns: Sequence[Any],
    *,
    comment: str = "",
) -> bytes:
    """The bytes of a dense file; numbers are written as short as they read back equal.

    Parameters and errors are those of `arff_blocks`.
    """
    return _whole(arff_blocks(relation, attributes, columns, comment=comment))


def arff_blocks(
    relation: str,
    attributes: Sequence[Attribute],
    columns: Sequence[Any],
    *,
    comment: str = "",
) -> Iterator[bytes]:
    """A dense file, some megabytes at a time.

    Parameters
    ----------
    columns
        One per attribute, as in `ArffFile.columns`.
    comment
        Stands before the header.

    Raises
    ------
    ArffError
        If a value can't be written so that it reads back equal.  Of texts and dates that is found
        when their block is made.
    """
    lengths = sorted({len(column) for column in columns})
    if len(columns) != len(attributes) or len(lengths) > 1:
        raise ArffError(
            f"there are {len(attributes)} attributes, and {len(columns)} columns of the lengths "
            f"{lengths}"
        )
    header = _header(relation, attributes, comment)
    for attribute, column in zip(attributes, columns, strict=True):
        check_column(attribute, column)

    def write_rows(span: _Span) -> bytes:
        return _rows([texts(a, c[slice(*span)]) for a, c in zip(attributes, columns, strict=True)])

    return _blocks(header, lengths[0], len(attributes), write_rows)


def write_sparse_arff(relation: str, attributes: Sequence[Attribute], matrix: csr_matrix) -> bytes:
    """The bytes of a sparse file.

    Parameters
    ----------
    matrix
        Shape ``(n_rows, n_attributes)``, as `ArffFile.sparse`: numbers, and positions in the labels
        for nominal attributes, NaN where a value is missing; what it leaves out is 0, or the first
        label.

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
    labels = _Labels.of(attributes)
    _check_entries(attributes, labels, rows)
    n_rows = rows.shape[0]
    # Blocks are counted in entries, of which each is an index and a value.
    n_cells = max(1, 2 * rows.nnz // max(1, n_rows))
    return _whole(
        _blocks(header, n_rows, n_cells, lambda span: _sparse_rows(labels, rows[slice(*span)]))
    )


@dataclass(frozen=True)
class _Labels:
    """The labels of all nominal attributes of a sparse file, as they stand there."""

    texts: pa.LargeStringArray
    """One attribute's behind the other's; null at the end."""
    is_nominal: NDArray[np.bool_]
    """Shape ``(n_attributes,)``, as all that follows."""
    starts: NDArray[np.int64]
    """Where in the texts those of an attribute begin."""
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, attributes: Sequence[Attribute]) -> _Labels:
        import pyarrow as pa

        texts = [quote(label) for attribute in attributes for label in attribute.labels]
        counts = np.array([len(attribute.labels) for attribute in attributes], dtype=np.int64)
        return cls(
            pa.array([*texts, None], pa.large_string()),
            np.array([attribute.kind == "nominal" for attribute in attributes]),
            np.cumsum(counts) - counts,
            counts,
        )


def _check_entries(attributes: Sequence[Attribute], labels: _Labels, rows: csr_matrix) -> None:
    """Refuse a sparse file before anything is written."""
    is_nominal = labels.is_nominal[rows.indices]
    check_numbers("the matrix", rows.data[~is_nominal])
    codes, columns = rows.data[is_nominal], rows.indices[is_nominal]
    is_declared = (codes >= 0) & (codes < labels.counts[columns]) & (codes == np.trunc(codes))
    is_wrong = ~(is_declared | np.isnan(codes))
    if is_wrong.any():
        name = attributes[columns[is_wrong][0]].name
        raise ArffError(f"attribute {name!r} has a value that is not declared")


def _sparse_rows(labels: _Labels, rows: csr_matrix) -> bytes:
    import pyarrow as pa
    from pyarrow import compute

    indices = compute.cast(pa.array(rows.indices), pa.large_string())
    entries = _joined([indices, _sparse_texts(labels, rows)], " ")
    lists = pa.LargeListArray.from_arrays(pa.array(rows.indptr.astype(np.int64)), entries)
    lines = compute.binary_join(lists, _text(", "))
    return _rows([_joined([_text("{"), lines, _text("}")], "")])


def _sparse_texts(labels: _Labels, rows: csr_matrix) -> pa.LargeStringArray:
    """The entries as they stand in a file, in the order of the rows."""
    import pyarrow as pa

    written = numbers(rows.data)
    is_nominal = labels.is_nominal[rows.indices]
    if not is_nominal.any():
        return written
    codes, columns = rows.data[is_nominal], rows.indices[is_nominal]
    is_missing = np.isnan(codes)
    places = labels.starts[columns] + np.where(is_missing, 0, codes).astype(np.int64)
    places[is_missing] = len(labels.texts) - 1
    return replaced(written, is_nominal, labels.texts.take(pa.array(places)))


def _blocks(
    header: Sequence[str], n_rows: int, n_cells: int, write_rows: Callable[[_Span], bytes]
) -> Iterator[bytes]:
    """A file of ``n_rows`` rows, of which each has about ``n_cells`` values."""
    try:
        first = ("\n".join(header) + "\n").encode()
    except UnicodeEncodeError as error:
        raise surrogate_error(error) from error
    size = max(1, BLOCK_CELLS // n_cells)
    spans = [(start, min(start + size, n_rows)) for start in range(0, n_rows, size)]
    return itertools.chain([first], in_order(write_rows, spans))


def _whole(blocks: Iterator[bytes]) -> bytes:
    """The bytes of a file, of which no second copy is held, as joining the blocks would."""
    sink = io.BytesIO()
    sink.writelines(blocks)
    return sink.getvalue()


def _rows(columns: Sequence[pa.LargeStringArray]) -> bytes:
    """The lines of a block, each with its end."""
    return join_lines(_joined(columns, ",")) + b"\n"


def join_lines(lines: pa.StringArray | pa.LargeStringArray) -> bytes:
    """The lines of a block, with line feeds between them."""
    import pyarrow as pa
    from pyarrow import compute

    bounds = pa.array([0, len(lines)], pa.int64())
    feed = pa.scalar("\n", lines.type)
    block = compute.binary_join(pa.LargeListArray.from_arrays(bounds, lines), feed)
    content: bytes = block[0].as_buffer().to_pybytes()
    return content


def _joined(columns: Sequence[pa.LargeStringArray], separator: str) -> pa.LargeStringArray:
    from pyarrow import compute

    return compute.binary_join_element_wise(
        *columns, _text(separator), null_handling="replace", null_replacement="?"
    )


def _text(text: str) -> pa.LargeStringScalar:
    import pyarrow as pa

    return pa.scalar(text, pa.large_string())


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
