"""Real data for an empty registry: the sets that scikit-learn ships, each with a 10-fold task.

Seven are whole OpenML sets with their own descriptions, which scikit-learn keeps for its tests;
five are its own.  All are read from the installed scikit-learn, so nothing is downloaded.
Everything goes through a client, as a user's uploads would.  Who seeds a folder while another
process does waits for it, and finds everything there.
"""

from __future__ import annotations

import gzip
import logging
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from openml_client.config import registry_folder
from openml_client.errors import MissingDependencyError
from openml_client.model.dataset import Dataset, DatasetDraft
from openml_client.model.task import Task
from openml_client.model.task_draft import TaskDraft
from openml_client.wire import json
from openml_client.wire.dataset import DATASET

if TYPE_CHECKING:
    import pandas as pd

    from openml_client.client import Client

OPENML_IDS = (61, 3, 62, 561, 40675, 40945, 42585)
"""iris, kr-vs-kp, zoo, cpu, glass2, titanic and penguins: whole in scikit-learn's test data."""

LOCK = "seed.lock"
"""Name of the file in a registry's folder that is locked while the folder is seeded."""
SILENT_S = 2
"""A wait that takes longer than this is announced.  Source: reliability battery, "an error"."""

_logger = logging.getLogger("openml_client")


@dataclass(frozen=True)
class Source:
    """A dataset that can be published: its name, and how to read it."""

    name: str
    read: Callable[[], tuple[DatasetDraft, pd.DataFrame | bytes]]


@dataclass(frozen=True)
class Seeded:
    """A dataset that a registry holds now, and its task."""

    dataset: Dataset
    task: Task
    is_new: bool
    """Whether it was published by this call."""


def seed(client: Client) -> Iterator[Seeded]:
    """Publish what is missing, one dataset and task after the other.

    A folder is seeded by one process at a time; on a server that is elsewhere nothing keeps two
    apart.

    Raises
    ------
    MissingDependencyError
        If scikit-learn is not installed.
    """
    with _alone(client):
        for source in sources():
            dataset = client.datasets.find(source.name)
            is_new = dataset is None
            if dataset is None:
                draft, data = source.read()
                dataset = client.datasets.publish(draft, data)
            yield Seeded(dataset, _ten_fold_task(client, dataset), is_new)


@contextmanager
def _alone(client: Client) -> Iterator[None]:
    """Keep other processes from seeding the client's folder, if it has one."""
    if not client.settings.is_local:
        yield
        return
    folder = registry_folder(client.settings.server)
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=SILENT_S)
    except Timeout:
        _logger.warning("waiting for another process that seeds %s", folder)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def sources() -> tuple[Source, ...]:
    """All datasets that the installed scikit-learn brings, in the order of their publication."""
    return (*_openml_sources(), *_own_sources())


def _ten_fold_task(client: Client, dataset: Dataset) -> Task:
    target = dataset.target_names[0]
    features = {feature.name: feature for feature in client.datasets.features(dataset)}
    is_nominal = features[target].data_type == "nominal"
    draft = TaskDraft.classification if is_nominal else TaskDraft.regression
    return client.tasks.publish(draft(dataset.id, target))


def _openml_sources() -> Iterator[Source]:
    folder = _scikit_learn() / "tests" / "data" / "openml"
    for id_ in OPENML_IDS:
        place = folder / f"id_{id_}"
        description = place / f"api-v1-jd-{id_}.json.gz"
        if not description.is_file():
            continue  # some distributors leave scikit-learn's tests out
        name = _description(description).name
        yield Source(name, partial(_read_openml, place, description))


def _read_openml(place: Path, description: Path) -> tuple[DatasetDraft, bytes]:
    data = next(place.glob("data-v1-dl-*.arff.gz"))
    dataset = _description(description)
    fields = DatasetDraft.__dataclass_fields__
    known = {name: getattr(dataset, name) for name in fields if hasattr(dataset, name)}
    draft = DatasetDraft(**{**known, "url": None})
    return replace(draft, description=_basic_latin(draft.description)), _unzip(data)


def _description(path: Path) -> Dataset:
    dataset: Dataset = json.read(DATASET, _unzip(path), source=path.name)
    return dataset


def _unzip(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())


def _basic_latin(text: str) -> str:
    """Text in the characters that the protocol takes, close to the original."""
    quotes = text.translate({0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0x2013: "-"})
    plain = unicodedata.normalize("NFKD", quotes)
    return plain.encode("ascii", errors="ignore").decode()


def _own_sources() -> Iterator[Source]:
    for name, target in (
        ("wine", "class"),
        ("breast-cancer", "diagnosis"),
        ("digits", "digit"),
        ("diabetes", "progression"),
        ("linnerud", "Weight"),
    ):
        yield Source(name, partial(_read_own, name, target))


def _read_own(name: str, target: str) -> tuple[DatasetDraft, pd.DataFrame]:
    from sklearn import datasets

    bunch: Any = getattr(datasets, f"load_{name.replace('-', '_')}")(as_frame=True)
    frame = bunch.data.copy()
    if name == "linnerud":
        frame = frame.join(bunch.target)
    elif "target_names" in bunch:
        labels = [str(label) for label in bunch.target_names]
        frame[target] = bunch.target.map(dict(enumerate(labels))).astype("category")
        frame[target] = frame[target].cat.set_categories(labels)
    else:
        frame[target] = bunch.target
    draft = DatasetDraft(
        name=name,
        description=_basic_latin(bunch.DESCR)[:16_384],
        default_target_attribute=target,
        licence="BSD (from scikit-learn)",
        language="English",
    )
    return draft, frame


def _scikit_learn() -> Path:
    try:
        import sklearn.datasets
    except ImportError as error:
        raise MissingDependencyError(
            "seeding reads the datasets that scikit-learn ships, and it is not installed",
            hint="Install it with `pip install 'openml-client[registry]'`.",
        ) from error
    return Path(sklearn.datasets.__file__).parent
