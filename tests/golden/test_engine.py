"""The engine computes what the real one sent: splits, features, qualities and evaluations."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openml_client.formats.arff import ArffFile, read_arff
from openml_client.model.dataset import Dataset
from openml_client.model.run import RunEvaluation
from openml_client.model.task_type import EstimationProcedure
from openml_client.registry.engine.columns import Column, columns
from openml_client.registry.engine.evaluate import EvaluationResult, evaluate_run
from openml_client.registry.engine.features import describe_features
from openml_client.registry.engine.landmarkers.compute import compute_landmarkers
from openml_client.registry.engine.qualities import compute_qualities
from openml_client.registry.engine.splits import SplitRows, make_splits, splits_arff
from openml_client.wire import xml
from openml_client.wire.codec import decode
from openml_client.wire.dataset import DATASET, FEATURES
from openml_client.wire.run import RUN, RUN_EVALUATION, RUN_UPLOAD
from openml_client.wire.vocabulary import ESTIMATION_PROCEDURES

from .published import by_key, judge_old
from .transcripts import load, names

pytestmark = pytest.mark.shared

approximately = partial(pytest.approx, rel=1e-9, abs=1e-9)


def as_list(tree: Any) -> list[Any]:
    """Elements of a tree that stand alone, in a list, or not at all."""
    if tree is None:
        return []
    return tree if isinstance(tree, list) else [tree]


@pytest.fixture(scope="module")
def procedures(shared: Path) -> dict[int, EstimationProcedure]:
    """The estimation procedures of the real server, by id."""
    body = load(shared / "golden", "estimationprocedure_list").response.body
    listed = xml.read(ESTIMATION_PROCEDURES, body, source="estimation procedures")
    return {procedure.id: procedure for procedure in listed}


class Recording:
    """What the engine fetched and sent, exchange after exchange."""

    def __init__(self, shared: Path) -> None:
        self.folder = shared / "golden_engine"

    def names(self, pattern: str) -> list[str]:
        """Names of exchanges, in order."""
        return names(self.folder, rf"\d+_{pattern}")

    def fetched(self, pattern: str) -> bytes:
        """The last answer to a GET of this kind."""
        return load(self.folder, self.names(f"GET_{pattern}")[-1]).response.body

    def sent(self, number: str) -> dict[str, Any]:
        """The document that the engine posted in an exchange."""
        (name,) = names(self.folder, f"{number}_POST_.*")
        body = load(self.folder, name).request.part("description").body
        tree: dict[str, Any] = xml.parse(body, source=name)[1]
        return tree

    def dataset(self, dataset_id: int) -> tuple[Dataset, ArffFile]:
        """A dataset's description and data."""
        description = self.fetched(f"api_v1_data_{dataset_id}")
        data = self.fetched(rf"data_v1_download_{dataset_id}_\D.*")
        return xml.read(DATASET, description, source=str(dataset_id)), read_arff(data)


@pytest.fixture(scope="module")
def recording(shared: Path) -> Recording:
    return Recording(shared)


def column(arff: ArffFile, name: str) -> Column:
    return next(column for column in columns(arff) if column.name == name)


def class_codes(target: Column) -> np.ndarray | None:
    if not target.is_nominal:
        return None
    return np.nan_to_num(target.values, nan=-1).astype(np.int32)


def splits_of(
    arff: ArffFile, target: str, procedure: EstimationProcedure, *, learning_curve: bool = False
) -> SplitRows:
    chosen = column(arff, target)
    return make_splits(
        procedure,
        n_rows=arff.n_rows,
        classes=class_codes(chosen),
        n_classes=len(chosen.labels) or None,
        learning_curve=learning_curve,
    )


# The recorded split files of the real server: transcript, dataset, target and procedure.
SPLITS = [
    ("splits_cls", 132, "class", 1),
    ("splits_ep2", 132, "class", 2),
    ("splits_ep5", 132, "class", 5),
    ("splits_lc", 132, "class", 13),
    ("splits_no_filename", 132, "class", 1),
    ("splits_reg", 134, "progression", 7),
]


