"""The examples of datasets and tasks."""

from __future__ import annotations

from typing import Any

import numpy as np
import openml
import pandas as pd
import sklearn.datasets
from openml.datasets import create_dataset, edit_dataset, fork_dataset, get_dataset
from openml.exceptions import OpenMLServerException
from openml.tasks import TaskType
from outcomes import plain, refusal, rows, shown
from scipy.sparse import coo_matrix
from seeded import dataset_id, task_id

WEATHER = [
    ["sunny", 85, 85, "FALSE", "no"],
    ["sunny", 80, 90, "TRUE", "no"],
    ["overcast", 83, 86, "FALSE", "yes"],
    ["rainy", 70, 96, "FALSE", "yes"],
    ["rainy", 68, 80, "FALSE", "yes"],
    ["rainy", 65, 70, "TRUE", "no"],
]
WEATHER_ATTRIBUTES = [
    ("outlook", ["sunny", "overcast", "rainy"]),
    ("temperature", "REAL"),
    ("humidity", "REAL"),
    ("windy", ["TRUE", "FALSE"]),
    ("play", ["yes", "no"]),
]
XOR_ATTRIBUTES = [("input1", "REAL"), ("input2", "REAL"), ("y", "REAL")]


def create_upload() -> dict[str, Any]:
    """Of an array, a list, a table, a sparse matrix and a sparse table."""
    openml.config.start_using_configuration_for_example()
    found = {
        "array": published(diabetes()),
        "list": published(weather(WEATHER, WEATHER_ATTRIBUTES)),
        "table": published(weather(weather_table(), "auto")),
        "sparse": published(xor(xor_matrix(0.0, 1.0), XOR_ATTRIBUTES)),
        "sparse table": published(xor(xor_table(), "auto")),
    }
    openml.config.stop_using_configuration_for_example()
    return found


def published(dataset: openml.OpenMLDataset) -> dict[str, Any]:
    """What is read back of a dataset, and whether it is what was sent."""
    dataset.publish()
    stored = get_dataset(dataset.dataset_id, download_data=True, download_features_meta_data=True)
    data, *_ = stored.get_data()
    names = ("name", "version", "licence", "default_target_attribute", "version_label")
    return {
        "described": [getattr(stored, name) for name in names],
        # openml-python reads texts without the space around them.
        "kept": [stored.description, stored.citation]
        == [dataset.description.strip(), dataset.citation],
        "types": [feature.data_type for feature in stored.features.values()],
        "shape": list(data.shape),
        "last": plain(pd.DataFrame(data).iloc[-1]),
        "url": dataset.openml_url == stored.openml_url,
    }


def diabetes() -> openml.OpenMLDataset:
    bunch = sklearn.datasets.load_diabetes()
    return create_dataset(
        name="Diabetes(scikit-learn)",
        description=bunch.DESCR,
        creator="Bradley Efron, Trevor Hastie, Iain Johnstone and Robert Tibshirani",
        contributor=None,
        collection_date="09-01-2012",
        language="English",
        licence="BSD (from scikit-learn)",
        default_target_attribute="class",
        row_id_attribute=None,
        ignore_attribute=None,
        citation="Least Angle Regression (with discussion), 407-499",
        attributes=[*((name, "REAL") for name in bunch.feature_names), ("class", "INTEGER")],
        data=np.concatenate((bunch.data, bunch.target.reshape((-1, 1))), axis=1),
        version_label="test",
        original_data_url="http://www4.stat.ncsu.edu/~boos/var.select/diabetes.html",
        paper_url="http://web.stanford.edu/~hastie/Papers/LARS/LeastAngle_2002.pdf",
    )


def weather(data: Any, attributes: Any) -> openml.OpenMLDataset:
    return create_dataset(
        name="Weather",
        description="Whether to play, by the weather.",
        creator="I. H. Witten, E. Frank, M. A. Hall, and ITPro",
        contributor=None,
        collection_date="01-01-2011",
        language="English",
        licence=None,
        default_target_attribute="play",
        row_id_attribute=None,
        ignore_attribute=None,
        citation="I. H. Witten, E. Frank, M. A. Hall: Data mining",
        attributes=attributes,
        data=data,
        version_label="example",
    )


def weather_table() -> pd.DataFrame:
    frame = pd.DataFrame(WEATHER, columns=[name for name, _ in WEATHER_ATTRIBUTES])
    return frame.assign(
        outlook=frame["outlook"].astype("category"),
        windy=frame["windy"].astype("bool"),
        play=frame["play"].astype("category"),
    )


def xor(data: Any, attributes: Any) -> openml.OpenMLDataset:
    return create_dataset(
        name="XOR",
        description="Dataset representing the XOR operation",
        creator=None,
        contributor=None,
        collection_date=None,
        language="English",
        licence=None,
        default_target_attribute="y",
        row_id_attribute=None,
        ignore_attribute=None,
        citation=None,
        attributes=attributes,
        data=data,
        version_label="example",
    )


def xor_matrix(first: float, second: float) -> coo_matrix:
    places = ([0, 1, 1, 2, 2, 3, 3], [0, 1, 2, 0, 2, 0, 1])
    return coo_matrix(([first, second, 1.0, 1.0, 1.0, 1.0, 1.0], places))


def xor_table() -> pd.DataFrame:
    names = ["input1", "input2", "y"]
    return pd.DataFrame.sparse.from_spmatrix(xor_matrix(1.0, 0.0), columns=names)


