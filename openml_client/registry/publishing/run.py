"""What the engine finds in a run when it is published: its evaluations and its trace."""

from __future__ import annotations

from collections.abc import Sequence

from openml_client.errors import FormatError, TaskError
from openml_client.formats.trace import read_trace
from openml_client.model.run import RunEvaluation
from openml_client.model.task import TaskInputs
from openml_client.model.trace import TraceIteration
from openml_client.registry.calls import Services
from openml_client.registry.engine.evaluate import evaluate_clusters, evaluate_run
from openml_client.registry.engine.splits import SplitRows
from openml_client.registry.publishing.splits import rows_of
from openml_client.registry.store.rows import MAX_ID
from openml_client.registry.store.runs import Evaluated
from openml_client.wire.scalars import MATRIX


def evaluate(
    services: Services,
    inputs: TaskInputs,
    sha256: str | None,
    *,
    predictions: bytes | None,
    trace: bytes | None,
    claimed: Sequence[RunEvaluation],
    splits_sha256: str | None = None,
) -> Evaluated:
    """What the engine says of a run on a task whose data is in the blob ``sha256``.

    Parameters
    ----------
    splits_sha256
        Blob of the task's splits file, if there is one.  It may be another server's, with splits
        that this engine would not make.
    """
    if sha256 is None:
        return Evaluated(error=f"the data of task {inputs.task_id} is not in this registry")

    def by_splits(blob: str | None) -> Evaluated:
        return _evaluate(
            services, inputs, sha256, blob, predictions=predictions, trace=trace, claimed=claimed
        )

    evaluated = by_splits(None)
    # To make the splits takes a tenth of the time of reading them, and nearly always they fit.
    return by_splits(splits_sha256) if evaluated.error and splits_sha256 else evaluated


def _evaluate(
    services: Services,
    inputs: TaskInputs,
    sha256: str,
    splits_sha256: str | None,
    *,
    predictions: bytes | None,
    trace: bytes | None,
    claimed: Sequence[RunEvaluation],
) -> Evaluated:
    try:
        rows = rows_of(services, inputs, sha256, splits_sha256=splits_sha256)
        iterations = () if trace is None else _checked(read_trace(trace), rows.splits)
    except (TaskError, FormatError) as error:
        return Evaluated(error=error.message)
    if rows.target is None:
        result = evaluate_clusters(predictions, rows.splits, n_rows=rows.n_rows, claimed=claimed)
    else:
        matrix = inputs.inputs.get("cost_matrix")
        result = evaluate_run(
            predictions,
            rows.splits,
            truth=rows.target.values,
            labels=rows.target.labels,
            procedure_type=rows.procedure.type,
            cost_matrix=MATRIX.parse(matrix) if matrix else None,
            claimed=claimed,
        )
    return Evaluated(
        evaluations=each_once(result.evaluations),
        trace=iterations,
        error=result.error or "",
        warning=result.warning,
    )


def _checked(trace: Sequence[TraceIteration], splits: SplitRows) -> Sequence[TraceIteration]:
    """The trace, whose folds are the task's, and whose iterations are there once each."""
    n_repeats, n_folds = int(splits.repeat.max()) + 1, int(splits.fold.max()) + 1
    seen = set()
    for item in trace:
        place = (item.repeat, item.fold, item.iteration)
        if not (0 <= item.repeat < n_repeats and 0 <= item.fold < n_folds):
            raise FormatError(f"the trace has a repeat and fold {place[:2]} that the task has not")
        if not 0 <= item.iteration <= MAX_ID:
            raise FormatError(f"the trace has an iteration {item.iteration}")
        if place in seen:
            raise FormatError(f"the trace has the repeat, fold and iteration {place} twice")
        seen.add(place)
    return trace


def each_once(evaluations: Sequence[RunEvaluation]) -> Sequence[RunEvaluation]:
    """One value per measure and place: the first, as the engine's come before the uploader's."""
    found: dict[tuple[object, ...], RunEvaluation] = {}
    for item in evaluations:
        found.setdefault((item.measure, item.repeat, item.fold, item.sample), item)
    return tuple(found.values())
