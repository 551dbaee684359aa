"""Datasets of other registries, with what was found in them there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, insert, select

from openml_client.model.dataset import Dataset, DescriptionVersion, Feature
from openml_client.registry.importing import files as imported_files
from openml_client.registry.importing import users as imported_users
from openml_client.registry.importing.base import conflict
from openml_client.registry.importing.files import ImportedFile
from openml_client.registry.store import dataset_changes
from openml_client.registry.store import datasets as store
from openml_client.registry.store.clock import now
from openml_client.registry.store.rows import add_tags
from openml_client.registry.store.schema import dataset_tags, datasets
from openml_client.registry.store.users import OWNER_ID


def is_here(connection: Connection, dataset: Dataset) -> bool:
    """Whether the dataset is in this registry.

    Raises
    ------
    RegistryError
        If its id is another dataset's, or its data is other data.
    """
    stored = store.find(connection, dataset.id)
    if stored is None:
        return False
    here = stored.dataset
    is_other = (here.name, here.version) != (dataset.name, dataset.version)
    if is_other or (dataset.md5 and dataset.md5 != here.md5):
        raise conflict(f"dataset {dataset.id}", here=_named(here), source=_named(dataset))
    return True


def _named(dataset: Dataset) -> str:
    return f"{dataset.name!r} version {dataset.version} (md5 {dataset.md5_checksum})"


def add(
    connection: Connection,
    dataset: Dataset,
    *,
    file: ImportedFile,
    features: Sequence[Feature],
    qualities: Mapping[str, float | None],
    uploader_id: int | None,
    descriptions: Sequence[DescriptionVersion] = (),
) -> None:
    """Store a dataset; ask `is_here` before, within the same write.

    Parameters
    ----------
    descriptions
        All texts that it was described by, as far as its server tells them.

    Raises
    ------
    RegistryError
        If another dataset has its name and version, or its file's id is another's.
    """
    _check_free(connection, dataset)
    texts = _texts(dataset, descriptions)
    owner_id = imported_users.keep(connection, uploader_id)
    is_processed = bool(features or qualities)
    connection.execute(
        insert(datasets).values(
            id=dataset.id,
            **store.columns_of(dataset),
            version=dataset.version,
            description_version=max(texts),
            file_id=imported_files.keep(connection, file, uploader_id=owner_id),
            uploader_id=owner_id,
            uploaded_at=dataset.uploaded_at or now(),
            status=dataset.status or "active",
            # Old documents don't say when it was, and features show that it was processed.
            processed_at=dataset.processed_at or (dataset.uploaded_at if is_processed else None),
            error=dataset.error,
            warning=dataset.warning,
        )
    )
    add_tags(connection, dataset_tags, dataset.id, dataset.tags, uploader_id=OWNER_ID)
    for version, text in sorted(texts.items()):
        # No server tells who wrote the later ones, or when: they are as tags are.
        is_first = version == 1
        store.add_description(
            connection,
            dataset.id,
            text,
            version=version,
            uploader_id=owner_id if is_first else OWNER_ID,
            written_at=dataset.uploaded_at if is_first else None,
        )
    store.add_features(connection, dataset.id, features)
    for feature in features:
        for ontology in dict.fromkeys(feature.ontologies):
            dataset_changes.add_ontology(
                connection, dataset.id, feature.index, ontology, user_id=OWNER_ID
            )
    store.add_qualities(connection, dataset.id, qualities)


def _texts(
    dataset: Dataset, descriptions: Sequence[DescriptionVersion]
) -> Mapping[int, str | None]:
    """The texts that a dataset was described by, by their versions; the last is that of today.

    It may have been edited after it was read: what is newer than that is left out.
    """
    last = dataset.description_version or max((d.version for d in descriptions), default=1)
    earlier = {d.version: d.description for d in descriptions if d.version < last}
    return {**earlier, last: dataset.description}


def _check_free(connection: Connection, dataset: Dataset) -> None:
    other = connection.scalar(
        select(datasets.c.id).where(
            datasets.c.name == dataset.name, datasets.c.version == dataset.version
        )
    )
    if other is not None:
        what = f"{dataset.name!r} version {dataset.version}"
        raise conflict(what, here=f"dataset {other}", source=f"dataset {dataset.id}")