def datasets() -> dict[str, Any]:
    listed = openml.datasets.list_datasets(output_format="dataframe")
    listed = listed[["did", "name", "NumberOfInstances", "NumberOfFeatures", "NumberOfClasses"]]
    large = listed[listed["NumberOfInstances"] > 1000].sort_values(["NumberOfInstances"])
    dataset = get_dataset(dataset_id("penguins"))
    everything, *_ = dataset.get_data()
    x, y, is_categorical, names = dataset.get_data(target=dataset.default_target_attribute)
    array, *_ = get_dataset(dataset_id("iris")).get_data(dataset_format="array")
    return {
        "large": plain(large["name"]),
        "by name": rows(listed.query('name == "penguins"'), "NumberOfInstances"),
        "many classes": plain(listed.query("NumberOfClasses > 8")["name"]),
        "shapes": [list(everything.shape), list(x.shape), len(y), list(array.shape)],
        "categorical": [n for n, flag in zip(names, is_categorical, strict=True) if flag],
        "dtypes": [str(dtype) for dtype in x.dtypes],
        "described": get_dataset(dataset_id("penguins"), download_data=False).name,
        "changed": changed(),
    }


def changed() -> dict[str, Any]:
    """What anybody may edit, what only the owner may, and a fork."""
    openml.config.start_using_configuration_for_example()
    iris = dataset_id("iris")
    edited = edit_dataset(
        iris,
        description="Petals and sepals of 3 types of irises, a 150x4 numpy.ndarray",
        creator="R.A.Fisher",
        collection_date="1937",
        citation="The use of multiple measurements in taxonomic problems",
        language="English",
    )
    stored = get_dataset(edited, force_refresh_cache=True)
    found = {
        "edited": [edited == iris, stored.creator, stored.collection_date, stored.description],
        "not mine": refusal(edit_dataset, iris, default_target_attribute="petalwidth"),
    }
    fork = fork_dataset(iris)
    edited = edit_dataset(fork, default_target_attribute="petalwidth")
    stored = get_dataset(edited, force_refresh_cache=True)
    openml.config.stop_using_configuration_for_example()
    return found | {"fork": [edited == fork, stored.version, stored.default_target_attribute]}


def tasks() -> dict[str, Any]:
    supervised = openml.tasks.list_tasks(
        task_type=TaskType.SUPERVISED_CLASSIFICATION, output_format="dataframe"
    )
    middle = supervised.query("NumberOfInstances > 100 and NumberOfInstances < 200")
    ten_fold = middle.query('estimation_procedure == "10-fold Crossvalidation"')
    openml.tasks.get_task(task_id("zoo")).push_tag("OpenML100")
    tagged = openml.tasks.list_tasks(tag="OpenML100", output_format="dataframe")
    of_data = openml.tasks.list_tasks(data_id=dataset_id("wine"), output_format="dataframe")
    page = openml.tasks.list_tasks(size=2, offset=3, output_format="dataframe")
    everything = openml.tasks.list_tasks(output_format="dataframe")
    task = openml.tasks.get_task(task_id("penguins"))
    several = openml.tasks.get_tasks(
        [task_id("iris"), task_id("zoo")], download_data=False, download_qualities=False
    )
    return {
        "columns": list(supervised.columns),
        "10-fold": plain(ten_fold["name"]),
        "tagged": plain(tagged["name"]),
        "of data": plain(of_data["name"]),
        "page": plain(page["tid"]) == plain(everything["tid"])[3:5],
        "shown": [shown(task)[name] for name in ("Target Feature", "# of Classes")],
        "several": [one.target_name for one in several],
        "created": [created(), created()],
    }


def created() -> str:
    """A new task, or the look-up of the one that is there, as the example shows it."""
    openml.config.start_using_configuration_for_example()
    data = dataset_id("iris")
    task = openml.tasks.create_task(
        task_type=TaskType.SUPERVISED_CLASSIFICATION,
        dataset_id=data,
        target_name="class",
        evaluation_measure="kappa",
        estimation_procedure_id=1,
    )
    try:
        task.publish()
    except OpenMLServerException as error:
        if error.code != 614:  # there is this task already
            raise
        known = openml.tasks.list_tasks(data_id=data, output_format="dataframe")
        found = known.query(
            'task_type == "Supervised Classification" '
            'and estimation_procedure == "10-fold Crossvalidation" '
            'and evaluation_measures == "kappa"'
        )
        return f"found {len(found)}"
    finally:
        openml.config.stop_using_configuration_for_example()
    return "published"


def task_manual_iteration() -> dict[str, Any]:
    """A holdout, cross-validations with one and with more repeats, and a learning curve."""
    kinds = {"holdout": 6, "10 folds": 1, "5 times 2 folds": 2, "learning curve": 13}
    return {name: iterated(procedure) for name, procedure in kinds.items()}


def iterated(procedure: int) -> list[Any]:
    task = openml.tasks.get_task(task_of(procedure))
    x, y = task.get_X_and_y(dataset_format="dataframe")
    repeats, folds, samples = task.get_split_dimensions()
    sizes = []
    for repeat in range(repeats):
        for fold in range(folds):
            for sample in range(samples):
                train, test = task.get_train_test_split_indices(
                    repeat=repeat, fold=fold, sample=sample
                )
                assert len(x.iloc[train]) == len(y.iloc[train])
                sizes.append([len(x.iloc[train]), len(y.iloc[test])])
    return [[repeats, folds, samples], len(sizes), sizes[0]]


def task_of(procedure: int) -> int:
    """A task on kr-vs-kp; that of 10 folds is there already."""
    if procedure == 1:
        return task_id("kr-vs-kp")
    is_curve = procedure == 13
    task = openml.tasks.create_task(
        task_type=TaskType.LEARNING_CURVE if is_curve else TaskType.SUPERVISED_CLASSIFICATION,
        dataset_id=dataset_id("kr-vs-kp"),
        target_name="class",
        estimation_procedure_id=procedure,
    )
    return int(task.publish().task_id)


EXAMPLES = [create_upload, datasets, tasks, task_manual_iteration]
