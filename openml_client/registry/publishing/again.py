"""What the embedded engine does again: datasets after an edit, runs after a reset."""

from __future__ import annotations

from sqlalchemy import Connection

from openml_client.errors import ProtocolError
from openml_client.model.dataset import Dataset
from openml_client.model.run import RunEvaluation
from openml_client.registry import blobs
from openml_client.registry.calls import Services
from openml_client.registry.publishing.dataset import process
from openml_client.registry.publishing.run import evaluate
from openml_client.registry.store import datasets, runs, tasks
from openml_client.registry.store.datasets import Processed, StoredDataset
from openml_client.registry.store.runs import Evaluated
from openml_client.wire import xml
from openml_client.wire.run import RUN_UPLOAD, RunUpload


def process_again(services: Services, stored: StoredDataset, *, said: Dataset) -> Processed | None:
    """What the engine finds in a stored dataset, given what is said of it.

    None if there is no engine, or the data is not in this registry.
    """
    if not services.has_engine or stored.sha256 is None:
        return None
    return process(blobs.read(services.blobs, stored.sha256), said)


def evaluate_again(services: Services, connection: Connection, run_id: int) -> Evaluated | None:
    """What the engine says of a stored run; None if there is no such run."""
    task_id = runs.task_of(connection, run_id)
    task = None if task_id is None else tasks.find(connection, task_id)
    if task is None:
        return None
    dataset = None if task.dataset_id is None else datasets.find(connection, task.dataset_id)
    contents = runs.contents_of(connection, run_id)
    return evaluate(
        services,
        task.inputs,
        None if dataset is None else dataset.sha256,
        predictions=_content(services, contents.get("predictions")),
        trace=_content(services, contents.get("trace")),
        claimed=claims_of(services, contents.get("description")),
        splits_sha256=task.splits_sha256,
    )


def claims_of(services: Services, sha256: str | None) -> tuple[RunEvaluation, ...]:
    """What the uploader of a run measured, by the description that was uploaded."""
    content = _content(services, sha256)
    if content is None:
        return ()
    try:
        upload: RunUpload = xml.read(RUN_UPLOAD, content, source="the description of the run")
    except ProtocolError:
        return ()  # of a registry that was mirrored, whose descriptions are its own affair
    return upload.evaluations


def _content(services: Services, sha256: str | None) -> bytes | None:
    return None if sha256 is None else blobs.read(services.blobs, sha256)
