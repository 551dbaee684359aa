"""A whole session of openml-python gives with our registry what it gave with the real server.

The session was recorded once with the real server, from the first upload to the last refusal.  The
script does it again, with the same data; for the steps that were recorded the values that stand
here are the real server's.  Where the script looks once more at what a step did, or is refused what
was not tried then, they are what the step says, and codes and texts of other recordings.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from .refusals import not_authorized, refused

pytestmark = [pytest.mark.foreign, pytest.mark.conformance]

FETCHED = ("/api/v1/json/", "/data/v1/download/")
"""What fetch_openml asks for is in the recording too; `test_fetch_openml` judges that."""

DESCRIBED = {
    "version": 1,
    "collection_date": "2020",
    "language": "English",
    "default_target_attribute": "y",
    "citation": "none",
}


def test_uploads_get_ids_in_order(ids: dict[str, int]) -> None:
    for kinds in (["pydf", "pyreg", "pysparse"], ["classification", "regression", "clustering"]):
        first = ids[kinds[0]]
        assert [ids[kind] for kind in kinds] == [first, first + 1, first + 2]


def test_datasets_are_described_as_they_were_published(session: dict[str, Any]) -> None:
    found = session["datasets"]
    assert found["described"] == DESCRIBED | {
        "name": "pydf",
        "description": "from python",
        "format": "arff",
        "creator": ["A", "B"],
        "licence": "CC0",
        "md5_checksum": "fe70cfaa00d8d52e53cb966b59d2ed63",
    }
    assert found["sparse"]["described"] == DESCRIBED | {
        "name": "pysparse",
        "description": "s",
        "format": "sparse_arff",
        "creator": "A",
        "licence": "None",
        "md5_checksum": "75d16fa11d712262bc0af5f5d198cbfe",
    }
    assert found["by name"] == session["ids"]["pydf"]


def test_datasets_have_the_values_that_were_published(session: dict[str, Any]) -> None:
    found = session["datasets"]
    assert found["values"] == {"equal": True, "categorical": ["cat"], "labels": ["no", "yes"]}
    assert found["sparse"]["names"] == ["i1", "i2", "y"]
    assert found["sparse"]["rows"] == [[1, 0, 1], [0, 2, 0], [0, 0, 1]]


def test_features_and_qualities_are_computed(session: dict[str, Any]) -> None:
    assert session["datasets"]["features"] == [
        [0, "num", "numeric", None, 1],
        [1, "int", "numeric", None, 0],
        [2, "cat", "nominal", ["a", "b b", "c"], 0],
        [3, "y", "nominal", ["no", "yes"], 0],
    ]
    wanted = {
        "AutoCorrelation": 0.6271186440677966,
        "Dimensionality": 0.06666666666666667,
        "MajorityClassPercentage": 61.66666666666667,
        "MajorityClassSize": 37,
        "MinorityClassPercentage": 38.333333333333336,
        "MinorityClassSize": 23,
        "NumberOfBinaryFeatures": 1,
        "NumberOfClasses": 2,
        "NumberOfFeatures": 4,
        "NumberOfInstances": 60,
        "NumberOfInstancesWithMissingValues": 1,
        "NumberOfMissingValues": 1,
        "NumberOfNumericFeatures": 2,
        "NumberOfSymbolicFeatures": 2,
        "PercentageOfBinaryFeatures": 25,
        "PercentageOfInstancesWithMissingValues": 1.6666666666666667,
        "PercentageOfMissingValues": 0.4166666666666667,
        "PercentageOfNumericFeatures": 50,
        "PercentageOfSymbolicFeatures": 50,
    }
    found = session["datasets"]["qualities"]
    assert {name: found[name] for name in wanted} == wanted


def test_datasets_are_listed_and_filtered(session: dict[str, Any], ids: dict[str, int]) -> None:
    found = session["dataset lists"]
    assert len(found["five"]) == 5
    assert found["all"][:5] == found["five"]
    assert found["all"] == sorted(found["all"])
    assert {"did", "name", "version", "uploader", "status", "format"} < set(found["columns"])
    assert found["filtered"] == [[ids["iris"], "iris", "active", "ARFF", 150, 3]]
    assert found["pydf"] == [["pydf", "active", "arff", 60, 2]]
    assert len(found["qualities"]) == 107
    assert found["qualities"] == sorted(found["qualities"])
    # With the real server the second was not processed yet; our registry processes at once.
    assert found["active"] == {str(ids["iris"]): True, str(ids["pysparse"]): True}


def test_an_owner_deactivates_and_an_administrator_activates(session: dict[str, Any]) -> None:
    assert session["status"] == ["deactivated", "active"]


def test_tags_come_and_go(session: dict[str, Any], ids: dict[str, int]) -> None:
    found = session["dataset tags"]
    assert found["tagged"] == ["mytag", "pytag"]
    assert found["untagged"] == ["mytag"]
    assert found["after"] == ["dup", "mytag"]
    assert found["twice"] == refused(
        473, f"Entity already tagged by this tag. - id={ids['iris']}; tag=dup"
    )
    assert session["task tags"] == [[ids["classification"]], []]


def test_datasets_are_edited_forked_and_deleted(session: dict[str, Any]) -> None:
    found = session["dataset changes"]
    assert found["edited"]
    assert found["after"] == ["edited", "Dutch", ["A", "B"]]
    assert found["fork"] == [True, "pydf", 2, True]
    assert found["deleted"]
    assert found["not there"] == refused(111, "Unknown dataset", "OpenMLServerNoResult")
    assert found["not mine"] == not_authorized(
        353, "The data can not be deleted because it was not uploaded by you."
    )


def test_ontologies_and_topics_come_and_go(session: dict[str, Any]) -> None:
    found = session["dataset changes"]
    assert [found["ontology added"], found["ontology removed"]] == [True, True]
    assert [found["ontology"], found["no ontology"]] == ["https://www.wikidata.org/x", None]
    assert [found["topic added"], found["topic deleted"]] == [True, True]
    assert found["topic by another"] == refused(
        1082, "Topic can only be added/removed by admin. - None"
    )


def test_tasks_are_described(session: dict[str, Any], ids: dict[str, int]) -> None:
    found = session["tasks"]
    assert found["again"] == refused(
        614, f"Task already exists. - matched id(s): [{ids['classification']}]"
    )
    assert described(found["classification"]) == {
        "class": "OpenMLClassificationTask",
        "dataset": ids["pydf"],
        "task_type": "Supervised Classification",
        "estimation_procedure_id": 1,
        "evaluation_measure": "area_under_roc_curve",
        "target_name": "y",
        "class_labels": ["no", "yes"],
        "dimensions": [1, 10, 1],
        "first fold": [54, [7, 24, 52, 50, 57, 55]],
        "type": "crossvalidation",
        "parameters": {
            "number_repeats": "1",
            "number_folds": "10",
            "percentage": "",
            "stratified_sampling": "true",
        },
    }
    assert described(found["curve"]) == {
        "class": "OpenMLLearningCurveTask",
        "dataset": ids["pydf"],
        "task_type": "Learning Curve",
        "estimation_procedure_id": 13,
        "evaluation_measure": None,
        "target_name": "y",
        "class_labels": ["no", "yes"],
        "dimensions": [1, 10, 1],
        "first fold": [54, [7, 25, 18, 49, 39, 19]],
        "type": "crossvalidation",
        "parameters": {"number_repeats": "1", "number_folds": "10", "number_samples": ""},
    }
    assert found["clustering"]["class"] == "OpenMLClusteringTask"
    assert found["clustering"]["dataset"] == ids["pyreg"]


def described(task: dict[str, Any]) -> dict[str, Any]:
    """A task as it is on any server."""
    procedure = task["estimation_procedure"]
    assert re.search(r"/api_splits/get/(\d+)/Task_\1_splits\.arff$", procedure["data_splits_url"])
    own = {name: value for name, value in task.items() if name != "estimation_procedure"}
    return own | {name: procedure[name] for name in ("type", "parameters")}


def test_tasks_are_listed(session: dict[str, Any]) -> None:
    found = session["tasks"]
    assert found["ten"] == sorted(found["ten"])
    assert len(found["ten"]) == 10
    procedure = "10-fold Crossvalidation"
    assert found["of iris"] == [
        ["iris", "Supervised Classification", "active", procedure, "class", 150]
    ]


def test_suites_and_studies_hold_what_their_members_are_made_of(
    session: dict[str, Any], ids: dict[str, int]
) -> None:
    found, new = session["studies"], {"description": "d", "status": "in_preparation"}
    tasks = [ids["classification"], ids["regression"]]
    assert found["suite"] == new | {
        "alias": "py-suite",
        "main_entity_type": "task",
        "name": "py suite",
        "data": [ids["pydf"], ids["pyreg"]],
        "tasks": tasks,
        "flows": None,
        "setups": None,
        "runs": None,
    }
    study = found["study"]
    assert [len(study.pop("flows")), len(study.pop("setups"))] == [2, 2]
    assert study == new | {
        "alias": "py-study",
        "main_entity_type": "run",
        "name": "py study",
        "data": [ids["pydf"]],
        "tasks": tasks[:1],
        "runs": [ids["tree"], ids["search"]],
    }


def test_suites_and_studies_are_changed_and_deleted(session: dict[str, Any]) -> None:
    found = session["studies"]
    suite = ["py-suite", "task", "py suite"]
    first, second = ["py-study", "run", "py study"], [None, "run", "py study b"]
    assert found["by alias"]
    assert found["suites"] == [[*suite, "in_preparation"]]
    assert found["studies"] == [[*first, "in_preparation"], [*second, "in_preparation"]]
    assert found["alias again"] == refused(1038, "Study alias not unique - None")
    assert [found["attached"], found["detached"]] == [3, 2]
    assert [found["runs attached"], found["runs detached"]] == [2, 1]
    assert found["active"] == [[*suite, "active"]]
    assert found["deleted"]
    assert found["left"] == [[*second, "in_preparation"]]
    assert found["gone"] == refused(601, "Study does not exist. - None")


def test_what_is_in_use_or_of_others_is_not_deleted(session: dict[str, Any]) -> None:
    refused_because = "it still has associated entities:"
    assert session["refused deletes"] == {
        "with runs": not_authorized(
            454,
            f"The task can not be deleted because {refused_because} "
            "Task is executed in some runs. Delete these first - None",
        ),
        "without": True,
        "dataset with tasks": not_authorized(
            354,
            f"The data can not be deleted because {refused_because} "
            "Dataset is in use by other content. Can not be deleted - None",
        ),
        "not mine": not_authorized(
            453, "The task can not be deleted because it was not uploaded by you."
        ),
    }


def test_what_is_not_there_is_named(session: dict[str, Any]) -> None:
    assert session["unknown"] == {
        "dataset": refused(111, "Unknown dataset", "OpenMLServerNoResult"),
        "task": refused(151, "Unknown task - None"),
        "tag": True,
    }


def test_uploads_without_a_key_are_refused(session: dict[str, Any]) -> None:
    # openml-python makes of the code 102 an error without a code, and a text of its own.
    assert session["anonymous"]["error"] == "OpenMLNotAuthorizedError"
    assert "requires authentication via an API key" in session["anonymous"]["message"]


@pytest.mark.shared
def test_the_session_makes_every_kind_of_request_that_was_recorded(
    session: dict[str, Any], shared: Path
) -> None:
    recorded = set()
    for file in (shared / "golden_openml_python").glob("*.request.txt"):
        method, target, _ = file.read_bytes().splitlines()[0].decode().split()
        recorded.add((method, kind(target.partition("?")[0])))
    recorded = {(method, path) for method, path in recorded if not path.startswith(FETCHED)}
    assert len(recorded) > 50
    assert recorded - {(method, kind(path)) for method, path in session["requests"]} == set()


def kind(path: str) -> str:
    """A path without ids and aliases, and with the names of filters, in no order, for filters."""
    parts = [part for part in path.split("/") if part]
    if "list" in parts:
        start = parts.index("list") + 1
        filters = sorted(parts[start::2])
        return "/" + "/".join([*parts[:start], *filters])
    plain = [re.sub(r"^(\d+|py-suite)$", "ID", part) for part in parts]
    return "/" + "/".join(plain)
