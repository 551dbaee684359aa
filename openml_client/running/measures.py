"""The evaluation measures of OpenML, on plain arrays.

What they mean is what the evaluation engine of OpenML makes of them, so that a value computed here
can be held against one that a server published.  Source: protocol note, section 10, and the
evaluations that the real engine sent.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32] | NDArray[np.int64]
Floats = NDArray[np.float64]

# Stands in for a probability of zero under a logarithm; the engine takes the same.
_SMALLEST = math.ulp(0.0)


class Measured(NamedTuple):
    """The value of one measure."""

    value: float
    per_class: tuple[float, ...] | None = None
    """One value per class, 0 where it is undefined; None for measures that have no such values."""


def class_prior(classes: Ints, n_classes: int) -> Floats:
    """Shares of the classes in a dataset, shape ``(n_classes,)``, each counted once too often.

    Classes that are -1 are missing and don't count.
    """
    counts = np.bincount(classes[classes >= 0], minlength=n_classes).astype(np.float64) + 1
    return counts / float(counts.sum())


def target_prior(target: Floats) -> float:
    """Mean of a numeric target; NaN is missing and doesn't count."""
    known = target[~np.isnan(target)]
    return float(known.mean()) if len(known) else math.nan


def fill_confidence(confidence: Floats, prediction: Ints) -> Floats:
    """Confidences ``(n_rows, n_classes)`` in which every row says something.

    A row without any positive confidence gets 1 for the class that it predicts.
    """
    is_silent = ~(confidence > 0).any(axis=1)
    if not is_silent.any():
        return confidence
    filled = confidence.copy()
    filled[is_silent, prediction[is_silent]] = 1.0
    return filled


def regression_measures(truth: Floats, prediction: Floats, *, prior: float) -> dict[str, Measured]:
    """The measures of predicted numbers, by name; undefined ones are absent.

    Parameters
    ----------
    truth, prediction
        Shape ``(n_rows,)``; rows whose truth is NaN don't count.
    prior
        What somebody would predict who knows nothing of a row: the mean of the whole dataset.
    """
    known = ~np.isnan(truth)
    errors = prediction[known] - truth[known]
    prior_errors = prior - truth[known]
    return _defined(
        {
            **_error_measures(
                absolute=np.abs(errors),
                squared=errors**2,
                prior_absolute=np.abs(prior_errors),
                prior_squared=prior_errors**2,
            ),
            "number_of_instances": Measured(float(known.sum())),
        },
        order=_REGRESSION_ORDER,
    )


def classification_measures(
    truth: Ints, confidence: Floats, *, prior: Floats, cost_matrix: Floats | None = None
) -> dict[str, Measured]:
    """The measures of predicted classes, by name; undefined ones are absent.

    The predicted class is the one with the largest confidence, the first on ties.

    Parameters
    ----------
    truth
        Positions of the true classes, shape ``(n_rows,)``; rows with -1 don't count.
    confidence
        Shape ``(n_rows, n_classes)``, with something positive in each row (`fill_confidence`).
    prior
        What somebody would expect who knows nothing of a row: shares of the classes in the whole
        dataset, shape ``(n_classes,)`` (`class_prior`).
    cost_matrix
        Shape ``(n_classes, n_classes)``: row is the true class, column the predicted one; None
        if errors cost nothing.
    """
    known = truth >= 0
    truth, confidence = truth[known], confidence[known]
    n_classes = confidence.shape[1]
    pairs = truth * n_classes + confidence.argmax(axis=1)
    confusion = np.bincount(pairs, minlength=n_classes**2).reshape(n_classes, n_classes)
    is_true = np.eye(n_classes)[truth]
    errors, prior_errors = confidence - is_true, prior - is_true
    cost = float((confusion * cost_matrix).sum()) if cost_matrix is not None else 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        measures = {
            **_error_measures(
                absolute=np.abs(errors).mean(axis=1),
                squared=(errors**2).mean(axis=1),
                prior_absolute=np.abs(prior_errors).mean(axis=1),
                prior_squared=(prior_errors**2).mean(axis=1),
            ),
            **_confusion_measures(confusion),
            **_information_measures(truth, confidence, prior),
            "area_under_roc_curve": _area_under_roc_curve(truth, confidence),
            "total_cost": Measured(cost),
            "average_cost": Measured(_ratio(cost, len(truth))),
        }
    return _defined(measures, order=_CLASSIFICATION_ORDER)


def _error_measures(
    *, absolute: Floats, squared: Floats, prior_absolute: Floats, prior_squared: Floats
) -> dict[str, Measured]:
    """Mean errors, and their ratios to those of somebody who knows nothing of the rows."""
    mean_absolute, mean_prior_absolute = _mean(absolute), _mean(prior_absolute)
    root_mean_squared = math.sqrt(_mean(squared))
    root_mean_prior_squared = math.sqrt(_mean(prior_squared))
    return {
        "mean_absolute_error": Measured(mean_absolute),
        "mean_prior_absolute_error": Measured(mean_prior_absolute),
        "relative_absolute_error": Measured(_ratio(mean_absolute, mean_prior_absolute)),
        "root_mean_squared_error": Measured(root_mean_squared),
        "root_mean_prior_squared_error": Measured(root_mean_prior_squared),
        "root_relative_squared_error": Measured(_ratio(root_mean_squared, root_mean_prior_squared)),
    }


