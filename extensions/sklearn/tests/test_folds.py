"""A fold is run with what was rebuilt, by label, and leaves everything as it was."""

from __future__ import annotations

import hashlib
import pickle
import random
import subprocess
import sys
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import sklearn
import user_models
from models import by_column_type, same
from openml_client_sklearn import EXTENSION, folds
from openml_client_sklearn.folds import Told, run_fold
from sklearn.base import clone
from sklearn.cluster import DBSCAN, KMeans
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    StackingRegressor,
)
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    RidgeClassifier,
)
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsOneClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.svm import SVC, LinearSVC

from openml_client.errors import FlowError, NotSerializableError, TaskError
from openml_client.extension.protocol import FoldData, FoldResult
from openml_client.extension.trust import Trust

LABELS = ("zebra", "ant", "mole")
"""Not in alphabetical order."""


def table(n_rows: int = 120) -> pd.DataFrame:
    draws = np.random.RandomState(0)
    frame = pd.DataFrame(draws.randn(n_rows, 3), columns=["a", "b", "c"])
    frame["word"] = pd.Categorical.from_codes(draws.randint(0, 3, n_rows), ["x", "ü", "z"])
    return frame


def labels_of(frame: pd.DataFrame) -> pd.Series[Any]:
    codes = (frame["a"] > 0).astype(int) + (frame["b"] > 0.8).astype(int)
    return pd.Series(pd.Categorical.from_codes(codes, list(LABELS)))


def fold(**changes: Any) -> FoldData:
    frame = table()
    numbers = frame[["a", "b", "c"]]
    rows = {
        "task": "classification",
        "x_train": numbers[:80],
        "y_train": labels_of(frame)[:80],
        "x_test": numbers[80:],
        "labels": LABELS,
    }
    return FoldData(**{**rows, **changes})


def run(model: object, data: FoldData | None = None, seed: int = 1) -> FoldResult:
    return EXTENSION.run_fold(model, data or fold(), seed=seed)


def bits(result: FoldResult) -> tuple[bytes, bytes]:
    assert result.failure is None, result.failure.traceback
    assert result.predictions is not None
    confidence = b"" if result.probabilities is None else result.probabilities.tobytes()
    return result.predictions.astype("U").tobytes(), confidence


CLASSIFIERS: dict[str, Callable[[], Any]] = {
    "probabilities": LogisticRegression,
    "forest": lambda: RandomForestClassifier(n_estimators=5),
    "pipeline": lambda: make_pipeline(StandardScaler(), SVC()),
    "scores": LinearSVC,
    "neither": lambda: Pipeline([("ridge", RidgeClassifier())]),
    "search": lambda: GridSearchCV(LogisticRegression(), {"C": [0.1, 1]}),
    "a stack": lambda: StackingClassifier([("a", LogisticRegression()), ("b", LinearSVC())], cv=2),
    "a stack in a search": lambda: GridSearchCV(
        make_pipeline(StandardScaler(), StackingClassifier([("a", LogisticRegression())], cv=2)),
        {"stackingclassifier__passthrough": [True]},
        cv=2,
    ),
    "one against one": lambda: OneVsOneClassifier(LinearSVC()),
    "the user's": user_models.Majority,
    "no seed of its own": user_models.Noisy,
}


@pytest.mark.parametrize("make", CLASSIFIERS.values(), ids=CLASSIFIERS.keys())
def test_probabilities_belong_to_their_labels(make: Callable[[], Any]) -> None:
    result = run(make())
    assert result.failure is None
    assert result.predictions is not None
    assert set(result.predictions) <= set(LABELS)
    assert result.predictions.dtype.kind == "U"
    if result.probabilities is not None:
        assert result.probabilities.shape == (40, len(result.probability_labels))
        best = np.array(result.probability_labels)[result.probabilities.argmax(axis=1)]
        assert (best == result.predictions).all()


def test_probabilities_are_those_of_the_bare_model() -> None:
    data = fold()
    bare = LogisticRegression().fit(data.x_train, np.asarray(data.y_train, dtype=str))
    result = run(LogisticRegression())
    assert result.probabilities is not None
    for label in LABELS:
        ours = result.probabilities[:, result.probability_labels.index(label)]
        theirs = bare.predict_proba(data.x_test)[:, list(bare.classes_).index(label)]
        assert (ours == theirs).all()
    assert result.confidence_kind == "probability"


