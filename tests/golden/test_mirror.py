"""The recorded chains of openml.org, mirrored: nothing is lost or changed on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openml_client import Client
from openml_client.config import load_settings
from openml_client.formats.arff import ArffFile, read_arff
from openml_client.model.mirror import Mirrored
from openml_client.model.run import Run
from openml_client.registry.check import check_folder
from openml_client.registry.engine.columns import columns
from openml_client.registry.engine.evaluate import EvaluationResult, evaluate_run
from openml_client.registry.publishing.splits import as_rows
from openml_client.transport import InProcessTransport
from openml_client.wire import xml
from openml_client.wire.dataset import DATASET, FEATURES, QUALITIES
from openml_client.wire.flow import FLOW
from openml_client.wire.run import RUN

from .openml_org import OpenmlOrg
from .published import by_key, judge_old

pytestmark = pytest.mark.shared

ADDRESS = "http://openml.test"

MOVED = {75243: 5270}
"""Run 26936 names its flow by another id than the recording of the flow has."""

EVERYTHING = {"datasets": [4, 61, 106], "runs_of_tasks": [19, 59, 631]}


def client_of(app: OpenmlOrg, folder: Path) -> Client:
    settings = load_settings(ADDRESS, cache_dir=folder, retries=0)
    return Client.over(InProcessTransport(app, settings, base_url=ADDRESS), settings)


@pytest.fixture(scope="module")
def mirrored(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Mirrored:
    folder = tmp_path_factory.mktemp("mirror")
    app = OpenmlOrg(shared / "data" / "openml-r", ADDRESS, moved_flows=MOVED)
    with client_of(app, folder / "cache") as client:
        return client.mirror(folder / "registry", **EVERYTHING, progress=False)


@pytest.fixture(scope="module")
def mirror(mirrored: Mirrored) -> Iterator[Client]:
    with Client(f"local:{mirrored.folder}") as client:
        yield client


def recorded(shared: Path, document: Any, path: str) -> Any:
    body = (shared / "data" / path).read_bytes()
    return xml.read(document, body, source=path)


def test_all_chains_are_there_with_their_ids(mirrored: Mirrored) -> None:
    assert mirrored.copied == {
        "dataset": (4, 61, 106),
        "task": (19, 59, 631),
        "flow": (16, 26, 75243),
        "run": (219, 223, 26936),
    }
    assert list(check_folder(Path(mirrored.folder))) == []


def test_what_was_not_recorded_is_told(mirrored: Mirrored) -> None:
    assert [f"{item.kind} {item.id}" for item in mirrored.left_out] == [
        f"file {name}"
        for name in (
            "binary of flow 16",
            "binary of flow 26",
            "binary of flow 75243",
            "description of run 219",
            "description of run 223",
            "description of run 26936",
        )
    ]
    assert "answered with status 404" in mirrored.left_out[0].reason


@pytest.mark.parametrize("dataset_id", [4, 61, 106])
def test_datasets_are_as_they_were_published(shared: Path, mirror: Client, dataset_id: int) -> None:
    was = recorded(shared, DATASET, f"openml-r/datasets/{dataset_id}/description.xml")
    now = mirror.datasets.get(dataset_id)
    kept = {"url", "parquet_url", "file_id", "description_version", "md5_checksum"}
    for name in was.__dataclass_fields__.keys() - kept:
        assert getattr(now, name) == getattr(was, name), name
    assert now.file_id == {4: 11, 61: 61, 106: 3629}[dataset_id], "told by the address at least"
    assert was.md5 in {None, now.md5}


@pytest.mark.parametrize(("run_id", "flow"), [(219, 16), (223, 26), (26936, 5270)])
def test_runs_and_flows_are_as_they_were_published(
    shared: Path, mirror: Client, run_id: int, flow: int
) -> None:
    was = recorded(shared, RUN, f"openml-r/runs/{run_id}/run.xml")
    now = mirror.runs.get(run_id)
    for name in ("task_id", "task_type", "flow_id", "flow_name", "setup_id", "error", "tags"):
        assert getattr(now, name) == getattr(was, name), name
    assert (now.uploader_id, now.setup_string) == (348, "")
    assert {s.name: s.value for s in now.settings} == {s.name: s.value for s in was.settings}
    assert [(f.file_id, f.name) for f in now.files] == [(f.file_id, f.name) for f in was.files]
    assert by_key(now.evaluations) == by_key(was.evaluations)
    parameters = {setting.name for setting in was.settings}
    was = recorded(shared, FLOW, f"openml-r/flows/{flow}/flow.xml")
    now = mirror.flows.get(now.flow_id)
    for name in was.__dataclass_fields__.keys() - {"id", "binary_url", "parameters"}:
        assert getattr(now, name) == getattr(was, name), name
    added = [p for p in now.parameters if p not in was.parameters]
    assert {p.name for p in added} <= parameters, "what only a run's settings tell of"
    assert len(now.parameters) == len(was.parameters) + len(added)


@pytest.mark.parametrize("task_id", [19, 59, 631])
def test_splits_are_the_recorded_bytes(
    shared: Path, mirror: Client, task_id: int, tmp_path: Path
) -> None:
    procedure = mirror.tasks.get(task_id).procedure
    assert procedure is not None
    with (tmp_path / "splits").open("w+b") as sink:
        mirror.download(procedure.data_splits_url or "", sink)
    wanted = shared / "data" / "openml-r" / "tasks" / str(task_id) / "datasplits.arff"
    assert (tmp_path / "splits").read_bytes() == wanted.read_bytes()


def content_of(mirror: Client, url: str, path: Path) -> bytes:
    with path.open("w+b") as sink:
        mirror.download(url, sink)
    return path.read_bytes()


def evaluated(mirror: Client, run: Run, folder: Path) -> EvaluationResult:
    """What the engine says of a mirrored run, by what the mirror has and nothing else."""
    task = mirror.tasks.get(run.task_id)
    dataset = mirror.datasets.get(task.dataset_id)
    arff: ArffFile = read_arff(content_of(mirror, dataset.url or "", folder / "data.arff"))
    target = next(column for column in columns(arff) if column.name == task.target)
    labels = target.labels if target.is_nominal else None
    predictions = run.file("predictions")
    assert predictions is not None
    return evaluate_run(
        content_of(mirror, predictions.url, folder / "predictions.arff"),
        as_rows(mirror.tasks.splits(task)),
        truth=target.values if labels is None else target.values.astype(np.int32),
        labels=labels,
    )


@pytest.mark.parametrize(("run_id", "n_judged"), [(219, 13 * 11), (223, 7 * 11)])
def test_evaluations_recomputed_from_the_mirror_equal_the_published_ones(
    mirror: Client, run_id: int, n_judged: int, tmp_path: Path
) -> None:
    run = mirror.runs.get(run_id)
    result = evaluated(mirror, run, tmp_path)
    assert result.error is None
    assert judge_old(result.evaluations, run.evaluations) == n_judged


def test_a_run_that_its_server_could_not_evaluate_is_not_evaluated_here(
    mirror: Client, tmp_path: Path
) -> None:
    run = mirror.runs.get(26936)
    assert (run.error, run.evaluations) == (
        "Attribute confidence.1 not found among predictions.",
        (),
    )
    # The server had another task by this id then; these predictions are of today's.
    assert evaluated(mirror, run, tmp_path).error is None


def test_a_second_call_copies_nothing_and_asks_for_lost_files_again(
    shared: Path, mirrored: Mirrored, tmp_path: Path
) -> None:
    app = OpenmlOrg(shared / "data" / "openml-r", ADDRESS, moved_flows=MOVED)
    with client_of(app, tmp_path) as client:
        again = client.mirror(mirrored.folder, **EVERYTHING, progress=False)
    assert again.copied == {}
    assert again.present == {k: ids for k, ids in mirrored.copied.items() if k != "flow"}
    assert [(i.kind, i.id) for i in again.left_out] == [(i.kind, i.id) for i in mirrored.left_out]


def test_a_run_whose_flow_is_lost_is_told_and_the_others_are_copied(
    shared: Path, tmp_path: Path
) -> None:
    app = OpenmlOrg(shared / "data" / "openml-r", ADDRESS)
    with client_of(app, tmp_path / "cache") as client:
        result = client.mirror(tmp_path / "registry", **EVERYTHING, progress=False)
    assert result.copied["run"] == (219, 223)
    reasons = {f"{item.kind} {item.id}": item.reason for item in result.failed}
    assert "It was not recorded" in reasons["flow 75243"]
    assert reasons["run 26936"] == "it needs flow 75243, which was left out"


def test_a_dataset_of_openml_python_keeps_features_and_qualities(
    shared: Path, tmp_path: Path
) -> None:
    place = shared / "data" / "openml-python" / "dataset_2"
    app = OpenmlOrg(shared / "data" / "openml-r", ADDRESS)
    app.add_dataset(place)
    with client_of(app, tmp_path / "cache") as client:
        client.mirror(tmp_path / "registry", datasets=[2], progress=False)
    with Client(f"local:{tmp_path}/registry") as mirror:
        dataset = mirror.datasets.get(2)
        features, qualities = mirror.datasets.features(2), mirror.datasets.qualities(2)
        assert len(mirror.datasets.load(2).to_pandas()) == 898
    assert (dataset.file_id, dataset.md5) == (1666876, "4eaed8b6ec9d8211024b6c089b064761")
    was = recorded(shared, FEATURES, "openml-python/dataset_2/features.xml")
    assert features == tuple(
        replace(feature, nominal_values=tuple(sorted(feature.nominal_values))) for feature in was
    )
    found = recorded(shared, QUALITIES, "openml-python/dataset_2/qualities.xml")
    assert qualities == pytest.approx({q.name: q.value for q in found}, nan_ok=True)