@pytest.mark.parametrize(("name", "dataset_id", "target", "procedure_id"), SPLITS)
def test_split_files_equal_the_real_server_s_byte_for_byte(
    shared: Path,
    recording: Recording,
    procedures: dict[int, EstimationProcedure],
    name: str,
    dataset_id: int,
    target: str,
    procedure_id: int,
) -> None:
    dataset, arff = recording.dataset(dataset_id)
    procedure = procedures[procedure_id]
    is_curve = procedure.task_type_id == 3
    rows = splits_of(arff, target, procedure, learning_curve=is_curve)
    assert splits_arff(dataset.name, rows) == load(shared / "golden", name).response.body


# Split files of openml.org: where they and their data lie, relation, target and procedure.
REAL_SPLITS = [
    ("openml-r/tasks/19", "openml-r/datasets/4", "dataset_11_balance-scale", "class", 1),
    ("openml-r/tasks/59", "openml-r/datasets/61", "dataset_61_iris", "class", 1),
    ("openml-r/tasks/631", "openml-r/datasets/106", "dataset_2178_vineyard", "lugs_1991", 7),
    ("openml-python/task_1", "openml-python/dataset_2", "dataset_1_anneal", "class", 1),
]


@pytest.mark.parametrize(("task", "data", "name", "target", "procedure_id"), REAL_SPLITS)
def test_split_files_equal_those_of_openml_org_byte_for_byte(
    shared: Path,
    procedures: dict[int, EstimationProcedure],
    task: str,
    data: str,
    name: str,
    target: str,
    procedure_id: int,
) -> None:
    arff = read_arff(shared / "data" / data / "dataset.arff")
    rows = splits_of(arff, target, procedures[procedure_id])
    recorded = (shared / "data" / task / "datasplits.arff").read_bytes()
    # Files of the caches of other clients end in a newline or in NUL bytes.
    assert splits_arff(name, rows) == recorded.rstrip(b"\n\0")


def described(recording: Recording, dataset_id: int) -> tuple[ArffFile, Any]:
    dataset, arff = recording.dataset(dataset_id)
    features = describe_features(
        arff,
        target=dataset.target_names,
        row_id=dataset.row_id_attribute,
        ignore=dataset.ignore_attributes,
    )
    return arff, features


def test_features_equal_those_that_the_engine_sent(recording: Recording) -> None:
    count = 0
    for name in recording.names("POST_api_v1_data_features"):
        sent = recording.sent(name.partition("_")[0])
        if "error" in sent:
            continue
        _, features = described(recording, int(sent["did"]))
        for feature, recorded in zip(features, as_list(sent["feature"]), strict=True):
            assert feature.index == int(recorded["index"])
            assert feature.name == recorded["name"]
            assert feature.data_type == recorded["data_type"]
            assert feature.is_target == (recorded["is_target"] == "true")
            assert feature.nominal_values == tuple(as_list(recorded.get("nominal_value")))
            assert feature.number_of_missing_values == int(recorded["NumberOfMissingValues"])
        count += 1
    assert count == 8


@pytest.mark.parametrize(
    ("name", "dataset_id"), [("iris", 132), ("mixed", 133), ("reg", 134), ("sparse", 135)]
)
def test_features_equal_those_that_the_real_server_answered(
    shared: Path, recording: Recording, name: str, dataset_id: int
) -> None:
    body = load(shared / "golden", f"data_features_{name}").response.body
    _, features = described(recording, dataset_id)
    for feature, recorded in zip(features, xml.read(FEATURES, body, source=name), strict=True):
        assert sorted(feature.nominal_values) == list(recorded.nominal_values)
        for field in (
            "index",
            "name",
            "data_type",
            "is_target",
            "is_ignore",
            "is_row_identifier",
            "number_of_missing_values",
        ):
            assert getattr(feature, field) == getattr(recorded, field), (feature.name, field)


def test_features_of_a_large_nominal_dataset_equal_those_of_openml_org(shared: Path) -> None:
    folder = shared / "data" / "openml-python" / "dataset_2"
    features = describe_features(read_arff(folder / "dataset.arff"), target=["class"])
    recorded = xml.read(FEATURES, (folder / "features.xml").read_bytes(), source="anneal")
    assert features == tuple(recorded)


