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


class Joiner:
    """Dense rows put together as they come, so that few are there twice.

    Parameters
    ----------
    n_parts
        How many parts will come, all of about the same size.
    """

    def __init__(self, n_parts: int) -> None:
        self._n_parts = n_parts
        self._n_rows = 0
        self._columns: list[Any] = []
        self._weights: list[NDArray[np.float64]] = []
        self._has_weights = False

    def __len__(self) -> int:
        return self._n_rows

    def add(self, rows: DenseRows) -> None:
        """Take the next rows."""
        if not self._columns:
            # Memory that is never written takes no room.
            room = len(rows) * self._n_parts * 9 // 8 if self._n_parts > 1 else None
            self._columns = [_begun(column, room) for column in rows.columns]
        else:
            end = self._n_rows + len(rows)
            for n, column in enumerate(rows.columns):
                self._columns[n] = _longer(self._columns[n], column, self._n_rows, end)
        self._n_rows += len(rows)
        self._has_weights |= rows.weights is not None
        self._weights.append(np.ones(len(rows)) if rows.weights is None else rows.weights)

    @property
    def weights(self) -> NDArray[np.float64] | None:
        """The weights of all rows, if any row has one."""
        return np.concatenate(self._weights) if self._has_weights else None

    def finish(self) -> tuple[Any, ...]:
        """All columns."""
        return tuple(_finished(column, self._n_rows) for column in self._columns)


def _begun(column: Any, room: int | None) -> Any:
    """The first piece of a column, with room for others; pieces of texts are listed."""
    if not isinstance(column, np.ndarray):
        return [column]
    if room is None:
        return column
    begun = np.empty(max(room, len(column)), dtype=column.dtype)
    begun[: len(column)] = column
    return begun


def _longer(begun: Any, piece: Any, start: int, end: int) -> Any:
    if isinstance(begun, list):
        begun.append(piece)
        return begun
    if end > len(begun):
        more = np.empty(end * 5 // 4, dtype=begun.dtype)
        more[:start] = begun[:start]
        begun = more
    begun[start:end] = piece
    return begun


def _finished(begun: Any, n_rows: int) -> Any:
    if isinstance(begun, np.ndarray):
        return begun[:n_rows]
    import pyarrow as pa

    return begun[0] if len(begun) == 1 else pa.concat_arrays(begun)


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


def joined_weights(parts: Sequence[SparseRows]) -> NDArray[np.float64] | None:
    """The weights of all rows, if any row has one."""
    if all(part.weights is None for part in parts):
        return None
    return np.concatenate(
        [np.ones(len(part)) if part.weights is None else part.weights for part in parts]
    )
