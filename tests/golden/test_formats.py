"""Data files of the real server and of other clients, judged by liac-arff and by the server."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import arff as liac
import numpy as np
import pandas as pd
import pytest

from openml_client.errors import ArffError, FormatError
from openml_client.formats.arff import NUMBERS, ArffFile, Attribute, check_arff, read_arff
from openml_client.formats.arff_writer import write_arff
from openml_client.formats.parquet import read_parquet, write_parquet
from openml_client.formats.predictions import read_predictions, write_predictions
from openml_client.formats.splits import Splits, open_splits, read_splits, write_splits
from openml_client.formats.table import Table
from tests.golden import transcripts

pytestmark = pytest.mark.shared

FILES = {
    "data/engine/cleveland.arff": ("cleveland", 303, 14),
    "data/engine/weather.arff": ("Weather", 14, 5),
    "data/openml-python/dataset_2/dataset.arff": ("anneal.ORIG", 898, 39),
    "data/openml-python/trace.arff": ("openml_task_11_predictions", 500, 12),
    "data/openml-r/datasets/4/dataset.arff": ("balance-scale", 625, 5),
    "data/openml-r/datasets/61/dataset.arff": ("iris", 150, 5),
    "data/openml-r/datasets/106/dataset.arff": ("vineyard", 52, 4),
}
"""Dense data files with their relation, rows and columns."""

SPLITS = {
    "data/openml-python/task_1/datasplits.arff": (1, 10, 898),
    "data/openml-r/tasks/19/datasplits.arff": (1, 10, 625),
    "data/openml-r/tasks/59/datasplits.arff": (1, 10, 150),
    "data/openml-r/tasks/631/datasplits.arff": (1, 10, 52),
}
"""Cross-validations: repeats, folds, rows of the dataset."""

RUNS = {219: 625, 223: 52, 26936: 150}
"""Runs with predictions, and the rows of their datasets."""


def values(attribute: Attribute, column: np.ndarray) -> list:
    """Values as liac-arff gives them, missing ones as None."""
    if attribute.kind == "nominal":
        return [attribute.labels[code] if code >= 0 else None for code in column]
    return [None if value != value else value for value in column.tolist()]


def reference(content: bytes) -> dict:
    # liac-arff does not know the NUL bytes at the end of some recorded files.
    return liac.loads(content.rstrip(b"\0").decode())


def assert_as_liac_arff_has_it(content: bytes) -> ArffFile:
    file, wanted = read_arff(content), reference(content)
    assert file.n_rows == len(wanted["data"])
    assert [a.name for a in file.attributes] == [name for name, _ in wanted["attributes"]]
    for n, (attribute, (_, kind)) in enumerate(
        zip(file.attributes, wanted["attributes"], strict=True)
    ):
        if attribute.kind == "nominal":
            assert list(attribute.labels) == kind
        expected = [row[n] for row in wanted["data"]]
        if attribute.kind in NUMBERS:
            expected = [None if value is None else float(value) for value in expected]
        assert values(attribute, file.columns[n]) == expected, attribute.name
    return file


def uploads(shared: Path, folder: str, part: str) -> Iterator[tuple[str, bytes, int]]:
    """Files of this name in recorded forms: transcript, content, status of the answer."""
    for name in transcripts.names(shared / folder):
        exchange = transcripts.load(shared / folder, name)
        if exchange.request.headers.get_content_maintype() != "multipart":
            continue
        for item in exchange.request.parts:
            if item.name == part and item.filename:
                yield name, item.body, exchange.response.status


# ARFF.


@pytest.mark.parametrize("path", FILES)
def test_a_real_file_has_the_values_that_liac_arff_reads(shared, path):
    file = assert_as_liac_arff_has_it((shared / path).read_bytes())
    assert (file.relation, file.n_rows, len(file.attributes)) == FILES[path]


@pytest.mark.parametrize("path", SPLITS)
def test_a_real_splits_file_has_the_values_that_liac_arff_reads(shared, path):
    assert_as_liac_arff_has_it((shared / path).read_bytes())


@pytest.mark.parametrize("path", FILES)
def test_a_real_file_is_written_and_read_back_equal(shared, path):
    file = read_arff(shared / path)
    again = read_arff(write_arff(file.relation, file.attributes, file.columns))
    assert (again.relation, again.attributes) == (file.relation, file.attributes)
    for attribute, one, other in zip(file.attributes, file.columns, again.columns, strict=True):
        assert type(one) is type(other)
        assert getattr(one, "dtype", None) == getattr(other, "dtype", None)
        assert values(attribute, one) == values(attribute, other), attribute.name


@pytest.mark.parametrize("path", FILES)
def test_what_is_written_of_a_real_file_is_the_same_for_liac_arff(shared, path):
    file = read_arff(shared / path)
    assert_as_liac_arff_has_it(write_arff(file.relation, file.attributes, file.columns))


@pytest.mark.parametrize("path", FILES)
def test_a_table_is_the_same_from_arff_and_from_parquet(shared, path):
    table = Table.from_arff(read_arff(shared / path))
    again = read_parquet(write_parquet(table))
    assert again.attributes == table.attributes
    pd.testing.assert_frame_equal(again.to_pandas(), table.to_pandas())
    assert again.to_arrow().equals(table.to_arrow())


def test_a_parquet_file_of_the_server_is_read(shared):
    table = read_parquet(shared / "data/openml-python/dataset_30/dataset_30.pq")
    assert table.shape == (4177, 9)
    assert table.categorical == ("Sex", "Class_number_of_rings")
    assert len(table.labels("Class_number_of_rings")) == 29
    frame = table.to_pandas()
    assert not frame.isna().to_numpy().any()
    assert (frame["Length"] > 0).all()


# The upload check.


@pytest.mark.parametrize("name", ["valid-1", "valid-2"])
def test_the_upload_check_accepts_what_the_server_accepts(shared, name):
    check_arff((shared / f"data/arff_check/{name}.arff").read_bytes())


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("invalid-1", 5),
        ("invalid-2", 3),
        ("invalid-3", 8),
        ("invalid-4", 10),
        ("invalid-5", 11),
        ("invalid-6", 10),
    ],
)
def test_the_upload_check_refuses_what_the_server_refuses(shared, name, line):
    with pytest.raises(ArffError) as caught:
        check_arff((shared / f"data/arff_check/{name}.arff").read_bytes())
    assert caught.value.line == line


@pytest.mark.parametrize("name", ["data_upload_err_145_bad_arff", "data_upload_err_145_not_arff"])
def test_the_upload_check_has_the_server_s_words(shared, name):
    exchange = transcripts.load(shared / "golden", name)
    [dataset] = [part for part in exchange.request.parts if part.name == "dataset"]
    with pytest.raises(ArffError) as caught:
        check_arff(dataset.body)
    said = f"Arff error in dataset file: {caught.value.summary} (l.{caught.value.line})"
    assert said in exchange.response.body.decode()


def test_the_upload_check_accepts_every_dataset_that_the_server_took(shared):
    taken = [
        (name, content)
        for folder in ("golden", "golden_openml_python")
        for name, content, status in uploads(shared, folder, "dataset")
        if status == 200
    ]
    assert len(taken) >= 5
    for name, content in taken:
        try:
            check_arff(content)
        except ArffError as error:
            pytest.fail(f"{name}: {error}")
        read_arff(content)


# Splits.


def assert_is_cross_validation(splits: Splits, n_rows: int) -> None:
    splits.check(n_rows)
    for repeat in range(splits.n_repeats):
        folds = [splits[repeat, fold] for fold in range(splits.n_folds)]
        tested = np.concatenate([fold.test for fold in folds])
        assert sorted(tested.tolist()) == list(range(n_rows))
        for fold in folds:
            both = np.concatenate([fold.train, fold.test])
            assert sorted(both.tolist()) == list(range(n_rows))


@pytest.mark.parametrize("path", SPLITS)
def test_real_splits_are_a_whole_cross_validation(shared, path):
    splits = read_splits((shared / path).read_bytes())
    n_repeats, n_folds, n_rows = SPLITS[path]
    assert (splits.n_repeats, splits.n_folds, splits.n_samples) == (n_repeats, n_folds, 1)
    assert_is_cross_validation(splits, n_rows)


RECORDED = (*SPLITS, *(f"splits_{name}" for name in ("cls", "ep2", "ep5", "lc", "reg")))
"""Splits of openml.org by their paths, and those of the running server by their transcripts."""


@pytest.mark.parametrize("name", RECORDED)
def test_real_splits_keep_the_order_of_the_file(shared, tmp_path, name):
    content = (
        (shared / name).read_bytes()
        if name in SPLITS
        else transcripts.load(shared / "golden", name).response.body
    )
    wanted: dict = {}
    for kind, row, *key in reference(content)["data"]:
        parts = wanted.setdefault(tuple(map(int, [*key, 0][:3])), {"TRAIN": [], "TEST": []})
        parts[kind].append(int(row))
    read = read_splits(content)
    path = tmp_path / "kept.npy"
    with path.open("wb") as sink:
        write_splits(read, sink)
    with path.open("rb") as file:
        kept = open_splits(file)
    n_rows = 1 + max(row for parts in wanted.values() for row in itertools.chain(*parts.values()))
    for found in (read, kept):
        assert found.n_bytes <= 4 * n_rows * found.n_repeats
        assert list(found) == sorted(wanted)
        for key, fold in found.items():
            assert fold.train.tolist() == wanted[key]["TRAIN"]
            assert fold.test.tolist() == wanted[key]["TEST"]


@pytest.mark.parametrize(
    ("name", "shape", "n_rows"),
    [
        ("splits_cls", (1, 10, 1), 150),
        ("splits_ep2", (5, 2, 1), 150),
        ("splits_reg", (1, 10, 1), 120),
    ],
)
def test_splits_of_the_running_server_are_a_whole_cross_validation(shared, name, shape, n_rows):
    splits = read_splits(transcripts.load(shared / "golden", name).response.body)
    assert (splits.n_repeats, splits.n_folds, splits.n_samples) == shape
    assert_is_cross_validation(splits, n_rows)


def test_splits_of_a_learning_curve_have_samples_that_grow(shared):
    splits = read_splits(transcripts.load(shared / "golden", "splits_lc").response.body)
    splits.check(150)
    assert splits.has_samples
    for fold in range(splits.n_folds):
        folds = [splits[0, fold, sample] for sample in range(splits.n_samples)]
        sizes = [len(each.train) for each in folds]
        assert sizes == sorted(set(sizes))
        for smaller, larger in itertools.pairwise(folds):
            assert larger.train[: len(smaller.train)].tolist() == smaller.train.tolist()
            assert larger.test.tolist() == smaller.test.tolist()


# Predictions.


def assert_predictions_as_liac_arff_has_them(content: bytes, n_rows: int | None = None) -> None:
    found, wanted = read_predictions(content), reference(content)
    names = [name for name, _ in wanted["attributes"]]
    by_name = {name: [row[n] for row in wanted["data"]] for n, name in enumerate(names)}
    assert len(found) == len(wanted["data"])
    assert n_rows in {None, len(found)}
    for name in ("repeat", "fold", "row_id"):
        assert getattr(found, name).tolist() == by_name[name]
    if found.labels is None:
        assert found.prediction.tolist() == by_name["prediction"]
        return
    assert [found.labels[code] for code in found.prediction] == by_name["prediction"]
    for n, label in enumerate(found.labels):
        assert found.confidence[:, n].tolist() == by_name[f"confidence.{label}"]
    truth = by_name.get("truth", by_name.get("correct"))
    if truth is not None:
        assert [found.labels[code] for code in found.truth] == truth


@pytest.mark.parametrize("run_id", RUNS)
def test_predictions_of_real_runs_are_read(shared, run_id):
    content = (shared / f"data/openml-r/runs/{run_id}/predictions.arff").read_bytes()
    assert_predictions_as_liac_arff_has_them(content, RUNS[run_id])


@pytest.mark.parametrize("folder", ["golden", "golden_openml_python"])
def test_predictions_of_every_accepted_upload_are_read(shared, folder):
    taken = [item for item in uploads(shared, folder, "predictions") if item[2] == 200]
    # Clusterings predict no class and no number, but the cluster of a row.
    supervised = [item for item in taken if item[0] != "run_upload_clustering"]
    assert len(supervised) >= 4
    for name, content, _ in supervised:
        try:
            assert_predictions_as_liac_arff_has_them(content)
        except FormatError as error:
            pytest.fail(f"{name}: {error}")


@pytest.mark.parametrize("run_id", RUNS)
def test_predictions_of_real_runs_are_written_and_read_back_equal(shared, run_id):
    content = (shared / f"data/openml-r/runs/{run_id}/predictions.arff").read_bytes()
    made = read_predictions(content)
    again = read_predictions(write_predictions(made, task_id=1))
    assert again.labels == made.labels
    for name in ("repeat", "fold", "row_id", "prediction", "truth", "confidence"):
        np.testing.assert_array_equal(getattr(again, name), getattr(made, name), err_msg=name)
