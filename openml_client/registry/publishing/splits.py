"""The splits of a task and the target that they are made by, from the task's data file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openml_client.errors import ArffError, TaskError
from openml_client.formats.arff import ArffFile, read_arff
from openml_client.formats.splits import Splits, read_splits
from openml_client.model.task import TaskInputs
from openml_client.model.task_type import EstimationProcedure, TaskTypeId
from openml_client.registry import blobs
from openml_client.registry.calls import Services
from openml_client.registry.engine.splits import SplitRows, make_splits, splits_arff
from openml_client.registry.store import datasets, tasks
from openml_client.registry.vocabulary import procedures

WITH_SPLITS = frozenset(
    {
        TaskTypeId.SUPERVISED_CLASSIFICATION,
        TaskTypeId.SUPERVISED_REGRESSION,
        TaskTypeId.LEARNING_CURVE,
        TaskTypeId.CLUSTERING,
        TaskTypeId.MACHINE_LEARNING_CHALLENGE,
        TaskTypeId.SURVIVAL_ANALYSIS,
        TaskTypeId.MULTITASK_REGRESSION,
        TaskTypeId.ACTIVE_CLASSIFICATION,
        TaskTypeId.TEXT_TASKS,
    }
)
"""The types of tasks that have a splits file.

Source: protocol note, section 3.3, but for clustering, of which the real server serves none: here
each of its repeats tests and trains on all rows, so that its runs can be checked and evaluated.
"""

NO_SPLITS = "Task not providing datasplits."
"""The server's words for a task of another type, and for one that is not there."""


@dataclass(frozen=True, eq=False)
class Target:
    """The column that a task predicts."""

    values: NDArray[np.int32] | NDArray[np.float64]
    """Shape ``(n_rows,)``: positions in ``labels``, -1 where one is missing; or numbers, NaN
    where one is missing."""
    labels: tuple[str, ...] | None
    """In the order of the file's header; None for numbers."""


@dataclass(frozen=True, eq=False)
class TaskRows:
    """What a task makes of the rows of its dataset."""

    procedure: EstimationProcedure
    target: Target | None
    """None for clustering."""
    splits: SplitRows
    n_rows: int


def rows_of(
    services: Services, inputs: TaskInputs, sha256: str, *, splits_sha256: str | None = None
) -> TaskRows:
    """The splits of a task whose data is in this blob, and the target if it has one.

    Parameters
    ----------
    splits_sha256
        Blob of the splits file, to be read; without it the splits are made, which is faster.

    Raises
    ------
    TaskError
        If the task has no splits, or its data none that its procedure could make.
    FormatError
        If the splits file is none.
    """
    if inputs.type_id not in WITH_SPLITS:
        raise TaskError(NO_SPLITS)
    is_clustering = inputs.type_id == TaskTypeId.CLUSTERING
    name = inputs.inputs.get("target_feature")
    if name is None and not is_clustering:
        raise TaskError(f"task {inputs.task_id} has no target_feature, so it has no splits")
    procedure = procedures()[int(inputs.inputs["estimation_procedure"])]
    arff = _arff(services, sha256)
    target = None if name is None or is_clustering else _target(arff, name)
    if splits_sha256 is not None:
        kept = as_rows(read_splits(blobs.read(services.blobs, splits_sha256)))
        return TaskRows(procedure, target, kept, arff.n_rows)
    labels = None if target is None else target.labels
    splits = make_splits(
        procedure,
        n_rows=arff.n_rows,
        classes=None if target is None or labels is None else target.values.astype(np.int32),
        n_classes=None if labels is None else len(labels),
        learning_curve=inputs.type_id == TaskTypeId.LEARNING_CURVE,
    )
    return TaskRows(procedure, target, splits, arff.n_rows)


def as_rows(splits: Splits) -> SplitRows:
    """Splits as the engine takes them."""
    parts = [
        (key, rows, is_test)
        for key, fold in splits.items()
        for rows, is_test in ((fold.train, False), (fold.test, True))
    ]
    n_lines = [len(rows) for _, rows, _ in parts]
    keys = np.array([key for key, _, _ in parts], dtype=np.int32)
    repeat, fold, sample = np.repeat(keys, n_lines, axis=0).T
    return SplitRows(
        is_test=np.repeat(np.array([is_test for _, _, is_test in parts]), n_lines),
        rowid=np.concatenate([rows for _, rows, _ in parts]),
        repeat=repeat,
        fold=fold,
        sample=sample if splits.has_samples else None,
    )


def _arff(services: Services, sha256: str) -> ArffFile:
    path = services.blobs.path(sha256)
    is_here = path is not None and path.is_file()
    try:
        return read_arff(path if path and is_here else blobs.read(services.blobs, sha256))
    except ArffError as error:
        raise TaskError(f"the task's data file can't be read: {error.message}") from error


def _target(arff: ArffFile, name: str) -> Target:
    for index, attribute in enumerate(arff.attributes):
        if attribute.name != name:
            continue
        values = _column(arff, index)
        if attribute.kind == "nominal":
            codes = np.nan_to_num(values.astype(np.float64), nan=-1).astype(np.int32)
            return Target(codes, attribute.labels)
        if attribute.kind in {"numeric", "integer", "real"}:
            return Target(values.astype(np.float64), None)
        raise TaskError(f"the target {name!r} is a {attribute.kind}, neither nominal nor numeric")
    raise TaskError(f"the dataset has no column {name!r}")


def _column(arff: ArffFile, index: int) -> NDArray[np.generic]:
    if arff.sparse is not None:
        dense: NDArray[np.generic] = arff.sparse[:, [index]].toarray().ravel()
        return dense
    if arff.columns is None:
        raise TaskError("the task's data file has no columns")
    column: NDArray[np.generic] = arff.columns[index]
    return column


def splits_file(services: Services, task_id: int) -> str:
    """The blob of a task's splits file, which is made when it is asked for first.

    Raises
    ------
    TaskError
        If there is no such task, or it has no splits.
    """
    with services.store.read() as connection:
        stored = tasks.find(connection, task_id)
        dataset_id = stored.dataset_id if stored is not None else None
        dataset = None if dataset_id is None else datasets.find(connection, dataset_id)
    if stored is None or stored.inputs.type_id not in WITH_SPLITS:
        raise TaskError(NO_SPLITS)
    if stored.splits_sha256 is not None:
        return stored.splits_sha256
    if dataset is None or dataset.sha256 is None:
        raise TaskError(f"the data of task {task_id} is not in this registry")
    rows = rows_of(services, stored.inputs, dataset.sha256)
    info = services.blobs.put(splits_arff(dataset.dataset.name, rows.splits))
    with services.store.write() as connection:
        tasks.keep_splits(connection, task_id, info.sha256)
    return info.sha256
