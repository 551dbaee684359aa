"""The work as openml-python 0.15.1 does it, in its own environment."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

Work = Callable[[], Any]


def _with(work: Work, **attributes: Callable[..., Any]) -> Work:
    """The work with its ``extra`` or its ``comparable``; see side.py."""
    for name, value in attributes.items():
        setattr(work, name, value)
    return work


def _dataset(path: str, format: str) -> Any:
    """openml-python's dataset of a file that was downloaded."""
    from openml.datasets import OpenMLDataset

    return OpenMLDataset("bench", "A dataset.", data_format=format, data_file=path, dataset_id=1)


def _parsed(path: str, format: str) -> Any:
    dataset = _dataset(path, format)
    return dataset._parse_data_from_arff(Path(path))[0]


def arff_to_pandas(path: str) -> Work:
    import openml  # noqa: F401

    return lambda: _parsed(path, "ARFF")


def sparse_arff(path: str) -> Work:
    import openml  # noqa: F401

    return lambda: _parsed(path, "Sparse_ARFF")


def write_arff(path: str) -> Work:
    """What `create_dataset` does of a frame, without reading it again to check it."""
    import arff

    from benchmarks.data import dense_frame

    frame = dense_frame(path)

    def work() -> bytes:
        content = {
            "relation": "dense",
            "description": "",
            "attributes": [(name, "REAL") for name in frame.columns],
            "data": frame.to_numpy(),
        }
        return str(arff.dumps(content)).encode()

    return work


def _connected(address: str, cache: str | None) -> Any:
    import arff  # noqa: F401
    import openml
    import pyarrow.parquet  # noqa: F401

    openml.config.server = f"{address}/api/v1/xml"
    openml.config.set_root_cache_directory(cache or tempfile.mkdtemp(prefix="bench-cache-"))
    return openml


def load(address: str, id: int, warm: int, cache: str | None = None, parquet: bool = False) -> Work:
    """After another set."""
    os.environ["OPENML_SKIP_PARQUET"] = "false" if parquet else "true"
    openml = _connected(address, None)
    openml.datasets.get_dataset(warm, download_data=True).get_data()
    _connected(address, cache)

    def work() -> Any:
        return openml.datasets.get_dataset(id, download_data=True).get_data()[0]

    return work


def load_pickle(cache: str) -> Work:
    """Only the pickle that an earlier load left: what openml-python means to do."""
    import pickle

    import pandas as pd

    pd.DataFrame({"a": [1]})
    path = next(Path(cache).rglob("*.pkl.py3"))

    def work() -> Any:
        with path.open("rb") as file:
            return pickle.load(file)[0]

    return work


def fetch_openml(address: str, id: int, warm: int) -> Work:
    """After another set."""
    from sklearn.datasets import _openml

    for name in ("_OPENML_PREFIX", "_SEARCH_NAME", "_DATA_INFO", "_DATA_FEATURES"):
        if hasattr(_openml, name):
            moved = re.sub("^https://[a-z.]+", address, getattr(_openml, name))
            setattr(_openml, name, moved)

    def fetch(data_id: int) -> Any:
        home = tempfile.mkdtemp(prefix="bench-cache-")
        return _openml.fetch_openml(
            data_id=data_id, as_frame=True, parser="pandas", data_home=home
        ).frame

    fetch(warm)
    return lambda: fetch(id)


def read_splits(path: str, keeps_pickle: bool = False) -> Work:
    from openml.tasks.split import OpenMLSplit

    pickle = Path(path).with_suffix(".pkl.py3")
    if not keeps_pickle:
        pickle.unlink(missing_ok=True)
    elif not pickle.exists():
        OpenMLSplit._from_arff_file(Path(path))

    def work() -> Any:
        split = OpenMLSplit._from_arff_file(Path(path)).split
        return {
            (repeat, fold, sample): (part.train, part.test)
            for repeat, folds in split.items()
            for fold, samples in folds.items()
            for sample, part in samples.items()
        }

    return work


