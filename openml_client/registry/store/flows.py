"""Flows with their parameters and components."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, and_, func, insert, select, true

from openml_client.model.flow import Flow, FlowComponent, FlowDraft, FlowParameter, FlowSummary
from openml_client.registry.store.clock import now
from openml_client.registry.store.rows import Condition, add_tags, new_id, page, tagged, tags_of
from openml_client.registry.store.schema import (
    files,
    flow_components,
    flow_parameters,
    flow_tags,
    flows,
)

FileAddress = Callable[[int, str], str]
"""Address of a file by its id and name; only who serves the file can tell it."""


def add(
    connection: Connection,
    draft: FlowDraft,
    *,
    uploader_id: int,
    source_file_id: int | None = None,
    binary_file_id: int | None = None,
) -> int:
    """Store a flow; ask `find_id` before, within the same write.

    Components that are there already are linked, not stored again: their parameters stay as
    they are.
    """
    statement = insert(flows).values(
        **columns_of(draft),
        version=next_version(connection, draft.name),
        source_file_id=source_file_id,
        binary_file_id=binary_file_id,
        uploader_id=uploader_id,
        uploaded_at=now(),
    )
    flow_id = new_id(connection, statement)
    add_parameters(connection, flow_id, draft.parameters)
    add_tags(connection, flow_tags, flow_id, draft.tags, uploader_id=uploader_id)
    for position, component in enumerate(draft.components):
        part = component.flow
        part_id = find_id(connection, part.name, part.external_version or "")
        if part_id is None:
            part_id = add(connection, part, uploader_id=uploader_id)
        connection.execute(
            insert(flow_components).values(
                parent_id=flow_id,
                position=position,
                identifier=component.identifier,
                flow_id=part_id,
            )
        )
    return flow_id


def next_version(connection: Connection, name: str) -> int:
    """The version that the next flow of a name gets."""
    last = connection.scalar(select(func.max(flows.c.version)).where(flows.c.name == name))
    return (last or 0) + 1


def columns_of(flow: FlowDraft | Flow) -> dict[str, Any]:
    """What is said of a flow, by the columns that hold it."""
    return {
        "name": flow.name,
        "external_version": flow.external_version or "",
        "custom_name": flow.custom_name,
        "class_name": flow.class_name,
        "description": flow.description,
        "creators": list(flow.creators),
        "contributors": list(flow.contributors),
        "licence": flow.licence,
        "language": flow.language,
        "full_description": flow.full_description,
        "installation_notes": flow.installation_notes,
        "dependencies": flow.dependencies,
        "source_format": flow.source_format,
        "binary_format": flow.binary_format,
    }


def add_parameters(
    connection: Connection, flow_id: int, parameters: Iterable[FlowParameter]
) -> None:
    """Store the parameters of a flow; of several of one name the last counts."""
    rows = [
        {
            "flow_id": flow_id,
            "name": parameter.name,
            "data_type": parameter.data_type,
            "default_value": parameter.default_value,
            "description": parameter.description,
            "recommended_range": parameter.recommended_range,
        }
        for parameter in {parameter.name: parameter for parameter in parameters}.values()
    ]
    if rows:
        connection.execute(insert(flow_parameters), rows)


def find_id(connection: Connection, name: str, external_version: str) -> int | None:
    """Id of the flow of this identity, or None."""
    return connection.scalar(
        select(flows.c.id).where(flows.c.name == name, flows.c.external_version == external_version)
    )


def exists(connection: Connection, flow_id: int) -> bool:
    """Whether there is a flow with this id."""
    return connection.scalar(select(flows.c.id).where(flows.c.id == flow_id)) is not None


def find(connection: Connection, flow_id: int, *, address: FileAddress) -> Flow | None:
    """The flow with all flows inside it, or None."""
    source, binary = files.alias("source"), files.alias("binary")
    row = connection.execute(
        select(
            flows,
            source.c.name.label("source_name"),
            source.c.md5.label("source_md5"),
            binary.c.name.label("binary_name"),
            binary.c.md5.label("binary_md5"),
        )
        .outerjoin(source, flows.c.source_file_id == source.c.id)
        .outerjoin(binary, flows.c.binary_file_id == binary.c.id)
        .where(flows.c.id == flow_id)
    ).first()
    if row is None:
        return None
    source_id, binary_id = row.source_file_id, row.binary_file_id
    return replace(
        _flow(row),
        parameters=_parameters(connection, flow_id),
        components=tuple(_components(connection, flow_id, address)),
        tags=tags_of(connection, flow_tags, flow_id),
        source_url=None if source_id is None else address(source_id, row.source_name),
        binary_url=None if binary_id is None else address(binary_id, row.binary_name),
    )


def _flow(row: Row[Any]) -> Flow:
    return Flow(
        id=row.id,
        uploader_id=row.uploader_id,
        name=row.name,
        custom_name=row.custom_name,
        class_name=row.class_name,
        version=row.version,
        external_version=row.external_version or None,
        description=row.description,
        creators=tuple(row.creators),
        contributors=tuple(row.contributors),
        uploaded_at=row.uploaded_at,
        licence=row.licence,
        language=row.language,
        full_description=row.full_description,
        installation_notes=row.installation_notes,
        dependencies=row.dependencies,
        source_format=row.source_format,
        binary_format=row.binary_format,
        source_md5=row.source_md5,
        binary_md5=row.binary_md5,
    )


def _parameters(connection: Connection, flow_id: int) -> tuple[FlowParameter, ...]:
    """The parameters of one flow, sorted by name."""
    rows = connection.execute(
        select(flow_parameters)
        .where(flow_parameters.c.flow_id == flow_id)
        .order_by(flow_parameters.c.name)
    )
    return tuple(
        FlowParameter(
            name=row.name,
            data_type=row.data_type,
            default_value=row.default_value,
            description=row.description,
            recommended_range=row.recommended_range,
        )
        for row in rows
    )


def _components(
    connection: Connection, flow_id: int, address: FileAddress
) -> Iterator[FlowComponent]:
    """The components of one flow, sorted by their ids, as the server does."""
    rows = connection.execute(
        select(flow_components.c.identifier, flow_components.c.flow_id)
        .where(flow_components.c.parent_id == flow_id)
        .order_by(flow_components.c.flow_id, flow_components.c.position)
    ).all()
    for row in rows:
        flow = find(connection, row.flow_id, address=address)
        if flow is not None:
            yield FlowComponent(identifier=row.identifier, flow=flow)


def parameter_ids(connection: Connection, flow_id: int) -> Mapping[tuple[int, str], int]:
    """Ids of the parameters of a flow and of all flows inside it, by flow id and name."""
    inside = select(flows.c.id.label("flow_id")).where(flows.c.id == flow_id)
    tree = inside.cte("tree", recursive=True)
    tree = tree.union(
        select(flow_components.c.flow_id).join(tree, flow_components.c.parent_id == tree.c.flow_id)
    )
    rows = connection.execute(
        select(flow_parameters.c.id, flow_parameters.c.flow_id, flow_parameters.c.name).join(
            tree, flow_parameters.c.flow_id == tree.c.flow_id
        )
    )
    return {(row.flow_id, row.name): row.id for row in rows}


def _listed(filters: Mapping[str, Any]) -> Iterator[Condition]:
    yield true()
    if "uploader" in filters:
        yield flows.c.uploader_id == filters["uploader"]
    if "tag" in filters:
        yield flows.c.id.in_(tagged(flow_tags, filters["tag"]))


def summaries(connection: Connection, filters: Mapping[str, Any]) -> tuple[FlowSummary, ...]:
    """The flows that match all filters of ``flow/list``, by id."""
    rows = connection.execute(
        page(
            select(
                flows.c.id,
                flows.c.name,
                flows.c.version,
                flows.c.external_version,
                flows.c.uploader_id,
            )
            .where(and_(*_listed(filters)))
            .order_by(flows.c.id),
            filters,
        )
    )
    return tuple(
        FlowSummary(
            id=row.id,
            full_name=f"{row.name}({row.version})",
            name=row.name,
            version=row.version,
            external_version=row.external_version,
            uploader_id=row.uploader_id,
        )
        for row in rows
    )
