"""Flows of the registry: published, told, looked up, listed."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from werkzeug.test import TestResponse

from .registry_client import Api, code, component, flow, id_of, information, tag, texts


def test_a_flow_is_told_as_it_was_published(api: Api) -> None:
    answer = api.get(f"flow/{api.publish_flow()}")
    assert answer.data.startswith(b"\n<oml:flow")
    assert texts(answer, "name") == ["probe", "k", "weights"]
    assert texts(answer, "default_value") == ["5", "uniform"]
    assert texts(answer, "version") == ["1"]
    assert texts(answer, "external_version") == ["1"]
    assert texts(answer, "uploader") == ["1"]


def test_another_external_version_is_the_next_version(api: Api) -> None:
    ids = [api.publish_flow(version="a"), api.publish_flow(version="b")]
    assert [texts(api.get(f"flow/{id_}"), "version") for id_ in ids] == [["1"], ["2"]]
    assert texts(api.get("flow/list"), "full_name") == ["probe(1)", "probe(2)"]


def test_the_same_flow_is_refused_with_its_id(api: Api) -> None:
    id_ = api.publish_flow()
    answer = api.post("flow", flow())
    assert (code(answer), information(answer)) == (171, f"implementation_id:{id_}")


def test_of_the_same_flow_published_at_once_one_is_stored(api: Api) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: api.post("flow", flow()), range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7
    refused = [answer for answer in answers if answer.status_code == 412]
    assert {(code(answer), information(answer)) for answer in refused} == {
        (171, "implementation_id:1")
    }
    assert texts(api.get("flow/list"), "id") == ["1"]


def test_components_are_stored_once_and_linked(api: Api) -> None:
    part_id = api.publish_flow("part")
    inside = component("one", flow("part")) + component("two", flow("new"))
    whole_id = api.publish_flow("whole", inside=inside)
    answer = api.get(f"flow/{whole_id}")
    assert texts(answer, "identifier") == ["one", "two"]
    assert texts(answer, "id") == [str(id_) for id_ in (whole_id, part_id, whole_id + 1)]
    assert texts(api.get("flow/list"), "name") == ["part", "whole", "new"]


def test_the_source_can_be_downloaded_as_it_was(api: Api) -> None:
    source = b'{"a": 1}'
    id_ = id_of(api.post("flow", flow(), source=("flow.json", source)))
    answer = api.get(f"flow/{id_}")
    assert texts(answer, "source_md5") == [hashlib.md5(source).hexdigest()]
    assert texts(answer, "source_format") == ["json"]
    (url,) = texts(answer, "source_url")
    assert api.get(urlsplit(url).path).data == source


def test_a_component_tells_its_own_source(api: Api) -> None:
    part = api.post("flow", flow("part"), source=("part.json", b"{}"))
    whole_id = api.publish_flow("whole", inside=component("one", flow("part")))
    assert texts(api.get(f"flow/{whole_id}"), "source_url") == texts(
        api.get(f"flow/{id_of(part)}"), "source_url"
    )


def test_without_an_external_version_the_source_names_it(api: Api) -> None:
    answer = api.post("flow", flow(version=""), source=("a.py", b"1"))
    told = api.get(f"flow/{id_of(answer)}")
    assert texts(told, "external_version") == [hashlib.md5(b"1").hexdigest()]


def test_a_file_with_another_md5_is_refused(api: Api) -> None:
    wrong = flow(last=tag("source_md5", "0" * 32))
    assert code(api.post("flow", wrong, source=("a.py", b"1"))) == 168
    right = flow(last=tag("source_md5", hashlib.md5(b"1").hexdigest().upper()))
    assert api.post("flow", right, source=("a.py", b"1")).status_code == 200


def test_flows_that_break_the_rules_are_refused(api: Api) -> None:
    assert code(api.post("flow")) == 161
    assert code(api.post("flow", flow("bad name"))) == 163
    assert code(api.post("flow", flow(inside=component("x", flow("bad name"))))) == 163
    misplaced = component("x", flow(last=tag("external_version", "2"), version=""))
    assert code(api.post("flow", flow(inside=misplaced))) == 163
    assert code(api.post("flow", flow(), other=("a.txt", b"x"))) == 167
    assert code(api.get("flow/0")) == 180
    assert code(api.get("flow/1")) == 181


def test_a_flow_that_nests_too_deep_is_refused(api: Api) -> None:
    nested = flow("inmost")
    for n in range(120):
        nested = flow(f"f{n}", inside=component("x", nested))
    assert code(api.post("flow", nested)) == 163


def existence(answer: TestResponse) -> tuple[list[str], list[str]]:
    return texts(answer, "exists"), texts(answer, "id")


def test_flows_are_looked_up_by_form_and_by_path(api: Api) -> None:
    api.publish_flow()
    there = {"name": "probe", "external_version": "1"}
    assert existence(api.post("flow/exists", form=there)) == (["true"], ["1"])
    assert existence(api.get("flow/exists/probe/1")) == (["true"], ["1"])
    for missing in ({"name": "probe"}, {"name": "probe", "external_version": "2"}, {}):
        assert existence(api.post("flow/exists", form=missing)) == (["false"], ["-1"])
    assert existence(api.get("flow/exists/probe/2")) == (["false"], ["-1"])


def test_lists_are_filtered(api: Api) -> None:
    key = api.registry.add_user("somebody")
    api.publish_flow("a")
    assert id_of(api.post("flow", flow("b", last=tag("tag", "x")), key=key)) == 2
    assert texts(api.get("flow/list"), "id") == ["1", "2"]
    assert texts(api.get("flow/list/uploader/2"), "id") == ["2"]
    assert texts(api.get("flow/list/tag/x"), "id") == ["2"]
    assert texts(api.get("flow/list/limit/1/offset/1"), "id") == ["2"]
    assert code(api.get("flow/list/tag/y")) == 500
    assert code(api.get("flow/list/limit/a")) == 502
    assert code(api.get("flow/list/offset/1")) == 503
    assert code(api.get("flow/list/name/a")) == 501
