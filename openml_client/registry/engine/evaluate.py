"""What a run is worth: the measures of its predictions, per fold and of all together.

Source: protocol note, section 10, and what the real engine sent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openml_client.model.run import Predictions, RunEvaluation
from openml_client.registry.engine.claims import compare_claims
from openml_client.registry.engine.places import Places
from openml_client.registry.engine.predictions import (
    CLUSTER,
    UnusablePredictionsError,
    check_predictions,
    clusters_of_file,
    predictions_of_file,
)
from openml_client.registry.engine.splits import SplitRows
from openml_client.running.measures import (
    Measured,
    class_prior,
    classification_measures,
    fill_confidence,
    regression_measures,
    target_prior,
)

# Errors and warnings of a run have at most this many characters.  Source: protocol note, 1.3.
_MAX_TEXT = 1024

_NO_FILE = "Required output files not present (e.g., arff predictions). "

# Of these procedures only the measures of all predictions are kept: a fold of them is one row,
# or there is but one fold.
_GLOBAL_ONLY = frozenset({"leaveoneout", "testontrainingdata"})

# Values per class have this many decimals.
_CLASS_DECIMALS = 6

_Measure = Callable[[NDArray[np.intp]], dict[str, Measured]]
"""The measures of some lines of the predictions."""


@dataclass(frozen=True, kw_only=True)
class EvaluationResult:
    """What the engine says of a run."""

    evaluations: tuple[RunEvaluation, ...] = ()
    """Per fold, then of all predictions, then what only the uploader measured."""
    error: str | None = None
    """Why the run could not be evaluated."""
    warning: str | None = None
    """Where the uploader's own values are off."""


def evaluate_run(
    predictions: Predictions | bytes | None,
    splits: SplitRows,
    *,
    truth: NDArray[np.int32] | NDArray[np.float64],
    labels: Sequence[str] | None,
    procedure_type: str = "crossvalidation",
    cost_matrix: Sequence[Sequence[float]] | None = None,
    claimed: Sequence[RunEvaluation] = (),
) -> EvaluationResult:
    """The evaluations of a run, or the reason why it has none.

    Parameters
    ----------
    predictions
        What the run predicted, with ``labels`` for its labels, or the file that says so; None if
        the run came without.
    splits
        The splits of the task; where they have samples, the task is a learning curve.
    truth
        The target of the whole dataset, shape ``(n_rows,)``: positions in ``labels``, -1 where
        the class is missing; or numbers, NaN where one is missing.
    labels
        The classes in the order in which the data file declares them; None for regression.
    procedure_type
        Type of the estimation procedure, as ``crossvalidation``.
    cost_matrix
        Shape ``(n_classes, n_classes)``: row is the true class, column the predicted one.
    claimed
        The values that the uploader gave.

    Raises
    ------
    ValueError
        If the predictions are about other labels, or about the same in another order.
    """
    if predictions is None:
        return EvaluationResult(error=_NO_FILE)
    has_samples = splits.sample is not None
    try:
        if isinstance(predictions, bytes):
            predictions = predictions_of_file(predictions, labels=labels, has_samples=has_samples)
        places = check_predictions(predictions, splits, labels=labels, n_rows=len(truth))
    except UnusablePredictionsError as error:
        return EvaluationResult(error=str(error)[:_MAX_TEXT])
    if labels is None:
        measure = _regression(predictions, truth.astype(np.float64))
    else:
        measure = _classification(predictions, truth.astype(np.int32), len(labels), cost_matrix)
    per_fold = tuple(_per_fold(places, measure, has_samples=has_samples))
    all_together = tuple(_all_together(places, measure, per_fold))
    computed = all_together if procedure_type in _GLOBAL_ONLY else per_fold + all_together
    return _with_claims(computed, claimed)


