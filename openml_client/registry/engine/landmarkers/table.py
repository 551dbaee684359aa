"""The columns that a landmarker learns from, and the classes that it learns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Input:
    """A column to learn from."""

    values: NDArray[np.float64]
    """Shape ``(n_rows,)``: numbers, or positions of labels; NaN where a value is missing."""
    n_labels: int
    """How many labels there are; 0 for numbers."""

    @property
    def is_nominal(self) -> bool:
        """Whether the values are positions of labels."""
        return self.n_labels > 0

    @property
    def is_missing(self) -> NDArray[np.bool_]:
        """Rows without a value."""
        return np.isnan(self.values)

    @property
    def codes(self) -> NDArray[np.intp]:
        """Positions of labels, -1 where a value is missing."""
        return np.nan_to_num(self.values, nan=-1).astype(np.intp)


@dataclass(frozen=True, eq=False)
class Table:
    """Some rows of a dataset."""

    inputs: tuple[Input, ...]
    classes: NDArray[np.int32]
    """Shape ``(n_rows,)``: positions of the classes, -1 where the class is missing."""
    n_classes: int
    """How many the data file declares."""

    def __len__(self) -> int:
        return len(self.classes)

    def at(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> Table:
        """These rows, in this order."""
        inputs = tuple(Input(item.values[rows], item.n_labels) for item in self.inputs)
        return Table(inputs, self.classes[rows], self.n_classes)

    def select(self, places: Iterable[int]) -> Table:
        """Only the inputs at these places."""
        return Table(tuple(self.inputs[place] for place in places), self.classes, self.n_classes)

    def class_counts(self) -> NDArray[np.float64]:
        """Shape ``(n_classes,)``: how often each class occurs."""
        return counts(self.classes, self.n_classes)


def counts(codes: NDArray[np.integer], n_codes: int) -> NDArray[np.float64]:
    """How often each of the codes from 0 occurs, shape ``(n_codes,)``; -1 doesn't count."""
    return np.bincount(codes[codes >= 0], minlength=n_codes).astype(np.float64)


def joint_counts(
    codes: NDArray[np.integer], classes: NDArray[np.integer], shape: Sequence[int]
) -> NDArray[np.float64]:
    """How often each pair occurs, shape ``(n_codes, n_classes)``; pairs with -1 don't count."""
    n_codes, n_classes = shape
    known = (codes >= 0) & (classes >= 0)
    pairs = codes[known].astype(np.intp) * n_classes + classes[known]
    return counts(pairs, n_codes * n_classes).reshape(n_codes, n_classes)