def test_qualities_equal_those_that_the_engine_sent(recording: Recording) -> None:
    count = 0
    for name in recording.names("POST_api_v1_data_qualities"):
        sent = recording.sent(name.partition("_")[0])
        computed = compute_qualities(*described(recording, int(sent["did"])))
        for quality in sent["quality"]:
            if quality["name"] in computed:
                recorded = quality.get("value")
                wanted = None if recorded is None else approximately(float(recorded))
                assert computed[quality["name"]] == wanted, (name, quality["name"])
                count += 1
    # Five times the 19 simple qualities, and twice the 43 others without a learner.
    assert count == 5 * 19 + 2 * 43


# What the trees of scikit-learn may be off from those that they stand in for.
TREES = ("J48.", "REPTreeDepth", "RandomTreeDepth")
TREES_OFF = 0.05


def test_all_qualities_that_the_engine_sent_are_computed(recording: Recording) -> None:
    landmarkers_sent = []
    for name in recording.names("POST_api_v1_data_qualities"):
        sent = recording.sent(name.partition("_")[0])
        described_dataset = described(recording, int(sent["did"]))
        landmarkers = compute_landmarkers(*described_dataset)
        assert {quality["name"] for quality in sent["quality"]} <= {
            *compute_qualities(*described_dataset),
            *landmarkers,
        }
        recorded = {q["name"]: q.get("value") for q in sent["quality"] if q["name"] in landmarkers}
        for quality, value in recorded.items():
            if value is None:
                assert landmarkers[quality] is None
            elif quality.startswith(TREES):
                assert landmarkers[quality] == pytest.approx(float(value), abs=TREES_OFF), quality
            else:
                assert landmarkers[quality] == approximately(float(value)), quality
        landmarkers_sent.append(len(recorded))
    # Of iris, and of diabetes, which has no classes.
    assert [count for count in landmarkers_sent if count] == [45, 45]


def test_landmarkers_with_missing_values_equal_those_of_the_test_server(shared: Path) -> None:
    folder = shared / "data" / "openml-python" / "dataset_2"
    arff = read_arff(folder / "dataset.arff")
    computed = compute_landmarkers(arff, describe_features(arff, target=["class"]))
    tree = xml.parse((folder / "qualities.xml").read_bytes(), source="anneal")[1]
    recorded = {q["name"]: float(q["value"]) for q in tree["quality"] if q["name"] in computed}
    # It has no values of those that compare rows or select columns.
    assert len(recorded) == 33
    for quality, value in recorded.items():
        if not quality.startswith(TREES):
            assert computed[quality] == approximately(value), quality
        elif quality.endswith("ErrRate"):
            assert computed[quality] == pytest.approx(value, abs=0.07), quality


def test_neighbours_with_missing_values_are_those_of_openml_org(shared: Path) -> None:
    arff = read_arff(shared / "data" / "openml-python" / "dataset_2" / "dataset.arff")
    computed = compute_landmarkers(arff, describe_features(arff, target=["class"]))
    folder = resources.files("sklearn.datasets.tests.data.openml") / "id_2"
    (answer,) = (f for f in folder.iterdir() if f.name.startswith("api-v1-jdq"))
    listed = json.loads(gzip.decompress(answer.read_bytes()))["data_qualities"]["quality"]
    recorded = {quality["name"]: quality["value"] for quality in listed}
    for name in ("kNN1NAUC", "kNN1NErrRate", "kNN1NKappa"):
        assert computed[name] == approximately(float(recorded[name])), name


def target_of(arff: ArffFile, name: str) -> tuple[np.ndarray, tuple[str, ...] | None]:
    """The target as `evaluate_run` takes it, and its labels."""
    chosen = column(arff, name)
    codes = class_codes(chosen)
    return (chosen.values, None) if codes is None else (codes, chosen.labels)


