"""Runs with their files and traces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, insert, or_, select, update

from openml_client.model.run import ParameterSetting, Run, RunEvaluation, RunSummary
from openml_client.model.trace import TraceIteration
from openml_client.registry.store import evaluations as evaluation_store
from openml_client.registry.store import files as file_store
from openml_client.registry.store import setups as setup_store
from openml_client.registry.store.clock import now
from openml_client.registry.store.rows import Condition, add_tags, new_id, page, tags_of
from openml_client.registry.store.run_filters import matching, sorting
from openml_client.registry.store.schema import (
    files,
    flow_parameters,
    flows,
    run_files,
    run_tags,
    runs,
    setup_settings,
    setups,
    tasks,
    trace_iterations,
    users,
)
from openml_client.wire.engine import UnevaluatedRun
from openml_client.wire.run import RunUpload


@dataclass(frozen=True, kw_only=True)
class Evaluated:
    """What the engine found in a run."""

    evaluations: Sequence[RunEvaluation] = ()
    trace: Sequence[TraceIteration] = ()
    error: str = ""
    """Empty if the engine was content."""
    warning: str | None = None
    at: datetime = field(default_factory=now)


@dataclass(frozen=True, kw_only=True)
class StoredRunFile:
    """A file of a run, without its address."""

    id: int
    name: str
    """``predictions``, ``trace`` and so on."""
    filename: str


@dataclass(frozen=True, kw_only=True)
class StoredRun:
    """A run without the addresses of its files, and without what belongs to its task."""

    run: Run
    files: tuple[StoredRunFile, ...]


def add(
    connection: Connection,
    upload: RunUpload,
    *,
    task_id: int,
    settings: setup_store.Settings,
    files: Mapping[str, file_store.NewFile],
    evaluated: Evaluated | None,
    uploader_id: int,
) -> int:
    """Store a run with its setup, its files and all that the engine found in it."""
    setup_id = setup_store.find_or_add(
        connection, upload.flow_id, settings, setup_string=upload.setup_string
    )
    statement = insert(runs).values(
        task_id=task_id,
        setup_id=setup_id,
        setup_string=upload.setup_string,
        error_message=upload.error_message,
        run_details=upload.run_details,
        uploader_id=uploader_id,
        uploaded_at=now(),
    )
    run_id = new_id(connection, statement)
    add_tags(connection, run_tags, run_id, upload.tags, uploader_id=uploader_id)
    for name, file in files.items():
        file_id = file_store.add(connection, file, uploader_id=uploader_id)
        connection.execute(insert(run_files).values(run_id=run_id, name=name, file_id=file_id))
    if evaluated is not None:
        keep_evaluated(connection, run_id, evaluated)
    return run_id


def keep_evaluated(connection: Connection, run_id: int, evaluated: Evaluated) -> None:
    """Store what an engine found in a run, in place of what was found before.

    A trace that is there stays, if the engine says nothing of one.
    """
    forget_evaluated(connection, run_id)
    evaluation_store.add(connection, run_id, evaluated.evaluations)
    if evaluated.trace:
        keep_trace(connection, run_id, evaluated.trace)
    connection.execute(
        update(runs)
        .where(runs.c.id == run_id)
        .values(processed_at=evaluated.at, error=evaluated.error, warning=evaluated.warning)
    )


def forget_evaluated(connection: Connection, run_id: int) -> None:
    """Forget the evaluations of a run, so that they are made again."""
    evaluation_store.forget(connection, run_id)
    connection.execute(
        update(runs).where(runs.c.id == run_id).values(processed_at=None, error=None, warning=None)
    )


def keep_trace(connection: Connection, run_id: int, trace: Sequence[TraceIteration]) -> None:
    """Store what the search of a run tried, in place of what was there."""
    table = trace_iterations
    connection.execute(delete(table).where(table.c.run_id == run_id))
    rows = [
        {
            "run_id": run_id,
            "repeat": item.repeat,
            "fold": item.fold,
            "iteration": item.iteration,
            "setup_string": item.setup_string,
            "evaluation": item.evaluation,
            "is_selected": item.selected,
        }
        for item in trace
    ]
    if rows:
        connection.execute(insert(trace_iterations), rows)


def exists(connection: Connection, run_id: int) -> bool:
    """Whether there is a run with this id."""
    return connection.scalar(select(runs.c.id).where(runs.c.id == run_id)) is not None


def task_of(connection: Connection, run_id: int) -> int | None:
    """Id of the task of a run; None if there is no such run."""
    return connection.scalar(select(runs.c.task_id).where(runs.c.id == run_id))


def is_evaluated(connection: Connection, run_id: int) -> bool:
    """Whether an engine has looked at a run and found nothing wrong with it."""
    is_sound = runs.c.processed_at.is_not(None) & (func.coalesce(runs.c.error, "") == "")
    statement = select(runs.c.id).where(runs.c.id == run_id, is_sound)
    return connection.scalar(statement) is not None


def contents_of(connection: Connection, run_id: int) -> Mapping[str, str]:
    """The blobs of a run's files, by the names of the files."""
    rows = connection.execute(
        select(run_files.c.name, files.c.sha256)
        .join(files, run_files.c.file_id == files.c.id)
        .where(run_files.c.run_id == run_id)
    )
    return {row.name: row.sha256 for row in rows if row.sha256 is not None}


