"""Recipes on the embedded registry: published, reproduced in a fresh process, restored."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from openml_client_torch import N_CLASSES, N_FEATURES
from safetensors.torch import load, save
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from small_recipes import Tied, classifier, net, pipeline, regressor
from torch import nn

from openml_client import Client, DatasetDraft, Run, RunDraft, TaskDraft
from openml_client.errors import FlowError, IntegrityError, NoResultError
from openml_client.model.task import Task

LABELS = ["zebra", "ant", "mole"]

REPRODUCE = """
import json, sys
from openml_client import Client

with Client(f"local:{sys.argv[1]}") as client:
    for run in sys.argv[2:]:
        report = client.runs.reproduce(int(run), trusted=["small_recipes"])
        print(json.dumps(json.loads(report.to_json())))
"""


def table(n_rows: int = 90) -> pd.DataFrame:
    """Numbers, some of them missing, and categories."""
    random = np.random.default_rng(3)
    codes = np.arange(n_rows) % 3
    frame = pd.DataFrame(random.normal(codes[:, None] * [1.5, -1.0], 1.0), columns=["a", "b"])
    frame.loc[::9, "a"] = np.nan
    frame["word"] = pd.Categorical.from_codes(
        random.integers(0, 3, n_rows), pd.Index(["x", "y", "z"])
    )
    frame["class"] = pd.Categorical.from_codes(codes, pd.Index(LABELS))
    frame["number"] = codes * 2.0 + random.normal(size=n_rows)
    return frame


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("registry") / "registry"


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[Client]:
    with Client(f"local:{folder}") as client:
        yield client


def publish(client: Client, target: str, type_id: int, procedure: str) -> Task:
    draft = DatasetDraft(name="probe", description="For a test.", default_target_attribute=target)
    columns = [name for name in table() if name in {"a", "b", "word", target}]
    dataset = client.datasets.publish(draft, table()[columns])
    inputs = {"source_data": str(dataset.id), "target_feature": target}
    inputs |= {"estimation_procedure": procedure}
    return client.tasks.publish(TaskDraft(type_id=type_id, inputs=inputs))


@pytest.fixture(scope="module")
def classes(client: Client) -> Task:
    return publish(client, "class", 1, "1")


@pytest.fixture(scope="module")
def numbers(client: Client) -> Task:
    return publish(client, "number", 2, "7")


def execute(client: Client, model: Any, task: Task, **options: Any) -> RunDraft:
    return client.runs.execute(model, task, **{"progress": False, **options})


@pytest.fixture(scope="module")
def kept(client: Client, classes: Task) -> Run:
    model = classifier(Tied(N_FEATURES, N_CLASSES), max_epochs=4)
    return client.runs.publish(execute(client, model, classes, seed=11, artefacts=["weights"]))


def predictions(client: Client, run: Run, *, fold: int) -> pd.DataFrame:
    found = client.runs.predictions(run)
    return found[found["fold"] == fold].reset_index(drop=True)


def rows(client: Client, task: Task, frame: pd.DataFrame) -> pd.DataFrame:
    x, _ = client.datasets.load(client.tasks.get(task.id).dataset_id).xy(task.target_name)
    return x.iloc[frame["row_id"]]


def reproduce_elsewhere(folder: Path, *runs: Run) -> list[Any]:
    """Reports of a fresh process with another hash seed."""
    done = subprocess.run(
        [sys.executable, "-c", REPRODUCE, str(folder), *(str(run.id) for run in runs)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [*map(json.loads, done.stdout.splitlines())]


def test_runs_are_identical_in_a_fresh_process(
    client: Client, folder: Path, kept: Run, numbers: Task
) -> None:
    model = regressor(validation_fraction=0.2, patience=2, max_epochs=20)
    stopped_early = client.runs.publish(execute(client, model, numbers))
    reports = reproduce_elsewhere(folder, kept, stopped_early)
    found = [(report["verdict"], report["states"]) for report in reports]
    assert found == [("identical", [10, 10])] * 2, reports


def test_weights_of_a_run_predict_what_it_predicted(
    client: Client, classes: Task, kept: Run
) -> None:
    model = client.runs.weights(kept, fold=3, trusted=["small_recipes"])
    published = predictions(client, kept, fold=3)
    x = rows(client, classes, published)
    assert model.predict(x).tolist() == published["prediction"].tolist()
    confidences = published[[f"confidence.{label}" for label in model.classes_]]
    np.testing.assert_array_equal(model.predict_proba(x), confidences.to_numpy())
    assert model.state_hash_ == client.runs.training_log(kept)[0, 3, 0]["state"]


def test_weights_of_a_pipeline_are_restored_with_what_stands_before(
    client: Client, numbers: Task, classes: Task
) -> None:
    model = pipeline(max_epochs=2)
    model.steps.pop(0)
    model.set_params(torchclassifier__preprocessing="ordinal")
    run = client.runs.publish(execute(client, model, classes, artefacts=["weights"]))
    restored = client.runs.weights(run, fold=1)
    published = predictions(client, run, fold=1)
    found = restored.predict_proba(rows(client, classes, published))
    wanted = published[[f"confidence.{label}" for label in restored.classes_]].to_numpy()
    np.testing.assert_array_equal(found, wanted)


def test_weights_are_safetensors_with_tied_ones_written_once(client: Client, kept: Run) -> None:
    state = load(client.runs.download(kept, "weights_r0_f0"))
    assert "second.weight" in state
    assert "third.weight" not in state
    assert state["norm.num_batches_tracked"].dtype == torch.int64


def test_weights_that_were_changed_are_refused(
    client: Client, classes: Task, kept: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = client.runs.download(kept, "weights_r0_f0")
    state = load(content)
    state["head.bias"] += 1
    changed = save(state, {"tied": json.dumps({"third.weight": "second.weight"})})
    for damaged, error in (
        (changed, "not those that the run logged"),
        (content[:100], "no file of safetensors"),
        (b"", "no file of safetensors"),
    ):
        _replace_file(client, monkeypatch, "weights_r0_f0", damaged)
        with pytest.raises(IntegrityError, match=error):
            client.runs.weights(kept, trusted=["small_recipes"])
    _replace_file(client, monkeypatch, "weights_r0_f0", save({"odd": torch.ones(1)}))
    with pytest.raises(FlowError, match="do not fit the model"):
        client.runs.weights(kept, trusted=["small_recipes"])


def _replace_file(
    client: Client, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes
) -> None:
    whole = type(client.runs)._file

    def file(self: Any, run: Run, filename: str) -> bytes | None:
        return content if filename == name else whole(self, run, filename)

    monkeypatch.setattr(client.runs, "_file", file.__get__(client.runs))


def test_weights_are_not_kept_unless_they_are_asked_for(client: Client, classes: Task) -> None:
    run = client.runs.publish(execute(client, classifier(max_epochs=1), classes))
    assert not [file.name for file in run.files if file.name.startswith("weights")]
    with pytest.raises(NoResultError, match="no weights"):
        client.runs.weights(run)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"batch_size": 0}, "TorchClassifier: batch_size=0; it must be a whole number from 1"),
        ({"patience": 3}, "patience=3 needs rows for validation"),
        ({"loss": nn.MSELoss}, "it is not known what MSELoss takes"),
        ({"optimizer": "adam"}, "optimizer='adam'; give a class of torch.optim"),
        ({"optimizer": partial(torch.optim.SGD, lr=-1.0)}, "optimizer: Invalid learning rate: -1"),
        ({"preprocessing": "scale"}, "preprocessing='scale'; give 'auto'"),
        ({"module": nn.Linear}, "is no torch.nn.Module; give an instance"),
    ],
)
def test_settings_that_no_fold_could_use_are_refused_before_any_begins(
    client: Client, classes: Task, changes: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(FlowError, match=complaint):
        execute(client, classifier(**changes), classes)
    with pytest.raises(FlowError, match=complaint):
        client.flows.from_model(Pipeline([("net", classifier(**changes))]))


def test_a_search_may_mend_the_settings_of_its_recipe(client: Client) -> None:
    search = GridSearchCV(classifier(patience=3), {"validation_fraction": [0.1, 0.2]}, cv=2)
    assert client.flows.from_model(search).name.startswith("sklearn.GridSearchCV")


def test_a_search_gives_no_weights_and_says_so_before_training(
    client: Client, classes: Task
) -> None:
    search = GridSearchCV(classifier(max_epochs=1), {"batch_size": [8, 32]}, cv=2)
    with pytest.raises(FlowError, match="GridSearchCV gives no weights"):
        execute(client, search, classes, artefacts=["weights"])


def test_the_trace_of_a_search_is_the_searchs(client: Client, classes: Task) -> None:
    search = GridSearchCV(classifier(max_epochs=1), {"batch_size": [8, 32]}, cv=2)
    draft = execute(client, search, classes)
    assert len(draft.trace) == 20
    assert "parameter_batch_size" in str(draft.trace[0].setup_string)
    run = client.runs.publish(draft)
    assert len(client.runs.trace(run).iterations) == 20


def test_the_trace_has_a_row_per_epoch_and_marks_the_restored_one(
    client: Client, classes: Task
) -> None:
    model = classifier(validation_fraction=0.25, patience=2, max_epochs=15, monitor="score")
    run = client.runs.publish(execute(client, model, classes))
    trace = client.runs.trace(run)
    log = client.runs.training_log(run)
    for fold in range(10):
        iterations = [row for row in trace.iterations if row.fold == fold]
        history = log[0, fold, 0]["history"]
        assert [row.iteration for row in iterations] == [row["epoch"] - 1 for row in history]
        assert [row.evaluation for row in iterations] == pytest.approx(
            [row["valid_score"] for row in history]
        )
        (selected,) = (row for row in iterations if row.selected)
        assert selected.iteration + 1 == log[0, fold, 0]["best_epoch"]
        assert json.loads(str(selected.setup_string)).keys() == {
            *("epoch", "lr", "train_loss", "valid_loss", "valid_score")
        }


def test_the_log_tells_what_the_fitted_state_depends_on(client: Client, kept: Run) -> None:
    log = client.runs.training_log(kept)[0, 0, 0]
    assert (log["device"], log["threads"], log["deterministic"]) == ("cpu", 1, True)
    assert log["sizes"]["n_features"] == 5
    assert log["sizes"]["n_classes"] == 3
    assert len(log["state"]) == 64
    assert [row["epoch"] for row in log["history"]] == [1, 2, 3, 4]


def test_one_flow_is_for_all_tasks(client: Client, classes: Task, kept: Run) -> None:
    other = publish(client, "class", 1, "5")
    model = classifier(Tied(N_FEATURES, N_CLASSES), max_epochs=4)
    assert client.runs.publish(execute(client, model, other)).flow_id == kept.flow_id
    wider = classifier(Tied(N_FEATURES, N_CLASSES, width=4), max_epochs=1)
    run = client.runs.publish(execute(client, wider, other))
    assert (run.flow_id, run.setup_id != kept.setup_id) == (kept.flow_id, True)


def test_learning_curves_have_weights_by_sample(client: Client) -> None:
    task = publish(client, "class", 3, "13")
    draft = execute(client, classifier(max_epochs=1), task, artefacts=["weights"])
    samples = {key[2] for key in client.tasks.splits(task)}
    run = client.runs.publish(draft)
    assert client.runs.trace(run).iterations
    restored = client.runs.weights(run, fold=1, sample=max(samples))
    assert restored.state_hash_ == client.runs.training_log(run)[0, 1, max(samples)]["state"]


def test_the_callers_model_and_torchs_generator_are_left_alone(
    client: Client, classes: Task
) -> None:
    model = classifier(max_epochs=1)
    before = {name: weight.clone() for name, weight in model.module.state_dict().items()}
    torch.manual_seed(3)
    state = torch.random.get_rng_state()
    draft = execute(client, model, classes, artefacts=["weights"])
    client.flows.to_model(draft.flow)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(before[name], w) for name, w in model.module.state_dict().items())
    clone(model).fit(np.eye(4), [0, 1, 0, 1])


def test_what_a_module_raises_is_the_failure_of_the_fold(client: Client, classes: Task) -> None:
    model = classifier(net(N_CLASSES), preprocessing=None, max_epochs=1)
    with pytest.raises(Exception, match="the model failed in all 10 folds") as caught:
        execute(client, model, classes)
    assert "preprocessing" in str(caught.value)


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_folds_give_the_same_bits_wherever_they_run(
    kind: str, client: Client, classes: Task
) -> None:
    model = classifier(max_epochs=2)
    here = execute(client, model, classes)
    spawn = multiprocessing.get_context("spawn")
    pool = ThreadPoolExecutor(2) if kind == "threads" else ProcessPoolExecutor(2, spawn)
    with pool as executor:
        there = execute(client, model, classes, executor=executor, artefacts=["weights"])
    logs, others = client.runs.training_log(here), client.runs.training_log(there)
    assert {key: log["state"] for key, log in logs.items()} == {
        key: log["state"] for key, log in others.items()
    }
    assert len([name for name in there.files if name.startswith("weights_")]) == 10


def test_drafts_with_other_seeds_have_other_weights(client: Client, classes: Task) -> None:
    drafts = [execute(client, classifier(max_epochs=1), classes, seed=seed) for seed in (1, 1, 2)]
    states = [client.runs.training_log(draft)[0, 0, 0]["state"] for draft in drafts]
    assert states[0] == states[1] != states[2]
    assert replace(drafts[0]).seed == 1
