"""The decision stump: one split of one column, with a branch of its own for missing values.

Source: Iba and Langley, "Induction of one-level decision trees", ICML 1992; the split is the one
that leaves the least entropy, the first on ties.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openml_client.registry.engine.landmarkers.entropy import conditional_entropy
from openml_client.registry.engine.landmarkers.table import Input, Table, joint_counts

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Split:
    """The best split of one column."""

    place: int
    """Of the column among the inputs."""
    point: float
    """The label that goes to the first branch, or the largest number that does."""
    branches: Floats
    """Counts ``(3, n_classes)`` of the rows that go there, that do not, and without a value."""
    entropy: float


def decision_stump(train: Table, test: Table) -> Floats:
    """Shares ``(n_test, n_classes)`` of the classes in the branch that a row falls into."""
    best = min(_splits(train), key=lambda split: split.entropy, default=None)
    overall = train.class_counts()
    if best is None:
        return np.tile(overall / overall.sum(), (len(test), 1))
    values = test.inputs[best.place].values
    is_nominal = test.inputs[best.place].is_nominal
    is_first = values == best.point if is_nominal else values <= best.point
    branch = np.where(np.isnan(values), 2, np.where(is_first, 0, 1))
    # A branch that no row went to answers as all rows do.
    is_empty = best.branches.sum(axis=1, keepdims=True) == 0
    counted = np.where(is_empty, overall, best.branches)
    shares: Floats = counted / counted.sum(axis=1, keepdims=True)
    return shares[branch]


def _splits(train: Table) -> Iterator[_Split]:
    for place, column in enumerate(train.inputs):
        find = _points_of_labels if column.is_nominal else _points_of_numbers
        points, first = find(train, column)
        if len(points):
            without = joint_counts(
                np.where(column.is_missing, 0, -1), train.classes, (1, train.n_classes)
            )
            known = train.class_counts() - without[0]
            branches = np.stack(
                [first, known - first, np.broadcast_to(without, first.shape)], axis=1
            )
            entropies = conditional_entropy(branches)
            best = int(entropies.argmin())
            yield _Split(place, float(points[best]), branches[best], float(entropies[best]))


def _points_of_labels(train: Table, column: Input) -> tuple[Floats, Floats]:
    """Each label, and the counts ``(n_labels, n_classes)`` of the rows that have it."""
    shape = (column.n_labels, train.n_classes)
    return np.arange(column.n_labels * 1.0), joint_counts(column.codes, train.classes, shape)


def _points_of_numbers(train: Table, column: Input) -> tuple[Floats, Floats]:
    """Midpoints between distinct numbers, and the counts of the rows below each."""
    is_there = ~column.is_missing
    distinct, codes = np.unique(column.values[is_there], return_inverse=True)
    table = joint_counts(codes, train.classes[is_there], (len(distinct), train.n_classes))
    return (distinct[1:] + distinct[:-1]) / 2, table.cumsum(axis=0)[:-1]
