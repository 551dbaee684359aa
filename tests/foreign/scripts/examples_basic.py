"""The README, the introduction, and the basic examples."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import openml
from openml.tasks import TaskType
from outcomes import rows, shown
from seeded import dataset_id, task_id
from sklearn import ensemble, neighbors


def readme() -> dict[str, Any]:
    openml.study.create_benchmark_suite(
        name="Classification",
        description="A curated list of tasks.",
        task_ids=[task_id("iris"), task_id("zoo"), task_id("penguins")],
        alias="classification-all",
    ).publish()
    dataset = openml.datasets.get_dataset("iris")
    by_name, *_ = dataset.get_data(target="class")
    task = openml.tasks.get_task(task_id("iris"))
    dataset = task.get_dataset()
    x, y, is_categorical, names = dataset.get_data(target=task.target_name)
    train, test = task.get_train_test_split_indices(fold=0)
    suite = openml.study.get_suite("classification-all")
    return {
        "by name": by_name.equals(x),
        "data": [list(x.shape), list(y.cat.categories), is_categorical, names],
        "fold": [len(train), len(test)],
        "targets": [openml.tasks.get_task(id_).target_name for id_ in suite.tasks],
    }


def introduction() -> dict[str, Any]:
    openml.config.start_using_configuration_for_example()
    task = openml.tasks.get_task(task_id("iris"))
    data = openml.datasets.get_dataset(task.dataset_id)
    clf = neighbors.KNeighborsClassifier(n_neighbors=5)
    run = openml.runs.run_model_on_task(clf, task, avoid_duplicate_runs=False)
    myrun = run.publish()
    found = {"data": data.name, "run": myrun.run_id, "url": myrun.openml_url}
    openml.config.stop_using_configuration_for_example()
    return found


def simple_datasets() -> dict[str, Any]:
    listed = openml.datasets.list_datasets(output_format="dataframe")
    dataset = openml.datasets.get_dataset(
        dataset_id("iris"),
        download_data=True,
        download_qualities=True,
        download_features_meta_data=True,
    )
    x, y, is_categorical, names = dataset.get_data(
        dataset_format="dataframe", target=dataset.default_target_attribute
    )
    return {
        "first": rows(listed.head(n=3), "name", "version", "NumberOfInstances"),
        "target": dataset.default_target_attribute,
        "url": dataset.url,
        "description": dataset.description[:20],
        "data": [list(x.shape), len(y), is_categorical, names],
        "shown": [shown(dataset)[name] for name in ("Name", "# of features", "# of instances")],
    }


def simple_flows_and_runs() -> dict[str, Any]:
    openml.config.start_using_configuration_for_example()
    dataset = openml.datasets.get_dataset(dataset_id("iris"))
    x, y, *_ = dataset.get_data(dataset_format="dataframe", target=dataset.default_target_attribute)
    clf = neighbors.KNeighborsClassifier(n_neighbors=3)
    clf.fit(x, y)
    task = openml.tasks.get_task(task_id("wine"))
    forest = ensemble.RandomForestClassifier(n_estimators=10)
    run = openml.runs.run_model_on_task(forest, task)
    local = shown(run)["Local Result - Accuracy (+- STD)"]
    myrun = run.publish()
    found = {
        "score": clf.score(x, y),
        "accuracy": float(local.split()[0]),
        "run": myrun.openml_url == shown(myrun)["Run URL"],
        "flow": myrun.flow.openml_url == shown(myrun)["Flow URL"],
    }
    openml.config.stop_using_configuration_for_example()
    return found


def simple_tasks() -> dict[str, Any]:
    tasks = openml.tasks.list_tasks(
        task_type=TaskType.SUPERVISED_CLASSIFICATION, output_format="dataframe"
    )
    task = openml.tasks.get_task(task_id("iris"))
    dataset = task.get_dataset()
    x, y, *_ = dataset.get_data(target=task.target_name)
    train, test = task.get_train_test_split_indices(fold=0, repeat=0)
    clf = neighbors.KNeighborsClassifier().fit(x.iloc[train], y.iloc[train])
    return {
        "listed": rows(tasks.head(2), "name", "target_feature"),
        "predicted": len(clf.predict(x.iloc[test])),
    }


def simple_suites() -> dict[str, Any]:
    listed = openml.study.list_suites(status="all", output_format="dataframe")
    suite = openml.study.get_suite(int(listed["id"].max()))
    return {
        "shown": [shown(suite)[name] for name in ("Name", "# of Data", "# of Tasks")],
        "tasks": [shown(openml.tasks.get_task(id_))["Target Feature"] for id_ in suite.tasks[:3]],
    }


def configure_logging() -> dict[str, Any]:
    openml.datasets.get_dataset("iris")
    openml.config.set_console_log_level(logging.WARNING)
    openml.config.set_file_log_level(logging.DEBUG)
    openml.datasets.get_dataset("cpu").get_data()
    file = Path(openml.config._root_cache_directory) / "openml_python.log"
    return {"logged": "pickle write cpu" in file.read_text()}


EXAMPLES = [
    readme,
    introduction,
    simple_datasets,
    simple_flows_and_runs,
    simple_tasks,
    simple_suites,
    configure_logging,
]
