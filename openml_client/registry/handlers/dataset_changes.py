"""What happens to datasets after they were published.

Source: protocol note, section 2; the order of the checks is that of the transcripts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from openml_client.model.dataset import DatasetEdit, DescriptionVersion
from openml_client.registry.calls import Call
from openml_client.registry.handlers import uploads
from openml_client.registry.store import dataset_changes, datasets, tasks
from openml_client.registry.store.datasets import Processed, StoredDataset
from openml_client.wire.routes import every as routes
from openml_client.wire.vocabulary import (
    MAX_ONTOLOGY,
    STATUSES,
    GivenId,
    Names,
    NewStatus,
    Ontologies,
)

_ADDRESS = re.compile(r"https?://[a-z0-9.-]+(:[0-9]+)?([/?#][!-~]*)?", re.IGNORECASE | re.ASCII)
"""Of a host by its name; blanks and other characters are percent-encoded in it."""


def edit(call: Call) -> GivenId:
    """Say something else of a dataset: anybody may, but for what its tasks rest on."""
    changes: DatasetEdit = uploads.model(call, uploads.tree(call, uploads.description(call)))
    dataset_id = call.thing_id("data_id", missing="no_id")

    def find(connection: Connection) -> StoredDataset:
        return _editable(call, connection, dataset_id, changes)

    def change(connection: Connection, processed: Processed | None) -> int:
        dataset_changes.edit(connection, dataset_id, changes, user_id=call.writer.id)
        dataset_changes.keep_processed(connection, dataset_id, processed)
        return dataset_id

    if changes.is_critical:
        return _after_processing(call, find, change, changes)
    with call.services.store.write() as connection:
        find(connection)
        dataset_changes.edit(connection, dataset_id, changes, user_id=call.writer.id)
    return GivenId(id=dataset_id)


def _editable(
    call: Call, connection: Connection, dataset_id: int, changes: DatasetEdit
) -> StoredDataset:
    """The dataset, if the caller may change it so."""
    stored = _seen(call, connection, dataset_id)
    if not any(vars(changes).values()):
        raise call.refusal("empty")
    if changes.is_critical:
        if not call.owns(stored.uploader_id):
            raise call.refusal("owner")
        if tasks.use_dataset(connection, dataset_id):
            raise call.refusal("in_use")
    return stored


def _after_processing(
    call: Call,
    find: Callable[[Connection], StoredDataset],
    change: Callable[[Connection, Processed | None], int],
    changes: DatasetEdit | None = None,
) -> GivenId:
    """Make a change that depends on what the engine finds in a dataset.

    The engine takes its time, so it looks before the database is locked, and again if the dataset
    was edited meanwhile.

    Parameters
    ----------
    find
        Gives the dataset, or refuses the change.
    change
        Makes the change, and gives the id to answer.
    changes
        What will be said of the dataset then.
    """
    # Heavy with numpy, and only needed here.
    from openml_client.registry.publishing.again import process_again

    edited = {name: value for name, value in vars(changes).items() if value} if changes else {}
    while True:
        with call.services.store.read() as connection:
            stored = find(connection)
        processed = process_again(call.services, stored, said=replace(stored.dataset, **edited))
        with call.services.store.write() as connection:
            if _basis(find(connection)) == _basis(stored):
                return GivenId(id=change(connection, processed))


def _basis(stored: StoredDataset) -> tuple[object, ...]:
    """What the engine looks at."""
    said = stored.dataset
    roles = (said.default_target_attribute, said.row_id_attribute, said.ignore_attributes)
    return (stored.sha256, *roles)


def fork(call: Call) -> GivenId:
    """Make the next version of a dataset with the same data, owned by the caller."""
    dataset_id = call.thing_id("data_id", missing="no_id")

    def change(connection: Connection, processed: Processed | None) -> int:
        return dataset_changes.fork(
            connection, dataset_id, user_id=call.writer.id, processed=processed
        )

    return _after_processing(call, lambda connection: _seen(call, connection, dataset_id), change)


def _seen(call: Call, connection: Connection, dataset_id: int) -> StoredDataset:
    """The dataset, if there is one that the caller may see."""
    stored = datasets.find(connection, dataset_id)
    if stored is None or not stored.may_be_seen_by(call.user):
        raise call.refusal("unknown")
    return stored


def set_status(call: Call) -> NewStatus:
    """Deactivate a dataset, or, for administrators, activate it."""
    status, dataset_id = call.form.get("status", ""), call.form_id("data_id")
    if status not in STATUSES:
        raise call.refusal("illegal")
    with call.services.store.write() as connection:
        stored = None if dataset_id is None else datasets.find(connection, dataset_id)
        if stored is None:
            raise call.refusal("unknown")
        if not call.owns(stored.uploader_id):
            raise call.refusal("owner")
        if status == "active" and not call.writer.is_admin:
            raise call.refusal("activation")
        if stored.dataset.status == status:
            raise call.refusal("transition")
        dataset_changes.set_status(connection, stored.dataset.id, status)
    return NewStatus(id=stored.dataset.id, status=status)


def list_descriptions(call: Call) -> Sequence[DescriptionVersion]:
    """All texts that a dataset was described by, the newest first."""
    with call.services.store.read() as connection:
        _seen(call, connection, call.id)
        return dataset_changes.descriptions_of(connection, call.id)


def add_topic(call: Call) -> GivenId:
    """Put a dataset on a topic."""
    with call.services.store.write() as connection:
        dataset_id, topic = _topic(call, connection)
        if dataset_changes.has_topic(connection, dataset_id, topic):
            raise call.refusal("twice")
        dataset_changes.add_topic(connection, dataset_id, topic, user_id=call.writer.id)
    return GivenId(id=dataset_id)


def remove_topic(call: Call) -> GivenId:
    """Take a dataset from a topic."""
    with call.services.store.write() as connection:
        dataset_id, topic = _topic(call, connection)
        if not dataset_changes.has_topic(connection, dataset_id, topic):
            raise call.refusal("no_topic")
        dataset_changes.remove_topic(connection, dataset_id, topic)
    return GivenId(id=dataset_id)


def _topic(call: Call, connection: Connection) -> tuple[int, str]:
    dataset_id, topic = call.form_id("data_id"), call.form.get("topic", "")
    if dataset_id is None or not topic:
        raise call.refusal("missing")
    if datasets.find(connection, dataset_id) is None:
        raise call.refusal("unknown")
    return dataset_id, topic


def add_ontology(call: Call) -> Ontologies:
    """Describe a column by the address of a term; anybody may."""
    dataset_id, index, ontology = _ontology(call)
    if len(ontology) > MAX_ONTOLOGY:
        raise call.refusal("too_long")
    if not _ADDRESS.fullmatch(ontology):
        raise call.refusal("no_url")
    information = f"id={dataset_id}; description={ontology}"
    with call.services.store.write() as connection:
        stored = datasets.find(connection, dataset_id)
        is_seen = stored is not None and stored.may_be_seen_by(call.user)
        if not is_seen or not dataset_changes.has_feature(connection, dataset_id, index):
            raise call.refusal("no_feature", information)
        if ontology in dataset_changes.ontologies_of(connection, dataset_id, index):
            raise call.refusal("twice", information)
        user_id = call.writer.id
        dataset_changes.add_ontology(connection, dataset_id, index, ontology, user_id=user_id)
        found = dataset_changes.ontologies_of(connection, dataset_id, index)
    return Ontologies(id=dataset_id, ontologies=tuple(found))


def remove_ontology(call: Call) -> Ontologies:
    """Describe a column by a term no longer; only who said so may take it back."""
    dataset_id, index, ontology = _ontology(call)
    with call.services.store.write() as connection:
        found = dataset_changes.ontologies_of(connection, dataset_id, index)
        if ontology not in found:
            raise call.refusal("unknown")
        if not call.owns(found[ontology]):
            raise call.refusal("owner")
        dataset_changes.remove_ontology(connection, dataset_id, index, ontology)
        left = dataset_changes.ontologies_of(connection, dataset_id, index)
    return Ontologies(id=dataset_id, ontologies=tuple(left))


def _ontology(call: Call) -> tuple[int, int, str]:
    dataset_id, index = call.form_id("data_id"), call.form_id("index")
    ontology = call.form.get("ontology", "")
    if dataset_id is None or index is None or not ontology:
        raise call.refusal("missing")
    return dataset_id, index, ontology


def list_quality_names(call: Call) -> Names:
    """The names of all qualities that datasets have."""
    with call.services.store.read() as connection:
        found = dataset_changes.quality_names(connection)
    if not found:
        raise call.refusal("none")
    return Names(names=found)


def list_feature_quality_names(call: Call) -> Names:
    """Refuse to tell the qualities that columns have; they have none."""
    raise call.refusal("none")


def reset(call: Call) -> GivenId:
    """Forget what the engine found in a dataset, and let it look again."""

    def find(connection: Connection) -> StoredDataset:
        stored = datasets.find(connection, call.id)
        if stored is None:
            raise call.refusal("unknown")
        if not call.owns(stored.uploader_id):
            raise call.refusal("owner")
        return stored

    def change(connection: Connection, processed: Processed | None) -> int:
        dataset_changes.keep_processed(connection, call.id, processed)
        return call.id

    return _after_processing(call, find, change)


HANDLERS = {
    routes.DATASET_EDIT.name: edit,
    routes.DATASET_FORK.name: fork,
    routes.DATASET_STATUS.name: set_status,
    routes.DATASET_DESCRIPTIONS.name: list_descriptions,
    routes.TOPIC_ADD.name: add_topic,
    routes.TOPIC_DELETE.name: remove_topic,
    routes.ONTOLOGY_ADD.name: add_ontology,
    routes.ONTOLOGY_REMOVE.name: remove_ontology,
    routes.QUALITY_NAMES.name: list_quality_names,
    routes.FEATURE_QUALITY_NAMES.name: list_feature_quality_names,
    routes.DATASET_RESET.name: reset,
}
