"""What happens to datasets after they were published: edits, forks, topics, ontologies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, func, insert, select, update

from openml_client.model.dataset import DatasetEdit, DescriptionVersion
from openml_client.registry.store import datasets as dataset_store
from openml_client.registry.store.clock import now
from openml_client.registry.store.datasets import Processed
from openml_client.registry.store.rows import new_id
from openml_client.registry.store.schema import (
    dataset_descriptions,
    dataset_topics,
    datasets,
    feature_ontologies,
    features,
    qualities,
)

_LISTS = {"creators", "contributors", "ignore_attributes"}
"""Fields that hold several values."""


def edit(connection: Connection, dataset_id: int, changes: DatasetEdit, *, user_id: int) -> None:
    """Change what is said of a dataset; another description is another version of it."""
    values: dict[str, Any] = {
        name: list(value) if name in _LISTS else value
        for name, value in vars(changes).items()
        if value
    }
    if "description" in values:
        last = _last_description(connection, dataset_id)
        values["description_version"] = last + 1
        dataset_store.add_description(
            connection,
            dataset_id,
            changes.description,
            version=last + 1,
            uploader_id=user_id,
        )
    connection.execute(update(datasets).where(datasets.c.id == dataset_id).values(values))


def _last_description(connection: Connection, dataset_id: int) -> int:
    table = dataset_descriptions
    last = select(func.max(table.c.version)).where(table.c.dataset_id == dataset_id)
    return connection.scalar(last) or 0


def descriptions_of(connection: Connection, dataset_id: int) -> tuple[DescriptionVersion, ...]:
    """All texts that a dataset was described by, the newest first."""
    table = dataset_descriptions
    rows = connection.execute(
        select(table.c.version, table.c.description)
        .where(table.c.dataset_id == dataset_id)
        .order_by(table.c.version.desc())
    )
    return tuple(
        DescriptionVersion(version=row.version, description=row.description) for row in rows
    )


def fork(
    connection: Connection, dataset_id: int, *, user_id: int, processed: Processed | None
) -> int:
    """Store a dataset once more, as the next version of its name, and give the new id.

    Both have the same file; tags and topics stay with the first.
    """
    row = connection.execute(select(datasets).where(datasets.c.id == dataset_id)).one()
    values = dict(row._mapping)
    del values["id"]
    values |= {
        "version": dataset_store.next_version(connection, row.name),
        "description_version": 1,
        "uploader_id": user_id,
        "uploaded_at": now(),
        "status": "in_preparation",
    }
    fork_id = new_id(connection, insert(datasets).values(values))
    dataset_store.add_description(
        connection, fork_id, row.description, version=1, uploader_id=user_id
    )
    keep_processed(connection, fork_id, processed)
    return fork_id


def set_status(connection: Connection, dataset_id: int, status: str) -> None:
    """Give a dataset another status."""
    connection.execute(update(datasets).where(datasets.c.id == dataset_id).values(status=status))


def keep_processed(connection: Connection, dataset_id: int, processed: Processed | None) -> None:
    """Store what the embedded engine found, in place of what was found before.

    None leaves nothing, so that another engine looks. A dataset in preparation becomes active if
    nothing is wrong with it.
    """
    for table in (features, qualities):
        connection.execute(delete(table).where(table.c.dataset_id == dataset_id))
    connection.execute(
        update(datasets)
        .where(datasets.c.id == dataset_id)
        .values(processed_at=None, error=None, warning=None)
    )
    if processed is None:
        return
    dataset_store.add_features(connection, dataset_id, processed.features)
    dataset_store.add_qualities(connection, dataset_id, processed.qualities)
    mark_processed(connection, dataset_id, error=processed.error)
    if processed.error is None:
        waiting = (datasets.c.id == dataset_id) & (datasets.c.status == "in_preparation")
        connection.execute(update(datasets).where(waiting).values(status="active"))


def mark_processed(connection: Connection, dataset_id: int, *, error: str | None) -> None:
    """Note that an engine has looked at a dataset, and what it complained of."""
    values = {"processed_at": now(), "error": error}
    connection.execute(update(datasets).where(datasets.c.id == dataset_id).values(values))


def keep_qualities(
    connection: Connection, dataset_id: int, found: Mapping[str, float | None]
) -> None:
    """Store qualities; those of a name that is there already are replaced."""
    connection.execute(
        delete(qualities).where(
            qualities.c.dataset_id == dataset_id, qualities.c.name.in_(list(found))
        )
    )
    dataset_store.add_qualities(connection, dataset_id, found)


def has_topic(connection: Connection, dataset_id: int, topic: str) -> bool:
    """Whether a dataset is on a topic."""
    table = dataset_topics
    statement = select(table.c.topic).where(
        table.c.dataset_id == dataset_id, table.c.topic == topic
    )
    return connection.scalar(statement) is not None


def add_topic(connection: Connection, dataset_id: int, topic: str, *, user_id: int) -> None:
    """Put a dataset on a topic."""
    connection.execute(
        insert(dataset_topics).values(
            dataset_id=dataset_id, topic=topic, uploader_id=user_id, added_at=now()
        )
    )


def remove_topic(connection: Connection, dataset_id: int, topic: str) -> None:
    """Take a dataset from a topic."""
    table = dataset_topics
    connection.execute(
        delete(table).where(table.c.dataset_id == dataset_id, table.c.topic == topic)
    )


def has_feature(connection: Connection, dataset_id: int, index: int) -> bool:
    """Whether a dataset has a column at this place."""
    statement = select(features.c.name).where(
        features.c.dataset_id == dataset_id, features.c.position == index
    )
    return connection.scalar(statement) is not None


def ontologies_of(connection: Connection, dataset_id: int, index: int) -> Mapping[str, int]:
    """The terms that describe a column, sorted, and the users who said so."""
    table = feature_ontologies
    rows = connection.execute(
        select(table.c.ontology, table.c.uploader_id)
        .where(table.c.dataset_id == dataset_id, table.c.position == index)
        .order_by(table.c.ontology)
    )
    return {row.ontology: row.uploader_id for row in rows}


def add_ontology(
    connection: Connection, dataset_id: int, index: int, ontology: str, *, user_id: int
) -> None:
    """Describe a column by a term."""
    connection.execute(
        insert(feature_ontologies).values(
            dataset_id=dataset_id,
            position=index,
            ontology=ontology,
            uploader_id=user_id,
            added_at=now(),
        )
    )


def remove_ontology(connection: Connection, dataset_id: int, index: int, ontology: str) -> None:
    """Describe a column by a term no longer."""
    table = feature_ontologies
    connection.execute(
        delete(table).where(
            table.c.dataset_id == dataset_id,
            table.c.position == index,
            table.c.ontology == ontology,
        )
    )


def quality_names(connection: Connection) -> tuple[str, ...]:
    """The names of all qualities that datasets have, sorted."""
    statement = select(qualities.c.name).distinct().order_by(qualities.c.name)
    return tuple(connection.scalars(statement))


def order_of(name: str) -> ColumnElement[Any]:
    """The order in which datasets wait: ``random``, or that of their ids."""
    return func.random() if name == "random" else datasets.c.id.asc()


def unprocessed() -> Select[Any]:
    """Select the datasets that no engine has looked at yet."""
    return _waiting().where(datasets.c.processed_at.is_(None))


def unmeasured(names: Sequence[str]) -> Select[Any]:
    """Select the datasets that lack some of these qualities."""
    counted = (
        select(func.count())
        .select_from(qualities)
        .where(qualities.c.dataset_id == datasets.c.id, qualities.c.name.in_(names))
        .scalar_subquery()
    )
    is_sound = datasets.c.processed_at.is_not(None) & datasets.c.error.is_(None)
    return _waiting().where(is_sound, counted < len(set(names)))


def _waiting() -> Select[Any]:
    return select(datasets.c.id, datasets.c.name, datasets.c.version, datasets.c.format)