def find(connection: Connection, run_id: int) -> StoredRun | None:
    """The run, or None."""
    row = connection.execute(
        select(
            runs,
            setups.c.flow_id,
            setups.c.setup_string.label("first_setup_string"),
            flows.c.name.label("flow_name"),
            flows.c.version.label("flow_version"),
            users.c.name.label("uploader_name"),
        )
        .join(setups, runs.c.setup_id == setups.c.id)
        .join(flows, setups.c.flow_id == flows.c.id)
        .join(users, runs.c.uploader_id == users.c.id)
        .where(runs.c.id == run_id)
    ).first()
    if row is None:
        return None
    return StoredRun(run=_run(connection, row), files=tuple(_files(connection, run_id)))


def _run(connection: Connection, row: Row[Any]) -> Run:
    return Run(
        id=row.id,
        uploader_id=row.uploader_id,
        uploader_name=row.uploader_name,
        task_id=row.task_id,
        flow_id=row.flow_id,
        flow_name=f"{row.flow_name}({row.flow_version})",
        setup_id=row.setup_id,
        error=row.error,
        error_message=row.error_message,
        run_details=row.run_details,
        # The server keeps one text per setup, that of its first run; ours may have their own.
        setup_string=row.setup_string or row.first_setup_string or "",
        settings=_settings(connection, row.setup_id),
        tags=tags_of(connection, run_tags, row.id),
        evaluations=evaluation_store.of_run(connection, row.id),
    )


def _settings(connection: Connection, setup_id: int) -> tuple[ParameterSetting, ...]:
    rows = connection.execute(
        select(flow_parameters.c.name, setup_settings.c.value, flow_parameters.c.flow_id)
        .join(flow_parameters, setup_settings.c.parameter_id == flow_parameters.c.id)
        .where(setup_settings.c.setup_id == setup_id)
        .order_by(flow_parameters.c.id)
    )
    return tuple(
        ParameterSetting(name=row.name, value=row.value, component_id=row.flow_id) for row in rows
    )


def _files(connection: Connection, run_id: int) -> Iterator[StoredRunFile]:
    rows = connection.execute(
        select(run_files.c.name, run_files.c.file_id, files.c.name.label("filename"))
        .join(files, run_files.c.file_id == files.c.id)
        .where(run_files.c.run_id == run_id)
        .order_by(run_files.c.name)
    )
    for row in rows:
        yield StoredRunFile(id=row.file_id, name=row.name, filename=row.filename)


def trace_of(connection: Connection, run_id: int) -> tuple[TraceIteration, ...]:
    """What the run's search tried, by repeat, fold and iteration."""
    table = trace_iterations
    rows = connection.execute(
        select(table)
        .where(table.c.run_id == run_id)
        .order_by(table.c.repeat, table.c.fold, table.c.iteration)
    )
    return tuple(
        TraceIteration(
            repeat=row.repeat,
            fold=row.fold,
            iteration=row.iteration,
            setup_string=row.setup_string,
            evaluation=row.evaluation,
            selected=row.is_selected,
        )
        for row in rows
    )


def unevaluated(
    connection: Connection, filters: Mapping[str, Any], *, order: str, limit: int
) -> tuple[UnevaluatedRun, ...]:
    """Runs that no engine has looked at; ``order`` is ``normal``, ``reverse`` or ``random``."""
    orders = {"reverse": runs.c.id.desc(), "random": func.random()}
    conditions = [*matching(filters), runs.c.processed_at.is_(None)]
    if "ttid" in filters:
        conditions.append(tasks.c.type_id.in_(filters["ttid"]))
    rows = connection.execute(
        select(runs.c.id, runs.c.task_id, runs.c.setup_id, runs.c.uploader_id, runs.c.uploaded_at)
        .join(setups, runs.c.setup_id == setups.c.id)
        .join(tasks, runs.c.task_id == tasks.c.id)
        .where(and_(*conditions))
        .order_by(orders.get(order, runs.c.id))
        .limit(limit)
    )
    return tuple(UnevaluatedRun(**row._mapping) for row in rows)


def _listed(filters: Mapping[str, Any]) -> Iterator[Condition]:
    yield from matching(filters)
    if "task_type" in filters:
        yield tasks.c.type_id == filters["task_type"]
    if not filters.get("show_errors", False):
        yield or_(runs.c.error.is_(None), func.length(runs.c.error) == 0)


def summaries(connection: Connection, filters: Mapping[str, Any]) -> tuple[RunSummary, ...]:
    """The runs that match all filters of ``run/list``, by setup, task and id.

    Those that the engine could not evaluate are left out, unless they are asked for.
    """
    statement = (
        select(
            runs.c.id,
            runs.c.task_id,
            tasks.c.type_id,
            runs.c.setup_id,
            setups.c.flow_id,
            runs.c.uploader_id,
            runs.c.uploaded_at,
            runs.c.error_message,
            runs.c.run_details,
        )
        .join(setups, runs.c.setup_id == setups.c.id)
        .join(tasks, runs.c.task_id == tasks.c.id)
        .where(and_(True, *_listed(filters)))
        .order_by(*sorting(filters))
    )
    return tuple(
        RunSummary(
            id=row.id,
            task_id=row.task_id,
            task_type_id=row.type_id,
            setup_id=row.setup_id,
            flow_id=row.flow_id,
            uploader_id=row.uploader_id,
            uploaded_at=row.uploaded_at,
            error_message=row.error_message,
            run_details=row.run_details,
        )
        for row in connection.execute(page(statement, filters))
    )
