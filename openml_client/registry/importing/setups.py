"""Setups of other registries; they alone tell the ids of parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from openml_client.model.run import Run
from openml_client.model.setup import Setup, SetupParameter
from openml_client.registry.importing.base import conflict, require
from openml_client.registry.store import setups as store
from openml_client.registry.store.rows import new_id, stable_hash
from openml_client.registry.store.schema import flow_parameters, flows, setup_settings, setups


def is_here(connection: Connection, setup: Setup) -> bool:
    """Whether the setup is in this registry.

    Raises
    ------
    RegistryError
        If its id is that of a setup of another flow, or with other values.
    """
    here = store.find(connection, setup.id)
    if here is None:
        return False
    if here.flow_id != setup.flow_id or _values(here) != _values(setup):
        raise conflict(f"setup {setup.id}", here=repr(here), source=repr(setup))
    return True


def _values(setup: Setup) -> Mapping[tuple[int, str], str]:
    return {(p.flow_id, p.name): p.value or "" for p in setup.parameters}


def add(connection: Connection, setup: Setup) -> None:
    """Store a setup; ask `is_here` before, within the same write.

    Raises
    ------
    RegistryError
        If its flow is not here, or the id of one of its parameters is another's.
    """
    for flow_id in dict.fromkeys((setup.flow_id, *(p.flow_id for p in setup.parameters))):
        require(connection, flows, flow_id, why=f"setup {setup.id} is of flow")
    for parameter in setup.parameters:
        _keep_parameter(connection, parameter)
    settings = {p.id: p.value or "" for p in setup.parameters}
    _insert(connection, setup.id, setup.flow_id, settings)


def add_from_run(connection: Connection, run: Run) -> int:
    """Id of the setup of a run, made of the run's own settings if it is not here.

    For servers that have lost the setup: the run tells the names of the parameters, not their
    ids, which are those of this registry.

    Raises
    ------
    RegistryError
        If a flow of the settings is not here.
    """
    if run.setup_id is not None and store.find(connection, run.setup_id) is not None:
        return run.setup_id
    settings: dict[int, str] = {}
    for item in run.settings:
        flow_id = item.component_id or run.flow_id
        require(connection, flows, flow_id, why=f"run {run.id} sets {item.name!r} of flow")
        row = _find_parameter(connection, flow_id, item.name)
        named = {"flow_id": flow_id, "name": item.name}
        parameter_id = _insert_parameter(connection, named) if row is None else row.id
        settings[parameter_id] = item.value or ""
    if run.setup_id is None:
        return store.find_or_add(connection, run.flow_id, settings, setup_string=None)
    _insert(connection, run.setup_id, run.flow_id, settings)
    return run.setup_id


def _insert(connection: Connection, setup_id: int, flow_id: int, settings: store.Settings) -> None:
    wanted = store.hash_of(settings)
    if store.find_same(connection, flow_id, settings) is not None:
        # Servers have several setups of the same values; look-ups find the first of them.
        wanted = stable_hash([wanted, setup_id])
    connection.execute(insert(setups).values(id=setup_id, flow_id=flow_id, settings_hash=wanted))
    rows = [
        {"setup_id": setup_id, "parameter_id": parameter_id, "value": value}
        for parameter_id, value in settings.items()
    ]
    if rows:
        connection.execute(insert(setup_settings), rows)


def _keep_parameter(connection: Connection, parameter: SetupParameter) -> None:
    """Give a parameter the id that it has at the source.

    A parameter that no setup names yet may have any id, as nobody can have seen it: it makes
    room for one whose id is told.
    """
    row = _find_parameter(connection, parameter.flow_id, parameter.name)
    if row is not None and row.id == parameter.id:
        return
    told = f"{parameter.name!r} of flow {parameter.flow_id}"
    other = connection.execute(
        select(flow_parameters).where(flow_parameters.c.id == parameter.id)
    ).first()
    if other is not None:
        if _is_seen(connection, other.id):
            here = f"{other.name!r} of flow {other.flow_id}"
            raise conflict(f"parameter {parameter.id}", here=here, source=told)
        _move(connection, other, None)
    if row is not None:
        if _is_seen(connection, row.id):
            here, there = f"parameter {row.id}", f"parameter {parameter.id}"
            raise conflict(told, here=here, source=there)
        _move(connection, row, parameter.id)
        return
    values = {"flow_id": parameter.flow_id, "name": parameter.name}
    described = {"data_type": parameter.data_type, "default_value": parameter.default_value}
    _insert_parameter(connection, {**values, **described, "id": parameter.id})


def _find_parameter(connection: Connection, flow_id: int, name: str) -> Row[Any] | None:
    return connection.execute(
        select(flow_parameters).where(
            flow_parameters.c.flow_id == flow_id, flow_parameters.c.name == name
        )
    ).first()


def _is_seen(connection: Connection, parameter_id: int) -> bool:
    """Whether a setup names the parameter."""
    uses = select(setup_settings.c.setup_id).where(setup_settings.c.parameter_id == parameter_id)
    return connection.scalar(uses.limit(1)) is not None


def _move(connection: Connection, row: Row[Any], parameter_id: int | None) -> None:
    """Give a parameter another id, without one the next that is free."""
    connection.execute(delete(flow_parameters).where(flow_parameters.c.id == row.id))
    values = {name: value for name, value in row._mapping.items() if name != "id"}
    _insert_parameter(
        connection, values if parameter_id is None else {**values, "id": parameter_id}
    )


def _insert_parameter(connection: Connection, values: Mapping[str, Any]) -> int:
    return new_id(connection, insert(flow_parameters).values(values))