def evaluate_clusters(
    predictions: bytes | None,
    splits: SplitRows,
    *,
    n_rows: int,
    claimed: Sequence[RunEvaluation] = (),
) -> EvaluationResult:
    """How many rows a run put into clusters, per repeat and in all, or why it can't be said.

    A clustering task names no classes to hold the clusters against, so other measures come from
    the uploader.  The real engine evaluates no clusters at all, since the real server refuses it
    the splits; this is ours.

    Parameters
    ----------
    predictions
        The file that has the cluster of each row; None if the run came without.
    splits, claimed
        As for `evaluate_run`.
    n_rows
        Rows of the dataset.
    """
    if predictions is None:
        return EvaluationResult(error=_NO_FILE)
    try:
        clusters = clusters_of_file(predictions)
        places = check_predictions(clusters, splits, labels=None, n_rows=n_rows, predicted=CLUSTER)
    except UnusablePredictionsError as error:
        return EvaluationResult(error=str(error)[:_MAX_TEXT])
    per_fold = tuple(_per_fold(places, _count, has_samples=False))
    return _with_claims(per_fold + tuple(_all_together(places, _count, per_fold)), claimed)


def _with_claims(
    computed: Sequence[RunEvaluation], claimed: Sequence[RunEvaluation]
) -> EvaluationResult:
    warning, added = compare_claims(claimed, computed)
    return EvaluationResult(
        evaluations=(*computed, *added), warning=warning[:_MAX_TEXT] if warning else None
    )


def _count(lines: NDArray[np.intp]) -> dict[str, Measured]:
    return {"number_of_instances": Measured(float(len(lines)))}


def _classification(
    predictions: Predictions,
    truth: NDArray[np.int32],
    n_classes: int,
    cost_matrix: Sequence[Sequence[float]] | None,
) -> _Measure:
    prior = class_prior(truth, n_classes)
    costs = None if cost_matrix is None else np.array(cost_matrix, dtype=np.float64)
    confidence = predictions.confidence
    if confidence is None:
        confidence = np.zeros((len(predictions), n_classes))
    confidence = fill_confidence(confidence, predictions.prediction.astype(np.int32))
    true_classes = truth[predictions.row_id]

    def measure(lines: NDArray[np.intp]) -> dict[str, Measured]:
        return classification_measures(
            true_classes[lines], confidence[lines], prior=prior, cost_matrix=costs
        )

    return measure


def _regression(predictions: Predictions, truth: NDArray[np.float64]) -> _Measure:
    prior = target_prior(truth)
    predicted = predictions.prediction.astype(np.float64)
    true_values = truth[predictions.row_id]

    def measure(lines: NDArray[np.intp]) -> dict[str, Measured]:
        return regression_measures(true_values[lines], predicted[lines], prior=prior)

    return measure


def _per_fold(places: Places, measure: _Measure, *, has_samples: bool) -> Iterator[RunEvaluation]:
    """The measures of each repeat, fold and sample."""
    codes = places.codes
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(np.prod(places.shape) + 1))
    for code, (repeat, fold, sample) in enumerate(np.ndindex(places.shape)):
        for name, measured in measure(order[bounds[code] : bounds[code + 1]]).items():
            yield RunEvaluation(
                measure=name,
                value=measured.value,
                per_class=_rounded(measured.per_class),
                repeat=repeat,
                fold=fold,
                sample=sample if has_samples else None,
            )


def _all_together(
    places: Places, measure: _Measure, per_fold: Sequence[RunEvaluation]
) -> Iterator[RunEvaluation]:
    """The measures of all predictions; of a learning curve, of those from the last sample."""
    last_sample = places.shape[2] - 1
    fold_values: defaultdict[str, list[float]] = defaultdict(list)
    for evaluation in per_fold:
        if evaluation.sample in {None, last_sample} and evaluation.value is not None:
            fold_values[evaluation.measure].append(evaluation.value)
    for name, measured in measure(np.flatnonzero(places.sample == last_sample)).items():
        yield RunEvaluation(
            measure=name,
            value=measured.value,
            per_class=_rounded(measured.per_class),
            stdev=_standard_deviation(fold_values[name]),
        )


def _rounded(values: tuple[float, ...] | None) -> tuple[float, ...] | None:
    return None if values is None else tuple(round(value, _CLASS_DECIMALS) for value in values)


def _standard_deviation(values: Sequence[float]) -> float | None:
    """Of a sample; 0 for one value, None for none."""
    if not values:
        return None
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
