"""Runs of other registries, with the evaluations and traces that they have there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select

from openml_client.model.run import Run, RunEvaluation, RunSummary
from openml_client.model.trace import TraceIteration
from openml_client.registry.importing import files as imported_files
from openml_client.registry.importing import setups as imported_setups
from openml_client.registry.importing import users as imported_users
from openml_client.registry.importing.base import conflict, require
from openml_client.registry.importing.files import ImportedFile
from openml_client.registry.store import evaluations as evaluation_store
from openml_client.registry.store import runs as store
from openml_client.registry.store.clock import now
from openml_client.registry.store.rows import add_tags, known_ids
from openml_client.registry.store.schema import flows, run_files, run_tags, runs, setups, tasks
from openml_client.registry.store.users import OWNER_ID


def is_here(connection: Connection, run: Run | RunSummary) -> bool:
    """Whether the run is in this registry; a row of a list is enough to tell.

    Raises
    ------
    RegistryError
        If its id is another run's.
    """
    row = connection.execute(
        select(runs.c.task_id, runs.c.setup_id, setups.c.flow_id)
        .join(setups, runs.c.setup_id == setups.c.id)
        .where(runs.c.id == run.id)
    ).first()
    if row is None:
        return False
    here, source = (row.task_id, row.flow_id), (run.task_id, run.flow_id)
    if here != source or run.setup_id not in {None, row.setup_id}:
        raise conflict(
            f"run {run.id}",
            here=_named(row.task_id, row.flow_id, row.setup_id),
            source=_named(run.task_id, run.flow_id, run.setup_id),
        )
    return True


def all_here(connection: Connection, run_ids: Iterable[int]) -> frozenset[int]:
    """Those of the ids that are of runs of this registry."""
    return known_ids(connection, runs, run_ids)


def _named(task_id: int, flow_id: int, setup_id: int | None) -> str:
    return f"of flow {flow_id} with setup {setup_id} on task {task_id}"


def add(
    connection: Connection,
    run: Run,
    *,
    uploaded_at: datetime | None,
    files: Mapping[str, ImportedFile],
    trace: Sequence[TraceIteration],
) -> None:
    """Store a run; ask `is_here` before, within the same write.

    Raises
    ------
    RegistryError
        If its task or its flow is not here, its setup is another flow's, or the id of one of its
        files is another's.
    """
    require(connection, tasks, run.task_id, why=f"run {run.id} is on task")
    require(connection, flows, run.flow_id, why=f"run {run.id} is of flow")
    uploader_id = imported_users.keep(connection, run.uploader_id, run.uploader_name)
    setup_id = imported_setups.add_from_run(connection, run)
    _check_setup(connection, run, setup_id)
    uploaded_at = uploaded_at or now()
    connection.execute(
        insert(runs).values(
            id=run.id,
            task_id=run.task_id,
            setup_id=setup_id,
            setup_string=run.setup_string,
            error_message=run.error_message,
            run_details=run.run_details,
            uploader_id=uploader_id,
            uploaded_at=uploaded_at,
            # No server tells when it evaluated a run.
            processed_at=None if run.error is None else uploaded_at,
            error=run.error,
        )
    )
    add_tags(connection, run_tags, run.id, run.tags, uploader_id=OWNER_ID)
    for name, file in files.items():
        file_id = imported_files.keep(connection, file, uploader_id=uploader_id)
        connection.execute(insert(run_files).values(run_id=run.id, name=name, file_id=file_id))
    evaluation_store.add(connection, run.id, _storable(run.evaluations))
    store.keep_trace(connection, run.id, trace)


def _check_setup(connection: Connection, run: Run, setup_id: int) -> None:
    flow_id = connection.scalar(select(setups.c.flow_id).where(setups.c.id == setup_id))
    if flow_id != run.flow_id:
        raise conflict(
            f"setup {setup_id}", here=f"of flow {flow_id}", source=f"of flow {run.flow_id}"
        )


def _storable(evaluations: Sequence[RunEvaluation]) -> Sequence[RunEvaluation]:
    """One value per measure and place; there is no place for parts of a stream."""
    # Heavy with numpy, and only needed here.
    from openml_client.registry.publishing.run import each_once

    return each_once([item for item in evaluations if item.interval_start is None])
