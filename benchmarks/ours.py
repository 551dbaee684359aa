"""The work as our users do it.  Each function gives the work, without what is not measured."""

from __future__ import annotations

import importlib
import tempfile
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

Work = Callable[[], Any]

MIB = 2**20


def _warm() -> None:
    """Import what the first use imports: that is row 1's."""
    import pyarrow.csv
    import pyarrow.parquet  # noqa: F401

    from openml_client.formats.arff import read_arff
    from openml_client.formats.table import Table

    Table.from_arff(read_arff(b"@relation a\n@attribute x REAL\n@data\n1\n")).to_pandas()
    for name in ("resources.caller", "resources.loading", "transport", "wire.columns"):
        with suppress(ImportError):
            importlib.import_module(f"openml_client.{name}")


def _client(address: str, cache: str | None = None) -> Any:
    from openml_client import Client

    return Client(address, cache_dir=cache or tempfile.mkdtemp(prefix="bench-cache-"))


def _with(work: Work, **attributes: Callable[..., Any]) -> Work:
    """The work with its ``extra`` or its ``comparable``; see side.py."""
    for name, value in attributes.items():
        setattr(work, name, value)
    return work


def _over_arrow(table: Any, grown_mib: float) -> dict[str, float]:
    """How much more memory was taken than the table needs."""
    return {"memory_ratio": grown_mib * MIB / table.nbytes}


def arff_to_pandas(path: str) -> Work:
    _warm()
    from openml_client.formats.arff import read_arff
    from openml_client.formats.table import Table

    return lambda: Table.from_arff(read_arff(Path(path))).to_pandas()


def arff_to_arrow(path: str) -> Work:
    _warm()
    from openml_client.formats.arff import read_arff
    from openml_client.formats.table import Table

    def work() -> Any:
        return Table.from_arff(read_arff(Path(path))).to_arrow()

    return _with(work, extra=_over_arrow)


def sparse_arff(path: str) -> Work:
    _warm()
    import scipy.sparse  # noqa: F401

    from openml_client.formats.arff import read_arff
    from openml_client.formats.table import Table

    return lambda: Table.from_arff(read_arff(Path(path))).sparse()


def write_arff(path: str) -> Work:
    _warm()
    from benchmarks.data import dense_frame
    from openml_client.formats.frames import arff_from_pandas

    frame = dense_frame(path)
    return lambda: arff_from_pandas(frame, "dense")


def load(address: str, id: int, warm: int, cache: str | None = None, **options: Any) -> Work:
    """Client and all, after another set: with an empty cache, or with a folder that has it."""
    folder = cache or tempfile.mkdtemp(prefix="bench-cache-")

    def work() -> Any:
        with _client(address, folder) as client:
            return client.datasets.load(id, **options).to_pandas()

    _load_other(address, warm, **options)
    return work


def _load_other(address: str, id: int, **options: Any) -> None:
    """Import all that loading needs."""
    _warm()
    with _client(address) as client:
        client.datasets.load(id, **options).to_pandas()


def load_arrow(address: str, id: int, warm: int, **options: Any) -> Work:
    _load_other(address, warm, **options)

    def work() -> Any:
        with _client(address) as client:
            return client.datasets.load(id, **options).to_arrow()

    return _with(work, extra=_over_arrow)


def read_splits(path: str) -> Work:
    _warm()
    from openml_client.formats.splits import read_splits

    content = Path(path).read_bytes()
    return _with(lambda: read_splits(content), comparable=_by_key)


def _by_key(splits: Any) -> dict[Any, Any]:
    return {key: (fold.train, fold.test) for key, fold in splits.items()}


def held_splits(path: str) -> Work:
    """The same for the second time, traced: how many bytes stay."""
    _warm()
    from openml_client.formats.splits import read_splits

    content = Path(path).read_bytes()
    read_splits(content)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]

    def extra(*_: Any) -> dict[str, float]:
        return {"held_bytes": tracemalloc.get_traced_memory()[0] - before}

    return _with(lambda: read_splits(content), extra=extra, comparable=_by_key)


def make_splits(n_rows: int) -> Work:
    """Ten times ten folds, with three classes, as the file that the registry serves."""
    import numpy as np

    from openml_client.registry.engine.splits import make_splits, splits_arff
    from openml_client.registry.vocabulary import procedures

    procedure = next(p for p in procedures().values() if (p.repeats, p.folds) == (10, 10))
    classes = np.arange(n_rows, dtype=np.int32) % 3

    def work() -> Any:
        rows = make_splits(procedure, n_rows=n_rows, classes=classes, n_classes=3)
        return splits_arff("dense", rows)

    return _with(work, comparable=len)


def task_splits(address: str, id: int, cache: str) -> Work:
    """Of a task that is known, whose splits were read before."""
    _warm()
    from openml_client.formats import splits  # noqa: F401

    client = _client(address, cache)
    task = client.tasks.get(id)
    return _with(lambda: client.tasks.splits(task), comparable=_by_key)


