"""Running a model on the folds of a task: labels, failures, seeds, processes."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from distributed import LocalCluster
from joblib.externals.loky import get_reusable_executor
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from openml_client import Client, DatasetDraft, RunDraft, TaskDraft
from openml_client.errors import CheckError, FlowError, TaskError
from openml_client.model.run import Predictions
from openml_client.model.task import Task
from openml_client.resources.datasets import Datasets

MARKED = 1e6
"""A value that models of this test stumble over."""


class Stumbling(ClassifierMixin, BaseEstimator):
    """Predicts the first class, and fails where it meets the marked value."""

    def __init__(self, at: str = "predict") -> None:
        self.at = at

    def fit(self, x: pd.DataFrame, y: Any) -> Stumbling:
        self.classes_ = np.unique(y)
        if self.at == "fit":
            self._stumble(x)
        return self

    def predict(self, x: pd.DataFrame) -> Any:
        if self.at == "predict":
            self._stumble(x)
        return np.full(len(x), self.classes_[0])

    def _stumble(self, x: pd.DataFrame) -> None:
        if (x["a"] == MARKED).any():
            raise ValueError(f"the value {MARKED} is too large")


def frame(labels: list[str], order: list[str], *, marked: bool = False) -> pd.DataFrame:
    """A dataset whose classes differ in both columns, somewhat."""
    random = np.random.default_rng(0)
    places = np.array([order.index(label) for label in labels], dtype=float)
    a = places + random.normal(scale=0.8, size=len(labels))
    b = random.normal(size=len(labels)) - places
    if marked:
        a[5] = MARKED
    return pd.DataFrame({"a": a, "b": b, "class": pd.Categorical(labels, categories=order)})


def publish(client: Client, data: pd.DataFrame | bytes, **inputs: str) -> Task:
    """A 10-fold classification task on a dataset of its own."""
    draft = DatasetDraft(name="probe", description="For a test.", default_target_attribute="class")
    dataset = client.datasets.publish(draft, data)
    given = {
        "source_data": str(dataset.id),
        "target_feature": "class",
        "estimation_procedure": "1",
        **inputs,
    }
    return client.tasks.publish(TaskDraft(type_id=1, inputs=given))


def run(client: Client, model: Any, task: Any, **options: Any) -> RunDraft:
    return client.runs.execute(model, task, progress=False, **options)


def by_row(predictions: Predictions) -> Any:
    """Confidences in the order of the rows."""
    assert predictions.confidence is not None
    return predictions.confidence[np.argsort(predictions.row_id)]


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    # Processes that begin from nothing, as those of a cluster do.
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


def test_probabilities_belong_to_the_labels_as_the_data_declares_them(client: Client) -> None:
    order = ["z", "a", "m"]  # not that of the alphabet, which is scikit-learn's
    data = frame(order * 20, order)
    task = publish(client, data)
    draft = run(client, GaussianNB(), task)
    predictions = draft.predictions
    assert predictions.labels == ("z", "a", "m")
    assert client.runs.check(draft) == ()
    wanted = np.zeros((60, 3))
    for fold in client.tasks.splits(task).values():
        train = data.iloc[fold.train]
        model = GaussianNB().fit(train[["a", "b"]], train["class"].astype(str))
        columns = [list(model.classes_).index(label) for label in order]
        wanted[fold.test] = model.predict_proba(data.loc[fold.test, ["a", "b"]])[:, columns]
    np.testing.assert_allclose(by_row(predictions), wanted, rtol=1e-12)
    published = client.runs.publish(draft)
    accuracy = (predictions.prediction == predictions.truth).mean()
    assert accuracy > 0.5
    assert published.measure("predictive_accuracy") == pytest.approx(accuracy)
    again = client.runs.predictions(published)
    assert list(again["prediction"].cat.categories) == order


def test_a_class_that_the_training_rows_lack_gets_0(client: Client) -> None:
    task = publish(client, frame(["x"] * 10 + ["rare"] + ["y"] * 10, ["y", "rare", "x"]))
    draft = run(client, DecisionTreeClassifier(), task)
    assert client.runs.check(draft) == ()
    confidence = by_row(draft.predictions)
    fold = draft.predictions.fold[draft.predictions.row_id == 10]
    without = draft.predictions.row_id[draft.predictions.fold == fold]
    assert (confidence[without, 1] == 0).all()
    assert confidence.sum(axis=1) == pytest.approx(np.ones(21))
    assert client.runs.publish(draft).error == ""


def test_decision_values_never_prefer_a_class_that_the_training_rows_lack(client: Client) -> None:
    labels = ["v", "w", "x"] * 10 + ["rare"]
    draft = run(client, LinearSVC(), publish(client, frame(labels, ["rare", "v", "w", "x"])))
    assert draft.predictions.confidence_kind == "score"
    assert client.runs.check(draft) == ()


def test_rows_without_a_target_are_predicted_and_not_learned_from(client: Client) -> None:
    data = frame(["x", "y"] * 15, ["x", "y"])
    data.loc[3, "class"] = None
    task = publish(client, data)
    draft = run(client, GaussianNB(), task)
    assert client.runs.check(draft) == ()
    tested = {int(row) for fold in client.tasks.splits(task).values() for row in fold.test}
    assert set(draft.predictions.row_id.tolist()) == tested
    assert client.runs.publish(draft).error == ""


def test_a_model_without_probabilities_runs_and_is_reproduced(client: Client) -> None:
    draft = run(client, RidgeClassifier(), 1)
    assert draft.predictions.confidence_kind == "score"
    run_ = client.runs.publish(draft)
    assert run_.error == ""
    assert client.runs.reproduce(run_).verdict == "identical"


def test_only_what_execute_gave_is_checked_without_loading_the_data_again(
    client: Client, registry_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = frame(["x", "y"] * 15, ["x", "y"])
    draft = run(client, GaussianNB(), publish(client, data.assign(b=np.arange(30.0))))
    loaded: list[Any] = []
    load = Datasets.load

    def counted(self: Datasets, dataset: Any) -> Any:
        loaded.append(dataset)
        return load(self, dataset)

    monkeypatch.setattr(Datasets, "load", counted)
    findings = client.runs.check(draft)
    assert [finding.code for finding in findings] == ["row_id_column"]
    assert not loaded
    assert draft.predictions.truth is not None
    swapped = replace(draft.predictions, truth=1 - draft.predictions.truth)
    faulty = replace(draft, predictions=swapped)
    assert [finding.code for finding in client.runs.check(faulty)] == ["truth", "row_id_column"]
    for other in (copy.copy(draft), pickle.loads(pickle.dumps(draft))):
        assert client.runs.check(other) == findings
    with Client(f"local:{registry_folder}") as second:  # whose tasks may be others
        assert second.runs.check(draft) == findings
    assert len(loaded) == 4


def test_a_fold_that_fails_leaves_the_others(client: Client) -> None:
    task = publish(client, frame(["x", "y"] * 15, ["x", "y"], marked=True))
    draft = run(client, Stumbling(), task)
    splits = client.tasks.splits(task)
    (failed,) = (key for key, fold in splits.items() if 5 in fold.test)
    left = {int(row) for key, fold in splits.items() if key != failed for row in fold.test}
    assert set(draft.predictions.row_id.tolist()) == left
    assert draft.error_message == (
        f"repeat 0, fold {failed[1]}, predict: ValueError: the value 1000000.0 is too large"
    )
    (failure,) = draft.failures
    assert str(failure) == draft.error_message
    assert "in _stumble" in failure.traceback
    (finding,) = client.runs.check(draft)
    assert finding.code == "rows_missing"


def test_a_run_with_a_failed_fold_is_not_published(client: Client) -> None:
    task = publish(client, frame(["x", "y"] * 15, ["x", "y"], marked=True))
    draft = run(client, Stumbling(), task)
    with pytest.raises(CheckError) as caught:
        client.runs.publish(draft)
    text = str(caught.value)
    assert text.startswith(f"the run on task {task.id} was not published: repeat 0, fold ")
    assert text.endswith(
        "predict: ValueError: the value 1000000.0 is too large\ndraft.failures has the tracebacks."
    )
    assert list(client.flows.list()) == []
    assert list(client.runs.list(tasks=task.id)) == []


class Coded(ClassifierMixin, BaseEstimator):
    """Answers in codes where it is told to, and not in labels."""

    def __init__(self, coded: str = "classes_") -> None:
        self.coded = coded

    def fit(self, x: pd.DataFrame, y: Any) -> Coded:
        labels, codes = np.unique(y, return_inverse=True)
        self.classes_ = np.unique(codes) if self.coded == "classes_" else labels
        self.labels_ = np.unique(codes) if self.coded == "predict" else labels
        return self

    def predict(self, x: pd.DataFrame) -> Any:
        return np.full(len(x), self.labels_[0])

    def predict_proba(self, x: pd.DataFrame) -> Any:
        return np.tile([0.6, 0.4], (len(x), 1))


@pytest.mark.parametrize(
    ("coded", "complaint"),
    [
        ("classes_", "the confidences are of the class '0'"),
        ("predict", "predict gave the class '0'"),
    ],
)
def test_classes_that_the_task_does_not_have_are_a_failure_that_names_them(
    client: Client, coded: str, complaint: str
) -> None:
    task = publish(client, frame(["x", "y"] * 15, ["x", "y"]))
    with pytest.raises(TaskError, match=f"{complaint}; the task has 'x', 'y'"):
        run(client, Coded(coded), task)


def test_a_model_that_fails_everywhere_is_an_error_with_its_traceback(client: Client) -> None:
    data = frame(["x", "y"] * 15, ["x", "y"])
    data["a"] = MARKED
    with pytest.raises(TaskError) as caught:
        run(client, Stumbling(at="fit"), publish(client, data))
    assert caught.value.message == (
        "the model failed in all 10 folds; in the first one, in fit, with "
        "ValueError: the value 1000000.0 is too large"
    )
    (traceback,) = caught.value.__notes__
    assert "in _stumble" in traceback


def test_a_pool_of_processes_gives_the_same_run(client: Client, pool: ProcessPoolExecutor) -> None:
    model = RandomForestClassifier(n_estimators=3)
    alone = run(client, model, 1, seed=5)
    shared = run(client, model, 1, seed=5, executor=pool)
    for name in ("repeat", "fold", "row_id", "prediction", "truth", "confidence"):
        np.testing.assert_array_equal(
            getattr(alone.predictions, name), getattr(shared.predictions, name)
        )
    assert alone.settings == shared.settings
    published = client.runs.publish(alone)
    result = client.runs.reproduce(published, executor=pool)
    assert result.verdict == "identical"


def test_executors_of_other_libraries_give_the_same_run(client: Client) -> None:
    model = RandomForestClassifier(n_estimators=3)
    alone = run(client, model, 1, seed=5).predictions
    for executor in (ThreadPoolExecutor(2), get_reusable_executor(2)):
        with executor:
            shared = run(client, model, 1, seed=5, executor=executor).predictions
        np.testing.assert_array_equal(alone.confidence, shared.confidence)


def test_an_executor_runs_more_folds_than_are_handed_over_at_once(client: Client) -> None:
    task = publish(client, frame(["x", "y"] * 10, ["x", "y"]), estimation_procedure="3")
    alone = run(client, GaussianNB(), task).predictions
    with ThreadPoolExecutor(2) as executor:
        shared = run(client, GaussianNB(), task, executor=executor).predictions
    assert len(alone) == 200
    assert alone.row_id.tolist() == shared.row_id.tolist()
    np.testing.assert_array_equal(alone.confidence, shared.confidence)


def test_a_cluster_of_dask_gives_the_same_run(client: Client) -> None:
    model = RandomForestClassifier(n_estimators=3)
    alone = run(client, model, 1, seed=5).predictions
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        cluster.get_client() as dask,
    ):
        shared = run(client, model, 1, seed=5, executor=dask.get_executor()).predictions
    np.testing.assert_array_equal(alone.confidence, shared.confidence)


def test_what_fails_in_another_process_is_told_as_well(
    client: Client, pool: ProcessPoolExecutor
) -> None:
    task = publish(client, frame(["x", "y"] * 15, ["x", "y"], marked=True))
    draft = run(client, Stumbling(), task, executor=pool)
    assert draft.error_message == run(client, Stumbling(), task).error_message
    with pytest.raises(FlowError, match="LinearRegression can't run a classification task"):
        run(client, LinearRegression(), task, executor=pool)


def test_the_model_and_the_random_numbers_of_the_caller_are_left_alone(client: Client) -> None:
    model = RandomForestClassifier(n_estimators=2)
    before = dict(vars(model))
    np.random.seed(3)
    state = np.random.get_state()[1].copy()
    run(client, model, 1, seed=1)
    assert vars(model) == before
    np.testing.assert_array_equal(np.random.get_state()[1], state)


def test_the_seed_decides(client: Client) -> None:
    model = DummyClassifier(strategy="uniform")

    def chosen(seed: Any) -> list[int]:
        return run(client, model, 1, seed=seed).predictions.prediction.tolist()

    assert chosen(1) == chosen(np.int64(1))
    assert chosen(1) != chosen(2)
    assert chosen(None) == chosen(0)


def test_a_seed_that_the_caller_has_set_stays(client: Client) -> None:
    draft = run(client, RandomForestClassifier(n_estimators=2, random_state=11), 1, seed=1)
    values = {setting.name: setting.value for setting in draft.settings}
    assert values["random_state"] == "11"


def test_folds_get_data_with_types(client: Client) -> None:
    task_id = client.tasks.list(dataset_name="penguins")[0].id
    draft = run(client, TypesOfPenguins(), task_id)
    assert draft.error_message is None


class TypesOfPenguins(DummyClassifier):
    """Fails unless the columns are as the data file declares them."""

    def __init__(self) -> None:
        super().__init__()

    def fit(self, x: pd.DataFrame, y: Any) -> TypesOfPenguins:
        kinds = [str(dtype) for dtype in x.dtypes]
        assert kinds == ["category", *["float64"] * 4, "category"]
        assert list(x["island"].cat.categories) == ["Biscoe", "Dream", "Torgersen"]
        assert x.isna().any().any()
        assert set(y) == {"Adelie", "Gentoo", "Chinstrap"}
        super().fit(x, y)
        return self


def test_a_regressor_is_refused_for_a_classification(client: Client) -> None:
    with pytest.raises(FlowError) as caught:
        run(client, LinearRegression(), 1)
    assert str(caught.value) == (
        "LinearRegression can't run a classification task\nGive a model that ends in a classifier."
    )


def test_a_task_of_a_type_that_can_not_be_run_is_refused(client: Client) -> None:
    inputs = {"source_data": "1", "target_feature": "class", "estimation_procedure": "15"}
    task = client.tasks.publish(TaskDraft(type_id=4, inputs=inputs))
    with pytest.raises(TaskError) as caught:
        run(client, GaussianNB(), task)
    assert str(caught.value) == (
        f"task {task.id} is of the type 4 (Supervised Data Stream "
        "Classification), which can't be run\n"
        "Types that can be run: 1 ClassificationTask, 2 RegressionTask, 3 LearningCurveTask, "
        "5 ClusteringTask."
    )


def test_the_trace_of_a_learning_curve_has_each_iteration_once(client: Client) -> None:
    inputs = {"source_data": "1", "target_feature": "class", "estimation_procedure": "13"}
    task = client.tasks.publish(TaskDraft(type_id=3, inputs=inputs))
    search = GridSearchCV(DummyClassifier(), {"strategy": ["prior", "uniform"]}, cv=2)
    draft = run(client, search, task)
    n_samples = len({key[2] for key in client.tasks.splits(task)})
    numbers = [row.iteration for row in draft.trace if (row.repeat, row.fold) == (0, 0)]
    assert numbers == list(range(2 * n_samples))
    published = client.runs.publish(draft)
    assert len(client.runs.trace(published).iterations) == len(draft.trace)