def evaluated(
    arff: ArffFile,
    target: str,
    procedure: EstimationProcedure,
    predictions: bytes | None,
    claimed: Sequence[RunEvaluation] = (),
) -> EvaluationResult:
    truth, labels = target_of(arff, target)
    return evaluate_run(
        predictions,
        splits_of(arff, target, procedure),
        truth=truth,
        labels=labels,
        procedure_type=procedure.type,
        claimed=claimed,
    )


def recorded_evaluations(sent: dict[str, Any]) -> Iterator[RunEvaluation]:
    for tree in as_list(sent["evaluation"]):
        yield decode(RUN_EVALUATION, tree, source="evaluation")


# Runs that the engine evaluated: exchange, dataset, target, procedure, file of predictions.
RUNS = [
    ("0100", 132, "class", 1, 145),
    ("0129", 132, "class", 6, 153),
    ("0180", 134, "progression", 7, 165),
    ("0216", 132, "class", 4, 176),
]


@pytest.mark.parametrize(("number", "dataset_id", "target", "procedure_id", "file_id"), RUNS)
def test_evaluations_equal_those_that_the_engine_sent(
    recording: Recording,
    procedures: dict[int, EstimationProcedure],
    number: str,
    dataset_id: int,
    target: str,
    procedure_id: int,
    file_id: int,
) -> None:
    sent = recording.sent(number)
    run_id = int(sent["run_id"])
    description = recording.fetched(rf"data_v1_download_\d+_Run_{run_id}_description.xml")
    result = evaluated(
        recording.dataset(dataset_id)[1],
        target,
        procedures[procedure_id],
        recording.fetched(f"data_v1_download_{file_id}_{file_id}.arff"),
        claimed=xml.read(RUN_UPLOAD, description, source=number).evaluations,
    )
    computed = by_key(result.evaluations)
    recorded = by_key(list(recorded_evaluations(sent)))
    assert list(computed) == list(recorded)
    for key, evaluation in recorded.items():
        assert computed[key].value == approximately(evaluation.value), key
        assert computed[key].per_class == evaluation.per_class, key
        assert computed[key].stdev == (
            None if evaluation.stdev is None else approximately(evaluation.stdev)
        ), key
    assert result.warning == sent.get("warning")


def test_incomplete_predictions_get_the_engine_s_error(
    recording: Recording, procedures: dict[int, EstimationProcedure]
) -> None:
    arff = recording.dataset(132)[1]
    predictions = recording.fetched("data_v1_download_161_161.arff")
    result = evaluated(arff, "class", procedures[1], predictions)
    assert result.error == recording.sent("0165")["error"]


def test_a_run_without_predictions_gets_the_engine_s_error(
    recording: Recording, procedures: dict[int, EstimationProcedure]
) -> None:
    result = evaluated(recording.dataset(132)[1], "class", procedures[1], None)
    assert result.error is not None
    assert result.error.strip() == recording.sent("0168")["error"]


def test_predictions_without_the_confidence_of_a_class_get_the_engine_s_error(
    recording: Recording, procedures: dict[int, EstimationProcedure]
) -> None:
    predictions = recording.fetched("data_v1_download_174_174.arff")
    result = evaluated(recording.dataset(132)[1], "class", procedures[6], predictions)
    assert result.error == "Attribute confidence.Iris-setosa not found among predictions. "


@pytest.mark.parametrize(
    ("run_id", "dataset_id", "target", "procedure_id", "n_judged"),
    [(219, 4, "class", 1, 13 * 11), (223, 106, "lugs_1991", 7, 7 * 11)],
)
def test_evaluations_equal_those_of_real_runs_of_openml_org(
    shared: Path,
    procedures: dict[int, EstimationProcedure],
    run_id: int,
    dataset_id: int,
    target: str,
    procedure_id: int,
    n_judged: int,
) -> None:
    folder = shared / "data" / "openml-r"
    run = folder / "runs" / str(run_id)
    result = evaluated(
        read_arff(folder / "datasets" / str(dataset_id) / "dataset.arff"),
        target,
        procedures[procedure_id],
        (run / "predictions.arff").read_bytes(),
    )
    published = xml.read(RUN, (run / "run.xml").read_bytes(), source="run").evaluations
    assert judge_old(result.evaluations, published) == n_judged
