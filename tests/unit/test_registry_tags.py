"""Tags of the registry's things: added, removed, listed, refused."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from werkzeug.test import TestResponse

from .registry_client import Api, code, information, texts

THINGS = ("data", "task", "flow", "run", "setup")


@pytest.fixture
def api(api: Api) -> Api:
    """A registry with one thing of each kind, all of the id 1."""
    api.publish_dataset()
    api.publish_task(estimation_procedure="6")
    api.publish_flow()
    api.publish_run(k="3")
    return api


def add(api: Api, tag: str, *, thing: str = "data", id_: int = 1, key: str = "") -> TestResponse:
    return api.post(f"{thing}/tag", form={f"{thing}_id": str(id_), "tag": tag}, key=key)


def remove(api: Api, tag: str, *, thing: str = "data", id_: int = 1, key: str = "") -> TestResponse:
    return api.post(f"{thing}/untag", form={f"{thing}_id": str(id_), "tag": tag}, key=key)


@pytest.mark.parametrize("thing", THINGS)
def test_a_thing_of_any_kind_is_tagged_and_untagged(api: Api, thing: str) -> None:
    assert code(api.get(f"{thing}/tag/list")) == 1002
    assert texts(add(api, "small", thing=thing), "tag") == ["small"]
    answer = add(api, "Big_1.0-x", thing=thing)
    assert (texts(answer, "id"), texts(answer, "tag")) == (["1"], ["Big_1.0-x", "small"])
    assert texts(api.get(f"{thing}/tag/list"), "tag") == ["Big_1.0-x", "small"]
    assert texts(remove(api, "small", thing=thing), "tag") == ["Big_1.0-x"]
    assert texts(remove(api, "Big_1.0-x", thing=thing), "tag") == []
    assert code(api.get(f"{thing}/tag/list")) == 1002


@pytest.mark.parametrize("thing", THINGS)
def test_a_tagged_thing_is_found_by_its_tag(api: Api, thing: str) -> None:
    assert api.get(f"{thing}/list/tag/small").status_code == 412
    add(api, "small", thing=thing)
    assert api.get(f"{thing}/list/tag/small").status_code == 200
    if thing != "setup":  # which tells no tags
        assert texts(api.get(f"{thing}/1"), "tag") == ["small"]


def test_the_same_is_told_in_json(api: Api) -> None:
    form = {"data_id": "1", "tag": "one"}
    assert json.loads(api.post("json/data/tag", form=form).data) == {
        "data_tag": {"id": "1", "tag": "one"}
    }
    add(api, "two")
    assert json.loads(api.get("json/data/tag/list").data) == {
        "data_tag_list": {"tag": ["one", "two"]}
    }
    assert json.loads(api.post("json/data/untag", form={**form, "tag": "two"}).data) == {
        "data_untag": {"id": "1", "tag": "one"}
    }


def test_all_tags_of_a_thing_are_told_without_regard_to_case(api: Api) -> None:
    for tag in ("b", "C", "a", "B"):
        answer = add(api, tag)
    assert texts(answer, "tag") == ["a", "B", "b", "C"]


@pytest.mark.parametrize("thing", THINGS)
def test_tags_that_lack_something_are_refused(api: Api, thing: str) -> None:
    for verb in ("tag", "untag"):
        for form in ({}, {"tag": "x"}, {f"{thing}_id": "1"}, {f"{thing}_id": "1", "tag": ""}):
            assert code(api.post(f"{thing}/{verb}", form=form)) == 471
        form = {f"{thing}_id": "9", "tag": "x"}
        assert code(api.post(f"{thing}/{verb}", form=form)) == 472


def test_a_tag_is_there_once(api: Api) -> None:
    add(api, "x")
    answer = add(api, "x")
    assert (answer.status_code, code(answer)) == (500, 473)
    assert information(answer) == "id=1; tag=x"
    assert texts(api.get("data/1"), "tag") == ["x"]


def test_tags_have_few_characters(api: Api) -> None:
    for tag in (
        "has space",
        "x" * 65,
        "a/b",
        "x\n",
        "a,b",
        "a\0b",
        "%",
        "x'); DROP TABLE datasets; --",
    ):
        answer = add(api, tag)
        assert (answer.status_code, code(answer)) == (500, 477), tag
        assert information(answer).startswith("id=1; tag=")
    assert code(api.get("data/tag/list")) == 1002


def test_tags_of_letters_that_are_not_latin_are_refused(api: Api) -> None:
    for tag in ("caf\N{LATIN SMALL LETTER E WITH ACUTE}", "\N{GREEK SMALL LETTER ALPHA}"):
        assert code(add(api, tag)) == 477
    assert texts(add(api, "x" * 64), "tag") == ["x" * 64]


def test_what_a_tag_says_is_no_sql(api: Api) -> None:
    add(api, "x")
    assert code(remove(api, "x' OR '1'='1")) == 475
    assert texts(api.get("data/1"), "tag") == ["x"]


def test_anybody_tags_but_only_who_did_untags(api: Api) -> None:
    key, other = api.registry.add_user("somebody"), api.registry.add_user("another")
    assert texts(add(api, "theirs", key=key), "tag") == ["theirs"]
    assert texts(add(api, "ours"), "tag") == ["ours", "theirs"]
    assert code(remove(api, "theirs", key=other)) == 476
    assert code(remove(api, "ours", key=key)) == 476
    assert code(remove(api, "nobodys", key=key)) == 475
    assert texts(remove(api, "theirs", key=key), "tag") == ["ours"]
    add(api, "theirs", key=key)
    assert texts(remove(api, "theirs"), "tag") == ["ours"]  # the owner is an administrator


def test_nobody_tags_a_strangers_private_dataset(api: Api) -> None:
    id_ = api.publish_dataset(visibility="private")
    key = api.registry.add_user("stranger")
    assert texts(add(api, "x", id_=id_), "tag") == ["x"]
    for verb in (add, remove):
        assert code(verb(api, "x", id_=id_, key=key)) == 472
    for anybody in (None, key):
        assert code(api.get("data/tag/list", key=anybody)) == 1002
    assert texts(api.get("data/tag/list", key=api.key), "tag") == ["x"]


def test_tags_need_a_key_that_may_write(api: Api) -> None:
    reader = api.registry.add_user("reader", group="read-only")
    for verb in ("tag", "untag"):
        form = {"data_id": "1", "tag": "x"}
        assert code(api.post(f"data/{verb}", form=form, key=None)) == 102
        assert code(api.post(f"data/{verb}", form=form, key="f" * 32)) == 103
        assert code(api.post(f"data/{verb}", form=form, key=reader)) == 104
        assert code(api.get(f"data/{verb}", key=api.key)) == 100


def test_of_those_who_tag_at_once_one_does(api: Api) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: add(api, "x").status_code, range(8)))
    assert sorted(answers) == [200] + [500] * 7
    assert texts(api.get("data/1"), "tag") == ["x"]
