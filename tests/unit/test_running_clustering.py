"""Clustering tasks are run, published, evaluated and reproduced as others are."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.cluster import DBSCAN, KMeans
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from openml_client import Client, TaskDraft
from openml_client.formats.predictions import read_predictions, write_predictions
from openml_client.model.task import Task

REPEATS = 50
"""Of procedure 17, which trains and tests on all rows."""


@pytest.fixture
def task(client: Client) -> Task:
    return client.tasks.publish(TaskDraft.clustering(1))


@pytest.mark.parametrize(
    "model", [KMeans(3, n_init=1), make_pipeline(StandardScaler(), DBSCAN(eps=0.6))]
)
def test_a_clustering_is_run_published_and_reproduced(
    client: Client, task: Task, model: Any
) -> None:
    draft = client.runs.execute(model, task, seed=3, progress=False)
    assert client.runs.check(draft) == ()
    run = client.runs.publish(draft)
    n_rows = client.datasets.load(1).shape[0]
    assert draft.measure("number_of_instances") == REPEATS * n_rows
    assert run.measure("number_of_instances") == REPEATS * n_rows
    frame = client.runs.predictions(run)
    assert list(frame) == ["repeat", "fold", "row_id", "cluster"]
    assert frame["cluster"].nunique() > 1
    assert client.runs.reproduce(run).verdict == "identical"


def test_the_target_of_the_dataset_is_no_feature_of_a_clustering(
    client: Client, task: Task
) -> None:
    table = client.datasets.load(task.dataset_id)
    assert list(table.x()) == [name for name in table.names if name not in table.target]
    # The classes are texts, which KMeans would refuse.
    draft = client.runs.execute(KMeans(2, n_init=1), task, progress=False)
    assert draft.error_message is None


def test_another_seed_gives_other_clusters(client: Client, task: Task) -> None:
    model = KMeans(8, init="random", n_init=1, max_iter=1)
    first, again, other = (
        client.runs.execute(model, task, seed=seed, progress=False).predictions.prediction
        for seed in (1, 1, 2)
    )
    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()


def test_clusters_without_folds_are_read(client: Client, task: Task) -> None:
    predictions = client.runs.execute(KMeans(2, n_init=1), task, progress=False).predictions
    text = write_predictions(predictions, task_id=task.id).decode()
    assert "correct" not in text
    lines = text.splitlines()
    start = next(n for n, line in enumerate(lines) if line.upper() == "@DATA") + 1
    head = [line for line in lines[:start] if " fold " not in line]
    assert len(head) == start - 1
    rows = [line.split(",") for line in lines[start:]]
    without = "\n".join([*head, *(",".join([row[0], *row[2:]]) for row in rows)])
    again = read_predictions(without.encode())
    assert again.is_clustering
    assert again.prediction.tolist() == predictions.prediction.tolist()
    assert set(again.fold.tolist()) == {0}


def test_a_stored_flow_runs_by_its_id(client: Client, task: Task) -> None:
    flow = client.flows.publish(client.flows.from_model(KMeans(n_init=1, random_state=0)))
    draft = client.runs.execute(flow.id, task, progress=False)
    assert draft.flow_id == flow.id
