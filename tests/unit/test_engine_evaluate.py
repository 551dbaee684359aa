"""Evaluations of runs: which there are, and which runs are refused with what text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from openml_client.model.run import Predictions, RunEvaluation
from openml_client.registry.engine.claims import compare_claims
from openml_client.registry.engine.evaluate import EvaluationResult, evaluate_clusters, evaluate_run
from openml_client.registry.engine.splits import SplitRows

LABELS = ("yes", "no")
TRUTH = np.array([0, 0, 1, 1], dtype=np.int32)


def ints(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int32)


def two_folds() -> SplitRows:
    """Rows 0 and 2 are tested in fold 0, rows 1 and 3 in fold 1."""
    return SplitRows(
        is_test=np.array([False, False, True, True] * 2),
        rowid=ints(1, 3, 0, 2, 0, 2, 1, 3),
        repeat=ints(*[0] * 8),
        fold=ints(0, 0, 0, 0, 1, 1, 1, 1),
    )


def predictions(*predicted: int, **changes: Any) -> Predictions:
    """Of rows 0, 2, 1 and 3, certain of each."""
    codes = ints(*predicted)
    made = Predictions(
        repeat=ints(0, 0, 0, 0),
        fold=ints(0, 0, 1, 1),
        row_id=np.array([0, 2, 1, 3]),
        prediction=codes,
        labels=LABELS,
        confidence=np.eye(2)[codes],
    )
    return replace(made, **changes)


def evaluate(given: Predictions | bytes | None, **options: Any) -> EvaluationResult:
    return evaluate_run(given, two_folds(), truth=TRUTH, labels=LABELS, **options)


def value(
    result: EvaluationResult, measure: str, fold: int | None = None, sample: int | None = None
) -> float | None:
    (found,) = (
        e for e in result.evaluations if (e.measure, e.fold, e.sample) == (measure, fold, sample)
    )
    return found.value


def test_a_run_is_measured_per_fold_and_as_a_whole() -> None:
    result = evaluate(predictions(0, 1, 0, 0))
    assert result.error is None
    assert result.warning is None
    assert value(result, "predictive_accuracy", fold=0) == 1
    assert value(result, "predictive_accuracy", fold=1) == 0.5
    assert value(result, "predictive_accuracy") == 0.75


def test_global_values_know_how_they_spread_over_the_folds() -> None:
    result = evaluate(predictions(0, 1, 0, 0))
    (accuracy,) = (
        e for e in result.evaluations if e.measure == "predictive_accuracy" and e.fold is None
    )
    assert accuracy.stdev == pytest.approx(np.std([1, 0.5], ddof=1))


def test_values_per_class_have_six_decimals() -> None:
    splits = SplitRows(
        is_test=np.array([True, True, True]),
        rowid=ints(0, 1, 2),
        repeat=ints(0, 0, 0),
        fold=ints(0, 0, 0),
    )
    given = Predictions(
        repeat=ints(0, 0, 0),
        fold=ints(0, 0, 0),
        row_id=np.array([0, 1, 2]),
        prediction=ints(0, 0, 1),
        labels=LABELS,
        confidence=np.eye(2)[[0, 0, 1]],
    )
    result = evaluate_run(given, splits, truth=ints(0, 0, 0), labels=LABELS)
    recalls = {e.per_class for e in result.evaluations if e.measure == "weighted_recall"}
    assert recalls == {(0.666667, 0.0)}


@pytest.mark.parametrize("procedure_type", ["leaveoneout", "testontrainingdata"])
def test_some_procedures_keep_global_values_only(procedure_type: str) -> None:
    result = evaluate(predictions(0, 1, 0, 0), procedure_type=procedure_type)
    assert {e.fold for e in result.evaluations} == {None}
    assert value(result, "predictive_accuracy") == 0.75


def test_the_order_of_predictions_does_not_matter() -> None:
    turned = predictions(0, 1, 0, 0)
    turned = replace(
        turned,
        fold=turned.fold[::-1],
        row_id=turned.row_id[::-1],
        prediction=turned.prediction[::-1],
        confidence=None if turned.confidence is None else turned.confidence[::-1],
    )
    assert evaluate(turned) == evaluate(predictions(0, 1, 0, 0))


def test_a_cost_matrix_prices_errors() -> None:
    result = evaluate(predictions(0, 1, 0, 0), cost_matrix=[[0, 1], [7, 0]])
    assert value(result, "total_cost") == 7
    assert value(result, "average_cost") == 7 / 4
    assert value(result, "average_cost", fold=0) == 0
    assert value(result, "average_cost", fold=1) == 7 / 2


def test_a_row_without_confidences_counts_as_certain_of_its_prediction() -> None:
    silent = predictions(0, 1, 0, 0, confidence=np.zeros((4, 2)))
    assert evaluate(silent) == evaluate(predictions(0, 1, 0, 0))


def test_regression_is_measured_against_the_mean_of_the_dataset() -> None:
    given = predictions(0, 0, 0, 0, labels=None, confidence=None)
    given = replace(given, prediction=np.array([1.0, 3.0, 2.0, 4.0]))
    truth = np.array([1.0, 2.0, 3.0, 6.0])
    result = evaluate_run(given, two_folds(), truth=truth, labels=None)
    assert value(result, "mean_absolute_error") == 0.5
    assert value(result, "mean_prior_absolute_error") == 1.5
    assert value(result, "mean_absolute_error", fold=1) == 1.0


def curve() -> tuple[SplitRows, Predictions]:
    """One fold with two samples, both tested on rows 0 and 2."""
    splits = SplitRows(
        is_test=np.array([False, True, True] * 2),
        rowid=ints(1, 0, 2, 3, 0, 2),
        repeat=ints(*[0] * 6),
        fold=ints(*[0] * 6),
        sample=ints(0, 0, 0, 1, 1, 1),
    )
    given = Predictions(
        repeat=ints(0, 0, 0, 0),
        fold=ints(0, 0, 0, 0),
        sample=ints(0, 0, 1, 1),
        row_id=np.array([0, 2, 0, 2]),
        prediction=ints(0, 0, 0, 1),
        labels=LABELS,
        confidence=np.eye(2)[[0, 0, 0, 1]],
    )
    return splits, given


def test_a_learning_curve_is_measured_per_sample_and_globally_by_the_last() -> None:
    splits, given = curve()
    result = evaluate_run(given, splits, truth=TRUTH, labels=LABELS)
    assert value(result, "predictive_accuracy", fold=0, sample=0) == 0.5
    assert value(result, "predictive_accuracy", fold=0, sample=1) == 1
    assert value(result, "predictive_accuracy") == 1


def test_a_learning_curve_without_samples_is_refused() -> None:
    splits, given = curve()
    result = evaluate_run(replace(given, sample=None), splits, truth=TRUTH, labels=LABELS)
    assert result.error == (
        "Arff file contains none of the specified attributes: [sample, sample_nr]"
    )


def test_a_run_without_predictions_is_refused() -> None:
    assert evaluate(None).error == "Required output files not present (e.g., arff predictions). "


def test_missing_rows_are_named() -> None:
    short = predictions(0, 1, 0)
    short = replace(short, repeat=ints(0, 0, 0), fold=ints(0, 0, 1), row_id=np.array([0, 2, 1]))
    assert evaluate(short).error == (
        "Prediction count does not match: Repeat 0 fold 1 sample 0 expected predictions "
        "with row id's [1, 3] , but got predictions with row id's [1]"
    )


def test_rows_that_are_predicted_twice_are_named() -> None:
    error = evaluate(predictions(0, 1, 0, 0, row_id=np.array([0, 0, 1, 3]))).error
    assert error is not None
    assert "fold 0 sample 0 expected predictions with row id's [0, 2] , but got" in error
    assert error.endswith("[0, 0]")


def test_an_empty_file_of_predictions_is_refused() -> None:
    none = predictions(repeat=ints(), fold=ints(), row_id=np.array([], dtype=np.int64))
    error = evaluate(none).error
    assert error is not None
    assert error.endswith("[0, 2] , but got predictions with row id's []")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"repeat": ints(0, 0, 0, 3)}, "Repeat #3 not defined by task. "),
        ({"fold": ints(0, 0, 1, 2)}, "Fold #2 not defined by task. "),
        (
            {"row_id": np.array([0, 2, 1, 9])},
            "Making a prediction for row_id9 (0-based) while dataset has only 4 instances. ",
        ),
        ({"confidence": None}, "Attribute confidence.yes not found among predictions. "),
        (
            {"confidence": np.array([[1, 0], [np.nan, 1], [1, 0], [1, 0]])},
            "Prediction file contains missing values for important attribute (confidence.yes). ",
        ),
        (
            {"prediction": ints(0, -1, 0, 0), "confidence": np.zeros((4, 2))},
            "Prediction file contains missing values for important attribute (prediction). ",
        ),
    ],
)
def test_unusable_predictions_are_refused(changes: dict[str, Any], error: str) -> None:
    result = evaluate(predictions(0, 1, 0, 0, **changes))
    assert result.error == error
    assert result.evaluations == ()


FILE = """@relation predictions
@attribute repeat numeric
@attribute fold numeric
@attribute row_id numeric
@attribute prediction {no,yes}
@attribute confidence.yes numeric
@attribute confidence.no numeric
@data
0,0,0,yes,1,0
0,0,2,no,0,1
0,1,1,yes,1,0
0,1,3,yes,1,0
"""


def test_a_file_of_predictions_is_measured_like_the_predictions_in_it() -> None:
    assert evaluate(FILE.encode()) == evaluate(predictions(0, 1, 0, 0))


@pytest.mark.parametrize(
    ("column", "error"),
    [
        ("repeat", "Arff file contains none of the specified attributes: [repeat, repeat_nr]"),
        ("prediction", "Arff file contains none of the specified attributes: [prediction]"),
        ("confidence.no", "Attribute confidence.no not found among predictions. "),
        ("row_id", "the predictions have no column 'row_id'; they have "),
    ],
)
def test_a_file_that_lacks_a_column_is_refused(column: str, error: str) -> None:
    result = evaluate(FILE.replace(f"@attribute {column} ", "@attribute other ").encode())
    assert result.error is not None
    assert result.error.startswith(error)


def test_a_file_that_is_no_arff_is_refused() -> None:
    result = evaluate(b"no relation, no attributes")
    assert result.error
    assert result.evaluations == ()


def test_of_several_problems_the_first_line_s_is_told() -> None:
    given = predictions(0, 1, 0, 0, repeat=ints(0, 0, 0, 3), row_id=np.array([0, 8, 1, 3]))
    error = evaluate(given).error
    assert error is not None
    assert "row_id8" in error


def test_a_missing_number_is_refused() -> None:
    given = predictions(0, 0, 0, 0, labels=None, confidence=None)
    given = replace(given, prediction=np.array([1.0, np.nan, 2.0, 4.0]))
    result = evaluate_run(given, two_folds(), truth=np.arange(4.0), labels=None)
    assert result.error == (
        "Prediction file contains missing values for important attribute (prediction). "
    )


def test_an_error_has_at_most_the_characters_that_the_protocol_takes() -> None:
    n_rows = 1000
    splits = SplitRows(
        is_test=np.ones(n_rows, dtype=np.bool_),
        rowid=np.arange(n_rows, dtype=np.int32),
        repeat=np.zeros(n_rows, dtype=np.int32),
        fold=np.zeros(n_rows, dtype=np.int32),
    )
    truth = np.zeros(n_rows, dtype=np.int32)
    error = evaluate_run(
        predictions(0, 1, 0, 0, fold=ints(0, 0, 0, 0)), splits, truth=truth, labels=LABELS
    ).error
    assert error is not None
    assert len(error) == 1024


def test_predictions_about_other_labels_are_the_caller_s_mistake() -> None:
    with pytest.raises(ValueError, match="predictions have the labels"):
        evaluate(predictions(0, 1, 0, 0, labels=("no", "yes")))


def test_a_wrong_claim_is_warned_of() -> None:
    claimed = (RunEvaluation(measure="predictive_accuracy", value=0.5),)
    assert evaluate(predictions(0, 1, 0, 0), claimed=claimed).warning == (
        "Inconsistent Evaluation score: predictive_accuracy - [GLOBAL] (off by 0.25)"
    )


def test_a_right_claim_is_not_repeated() -> None:
    claimed = (RunEvaluation(measure="kappa", value=0.5, repeat=0, fold=1),)
    result = evaluate(predictions(0, 1, 0, 1), claimed=claimed)
    names = [e.measure for e in result.evaluations if e.fold == 1]
    assert names.count("kappa") == 1


def test_what_only_the_uploader_measured_is_kept() -> None:
    claim = RunEvaluation(measure="usercpu_time_millis", value=12.5, repeat=0, fold=0)
    assert evaluate(predictions(0, 1, 0, 0), claimed=[claim]).evaluations[-1] == claim


@pytest.mark.parametrize(
    ("value", "text"), [(0.00066, "6.6E-4"), (0.5, "0.5"), (12345678.9, "1.23456789E7")]
)
def test_differences_are_written_as_java_writes_them(value: float, text: str) -> None:
    computed = RunEvaluation(measure="m", value=0.0, repeat=0, fold=2)
    warning, _ = compare_claims([replace(computed, value=value)], [computed])
    assert warning == f"Inconsistent Evaluation score: m - [repeat 0, fold 2] (off by {text})"


def two_repeats() -> SplitRows:
    """Three rows, all of which train and test twice."""
    return SplitRows(
        is_test=np.tile([True, False], 6),
        rowid=ints(0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2),
        repeat=ints(*[0] * 6, *[1] * 6),
        fold=ints(*[0] * 12),
    )


CLUSTERS = """@relation clusters
@attribute repeat numeric
@attribute row_id numeric
@attribute cluster numeric
@data
0,0,1
0,1,1
0,2,0
1,2,1
1,1,0
1,0,0
"""


def clustered(text: str | None, **options: Any) -> EvaluationResult:
    given = None if text is None else text.encode()
    return evaluate_clusters(given, two_repeats(), n_rows=3, **options)


def test_clusters_are_counted_per_repeat_and_in_all() -> None:
    result = clustered(CLUSTERS)
    assert result.error is None
    assert [(e.measure, e.repeat, e.fold, e.value) for e in result.evaluations] == [
        ("number_of_instances", 0, 0, 3.0),
        ("number_of_instances", 1, 0, 3.0),
        ("number_of_instances", None, None, 6.0),
    ]


def test_clusters_may_be_labels_and_say_their_fold() -> None:
    text = CLUSTERS.replace("cluster numeric", "cluster {0,1}\n@attribute fold numeric")
    text = text.replace(",0\n", ",0,0\n").replace(",1\n", ",1,0\n")
    assert clustered(text) == clustered(CLUSTERS)


def test_what_the_uploader_measured_of_clusters_is_kept() -> None:
    claim = RunEvaluation(measure="jaccard", value=0.5)
    assert clustered(CLUSTERS, claimed=[claim]).evaluations[-1] == claim


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        (
            "0,2,0\n",
            "",
            "Prediction count does not match: Repeat 0 fold 0 sample 0 expected predictions "
            "with row id's [0, 1, 2] , but got predictions with row id's [0, 1]",
        ),
        (
            "0,2,0",
            "0,2,?",
            "Prediction file contains missing values for important attribute (cluster). ",
        ),
        ("0,2,0", "2,2,0", "Repeat #2 not defined by task. "),
        (
            "cluster numeric",
            "group numeric",
            "Arff file contains none of the specified attributes: [cluster]",
        ),
        (
            "repeat numeric",
            "again numeric",
            "Arff file contains none of the specified attributes: [repeat, repeat_nr]",
        ),
    ],
)
def test_unusable_clusters_are_refused(old: str, new: str, error: str) -> None:
    assert clustered(CLUSTERS.replace(old, new)) == EvaluationResult(error=error)


def test_a_run_without_clusters_is_refused() -> None:
    assert clustered(None) == evaluate(None)
