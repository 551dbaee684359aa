"""What the registry refuses of an engine that comes from outside, and in which order."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from openml_client.registry import Registry

from .registry_client import Api, code, document, id_of, information, run, tag, texts


@pytest.fixture
def api(empty_registry: Path, tmp_path: Path) -> Iterator[Api]:
    """A registry that waits for an engine, with one dataset."""
    shutil.copytree(empty_registry, tmp_path / "registry")
    folder = tmp_path / "registry"
    with Registry.open(folder, create=False, has_engine=False) as registry:
        api = Api(registry)
        api.publish_dataset()
        yield api


def column(index: int, name: str, data_type: str, *values: str) -> str:
    head = tag("index", str(index)) + tag("name", name) + tag("data_type", data_type)
    return tag("feature", head + "".join(tag("nominal_value", value) for value in values))


def columns(*found: str) -> str:
    ids = tag("did", "1") + tag("evaluation_engine_id", "1")
    return document("data_features", ids + "".join(found))


def measured(*found: str) -> str:
    ids = tag("did", "1") + tag("evaluation_engine_id", "1")
    rows = "".join(tag("quality", tag("name", name) + tag("value", "10")) for name in found)
    return document("data_qualities", ids + rows)


def evaluation(run_id: int, *found: str, error: str = "") -> str:
    ids = tag("run_id", str(run_id)) + tag("evaluation_engine_id", "1")
    return document("run_evaluation", ids + (tag("error", error) if error else "") + "".join(found))


def value(measure: str, place: str = "") -> str:
    content = tag("name", measure) + tag("value", "1")
    return f"<oml:evaluation{place}>{content}</oml:evaluation>"


GOOD = (column(0, "a", "numeric"), column(1, "class", "nominal", "x", "y"))


@pytest.mark.parametrize(
    ("found", "number", "more"),
    [
        (column(0, "a", "nominal", "x", "y", "x"), 450, "feature: a, value: x"),
        (column(0, "a", "numeric", "x", "x"), 450, "feature: a, value: x"),
        (column(1, "b", "numeric"), 450, "feature: b"),
        (column(0, "a", "numeric", "x"), 449, "feature: a"),
        (column(0, "a", "nominal"), 448, "feature: a"),
    ],
)
def test_columns_are_refused_as_the_database_finds_them_wrong(
    api: Api, found: str, number: int, more: str
) -> None:
    answer = api.post("data/features", columns(GOOD[1], found))
    assert code(answer) == number
    assert information(answer) == more
    assert code(api.get("data/features/1")) == 273


def test_columns_may_be_told_again_only_of_what_failed(api: Api) -> None:
    failed = columns(tag("error", "no"))
    assert id_of(api.post("data/features", failed)) == 1
    assert code(api.get("data/features/1")) == 274
    assert id_of(api.post("data/features", columns(*GOOD))) == 1
    assert texts(api.get("data/features/1"), "name") == ["a", "class"]
    assert code(api.post("data/features", columns(*GOOD))) == 441


def test_the_first_quality_that_is_none_is_told_with_those_that_there_are(api: Api) -> None:
    assert code(api.post("data/qualities", measured("Zzz"))) == 384
    api.post("data/features", columns(*GOOD))
    assert code(api.get("data/qualities/1")) == 362
    answer = api.post("data/qualities", measured("NumberOfInstances", "Zzz", "Aaa"))
    assert code(answer) == 387
    assert information(answer).startswith("Data quality: Zzz. Legal Data Qualities: Auto")


def test_qualities_that_are_asked_for_must_be_known_as_they_stand_there(api: Api) -> None:
    path = "data/qualities/unprocessed/1/normal"
    for asked, more in (
        ("NumberOfFeatures,Nope,None", "Illegal qualities: Nope,None"),
        ("NumberOfFeatures, NumberOfClasses", "Illegal qualities:  NumberOfClasses"),
        ("NumberOfFeatures,", "Illegal qualities: "),
    ):
        answer = api.post(path, form={"qualities": asked})
        assert code(answer) == 688
        assert information(answer) == more
    assert code(api.post(path)) == 686
    assert code(api.get(path, key=api.key)) == 686
    assert code(api.get(path)) == 106
    api.post("data/features", columns(*GOOD))
    asked = f"{path}?qualities=NumberOfFeatures,NumberOfClasses&api_key={api.key}"
    assert texts(api.get(f"/api/v1/{asked}"), "did") == ["1"]


def test_an_order_that_is_none_is_no_function(api: Api) -> None:
    for path in ("data/unprocessed/1/odd", "evaluation/request/1/odd/1"):
        assert code(api.get(path, key=api.key)) == 100


def test_evaluations_are_refused_in_the_servers_order(api: Api) -> None:
    api.post("data/features", columns(*GOOD))
    api.post("data/qualities", measured("NumberOfInstances"))
    api.post("data/status/update", form={"data_id": "1", "status": "active"})
    api.publish_task()
    api.publish_flow()
    run_id = id_of(api.post("run", run()))
    bad_place = value("predictive_accuracy", ' repeat="0" fold="77"')
    answer = api.post("run/evaluate", evaluation(run_id, value("nope"), bad_place))
    assert code(answer) == 434
    assert information(answer) == "Measure(s): predictive_accuracy(0, 77)"
    assert code(api.post("run/evaluate", evaluation(run_id, value("nope")))) == 428
    assert id_of(api.post("run/evaluate", evaluation(run_id, error="no predictions"))) == run_id
    good = evaluation(run_id, value("predictive_accuracy"))
    assert id_of(api.post("run/evaluate", good)) == run_id
    assert code(api.post("run/evaluate", evaluation(run_id, value("nope"), bad_place))) == 426
    assert code(api.post("run/evaluate", evaluation(9, value("nope")))) == 425


def test_a_dataset_without_qualities_has_an_empty_list_of_them_in_json(api: Api) -> None:
    answer = api.get("json/data/list/status/all")
    assert b'"file_id":1,"quality":[]}' in answer.data
    assert texts(api.get("data/list/status/all"), "quality") == []
