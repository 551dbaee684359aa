"""Evaluations: the values of measures for runs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    FromClause,
    Row,
    Select,
    Table,
    and_,
    asc,
    case,
    delete,
    desc,
    func,
    insert,
    select,
)

from openml_client.model.evaluation import Evaluation
from openml_client.model.run import RunEvaluation
from openml_client.registry.store import setups as setup_store
from openml_client.registry.store.rows import Condition, finite, grouped, page
from openml_client.registry.store.run_filters import matching, sorting
from openml_client.registry.store.schema import (
    datasets,
    evaluations,
    flows,
    fold_evaluations,
    runs,
    sample_evaluations,
    setups,
    tasks,
)
from openml_client.registry.vocabulary import measures

ENGINE_ID = 1
"""Lists name the engine that computed a value, and there is one."""


def add(connection: Connection, run_id: int, found: Sequence[RunEvaluation]) -> None:
    """Store the values of a run: of all predictions, of each fold and of each sample."""
    rows: dict[Table, list[dict[str, Any]]] = {}
    for item in found:
        row = {
            "run_id": run_id,
            "measure": item.measure,
            "value": finite(item.value),
            "per_class": None if item.per_class is None else [*map(finite, item.per_class)],
            "array_text": item.array_text,
        }
        table = _table_of(item)
        if table is evaluations:
            row["stdev"] = item.stdev
        else:
            row |= {"repeat": item.repeat, "fold": item.fold}
        if table is sample_evaluations:
            row["sample"] = item.sample
        rows.setdefault(table, []).append(row)
    for table, values in rows.items():
        connection.execute(insert(table), values)


def forget(connection: Connection, run_id: int) -> None:
    """Delete all values of a run."""
    for table in (evaluations, fold_evaluations, sample_evaluations):
        connection.execute(delete(table).where(table.c.run_id == run_id))


def _table_of(item: RunEvaluation) -> Table:
    if item.repeat is None:
        return evaluations
    return fold_evaluations if item.sample is None else sample_evaluations


def _per_class(values: Sequence[float | None] | None) -> tuple[float, ...] | None:
    return None if values is None else tuple(math.nan if v is None else v for v in values)


def of_run(connection: Connection, run_id: int) -> tuple[RunEvaluation, ...]:
    """The values of a run in the server's order: of all predictions, then fold by fold."""
    of_all = connection.execute(select(evaluations).where(evaluations.c.run_id == run_id))
    per_fold = connection.execute(
        select(fold_evaluations)
        .where(fold_evaluations.c.run_id == run_id)
        .order_by(fold_evaluations.c.repeat, fold_evaluations.c.fold)
    )
    return tuple(
        RunEvaluation(
            measure=row.measure,
            value=row.value,
            per_class=_per_class(row.per_class),
            array_text=row.array_text,
            repeat=repeat,
            fold=fold,
        )
        for row, repeat, fold in (
            *((row, None, None) for row in sorted(of_all, key=_place)),
            *((row, row.repeat, row.fold) for row in sorted(per_fold, key=_name)),
        )
    )


def _name(row: Row[Any]) -> str:
    """The measure of a fold: the server sorts those by their names, and the others by ids."""
    return str(row.measure)


def _place(row: Row[Any]) -> int:
    """Place of the row's measure in the server's order."""
    return measures().get(row.measure, len(measures()))


def listed(
    connection: Connection, filters: Mapping[str, Any], *, with_parameters: bool
) -> tuple[Evaluation, ...]:
    """The evaluations that match all filters of ``evaluation/list``.

    They are sorted by setup, task, run and the measure's place in ``run/ID``, and by value before
    that if it is asked for.
    """
    per_fold = filters.get("per_fold", False)
    statement = _per_fold(filters) if per_fold else _of_all(filters)
    rows = connection.execute(page(statement, filters)).all()
    fold_values = _fold_values(connection, rows) if per_fold else {}
    setup_ids = {row.setup_id for row in rows} if with_parameters else set()
    parameters = setup_store.parameters_of(connection, setup_ids)
    return tuple(
        Evaluation(
            run_id=row.run_id,
            task_id=row.task_id,
            setup_id=row.setup_id,
            flow_id=row.flow_id,
            flow_name=f"{row.flow_name}({row.flow_version})",
            dataset_id=row.dataset_id,
            dataset_name=row.dataset_name,
            measure=row.measure,
            value=None if per_fold else row.value,
            per_class=None if per_fold else _per_class(row.per_class),
            array_text=None if per_fold else row.array_text,
            per_fold=fold_values.get((row.run_id, row.measure)),
            engine_id=ENGINE_ID,
            uploader_id=row.uploader_id,
            uploaded_at=row.uploaded_at,
            parameters=parameters.get(row.setup_id, ()),
        )
        for row in rows
    )


