"""The verdict on two sets of predictions, with differences that are planted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from openml_client.errors import FormatError
from openml_client.model.run import Predictions
from openml_client.running.reproduce import (
    Reproduction,
    compare_environments,
    compare_predictions,
    compare_states,
    label_agreement,
    trained_elsewhere,
)
from openml_client.running.scores import MeasureComparison

ROWS = 6
LABELS = ("z", "a", "m")
CHOSEN = np.array([0, 1, 2, 0, 1, 2], dtype=np.int32)
TOLERANCE = 1e-9


def classes(**changes: Any) -> Predictions:
    """Predictions of classes, with what is given instead."""
    confidence = np.full((ROWS, 3), 0.2)
    confidence[np.arange(ROWS), CHOSEN] = 0.6
    given = Predictions(
        repeat=np.zeros(ROWS, dtype=np.int32),
        fold=np.array([0, 0, 0, 1, 1, 1], dtype=np.int32),
        row_id=np.arange(ROWS, dtype=np.int64) + 10,
        prediction=CHOSEN,
        labels=LABELS,
        confidence=confidence,
    )
    return replace(given, **changes)


def numbers(**changes: Any) -> Predictions:
    """Predictions of numbers, with what is given instead."""
    values = np.array([0.0, 1.0, 10.0, -1000.0, 0.5, 3.0])
    return classes(**{"prediction": values, "labels": None, "confidence": None, **changes})


def shifted(values: Any, row: int, by: Any) -> Any:
    """A copy of an array with something added in one row."""
    copied = values.copy()
    copied[row] += by
    return copied


def reordered(predictions: Predictions, rows: Any) -> Predictions:
    """The same predictions in another order of the rows."""
    confidence = predictions.confidence
    return replace(
        predictions,
        repeat=predictions.repeat[rows],
        fold=predictions.fold[rows],
        row_id=predictions.row_id[rows],
        prediction=predictions.prediction[rows],
        confidence=None if confidence is None else confidence[rows],
    )


@pytest.mark.parametrize("given", [classes(), numbers(), classes(confidence=None)])
def test_the_same_predictions_are_identical(given: Predictions) -> None:
    assert compare_predictions(given, given, tolerance=0) == (
        "identical",
        "all 6 predictions agree",
        (),
    )


@pytest.mark.parametrize("given", [classes(), numbers()])
def test_the_order_of_the_rows_does_not_matter(given: Predictions) -> None:
    other = reordered(given, [5, 0, 4, 1, 3, 2])
    assert compare_predictions(given, other, tolerance=0)[0] == "identical"


def test_the_order_of_the_labels_does_not_matter() -> None:
    given = classes()
    order = [1, 2, 0]  # of the alphabet
    places = np.argsort(order)
    assert given.confidence is not None
    other = replace(
        given,
        labels=tuple(LABELS[n] for n in order),
        prediction=places[given.prediction].astype(np.int32),
        confidence=given.confidence[:, order],
    )
    assert compare_predictions(given, other, tolerance=0)[0] == "identical"


def test_the_same_positions_of_other_labels_are_different() -> None:
    other = replace(classes(), labels=("a", "m", "z"))
    verdict, reason, rows = compare_predictions(classes(), other, tolerance=1)
    assert (verdict, reason) == ("different", "6 of 6 predictions differ")
    assert (rows[0].published, rows[0].again) == ("z", "a")


def test_small_differences_of_confidence_are_within_the_tolerance() -> None:
    given = classes()
    other = classes(confidence=shifted(given.confidence, 4, [0, 1e-12, -1e-12]))
    verdict, reason, rows = compare_predictions(given, other, tolerance=TOLERANCE)
    assert verdict == "within_tolerance"
    assert reason == ("1 of 6 predictions differ by at most 1e-12, within the tolerance of 1e-09")
    (row,) = rows
    assert (row.repeat, row.fold, row.sample, row.row_id) == (0, 1, 0, 14)
    assert (row.published, row.again) == ("a", "a")
    assert row.confidence_difference == pytest.approx(1e-12, rel=1e-3)


def test_larger_differences_of_confidence_are_different() -> None:
    given = classes()
    other = classes(confidence=shifted(given.confidence, 4, [0, 1e-3, -1e-3]))
    verdict, reason, _ = compare_predictions(given, other, tolerance=TOLERANCE)
    assert (verdict, reason) == ("different", "1 of 6 predictions differ")


def test_another_class_is_different_however_close_the_confidences_are() -> None:
    given = classes(confidence=np.full((ROWS, 3), 1 / 3))
    other = replace(given, prediction=(CHOSEN + 1) % 3)
    verdict, reason, rows = compare_predictions(given, other, tolerance=1)
    assert (verdict, reason) == ("different", "6 of 6 predictions differ")
    assert [(row.published, row.again) for row in rows[:2]] == [("z", "a"), ("a", "m")]


def test_confidences_that_one_side_lacks_are_not_compared() -> None:
    assert compare_predictions(classes(confidence=None), classes(), tolerance=0)[0] == "identical"


def test_numbers_are_compared_relative_to_their_size() -> None:
    given = numbers()
    close = numbers(prediction=shifted(given.prediction, 3, 1e-7))  # of -1000
    verdict, reason, rows = compare_predictions(given, close, tolerance=TOLERANCE)
    assert verdict == "within_tolerance"
    assert reason.startswith("1 of 6 predictions differ by at most 1e-10, ")
    assert [row.row_id for row in rows] == [13]
    far = numbers(prediction=shifted(given.prediction, 0, 1e-7))  # of 0
    assert compare_predictions(given, far, tolerance=TOLERANCE)[0] == "different"


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_number_that_is_none_any_more_is_different(value: float) -> None:
    given = numbers()
    other = numbers(prediction=shifted(given.prediction, 0, value))
    verdict, reason, rows = compare_predictions(given, other, tolerance=1)
    assert (verdict, reason) == ("different", "1 of 6 predictions differ")
    assert len(rows) == 1


def test_numbers_of_which_none_is_left_are_different() -> None:
    other = numbers(prediction=np.full(ROWS, np.nan))
    verdict, reason, _ = compare_predictions(numbers(), other, tolerance=1)
    assert (verdict, reason) == ("different", "6 of 6 predictions differ")


def test_fewer_rows_are_different() -> None:
    verdict, reason, rows = compare_predictions(
        classes(), reordered(classes(), range(4)), tolerance=1
    )
    assert (verdict, reason, rows) == ("different", "6 predictions were published, 4 came out", ())


@pytest.mark.parametrize("name", ["row_id", "fold", "repeat"])
def test_other_rows_are_different(name: str) -> None:
    other = classes(**{name: shifted(getattr(classes(), name), 5, 1)})
    verdict, reason, _ = compare_predictions(classes(), other, tolerance=1)
    assert verdict == "different"
    assert reason == "the published predictions are for other rows or folds than the task's splits"


def test_samples_are_told_apart() -> None:
    first = classes(sample=np.zeros(ROWS, dtype=np.int32))
    assert compare_predictions(first, classes(), tolerance=0)[0] == "identical"
    second = classes(sample=np.ones(ROWS, dtype=np.int32))
    assert compare_predictions(first, second, tolerance=0)[0] == "different"


def test_classes_and_numbers_can_not_be_compared() -> None:
    with pytest.raises(FormatError, match="one side predicts classes, the other numbers"):
        compare_predictions(classes(), numbers(), tolerance=1)


def test_environments_are_paired_by_what_the_run_had() -> None:
    wanted = {"numpy": "1.26.0", "old": "1.0"}
    found = {"numpy": "2.4.6", "new": "3.0"}
    assert compare_environments(wanted, found) == {
        "numpy": ("1.26.0", "2.4.6"),
        "old": ("1.0", None),
    }


def test_a_reproduction_prints_as_a_report() -> None:
    given, other = classes(), classes(prediction=(CHOSEN + 1) % 3)
    verdict, reason, rows = compare_predictions(given, other, tolerance=0)
    report = Reproduction(
        run_id=7,
        verdict=verdict,
        reason=reason,
        rows=rows,
        n_rows=6,
        measures=(MeasureComparison(measure="kappa", published=1.0, recomputed=1.0, again=0.0),),
        environment={"numpy": ("1.26.0", "2.4.6"), "pandas": ("3.1.1", "3.1.1")},
    )
    lines = str(report).splitlines()
    assert lines[0] == "Run 7: different (6 of 6 predictions differ)"
    assert "6 of 6 predictions differ (the largest difference is 0), the first:" in lines
    assert "  repeat 0, fold 0, row 10: z was published, a came out" in lines
    assert lines[-1] == "  numpy: the run had 1.26.0, here is 2.4.6"
    assert repr(report) == "<Reproduction of run 7: different, 6 of 6 predictions differ>"
    assert report.to_pandas().loc["kappa"].tolist() == [1.0, 1.0, 0.0]


def test_the_report_of_a_notebook_escapes_what_it_shows() -> None:
    report = Reproduction(run_id=7, verdict="not_runnable", reason="<script>alert(1)</script>")
    assert "<script>" not in report._repr_html_()
    assert "not_runnable" in report._repr_html_()


def log(**changes: Any) -> Any:
    return {"state": "1a", "device": "cpu", "threads": 1, **changes}


def test_fitted_states_are_compared_by_their_hashes() -> None:
    one = {(0, 0, 0): log(), (0, 1, 0): log(), (0, 2, 0): {}}
    other = {(0, 0, 0): log(), (0, 1, 0): log(state="2b"), (0, 2, 0): log(), (0, 3, 0): log()}
    assert compare_states(one, other) == (1, 2)
    assert compare_states({}, other) is None


def test_another_device_and_other_threads_are_told() -> None:
    one = {(0, 0, 0): log(), (0, 1, 0): {}}
    assert trained_elsewhere(one, one) is None
    there = trained_elsewhere({(0, 0, 0): log(device="cuda (H100)")}, one)
    assert there == "the run was trained on cuda (H100), here on cpu"
    there = trained_elsewhere({(0, 0, 0): log(threads=4)}, one)
    assert there == "the run was trained with threads=4, here with threads=1"


def test_agreement_and_the_largest_difference_are_told() -> None:
    given = classes()
    confidence = shifted(given.confidence, 4, [0, 1e-3, -1e-3])
    other = classes(prediction=shifted(CHOSEN, 0, 1), confidence=confidence)
    _, _, rows = compare_predictions(given, other, tolerance=TOLERANCE)
    assert label_agreement(given, rows) == pytest.approx(5 / 6)
    result = Reproduction(
        run_id=1, verdict="different", reason="", rows=rows, n_rows=ROWS, label_agreement=5 / 6
    )
    assert result.largest_difference == pytest.approx(1e-3)
    assert result.agreement_text == "83.33% of the labels agree, the largest difference is 0.001"


def test_numbers_differ_by_their_distance() -> None:
    other = numbers(prediction=shifted(numbers().prediction, 3, 2.5))
    _, _, rows = compare_predictions(numbers(), other, tolerance=TOLERANCE)
    assert label_agreement(numbers(), rows) is None
    result = Reproduction(run_id=1, verdict="different", reason="", rows=rows, n_rows=ROWS)
    assert result.largest_difference == 2.5
    assert result.agreement_text == "the largest difference is 2.5"
    nothing = Reproduction(run_id=1, verdict="not_runnable", reason="")
    assert nothing.largest_difference is None
