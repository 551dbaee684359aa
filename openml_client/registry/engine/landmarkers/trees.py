"""Decision trees of scikit-learn, pruned as the trees are that they stand in for.

A node keeps what is known of it even where the tree is cut above it, so one array of places to
stop is all that pruning makes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openml_client.registry.engine.landmarkers.folds import stratified_folds
from openml_client.registry.engine.landmarkers.table import Table, counts, joint_counts

Floats = NDArray[np.float64]

# A column with more labels than this is one of numbers to a tree, their positions.
_MAX_LABELS = 32

# Ties between splits, and the columns that a random tree may split, come from this seed.
_SEED = 1

# No branch has fewer rows than this, except in a random tree.
_MIN_ROWS = 2

# C4.5 prefers the leaf if a subtree is expected to save less than this part of a row.
_EASE = 0.1

# More classes than this, and than this share of the rows, are no classes to scikit-learn.
_MANY_CLASSES = 10
_MAX_SHARE = 0.5

# One row in so many is held out to prune by.
_PRUNING_FOLDS = 3


def whole_tree(train: Table) -> Tree:
    """A tree that is grown as far as it goes, to be pruned by `prune_by_confidence`."""
    return Tree(train, min_samples_leaf=_MIN_ROWS)


def prune_by_confidence(tree: Tree, test: Table, *, confidence: float) -> Floats:
    """Shares ``(n_test, n_classes)`` in the leaf of a tree, once it is pruned as C4.5 prunes.

    A subtree stays if it is expected to err less than a leaf would, at the upper limit of the
    ``confidence`` interval of its errors.  Source: Quinlan, "C4.5: programs for machine
    learning" (1993), chapter 4.
    """
    n_rows, n_errors = tree.counts.sum(axis=1), _errors(tree.counts, tree.counts)
    expected = np.array(
        [e + _more_errors(n, e, confidence) for n, e in zip(n_rows, n_errors, strict=True)]
    )
    return tree.shares(test, stops=tree.prune(expected, tolerance=_EASE))


def reduced_error_tree(train: Table, test: Table, *, max_depth: int) -> Floats:
    """Shares ``(n_test, n_classes)`` in the leaf of a tree that is pruned by rows held out.

    A subtree stays if it errs less on those than a leaf would.  Source: Quinlan, "Simplifying
    decision trees", International Journal of Man-Machine Studies 27 (1987).
    """
    if len(train) < _PRUNING_FOLDS:
        return Tree(train, max_depth=max_depth).shares(test)
    grown, held_out = next(iter(stratified_folds(train.classes, _PRUNING_FOLDS)))
    tree = Tree(train.at(grown), max_depth=max_depth, min_samples_leaf=_MIN_ROWS)
    asked = tree.count(train.at(held_out))
    stops = tree.prune(_errors(tree.counts, asked), tolerance=0)
    tree.counts += asked
    return tree.shares(test, stops=stops)


def random_tree(train: Table, test: Table, *, max_depth: int) -> Floats:
    """Shares ``(n_test, n_classes)`` in the leaf of a tree each split of which knows few columns.

    It knows one more of them than the binary logarithm of how many there are.
    """
    n_known = int(math.log2(max(len(train.inputs), 1))) + 1
    return Tree(train, max_depth=max_depth, n_known=n_known).shares(test)


class Tree:
    """A tree of scikit-learn and the classes that it found in each node.

    Raises
    ------
    ValueError
        If there are too many classes to learn, as if each row were one of its own.
    """

    def __init__(self, train: Table, *, n_known: int | None = None, **limits: int) -> None:
        from sklearn.tree import DecisionTreeClassifier

        n_found = np.count_nonzero(train.class_counts())
        if n_found > _MANY_CLASSES and n_found > _MAX_SHARE * len(train):
            raise ValueError(f"{n_found} classes are too many for {len(train)} rows")
        self._usual_values = _usual_values(train)
        matrix = _matrix(train, self._usual_values)
        self._model = DecisionTreeClassifier(
            criterion="entropy",
            max_features=None if n_known is None else min(n_known, matrix.shape[1]),
            random_state=_SEED,
            **limits,
        ).fit(matrix, train.classes)
        tree: Any = self._model.tree_
        self._children = np.column_stack([tree.children_left, tree.children_right])
        self.counts = self.count(train)
        """Shape ``(n_nodes, n_classes)``: the training rows that passed each node."""

    def count(self, table: Table) -> Floats:
        """How many rows of each class pass each node, shape ``(n_nodes, n_classes)``."""
        leaves = self._model.apply(_matrix(table, self._usual_values))
        shape = (len(self._children), table.n_classes)
        found = joint_counts(leaves, table.classes, shape)
        # Nodes come after their parents.
        for node in reversed(range(len(found))):
            if self._children[node, 0] >= 0:
                found[node] = found[self._children[node]].sum(axis=0)
        return found

    def prune(self, errors: Floats, *, tolerance: float) -> NDArray[np.bool_]:
        """Nodes to stop at, given the errors of each if it were a leaf; shape ``(n_nodes,)``."""
        stops = self._children[:, 0] < 0
        kept = errors.copy()
        # Nodes come after their parents.
        for node in reversed(range(len(stops))):
            if not stops[node]:
                below = kept[self._children[node]].sum()
                stops[node] = errors[node] <= below + tolerance
                kept[node] = errors[node] if stops[node] else below
        return stops

    def shares(self, test: Table, *, stops: NDArray[np.bool_] | None = None) -> Floats:
        """Shares of the classes where each row of a table stops, ``(n_rows, n_classes)``."""
        ends = np.arange(len(self._children))
        for node, children in enumerate(self._children):
            if children[0] >= 0 and (ends[node] != node or (stops is not None and stops[node])):
                ends[children] = ends[node]
        counted = self.counts[ends[self._model.apply(_matrix(test, self._usual_values))]]
        shares: Floats = counted / counted.sum(axis=1, keepdims=True)
        return shares


def _errors(known: Floats, asked: Floats) -> Floats:
    """How many of the rows counted in each node are not of the class that is known best there."""
    right = np.take_along_axis(asked, known.argmax(axis=1)[:, None], axis=1)[:, 0]
    errors: Floats = asked.sum(axis=1) - right
    return errors


def _more_errors(n_rows: float, n_errors: float, confidence: float) -> float:
    """How many more errors than those seen there may be, at the upper limit of the interval."""
    if n_errors == 0:
        return n_rows * (1 - math.pow(confidence, 1 / n_rows))
    if n_errors + 0.5 >= n_rows:
        return max(n_rows - n_errors, 0)
    z = NormalDist().inv_cdf(1 - confidence)
    share = (n_errors + 0.5) / n_rows
    spread = z * math.sqrt(share / n_rows * (1 - share) + z * z / (4 * n_rows * n_rows))
    limit = (share + z * z / (2 * n_rows) + spread) / (1 + z * z / n_rows)
    return limit * n_rows - n_errors


def _usual_values(table: Table) -> list[float]:
    """What stands in for a missing value of each input: the mean, or the label seen most."""
    usual = []
    for item in table.inputs:
        known = item.values[~item.is_missing]
        if not len(known):
            usual.append(0.0)
        elif item.is_nominal:
            usual.append(float(counts(item.codes, item.n_labels).argmax()))
        else:
            usual.append(float(known.mean()))
    return usual


def _matrix(table: Table, usual_values: Sequence[float]) -> NDArray[np.float32]:
    """The inputs as numbers ``(n_rows, n_columns)``; labels have a column each, if they are few."""
    matrix = []
    for item, usual in zip(table.inputs, usual_values, strict=True):
        values = np.where(item.is_missing, usual, item.values)[:, None]
        if item.is_nominal and 2 < item.n_labels <= _MAX_LABELS:
            matrix.append(values == np.arange(item.n_labels))
        else:
            matrix.append(values)
    if not matrix:
        # A tree needs a column, be it one that says nothing.
        matrix.append(np.zeros((len(table), 1)))
    return np.concatenate(matrix, axis=1).astype(np.float32)
