"""What the real server held before the recording began, as far as the recording shows it.

The recorder's server came with datasets, tasks and flows of its own.  They are put into the
registry's database as the recorded lists tell of them; their data files are not known.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert, text

from openml_client.model.dataset import Dataset
from openml_client.registry import Registry
from openml_client.registry.store import schema, users
from openml_client.registry.store.users import Group
from openml_client.wire import xml
from openml_client.wire.route import Route
from openml_client.wire.routes import every as routes

from .transcripts import load, names

RECORDED_AT = datetime(2026, 11, 23, tzinfo=UTC)

USERS = {
    1: ("Admin One", Group.ADMIN, "0123456789abcdef0123456789abcdef"),
    2: ("User Two", Group.NORMAL, "00112233445566778899aabbccddeeff"),
    16: ("Dana Sixteen", Group.NORMAL, "da1a0000000000000000000000000000"),
    17: ("Reader", Group.READ_ONLY, "5000000000000000000000000000beef"),
}
"""The recorder's users and keys, which open nothing else."""

NEXT_IDS = {
    "datasets": 132,
    "files": 132,
    "tasks": 1306,
    "flows": 16,
    "flow_parameters": 177,
    "studies": 2,
}
"""Ids of what was published first during the recording."""

SEED_TAGS = {
    schema.dataset_tags: ("dataset_id", 1, ("study_14",)),
    schema.task_tags: ("task_id", 1, ("OpenML100",)),
    schema.flow_tags: ("flow_id", 1, ("OpenmlWeka", "weka")),
}
"""Tags that recorded lists of tags show; of what, they don't say but for the task's."""


def prepare(registry: Registry, shared: Path) -> None:
    """Bring an empty registry into the state in which the recording began."""
    with registry.store.write() as connection:
        _add_users(connection)
        _add_datasets(connection, shared)
        _add_tasks(connection, shared)
        _add_flows(connection, shared)
        _add_study(connection, shared)
        for table, (column, id_, tags) in SEED_TAGS.items():
            rows = [
                {column: id_, "tag": tag, "uploader_id": 1, "tagged_at": RECORDED_AT}
                for tag in tags
            ]
            connection.execute(insert(table), rows)
    for name, next_id in NEXT_IDS.items():
        move_ids(registry, name, next_id)


def _add_users(connection: Connection) -> None:
    others = {id_: (f"user {id_}", Group.NORMAL, f"{id_:032x}") for id_ in (64, 94, 402, 874)}
    for id_, (name, group, key) in (USERS | others).items():
        if id_ == 1:
            users.set_key(connection, id_, key)
            table = schema.users
            connection.execute(table.update().where(table.c.id == id_).values(name=name))
            continue
        user = users.add(connection, name, group=group, key=key)
        table = schema.users
        connection.execute(table.update().where(table.c.id == user.id).values(id=id_))


def listed(shared: Path, route: Route, pattern: str) -> dict[int, Any]:
    """All rows that recorded lists in XML tell of, by id."""
    rows: dict[int, Any] = {}
    for folder in (shared / "golden", shared / "golden_openml_python"):
        for name in names(folder, f".*{pattern}.*"):
            body = load(folder, name).response.body
            if body.lstrip().startswith(f"<oml:{route.response.root} ".encode()):
                rows |= {row.id: row for row in xml.read(route.response, body, source=name)}
    return rows


def _add_datasets(connection: Connection, shared: Path) -> None:
    body = load(shared / "golden", "no_format_segment").response.body
    first: Dataset = xml.read(routes.DATASET_GET.response, body, source="dataset 1")
    known = listed(shared, routes.DATASET_LIST, "data_list")
    # No list shows 130; the next iris became version 3, so it was a version that is not public.
    known[130] = replace(known[128], id=130, version=2)
    for id_ in sorted(id_ for id_ in known if id_ < NEXT_IDS["datasets"]):
        row = known[id_]
        told = vars(first) if id_ == 1 else {}
        is_known = bool(told)
        connection.execute(
            insert(schema.files).values(
                id=id_,
                name=f"{row.name}.{row.format.lower()}",
                content_type="text/plain",
                url=first.url if is_known else "https://example.org/unknown.arff",
                md5=told.get("md5_checksum"),
                is_private=False,
                uploader_id=row.uploader_id,
                created_at=RECORDED_AT,
            )
        )
        values = {
            "id": id_,
            "name": row.name,
            "version": row.version,
            "description": told.get("description"),
            "description_version": 1,
            "format": row.format,
            "creators": list(told.get("creators", ())),
            "contributors": list(told.get("contributors", ())),
            "collection_date": told.get("collection_date"),
            "language": told.get("language"),
            "licence": told.get("licence"),
            "default_target_attribute": told.get("default_target_attribute", "class"),
            "row_id_attribute": told.get("row_id_attribute"),
            "ignore_attributes": list(told.get("ignore_attributes", ())),
            "version_label": told.get("version_label"),
            "citation": told.get("citation"),
            "visibility": "private" if id_ == 130 else "public",
            "original_data_url": told.get("original_data_url"),
            "paper_url": told.get("paper_url"),
            "file_id": id_,
            "uploader_id": row.uploader_id,
            "uploaded_at": RECORDED_AT,
            "status": row.status,
        }
        connection.execute(insert(schema.datasets).values(values))


def _add_tasks(connection: Connection, shared: Path) -> None:
    known = listed(shared, routes.TASK_LIST, "task_list")
    for id_ in (3, 4):  # no list shows them, and their neighbours leave no doubt
        inputs = {**known[2].inputs, "estimation_procedure": str(id_)}
        known[id_] = replace(known[2], id=id_, inputs=inputs)
    for id_ in sorted(id_ for id_ in known if id_ < NEXT_IDS["tasks"]):
        row = known[id_]
        connection.execute(
            insert(schema.tasks).values(
                id=id_,
                type_id=row.type_id,
                dataset_id=row.dataset_id,
                inputs_hash=f"earlier {id_}",
                uploader_id=1,
                uploaded_at=RECORDED_AT,
            )
        )
        inputs = [{"task_id": id_, "name": n, "value": v} for n, v in row.inputs.items()]
        connection.execute(insert(schema.task_inputs), inputs)


def _add_flows(connection: Connection, shared: Path) -> None:
    known = listed(shared, routes.FLOW_LIST, "flow_list")
    for id_ in sorted(id_ for id_ in known if id_ < NEXT_IDS["flows"]):
        row = known[id_]
        connection.execute(
            insert(schema.flows).values(
                id=id_,
                name=row.name,
                version=row.version,
                external_version=row.external_version,
                creators=[],
                contributors=[],
                uploader_id=row.uploader_id,
                uploaded_at=RECORDED_AT,
            )
        )


def _add_study(connection: Connection, shared: Path) -> None:
    body = load(shared / "golden", "study_list").response.body
    for row in xml.read(routes.STUDY_LIST.response, body, source="study_list"):
        connection.execute(
            insert(schema.studies).values(
                id=row.id,
                alias=row.alias,
                main_entity_type=row.main_entity_type,
                name=row.name,
                status=row.status,
                uploader_id=row.uploader_id,
                created_at=row.created_at,
            )
        )


def move_ids(registry: Registry, table: Table | str, next_id: int) -> None:
    """Give this id to the next row of a table."""
    values = {"table": str(table), "last": next_id - 1}
    with registry.store.write() as connection:
        connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :table"), values)
        connection.execute(text("INSERT INTO sqlite_sequence VALUES (:table, :last)"), values)
