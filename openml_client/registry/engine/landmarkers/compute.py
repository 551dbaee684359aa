"""The qualities that are called landmarkers: error rate, kappa and area of fifteen learners."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openml_client.formats.arff import ArffFile
from openml_client.model.dataset import Feature
from openml_client.registry.engine.columns import columns
from openml_client.registry.engine.landmarkers.bayes import naive_bayes
from openml_client.registry.engine.landmarkers.folds import stratified_folds
from openml_client.registry.engine.landmarkers.nearest import nearest_neighbour
from openml_client.registry.engine.landmarkers.selection import select_inputs
from openml_client.registry.engine.landmarkers.stump import decision_stump
from openml_client.registry.engine.landmarkers.table import Input, Table
from openml_client.registry.engine.landmarkers.trees import (
    Tree,
    prune_by_confidence,
    random_tree,
    reduced_error_tree,
    whole_tree,
)
from openml_client.running.measures import class_prior, classification_measures

Floats = NDArray[np.float64]

# The recorded values come out with two folds.
_N_FOLDS = 2

# Larger datasets are judged by evenly spaced rows of each class, and by their first columns, so
# that publishing takes seconds.  What these limits allow takes the learners two to five.
_MAX_ROWS = 5_000
_MAX_INPUTS = 1_000
_MAX_CELLS = 500_000
"""Rows times columns, and rows times classes."""

_SCORES = ("AUC", "ErrRate", "Kappa")

# What a learner raises if the numbers of a dataset are beyond it, as infinite ones are.
_BEYOND = (ValueError, ArithmeticError, MemoryError)


@dataclass(frozen=True, eq=False)
class _Fold:
    """What a learner learns from and is asked about."""

    train: Table
    """Without the rows whose class is missing."""
    test: Table

    @cached_property
    def whole_tree(self) -> Tree:
        """The tree of the training rows before it is pruned."""
        return whole_tree(self.train)

    def select(self) -> _Fold:
        """The fold with those inputs only that its training rows speak for."""
        places = select_inputs(self.train)
        return _Fold(self.train.select(places), self.test.select(places))


_Learner = Callable[[_Fold], Floats]
"""Gives shares ``(n_test, n_classes)`` of the classes for the test rows of a fold."""


def _learner(learn: Callable[..., Floats], **options: Any) -> _Learner:
    return lambda fold: learn(fold.train, fold.test, **options)


def _pruned_tree(confidence: float) -> _Learner:
    return lambda fold: prune_by_confidence(fold.whole_tree, fold.test, confidence=confidence)


_DEPTHS = (1, 2, 3)
_SIMPLE = {
    "kNN1N": _learner(nearest_neighbour),
    "NaiveBayes": _learner(naive_bayes),
    "DecisionStump": _learner(decision_stump),
}
_TREES = {
    "J48.001.": _pruned_tree(0.001),
    "J48.0001.": _pruned_tree(0.0001),
    "J48.00001.": _pruned_tree(0.00001),
    **{f"REPTreeDepth{depth}": _learner(reduced_error_tree, max_depth=depth) for depth in _DEPTHS},
    **{f"RandomTreeDepth{depth}": _learner(random_tree, max_depth=depth) for depth in _DEPTHS},
}
_SELECTED = {f"CfsSubsetEval_{name}": learner for name, learner in _SIMPLE.items()}


def compute_landmarkers(arff: ArffFile, features: Sequence[Feature]) -> dict[str, float | None]:
    """How well simple learners do on a dataset, by the names of the 45 qualities.

    All are None unless exactly one target is nominal, and those of a learner that fails or whose
    value is undefined.  Row identifiers, ignored columns and texts are not learned from.
    """
    table = _table(arff, features)
    folds = [] if table is None else _folds(table)
    return {
        **_scores_of(_SIMPLE, folds),
        **_scores_of(_TREES, folds),
        **_scores_of(_SELECTED, _selected(folds)),
    }


def _table(arff: ArffFile, features: Sequence[Feature]) -> Table | None:
    """What can be learned of a dataset; None if there is no class to learn."""
    kept = [f for f in features if not (f.is_row_identifier or f.is_ignore)]
    targets = [f.index for f in kept if f.is_target and f.data_type == "nominal"]
    if len(targets) != 1 or sum(f.is_target for f in kept) != 1:
        return None
    can_be_learned_from = {"numeric", "date", "nominal"}
    inputs = [f.index for f in kept if f.data_type in can_be_learned_from and not f.is_target]
    places = frozenset(inputs[:_MAX_INPUTS])
    (target,) = columns(arff, targets)
    classes = np.nan_to_num(target.values, nan=-1).astype(np.int32)
    width = max(len(places), len(target.labels), 1)
    rows = _sample(classes, min(_MAX_ROWS, _MAX_CELLS // width))
    learned_from = tuple(
        Input(column.values[rows], len(column.labels)) for column in columns(arff, places)
    )
    return Table(learned_from, classes[rows], len(target.labels))


def _sample(classes: NDArray[np.int32], n_wanted: int) -> NDArray[np.intp]:
    """At most so many rows, evenly spaced within each class, in the order of the file."""
    n_rows = len(classes)
    if n_rows <= n_wanted:
        return np.arange(n_rows)
    by_class = np.argsort(classes, kind="stable")
    return np.sort(by_class[np.arange(n_wanted) * n_rows // n_wanted])


def _folds(table: Table) -> list[_Fold]:
    """The folds; none if there are too few rows."""
    if len(table) < _N_FOLDS:
        return []
    folds = [
        _Fold(table.at(train[table.classes[train] >= 0]), table.at(test))
        for train, test in stratified_folds(table.classes, _N_FOLDS)
    ]
    return folds if all(len(fold.train) for fold in folds) else []


def _selected(folds: Sequence[_Fold]) -> list[_Fold]:
    try:
        with np.errstate(all="ignore"):
            return [fold.select() for fold in folds]
    except _BEYOND:
        return []


def _scores_of(learners: Mapping[str, _Learner], folds: Sequence[_Fold]) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for name, learner in learners.items():
        found.update({f"{name}{score}": None for score in _SCORES})
        if folds:
            with suppress(*_BEYOND), np.errstate(all="ignore"):
                scores = _scores(learner, folds)
                found.update({f"{name}{score}": scores[score] for score in _SCORES})
    return found


def _scores(learner: _Learner, folds: Sequence[_Fold]) -> dict[str, float | None]:
    confidence = np.concatenate([learner(fold) for fold in folds])
    if not np.isfinite(confidence).all():
        raise ValueError("a learner answered with a share that is no number")
    classes = np.concatenate([fold.test.classes for fold in folds])
    prior = class_prior(classes, confidence.shape[1])
    measures = classification_measures(classes, confidence, prior=prior)
    area = measures.get("area_under_roc_curve")
    return {
        "AUC": None if area is None else area.value,
        "ErrRate": float((confidence.argmax(axis=1) != classes)[classes >= 0].mean()),
        "Kappa": measures["kappa"].value,
    }