def test_decision_values_are_marked_as_scores() -> None:
    assert run(LinearSVC()).confidence_kind == "score"


@pytest.mark.parametrize(
    "model",
    [
        LinearSVC(),
        OneVsOneClassifier(LinearSVC()),
        OneVsOneClassifier(GaussianNB()),
        GridSearchCV(Pipeline([("pairs", OneVsOneClassifier(GaussianNB()))]), {}),
    ],
    ids=str,
)
def test_the_decision_value_of_two_classes_belongs_to_the_second(model: Any) -> None:
    data = fold(y_train=labels_of(table())[:80].replace("mole", "ant"))
    result = run(model, data)
    assert result.probability_labels == ("ant", "zebra")
    assert result.probabilities is not None
    best = np.array(result.probability_labels)[result.probabilities.argmax(axis=1)]
    assert result.predictions is not None
    assert (best == result.predictions).all()


def test_decision_values_of_pairs_of_classes_are_left_out() -> None:
    result = run(make_pipeline(SVC(decision_function_shape="ovo")))
    assert result.failure is None
    assert result.probabilities is None
    assert result.confidence_kind is None


def test_a_model_without_any_confidence_gives_predictions_only() -> None:
    result = run(user_models.Noisy())
    assert result.predictions is not None
    assert result.probabilities is None
    assert result.probability_labels == ()


def test_a_class_that_the_training_rows_lack_is_missing_from_the_labels() -> None:
    y = labels_of(table())[:80]
    data = fold(y_train=y.where(y != "mole", "ant"))
    result = run(RandomForestClassifier(n_estimators=3), data)
    assert result.probability_labels == ("ant", "zebra")


@pytest.mark.parametrize(
    "y", [["1", "2", "10"], ["True", "False", "False"], ["ä", "ö", "ü"]], ids=lambda y: y[0]
)
def test_labels_come_back_as_their_texts(y: list[str]) -> None:
    labels = np.resize(y, 80)
    as_categorical = run(LogisticRegression(), fold(y_train=pd.Series(pd.Categorical(labels))))
    as_objects = run(LogisticRegression(), fold(y_train=labels.astype(object)))
    assert as_categorical.probability_labels == tuple(sorted(set(y)))
    assert bits(as_categorical) == bits(as_objects)


def test_regression_gives_doubles() -> None:
    frame = table()
    target = (2 * frame["a"] + frame["b"])[:80]
    result = run(LinearRegression(), fold(task="regression", y_train=target, labels=()))
    assert result.failure is None
    assert result.predictions is not None
    assert result.predictions.dtype == np.float64
    assert np.allclose(result.predictions, (2 * frame["a"] + frame["b"])[80:])
    assert result.probabilities is None


def test_a_stack_of_regressors_is_run() -> None:
    model = StackingRegressor([("a", LinearRegression())], cv=2)
    result = run(model, fold(task="regression", y_train=np.arange(80.0), labels=()))
    assert result.failure is None
    assert result.predictions is not None


@pytest.mark.filterwarnings("ignore:y contains no unlabeled samples:UserWarning")
def test_self_training_takes_texts_for_classes() -> None:
    bare = run(LogisticRegression())
    result = run(make_pipeline(SelfTrainingClassifier(LogisticRegression())))
    assert bits(result) == bits(bare)
    assert result.probability_labels == bare.probability_labels


def test_columns_of_words_and_missing_values_reach_the_model_as_they_are() -> None:
    frame = table()
    frame.loc[3:9, ["a", "word"]] = np.nan
    mixed = fold(x_train=frame[:80], x_test=frame[80:], categorical=("word",))
    model = make_pipeline(by_column_type(), LogisticRegression())
    assert run(model, mixed).failure is None
    boosting = HistGradientBoostingClassifier(max_iter=3, categorical_features="from_dtype")
    assert run(boosting, mixed).failure is None


def test_sparse_rows_reach_the_model_as_they_are() -> None:
    frame = table()[["a", "b", "c"]].to_numpy()
    sparse = fold(
        x_train=scipy.sparse.csr_matrix(frame[:80]), x_test=scipy.sparse.csr_matrix(frame[80:])
    )
    assert run(LogisticRegression(), sparse).failure is None


@pytest.mark.parametrize("make", CLASSIFIERS.values(), ids=CLASSIFIERS.keys())
def test_the_same_seed_gives_the_same_bits(make: Callable[[], Any]) -> None:
    first = run(make(), seed=3)
    np.random.rand(5)
    assert bits(run(clone(make()), seed=3)) == bits(first)