def write_predictions(n_rows: int) -> Work:
    """`OpenMLRun` writes what it was given as rows."""
    import arff

    from benchmarks.data import classes, predictions

    columns = predictions(n_rows)
    labels = classes()
    lists = [columns["fold"].tolist(), columns["row_id"].tolist()]
    named = [[labels[code] for code in columns[name].tolist()] for name in ("prediction", "truth")]
    rows = [
        [0, fold, row, prediction, truth, *confidence]
        for fold, row, prediction, truth, confidence in zip(
            *lists, *named, columns["confidence"].tolist(), strict=True
        )
    ]
    attributes: list[Any] = [(name, "NUMERIC") for name in ("repeat", "fold", "row_id")]
    attributes += [("prediction", list(labels)), ("correct", list(labels))]
    attributes += [(f"confidence.{label}", "NUMERIC") for label in labels]
    content = {"relation": "openml_task_1_predictions", "description": ""}

    return lambda: arff.dumps(content | {"attributes": attributes, "data": rows}).encode()


def list_datasets(address: str) -> Work:
    openml = _connected(address, None)
    from benchmarks.digests import listed_datasets

    openml.datasets.list_datasets(size=10, output_format="dataframe")
    return _with(
        lambda: openml.datasets.list_datasets(output_format="dataframe"),
        comparable=lambda frame: listed_datasets(frame, {}),
    )


def list_evaluations(address: str) -> Work:
    openml = _connected(address, None)
    from benchmarks.digests import listed_evaluations

    openml.evaluations.list_evaluations("predictive_accuracy", size=10, output_format="dataframe")

    def work() -> Any:
        return openml.evaluations.list_evaluations(
            "predictive_accuracy", size=None, output_format="dataframe"
        )

    return _with(work, comparable=lambda frame: listed_evaluations(frame, {}))


def metadata(address: str, ids: list[int], warm: int, workers: int) -> Work:
    """What `get_datasets` does, with the features, too, after another set; it has no workers."""
    from benchmarks.counting import counted

    openml = _connected(address, None)

    def get(id_: int) -> Any:
        return openml.datasets.get_dataset(
            id_, download_data=False, download_qualities=True, download_features_meta_data=True
        )

    get(warm)

    def work() -> Any:
        return [get(id_) for id_ in ids]

    def comparable(datasets: Any) -> list[list[Any]]:
        return [[d.dataset_id, d.name, len(d.features), len(d.qualities)] for d in datasets]

    return _with(work, extra=counted(address), comparable=comparable)


def load_counted(address: str, id: int, warm: int) -> Work:
    """The first load, of a server that counts."""
    from benchmarks.counting import counted

    return _with(load(address, id, warm), extra=counted(address))


def execute(address: str, task: int, small_task: int, cache: str, parquet: bool = False) -> Work:
    """All folds of a task whose files are in the cache, after those of a small one."""
    os.environ["OPENML_SKIP_PARQUET"] = "false" if parquet else "true"
    openml = _connected(address, cache)
    from sklearn.dummy import DummyClassifier

    def run(id_: int) -> Any:
        found = openml.tasks.get_task(id_)
        labels = found.class_labels
        made = openml.runs.run_model_on_task(
            DummyClassifier(), found, avoid_duplicate_runs=False, seed=1
        )
        return labels, made.data_content

    run(small_task)

    def comparable(result: Any) -> Any:
        from benchmarks.digests import predictions

        labels, rows = result
        repeat, fold, _, row, prediction, _, *confidence = map(list, zip(*rows, strict=True))
        return predictions(
            labels,
            repeat=repeat,
            fold=fold,
            row=row,
            prediction=[labels.index(label) for label in prediction],
            confidence=list(zip(*confidence, strict=True)),
        )

    return _with(lambda: run(task), comparable=comparable)


def describe_and_rebuild(times: int) -> Work:
    """A model to its flow, the flow to XML and back, and the model again; once is not counted."""
    import xmltodict
    from openml.extensions.sklearn import SklearnExtension
    from openml.flows import OpenMLFlow

    from benchmarks.pipelines import of_eight_components, settings

    extension = SklearnExtension()
    model = of_eight_components()

    def once() -> Any:
        text = extension.model_to_flow(model)._to_xml()
        return extension.flow_to_model(OpenMLFlow._from_dict(xmltodict.parse(text)))

    once()
    return _with(lambda: [once() for _ in range(times)][-1], comparable=settings)
