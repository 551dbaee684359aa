"""Datasets, their features and qualities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, false, func, insert, or_, select, true

from openml_client.model.dataset import Dataset, DatasetDraft, DatasetSummary, Feature, Quality
from openml_client.registry.store import files as file_store
from openml_client.registry.store.clock import now
from openml_client.registry.store.rows import (
    Condition,
    add_tags,
    finite,
    grouped,
    new_id,
    page,
    tagged,
    tags_of,
)
from openml_client.registry.store.schema import (
    dataset_descriptions,
    dataset_tags,
    datasets,
    feature_ontologies,
    features,
    files,
    qualities,
)
from openml_client.registry.store.users import User, may_change

PUBLIC = "public"
DEFAULT_LICENCE = "Public"
"""What the server writes where an uploader names no licence."""

LISTED_QUALITIES = (
    "NumberOfInstances",
    "NumberOfFeatures",
    "NumberOfClasses",
    "NumberOfMissingValues",
    "NumberOfInstancesWithMissingValues",
    "NumberOfNumericFeatures",
    "NumberOfSymbolicFeatures",
    "MajorityClassSize",
    "MinorityClassSize",
    "MaxNominalAttDistinctValues",
)
"""What lists of datasets and tasks carry.  Source: protocol note, section 2."""

_SIZES = {
    "number_instances": "NumberOfInstances",
    "number_features": "NumberOfFeatures",
    "number_classes": "NumberOfClasses",
    "number_missing_values": "NumberOfMissingValues",
}
"""The qualities by which lists are filtered."""


@dataclass(frozen=True, kw_only=True)
class Processed:
    """What the engine found in a dataset."""

    features: tuple[Feature, ...] = ()
    qualities: Mapping[str, float | None] = field(default_factory=dict)
    error: str | None = None
    at: datetime = field(default_factory=now)


@dataclass(frozen=True, kw_only=True)
class StoredDataset:
    """A dataset without its addresses, which depend on who serves it."""

    dataset: Dataset
    uploader_id: int
    url: str | None
    """Where the data lies, if it is elsewhere; the blob is a copy for the engine then."""
    sha256: str | None
    """Blob of the data file."""
    filename: str
    """As the data file was named."""

    def may_be_seen_by(self, user: User | None) -> bool:
        """Whether it is public, or the user's own, or the user an administrator."""
        return self.dataset.visibility == PUBLIC or may_change(user, self.uploader_id)


def add(
    connection: Connection,
    draft: DatasetDraft,
    file: file_store.NewFile,
    *,
    uploader_id: int,
    processed: Processed | None,
) -> int:
    """Store a dataset as the next version of its name, with all that was found in it.

    It is active if the engine processed it without complaint, and else in preparation.
    """
    is_active = processed is not None and processed.error is None
    statement = insert(datasets).values(
        **columns_of(replace(draft, licence=draft.licence or DEFAULT_LICENCE)),
        version=next_version(connection, draft.name),
        description_version=1,
        update_comment=draft.update_comment,
        file_id=file_store.add(connection, file, uploader_id=uploader_id),
        uploader_id=uploader_id,
        uploaded_at=now(),
        status="active" if is_active else "in_preparation",
        processed_at=processed.at if processed else None,
        error=processed.error if processed else None,
    )
    dataset_id = new_id(connection, statement)
    add_description(connection, dataset_id, draft.description, version=1, uploader_id=uploader_id)
    add_tags(connection, dataset_tags, dataset_id, draft.tags, uploader_id=uploader_id)
    if processed is not None:
        add_features(connection, dataset_id, processed.features)
        add_qualities(connection, dataset_id, processed.qualities)
    return dataset_id


def next_version(connection: Connection, name: str) -> int:
    """The version that the next dataset of a name gets."""
    last = connection.scalar(select(func.max(datasets.c.version)).where(datasets.c.name == name))
    return (last or 0) + 1


