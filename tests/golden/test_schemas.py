"""Our schemas are those of the real server: they refuse in the same words, and take the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from openml_client.registry.answers import with_entities
from openml_client.registry.schemas import SCHEMAS
from openml_client.registry.validation import complaint
from openml_client.wire import json, xml
from openml_client.wire.codec import Document
from openml_client.wire.vocabulary import ERROR
from openml_client.wire.xsd import schema

from .test_wire import route_of, transcripts
from .transcripts import Exchange, load

pytestmark = pytest.mark.shared

XS = "{http://www.w3.org/2001/XMLSchema}"


def uploads(shared: Path) -> Iterator[tuple[str, Exchange, Document, bytes]]:
    """All recorded requests that carry a document, with the document's record."""
    for name, exchange in transcripts(shared):
        route = route_of(exchange)
        if route is None or route.request is None:
            continue
        part = route.request_part
        bodies = [p.body for p in exchange.request.parts if p.name == part and p.body]
        if bodies:
            yield name, exchange, route.request, bodies[0]


def information(exchange: Exchange) -> str | None:
    body = exchange.response.body
    module = json if body.lstrip()[:1] == b"{" else xml
    return module.read(ERROR, body, source="").additional_information


def test_every_recorded_refusal_is_ours_word_for_word(shared: Path) -> None:
    count = 0
    for name, exchange, document, body in uploads(shared):
        if exchange.response.status == 412:
            told = information(exchange)
            if told is not None and "XML does not correspond" in told:
                ours = complaint(document, body)
                assert ours is not None, name
                assert with_entities(ours).strip() == told.strip(), name
                count += 1
    assert count == 15


def test_every_upload_that_the_real_server_took_is_valid(shared: Path) -> None:
    count = 0
    problems = []
    for name, exchange, document, body in uploads(shared):
        if exchange.response.status == 200:
            told = complaint(document, body)
            if told is not None:
                problems.append(f"{name}: {told}")
            count += 1
    assert not problems, "\n".join(problems)
    assert count == 111


REFUSED_BEFORE = {
    "golden/data_features_upload_err_446": "the id of the dataset is read before",
    "golden/run_trace_upload_err_106": "the rights of the user are checked before",
}
"""Uploads that are invalid, but were refused for another fault, with the reason."""


def test_no_upload_that_was_refused_for_another_reason_is_invalid(shared: Path) -> None:
    bad = {
        name
        for name, exchange, document, body in uploads(shared)
        if exchange.response.status == 412
        and "correspond" not in (information(exchange) or "")
        and complaint(document, body) is not None
    }
    assert bad == set(REFUSED_BEFORE)


@pytest.mark.parametrize("name", ["openml.data.upload", "openml.run.upload"])
def test_a_schema_states_what_the_real_one_states(name: str, shared: Path) -> None:
    theirs = etree.XML(load(shared / "golden", f"xsd_{name}").response.body)
    request = SCHEMAS[name].request
    assert request is not None
    ours = etree.XML(schema(request))
    assert ours.attrib == theirs.attrib
    assert content_of(ours) == content_of(theirs)


def content_of(root: Any) -> dict[str, Any]:
    """What a schema says, whatever it names its types."""
    return {
        element.get("name"): element_of(element, root) for element in root.iterfind(f"{XS}element")
    }


def element_of(element: Any, root: Any) -> Any:
    name = element.get("type", "").removeprefix("oml:")
    type_: Any = element.find(f"{XS}complexType")
    if type_ is None:
        type_ = root.find(f"{XS}complexType[@name='{name}']")
    occurrence = element.get("minOccurs", "1"), element.get("maxOccurs", "1")
    if type_ is None:
        return occurrence, simple_of(element, root)
    inner = [
        (child.get("name"), element_of(child, root))
        for child in type_.iterfind(f"{XS}sequence/{XS}element")
    ]
    attributes = [
        (child.get("name"), child.get("use"), simple_of(child, root))
        for child in type_.iterfind(f"{XS}attribute")
    ]
    return occurrence, inner, attributes


def simple_of(element: Any, root: Any) -> Any:
    """Base and facets in order."""
    name = element.get("type", "").removeprefix("oml:")
    if name.startswith("xs:"):
        return name
    type_ = element.find(f"{XS}simpleType")
    if type_ is None:
        type_ = root.find(f"{XS}simpleType[@name='{name}']")
    assert type_ is not None, name
    restriction = type_.find(f"{XS}restriction")
    facets = [(facet.tag.removeprefix(XS), facet.get("value")) for facet in restriction]
    return restriction.get("base"), facets
