"""Uploads that are not what their schema asks for are refused in the real server's words."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from dataclasses import replace
from typing import cast

import pytest

from openml_client.registry.calls import Addresses, Call, Refusal, Services
from openml_client.registry.handlers import uploads
from openml_client.registry.validation import complaint
from openml_client.wire.dataset import DATASET_DRAFT
from openml_client.wire.routes import every as routes

from .registry_client import Api, code, component, dataset, document, flow, information, run, tag

SUMMARY = "XML does not correspond to XSD schema. "
NS = "{http://openml.org/openml}"


def told(api: Api, path: str, description: str) -> tuple[int, str]:
    answer = api.post(path, description)
    return code(answer), information(answer)


def test_an_element_behind_its_place_is_named_with_what_is_expected_there(api: Api) -> None:
    body = document("data_set_description", tag("name", "x") + tag("format", "ARFF"))
    assert told(api, "data", body) == (
        131,
        f"{SUMMARY}Error Element '{NS}format': This element is not expected. "
        f"Expected is one of ( {NS}version, {NS}description ).\n on line 1 column 0. ",
    )


def test_an_element_that_nobody_knows_is_refused(api: Api) -> None:
    body = document("run", tag("flow_id", "1") + tag("colour", "red"))
    assert "colour': This element is not expected." in told(api, "run", body)[1]


def test_a_name_outside_its_alphabet_is_shown_with_the_pattern(api: Api) -> None:
    body = dataset(name="tea cup").replace("<oml:name>", "\n<oml:name>")
    assert told(api, "data", body) == (
        131,
        f"{SUMMARY}Error Element '{NS}name': [facet 'pattern'] The value 'tea cup' is not accepted "
        r"by the pattern '([a-zA-Z0-9_\-\.\(\),])+'." + "\n on line 2 column 0. ",
    )


def test_characters_outside_basic_latin_are_shown_as_entities(api: Api) -> None:
    refused, text = told(api, "data", dataset(description="Café"))
    assert refused == 131
    assert r"The value 'Caf&amp;eacute;' is not accepted by the pattern '\p{IsBasicLatin}*'" in text


def test_a_missing_element_is_named(api: Api) -> None:
    refused, text = told(api, "flow", document("flow", tag("name", "x")))
    assert refused == 163
    assert f"'{NS}flow': Missing child element(s). Expected is one of ( {NS}custom_name, " in text


def test_a_number_must_be_one(api: Api) -> None:
    body = document("task_inputs", tag("task_type_id", "x") + '<oml:input name="a">1</oml:input>')
    refused, text = told(api, "task", body)
    assert refused == 613
    assert "'x' is not a valid value of the atomic type 'xs:integer'" in text


def test_a_flow_inside_a_flow_is_held_to_the_same(api: Api) -> None:
    inner = document("flow", tag("description", "d") + tag("name", "x"))
    refused, text = told(api, "flow", flow(inside=component("part", inner)))
    assert refused == 163
    assert f"'{NS}description': This element is not expected. Expected is one of ( {NS}id" in text


def test_another_root_is_refused(api: Api) -> None:
    for root in ("<x/>", '<run xmlns="urn:other"/>', document("flow", "")):
        refused, text = told(api, "run", root)
        assert refused == 202
        assert "No matching global declaration available for the validation root." in text


def test_elements_that_only_servers_write_are_taken_and_passed_over(api: Api) -> None:
    body = dataset().replace("<oml:name>", "<oml:id>77</oml:id><oml:name>")
    answer = api.post(
        "data", body, dataset=("d.arff", b"@RELATION r\n@ATTRIBUTE class {a}\n@DATA\na\n")
    )
    assert b"<oml:id>1</oml:id>" in answer.data


def test_what_is_no_xml_is_refused_as_by_the_real_server(api: Api) -> None:
    assert told(api, "data", "this is not xml") == (
        131,
        f"Start tag expected, '&amp;lt;' not found\n. {SUMMARY}"
        "Error Start tag expected, '&amp;lt;' not found\n on line 1 column 1. "
        "Error The document has no document element.\n on line -1 column 0. ",
    )


def test_a_tag_that_is_not_closed_is_told_with_its_place(api: Api) -> None:
    text = told(api, "data", "<a>\n<b></a>")[1]
    assert text.startswith("Opening and ending tag mismatch: b line 2 and a\n. ")
    assert " on line 2 column " in text


BOMB = (
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;"><!ENTITY c SYSTEM "file:///etc/hostname">]>'
)


@pytest.mark.parametrize("entity", ["&a;", "&b;", "&c;", ""])
def test_a_doctype_is_refused_before_its_entities_matter(api: Api, entity: str) -> None:
    refused, text = told(api, "data", BOMB + dataset(description=f"x{entity}"))
    assert refused == 131
    assert text == "the document has a DOCTYPE, which the protocol does not allow"


def test_an_entity_that_nobody_declared_is_no_xml(api: Api) -> None:
    assert told(api, "data", dataset(description="&a;"))[1].startswith("Entity 'a' not defined\n. ")


def test_a_doctype_is_refused_in_an_encoding_that_only_libxml2_reads(api: Api) -> None:
    text = f'<?xml version="1.0" encoding="EUC-JP"?>{BOMB}{dataset(description="&a;&c;")}'
    refused, told_ = told(api, "data", text)
    assert refused == 131
    assert told_ == "the document has a DOCTYPE, which the protocol does not allow"


def test_deep_nesting_is_refused(api: Api) -> None:
    refused, text = told(api, "flow", "<a>" * 2000 + "</a>" * 2000)
    assert refused == 163
    assert text == "description: elements nest deeper than 300"


def test_all_faults_are_told_up_to_a_number() -> None:
    wrong = document("data_set_description", "".join(tag("creator", "é") for _ in range(99)))
    head = tag("name", "a b") + tag("description", "d") + tag("format", "c d")
    body = wrong.replace("<oml:creator>", f"{head}<oml:creator>", 1).encode()
    text = complaint(DATASET_DRAFT, body)
    assert text is not None
    assert text.count("Error Element") == 20
    assert "'a b'" in text
    assert "'c d'" in text


def test_a_million_faults_take_no_longer_than_twenty() -> None:
    head = tag("name", "x") + tag("description", "d") + tag("format", "ARFF")
    body = document("data_set_description", head + tag("tag", " ") * 200_000).encode()
    begin = time.perf_counter()
    text = complaint(DATASET_DRAFT, body)
    assert time.perf_counter() - begin < 5  # minutes, where each fault is looked up in the tree
    assert text is not None
    assert text.count("Error Element") == 20


def test_a_fault_at_the_end_of_a_long_document_has_its_line() -> None:
    head = tag("name", "x") + tag("description", "d") + tag("format", "ARFF")
    body = document("data_set_description", head + f"\n{tag('tag', 'a')}" * 2000 + "<x/>").encode()
    text = complaint(DATASET_DRAFT, body)
    assert text is not None
    assert "Element 'x': This element is not expected." in text
    assert text.endswith(" on line 2001 column 0. ")


def test_an_encoding_that_nobody_knows_is_refused(api: Api) -> None:
    for encoding in ("EUC-JP", "nosuch"):
        text = f'<?xml version="1.0" encoding="{encoding}"?>{dataset()}'
        assert told(api, "data", text)[0] == 131


def test_the_document_may_come_in_a_part_of_another_name(api: Api) -> None:
    route = replace(routes.DATASET_UPLOAD, request_part="edit_parameters")

    def call(**form: str) -> Call:
        services = cast(Services, None)  # nothing is looked up
        return Call(services=services, route=route, user=None, addresses=Addresses(""), form=form)

    good = call(edit_parameters=dataset())
    assert uploads.tree(good, uploads.description(good))["name"] == "flowers"
    bad = call(edit_parameters=dataset(name="tea cup"))
    with pytest.raises(Refusal) as refusal:
        uploads.tree(bad, uploads.description(bad))
    assert refusal.value.code == 131
    with pytest.raises(Refusal) as refusal:
        uploads.description(call(description=dataset()))
    assert refusal.value.code == 135


def test_threads_do_not_tell_each_others_faults() -> None:
    bodies = [dataset(name=f"tea {n}").encode() for n in range(4)]
    found: list[list[str | None]] = [[] for _ in bodies]

    def validate(n: int) -> None:
        found[n] = [complaint(DATASET_DRAFT, bodies[n]) for _ in range(50)]

    threads = [threading.Thread(target=validate, args=(n,)) for n in range(len(bodies))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for n, texts in enumerate(found):
        assert len(texts) == 50
        assert all(text is not None and f"'tea {n}'" in text for text in texts)
        assert len(set(texts)) == 1


def test_libxml2_is_loaded_by_the_first_upload_only() -> None:
    program = "import sys, openml_client.registry.app; print('lxml' in sys.modules)"
    out = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert out.stdout.strip() == "False"


def test_what_a_schema_cannot_know_is_refused_by_the_record(api: Api) -> None:
    api.publish_flow()
    huge = run(flow_id=1).replace("<oml:flow_id>1", f"<oml:flow_id>{2**70}")
    refused, text = told(api, "run", huge)
    assert refused == 202
    assert "flow_id = '1180591620717411303424', which is no integer" in text.replace("&#39;", "'")


def test_a_text_too_short_for_any_document_is_refused(api: Api) -> None:
    for text in ("x", " x", "<", "é", "\n"):
        number, words = told(api, "data", text)
        assert (number, bool(words)) == (131, True), text