def columns_of(dataset: DatasetDraft | Dataset) -> dict[str, Any]:
    """What is said of a dataset, by the columns that hold it."""
    return {
        "name": dataset.name,
        "description": dataset.description,
        "format": dataset.format,
        "creators": list(dataset.creators),
        "contributors": list(dataset.contributors),
        "collection_date": dataset.collection_date,
        "language": dataset.language,
        "licence": dataset.licence,
        "default_target_attribute": dataset.default_target_attribute,
        "row_id_attribute": dataset.row_id_attribute,
        "ignore_attributes": list(dataset.ignore_attributes),
        "version_label": dataset.version_label,
        "citation": dataset.citation,
        "visibility": dataset.visibility or PUBLIC,
        "original_data_url": dataset.original_data_url,
        "paper_url": dataset.paper_url,
    }


def add_description(
    connection: Connection,
    dataset_id: int,
    text: str | None,
    *,
    version: int,
    uploader_id: int,
    written_at: datetime | None = None,
) -> None:
    """Keep a text that a dataset is described by; without another time, of this moment."""
    connection.execute(
        insert(dataset_descriptions).values(
            dataset_id=dataset_id,
            version=version,
            description=text,
            uploader_id=uploader_id,
            written_at=written_at or now(),
        )
    )


def add_features(connection: Connection, dataset_id: int, found: Sequence[Feature]) -> None:
    """Store what was found in the columns of a dataset."""
    rows = [
        {
            "dataset_id": dataset_id,
            "position": feature.index,
            "name": feature.name,
            "data_type": feature.data_type,
            "nominal_values": list(feature.nominal_values),
            "is_target": feature.is_target,
            "is_ignore": feature.is_ignore,
            "is_row_identifier": feature.is_row_identifier,
            "number_of_missing_values": feature.number_of_missing_values,
        }
        for feature in found
    ]
    if rows:
        connection.execute(insert(features), rows)


def add_qualities(
    connection: Connection, dataset_id: int, found: Mapping[str, float | None]
) -> None:
    """Store what was measured of a dataset; what is no finite number counts as undefined."""
    rows = [
        {"dataset_id": dataset_id, "name": name, "value": finite(value)}
        for name, value in found.items()
    ]
    if rows:
        connection.execute(insert(qualities), rows)


def find(connection: Connection, dataset_id: int) -> StoredDataset | None:
    """The dataset, or None."""
    row = connection.execute(
        select(
            datasets,
            files.c.url,
            files.c.md5,
            files.c.sha256,
            files.c.name.label("filename"),
        )
        .join(files, datasets.c.file_id == files.c.id)
        .where(datasets.c.id == dataset_id)
    ).first()
    if row is None:
        return None
    tags = tags_of(connection, dataset_tags, dataset_id)
    return StoredDataset(
        dataset=_dataset(row, tags),
        uploader_id=row.uploader_id,
        url=row.url,
        sha256=row.sha256,
        filename=row.filename,
    )


def _dataset(row: Row[Any], tags: tuple[str, ...]) -> Dataset:
    return Dataset(
        id=row.id,
        name=row.name,
        version=row.version,
        description=row.description,
        description_version=row.description_version,
        format=row.format,
        creators=tuple(row.creators),
        contributors=tuple(row.contributors),
        collection_date=row.collection_date,
        uploaded_at=row.uploaded_at,
        language=row.language,
        licence=row.licence,
        file_id=row.file_id,
        default_target_attribute=row.default_target_attribute,
        row_id_attribute=row.row_id_attribute,
        ignore_attributes=tuple(row.ignore_attributes),
        version_label=row.version_label,
        citation=row.citation,
        tags=tags,
        visibility=row.visibility,
        original_data_url=row.original_data_url,
        paper_url=row.paper_url,
        status=row.status,
        processed_at=row.processed_at,
        error=row.error,
        warning=row.warning,
        md5_checksum=row.md5,
    )


def features_of(connection: Connection, dataset_id: int) -> tuple[Feature, ...]:
    """The columns in the order of the file, nominal values in the order of its header."""
    rows = connection.execute(
        select(features).where(features.c.dataset_id == dataset_id).order_by(features.c.position)
    )
    table = feature_ontologies
    ontologies = grouped(
        connection.execute(
            select(table).where(table.c.dataset_id == dataset_id).order_by(table.c.ontology)
        ),
        "position",
    )
    return tuple(
        Feature(
            index=row.position,
            name=row.name,
            data_type=row.data_type,
            ontologies=tuple(item.ontology for item in ontologies.get(row.position, ())),
            nominal_values=tuple(row.nominal_values),
            is_target=row.is_target,
            is_ignore=row.is_ignore,
            is_row_identifier=row.is_row_identifier,
            number_of_missing_values=row.number_of_missing_values,
        )
        for row in rows
    )


