"""Each kind of estimation procedure from its splits to the measures, counted by hand."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from openml_client.model.run import Predictions
from openml_client.model.task_type import EstimationProcedure
from openml_client.registry.engine.evaluate import EvaluationResult, evaluate_run
from openml_client.registry.engine.splits import SplitRows, make_splits
from openml_client.registry.vocabulary import procedures

LABELS = ("no", "yes")


def classes_of(n_rows: int) -> np.ndarray:
    return (np.arange(n_rows) % 2).astype(np.int32)


def splits_of(procedure: EstimationProcedure, *, n_rows: int) -> SplitRows:
    return make_splits(
        procedure,
        n_rows=n_rows,
        classes=classes_of(n_rows),
        n_classes=2,
        learning_curve=procedure.task_type_id == 3,
    )


def predictions(splits: SplitRows, predicted: np.ndarray) -> Predictions:
    """Of every row that is tested, given the prediction for each row of the dataset."""
    rows = splits.rowid[splits.is_test]
    return Predictions(
        repeat=splits.repeat[splits.is_test],
        fold=splits.fold[splits.is_test],
        sample=None if splits.sample is None else splits.sample[splits.is_test],
        row_id=rows.astype(np.int64),
        prediction=predicted[rows],
        labels=LABELS,
        confidence=np.zeros((len(rows), 2)),
    )


def evaluate(procedure_id: int, *, n_rows: int) -> EvaluationResult:
    """A run that is right of all rows but the last."""
    procedure = procedures()[procedure_id]
    splits = splits_of(procedure, n_rows=n_rows)
    truth = classes_of(n_rows)
    predicted = truth.copy()
    predicted[-1] = 1 - predicted[-1]
    return evaluate_run(
        predictions(splits, predicted),
        splits,
        truth=truth,
        labels=LABELS,
        procedure_type=procedure.type,
    )


# Procedure, rows, and of the tested rows: how many per fold, in all, and the wrong ones in all.
PROCEDURES = [
    pytest.param(1, 20, {2: 10}, 20, 1, id="10-fold"),
    pytest.param(2, 9, {5: 5, 4: 5}, 45, 5, id="5x2"),
    pytest.param(3, 10, {1: 100}, 100, 10, id="10x10"),
    pytest.param(4, 8, {}, 8, 1, id="leave one out"),
    pytest.param(26, 8, {}, 8, 1, id="test on training data"),
    # Rows are tested from 8 - 20% of 8 on, rounded up: the last one.
    pytest.param(28, 8, {1: 1}, 1, 1, id="ordered holdout"),
    # 90 rows train, so there are samples of 64 and of 90; the last ones count in all.
    pytest.param(13, 100, {10: 20}, 100, 1, id="learning curve"),
]


@pytest.mark.parametrize(("procedure_id", "n_rows", "per_fold", "n_tested", "n_wrong"), PROCEDURES)
def test_every_procedure_counts_and_measures_what_it_tests(
    procedure_id: int, n_rows: int, per_fold: dict[int, int], n_tested: int, n_wrong: int
) -> None:
    result = evaluate(procedure_id, n_rows=n_rows)
    assert result.error is None
    counts = [e for e in result.evaluations if e.measure == "number_of_instances"]
    assert Counter(int(e.value or 0) for e in counts if e.fold is not None) == per_fold
    in_all = {e.measure: e.value for e in result.evaluations if e.fold is None}
    assert in_all["number_of_instances"] == n_tested
    assert in_all["predictive_accuracy"] == pytest.approx(1 - n_wrong / n_tested)
    assert in_all["mean_absolute_error"] == pytest.approx(n_wrong / n_tested)


def test_a_holdout_has_one_fold_and_global_values_like_it() -> None:
    result = evaluate(6, n_rows=10)
    values = {
        place: {e.measure: e.value for e in result.evaluations if e.fold == place}
        for place in (0, None)
    }
    assert values[0] == values[None]
    assert values[0]["number_of_instances"] == 3
    assert {e.stdev for e in result.evaluations if e.fold is None} == {0.0}


def test_global_values_are_of_all_predictions_and_no_mean_of_folds() -> None:
    # Folds of 5 and 4 rows: the mean of their accuracies is another number.
    result = evaluate(2, n_rows=9)
    per_fold = [
        e.value
        for e in result.evaluations
        if e.measure == "predictive_accuracy" and e.fold is not None and e.value is not None
    ]
    (in_all,) = (
        e for e in result.evaluations if e.measure == "predictive_accuracy" and e.fold is None
    )
    assert sorted(set(per_fold)) in ([0.75, 1.0], [0.8, 1.0], [0.75, 0.8, 1.0])
    assert in_all.value == pytest.approx(40 / 45)
    assert in_all.stdev == pytest.approx(np.std(per_fold, ddof=1))


def test_samples_are_told_for_learning_curves_only() -> None:
    samples = {e.sample for e in evaluate(13, n_rows=100).evaluations if e.fold is not None}
    assert samples == {0, 1}
    assert {e.sample for e in evaluate(1, n_rows=20).evaluations} == {None}