_OF_RUNS = (
    runs.c.task_id,
    runs.c.setup_id,
    runs.c.uploader_id,
    runs.c.uploaded_at,
    setups.c.flow_id,
    flows.c.name.label("flow_name"),
    flows.c.version.label("flow_version"),
    tasks.c.dataset_id,
    datasets.c.name.label("dataset_name"),
)
"""What a list tells of the run that a value belongs to."""


def _joined(table: Table, filters: Mapping[str, Any]) -> FromClause:
    # A sum is in no index, so the database can't look runs up by evaluations: it finds the runs
    # first, which an index has in the order of the list, and stops when it has a page.  Where
    # values give the order it may start from them, and groups it must have read as a whole.
    is_of_runs = table is evaluations and "sort_order" not in filters
    run_id = runs.c.id + 0 if is_of_runs else runs.c.id
    return (
        table.join(runs, table.c.run_id == run_id)
        .join(setups, runs.c.setup_id == setups.c.id)
        .join(flows, setups.c.flow_id == flows.c.id)
        .join(tasks, runs.c.task_id == tasks.c.id)
        .outerjoin(datasets, tasks.c.dataset_id == datasets.c.id)
    )


def _conditions(table: Table, filters: Mapping[str, Any]) -> Iterator[Condition]:
    yield from matching(filters)
    if "function" in filters:
        yield table.c.measure == filters["function"]


def _of_all(filters: Mapping[str, Any]) -> Select[Any]:
    table = evaluations
    return (
        select(
            table.c.run_id,
            table.c.measure,
            table.c.value,
            table.c.per_class,
            table.c.array_text,
            *_OF_RUNS,
        )
        .select_from(_joined(table, filters))
        .where(and_(True, *_conditions(table, filters)))
        .order_by(*_order(table, table.c.value, filters))
    )


def _per_fold(filters: Mapping[str, Any]) -> Select[Any]:
    table = fold_evaluations
    return (
        select(table.c.run_id, table.c.measure, *_OF_RUNS)
        .select_from(_joined(table, filters))
        .where(and_(True, *_conditions(table, filters)))
        .group_by(table.c.run_id, table.c.measure, *_OF_RUNS)
        .order_by(*_order(table, func.avg(table.c.value), filters))
    )


def _order(table: Table, value: Any, filters: Mapping[str, Any]) -> Iterator[Any]:
    if "sort_order" in filters:
        yield asc(value) if filters["sort_order"] == "asc" else desc(value)
    yield from sorting(filters)
    if "function" not in filters:
        yield case(measures(), value=table.c.measure, else_=len(measures()))
        yield table.c.measure


def _fold_values(
    connection: Connection, rows: Sequence[Row[Any]]
) -> Mapping[tuple[int, str], tuple[float, ...]]:
    """The values of each run and measure, repeat after repeat."""
    table = fold_evaluations
    found = connection.execute(
        select(table.c.run_id, table.c.measure, table.c.value)
        .where(
            table.c.run_id.in_({row.run_id for row in rows}),
            table.c.measure.in_({row.measure for row in rows}),
        )
        .order_by(table.c.run_id, table.c.repeat, table.c.fold)
    )
    return {
        (run_id, measure): tuple(math.nan if row.value is None else row.value for row in values)
        for run_id, group in grouped(found, "run_id").items()
        for measure, values in _by_measure(group).items()
    }


def _by_measure(rows: Sequence[Row[Any]]) -> Mapping[str, list[Row[Any]]]:
    groups: dict[str, list[Row[Any]]] = {}
    for row in rows:
        groups.setdefault(row.measure, []).append(row)
    return groups
