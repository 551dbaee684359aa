"""Evaluation measures, by hand and held against scikit-learn's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn import metrics

from openml_client.running.measures import (
    class_prior,
    classification_measures,
    fill_confidence,
    regression_measures,
    target_prior,
)

UNIFORM = np.array([0.5, 0.5])


def one_hot(classes: list[int], n_classes: int = 2) -> np.ndarray:
    return np.eye(n_classes)[classes]


def values(truth: list[int], confidence: np.ndarray, **options: np.ndarray) -> dict[str, float]:
    measured = classification_measures(
        np.array(truth, dtype=np.int64), confidence, prior=UNIFORM, **options
    )
    return {name: measure.value for name, measure in measured.items()}


def random_classification() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(5)
    # Few levels of confidence, so that there are ties.
    confidence = random.integers(1, 6, size=(300, 3)).astype(np.float64)
    return random.integers(0, 3, size=300), confidence / confidence.sum(axis=1, keepdims=True)


def test_prior_counts_each_class_once_too_often_and_leaves_missing_ones_out() -> None:
    assert class_prior(np.array([0, 0, 2, -1]), 3).tolist() == [3 / 6, 1 / 6, 2 / 6]


def test_prior_of_a_numeric_target_is_its_mean_without_missing_values() -> None:
    assert target_prior(np.array([1.0, math.nan, 4.0])) == 2.5


def test_a_row_without_confidences_gets_one_for_its_prediction() -> None:
    confidence = np.array([[0.0, 0.0], [0.3, 0.7]])
    filled = fill_confidence(confidence, np.array([1, 0]))
    assert filled.tolist() == [[0.0, 1.0], [0.3, 0.7]]
    assert confidence[0].tolist() == [0.0, 0.0]


def test_the_first_class_wins_a_tie() -> None:
    assert values([0, 1], np.full((2, 2), 0.5))["predictive_accuracy"] == 0.5
    assert values([0, 0], np.full((2, 2), 0.5))["predictive_accuracy"] == 1.0


def test_errors_of_confidences_are_means_over_rows_and_classes() -> None:
    measured = values([0, 1], np.array([[0.8, 0.2], [0.5, 0.5]]))
    assert measured["mean_absolute_error"] == pytest.approx((0.2 + 0.5) / 2)
    assert measured["root_mean_squared_error"] == pytest.approx(math.sqrt((0.04 + 0.25) / 2))
    assert measured["mean_prior_absolute_error"] == 0.5
    assert measured["relative_absolute_error"] == pytest.approx(0.7)


def test_information_score_is_the_share_of_the_entropy_that_is_told() -> None:
    assert values([0, 1], one_hot([0, 1]))["kb_relative_information_score"] == 1
    assert values([0, 1], np.full((2, 2), 0.5))["kb_relative_information_score"] == 0
    misled = values([0], np.array([[0.25, 0.75]]))["kb_relative_information_score"]
    assert misled == pytest.approx(-(math.log2(0.75) - math.log2(0.5)))


def test_what_is_missing_is_the_mean_log_loss_of_the_prior() -> None:
    """Of classes that are rarer in these rows than in the dataset."""
    truth = np.array([0, 1, 1])
    measured = classification_measures(truth, one_hot([0, 1, 1]), prior=np.array([0.25, 0.75]))
    missing = (2 + 2 * math.log2(4 / 3)) / 3
    assert measured["prior_entropy"].value == pytest.approx(missing)
    assert measured["kb_relative_information_score"].value == pytest.approx(1)


def test_a_certain_error_keeps_the_information_score_finite() -> None:
    assert values([0], one_hot([1]))["kb_relative_information_score"] == -1


def test_measures_of_counts_agree_with_scikit_learn() -> None:
    truth, confidence = random_classification()
    predicted = confidence.argmax(axis=1)
    measured = classification_measures(truth, confidence, prior=class_prior(truth, 3))
    judged = {
        "predictive_accuracy": metrics.accuracy_score(truth, predicted),
        "kappa": metrics.cohen_kappa_score(truth, predicted),
        "precision": metrics.precision_score(truth, predicted, average="weighted"),
        "weighted_recall": metrics.recall_score(truth, predicted, average="weighted"),
        "unweighted_recall": metrics.recall_score(truth, predicted, average="macro"),
        "f_measure": metrics.f1_score(truth, predicted, average="weighted"),
    }
    for name, value in judged.items():
        assert measured[name].value == pytest.approx(value, abs=1e-12), name
    assert measured["f_measure"].per_class == pytest.approx(
        metrics.f1_score(truth, predicted, average=None), abs=1e-12
    )


def test_area_under_roc_curve_agrees_with_scikit_learn_on_tied_confidences() -> None:
    truth, confidence = random_classification()
    measured = classification_measures(truth, confidence, prior=class_prior(truth, 3))
    per_class = [metrics.roc_auc_score(truth == c, confidence[:, c]) for c in range(3)]
    area = measured["area_under_roc_curve"]
    assert area.per_class == pytest.approx(per_class, abs=1e-12)
    assert area.value == pytest.approx(np.average(per_class, weights=np.bincount(truth)))


def test_costs_are_looked_up_by_true_and_predicted_class() -> None:
    costs = np.array([[0.0, 5.0], [1.0, 0.0]])
    measured = values([0, 0, 1, 1], one_hot([1, 0, 0, 1]), cost_matrix=costs)
    assert measured["total_cost"] == 6
    assert measured["average_cost"] == 1.5


def test_errors_cost_nothing_without_a_cost_matrix() -> None:
    assert values([0], one_hot([1]))["total_cost"] == 0


def test_precision_and_f_measure_are_left_out_where_a_class_is_never_predicted() -> None:
    measured = values([0, 1], one_hot([0, 0]))
    assert "precision" not in measured
    assert "f_measure" not in measured
    assert measured["weighted_recall"] == 0.5


def test_values_per_class_are_zero_where_they_are_undefined() -> None:
    measured = classification_measures(np.array([0, 0]), one_hot([0, 1]), prior=UNIFORM)
    assert measured["weighted_recall"].per_class == (0.5, 0.0)
    assert "unweighted_recall" not in measured
    assert "area_under_roc_curve" not in measured


def test_rows_of_an_unknown_class_do_not_count() -> None:
    measured = values([0, -1], one_hot([0, 1]))
    assert measured["number_of_instances"] == 1
    assert measured["predictive_accuracy"] == 1


def test_without_any_row_only_what_the_engine_reports_is_left() -> None:
    measured = values([], np.empty((0, 2)))
    assert measured == {"total_cost": 0, "number_of_instances": 0, "kappa": 1}


def test_regression_measures_by_hand() -> None:
    measured = regression_measures(np.array([1.0, 2.0, 6.0]), np.array([1.0, 4.0, 5.0]), prior=3.0)
    assert {name: measure.value for name, measure in measured.items()} == pytest.approx(
        {
            "mean_absolute_error": 1.0,
            "root_mean_squared_error": math.sqrt(5 / 3),
            "root_relative_squared_error": math.sqrt(5 / 14),
            "mean_prior_absolute_error": 2.0,
            "number_of_instances": 3.0,
            "root_mean_prior_squared_error": math.sqrt(14 / 3),
            "relative_absolute_error": 0.5,
        }
    )


def test_relative_errors_are_left_out_where_the_prior_is_always_right() -> None:
    measured = regression_measures(np.array([3.0]), np.array([4.0]), prior=3.0)
    assert "relative_absolute_error" not in measured
    assert measured["mean_prior_absolute_error"].value == 0


def test_rows_of_an_unknown_target_do_not_count() -> None:
    measured = regression_measures(np.array([1.0, math.nan]), np.array([1.0, 9.0]), prior=0.0)
    assert measured["number_of_instances"].value == 1
    assert measured["mean_absolute_error"].value == 0