def _confusion_measures(confusion: NDArray[np.intp]) -> dict[str, Measured]:
    """Measures of the counts ``(true class, predicted class)``.

    Without any row the engine reports a kappa of 1, and so does this.
    """
    n_rows = int(confusion.sum())
    n_true, n_predicted = confusion.sum(axis=1), confusion.sum(axis=0)
    n_right = np.diag(confusion)
    accuracy = _ratio(float(n_right.sum()), n_rows)
    chance = _ratio(float(n_true @ n_predicted), n_rows**2)
    precision, recall = n_right / n_predicted, n_right / n_true
    f_measure = 2 * precision * recall / (precision + recall)
    f_measure[(precision == 0) & (recall == 0)] = 0
    return {
        # By way of percent, as the engine has it: texts about the value show all its digits.
        "predictive_accuracy": Measured(_ratio(100 * float(n_right.sum()), n_rows) / 100),
        "kappa": Measured((accuracy - chance) / (1 - chance) if chance < 1 else 1.0),
        "number_of_instances": Measured(n_rows, _per_class(n_true * 1.0)),
        "precision": _weighted(precision, n_true),
        "weighted_recall": _weighted(recall, n_true),
        "unweighted_recall": Measured(float(recall.mean()), _per_class(recall)),
        "f_measure": _weighted(f_measure, n_true),
    }


def _information_measures(truth: Ints, confidence: Floats, prior: Floats) -> dict[str, Measured]:
    """The information that is missing about the classes, and the share that predictions tell.

    What is missing is the mean log loss of the prior on these rows, as today's engine has it.
    The engine of former years took the entropy of the prior, which is the same where classes are
    balanced.

    Source: Kononenko and Bratko, "Information-based evaluation criterion for classifier's
    performance", Machine Learning 6 (1991).
    """
    told = np.maximum(confidence[np.arange(len(truth)), truth], _SMALLEST)
    expected = prior[truth]
    gained = np.log2(told) - np.log2(expected)
    lost = np.log2(1 - np.minimum(told, expected)) - np.log2(1 - expected)
    information = np.where(told >= expected, gained, -lost)
    missing = _mean(-np.log2(expected))
    return {
        "prior_entropy": Measured(missing),
        "kb_relative_information_score": Measured(_ratio(_mean(information), missing)),
    }


def _area_under_roc_curve(truth: Ints, confidence: Floats) -> Measured:
    """Of each class against the others, weighted by the sizes of the classes."""
    n_rows, n_classes = confidence.shape
    areas = np.full(n_classes, np.nan)
    n_true = np.bincount(truth, minlength=n_classes)
    for position in range(n_classes):
        n_pairs = int(n_true[position]) * (n_rows - int(n_true[position]))
        if n_pairs:
            _, levels, counts = np.unique(
                confidence[:, position], return_inverse=True, return_counts=True
            )
            # Ranks from 1; rows with the same confidence share the middle of theirs.
            ranks = (np.cumsum(counts) - (counts - 1) / 2)[levels]
            lowest = n_true[position] * (n_true[position] + 1) / 2
            areas[position] = (ranks[truth == position].sum() - lowest) / n_pairs
    return _weighted(areas, n_true)


def _weighted(values: Floats, sizes: NDArray[np.intp]) -> Measured:
    """Mean of a value per class, weighted by the sizes of the classes; empty ones don't count."""
    present = sizes > 0
    mean = _ratio(float((values[present] * sizes[present]).sum()), float(sizes.sum()))
    return Measured(mean, _per_class(values))


def _per_class(values: Floats) -> tuple[float, ...]:
    return tuple(np.nan_to_num(values, nan=0.0).tolist())


def _mean(values: Floats) -> float:
    return _ratio(float(values.sum()), len(values))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def _defined(measures: Mapping[str, Measured], *, order: tuple[str, ...]) -> dict[str, Measured]:
    return {name: measures[name] for name in order if math.isfinite(measures[name].value)}


# The orders in which the engine writes the measures.
_CLASSIFICATION_ORDER = (
    "mean_absolute_error",
    "predictive_accuracy",
    "unweighted_recall",
    "root_mean_squared_error",
    "prior_entropy",
    "total_cost",
    "f_measure",
    "root_relative_squared_error",
    "area_under_roc_curve",
    "mean_prior_absolute_error",
    "precision",
    "weighted_recall",
    "average_cost",
    "number_of_instances",
    "kb_relative_information_score",
    "kappa",
    "root_mean_prior_squared_error",
    "relative_absolute_error",
)
_REGRESSION_ORDER = (
    "mean_absolute_error",
    "root_mean_squared_error",
    "root_relative_squared_error",
    "mean_prior_absolute_error",
    "number_of_instances",
    "root_mean_prior_squared_error",
    "relative_absolute_error",
)
