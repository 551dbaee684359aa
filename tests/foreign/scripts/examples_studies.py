"""The examples of suites, studies and evaluations, and those of papers."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
import openml
from openml.extensions.sklearn import cat, cont
from openml.tasks import TaskType
from outcomes import plain, rows, shown
from seeded import dataset_id, task_id
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import SVC

NAMES = ("iris", "zoo", "penguins")
SVM = "sklearn.svm._classes.SVC(1)"


def suites() -> dict[str, Any]:
    openml.config.start_using_configuration_for_example()
    everything = openml.tasks.list_tasks(output_format="dataframe")
    ids = sorted(np.random.default_rng(0).choice(everything["tid"], replace=False, size=3))
    chosen = openml.study.create_benchmark_suite(
        name="Chosen",
        description="Test suite for the Python tutorial on benchmark suites",
        task_ids=[int(id_) for id_ in ids],
        alias=uuid.uuid4().hex,
    )
    chosen.publish()
    suite = openml.study.create_benchmark_suite(
        name="Test-Suite",
        description="Three sets of species.",
        task_ids=[task_id(name) for name in NAMES],
        alias="species",
    )
    suite.publish()
    listed = openml.study.list_suites(output_format="dataframe", status="all")
    suite = openml.study.get_suite(suite.study_id)
    tasks = everything.query("tid in @suite.tasks")
    openml.config.stop_using_configuration_for_example()
    return {
        "listed": rows(listed, "name", "status"),
        "chosen": openml.study.get_suite(chosen.study_id).tasks == ids,
        "description": suite.description,
        "tasks": plain(tasks["name"]),
        "rows": float(tasks.describe().transpose().loc["NumberOfInstances", "max"]),
    }


def studies() -> dict[str, Any]:
    """Runs on the tasks of a suite, collected in a study."""
    openml.config.start_using_configuration_for_example()
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = [
        ("cat", make_pipeline(SimpleImputer(strategy="most_frequent"), encoder), cat),
        ("cont", "passthrough", cont),
    ]
    model = Pipeline(
        steps=[
            ("transform", ColumnTransformer(columns)),
            ("estimator", HistGradientBoostingClassifier(max_iter=3)),
        ]
    )
    suite = openml.study.get_suite("species")
    run_ids = []
    for id_ in suite.tasks[-3:]:
        run = openml.runs.run_model_on_task(model, openml.tasks.get_task(id_))
        run.publish()
        run_ids.append(run.run_id)
    new = openml.study.create_study(
        name="Test-Study",
        description="Test study for the Python tutorial on studies",
        run_ids=run_ids,
        alias=uuid.uuid4().hex,
        benchmark_suite=suite.study_id,
    )
    new.publish()
    listed = openml.study.list_studies(output_format="dataframe", status="all")
    study = openml.study.get_study(new.study_id)
    evaluations = openml.evaluations.list_evaluations(
        function="predictive_accuracy", study=study.study_id, output_format="dataframe"
    )
    openml.config.stop_using_configuration_for_example()
    return {
        "listed": rows(listed, "name"),
        "shown": [shown(study)[name] for name in ("Name", "Status", "# of Runs")],
        "runs": study.runs == run_ids,
        "tasks": study.tasks == sorted(suite.tasks),
        "evaluated": plain(evaluations["run_id"]) == run_ids,
    }


def fetch_evaluations() -> dict[str, Any]:
    fit_svms()
    lists, id_ = openml.evaluations, task_id("iris")
    ten = lists.list_evaluations(function="predictive_accuracy", size=10, output_format="dataframe")
    precise = lists.list_evaluations(function="precision", size=10, output_format="dataframe")
    of_task = lists.list_evaluations(
        function="predictive_accuracy", tasks=[id_], output_format="dataframe"
    ).sort_values(by="value", ascending=False)
    ordered = lists.list_evaluations_setups(
        function="predictive_accuracy", tasks=[id_], size=100, sort_order="desc"
    )
    flow = openml.flows.get_flow_id(model=SVC())
    separate = lists.list_evaluations_setups(
        function="predictive_accuracy", flows=[flow], size=4, parameters_in_separate_columns=True
    )
    return {
        "ten": len(ten),
        "precise": len(precise[precise["value"] > 0.9]),
        "flows": sorted(of_task["flow_name"].unique()),
        "values": plain(ordered["value"]) == plain(of_task["value"]),
        "separate": sorted(plain(separate[f"{SVM}_C"])),
        "rows of parameters": [len(each) for each in ordered["parameters"]],
    }


def fit_svms() -> None:
    """Five runs of one flow with settings of their own."""
    task = openml.tasks.get_task(task_id("iris"))
    for c, gamma in ((0.1, 0.1), (1.0, 0.1), (10.0, 0.1), (1.0, 1.0), (0.1, 1.0)):
        model = SVC(C=c, gamma=gamma, random_state=1)
        openml.runs.run_model_on_task(model, task, avoid_duplicate_runs=False).publish()


def plot_svm_hyperparameters() -> dict[str, Any]:
    """The surface that would be plotted."""
    flow = openml.flows.get_flow_id(model=SVC())
    frame = openml.evaluations.list_evaluations_setups(
        function="predictive_accuracy",
        flows=[flow],
        tasks=[task_id("iris")],
        output_format="dataframe",
        parameters_in_separate_columns=True,
    )
    names = [f"{SVM}_C", f"{SVM}_gamma"]
    frame[names] = frame[names].astype(float).apply(np.log10)
    return {"surface": sorted(rows(frame, *names)), "values": plain(frame["value"].round(2))}


def feurer_2015() -> dict[str, Any]:
    """One task for each dataset of a paper, the oldest of its procedure."""
    tasks = openml.tasks.list_tasks(
        task_type=TaskType.SUPERVISED_CLASSIFICATION, status="all", output_format="dataframe"
    )
    tasks = tasks.query('estimation_procedure == "10-fold Crossvalidation"')
    ids = [min(tasks.query(f"did == {dataset_id(name)}")["tid"]) for name in NAMES]
    return {"tasks": ids == [task_id(name) for name in NAMES]}


def strang_2018() -> dict[str, Any]:
    """Two flows compared on all datasets of a study."""
    for name in NAMES[:2]:
        task = openml.tasks.get_task(task_id(name))
        for model in (SVC(kernel="linear"), make_pipeline(SimpleImputer(), SVC())):
            openml.runs.run_model_on_task(model, task, avoid_duplicate_runs=False).publish()
    flows = [openml.flows.get_flow_id(model=SVC())]
    flows.append(openml.flows.get_flow_id(model=make_pipeline(SimpleImputer(), SVC())))
    runs = openml.runs.list_runs(flow=flows, output_format="dataframe").groupby(
        ["flow_id", "task_id"]
    )
    study = openml.study.create_study(
        name="Linear", description="d", run_ids=plain(runs["run_id"].max())
    ).publish()
    evaluations = openml.evaluations.list_evaluations(
        "predictive_accuracy", flows=flows, study=study.study_id, output_format="dataframe"
    )
    evaluations["data_id"] = evaluations["data_id"].astype(int)
    table = evaluations.pivot_table(index="data_id", columns="flow_id", values="value").dropna()
    qualities = openml.datasets.list_datasets(
        data_id=[int(id_) for id_ in table.index], output_format="dataframe"
    )
    table = table.join(qualities[["NumberOfInstances", "NumberOfFeatures"]], how="inner")
    return {"table": list(table.shape), "rows": plain(table["NumberOfInstances"])}


def perrone_2018() -> dict[str, Any]:
    """A model of how a measure depends on the settings of a flow."""
    frame = openml.evaluations.list_evaluations_setups(
        function="area_under_roc_curve",
        tasks=[task_id("iris")],
        flows=[openml.flows.get_flow_id(model=SVC())],
        uploaders=[2],
        output_format="dataframe",
        parameters_in_separate_columns=True,
    )
    frame.columns = [name.rsplit("_", maxsplit=1)[-1] for name in frame.columns]
    settings = frame[["C", "degree"]].astype(float)
    surrogate = RandomForestRegressor(n_estimators=5, random_state=1)
    surrogate.fit(settings, frame["value"])
    return {"n_evaluations": len(frame), "predicted": len(surrogate.predict(settings))}


def rijn_2018() -> dict[str, Any]:
    """Evaluations of a flow with its settings, task by task of a suite."""
    flow, found = openml.flows.get_flow_id(model=SVC()), []
    for id_ in openml.study.get_suite("species").tasks:
        frame = openml.evaluations.list_evaluations_setups(
            "predictive_accuracy", flows=[flow], tasks=[id_], size=500, output_format="dataframe"
        )
        found.append([dict(each)[f"{SVM}_kernel"] for each in frame.get("parameters", [])])
    return {"kernels": found}


EXAMPLES = [
    suites,
    studies,
    fetch_evaluations,
    plot_svm_hyperparameters,
    feurer_2015,
    strang_2018,
    perrone_2018,
    rijn_2018,
]