def write_predictions(n_rows: int) -> Work:
    _warm()
    import numpy as np

    from benchmarks.data import classes, predictions
    from openml_client.formats.predictions import write_predictions
    from openml_client.model.run import Predictions

    columns: dict[str, Any] = predictions(n_rows)
    zeros = np.zeros(n_rows, dtype=np.int32)
    given = Predictions(repeat=zeros, sample=None, labels=classes(), **columns)
    return lambda: write_predictions(given, task_id=1)


def list_datasets(address: str) -> Work:
    _warm()
    from benchmarks.digests import listed_datasets

    client = _client(address)
    client.datasets.list(limit=10).to_pandas()
    return _with(
        lambda: client.datasets.list().to_pandas(),
        comparable=lambda frame: listed_datasets(frame, {"id": "did"}),
    )


def list_evaluations(address: str) -> Work:
    _warm()
    from benchmarks.digests import listed_evaluations

    client = _client(address)
    client.evaluations.list("predictive_accuracy", limit=10).to_pandas()
    names = {
        "dataset_id": "data_id",
        "dataset_name": "data_name",
        "measure": "function",
        "uploader_id": "uploader",
        "uploaded_at": "upload_time",
    }
    return _with(
        lambda: client.evaluations.list("predictive_accuracy").to_pandas(),
        comparable=lambda frame: listed_evaluations(frame, names),
    )


def metadata(address: str, ids: list[int], warm: int, workers: int) -> Work:
    """Descriptions, features and qualities, after those of another set."""
    from benchmarks.counting import counted

    def get(client: Any, some: list[int]) -> Any:
        return client.datasets.get_many(
            some, with_features=True, with_qualities=True, workers=workers, progress=False
        ).or_raise()

    client = _client(address)
    if not hasattr(client.datasets, "get_many"):
        raise NotImplementedError("`client.datasets.get_many` is not there yet")
    with _client(address) as other:
        get(other, [warm])

    def work() -> Any:
        return get(client, ids)

    def comparable(many: Any) -> list[list[Any]]:
        return [
            [one.id, one.name, len(many.features[one.id]), len(many.qualities[one.id])]
            for one in many
        ]

    return _with(work, extra=counted(address), comparable=comparable)


def load_counted(address: str, id: int, warm: int) -> Work:
    """The first load, of a server that counts."""
    from benchmarks.counting import counted

    return _with(load(address, id, warm, format="arff"), extra=counted(address))


def execute(address: str, task: int, small_task: int, cache: str) -> Work:
    """All folds of a task whose files are in the cache, after those of a small one."""
    _warm()
    from sklearn.dummy import DummyClassifier

    client = _client(address, cache)
    model = DummyClassifier()
    client.runs.execute(model, small_task, seed=1, progress=False)

    def comparable(draft: Any) -> Any:
        from benchmarks.digests import predictions

        given = draft.predictions
        return predictions(
            given.labels,
            repeat=given.repeat,
            fold=given.fold,
            row=given.row_id,
            prediction=given.prediction,
            confidence=given.confidence,
        )

    return _with(
        lambda: client.runs.execute(model, task, seed=1, progress=False), comparable=comparable
    )


def describe_and_rebuild(times: int) -> Work:
    """A model to its flow, the flow to XML and back, and the model again; once is not counted."""
    from benchmarks.pipelines import of_eight_components, settings
    from openml_client.wire import xml
    from openml_client.wire.flow import FLOW_DRAFT

    client = _client("http://127.0.0.1:9")  # where nobody is asked
    model = of_eight_components()

    def once() -> Any:
        draft = client.flows.from_model(model)
        xml.read(FLOW_DRAFT, xml.write(FLOW_DRAFT, draft), source="bench")
        return client.flows.to_model(draft)

    once()
    return _with(lambda: [once() for _ in range(times)][-1], comparable=settings)


def registry_get(folder: str) -> Work:
    """Ten datasets, each for the first time."""
    client = _client(f"local:{folder}")
    ids = [row.id for row in client.datasets.list()]
    client.datasets.get(ids[0])
    return lambda: len([client.datasets.get(id_) for id_ in ids[1:11]])


def registry_publish(folder: str, task: int) -> Work:
    """A run with 1,000 predictions."""
    import shutil

    from sklearn.tree import DecisionTreeClassifier

    copy = Path(tempfile.mkdtemp(prefix="bench-registry-")) / "registry"
    shutil.copytree(folder, copy)
    client = _client(f"local:{copy}")
    model = DecisionTreeClassifier(max_depth=3)
    first, draft = (client.runs.execute(model, task, seed=s, progress=False) for s in (1, 2))
    client.runs.publish(first)

    def work() -> int:
        client.runs.publish(draft)
        return 1

    return work
