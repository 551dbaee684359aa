"""openml-python reads from our registry over a socket what our own client reads.

Two clients that share no code must agree.
"""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from openml_client import Client
from openml_client.formats.parquet import read_parquet
from openml_client.model.task import LearningCurveTask
from openml_client.registry import Registry
from tests.doors import World, served

pytestmark = pytest.mark.foreign


@pytest.fixture(scope="module")
def folder(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a registry with runs of all kinds."""
    return shutil.copytree(world.folder, tmp_path_factory.mktemp("foreign") / "registry")


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[Client]:
    """Our own client of the same registry."""
    with Client(f"local:{folder}") as client:
        yield client


@pytest.fixture(scope="module")
def foreign(
    folder: Path, foreign_python: Path, answers: Callable[..., Any], world: World
) -> dict[str, Any]:
    """What openml-python reads, in one go: its start alone takes a second."""
    with Registry.open(folder) as registry, served(registry) as address:
        found: dict[str, Any] = answers(foreign_python, "openml_python.py", address, world.tree.id)
    return found


def plain(column: pd.Series[Any]) -> list[Any]:
    """Numbers and texts, None where one is missing."""
    values = column.astype(object)
    return values.where(values.notna(), None).tolist()


def test_datasets_are_listed(foreign: dict[str, Any], client: Client) -> None:
    assert foreign["datasets"] == [
        [row.id, row.name, row.version, row.n_rows, row.n_features, row.status]
        for row in client.datasets.list()
    ]


@pytest.mark.parametrize("name", ["iris", "penguins"])
def test_a_dataset_has_its_description_features_and_qualities(
    foreign: dict[str, Any], client: Client, name: str
) -> None:
    found, dataset = foreign[name], client.datasets.get(name)
    assert [found[key] for key in ("id", "version", "licence", "target")] == [
        dataset.id,
        dataset.version,
        dataset.licence,
        dataset.default_target_attribute,
    ]
    assert found["features"] == [
        [feature.index, feature.name, feature.data_type, feature.number_of_missing_values]
        for feature in client.datasets.features(dataset)
    ]
    qualities = client.datasets.qualities(dataset)
    assert found["qualities"] == {k: v for k, v in qualities.items() if v is not None}
    assert len(found["qualities"]) > 40


@pytest.mark.parametrize("name", ["iris", "penguins", "titanic"])
def test_a_dataset_has_the_same_values(foreign: dict[str, Any], client: Client, name: str) -> None:
    found, table = foreign[name], client.datasets.load(name)
    x, y = table.xy()
    assert found["source"] == ".pq"
    # Its pandas, before version 3, has objects where ours has texts; the values are compared below.
    ours = {column: str(kind) for column, kind in x.dtypes.items()}
    assert found["types"] == {n: "object" if kind == "str" else kind for n, kind in ours.items()}
    assert found["x"] == {column: plain(x[column]) for column in x.columns}
    assert found["y"] == plain(y)
    assert found["categorical"] == [c for c in table.categorical if c in x.columns]
    assert found["labels"] == list(y.cat.categories)


def test_the_minio_client_reads_the_parquet_file(
    folder: Path, client: Client, foreign_python: Path, answers: Callable[..., Any], tmp_path: Path
) -> None:
    dataset = client.datasets.get("penguins")
    assert dataset.parquet_url is not None
    sink = io.BytesIO()
    client._caller.download(dataset.parquet_url, sink)
    content = sink.getvalue()
    with Registry.open(folder) as registry, served(registry) as address:
        found = answers(foreign_python, "minio_client.py", address, dataset.id, tmp_path)
    assert set(found) == {"anonymous", "signing"}
    for told in found.values():
        assert told == {
            "size": len(content),
            "etag": hashlib.sha256(content).hexdigest(),
            "is_dated": True,
            "sha256": hashlib.sha256(content).hexdigest(),
            "part": "AR1",
            "missing": [["NoSuchKey", "Object does not exist"]] * 2,
        }
    again = read_parquet(content, client.datasets.features(dataset)).to_pandas()
    pd.testing.assert_frame_equal(again, client.datasets.load(dataset).to_pandas())


def test_tasks_are_listed(foreign: dict[str, Any], client: Client) -> None:
    assert foreign["tasks"] == [
        [row.id, row.dataset_id, row.type_id, row.dataset_name, row.target]
        for row in client.tasks.list()
    ]


@pytest.mark.parametrize("kind", ["task", "curve"])
def test_a_task_has_the_same_splits(foreign: dict[str, Any], client: Client, kind: str) -> None:
    found = foreign[kind]
    task, splits = client.tasks.get(found["id"]), client.tasks.splits(found["id"])
    assert found["dataset"] == task.dataset_id
    assert found["target"] == task.target
    assert found["dimensions"] == [splits.n_repeats, splits.n_folds, splits.n_samples]
    assert found["splits"] == [[f.train.tolist(), f.test.tolist()] for f in splits.values()]
    is_curve = isinstance(task, LearningCurveTask)
    assert found["class"] == f"OpenML{'LearningCurve' if is_curve else 'Classification'}Task"
    assert is_curve == (kind == "curve")


def test_a_run_has_the_same_measures_and_values(
    foreign: dict[str, Any], client: Client, world: World
) -> None:
    found, run = foreign["run"], client.runs.get(world.tree.id)
    values = {e.measure: e.value for e in run.evaluations if e.repeat is None}
    assert found["evaluations"] == values
    folds = [e.value for e in run.evaluations if e.measure == "kappa" and e.repeat is not None]
    assert found["fold_evaluations"]["kappa"] == folds
    flow, setup = client.flows.get(run.flow_id), client.setups.get(run.setup_id)
    assert found["flow"] == [flow.id, flow.name, flow.external_version, []]
    assert found["setup"] == {p.full_name: p.value for p in setup.parameters}
    assert found["task"] == run.task_id
    assert found["listed"] == [world.tree.id, world.search.id]


def test_measures_and_procedures_are_listed(foreign: dict[str, Any], client: Client) -> None:
    assert foreign["measures"] == list(client.evaluations.measures())
    procedures = client.tasks.estimation_procedures()
    assert foreign["procedures"] == [procedure.name for procedure in procedures]


def test_openml_python_publishes_what_we_read(
    world: World, foreign_python: Path, answers: Callable[..., Any], tmp_path: Path
) -> None:
    folder = shutil.copytree(world.folder, tmp_path / "registry")
    with Registry.open(folder) as registry, served(registry) as address:
        ids = answers(
            foreign_python,
            "openml_python_publish.py",
            address,
            registry.local_key,
            world.tree.task_id,
        )
    assert ids["model"] == "DecisionTreeClassifier(max_depth=2, random_state=1)"
    with Client(f"local:{folder}") as client:
        frame = client.datasets.load(ids["dataset"]).to_pandas()
        assert frame["width"].tolist()[:2] == [1.5, 2.5]
        assert frame["size"].tolist()[:2] == ["small", "large"]
        assert client.tasks.get(ids["task"]).target == "size"
        run = client.runs.get(ids["run"])
        assert run.measure("predictive_accuracy") == ids["accuracy"]
        predictions = client.runs.predictions(run)
        right = (predictions["prediction"] == predictions["truth"]).mean()
        assert right == pytest.approx(ids["accuracy"])
        assert client.runs.reproduce(run).verdict == "identical"
        assert repr(client.flows.to_model(ids["flow"])) == ids["model"]


def test_the_page_for_its_users_knows_all_that_it_has(
    foreign_python: Path, answers: Callable[..., Any]
) -> None:
    path = Path(__file__).parents[1] / "house" / "openml_python_names.txt"
    assert answers(foreign_python, "openml_python_names.py") == path.read_text("utf-8").split()
