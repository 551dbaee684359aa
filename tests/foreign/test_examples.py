"""openml-python's README, examples and reference work with our registry as they are documented.

The scripts make the calls of the documentation in their order.  They check by themselves what has
no value of its own, as that a model that was built again predicts the same.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from openml_client.registry import Registry
from tests.doors import served

from .refusals import refused

pytestmark = [pytest.mark.foreign, pytest.mark.conformance]

TREE = "sklearn.tree._classes.DecisionTreeClassifier"
IRISES = ["Iris-setosa", "Iris-versicolor", "Iris-virginica"]
COLUMNS = ["sepallength", "sepalwidth", "petallength", "petalwidth"]
TIMES = [
    f"{clock}_time_millis{part}"
    for clock in ("usercpu", "wall_clock")
    for part in ("", "_testing", "_training")
]


@pytest.fixture(scope="module")
def found(
    seeded: Path,
    tmp_path_factory: pytest.TempPathFactory,
    foreign_python: Path,
    answers: Callable[..., Any],
) -> Callable[[str], dict[str, Any]]:
    """What a group of examples found; each group has a registry of its own, and runs once."""
    known: dict[str, dict[str, Any]] = {}

    def find(group: str) -> dict[str, Any]:
        if group not in known:
            folder = shutil.copytree(seeded, tmp_path_factory.mktemp("examples") / "registry")
            with Registry.open(folder) as registry, served(registry) as address:
                key = registry.add_user("User Two")
                known[group] = answers(foreign_python, "examples.py", address, key, group)
        return known[group]

    return find


Found = Callable[[str], dict[str, Any]]


def test_readme(found: Found) -> None:
    assert found("basic")["readme"] == {
        "by name": True,
        "data": [[150, 4], IRISES, [False] * 4, COLUMNS],
        "fold": [135, 15],
        "targets": ["class", "type", "species"],
    }


def test_introduction(found: Found) -> None:
    example = found("basic")["introduction"]
    assert example["data"] == "iris"
    assert example["url"].endswith(f"/r/{example['run']}")


def test_simple_datasets(found: Found) -> None:
    example = found("basic")["simple_datasets"]
    assert example.pop("url").endswith("/data/v1/download/1/iris.arff")
    assert example == {
        "first": [["iris", 1, 150], ["kr-vs-kp", 1, 3196], ["zoo", 1, 101]],
        "target": "class",
        "description": "**Author**: R.A. Fis",
        "data": [[150, 4], 150, [False] * 4, COLUMNS],
        "shown": ["iris", "5", "150"],
    }


def test_simple_flows_and_runs(found: Found) -> None:
    example = found("basic")["simple_flows_and_runs"]
    assert example["score"] == pytest.approx(0.96)
    assert example["accuracy"] > 0.8
    assert [example["run"], example["flow"]] == [True, True]


def test_simple_tasks_suites_and_logging(found: Found) -> None:
    examples = found("basic")
    assert examples["simple_tasks"] == {
        "listed": [["iris", "class"], ["kr-vs-kp", "class"]],
        "predicted": 15,
    }
    assert examples["simple_suites"] == {
        "shown": ["Classification", "3", "3"],
        "tasks": ["class", "type", "species"],
    }
    assert examples["configure_logging"] == {"logged": True}


def test_create_upload(found: Found) -> None:
    example = found("data")["create_upload"]
    kinds = ("array", "list", "table", "sparse", "sparse table")
    assert all(example[kind]["kept"] and example[kind]["url"] for kind in kinds)
    assert [example[kind]["described"] for kind in kinds] == [
        ["Diabetes(scikit-learn)", 1, "BSD (from scikit-learn)", "class", "test"],
        ["Weather", 1, "Public", "play", "example"],
        ["Weather", 2, "Public", "play", "example"],
        ["XOR", 1, "Public", "y", "example"],
        ["XOR", 2, "Public", "y", "example"],
    ]
    assert [example[kind]["shape"] for kind in kinds] == [[442, 11], *[[6, 5]] * 2, *[[4, 3]] * 2]
    assert example["array"]["types"] == ["numeric"] * 11
    assert example["array"]["last"][-2:] == [0.0030644094143684884, 57]
    for kind in ("list", "table"):
        assert example[kind]["types"] == ["nominal", "numeric", "numeric", "nominal", "nominal"]
        assert example[kind]["last"] == ["rainy", 65, 70, True, "no"]
    for kind in ("sparse", "sparse table"):
        assert example[kind]["types"] == ["numeric"] * 3
        assert example[kind]["last"] == [1, 1, 0]


def test_datasets(found: Found) -> None:
    example = found("data")["datasets"]
    changed = example.pop("changed")
    assert example == {
        "large": ["Titanic", "digits", "kr-vs-kp"],
        "by name": [[344]],
        "many classes": ["digits"],
        "shapes": [[344, 7], [344, 6], 344, [150, 5]],
        "categorical": ["island", "sex"],
        "dtypes": ["category", *["float64"] * 4, "category"],
        "described": "penguins",
    }
    description = "Petals and sepals of 3 types of irises, a 150x4 numpy.ndarray"
    assert changed["edited"] == [True, "R.A.Fisher", "1937", description]
    assert changed["not mine"] == refused(
        1065,
        "Critical features default_target_attribute, row_id_attribute and ignore_attribute can be "
        "edited only by the owner. Fork the dataset if changes are required. - None",
    )
    assert changed["fork"] == [True, 2, "petalwidth"]


def test_tasks(found: Found) -> None:
    example = found("data")["tasks"]
    assert {"tid", "did", "estimation_procedure", "NumberOfInstances"} < set(example["columns"])
    del example["columns"]
    assert example == {
        "10-fold": ["iris", "zoo", "glass2", "wine"],
        "tagged": ["zoo"],
        "of data": ["wine"],
        "page": True,
        "shown": ["species", "3"],
        "several": ["class", "type"],
        "created": ["published", "found 1"],
    }


def test_task_manual_iteration(found: Found) -> None:
    assert found("data")["task_manual_iteration"] == {
        "holdout": [[1, 1, 1], 1, [2142, 1054]],
        "10 folds": [[1, 10, 1], 10, [2876, 320]],
        "5 times 2 folds": [[5, 2, 1], 10, [1598, 1598]],
        "learning curve": [[1, 10, 12], 120, [64, 320]],
    }


def test_flows_and_runs(found: Found) -> None:
    example = found("runs")["flows_and_runs"]
    assert min(example.pop("pipelines")) > 0.9
    assert example.pop("benchmark") == pytest.approx([0.7, 0.9], abs=0.05)
    assert example == {
        "run": True,
        "flow": TREE,
        "again": "OpenMLRunsExistError",
        "later": {"flow": True, "rows": 344},
        "flow on task": "sklearn.tree._classes.ExtraTreeClassifier(1)",
    }


def test_flow_id_and_run_setup(found: Found) -> None:
    examples = found("runs")
    assert examples["flow_id"] == {
        "by model": True,
        "name": [TREE, "openml==0.15.1,sklearn==1.5.2"],
        "exists": True,
        "by name": True,
        "all": True,
    }
    assert examples["run_setup"] == {"n_estimators": 5}


def test_custom_flow(found: Found) -> None:
    example = found("runs")["custom_flow"]
    assert 0 < example.pop("accuracy") < 1
    assert example == {
        "components": [True],
        "tags": ["amlb", "benchmark", "study_218"],
        "run tags": ["study_218"],
        "setup": {"time": "120", "memory": "16", "cores": "4"},
    }


def test_fetch_runtimes(found: Found) -> None:
    assert found("runs")["fetch_runtimes"] == {
        "measures": ["predictive_accuracy", *TIMES],
        "folds": [10, 10],
        "iterations": [20, 20],
        "published": True,
        "trace": 20,
    }


def test_suites_and_studies(found: Found) -> None:
    examples = found("studies")
    assert examples["suites"] == {
        "listed": [["Chosen", "in_preparation"], ["Test-Suite", "in_preparation"]],
        "chosen": True,
        "description": "Three sets of species.",
        "tasks": ["iris", "zoo", "penguins"],
        "rows": 344,
    }
    assert examples["studies"] == {
        "listed": [["Test-Study"]],
        "shown": ["Test-Study", "in_preparation", "3"],
        "runs": True,
        "tasks": True,
        "evaluated": True,
    }


def test_fetch_evaluations(found: Found) -> None:
    example = found("studies")["fetch_evaluations"]
    assert {name: example[name] for name in ("ten", "values", "separate")} == {
        "ten": 8,
        "values": True,
        "separate": ["0.1", "1.0", "1.0", "10.0"],
    }
    assert example["precise"] >= 5
    assert [flow.split("(")[0] for flow in example["flows"]] == [
        "sklearn.pipeline.Pipeline",
        "sklearn.svm._classes.SVC",
    ]
    assert sorted(example["rows of parameters"]) == [*[15] * 5, 49]


def test_plot_svm_hyperparameters(found: Found) -> None:
    example = found("studies")["plot_svm_hyperparameters"]
    assert example["surface"] == [[-1, -1], [-1, 0], [0, -1], [0, 0], [1, -1]]
    assert min(example["values"]) > 0.9


def test_papers(found: Found) -> None:
    examples = found("studies")
    assert examples["feurer_2015"] == {"tasks": True}
    assert examples["strang_2018"] == {"table": [2, 4], "rows": [150, 101]}
    assert examples["perrone_2018"] == {"n_evaluations": 6, "predicted": 6}
    linear, radial = '"linear"', '"rbf"'
    assert examples["rijn_2018"] == {"kernels": [[*[radial] * 5, linear], [linear], []]}


def test_odd_texts_rows_and_ignored_columns(found: Found) -> None:
    example = found("reference")["rows_and_ignored"]
    assert example == {
        "described": [
            "Texts with <marks> & quotes: \"a\", 'b'.",
            ["A_One", "B_Two"],
            ["A", "B"],
            "https://example.org/?a=1&b=2",
            "id",
            ["note"],
        ],
        "names": ["colour", "size", "is_new"],
        "x": {
            "colour": ["dark blue", None, "red", "red"],
            "size": [1.5, None, 3.0, 1e-9],
            "is_new": [True, False, True, True],
        },
        "y": ["yes", "no", "no", "yes"],
        "everything": {
            "id": [11, 12, 13, 14],
            "note": ['it\'s "fine"', "50 %, or so", None, "naïve, Zoë"],
        },
        "by type": [0, 2],
    }


def test_versions_of_datasets(found: Found) -> None:
    assert found("reference")["versions"] == {
        "versions": ["first", "second"],
        "oldest": True,
        "next": True,
        "several": [1, 2],
    }


def test_all_files_of_a_dataset(found: Found) -> None:
    assert found("reference")["all_files"] == {"files": ["dataset_8.pq"]}


def test_lists_of_tasks(found: Found) -> None:
    assert found("reference")["task_lists"] == {
        "regression": ["cpu", "diabetes", "linnerud"],
        "by name": ["type"],
        "by size": ["iris"],
        "missing": ["Titanic", "penguins"],
        "page": 3,
        "split": [1, 10, 1],
        "none": True,
    }


def test_lists_of_runs_flows_setups_and_studies(found: Found) -> None:
    assert found("reference")["run_lists"] == {
        "runs": {
            "id": ["bayes", "tree"],
            "task": ["tree"],
            "setup": ["bayes"],
            "flow": ["bayes"],
            "uploader": ["bayes"],
            "study": ["bayes"],
            "task type": ["tree"],
            "errors": ["bayes"],
        },
        "several": [True, True],
        "flows": [["sklearn.tree._classes.DecisionTreeRegressor(1)"], 2],
        "setups": [1, 1, 2],
        "studies": ["Of one"],
        "of suite": refused(599, "No studies according to the specified criteria. - None"),
        "uploader": "User Two",
        "evaluations": {"uploader": "User Two", "value": 0.96, "data": "iris"},
        "no runs": True,
        "no flows": True,
        "no setup": refused(281, "Unknown setup - None"),
        "no flow": refused(181, "Unknown flow - None"),
    }
