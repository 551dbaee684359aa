"""Rows of an ARFF file in columns, as the readers of blocks give them, and many of them as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


@dataclass(frozen=True, eq=False)
class DenseRows:
    """Some dense rows."""

    columns: list[Any]
    """As `ArffFile.columns` has them."""
    weights: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.columns[0])


@dataclass(frozen=True, eq=False)
class SparseRows:
    """Some sparse rows."""

    values: NDArray[np.float64]
    """Of all entries: numbers or positions of labels, NaN where they are missing."""
    indices: NDArray[np.int32]
    lengths: NDArray[np.int64]
    """Entries of each row."""
    weights: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.lengths)


def joined_columns(parts: Sequence[DenseRows]) -> tuple[Any, ...]:
    """The columns of all parts, which are emptied: two copies of one column are held at a time."""
    if len(parts) == 1:
        return tuple(parts[0].columns)
    columns = []
    for n in range(len(parts[0].columns)):
        columns.append(_joined([part.columns[n] for part in parts]))
        for part in parts:
            part.columns[n] = None
    return tuple(columns)


def _joined(pieces: Sequence[Any]) -> Any:
    if isinstance(pieces[0], np.ndarray):
        return np.concatenate(pieces)
    import pyarrow as pa

    return pa.concat_arrays(pieces)


def joined_matrix(parts: Sequence[SparseRows], width: int) -> csr_matrix:
    """The matrix of all parts, shape ``(n_rows, width)``."""
    from scipy.sparse import csr_matrix

    values, indices, lengths = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("values", "indices", "lengths")
    )
    starts = np.concatenate([[0], np.cumsum(lengths)])
    matrix = csr_matrix((values, indices, starts), shape=(len(lengths), width))
    matrix.sort_indices()
    return matrix


def joined_weights(parts: Sequence[DenseRows] | Sequence[SparseRows]) -> NDArray[np.float64] | None:
    """The weights of all rows, if any row has one."""
    if all(part.weights is None for part in parts):
        return None
    return np.concatenate(
        [np.ones(len(part)) if part.weights is None else part.weights for part in parts]
    )