@pytest.mark.parametrize("name", ["forest", "no seed of its own"])
def test_seed_and_fold_make_a_difference(name: str) -> None:
    model = CLASSIFIERS[name]()
    results = [
        bits(run(model, seed=1)),
        bits(run(model, seed=2)),
        bits(run(model, fold(fold=1))),
        bits(run(model, fold(repeat=1))),
        bits(run(model, fold(sample=1))),
    ]
    assert len(set(results)) == 5


def test_a_fresh_process_gives_the_same_bits() -> None:
    script = (
        "from test_folds import *\n"
        "print([hash_of(run(CLASSIFIERS[name](), seed=3)) for name in sorted(CLASSIFIERS)])"
    )
    here = str(Path(__file__).parent)
    code = f"import sys; sys.path.insert(0, {here!r})\n{script}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ours = [hash_of(run(CLASSIFIERS[name](), seed=3)) for name in sorted(CLASSIFIERS)]
    assert done.stdout.strip() == str(ours)


def hash_of(result: FoldResult) -> str:
    return hashlib.sha256(b"".join(bits(result))).hexdigest()


@pytest.mark.parametrize("make", CLASSIFIERS.values(), ids=CLASSIFIERS.keys())
def test_model_data_and_generators_are_left_as_they_were(make: Callable[[], Any]) -> None:
    model, data = make(), fold()
    np.random.seed(5)
    random.seed(5)
    before = (np.random.get_state()[1].tolist(), random.getstate())  # type: ignore[index]
    rows = data.x_train.copy()
    run(model, data)
    assert same(model, make())
    assert (np.random.get_state()[1].tolist(), random.getstate()) == before  # type: ignore[index]
    assert data.x_train.equals(rows)


def test_trust_descriptions_and_results_cross_process_pools() -> None:
    description = EXTENSION.describe(RandomForestClassifier(n_estimators=3))
    trust = Trust.of_own(EXTENSION.policy, description)
    description, trust = pickle.loads(pickle.dumps((description, trust)))
    result = run(EXTENSION.build(description, trust=trust))
    assert bits(pickle.loads(pickle.dumps(result))) == bits(result)
    failed = pickle.loads(pickle.dumps(run(user_models.Broken())))
    assert failed.failure.error == "RuntimeError: no fit today"


def test_times_are_given_in_milliseconds() -> None:
    result = run(RandomForestClassifier(n_estimators=20))
    assert result.fit_time is not None
    assert result.predict_time is not None
    assert result.fit_time.wall_ms > result.predict_time.wall_ms > 0
    assert result.fit_time.cpu_ms > 1


@pytest.mark.parametrize("stage", ["fit", "predict"])
def test_what_the_model_raises_is_the_result(stage: str) -> None:
    result = run(user_models.Broken(stage))
    assert result.predictions is None
    assert result.failure is not None
    assert result.failure.stage == stage
    assert result.failure.error.startswith("RuntimeError: no ")
    assert "user_models.py" in result.failure.traceback
    assert result.fit_time is not None


@pytest.mark.parametrize(
    ("model", "task"),
    [
        (LinearRegression(), "classification"),
        (SVC(), "regression"),
        (StandardScaler(), "regression"),
    ],
)
def test_a_model_for_another_kind_of_task_is_refused(model: Any, task: str) -> None:
    y = labels_of(table())[:80] if task == "classification" else np.arange(80.0)
    with pytest.raises(FlowError, match=f"can't run a {task} task"):
        run(model, fold(task=task, y_train=y))


def clustering_fold(**changes: Any) -> FoldData:
    rows = table()[["a", "b", "c"]]
    return fold(
        **{"task": "clustering", "x_train": rows, "x_test": rows, "y_train": None} | changes
    )


def test_clusters_of_new_rows_are_predicted() -> None:
    data = clustering_fold(x_test=table()[["a", "b", "c"]][:7])
    result = run(make_pipeline(StandardScaler(), KMeans(3, n_init=1)), data)
    assert result.failure is None
    assert result.predictions.dtype == np.float64
    assert result.predictions.shape == (7,)
    assert set(result.predictions) <= {0.0, 1.0, 2.0}


