"""Deletes things with all that belongs to them alone.

Whether a thing may be deleted is the handlers' affair.  Contents stay in the blobs, where other
things may use the same.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Column, Connection, Select, Table, delete, select

from openml_client.registry.store.rows import lots
from openml_client.registry.store.schema import (
    dataset_descriptions,
    dataset_tags,
    dataset_topics,
    datasets,
    evaluations,
    feature_ontologies,
    features,
    files,
    flow_components,
    flow_parameters,
    flow_tags,
    flows,
    fold_evaluations,
    qualities,
    run_files,
    run_tags,
    runs,
    sample_evaluations,
    setup_differences,
    setup_settings,
    setup_tags,
    setups,
    studies,
    study_runs,
    study_tasks,
    task_inputs,
    task_tags,
    tasks,
    trace_iterations,
)

_OF_DATASETS = (
    features,
    qualities,
    feature_ontologies,
    dataset_topics,
    dataset_descriptions,
    dataset_tags,
)
_OF_RUNS = (
    evaluations,
    fold_evaluations,
    sample_evaluations,
    trace_iterations,
    run_tags,
    study_runs,
)


def delete_dataset(connection: Connection, dataset_id: int) -> None:
    """Delete a dataset that no task uses, and its file unless another dataset has the same."""
    file_id = connection.scalar(select(datasets.c.file_id).where(datasets.c.id == dataset_id))
    for table in _OF_DATASETS:
        connection.execute(delete(table).where(table.c.dataset_id == dataset_id))
    connection.execute(delete(datasets).where(datasets.c.id == dataset_id))
    others = select(datasets.c.id).where(datasets.c.file_id == file_id)
    if connection.scalar(others) is None:
        connection.execute(delete(files).where(files.c.id == file_id))


def delete_task(connection: Connection, task_id: int) -> None:
    """Delete a task that has no runs; suites lose it."""
    for table in (task_inputs, task_tags, study_tasks, setup_differences):
        connection.execute(delete(table).where(table.c.task_id == task_id))
    connection.execute(delete(tasks).where(tasks.c.id == task_id))


def delete_flow(connection: Connection, flow_id: int) -> None:
    """Delete a flow that has no runs and is part of no other; the flows inside it stay."""
    of_flow = select(setups.c.id).where(setups.c.flow_id == flow_id)
    delete_setups(connection, connection.scalars(of_flow).all())
    row = connection.execute(
        select(flows.c.source_file_id, flows.c.binary_file_id).where(flows.c.id == flow_id)
    ).one()
    for table in (flow_parameters, flow_tags):
        connection.execute(delete(table).where(table.c.flow_id == flow_id))
    connection.execute(delete(flow_components).where(flow_components.c.parent_id == flow_id))
    connection.execute(delete(flows).where(flows.c.id == flow_id))
    _delete(connection, files.c.id, [id_ for id_ in row if id_ is not None])


def delete_setups(connection: Connection, setup_ids: Iterable[int]) -> None:
    """Delete setups that have no runs."""
    ids = list(setup_ids)
    for column in (
        setup_settings.c.setup_id,
        setup_tags.c.setup_id,
        setup_differences.c.setup_a,
        setup_differences.c.setup_b,
        setups.c.id,
    ):
        _delete(connection, column, ids)


def delete_runs(connection: Connection, run_ids: Iterable[int]) -> None:
    """Delete runs with their files, evaluations and traces; studies lose them."""
    ids = list(run_ids)
    file_ids = [
        file_id
        for lot in lots(ids)
        for file_id in connection.scalars(
            select(run_files.c.file_id).where(run_files.c.run_id.in_(lot))
        )
    ]
    for table in (*_OF_RUNS, run_files):
        _delete(connection, table.c.run_id, ids)
    _delete(connection, runs.c.id, ids)
    _delete(connection, files.c.id, file_ids)


def delete_study(connection: Connection, study_id: int) -> None:
    """Delete a study or a suite; what it held stays, and studies of a suite no longer name it."""
    for table in (study_tasks, study_runs):
        connection.execute(delete(table).where(table.c.study_id == study_id))
    connection.execute(
        studies.update()
        .where(studies.c.benchmark_suite_id == study_id)
        .values(benchmark_suite_id=None)
    )
    connection.execute(delete(studies).where(studies.c.id == study_id))


def _delete(connection: Connection, column: Column[int], values: Iterable[int]) -> None:
    table: Table = column.table
    for lot in lots(values):
        connection.execute(delete(table).where(column.in_(lot)))


def runs_of_task(task_id: int) -> Select[tuple[int]]:
    """Select the runs on a task."""
    return select(runs.c.id).where(runs.c.task_id == task_id).order_by(runs.c.id)


def runs_of_flow(flow_id: int) -> Select[tuple[int]]:
    """Select the runs of a flow, with whatever values."""
    return (
        select(runs.c.id)
        .join(setups, runs.c.setup_id == setups.c.id)
        .where(setups.c.flow_id == flow_id)
        .order_by(runs.c.id)
    )


def runs_of_setup(setup_id: int) -> Select[tuple[int]]:
    """Select the runs of a setup."""
    return select(runs.c.id).where(runs.c.setup_id == setup_id).order_by(runs.c.id)


def parents_of_flow(flow_id: int) -> Select[tuple[int]]:
    """Select the flows that a flow is part of."""
    return (
        select(flow_components.c.parent_id)
        .where(flow_components.c.flow_id == flow_id)
        .distinct()
        .order_by(flow_components.c.parent_id)
    )


OWNERS = {
    "data": (datasets.c.id, datasets.c.uploader_id),
    "task": (tasks.c.id, tasks.c.uploader_id),
    "flow": (flows.c.id, flows.c.uploader_id),
    "run": (runs.c.id, runs.c.uploader_id),
    "study": (studies.c.id, studies.c.uploader_id),
}
"""Where the ids and the owners of things are."""


def owner_of(connection: Connection, thing: str, thing_id: int) -> int | None:
    """Id of the user who published a thing; None if there is no such thing."""
    id_, uploader_id = OWNERS[thing]
    return connection.scalar(select(uploader_id).where(id_ == thing_id))
