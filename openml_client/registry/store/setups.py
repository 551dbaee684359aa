"""Setups: a flow with the values of its parameters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Select, and_, delete, insert, select, true

from openml_client.model.setup import Setup, SetupParameter
from openml_client.registry.store.rows import (
    Condition,
    grouped,
    new_id,
    page,
    stable_hash,
    tagged,
)
from openml_client.registry.store.schema import (
    flow_parameters,
    flows,
    setup_differences,
    setup_settings,
    setup_tags,
    setups,
)
from openml_client.wire.setup import SetupDifference

Settings = Mapping[int, str]
"""Values by the ids of the parameters."""


def find_same(connection: Connection, flow_id: int, settings: Settings) -> int | None:
    """Id of the setup of this flow with exactly these values, or None."""
    return connection.scalar(
        select(setups.c.id).where(
            setups.c.flow_id == flow_id, setups.c.settings_hash == hash_of(settings)
        )
    )


def find_or_add(
    connection: Connection, flow_id: int, settings: Settings, *, setup_string: str | None
) -> int:
    """Id of the setup of this flow with exactly these values; it is stored if it is new."""
    known = find_same(connection, flow_id, settings)
    if known is not None:
        return known
    statement = insert(setups).values(
        flow_id=flow_id, settings_hash=hash_of(settings), setup_string=setup_string
    )
    setup_id = new_id(connection, statement)
    rows = [
        {"setup_id": setup_id, "parameter_id": parameter_id, "value": value}
        for parameter_id, value in settings.items()
    ]
    if rows:
        connection.execute(insert(setup_settings), rows)
    return setup_id


def hash_of(settings: Settings) -> str:
    """Hash by which the same values are found again."""
    return stable_hash(sorted(settings.items()))


def find(connection: Connection, setup_id: int) -> Setup | None:
    """The setup, or None."""
    found = _setups(connection, select(setups.c.id).where(setups.c.id == setup_id))
    return found[0] if found else None


def listed(connection: Connection, filters: Mapping[str, Any]) -> tuple[Setup, ...]:
    """The setups that match all filters of ``setup/list``, by id."""
    wanted = select(setups.c.id).where(and_(*_conditions(filters))).order_by(setups.c.id)
    return _setups(connection, page(wanted, filters))


def with_values(connection: Connection, flow_id: int, settings: Settings) -> tuple[Setup, ...]:
    """The setups of a flow that have these values, and maybe others, by id."""
    wanted = select(setups.c.id).where(setups.c.flow_id == flow_id).order_by(setups.c.id)
    for parameter_id, value in settings.items():
        having = select(setup_settings.c.setup_id).where(
            setup_settings.c.parameter_id == parameter_id, setup_settings.c.value == value
        )
        wanted = wanted.where(setups.c.id.in_(having))
    return _setups(connection, wanted)


def differences(
    connection: Connection, a: int | None, b: int | None, *, task_id: int | None
) -> tuple[SetupDifference, ...]:
    """In how many predictions two setups differ, on all tasks or one, by task."""
    table = setup_differences
    statement = select(table).where(table.c.setup_a == a, table.c.setup_b == b)
    if task_id is not None:
        statement = statement.where(table.c.task_id == task_id)
    rows = connection.execute(statement.order_by(table.c.task_id))
    return tuple(SetupDifference(**row._mapping) for row in rows)


def keep_difference(connection: Connection, found: SetupDifference) -> None:
    """Store in how many predictions two setups differ on a task, in place of what was there."""
    table = setup_differences
    connection.execute(
        delete(table).where(
            table.c.setup_a == found.setup_a,
            table.c.setup_b == found.setup_b,
            table.c.task_id == found.task_id,
        )
    )
    connection.execute(insert(table).values(vars(found)))


def _conditions(filters: Mapping[str, Any]) -> Iterator[Condition]:
    yield true()
    if "flow" in filters:
        yield setups.c.flow_id.in_(filters["flow"])
    if "setup" in filters:
        yield setups.c.id.in_(filters["setup"])
    if "tag" in filters:
        yield setups.c.id.in_(tagged(setup_tags, filters["tag"]))


def _setups(connection: Connection, wanted: Select[Any]) -> tuple[Setup, ...]:
    rows = connection.execute(
        select(setups.c.id, setups.c.flow_id).where(setups.c.id.in_(wanted)).order_by(setups.c.id)
    ).all()
    parameters = parameters_of(connection, wanted)
    return tuple(
        Setup(id=row.id, flow_id=row.flow_id, parameters=parameters.get(row.id, ())) for row in rows
    )


def parameters_of(
    connection: Connection, setup_ids: Select[Any] | Iterable[int]
) -> Mapping[int, tuple[SetupParameter, ...]]:
    """The values of each of these setups, by the ids of the parameters."""
    rows = connection.execute(
        select(
            setup_settings.c.setup_id,
            setup_settings.c.value,
            flow_parameters.c.id,
            flow_parameters.c.flow_id,
            flow_parameters.c.name,
            flow_parameters.c.data_type,
            flow_parameters.c.default_value,
            flows.c.name.label("flow_name"),
            flows.c.version,
        )
        .join(flow_parameters, setup_settings.c.parameter_id == flow_parameters.c.id)
        .join(flows, flow_parameters.c.flow_id == flows.c.id)
        .where(setup_settings.c.setup_id.in_(setup_ids))
        .order_by(flow_parameters.c.id)
    )
    return {
        setup_id: tuple(
            SetupParameter(
                id=row.id,
                flow_id=row.flow_id,
                flow_name=row.flow_name,
                full_name=f"{row.flow_name}({row.version})_{row.name}",
                name=row.name,
                data_type=row.data_type,
                default_value=row.default_value,
                value=row.value,
            )
            for row in group
        )
        for setup_id, group in grouped(rows, "setup_id").items()
    }