def test_models_that_cluster_only_what_they_are_fitted_on_give_their_labels() -> None:
    model = make_pipeline(StandardScaler(), DBSCAN(eps=0.8))
    data = clustering_fold()
    result = run(model, data)
    assert result.predictions.tolist() == clone(model).fit_predict(data.x_train).tolist()
    assert len(set(result.predictions)) > 1


def test_models_that_cluster_only_what_they_are_fitted_on_refuse_other_rows() -> None:
    with pytest.raises(FlowError, match="can't say the clusters of rows that it was not fitted on"):
        run(DBSCAN(), clustering_fold(x_test=table()[["a", "b", "c"]][::-1]))
    sparse = scipy.sparse.csr_matrix(np.eye(4))
    with pytest.raises(FlowError, match="not fitted on"):
        run(DBSCAN(), clustering_fold(x_train=sparse, x_test=sparse[::-1]))
    assert run(DBSCAN(), clustering_fold(x_train=sparse, x_test=sparse)).failure is None


def test_what_a_clusterer_raises_is_the_failure_of_the_fold() -> None:
    result = run(DBSCAN(), clustering_fold(x_train=table(), x_test=table()))
    assert result.failure is not None
    assert result.failure.stage == "fit"


def test_a_regressor_is_refused_for_a_clustering() -> None:
    with pytest.raises(FlowError, match="can't run a clustering task"):
        run(DummyRegressor(), clustering_fold())


def test_a_missing_target_is_refused() -> None:
    y = labels_of(table())[:80]
    y[3] = np.nan
    with pytest.raises(TaskError, match="missing"):
        run(SVC(), fold(y_train=y))


def test_a_fitted_model_is_refused() -> None:
    data = fold()
    with pytest.raises(NotSerializableError, match="fitted"):
        run(SVC().fit(data.x_train, np.asarray(data.y_train)))


def test_a_model_that_lacks_its_estimator_is_refused() -> None:
    with pytest.raises(FlowError, match="SelfTrainingClassifier can't run"):
        run(SelfTrainingClassifier())


def test_a_model_that_only_looks_like_an_estimator_is_run() -> None:
    assert run(user_models.Lucky("mole")).predictions is not None


def test_another_extension_tells_more_of_the_model_that_was_fitted() -> None:
    def teller(estimator: Any, data: FoldData) -> Told:
        return {"log": {"classes": estimator.classes_.tolist(), "fold": data.fold}}

    result = run_fold(SVC(), fold(fold=3), seed=1, teller=teller)
    assert result.log == {"classes": ["ant", "mole", "zebra"], "fold": 3}
    assert result.trace == ()


def test_what_the_caller_configured_is_no_part_of_a_run() -> None:
    by_name = ColumnTransformer([("a", StandardScaler(), ["a"])])
    model = make_pipeline(StandardScaler(), by_name, LogisticRegression())
    with sklearn.config_context(transform_output="pandas"):
        failure = run(model).failure
        assert run(model.set_output(transform="pandas")).failure is None
        assert sklearn.get_config()["transform_output"] == "pandas"
    assert failure is not None
    assert "dataframes" in failure.error
    if "transform_input" in signature(Pipeline).parameters:  # since scikit-learn 1.6
        routed = Pipeline([("fit", LogisticRegression())], transform_input=["X_val"])
        assert run(routed).failure is None


def test_what_a_constructor_draws_is_seeded() -> None:
    first = run(user_models.Drawn())
    np.random.rand()
    assert bits(run(user_models.Drawn())) == bits(first)
    assert bits(run(user_models.Drawn(), seed=2)) != bits(first)


def test_classes_derived_from_those_that_take_numbers_get_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(folds, "_CLASSES_AS_NUMBERS", frozenset({"sklearn"}))
    given: list[Any] = []

    def keep(model: Any, target: Any, n_classes: int) -> Any:
        given.append(target)
        return target

    found = run_fold(user_models.Majority(), fold(), seed=1, shaper=keep)
    assert given[0].dtype.kind == "i"
    assert set(found.predictions) <= set(LABELS)


def test_another_extension_gives_the_target_the_form_that_its_models_take() -> None:
    x, y = table()[["a", "b", "c"]], table()["a"]
    data = fold(task="regression", x_train=x[:80], y_train=y[:80], x_test=x[80:], labels=())

    def doubled(model: Any, target: Any, n_classes: int) -> Any:
        return 2 * target.reshape(-1, 1)

    found = run_fold(LinearRegression(), data, seed=1, shaper=doubled)
    np.testing.assert_allclose(found.predictions, 2 * x["a"][80:])
