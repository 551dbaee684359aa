"""The examples of flows, runs and setups."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
import openml
from openml.extensions.sklearn import cat, cont
from openml.runs.functions import format_prediction
from outcomes import refusal, shown
from seeded import dataset_id, task_id
from sklearn import compose, ensemble, impute, neighbors, pipeline, preprocessing, tree
from sklearn.decomposition import TruncatedSVD
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV


def flows_and_runs() -> dict[str, Any]:
    openml.config.start_using_configuration_for_example()
    fitted()
    task = openml.tasks.get_task(task_id("iris"))
    run = openml.runs.run_model_on_task(tree.DecisionTreeClassifier(random_state=1), task)
    published = run.publish()
    flow = openml.flows.get_flow(run.flow_id)
    found = {
        "run": published.openml_url == shown(published)["Run URL"],
        "flow": shown(flow)["Flow Name"],
        "again": refusal(
            openml.runs.run_model_on_task, tree.DecisionTreeClassifier(random_state=1), task
        )["error"],
        "pipelines": pipelines(),
        "later": published_later(),
        "flow on task": flow_on_task(task),
        "benchmark": [accuracy(benchmarked(name)) for name in ("wine", "zoo")],
    }
    openml.config.stop_using_configuration_for_example()
    return found


def fitted() -> None:
    """Models are trained without a task, on columns that are told apart by their kind."""
    clf = neighbors.KNeighborsClassifier(n_neighbors=1)
    dataset = openml.datasets.get_dataset(dataset_id("iris"))
    x, y, *_ = dataset.get_data(target=dataset.default_target_attribute)
    clf.fit(x, y)
    dataset = openml.datasets.get_dataset(dataset_id("kr-vs-kp"))
    x, y, is_categorical, _ = dataset.get_data(target=dataset.default_target_attribute)
    encoder = preprocessing.OneHotEncoder(categories="auto")
    transformer = compose.ColumnTransformer([("one_hot_encoder", encoder, is_categorical)])
    clf.fit(transformer.fit_transform(x), y)


def prepared(categorical: Any, continuous: Any) -> pipeline.Pipeline:
    encoder = preprocessing.OneHotEncoder(sparse_output=False, handle_unknown="ignore")
    imputer = impute.SimpleImputer(strategy="median")
    columns = [("categorical", encoder, categorical), ("continuous", imputer, continuous)]
    return pipeline.Pipeline(
        steps=[
            ("Preprocessing", compose.ColumnTransformer(columns)),
            ("Classifier", ensemble.RandomForestClassifier(n_estimators=10, random_state=1)),
        ]
    )


def pipelines() -> list[float]:
    """Columns by their kind, and by their numbers."""
    task = openml.tasks.get_task(task_id("penguins"))
    run = openml.runs.run_model_on_task(prepared(cat, cont), task, avoid_duplicate_runs=False)
    by_kind = accuracy(run.publish())
    run = openml.runs.run_model_on_task(
        by_numbers(task), task, avoid_duplicate_runs=False, dataset_format="array"
    )
    return [by_kind, accuracy(run.publish())]


def by_numbers(task: Any) -> pipeline.Pipeline:
    features = task.get_dataset().features
    columns: dict[bool, list[int]] = {True: [], False: []}
    for index in range(len(features)):
        if features[index].name != task.target_name:
            columns[features[index].data_type == "nominal"].append(index)
    shift = task.get_dataset().features[0].name == task.target_name
    return prepared(*([index - shift for index in columns[kind]] for kind in (True, False)))


def published_later() -> dict[str, Any]:
    """A run is made without the server, kept in a folder, and published from there."""
    task = openml.tasks.get_task(task_id("penguins"))
    model = prepared(cat, cont).set_params(Classifier__n_estimators=5)
    run = openml.runs.run_model_on_task(model, task, avoid_duplicate_runs=False, upload_flow=False)
    run.to_filesystem(directory="myrun")
    kept = openml.runs.OpenMLRun.from_filesystem(directory="myrun")
    kept.publish()
    stored = openml.runs.get_run(kept.run_id)
    return {"flow": stored.flow_id == kept.flow_id, "rows": len(stored.predictions)}


def flow_on_task(task: Any) -> str:
    clf = tree.ExtraTreeClassifier()
    flow = openml.extensions.get_extension_by_model(clf).model_to_flow(clf)
    run = openml.runs.run_flow_on_task(flow, task)
    return str(openml.runs.get_run(run.publish().run_id).flow_name)


def benchmarked(name: str) -> openml.OpenMLRun:
    task = openml.tasks.get_task(task_id(name))
    clf = neighbors.KNeighborsClassifier(n_neighbors=5)
    run = openml.runs.run_model_on_task(clf, task, avoid_duplicate_runs=False)
    return run.publish()


def accuracy(run: openml.OpenMLRun) -> float:
    stored = openml.runs.get_run(run.run_id)
    return round(stored.evaluations["predictive_accuracy"], 2)


def flow_id() -> dict[str, Any]:
    clf = tree.DecisionTreeClassifier()
    flow = openml.extensions.get_extension_by_model(clf).model_to_flow(clf).publish()
    name, version = flow.name, flow.external_version
    return {
        "by model": openml.flows.get_flow_id(model=clf) == flow.flow_id,
        "name": [name, version],
        "exists": openml.flows.flow_exists(name=name, external_version=version) == flow.flow_id,
        "by name": openml.flows.get_flow_id(name=name, exact_version=False) == [flow.flow_id],
        "all": openml.flows.get_flow_id(model=clf, exact_version=False) == [flow.flow_id],
    }


def run_setup() -> dict[str, Any]:
    """A model is built again of its setup, and gives the same predictions."""
    openml.config.start_using_configuration_for_example()
    task = openml.tasks.get_task(task_id("penguins"))
    encoder = preprocessing.OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = [
        ("cat", pipeline.make_pipeline(encoder, TruncatedSVD()), cat),
        ("cont", impute.SimpleImputer(strategy="median"), cont),
    ]
    model = pipeline.Pipeline(
        steps=[
            ("transform", compose.ColumnTransformer(columns)),
            ("estimator", ensemble.RandomForestClassifier()),
        ]
    )
    model.set_params(
        estimator__criterion="gini",
        estimator__n_estimators=5,
        estimator__max_depth=10,
        estimator__min_samples_leaf=1,
    )
    original = openml.runs.run_model_on_task(model, task, avoid_duplicate_runs=False).publish()
    setup_id = openml.runs.get_run(original.run_id).setup_id
    duplicate = openml.setups.initialize_model(setup_id)
    again = openml.runs.run_model_on_task(duplicate, task, avoid_duplicate_runs=False)
    np.testing.assert_array_equal(original.data_content, again.data_content)
    openml.config.stop_using_configuration_for_example()
    return {"n_estimators": duplicate.get_params()["estimator__n_estimators"]}


def custom_flow() -> dict[str, Any]:
    """A flow without a model, around another, and a run of it."""
    openml.config.start_using_configuration_for_example()
    inner = openml.flows.get_flow(openml.flows.get_flow_id(model=tree.DecisionTreeClassifier()))
    described = OrderedDict(
        cores=OrderedDict(description="number of available cores", data_type="int"),
        memory=OrderedDict(description="memory in gigabytes", data_type="int"),
        time=OrderedDict(description="time in minutes", data_type="int"),
    )
    flow = openml.flows.OpenMLFlow(
        name="automlbenchmark_autosklearn",
        description="Auto-sklearn as set up by the AutoML Benchmark",
        external_version="amlb==0.9",
        language="English",
        tags=["amlb", "benchmark", "study_218"],
        dependencies="amlb==0.9",
        parameters=OrderedDict(time="240", memory="32", cores="8"),
        parameters_meta_info=described,
        components=OrderedDict(automl_tool=inner),
        model=None,
    )
    flow.publish()
    task = openml.tasks.get_task(task_id("iris"))
    run = openml.runs.OpenMLRun(
        task_id=task.task_id,
        flow_id=flow.flow_id,
        dataset_id=task.get_dataset().dataset_id,
        parameter_settings=[
            OrderedDict([("oml:name", name), ("oml:value", value), ("oml:component", flow.flow_id)])
            for name, value in (("cores", 4), ("memory", 16), ("time", 120))
        ],
        setup_string="python3 runbenchmark.py auto-sklearn medium -m aws -t 119",
        data_content=guesses(task),
        tags=["study_218"],
        description_text="Run generated by the Custom Flow tutorial.",
    )
    run.publish()
    stored = openml.runs.get_run(run.run_id)
    openml.config.stop_using_configuration_for_example()
    return {
        "components": [
            component.flow_id == inner.flow_id for component in flow.components.values()
        ],
        "tags": openml.flows.get_flow(flow.flow_id).tags,
        "run tags": stored.tags,
        "setup": parameters(stored.setup_id),
        "accuracy": stored.evaluations["predictive_accuracy"],
    }


def guesses(task: Any) -> list[list[Any]]:
    """Predictions at random for all test rows."""
    repeats, folds, _ = task.get_split_dimensions()
    _, truth = task.get_X_and_y(dataset_format="dataframe")
    shares = np.random.default_rng(0).dirichlet(
        [1.0] * len(task.class_labels), len(truth) * repeats
    )
    places = [
        (repeat, fold, index)
        for repeat in range(repeats)
        for fold in range(folds)
        for index in task.get_train_test_split_indices(fold, repeat)[1]
    ]
    return [
        format_prediction(
            task=task,
            repeat=repeat,
            fold=fold,
            index=index,
            prediction=task.class_labels[share.argmax()],
            truth=truth.iloc[index],
            proba=dict(zip(task.class_labels, share, strict=True)),
        )
        for (repeat, fold, index), share in zip(places, shares, strict=True)
    ]


def parameters(setup_id: int) -> dict[str, str]:
    setup = openml.setups.get_setup(setup_id)
    return {one.parameter_name: one.value for one in setup.parameters.values()}


def fetch_runtimes() -> dict[str, Any]:
    """Times of forests, of folds side by side, and of searches."""
    task = openml.tasks.get_task(task_id("iris"))
    options = {"task": task, "upload_flow": False, "avoid_duplicate_runs": False}
    forest = ensemble.RandomForestClassifier(n_estimators=2, n_jobs=1)
    alone = openml.runs.run_model_on_task(model=forest, **options)
    together = openml.runs.run_model_on_task(
        model=tree.DecisionTreeClassifier(), n_jobs=2, **options
    )
    grid = openml.runs.run_model_on_task(
        model=GridSearchCV(forest, {"n_estimators": [1, 2]}, cv=2), **options
    )
    random = openml.runs.run_model_on_task(
        model=RandomizedSearchCV(forest, {"n_estimators": [1, 2, 3]}, cv=2, n_iter=2), **options
    )
    published = openml.runs.get_run(grid.publish().run_id)
    return {
        "measures": sorted(alone.fold_evaluations),
        "folds": [len(run.fold_evaluations["usercpu_time_millis"][0]) for run in (alone, together)],
        "iterations": [len(run.trace.trace_iterations) for run in (grid, random)],
        "published": folds_of(published) == folds_of(grid),
        "trace": len(openml.runs.get_run_trace(published.run_id).trace_iterations),
    }


def folds_of(run: openml.OpenMLRun) -> list[float]:
    times = run.fold_evaluations["wall_clock_time_millis_training"][0]
    return [float(times[fold]) for fold in sorted(times)]


EXAMPLES = [flows_and_runs, flow_id, run_setup, custom_flow, fetch_runtimes]
