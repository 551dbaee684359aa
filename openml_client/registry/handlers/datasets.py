"""Datasets: told, listed and published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from openml_client.errors import ArffError, RegistryError
from openml_client.model.dataset import Dataset, DatasetDraft, DatasetSummary, Feature, Quality
from openml_client.registry.calls import Addresses, Call
from openml_client.registry.handlers import lists, uploads
from openml_client.registry.store import datasets
from openml_client.registry.store.datasets import StoredDataset
from openml_client.registry.store.files import NewFile
from openml_client.wire.routes import every as routes
from openml_client.wire.vocabulary import GivenId

_FORMATS = frozenset({"arff", "sparse_arff"})

ENGINE_ID = 1
"""Of the only evaluation engine that there has been."""

_WITHOUT_PARQUET = "Sparse_ARFF"
"""The server names no Parquet file of sets of exactly this format."""


def get(call: Call) -> Dataset:
    """The description of a dataset."""
    if call.id == 0:
        raise call.refusal("no_id")
    with call.services.store.read() as connection:
        stored = datasets.find(connection, call.id)
    if stored is None:
        raise call.refusal("unknown")
    if not stored.may_be_seen_by(call.user):
        raise call.refusal("private")
    return _addressed(stored, call.addresses)


def _addressed(stored: StoredDataset, addresses: Addresses) -> Dataset:
    dataset = stored.dataset
    if dataset.file_id is None:
        raise RuntimeError(f"dataset {dataset.id} has no file")
    parquet_url = addresses.parquet(dataset.id) if dataset.format != _WITHOUT_PARQUET else None
    name = f"{dataset.name}.{dataset.format.lower()}"
    return replace(dataset, url=addresses.data_file(dataset.file_id, name), parquet_url=parquet_url)


def list_all(call: Call) -> Sequence[DatasetSummary]:
    """The datasets that match the filters, active ones unless told otherwise."""
    with call.services.store.read() as connection:
        rows = datasets.summaries(connection, call.filters, call.user)
    return lists.some(call, rows)


def get_features(call: Call) -> Sequence[Feature]:
    """The columns of a dataset; nominal values are sorted, as the server does."""
    with call.services.store.read() as connection:
        dataset = _processed(call, connection)
        features = datasets.features_of(connection, dataset.id)
    if not features:
        # The server says that something failed, but not what.
        raise call.refusal("failed" if dataset.error else "none")
    return [replace(f, nominal_values=tuple(sorted(f.nominal_values))) for f in features]


def get_qualities(call: Call) -> Sequence[Quality]:
    """The qualities of a dataset."""
    if call.id == 0:
        raise call.refusal("no_id")
    with call.services.store.read() as connection:
        dataset = _processed(call, connection)
        qualities = datasets.qualities_of(connection, dataset.id)
    if not qualities and dataset.error:
        raise call.refusal("failed", dataset.error)
    if not qualities:
        raise call.refusal("none")
    return qualities


def refuse_feature_qualities(call: Call) -> Sequence[Quality]:
    """Refuse to tell the qualities of columns, which the real server never does."""
    if call.id == 0:
        raise call.refusal("no_id")
    with call.services.store.read() as connection:
        _processed(call, connection)
    raise call.refusal("failed")


def _processed(call: Call, connection: Connection) -> Dataset:
    """The dataset, if it may be seen and an engine has looked at it."""
    stored = datasets.find(connection, call.id)
    if stored is None:
        raise call.refusal("unknown")
    if not stored.may_be_seen_by(call.user):
        raise call.refusal("private")
    is_of_other = call.places.get("engine_id", ENGINE_ID) != ENGINE_ID
    if stored.dataset.processed_at is None or is_of_other:
        raise call.refusal("unprocessed")
    return stored.dataset


def upload(call: Call) -> GivenId:
    """Publish a dataset: check it, find out what the engine would, and store it as a whole."""
    body = uploads.description(call, empty=uploads.EMPTY)
    draft: DatasetDraft = uploads.model(call, uploads.tree(call, body))
    if draft.format.lower() not in _FORMATS:
        raise call.refusal("format")
    has_file = "dataset" in call.files
    if has_file and draft.url:
        raise call.refusal("both")
    if has_file and uploads.is_empty(call, "dataset"):
        raise call.refusal("file", f"File dataset: {uploads.EMPTY}")
    if not has_file and not draft.url:
        raise call.refusal("neither")
    if draft.url and not draft.url.lower().startswith(("http://", "https://")):
        raise call.refusal("invalid", f"the url {draft.url!r} is no address of HTTP")
    file, processed = (_processed_upload if has_file else _processed_elsewhere)(call, draft)
    with call.services.store.write() as connection:
        dataset_id = datasets.add(
            connection, draft, file, uploader_id=call.writer.id, processed=processed
        )
    return GivenId(id=dataset_id)


def _processed_upload(call: Call, draft: DatasetDraft) -> tuple[NewFile, datasets.Processed | None]:
    # Heavy with numpy, and only needed here.
    from openml_client.formats.arff import check_arff
    from openml_client.registry.publishing.dataset import check_names, process

    content = uploads.content(call, "dataset") or b""
    try:
        check_arff(content)
        check_names(content)
    except ArffError as error:
        raise call.refusal("arff", uploads.arff_fault(error, "dataset")) from error
    file, _ = uploads.keep(call, "dataset")
    file = replace(file, is_private=draft.visibility not in {None, datasets.PUBLIC})
    return file, process(content, draft) if call.services.has_engine else None


def _processed_elsewhere(
    call: Call, draft: DatasetDraft
) -> tuple[NewFile, datasets.Processed | None]:
    """The file of a dataset whose data lies elsewhere, with a copy for the engine."""
    # Heavy with numpy and requests, and only needed here.
    from openml_client.registry.publishing.dataset import process
    from openml_client.registry.publishing.elsewhere import content_at

    services, url = call.services, draft.url or ""
    file = NewFile(
        name=f"{draft.name}.{draft.format.lower()}",
        content_type="text/plain",
        url=url,
        is_private=draft.visibility not in {None, datasets.PUBLIC},
    )
    if not services.has_engine or services.fetch == "none":
        return file, None
    try:
        content = content_at(url, services.fetch)
    except RegistryError as error:
        raise call.refusal("unreachable", error.message) from error
    info = services.blobs.put(content)
    return replace(file, sha256=info.sha256, size_bytes=info.size_bytes), process(content, draft)


HANDLERS = {
    routes.DATASET_GET.name: get,
    routes.DATASET_LIST.name: list_all,
    routes.DATASET_FEATURES.name: get_features,
    routes.DATASET_QUALITIES.name: get_qualities,
    routes.DATASET_QUALITIES_OF_ENGINE.name: get_qualities,
    routes.FEATURE_QUALITIES.name: refuse_feature_qualities,
    routes.FEATURE_QUALITIES_OF_ENGINE.name: refuse_feature_qualities,
    routes.DATASET_UPLOAD.name: upload,
}
