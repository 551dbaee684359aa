"""Faults that are planted into a good run, and what the check says of each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from openml_client.formats.splits import Fold, Splits
from openml_client.model.run import Predictions
from openml_client.running.check import Finding, check_predictions

ROWS = np.arange(6)
SPLITS = Splits(
    {
        (0, 0, 0): Fold(train=np.array([3, 4, 5]), test=np.array([0, 1, 2])),
        (0, 1, 0): Fold(train=np.array([0, 1, 2]), test=np.array([3, 4, 5])),
    }
)
LABELS = ("z", "a", "m")
CHOSEN = np.array([0, 1, 2, 0, 1, 2], dtype=np.int32)


def classes(**changes: Any) -> Predictions:
    """Good predictions of classes, with what is given instead."""
    confidence = np.full((6, 3), 0.2)
    confidence[ROWS, CHOSEN] = 0.6
    good = Predictions(
        repeat=np.zeros(6, dtype=np.int32),
        fold=np.array([0, 0, 0, 1, 1, 1], dtype=np.int32),
        row_id=ROWS.astype(np.int64),
        prediction=CHOSEN,
        truth=CHOSEN,
        labels=LABELS,
        confidence=confidence,
    )
    return replace(good, **changes)


def numbers(**changes: Any) -> Predictions:
    """Good predictions of numbers, with what is given instead."""
    values = np.linspace(0.0, 1.0, 6)
    return classes(**{"prediction": values, "labels": None, "confidence": None, **changes})


def only(predictions: Predictions, rows: Any) -> Predictions:
    """The predictions in some rows, by number or mask."""
    assert predictions.confidence is not None
    return replace(
        predictions,
        repeat=predictions.repeat[rows],
        fold=predictions.fold[rows],
        row_id=predictions.row_id[rows],
        prediction=predictions.prediction[rows],
        truth=None,
        confidence=predictions.confidence[rows],
    )


def confidence(*changes: tuple[int, tuple[float, float, float]]) -> Any:
    """Good confidences with other ones in some rows."""
    values = classes().confidence
    assert values is not None
    for row, row_values in changes:
        values[row] = row_values
    return values


def changed(values: Any, row: int, value: Any) -> Any:
    """A copy of an array with another value in one row."""
    copied = values.copy()
    copied[row] = value
    return copied


def the_finding(predictions: Predictions, splits: Splits = SPLITS) -> Finding:
    """What the check finds, which is one thing."""
    (finding,) = check_predictions(predictions, splits)
    return finding


@pytest.mark.parametrize("good", [classes(), numbers(), classes(confidence=None)])
def test_nothing_is_wrong_with_a_good_run(good: Predictions) -> None:
    assert check_predictions(good, SPLITS) == ()


def test_missing_rows_are_named_with_their_fold() -> None:
    finding = the_finding(only(classes(), [0, 1, 2, 4]))
    assert (finding.severity, finding.code) == ("error", "rows_missing")
    assert finding.message == "repeat 0, fold 1 lacks predictions for rows 3, 5"
    assert str(finding) == f"error: {finding.message} [rows_missing]"


def test_a_missing_fold_is_found() -> None:
    finding = the_finding(only(classes(), [0, 1, 2]))
    assert finding.message == "repeat 0, fold 1 lacks predictions for rows 3, 4, 5"


def test_no_predictions_at_all_lack_everything() -> None:
    findings = check_predictions(only(classes(), []), SPLITS)
    assert [finding.code for finding in findings] == ["rows_missing", "rows_missing"]


def test_long_lists_of_rows_are_cut() -> None:
    splits = Splits({(0, 0, 0): Fold(train=np.array([99]), test=np.arange(20))})
    finding = the_finding(only(classes(), [0, 1, 2]), splits)
    assert (
        finding.message == "repeat 0, fold 0 lacks predictions for rows 3, 4, 5, 6, 7 and 12 more"
    )


def test_rows_of_another_fold_are_found() -> None:
    findings = check_predictions(classes(fold=changed(classes().fold, 2, 1)), SPLITS)
    assert [(finding.code, finding.message) for finding in findings] == [
        ("rows_missing", "repeat 0, fold 0 lacks predictions for rows 2"),
        ("rows_extra", "repeat 0, fold 1 predicts rows 2, not tested there"),
    ]


def test_repeated_rows_are_found() -> None:
    finding = the_finding(only(classes(), [0, 1, 1, 2, 3, 4, 5]))
    assert (finding.severity, finding.code) == ("error", "rows_repeated")
    assert finding.message == "repeat 0, fold 0 predicts rows 1 more than once"


def test_rows_that_the_task_tests_twice_may_be_predicted_twice() -> None:
    splits = Splits(
        {
            (0, 0, 0): Fold(train=np.array([3]), test=np.array([0, 1, 1, 2])),
            (0, 1, 0): SPLITS[0, 1],
        }
    )
    assert check_predictions(only(classes(), [0, 1, 1, 2, 3, 4, 5]), splits) == ()


def test_folds_that_the_task_does_not_have_are_found() -> None:
    extra = only(classes(), [0, 1, 2, 3, 4, 5, 0])
    finding = the_finding(replace(extra, repeat=changed(extra.repeat, 6, 3)))
    assert (finding.code, finding.message) == ("fold_unknown", "the task has no repeat 3, fold 0")


def test_samples_of_a_learning_curve_are_told_apart() -> None:
    splits = Splits({(*key[:2], n): fold for n in (0, 1) for key, fold in SPLITS.items()})
    both = only(classes(), [*range(6), *range(6)])
    good = replace(both, sample=np.repeat(np.array([0, 1], dtype=np.int32), 6))
    assert check_predictions(good, splits) == ()
    finding = the_finding(replace(only(good, range(9)), sample=good.sample[:9]), splits)
    assert finding.message == "repeat 0, fold 1, sample 1 lacks predictions for rows 3, 4, 5"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_found(value: float) -> None:
    finding = the_finding(numbers(prediction=changed(numbers().prediction, 4, value)))
    assert (finding.severity, finding.code) == ("error", "not_finite")
    assert finding.message == "the predictions for rows 4 are not finite"


@pytest.mark.parametrize("code", [-1, 3])
def test_predictions_that_are_no_class_are_found(code: int) -> None:
    for confidence_too in (None, classes().confidence):
        bad = classes(prediction=changed(CHOSEN, 4, code), confidence=confidence_too)
        finding = the_finding(bad)
        assert (finding.severity, finding.code) == ("error", "label_unknown")
        assert finding.message == "the predictions for rows 4 are no class"


def test_confidences_that_are_not_finite_are_found() -> None:
    finding = the_finding(classes(confidence=confidence((5, (0.5, np.nan, 0.5)))))
    assert (finding.severity, finding.code) == ("error", "confidence_not_finite")
    assert finding.message == "the confidences of rows 5 are not finite"


def test_probabilities_that_do_not_sum_to_1_are_found() -> None:
    finding = the_finding(classes(confidence=confidence((0, (0.6, 0.2, 0.1)))))
    assert (finding.severity, finding.code) == ("error", "probability_sum")
    assert finding.message == "probabilities of rows 0 don't sum to 1"


def test_probabilities_of_single_precision_sum_to_1() -> None:
    third = np.float64(np.float32(1 / 3))
    good = classes(confidence=confidence((0, (third, third, third))))
    assert good.confidence is not None
    assert good.confidence[0].sum() != 1
    assert check_predictions(good, SPLITS) == ()


def test_probabilities_below_0_or_above_1_are_found() -> None:
    finding = the_finding(classes(confidence=confidence((0, (1.2, -0.2, 0.0)))))
    assert (finding.severity, finding.code) == ("error", "probability_range")
    assert finding.message == "probabilities of rows 0 leave [0, 1]"


def test_scores_need_no_sum_and_no_range() -> None:
    scores = confidence((0, (3.5, -2.0, 0.0)))
    assert check_predictions(classes(confidence=scores, confidence_kind="score"), SPLITS) == ()


def test_probabilities_in_the_order_of_the_alphabet_are_an_error() -> None:
    good = classes().confidence
    assert good is not None
    alphabetical = good[:, np.argsort(LABELS)]
    finding = the_finding(classes(confidence=alphabetical))
    assert (finding.severity, finding.code) == ("error", "argmax")
    assert "in 100.0% of the rows" in finding.message
    assert finding.message.endswith("Are the classes in the right order?")


def test_one_class_that_is_not_the_most_probable_is_a_warning() -> None:
    finding = the_finding(classes(confidence=confidence((3, (0.3, 0.4, 0.3)))))
    assert (finding.severity, finding.code) == ("warning", "argmax")
    assert finding.message.startswith("in 16.7% of the rows the predicted class is not the one")
    assert finding.message.endswith("first rows: 3")


def test_ties_are_fine() -> None:
    tied = confidence((3, (0.4, 0.4, 0.2)), (4, (0.5, 0.5, 0.0)))
    assert check_predictions(classes(confidence=tied), SPLITS) == ()


def test_columns_of_different_length_are_the_only_finding() -> None:
    from dataclasses import replace

    good = classes()
    short = replace(good, prediction=good.prediction[:-1])
    (finding,) = check_predictions(short, SPLITS)
    assert finding.code == "length"
