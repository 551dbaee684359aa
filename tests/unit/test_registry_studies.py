"""Studies and suites of the registry: published, told, listed, filled and emptied."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from werkzeug.test import TestResponse

from .registry_client import Api, code, id_of, information, study, texts


@pytest.fixture
def api(api: Api) -> Api:
    """A registry with two tasks, and two runs of the first."""
    api.publish_dataset()
    api.publish_task(estimation_procedure="6")
    api.publish_task(estimation_procedure="26")
    api.publish_flow()
    api.publish_run(k="3")
    api.publish_run(k="5")
    return api


@pytest.fixture
def stranger(api: Api) -> str:
    """The key of a user who owns nothing."""
    return api.registry.add_user("stranger")


def attach(
    api: Api, study_id: int, ids: str, *, verb: str = "attach", key: str = ""
) -> TestResponse:
    return api.post(f"study/{study_id}/{verb}", form={"ids": ids}, key=key)


def set_status(api: Api, study_id: int, status: str, *, key: str = "") -> TestResponse:
    form = {"study_id": str(study_id), "status": status}
    return api.post("study/status/update", form=form, key=key)


def test_a_suite_is_told_with_its_tasks_and_their_data(api: Api) -> None:
    id_ = id_of(api.post("study", study(2, 1, alias="both", name="Both")))
    answer = api.get(f"study/{id_}")
    told = {
        name: texts(answer, name)
        for name in ("alias", "main_entity_type", "name", "description", "visibility", "status")
    }
    assert told == {
        "alias": ["both"],
        "main_entity_type": ["task"],
        "name": ["Both"],
        "description": ["For this test."],
        "visibility": ["public"],
        "status": ["in_preparation"],
    }
    assert texts(answer, "creator") == ["1"]
    assert texts(answer, "task_id") == ["1", "2"]
    assert texts(answer, "data_id") == ["1"]
    assert b"<oml:runs" not in answer.data


def test_a_study_is_told_with_all_that_its_runs_rest_on(api: Api) -> None:
    answer = api.get(f"study/{api.publish_study(2, kind='run')}")
    held = {kind: texts(answer, f"{kind}_id") for kind in ("data", "task", "flow", "setup", "run")}
    assert held == {"data": ["1"], "task": ["1"], "flow": ["1"], "setup": ["2"], "run": ["2"]}
    assert texts(answer, "alias") == []


def test_an_empty_study_holds_nothing_of_each_kind(api: Api) -> None:
    assert api.get(f"json/study/{api.publish_study(kind='run')}").get_json()["study"].keys() >= {
        "data",
        "tasks",
        "flows",
        "setups",
        "runs",
    }


def test_a_study_is_told_in_json(api: Api) -> None:
    told = api.get(f"json/study/{api.publish_study(1, 2, alias='both')}").get_json()["study"]
    assert told["tasks"] == {"task_id": ["1", "2"]}
    assert told["data"] == {"data_id": "1"}
    assert (told["id"], told["alias"], told["status"]) == ("1", "both", "in_preparation")


def test_a_study_is_found_by_its_alias_and_whatever_part_is_asked_for(api: Api) -> None:
    id_ = api.publish_study(1, alias="both")
    whole = api.get(f"study/{id_}").data
    assert api.get("study/both").data == whole
    for part in ("data", "tasks", "flows", "setups", "runs"):
        assert api.get(f"study/{id_}/{part}").data == whole
        assert api.get(f"study/both/{part}").data == whole
    answer = api.get(f"study/{id_}/foo")
    assert (code(answer), information(answer)) == (600, "Got: foo")
    assert api.post(f"study/{id_}").data == whole


def test_unknown_studies_are_refused(api: Api) -> None:
    for name in ("9", "0", "nosuch", "9" * 30):
        assert code(api.get(f"study/{name}")) == 601
    assert code(api.get("study/9/tasks")) == 601
    assert code(api.get("study/9/foo")) == 600


def test_an_alias_that_looks_like_a_number_is_no_id(api: Api) -> None:
    id_ = api.publish_study(1, alias="77")
    assert code(api.get("study/77")) == 601
    assert texts(api.get(f"study/{id_}"), "alias") == ["77"]


def test_an_alias_is_that_of_one_study(api: Api) -> None:
    api.publish_study(1, alias="both")
    assert code(api.post("study", study(alias="both", kind="run"))) == 1038
    api.publish_study()
    api.publish_study()  # without one, there are as many as there may be
    api.delete("study/1")
    assert texts(api.get(f"study/{api.publish_study(alias='both')}"), "alias") == ["both"]


def test_of_those_who_take_an_alias_at_once_one_does(api: Api) -> None:
    def publish(_: int) -> int:
        return api.post("study", study(1, alias="both")).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(publish, range(6))) == [200] + [412] * 5


def test_studies_that_cannot_be_are_refused(api: Api) -> None:
    assert code(api.post("study")) == 1031
    assert code(api.post("study", "<study/>")) == 1032
    assert code(api.post("study", study(kind="data"))) == 1032
    assert code(api.post("study", study(alias="x" * 33))) == 1032
    assert code(api.post("study", study(name=""))) == 1032
    both = study(1).replace("oml:tasks", "oml:runs").replace("task_id", "run_id")
    answer = api.post("study", both)
    assert (answer.status_code, code(answer)) == (200, 1034)  # so answers the real server
    for unknown in (study(1, 99), study(-1), study(99, kind="run"), study(2**31 - 1)):
        assert code(api.post("study", unknown)) == 1039
    assert code(api.get("study/list/status/all")) == 599


def test_a_suite_that_a_study_names_is_one(api: Api) -> None:
    suite, runs = api.publish_study(1), api.publish_study(1, kind="run")
    assert code(api.post("study", study(suite=suite))) == 1035
    assert code(api.post("study", study(kind="run", suite=99))) == 1036
    assert code(api.post("study", study(kind="run", suite=-1))) == 1036
    assert code(api.post("study", study(kind="run", suite=runs))) == 1037
    id_ = id_of(api.post("study", study(1, kind="run", suite=suite)))
    assert texts(api.get(f"study/{id_}"), "benchmark_suite") == [str(suite)]
    found = api.get(f"study/list/benchmark_suite/{suite}/status/all")
    assert texts(found, "id") == [str(id_)]


def test_things_are_attached_once_and_detached(api: Api, stranger: str) -> None:
    suite = api.publish_study(1)
    answer = attach(api, suite, "1,2,2")
    assert texts(answer, "id") == [str(suite)]
    assert texts(answer, "main_entity_type") == ["task"]
    assert texts(answer, "linked_entities") == ["2"]
    assert texts(attach(api, suite, "2"), "linked_entities") == ["2"]
    answer = attach(api, suite, "1,99", verb="detach")
    assert b"study_detach" in answer.data
    assert texts(answer, "linked_entities") == ["1"]
    assert texts(attach(api, suite, "1", verb="detach"), "linked_entities") == ["1"]
    assert texts(api.get(f"study/{suite}"), "task_id") == ["2"]
    # The real server asks nobody whose the study is, nor what status it has.
    set_status(api, suite, "active")
    assert texts(attach(api, suite, "1", key=stranger), "linked_entities") == ["2"]


def test_a_run_is_attached_to_a_study_only(api: Api) -> None:
    runs = api.publish_study(kind="run")
    assert texts(attach(api, runs, "1,2"), "linked_entities") == ["2"]
    assert texts(api.get(f"study/{runs}"), "run_id") == ["1", "2"]
    assert texts(api.get(f"run/list/study/{runs}"), "run_id") == ["1", "2"]
    measure = f"evaluation/list/study/{runs}/function/predictive_accuracy"
    assert texts(api.get(measure), "run_id") == ["1", "2"]
    suite = api.publish_study(1)
    assert code(api.get(f"run/list/study/{suite}")) == 517
    assert code(api.get(f"evaluation/list/study/{suite}")) == 555


@pytest.mark.parametrize("verb", ["attach", "detach"])
def test_links_that_make_no_sense_are_refused(api: Api, verb: str) -> None:
    suite = api.publish_study(1)
    assert code(attach(api, 9, "1", verb=verb)) == 1041
    assert code(attach(api, 9, "x", verb=verb)) == 1041
    for ids in ("", "x", "1,", ",1", "1,,2", "1, 2", "-1", "1;2", "1\n", "9" * 19, "1 OR 1=1"):
        assert code(attach(api, suite, ids, verb=verb)) == 1044, ids
    assert code(api.post(f"study/{suite}/{verb}")) == 1044
    assert texts(api.get(f"study/{suite}"), "task_id") == ["1"]


def test_what_is_not_there_is_not_attached_nor_is_the_rest(api: Api) -> None:
    suite = api.publish_study(1)
    assert code(attach(api, suite, "2,99")) == 1045
    assert texts(api.get(f"study/{suite}"), "task_id") == ["1"]


def test_what_is_attached_at_once_is_all_there(api: Api) -> None:
    suite = api.publish_study()
    with ThreadPoolExecutor(4) as pool:
        answers = pool.map(lambda n: attach(api, suite, str(n % 2 + 1)).status_code, range(8))
        assert set(answers) == {200}
    assert texts(api.get(f"study/{suite}"), "task_id") == ["1", "2"]


def test_a_study_becomes_active_and_is_no_longer(api: Api, stranger: str) -> None:
    suite = api.publish_study(1)
    assert code(set_status(api, suite, "active", key=stranger)) == 1053
    for status in ("", "in_preparation", "ACTIVE"):
        assert code(set_status(api, suite, status)) == 1051
    assert code(set_status(api, 9, "active")) == 1052
    assert code(api.post("study/status/update", form={"status": "active"})) == 1052
    for status in ("active", "deactivated", "active"):
        answer = set_status(api, suite, status)
        assert (texts(answer, "id"), texts(answer, "status")) == ([str(suite)], [status])
        assert texts(api.get(f"study/{suite}"), "status") == [status]


def test_an_owner_who_is_no_administrator_makes_a_study_active(api: Api, stranger: str) -> None:
    suite = api.publish_study(1, key=stranger)
    assert set_status(api, suite, "active", key=stranger).status_code == 200


def test_lists_are_filtered(api: Api, stranger: str) -> None:
    api.publish_study(1, alias="a")
    api.publish_study(1, kind="run", key=stranger)
    api.publish_study(2, key=stranger)
    api.post("study", study(kind="run", suite=1))
    set_status(api, 3, "active")
    set_status(api, 4, "deactivated")
    cases = {
        "": ["3"],
        "/status/active": ["3"],
        "/status/in_preparation": ["1", "2"],
        "/status/deactivated": ["4"],
        "/status/all": ["1", "2", "3", "4"],
        "/status/all/main_entity_type/run": ["2", "4"],
        "/status/all/main_entity_type/task": ["1", "3"],
        "/status/all/uploader/2": ["2", "3"],
        "/status/all/uploader/1,2": ["1", "2", "3", "4"],
        "/status/all/benchmark_suite/1": ["4"],
        "/status/all/limit/0": ["1", "2", "3", "4"],
        "/status/all/limit/2": ["1", "2"],
        "/status/all/limit/2/offset/1": ["2", "3"],
        "/status/all/limit/2/offset/3": ["4"],
        "/status": ["3"],
    }
    for filters, ids in cases.items():
        assert texts(api.get(f"study/list{filters}"), "id") == ids, filters


def test_a_list_tells_few_things_of_a_study(api: Api) -> None:
    api.publish_study(1, alias="a")
    api.publish_study(1)
    row, _ = api.get("json/study/list/status/all").get_json()["study_list"]["study"]
    assert row.keys() == {
        "id",
        "alias",
        "main_entity_type",
        "name",
        "status",
        "creation_date",
        "creator",
    }


def test_lists_without_a_result_and_odd_filters_are_refused(api: Api) -> None:
    api.publish_study(1)
    for filters in ("", "/status/gone", "/status/all/uploader/9"):
        assert code(api.get(f"study/list{filters}")) == 599, filters
    assert api.get("study/list/status/all/limit/0").status_code == 200  # 0 is no limit here
    for filters in ("/status/all/main_entity_type/flow", "/status/all/limit/5/offset/5"):
        assert code(api.get(f"study/list{filters}")) == 599, filters
    answer = api.get("study/list/foo/1")
    assert code(answer) == 596
    assert information(answer).endswith("Found illegal filter(s): foo")
    for filters in ("/limit/a", "/limit/-1", "/uploader/x", "/benchmark_suite/1,2"):
        assert code(api.get(f"study/list{filters}")) == 597, filters
    assert code(api.get("study/list/offset/1")) == 598


@pytest.mark.parametrize(
    "path", ["study", "study/1/attach", "study/1/detach", "study/status/update"]
)
def test_studies_are_changed_with_a_key_that_may_write(api: Api, path: str) -> None:
    reader = api.registry.add_user("reader", group="read-only")
    assert code(api.post(path, key=None)) == 102
    assert code(api.post(path, key="f" * 32)) == 103
    assert code(api.post(path, key=reader)) == 104
    for method in ("GET", "OPTIONS", "DELETE", "PUT", "PATCH"):
        assert code(api.get(path, key=api.key, method=method)) == 100
