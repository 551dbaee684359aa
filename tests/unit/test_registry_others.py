"""What the registry tells of users, takes as files, and knows of setups besides their lists."""

from __future__ import annotations

from .registry_client import Api, code, document, tag, texts

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
