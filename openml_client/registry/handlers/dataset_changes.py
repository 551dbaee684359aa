"""What happens to datasets after they were published.

Source: protocol note, section 2; the order of the checks is that of the transcripts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from sqlalchemy import Connection

from openml_client.model.dataset import Dataset, DatasetEdit, DescriptionVersion
from openml_client.registry.calls import Call
from openml_client.registry.handlers import uploads
from openml_client.registry.store import dataset_changes, datasets, deleting
from openml_client.registry.store.datasets import Processed, StoredDataset
from openml_client.wire import routes
from openml_client.wire.vocabulary import GivenId, Names, NewStatus, Ontologies

_STATUSES = frozenset({"active", "deactivated"})
_MAX_ONTOLOGY = 256


def edit(call: Call) -> GivenId:
    """Say something else of a dataset: anybody may, but for what its tasks rest on."""
    changes: DatasetEdit = uploads.model(call, uploads.tree(call, uploads.description(call)))
    dataset_id = call.thing_id("data_id", missing="no_id")
    with call.services.store.read() as connection:
        stored = _editable(call, connection, dataset_id, changes)
    processed = None
    if changes.is_critical:
        processed = _process_again(call, stored, said=_changed(stored.dataset, changes))
    with call.services.store.write() as connection:
        _editable(call, connection, dataset_id, changes)
        dataset_changes.edit(connection, dataset_id, changes, user_id=call.writer.id)
        if processed is not None:
            dataset_changes.keep_processed(connection, dataset_id, processed)
        elif changes.is_critical:
            dataset_changes.forget_processed(connection, dataset_id)
    return GivenId(id=dataset_id)


def _editable(
    call: Call, connection: Connection, dataset_id: int, changes: DatasetEdit
) -> StoredDataset:
    """The dataset, if the caller may change it so."""
    stored = datasets.find(connection, dataset_id)
    if stored is None or not stored.may_be_seen_by(call.user):
        raise call.refusal("unknown")
    if not any(vars(changes).values()):
        raise call.refusal("empty")
    if changes.is_critical:
        if not call.owns(stored.uploader_id):
            raise call.refusal("owner")
        if connection.scalar(deleting.tasks_of_dataset(dataset_id)) is not None:
            raise call.refusal("in_use")
    return stored


def _changed(dataset: Dataset, changes: DatasetEdit) -> Dataset:
    return replace(dataset, **{name: value for name, value in vars(changes).items() if value})


def _process_again(
    call: Call, stored: StoredDataset, *, said: Dataset | None = None
) -> Processed | None:
    # Heavy with numpy, and only needed here.
    from openml_client.registry.publishing.again import process_again

    return process_again(call.services, stored, said=said)


def fork(call: Call) -> GivenId:
    """Make the next version of a dataset with the same data, owned by the caller."""
    dataset_id = call.thing_id("data_id", missing="no_id")
    with call.services.store.read() as connection:
        stored = datasets.find(connection, dataset_id)
    if stored is None or not stored.may_be_seen_by(call.user):
        raise call.refusal("unknown")
    processed = _process_again(call, stored)
    with call.services.store.write() as connection:
        if datasets.find(connection, dataset_id) is None:
            raise call.refusal("unknown")
        fork_id = dataset_changes.fork(
            connection, dataset_id, user_id=call.writer.id, processed=processed
        )
    return GivenId(id=fork_id)


def set_status(call: Call) -> NewStatus:
    """Deactivate a dataset, or, for administrators, activate it."""
    status, dataset_id = call.form.get("status", ""), call.form_id("data_id")
    if status not in _STATUSES:
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
        stored = datasets.find(connection, call.id)
        if stored is None or not stored.may_be_seen_by(call.user):
            raise call.refusal("unknown")
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
    if len(ontology) > _MAX_ONTOLOGY:
        raise call.refusal("too_long")
    address = urlsplit(ontology)
    if address.scheme not in {"http", "https"} or not address.hostname:
        raise call.refusal("no_url")
    information = f"id={dataset_id}; description={ontology}"
    with call.services.store.write() as connection:
        if not dataset_changes.has_feature(connection, dataset_id, index):
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
    with call.services.store.read() as connection:
        stored = datasets.find(connection, call.id)
    if stored is None:
        raise call.refusal("unknown")
    if not call.owns(stored.uploader_id):
        raise call.refusal("owner")
    processed = _process_again(call, stored)
    with call.services.store.write() as connection:
        if datasets.find(connection, call.id) is None:
            raise call.refusal("unknown")
        if processed is None:
            dataset_changes.forget_processed(connection, call.id)
        else:
            dataset_changes.keep_processed(connection, call.id, processed)
    return GivenId(id=call.id)


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
