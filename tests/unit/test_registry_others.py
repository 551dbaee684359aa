"""What the registry tells of users, takes as files, and knows of setups besides their lists."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from werkzeug.test import TestResponse

from openml_client.registry.check import check_folder

from .registry_client import Api, code, document, information, run, tag, texts

HUGE = "9" * 5000
"""Digits of a number that Python refuses to read."""


def test_numbers_of_any_length_in_a_path_are_those_of_nothing(api: Api) -> None:
    for path, number in (
        (f"setup/differences/{HUGE}/1", 520),
        (f"setup/differences/1/1/{HUGE}", 520),
        (f"study/{HUGE}/tasks", 601),
        (f"evaluation/request/1/normal/{HUGE}", 1013),
        ("evaluation/request/1/normal/-1", 1013),
        ("setup/differences/a/-1", 520),
    ):
        assert code(api.get(path, key=api.key)) == number, path[:40]


def test_numbers_of_any_length_in_a_form_are_those_of_nothing(api: Api) -> None:
    for id_ in (HUGE, "99", str(2**63), str(2**64)):
        assert code(api.post("data/tag", form={"data_id": id_, "tag": "x"})) == 472
        assert code(api.post("data/fork", form={"data_id": id_})) == 1071
        form = {"study_id": id_, "status": "active"}
        assert code(api.post("study/status/update", form=form)) == 1052


def test_ids_in_a_form_that_are_no_numbers_are_those_of_nothing(api: Api) -> None:
    for id_ in ("-1", "1.0", "one", "1e3", "0x1", "1;2", "\N{FULLWIDTH DIGIT ONE}"):
        assert code(api.post("data/tag", form={"data_id": id_, "tag": "x"})) == 472
        assert code(api.post("data/fork", form={"data_id": id_})) == 1071


def test_what_is_tagged_must_be_said(api: Api) -> None:
    for form in ({"data_id": "0", "tag": "x"}, {"data_id": "", "tag": "x"}, {"data_id": "9"}):
        for verb in ("tag", "untag"):
            assert code(api.post(f"data/{verb}", form=form)) == 471


def test_what_is_changed_must_be_said_after_the_change(api: Api) -> None:
    for form in ({"data_id": "0"}, {"data_id": ""}, {}):
        assert code(api.post("data/fork", form=form)) == 1070
        assert code(api.post("data/edit", form=form)) == 1061
        change = document("data_edit_parameters", tag("language", "English"))
        assert code(api.post("data/edit", form={**form, "edit_parameters": "x"})) == 1060
        assert code(api.post("data/edit", form={**form, "edit_parameters": change})) == 1062


def test_a_user_learns_whose_key_it_is(api: Api) -> None:
    assert texts(api.get("user/whoami", key=api.key), "id") == ["1"]
    assert code(api.get("user/whoami")) == 102
    assert code(api.get("user/whoami", key="0" * 32)) == 103


def test_users_are_told_by_their_names(api: Api) -> None:
    api.registry.add_user("somebody")
    api.registry.add_user("reader", group="read-only")
    answer = api.get("user/list")
    assert texts(answer, "id") == ["1", "2", "3"]
    assert texts(answer, "username") == ["owner", "somebody", "reader"]
    assert texts(api.get("user/list/user_id/2,9"), "username") == ["somebody"]
    assert api.get("json/user/list/user_id/1,2").get_json() == {
        "users": {"user": [{"id": "1", "username": "owner"}, {"id": "2", "username": "somebody"}]}
    }


def test_users_that_are_not_there_and_odd_filters_are_refused(api: Api) -> None:
    assert code(api.get("user/list/user_id/9")) == 372
    assert code(api.get("user/list/user_id/x")) == 371
    answer = api.get("user/list/foo/1")
    assert code(answer) == 370
    assert information(answer) == "Legal filter operators: user_id. Found illegal filter: foo"


def test_nothing_is_told_of_a_users_key(api: Api) -> None:
    key = api.registry.add_user("somebody")
    answer = api.get("user/list", key=api.key).data
    assert key.encode() not in answer
    assert b"hash" not in answer


def test_a_file_is_uploaded_by_an_administrator_for_all(api: Api) -> None:
    answer = api.post("file", file=("a.txt", b"hello"))
    assert texts(answer, "id") == ["1"]
    (url,) = texts(answer, "url")
    assert urlsplit(url).path == "/data/download/1/a.txt"
    assert api.get(urlsplit(url).path).data == b"hello"
    assert list(check_folder(api.registry.folder)) == []


def test_files_that_cannot_be_are_refused(api: Api) -> None:
    user = api.registry.add_user("somebody")
    assert code(api.post("file")) == 491
    assert code(api.post("file", other=("a.txt", b"hello"))) == 491
    assert code(api.post("file", file=("a.txt", b"hello"), key=user)) == 104
    assert code(api.post("file", file=("a.txt", b"hello"), key=None)) == 102
    for method in ("GET", "DELETE", "PUT"):
        assert code(api.get("file", key=api.key, method=method)) == 100


@pytest.fixture
def with_setups(api: Api) -> Api:
    """A registry with three setups of one flow: k=3, k=3 and weights=u, k=5."""
    api.publish_dataset()
    api.publish_task(estimation_procedure="6")
    api.publish_flow()
    api.publish_run(k="3")
    api.publish_run(k="3", weights="u")
    api.publish_run(k="5")
    return api


def test_setups_are_found_by_part_of_their_values(with_setups: Api) -> None:
    def found(**values: str) -> list[str]:
        return texts(with_setups.post("setup/partial", run(**values)), "setup_id")

    assert found(k="3") == ["1", "2"]
    assert found(k="3", weights="u") == ["2"]
    assert found(k="5") == ["3"]
    assert found() == ["1", "2", "3"]
    answer = with_setups.post("setup/partial", run(k="5"))
    assert (texts(answer, "parameter_name"), texts(answer, "value")) == (["k"], ["5"])


def test_parts_of_setups_that_nothing_has_are_refused(with_setups: Api) -> None:
    api = with_setups
    assert code(api.post("setup/partial", run(k="4"))) == 587
    assert code(api.post("setup/partial", run(k="5", weights="u"))) == 587
    answer = api.post("setup/partial")
    assert (code(answer), information(answer)) == (581, "File meta-info is missing. ")
    assert code(api.post("setup/partial", "<run/>")) == 582
    assert code(api.post("setup/partial", run(flow_id=9))) == 584
    answer = api.post("setup/partial", run(zz="1"))
    assert (code(answer), information(answer)) == (586, "Name: zz, flow id (component): 1")
    assert code(api.post("setup/partial", run(k="3"), key=None)) == 102


def tell(api: Api, path: str = "1/2", *, key: str = "", **fields: str) -> TestResponse:
    """Tell in how many predictions two setups differ."""
    form = {"task_id": "1", "task_size": "10", "differences": "3", **fields}
    return api.post(f"setup/differences/{path}", form=form, key=key)


def test_differences_of_setups_are_kept_by_task(with_setups: Api) -> None:
    api = with_setups
    api.publish_task(estimation_procedure="26")
    assert code(api.get("setup/differences/1/2")) == 520
    assert texts(tell(api), "differences") == ["3"]
    tell(api, differences="4")
    tell(api, task_id="2", differences="0")
    answer = api.get("setup/differences/1/2")
    told = {
        name: texts(answer, name)
        for name in ("setupA", "setupB", "task_id", "task_size", "differences")
    }
    assert told == {
        "setupA": ["1", "1"],
        "setupB": ["2", "2"],
        "task_id": ["1", "2"],
        "task_size": ["10", "10"],
        "differences": ["4", "0"],
    }
    assert texts(api.get("setup/differences/1/2/2"), "differences") == ["0"]
    assert code(api.get("setup/differences/2/1")) == 520
    assert code(api.get("setup/differences/1/2/9")) == 520


def test_differences_that_cannot_be_are_refused(with_setups: Api) -> None:
    user = with_setups.registry.add_user("somebody")
    assert code(tell(with_setups, key=user)) == 104
    for path in ("1/9", "9/1", "a/b"):
        assert code(tell(with_setups, path)) == 520
    for fields in ({"task_id": "9"}, {"task_id": "x"}, {"task_size": ""}, {"differences": "-1"}):
        assert code(tell(with_setups, **fields)) == 520
    assert code(with_setups.get("setup/differences/1/2")) == 520


def test_differences_go_with_their_setup_and_their_task(with_setups: Api) -> None:
    api = with_setups
    tell(api, "1/2")
    tell(api, "2/3")
    api.delete("run/3")
    assert api.delete("setup/3").status_code == 200
    assert code(api.get("setup/differences/2/3")) == 520
    assert texts(api.get("setup/differences/1/2"), "differences") == ["3"]
    for path in ("run/1", "run/2", "task/1"):
        api.delete(path)
    assert code(api.get("setup/differences/1/2")) == 520
    assert list(check_folder(api.registry.folder)) == []


def test_a_setup_that_was_deleted_is_made_again_by_its_next_run(with_setups: Api) -> None:
    api = with_setups
    api.delete("run/3")
    api.delete("setup/3")
    run_id = api.publish_run(k="5")
    assert texts(api.get(f"run/{run_id}"), "setup_id") == ["4"]
    assert texts(api.post("setup/exists", run(k="5")), "id") == ["4"]
