"""Tasks: a type and its inputs, by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, insert, select, update

from openml_client.model.task import TaskInputs, TaskSummary
from openml_client.model.task_draft import TaskDraft
from openml_client.registry.store import datasets as dataset_store
from openml_client.registry.store.clock import now
from openml_client.registry.store.rows import (
    Condition,
    add_tags,
    grouped,
    new_id,
    page,
    stable_hash,
    tagged,
    tags_of,
)
from openml_client.registry.store.schema import (
    dataset_tags,
    datasets,
    task_inputs,
    task_tags,
    tasks,
)
from openml_client.registry.store.users import User
from openml_client.registry.vocabulary import task_types

LISTED_INPUTS = frozenset(
    {
        "cost_matrix",
        "estimation_procedure",
        "evaluation_measures",
        "source_data",
        "target_feature",
        "target_value",
        "number_samples",
        "source_data_labeled",
        "target_feature_event",
        "target_feature_left",
        "target_feature_right",
        "quality_measure",
        "time_limit",
    }
)
"""What lists of tasks carry.  Source: protocol note, section 3."""

_OTHER_DATASETS = ("source_data_labeled", "source_data_list")
"""Inputs that name datasets besides ``source_data``: one by its id, several in a list."""


@dataclass(frozen=True, kw_only=True)
class StoredTask:
    """A task as it was published."""

    inputs: TaskInputs
    dataset_id: int | None
    dataset_name: str | None
    uploader_id: int
    splits_sha256: str | None
    """Blob of the splits file, once it was made."""


def add(
    connection: Connection, draft: TaskDraft, *, dataset_id: int | None, uploader_id: int
) -> int:
    """Store a task; ask `find_same` before, within the same write."""
    statement = insert(tasks).values(
        type_id=draft.type_id,
        dataset_id=dataset_id,
        inputs_hash=hash_of(draft.type_id, draft.inputs),
        uploader_id=uploader_id,
        uploaded_at=now(),
    )
    task_id = new_id(connection, statement)
    rows = [{"task_id": task_id, "name": n, "value": v} for n, v in draft.inputs.items()]
    if rows:
        connection.execute(insert(task_inputs), rows)
    add_tags(connection, task_tags, task_id, draft.tags, uploader_id=uploader_id)
    return task_id


def find_same(connection: Connection, draft: TaskDraft) -> int | None:
    """Id of the task of the same type with exactly the same inputs, or None."""
    return connection.scalar(
        select(tasks.c.id).where(tasks.c.inputs_hash == hash_of(draft.type_id, draft.inputs))
    )


def hash_of(type_id: int, inputs: Mapping[str, str]) -> str:
    """Hash by which the same task is found again."""
    return stable_hash([type_id, dict(inputs)])


def find(connection: Connection, task_id: int) -> StoredTask | None:
    """The task, or None."""
    row = connection.execute(
        select(tasks, datasets.c.name.label("dataset_name"))
        .outerjoin(datasets, tasks.c.dataset_id == datasets.c.id)
        .where(tasks.c.id == task_id)
    ).first()
    if row is None:
        return None
    inputs = connection.execute(
        select(task_inputs.c.name, task_inputs.c.value)
        .where(task_inputs.c.task_id == task_id)
        .order_by(task_inputs.c.name)
    )
    return StoredTask(
        inputs=TaskInputs(
            task_id=task_id,
            type_id=row.type_id,
            inputs={item.name: item.value for item in inputs},
            tags=tags_of(connection, task_tags, task_id),
        ),
        dataset_id=row.dataset_id,
        dataset_name=row.dataset_name,
        uploader_id=row.uploader_id,
        splits_sha256=row.splits_sha256,
    )


def use_dataset(connection: Connection, dataset_id: int) -> bool:
    """Whether a task is on this dataset, or names it in another of its inputs."""
    on_dataset = select(tasks.c.id).where(tasks.c.dataset_id == dataset_id).limit(1)
    if connection.scalar(on_dataset) is not None:
        return True
    others = select(task_inputs.c.value).where(task_inputs.c.name.in_(_OTHER_DATASETS))
    return any(
        dataset_id in map(int, re.findall(r"\d+", text)) for text in connection.scalars(others)
    )


def keep_splits(connection: Connection, task_id: int, sha256: str) -> None:
    """Remember the blob in which the splits file of a task is."""
    connection.execute(update(tasks).where(tasks.c.id == task_id).values(splits_sha256=sha256))


def _listed(filters: Mapping[str, Any], user: User | None) -> Iterator[Condition]:
    yield dataset_store.visible_to(user)
    yield from dataset_store.matching(filters)
    if "tag" in filters:
        yield tasks.c.id.in_(tagged(task_tags, filters["tag"]))
    if "data_tag" in filters:
        yield tasks.c.dataset_id.in_(tagged(dataset_tags, filters["data_tag"]))
    if "type" in filters:
        yield tasks.c.type_id == filters["type"]
    if "task_id" in filters:
        yield tasks.c.id.in_(filters["task_id"])
    if "data_id" in filters:
        yield tasks.c.dataset_id.in_(filters["data_id"])


def summaries(
    connection: Connection, filters: Mapping[str, Any], user: User | None
) -> tuple[TaskSummary, ...]:
    """The tasks that match all filters of ``task/list``, by id.

    A task without a dataset of its own is in no list.
    """
    wanted = page(
        select(tasks.c.id)
        .join(datasets, tasks.c.dataset_id == datasets.c.id)
        .where(and_(*_listed(filters, user)))
        .order_by(tasks.c.id),
        filters,
    )
    rows = connection.execute(
        select(
            tasks.c.id,
            tasks.c.type_id,
            tasks.c.dataset_id,
            datasets.c.name,
            datasets.c.status,
            datasets.c.format,
        )
        .join(datasets, tasks.c.dataset_id == datasets.c.id)
        .where(tasks.c.id.in_(wanted))
        .order_by(tasks.c.id)
    ).all()
    inputs = grouped(
        connection.execute(
            select(task_inputs)
            .where(task_inputs.c.task_id.in_(wanted), task_inputs.c.name.in_(LISTED_INPUTS))
            .order_by(task_inputs.c.name)
        ),
        "task_id",
    )
    of_tasks = select(tasks.c.dataset_id).where(tasks.c.id.in_(wanted))
    qualities = dataset_store.listed_qualities(connection, of_tasks)
    return tuple(
        TaskSummary(
            id=row.id,
            type_id=row.type_id,
            type=task_types()[row.type_id].name,
            dataset_id=row.dataset_id,
            dataset_name=row.name,
            status=row.status,
            format=row.format,
            inputs={item.name: item.value for item in inputs.get(row.id, ())},
            qualities=qualities.get(row.dataset_id, {}),
        )
        for row in rows
    )