def qualities_of(connection: Connection, dataset_id: int) -> tuple[Quality, ...]:
    """The qualities, sorted by name."""
    rows = connection.execute(
        select(qualities.c.name, qualities.c.value)
        .where(qualities.c.dataset_id == dataset_id)
        .order_by(qualities.c.name)
    )
    return tuple(Quality(name=row.name, value=row.value) for row in rows)


def n_rows_of(connection: Connection, dataset_id: int) -> int | None:
    """Number of rows, or None if the dataset was not processed."""
    value = connection.scalar(
        select(qualities.c.value).where(
            qualities.c.dataset_id == dataset_id, qualities.c.name == "NumberOfInstances"
        )
    )
    return None if value is None else int(value)


def visible_to(user: User | None) -> Condition:
    """Rows of datasets that the user may see."""
    if user is not None and user.is_admin:
        return true()
    public = datasets.c.visibility == PUBLIC
    return public if user is None else or_(public, datasets.c.uploader_id == user.id)


def matching(filters: Mapping[str, Any]) -> Iterator[Condition]:
    """Rows of datasets that have a status, sizes and a name, as lists of datasets and tasks ask."""
    status = filters.get("status", "active")
    if status != "all":
        yield datasets.c.status == status
    for key, quality in _SIZES.items():
        if key not in filters:
            continue
        if filters[key] is None:
            yield false()
            continue
        low, high = filters[key]
        sizes = select(qualities.c.dataset_id).where(
            qualities.c.name == quality, qualities.c.value.between(low, high)
        )
        yield datasets.c.id.in_(sizes)
    if "data_name" in filters:
        # The server takes names without regard to case, and scikit-learn asks in lower case.
        yield func.lower(datasets.c.name) == filters["data_name"].lower()


def _listed(filters: Mapping[str, Any], user: User | None) -> Iterator[Condition]:
    yield visible_to(user)
    yield from matching(filters)
    if "tag" in filters:
        yield datasets.c.id.in_(tagged(dataset_tags, filters["tag"]))
    for key, column in (("data_id", datasets.c.id), ("uploader", datasets.c.uploader_id)):
        if key in filters:
            yield column.in_(filters[key])
    if "data_version" in filters:
        yield datasets.c.version == filters["data_version"]


def summaries(
    connection: Connection, filters: Mapping[str, Any], user: User | None
) -> tuple[DatasetSummary, ...]:
    """The datasets that match all filters of ``data/list`` and may be seen, by id."""
    wanted = page(
        select(datasets.c.id).where(and_(*_listed(filters, user))).order_by(datasets.c.id), filters
    )
    rows = connection.execute(
        select(
            datasets.c.id,
            datasets.c.name,
            datasets.c.version,
            datasets.c.uploader_id,
            datasets.c.status,
            datasets.c.format,
            datasets.c.file_id,
        )
        .where(datasets.c.id.in_(wanted))
        .order_by(datasets.c.id)
    )
    found = listed_qualities(connection, wanted)
    return tuple(
        DatasetSummary(
            id=row.id,
            name=row.name,
            version=row.version,
            uploader_id=row.uploader_id,
            status=row.status,
            format=row.format,
            file_id=row.file_id,
            qualities=found.get(row.id, {}),
        )
        for row in rows
    )


def listed_qualities(
    connection: Connection, dataset_ids: Select[Any]
) -> Mapping[int, Mapping[str, float]]:
    """What lists tell of each of these datasets, sorted by name; undefined ones are absent."""
    # A join, not IN: SQLite would look the names up first, which all datasets have.
    wanted = dataset_ids.distinct().subquery()
    (wanted_id,) = wanted.c
    rows = connection.execute(
        select(qualities.c.dataset_id, qualities.c.name, qualities.c.value)
        .join_from(wanted, qualities, qualities.c.dataset_id == wanted_id)
        .where(
            qualities.c.name.in_(LISTED_QUALITIES),
            qualities.c.value.is_not(None),
        )
        .order_by(qualities.c.name)
    )
    return {
        dataset_id: {row.name: row.value for row in group}
        for dataset_id, group in grouped(rows, "dataset_id").items()
    }
