"""Our schemas are those of the real server: they refuse in the same words, and take the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from openml_client.registry.schemas import SCHEMAS
from openml_client.registry.validation import complaint
from openml_client.wire import json, xml
from openml_client.wire.codec import Document, Field, Passed, Record
from openml_client.wire.dataset import DATASET_DRAFT
from openml_client.wire.routes import Route
from openml_client.wire.scalars import (
    BOOL,
    DATE_TIME,
    FLOAT,
    INT,
    INT32,
    TEXT,
    limited,
    system,
)
from openml_client.wire.vocabulary import ERROR
from openml_client.wire.xsd import schema

from .test_wire import route_of, transcripts
from .transcripts import Exchange, load

pytestmark = pytest.mark.shared

XS = "{http://www.w3.org/2001/XMLSchema}"


@dataclass(frozen=True)
class Unread:
    """The model of the records below, which nothing is decoded with."""


EDITABLE = (
    *("description", "creator", "contributor", "collection_date", "language"),
    *("default_target_attribute", "row_id_attribute", "ignore_attribute", "citation"),
    *("original_data_url", "paper_url"),
)
"""In the order of the protocol note, section 2, and of the transcript ``data_edit_err_1060``."""

DATASET_EDIT = Record(
    Unread,
    "data_edit_parameters",
    tuple(
        replace(item, required=False)
        for key in EDITABLE
        for item in DATASET_DRAFT.content
        if item.key == key
    ),
)

FEATURES_UPLOAD = Record(
    Unread,
    "data_features",
    (
        Field("dataset_id", "did", INT),
        Field("engine_id", "evaluation_engine_id", INT),
        Field("error", "error", limited(1024)),
        Passed(
            "feature",
            (
                Passed("index", INT, required=True),
                Passed("name", limited(64), required=True),
                Passed("data_type", limited(64), required=True),
                Passed("nominal_value", limited(256), many=True),
                *(Passed(f"is_{what}", BOOL) for what in ("target", "ignore", "row_identifier")),
                *(
                    Passed(f"NumberOf{what}Values", INT)
                    for what in ("Distinct", "Unique", "Missing", "Integer", "Real", "Nominal", "")
                ),
                *(Passed(f"{what}Value", FLOAT) for what in ("Maximum", "Minimum", "Mean")),
                Passed("StandardDeviation", FLOAT),
                Passed("ClassDistribution", TEXT),
            ),
            many=True,
        ),
    ),
)

QUALITIES_UPLOAD = Record(
    Unread,
    "data_qualities",
    (
        Field("dataset_id", "did", INT),
        Field("engine_id", "evaluation_engine_id", INT),
        Passed(
            "quality",
            (
                Passed("name", TEXT, required=True),
                Passed("feature_index", INT),
                Passed("value", replace(FLOAT, xsd="xs:float")),
            ),
            many=True,
        ),
    ),
)

RUN_EVALUATION_UPLOAD = Record(
    Unread,
    "run_evaluation",
    (
        Field("run_id", "run_id", INT, required=True),
        Field("engine_id", "evaluation_engine_id", INT, required=True),
        Field("error", "error", limited(1024)),
        Field("warning", "warning", limited(1024)),
        Field(
            "evaluations",
            "evaluation",
            Record(
                Unread,
                "evaluation",
                (
                    Passed("did", INT),
                    Field("measure", "name", system(128), required=True),
                    Field("value", "value", FLOAT),
                    Field("stdev", "stdev", FLOAT),
                    Field("per_class", "array_data", limited(4096)),
                    Field("sample_size", "sample_size", INT),
                    *(
                        Field(name, name, INT, is_attribute=True)
                        for name in ("repeat", "fold", "sample", "interval_start", "interval_end")
                    ),
                ),
            ),
            many=True,
        ),
    ),
)

NATURAL = replace(INT, xsd="xs:nonNegativeInteger")

TRACE_UPLOAD = Record(
    Unread,
    "trace",
    (
        Field("run_id", "run_id", NATURAL, required=True),
        Passed(
            "trace_iteration",
            (
                *(Passed(name, NATURAL, required=True) for name in ("repeat", "fold", "iteration")),
                Passed("setup_string", limited(1024), required=True),
                Passed("evaluation", replace(FLOAT, xsd="xs:decimal"), required=True),
                Passed("selected", BOOL, required=True),
            ),
            many=True,
            required=True,
        ),
    ),
)

STUDY_DRAFT = Record(
    Unread,
    "study",
    (
        Passed("id", INT32),
        Field("alias", "alias", system(32)),
        Field("type", "main_entity_type", limited(4, "(run|task)", "run, task"), required=True),
        Field("benchmark_suite", "benchmark_suite", INT32),
        Field("name", "name", limited(256), required=True),
        Field("description", "description", limited(4096)),
        Passed("creation_date", DATE_TIME),
        Passed("creator", INT32),
        Passed("data/data_id", INT32, many=True, required=True),
        Field("task_ids", "tasks/task_id", INT32, many=True, required=True),
        Passed("flows/flow_id", INT32, many=True, required=True),
        Passed("setups/setup_id", INT32, many=True, required=True),
        Field("run_ids", "runs/run_id", INT32, many=True, required=True),
    ),
)

OTHERS: dict[tuple[str, str], tuple[Document, str]] = {
    ("POST", "data/edit"): (DATASET_EDIT, "edit_parameters"),
    ("POST", "data/features"): (FEATURES_UPLOAD, "description"),
    ("POST", "data/qualities"): (QUALITIES_UPLOAD, "description"),
    ("POST", "run/evaluate"): (RUN_EVALUATION_UPLOAD, "description"),
    ("POST", "run/trace"): (TRACE_UPLOAD, "trace"),
    ("POST", "study"): (STUDY_DRAFT, "description"),
}
"""Uploads whose documents only this test states, by method and path, with the part's name."""


def uploads(shared: Path) -> Iterator[tuple[str, Exchange, Document, bytes]]:
    """All recorded requests that carry a document, with the document's record."""
    for name, exchange in transcripts(shared):
        route = route_of(exchange)
        found = document_of(exchange, route)
        if found is None:
            continue
        document, part = found
        bodies = [p.body for p in exchange.request.parts if p.name == part and p.body]
        if bodies:
            yield name, exchange, document, bodies[0]


def document_of(exchange: Exchange, route: Route | None) -> tuple[Document, str] | None:
    if route is not None and route.request is not None:
        return route.request, route.request_part
    path = exchange.request.path.strip("/")
    path = re.sub(r"^api/v1/((xml|json)/)?", "", path)
    return OTHERS.get((exchange.request.method, path))


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
                assert ours.strip() == told.strip(), name
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
    assert count >= 110


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
