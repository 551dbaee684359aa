"""A registry whose datasets and runs wait for an evaluation engine that comes from outside."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from openml_client.registry import Registry

from .registry_client import Api, File, code, document, edit, id_of, information, run, tag, texts


@pytest.fixture
def registry(empty_registry: Path, tmp_path: Path) -> Iterator[Registry]:
    """An empty registry without an engine of its own."""
    folder = shutil.copytree(empty_registry, tmp_path / "registry")
    with Registry.open(folder, create=False, has_engine=False) as registry:
        yield registry


def features(*columns: str, dataset_id: str = "1", error: str = "") -> str:
    """What an engine says of the columns of a dataset."""
    head = tag("did", dataset_id) + tag("evaluation_engine_id", "1")
    return document(
        "data_features", head + (tag("error", error) if error else "") + "".join(columns)
    )


def column(index: int, name: str, *labels: str, kind: str = "") -> str:
    """One column: nominal if it has labels, and else numeric, unless told otherwise."""
    head = tag("index", str(index)) + tag("name", name)
    kind = kind or ("nominal" if labels else "numeric")
    values = "".join(tag("nominal_value", label) for label in labels)
    return f"<oml:feature>{head}{tag('data_type', kind)}{values}</oml:feature>"


PLACE = column(1, "place", "north", "south")
SPECIES = column(2, "class", "setosa", "virginica")


def qualities(dataset_id: str = "1", **values: str) -> str:
    """What an engine measured of a dataset."""
    rows = "".join(
        f"<oml:quality>{tag('name', name)}{tag('value', value)}</oml:quality>"
        for name, value in values.items()
    )
    head = tag("did", dataset_id) + tag("evaluation_engine_id", "1")
    return document("data_qualities", head + rows)


def process(api: Api) -> None:
    """Do what the real engine does with the dataset 1: features, status, qualities."""
    assert api.post("data/features", features(PLACE, SPECIES)).status_code == 200
    form = {"data_id": "1", "status": "active"}
    assert api.post("data/status/update", form=form).status_code == 200
    assert api.post("data/qualities", qualities(NumberOfInstances="10")).status_code == 200


@pytest.mark.parametrize(
    ("columns", "number"), [((PLACE, PLACE), 450), ((column(-1, "place"),), 445)]
)
def test_columns_stand_at_places_of_their_own(
    api: Api, columns: tuple[str, ...], number: int
) -> None:
    api.publish_dataset()
    assert code(api.post("data/features", features(*columns))) == number
    assert code(api.get("data/features/1")) == 273


def test_a_text_in_the_place_of_features_is_refused(api: Api) -> None:
    assert code(api.post("data/features", document("data_features", "text"))) == 443


@pytest.mark.parametrize("value", ["INF", "-INF", "NaN"])
def test_a_quality_that_is_no_finite_number_is_undefined(api: Api, value: str) -> None:
    api.publish_dataset()
    process(api)
    assert api.post("data/qualities", qualities(NumberOfInstances=value)).status_code == 200
    assert texts(api.get("data/qualities/1"), "value") == [""]
    api.publish_task()
    api.publish_flow()
    assert code(api.post("run", run())) == 208


@pytest.fixture
def processed(api: Api) -> Api:
    """A registry with a dataset that an engine processed, a task and a flow."""
    api.publish_dataset()
    process(api)
    api.publish_task(estimation_procedure="6")
    api.publish_flow()
    return api


ENGINE_ROUTES = {
    "data/unprocessed/1/normal": "GET",
    "evaluation/request/1/normal/1": "GET",
    "data/qualities/unprocessed/1/normal": "POST",
    "data/features": "POST",
    "data/qualities": "POST",
    "run/evaluate": "POST",
    "run/trace": "POST",
}


def test_only_administrators_are_engines(api: Api) -> None:
    user = api.registry.add_user("somebody")
    reader = api.registry.add_user("reader", group="read-only")
    for path, method in ENGINE_ROUTES.items():
        assert code(api.get(path, key=user, method=method)) == 106
        assert code(api.get(path, method=method)) == (106 if method == "GET" else 102)
        assert code(api.get(path, key="f" * 32, method=method)) == 103
        assert code(api.get(path, key=reader, method=method)) == (106 if method == "GET" else 104)
        for other in ("PUT", "DELETE", "OPTIONS"):
            assert code(api.get(path, key=api.key, method=other)) == 100


def test_a_dataset_waits_for_an_engine(api: Api) -> None:
    id_ = api.publish_dataset()
    assert texts(api.get(f"data/{id_}"), "status") == ["in_preparation"]
    assert texts(api.get(f"data/{id_}"), "processing_date") == []
    assert code(api.get(f"data/features/{id_}")) == 273
    assert code(api.get(f"data/qualities/{id_}")) == 363
    assert code(api.get("data/list")) == 372


def test_an_engine_is_told_the_datasets_that_wait_one_at_a_time(api: Api) -> None:
    path = "data/unprocessed/1/normal"
    assert code(api.get(path, key=api.key)) == 681
    api.publish_dataset()
    api.publish_dataset(name="others")
    answer = api.get(path, key=api.key)
    told = {name: texts(answer, name) for name in ("did", "name", "version", "status", "format")}
    assert told == {
        "did": ["1"],
        "name": ["flowers"],
        "version": ["1"],
        "status": [""],
        "format": ["ARFF"],
    }
    assert texts(api.get("data/unprocessed/1/random", key=api.key), "did")[0] in {"1", "2"}
    assert texts(api.post(path), "did") == ["1"]
    process(api)
    assert texts(api.get(path, key=api.key), "did") == ["2"]


def test_what_an_engine_found_is_told(api: Api) -> None:
    api.publish_dataset(row_id_attribute="place")
    process(api)
    answer = api.get("data/features/1")
    assert texts(answer, "name") == ["place", "class"]
    assert texts(answer, "is_target") == ["false", "true"]
    assert texts(answer, "is_row_identifier") == ["true", "false"]
    assert texts(answer, "nominal_value") == ["north", "south", "setosa", "virginica"]
    assert texts(api.get("data/qualities/1"), "value") == ["10.0"]
    assert texts(api.get("data/1"), "status") == ["active"]
    assert texts(api.get("data/1"), "processing_date") != []


def test_a_complaint_of_an_engine_is_told(api: Api) -> None:
    api.publish_dataset()
    assert texts(api.post("data/features", features(error="No luck.")), "did") == ["1"]
    assert texts(api.get("data/1"), "error") == ["No luck."]
    assert code(api.get("data/features/1")) == 274
    assert information(api.get("data/qualities/1")) == "No luck."
    assert code(api.get("data/unprocessed/1/normal", key=api.key)) == 681


def test_features_that_cannot_be_are_refused(api: Api) -> None:
    api.publish_dataset()
    assert code(api.post("data/features")) == 442
    assert code(api.post("data/features", features("<oml:nonsense/>"))) == 443
    nobody = document("data_features", tag("did", "1") + PLACE)
    answer = api.post("data/features", nobody)
    assert code(answer) == 443
    assert information(answer) == "XML misses basic fields did or evaluation_engine_id"
    assert code(api.post("data/features", features(PLACE, dataset_id="9"))) == 444
    for id_ in ("one", "-1", "0"):
        assert code(api.post("data/features", features(PLACE, dataset_id=id_))) == 446
    for bad, number in (
        (column(0, "a", kind="nominal"), 448),
        (column(0, "a", "x", kind="numeric"), 449),
    ):
        answer = api.post("data/features", features(bad))
        assert (code(answer), information(answer)) == (number, "feature: a")
    assert code(api.get("data/features/1")) == 273


def test_a_dataset_is_processed_once(api: Api) -> None:
    api.publish_dataset()
    process(api)
    assert code(api.post("data/features", features(PLACE))) == 441
    api.post("data/reset/1")
    assert code(api.get("data/features/1")) == 273
    assert code(api.get("data/qualities/1")) == 363
    assert texts(api.get("data/unprocessed/1/normal", key=api.key), "did") == ["1"]
    assert api.post("data/features", features(PLACE, SPECIES)).status_code == 200


def test_an_edit_and_a_fork_wait_for_an_engine_too(api: Api) -> None:
    api.publish_dataset()
    process(api)
    form = {"data_id": "1"}
    api.post("data/edit", form=form, edit_parameters=edit(language="Latin"))
    assert texts(api.get("data/features/1"), "index") == ["1", "2"]
    fork = id_of(api.post("data/fork", form=form))
    assert texts(api.get(f"data/{fork}"), "status") == ["in_preparation"]
    assert code(api.get(f"data/features/{fork}")) == 273
    api.post("data/edit", form=form, edit_parameters=edit(default_target_attribute="place"))
    assert code(api.get("data/features/1")) == 273
    assert texts(api.get("data/unprocessed/1/normal", key=api.key), "did") == ["1"]


def test_qualities_are_kept_besides_those_that_are_there(api: Api) -> None:
    api.publish_dataset()
    process(api)
    assert texts(api.post("data/qualities", qualities(NumberOfFeatures="2")), "did") == ["1"]
    api.post("data/qualities", qualities(NumberOfInstances="11"))
    answer = api.get("data/qualities/1")
    assert texts(answer, "name") == ["NumberOfFeatures", "NumberOfInstances"]
    assert texts(answer, "value") == ["2.0", "11.0"]


def test_qualities_that_cannot_be_are_refused(api: Api) -> None:
    api.publish_dataset()
    assert code(api.post("data/qualities", qualities(NumberOfInstances="10"))) == 384
    process(api)
    assert code(api.post("data/qualities")) == 382
    assert code(api.post("data/qualities", document("data_qualities", "<oml:bad/>"))) == 383
    for id_, number in (("-1", 381), ("0", 381), ("9", 384)):
        answer = api.post("data/qualities", qualities(id_, NumberOfInstances="10"))
        assert code(answer) == number
    answer = api.post("data/qualities", qualities(Beauty="10"))
    assert code(answer) == 387
    assert information(answer).startswith("Data quality: Beauty. Legal Data Qualities: Auto")


def test_an_engine_is_told_the_datasets_that_lack_a_quality(api: Api) -> None:
    def lacking(names: str) -> TestResponse:
        return api.post("data/qualities/unprocessed/1/normal", form={"qualities": names})

    api.publish_dataset()
    assert code(lacking("NumberOfInstances,NumberOfFeatures")) == 687  # it waits for features
    process(api)
    assert texts(lacking("NumberOfInstances,NumberOfFeatures"), "did") == ["1"]
    api.post("data/qualities", qualities(NumberOfFeatures="2"))
    assert code(lacking("NumberOfInstances,NumberOfFeatures")) == 687
    for names in ("", "NumberOfInstances"):
        assert code(lacking(names)) == 686
    assert code(lacking("NumberOfInstances,Beauty")) == 688


def claim(**values: str) -> str:
    """What the uploader of a run measured."""
    rows = "".join(evaluation(measure, value) for measure, value in values.items())
    return f"<oml:output_data>{rows}</oml:output_data>"


def evaluation(measure: str, value: str, place: str = "") -> str:
    content = tag("name", measure) + tag("value", value)
    return f"<oml:evaluation{place}>{content}</oml:evaluation>"


def evaluate(
    api: Api, *evaluations: str, run_id: int = 1, error: str = "", warning: str = ""
) -> TestResponse:
    """Tell what an engine measured of a run."""
    head = tag("run_id", str(run_id)) + tag("evaluation_engine_id", "1")
    head += (tag("error", error) if error else "") + (tag("warning", warning) if warning else "")
    return api.post("run/evaluate", document("run_evaluation", head + "".join(evaluations)))


def measured(api: Api, run_id: int = 1) -> dict[str, str]:
    """The values of a run by measure."""
    answer = api.get(f"evaluation/list/run/{run_id}")
    return dict(zip(texts(answer, "function"), texts(answer, "value"), strict=True))


def test_a_run_waits_for_an_engine_with_all_that_its_uploader_measured(processed: Api) -> None:
    api = processed
    id_ = api.publish_run(inside=claim(usercpu_time_millis="5", predictive_accuracy="1"))
    answer = api.get(f"run/{id_}")
    assert texts(answer, "error") == []
    assert b"<oml:evaluation>" not in answer.data
    assert code(api.get(f"evaluation/list/run/{id_}")) == 542
    evaluate(api, evaluation("predictive_accuracy", "0.5"))
    assert measured(api) == {"predictive_accuracy": "0.5", "usercpu_time_millis": "5"}
    assert texts(api.get(f"run/{id_}"), "error") == [""]


def test_values_of_folds_are_kept_and_warnings(processed: Api) -> None:
    processed.publish_run()
    fold = evaluation("kappa", "0.25", ' repeat="0" fold="0"')
    answer = evaluate(processed, evaluation("kappa", "0.5"), fold, warning="Take care.")
    assert texts(answer, "run_id") == ["1"]
    assert measured(processed) == {"kappa": "0.5"}
    listed = processed.get("evaluation/list/run/1/per_fold/true")
    assert texts(listed, "values") == ["[0.25]"]


def test_the_first_of_two_values_of_a_place_is_kept(processed: Api) -> None:
    processed.publish_run()
    evaluate(processed, evaluation("kappa", "0.5"), evaluation("kappa", "0.75"))
    assert measured(processed) == {"kappa": "0.5"}


def test_a_run_that_an_engine_could_not_evaluate_says_why(processed: Api) -> None:
    processed.publish_run()
    assert evaluate(processed, error="No luck.").status_code == 200
    assert texts(processed.get("run/1"), "error") == ["No luck."]
    assert code(processed.get("run/list/task/1")) == 512
    assert texts(processed.get("run/list/task/1/show_errors/true"), "run_id") == ["1"]


def test_evaluations_that_cannot_be_are_refused(processed: Api) -> None:
    api = processed
    api.publish_run()
    answer = api.post("run/evaluate")
    assert (code(answer), information(answer)) == (422, "File meta-info is missing. ")
    assert code(api.post("run/evaluate", "<x/>")) == 423
    for unknown in (9, 0, -1):
        assert code(evaluate(api, evaluation("kappa", "1"), run_id=unknown)) == 425
    assert code(evaluate(api, evaluation("luck", "1"))) == 428
    for place in (' repeat="0" fold="1"', ' repeat="0"', ' repeat="0" fold="0" sample="0"'):
        assert code(evaluate(api, evaluation("kappa", "1", place))) == 434
    assert code(api.get("evaluation/list/run/1")) == 542
    assert evaluate(api, evaluation("kappa", "1")).status_code == 200
    assert code(evaluate(api, evaluation("kappa", "1"))) == 426


def test_a_run_that_is_reset_is_evaluated_again(processed: Api) -> None:
    api = processed
    stranger = api.registry.add_user("stranger")
    api.publish_run(inside=claim(usercpu_time_millis="5"))
    evaluate(api, evaluation("kappa", "0.5"))
    assert code(api.post("run/reset/9")) == 412
    assert code(api.post("run/reset/1", key=stranger)) == 413
    assert texts(api.post("run/reset/1"), "id") == ["1"]
    assert code(api.get("evaluation/list/run/1")) == 542
    assert texts(api.get("run/1"), "error") == []
    assert texts(api.get("evaluation/request/1/normal/1", key=api.key), "run_id") == ["1"]
    evaluate(api, evaluation("kappa", "0.75"))
    assert measured(api) == {"kappa": "0.75", "usercpu_time_millis": "5"}


def test_an_engine_is_told_the_runs_that_wait(processed: Api) -> None:
    api = processed
    for k, inside in (("3", tag("tag", "x")), ("5", ""), ("5", "")):
        api.publish_run(k=k, inside=inside)
    assert evaluate(api, evaluation("kappa", "1"), run_id=3).status_code == 200
    cases = {
        "normal/5": ["1", "2"],
        "normal/1": ["1"],
        "reverse/5": ["2", "1"],
        "normal/99999": ["1", "2"],
        "normal/5/ttid/1": ["1", "2"],
        "normal/5/ttid/1,2/setup/2": ["2"],
        "normal/5/task/1/uploader/1": ["1", "2"],
        "normal/5/tag/x": ["1"],
    }
    for path, ids in cases.items():
        answer = api.get(f"evaluation/request/1/{path}", key=api.key)
        assert texts(answer, "run_id") == ids, path
    answer = api.get("evaluation/request/1/random/5", key=api.key)
    assert sorted(texts(answer, "run_id")) == ["1", "2"]
    answer = api.get("evaluation/request/1/normal/1", key=api.key)
    told = {name: texts(answer, name) for name in ("task_id", "setup_id", "uploader")}
    assert told == {"task_id": ["1"], "setup_id": ["1"], "uploader": ["1"]}


def test_requests_for_runs_that_make_no_sense_are_refused(processed: Api) -> None:
    processed.publish_run()

    def asked(path: str) -> int:
        return code(processed.get(f"evaluation/request/1/normal/{path}", key=processed.key))

    assert asked("5/foo/1") == 1011
    assert asked("5/ttid/x") == 1012
    for none in ("5/ttid/2", "5/task/9", "5/tag/none", "5/uploader/64", "0", "x"):
        assert asked(none) == 1013, none
    assert asked("5/ttid") == 1014


def trace(*places: tuple[int, int, int], run_id: int = 1) -> File:
    """The part that tells what the search of a run tried."""
    rows = "".join(
        "<oml:trace_iteration>"
        + tag("repeat", str(repeat))
        + tag("fold", str(fold))
        + tag("iteration", str(iteration))
        + tag("setup_string", "{}")
        + tag("evaluation", "0.5")
        + tag("selected", "true")
        + "</oml:trace_iteration>"
        for repeat, fold, iteration in places
    )
    return "trace.xml", document("trace", tag("run_id", str(run_id)) + rows).encode()


def test_a_trace_is_uploaded_and_replaced(processed: Api) -> None:
    api = processed
    api.publish_run()
    answer = api.post("run/trace", trace=trace((0, 0, 1), (0, 0, 0)))
    assert texts(answer, "run_id") == ["1"]
    assert texts(api.get("run/trace/1"), "iteration") == ["0", "1"]
    api.post("run/trace", trace=trace((0, 0, 7)))
    assert texts(api.get("run/trace/1"), "iteration") == ["7"]
    evaluate(api, evaluation("kappa", "1"))
    api.post("run/reset/1")
    assert texts(api.get("run/trace/1"), "iteration") == ["7"]


def test_traces_that_cannot_be_are_refused(processed: Api) -> None:
    api = processed
    api.publish_run()
    assert code(api.post("run/trace")) == 561
    assert code(api.post("run/trace", trace=("t.xml", b"<x/>"))) == 562
    assert code(api.post("run/trace", trace=trace((0, 0, -1)))) == 562
    assert code(api.post("run/trace", trace=trace((0, 0, 2**64)))) == 562
    assert code(api.post("run/trace", trace=trace((0, 0, 0), (0, 0, 0)))) == 564
    assert code(api.post("run/trace", trace=trace((0, 0, 0), run_id=9))) == 571
    assert code(api.get("run/trace/1")) == 572


def test_the_embedded_engine_finds_the_same_after_a_reset(
    empty_registry: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(empty_registry, tmp_path / "with engine")
    with Registry.open(folder, create=False) as registry:
        api = Api(registry)
        api.publish_dataset()
        api.publish_task(estimation_procedure="6")
        api.publish_flow()
        api.publish_run(inside=claim(usercpu_time_millis="5"))
        paths = ("data/features/1", "data/qualities/1", "run/1", "evaluation/list/run/1")
        before = [api.get(path).data for path in paths]
        for path in ("data/reset/1", "run/reset/1"):
            assert api.post(path).status_code == 200
        assert [api.get(path).data for path in paths] == before
        assert code(api.get("evaluation/request/1/normal/1", key=api.key)) == 1013


def test_the_embedded_engine_does_what_has_waited_when_it_is_reset(api: Api) -> None:
    """A registry is opened with an engine, after it was without one."""
    api.publish_dataset()
    process(api)
    api.publish_task(estimation_procedure="6")
    api.publish_flow()
    api.publish_run(right=True)
    api.registry.close()
    with Registry.open(api.registry.folder, create=False) as registry:
        later = Api(registry)
        later.post("data/reset/1")
        later.post("run/reset/1")
        assert texts(later.get("data/features/1"), "index") == ["0", "1", "2"]
        assert measured(later)["predictive_accuracy"] == "1"
