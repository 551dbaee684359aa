"""Measures of predictions, as the registry would compute them: global and per fold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openml_client.model.run import Predictions, Run
from openml_client.model.task import ClassificationTask, Task
from openml_client.running import measures
from openml_client.running.execute import TaskData

Place = tuple[int, int] | None
"""Repeat and fold; None for all together."""

Scores = Mapping[tuple[str, Place], float]
"""Values by measure and place."""


@dataclass(frozen=True, kw_only=True)
class MeasureComparison:
    """One measure of a run, global or of one fold, three times."""

    measure: str
    repeat: int | None = None
    """None for a global value."""
    fold: int | None = None
    published: float | None
    """As the registry computed it."""
    recomputed: float | None
    """From the published predictions, here."""
    again: float | None
    """From the predictions of the re-execution."""


def compare_measures(
    run: Run, task: Task, data: TaskData, *, published: Predictions, again: Predictions
) -> tuple[MeasureComparison, ...]:
    """Pair the measures that the registry computed with those computed here, twice.

    The global ones come first, then those of the folds that the registry has values for.
    """
    known = {
        (e.measure, None if e.repeat is None or e.fold is None else (e.repeat, e.fold)): e.value
        for e in run.evaluations
        if e.sample is None
    }
    folds = sorted({place for _, place in known if place is not None})
    places: list[Place] = [None, *folds]
    costs = _costs(task)
    recomputed = scores(published, data, places=places, cost_matrix=costs)
    executed = scores(again, data, places=places, cost_matrix=costs)
    return tuple(
        MeasureComparison(
            measure=measure,
            repeat=place[0] if place else None,
            fold=place[1] if place else None,
            published=known.get((measure, place)),
            recomputed=recomputed.get((measure, place)),
            again=value,
        )
        for (measure, place), value in executed.items()
    )


def global_scores(predictions: Predictions, data: TaskData, task: Task) -> dict[str, float]:
    """The measures of all predictions together, by name."""
    found = scores(predictions, data, cost_matrix=_costs(task))
    return {measure: value for (measure, _), value in found.items()}


def _costs(task: Task) -> Any:
    return task.cost_matrix if isinstance(task, ClassificationTask) else None


def scores(
    predictions: Predictions,
    data: TaskData,
    *,
    places: Iterable[Place] = (None,),
    cost_matrix: Any = None,
) -> Scores:
    """The measures of predictions; of a learning curve, those of its last sample.

    None if some predictions are for rows that the dataset does not have.

    Source: protocol note, section 10: the priors are those of the whole dataset.
    """
    rows = predictions.row_id
    if ((rows < 0) | (rows >= len(data.truth))).any():
        return {}
    counts = _of_last_sample(predictions)
    found: dict[tuple[str, Place], float] = {}
    for place in places:
        here = counts
        if place is not None:
            here = counts & (predictions.repeat == place[0]) & (predictions.fold == place[1])
        if here.any() or place is None:
            values = _measured(predictions, here, data, cost_matrix)
            found.update({(name, place): value for name, value in values.items()})
    return found


def _measured(
    predictions: Predictions, here: NDArray[np.bool_], data: TaskData, cost_matrix: Any
) -> dict[str, float]:
    rows = predictions.row_id[here]
    if predictions.is_clustering:  # it has no truth to hold the clusters against
        return {"number_of_instances": float(len(rows))}
    if predictions.labels is None or data.labels is None:
        truth = data.truth.astype(np.float64)
        found = measures.regression_measures(
            truth[rows],
            predictions.prediction[here].astype(np.float64),
            prior=measures.target_prior(truth),
        )
    else:
        classes = data.truth.astype(np.int32)
        prediction = predictions.prediction[here].astype(np.int32)
        confidence = np.zeros((len(rows), len(data.labels)))
        if predictions.confidence is not None:
            confidence = predictions.confidence[here]
        found = measures.classification_measures(
            classes[rows],
            measures.fill_confidence(confidence, prediction),
            prior=measures.class_prior(classes, len(data.labels)),
            cost_matrix=None if cost_matrix is None else np.array(cost_matrix),
        )
    return {name: measured.value for name, measured in found.items()}


def _of_last_sample(predictions: Predictions) -> NDArray[np.bool_]:
    """Which predictions count for the measures of all together.

    Source: protocol note, section 10.
    """
    if predictions.sample is None or not len(predictions):
        return np.ones(len(predictions), dtype=np.bool_)
    last: NDArray[np.bool_] = predictions.sample == predictions.sample.max()
    return last
