"""Studies and suites: collections of runs, and of tasks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, and_, delete, func, insert, select, true

from openml_client.model.study import Study, StudyDraft, StudySummary
from openml_client.registry.store.clock import now
from openml_client.registry.store.rows import Condition, known_ids, lots, new_id, page
from openml_client.registry.store.schema import (
    runs,
    setups,
    studies,
    study_runs,
    study_tasks,
    tasks,
)

IN_PREPARATION = "in_preparation"


class UnknownEntityError(Exception):
    """A study shall hold something that is not there."""


def add(connection: Connection, draft: StudyDraft, *, uploader_id: int) -> int:
    """Store a study or a suite, in preparation, and give its id.

    Raises
    ------
    UnknownEntityError
        If one of its tasks or runs is not there.
    """
    statement = insert(studies).values(
        alias=draft.alias,
        main_entity_type=draft.main_entity_type,
        benchmark_suite_id=draft.benchmark_suite_id,
        name=draft.name,
        description=draft.description,
        status=IN_PREPARATION,
        uploader_id=uploader_id,
        created_at=now(),
    )
    study_id = new_id(connection, statement)
    entity = draft.main_entity_type or ""
    attach(connection, study_id, entity, draft.task_ids or draft.run_ids)
    return study_id


def _table(entity_type: str) -> tuple[Table, str, Table]:
    """The table of what studies of a type hold, the column, and the table of the things."""
    if entity_type == "task":
        return study_tasks, "task_id", tasks
    return study_runs, "run_id", runs


def attach(connection: Connection, study_id: int, entity_type: str, ids: Iterable[int]) -> None:
    """Add tasks or runs to a study; those that it has are left as they are.

    Raises
    ------
    UnknownEntityError
        If one of them is not there; nothing was added then.
    """
    table, column, things = _table(entity_type)
    wanted = set(ids)
    unknown = wanted - known_ids(connection, things, wanted)
    if unknown:
        raise UnknownEntityError(sorted(unknown))
    linked = set(connection.scalars(select(table.c[column]).where(table.c.study_id == study_id)))
    rows = [{"study_id": study_id, column: id_} for id_ in sorted(wanted - linked)]
    if rows:
        connection.execute(insert(table), rows)


def detach(connection: Connection, study_id: int, entity_type: str, ids: Iterable[int]) -> None:
    """Take tasks or runs out of a study."""
    table, column, _ = _table(entity_type)
    for lot in lots(ids):
        wanted = table.c[column].in_(lot)
        connection.execute(delete(table).where(table.c.study_id == study_id, wanted))


def n_linked(connection: Connection, study_id: int, entity_type: str) -> int:
    """How many tasks or runs a study holds."""
    table, _, _ = _table(entity_type)
    counted = select(func.count()).select_from(table).where(table.c.study_id == study_id)
    return connection.scalar(counted) or 0


def set_status(connection: Connection, study_id: int, status: str) -> None:
    """Give a study another status."""
    connection.execute(studies.update().where(studies.c.id == study_id).values(status=status))


def was_active_suite(connection: Connection, study_id: int) -> bool:
    """Whether a study is a suite that is active, or was."""
    is_suite = (studies.c.id == study_id) & (studies.c.main_entity_type == "task")
    status = connection.scalar(select(studies.c.status).where(is_suite))
    return status not in {None, IN_PREPARATION}


def find_summary(connection: Connection, id_or_alias: int | str) -> StudySummary | None:
    """What a list says of the study of this id or alias, or None."""
    row = _row(connection, id_or_alias)
    return None if row is None else _summary(row)


def _row(connection: Connection, id_or_alias: int | str) -> Row[Any] | None:
    column = studies.c.id if isinstance(id_or_alias, int) else studies.c.alias
    return connection.execute(select(studies).where(column == id_or_alias)).first()


def _summary(row: Row[Any]) -> StudySummary:
    return StudySummary(
        id=row.id,
        alias=row.alias,
        main_entity_type=row.main_entity_type,
        benchmark_suite_id=row.benchmark_suite_id,
        name=row.name,
        status=row.status,
        created_at=row.created_at,
        uploader_id=row.uploader_id,
    )


def find(connection: Connection, id_or_alias: int | str) -> Study | None:
    """The study of this id or alias with all that belongs to it, or None."""
    row = _row(connection, id_or_alias)
    if row is None:
        return None
    return Study(
        id=row.id,
        alias=row.alias,
        main_entity_type=row.main_entity_type,
        benchmark_suite_id=row.benchmark_suite_id,
        name=row.name,
        description=row.description,
        visibility="public",
        status=row.status,
        created_at=row.created_at,
        uploader_id=row.uploader_id,
        **_held(connection, row.id, row.main_entity_type),
    )


def _held(connection: Connection, study_id: int, entity_type: str) -> dict[str, Any]:
    """Ids of what a study holds, and of what that depends on."""

    def ids(column: Any, source: Any) -> tuple[int, ...]:
        found = select(column).select_from(source).distinct().order_by(column)
        return tuple(i for i in connection.scalars(found) if i is not None)

    if entity_type == "task":
        of_study = select(tasks).join(study_tasks, study_tasks.c.task_id == tasks.c.id)
        held = of_study.where(study_tasks.c.study_id == study_id).subquery()
        return {"dataset_ids": ids(held.c.dataset_id, held), "task_ids": ids(held.c.id, held)}
    joined = (
        select(runs.c.id, runs.c.task_id, runs.c.setup_id, setups.c.flow_id, tasks.c.dataset_id)
        .join(study_runs, study_runs.c.run_id == runs.c.id)
        .join(setups, runs.c.setup_id == setups.c.id)
        .join(tasks, runs.c.task_id == tasks.c.id)
        .where(study_runs.c.study_id == study_id)
        .subquery()
    )
    return {
        "dataset_ids": ids(joined.c.dataset_id, joined),
        "task_ids": ids(joined.c.task_id, joined),
        "flow_ids": ids(joined.c.flow_id, joined),
        "setup_ids": ids(joined.c.setup_id, joined),
        "run_ids": ids(joined.c.id, joined),
    }


def _listed(filters: Mapping[str, Any]) -> Iterator[Condition]:
    yield true()
    status = filters.get("status", "active")
    if status != "all":
        yield studies.c.status == status
    if "main_entity_type" in filters:
        yield studies.c.main_entity_type == filters["main_entity_type"]
    if "uploader" in filters:
        yield studies.c.uploader_id.in_(filters["uploader"])
    if "benchmark_suite" in filters:
        yield studies.c.benchmark_suite_id == filters["benchmark_suite"]


def summaries(connection: Connection, filters: Mapping[str, Any]) -> tuple[StudySummary, ...]:
    """The studies that match all filters of ``study/list``, by id; active ones unless told."""
    statement = select(studies).where(and_(*_listed(filters))).order_by(studies.c.id)
    return tuple(_summary(row) for row in connection.execute(page(statement, filters)))


def runs_of(study_id: int) -> Select[tuple[int]]:
    """Select the runs of a study."""
    return select(study_runs.c.run_id).where(study_runs.c.study_id == study_id)
