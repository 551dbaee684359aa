"""Flows of other registries, with all flows inside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, insert, select

from openml_client.model.flow import Flow
from openml_client.registry.importing import files as imported_files
from openml_client.registry.importing import users as imported_users
from openml_client.registry.importing.base import conflict
from openml_client.registry.importing.files import ImportedFile
from openml_client.registry.store import flows as store
from openml_client.registry.store.clock import now
from openml_client.registry.store.rows import add_tags
from openml_client.registry.store.schema import flow_components, flow_tags, flows
from openml_client.registry.store.users import OWNER_ID

Files = Mapping[tuple[int, str], ImportedFile]
"""Files by the flow's id and their kind, ``source`` or ``binary``."""


def is_here(connection: Connection, flow: Flow) -> bool:
    """Whether the flow is in this registry.

    Raises
    ------
    RegistryError
        If its id is another flow's.
    """
    row = connection.execute(
        select(flows.c.name, flows.c.external_version).where(flows.c.id == flow.id)
    ).first()
    if row is None:
        return False
    if (row.name, row.external_version) != (flow.name, flow.external_version or ""):
        raise conflict(
            f"flow {flow.id}",
            here=_named(row.name, row.external_version),
            source=_named(flow.name, flow.external_version),
        )
    return True


def _named(name: str, external_version: str | None) -> str:
    return f"{name!r} of the external version {external_version or ''!r}"


def add(connection: Connection, flow: Flow, files: Files) -> None:
    """Store a flow and those inside it that are missing; ask `is_here` before.

    Raises
    ------
    RegistryError
        If its name and external version are another flow's, or a component's id is.
    """
    for component in flow.components:
        if not is_here(connection, component.flow):
            add(connection, component.flow, files)
    known = store.find_id(connection, flow.name, flow.external_version or "")
    if known is not None:
        what = _named(flow.name, flow.external_version)
        raise conflict(what, here=f"flow {known}", source=f"flow {flow.id}")
    _add_one(connection, flow, files)
    # Their ids are told by setups only: `importing.setups` corrects what is given here.
    store.add_parameters(connection, flow.id, flow.parameters)
    add_tags(connection, flow_tags, flow.id, flow.tags, uploader_id=OWNER_ID)
    _link(connection, flow)


def _add_one(connection: Connection, flow: Flow, files: Files) -> None:
    uploader_id = imported_users.keep(connection, flow.uploader_id)
    ids = {
        f"{kind}_file_id": imported_files.keep(connection, file, uploader_id=uploader_id)
        for (flow_id, kind), file in files.items()
        if flow_id == flow.id
    }
    connection.execute(
        insert(flows).values(
            id=flow.id,
            **store.columns_of(flow),
            version=flow.version or store.next_version(connection, flow.name),
            uploader_id=uploader_id,
            uploaded_at=flow.uploaded_at or now(),
            **ids,
        )
    )


def _link(connection: Connection, flow: Flow) -> None:
    rows = [
        {
            "parent_id": flow.id,
            "position": position,
            "identifier": component.identifier,
            "flow_id": component.flow.id,
        }
        for position, component in enumerate(flow.components)
    ]
    if rows:
        connection.execute(insert(flow_components), rows)


def missing(connection: Connection, flow: Flow) -> Iterable[Flow]:
    """The flow and those inside it that are not here, each once.

    Raises
    ------
    RegistryError
        If the id of one is another flow's.
    """
    parts = {part.id: part for _, part in flow.walk()}
    return [part for part in parts.values() if not is_here(connection, part)]
