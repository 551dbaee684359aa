"""Every recorded document of the real server decodes, and encodes to the same document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from openml_client.wire import json as wire_json
from openml_client.wire import xml as wire_xml
from openml_client.wire.codec import Document, InJson, Record, Rows
from openml_client.wire.codes import codes, error_for
from openml_client.wire.route import Route
from openml_client.wire.routes.every import ROUTES
from openml_client.wire.vocabulary import ERROR

from . import documents
from .known_differences import OF_THE_WEB_SITE
from .transcripts import Exchange, load

pytestmark = pytest.mark.shared

NOT_ONE_DOCUMENT = {
    "golden/downloads_do": "the server wrote an error and an answer, one after the other",
    "golden/votes_up_do": "the same",
}


FOLDERS = ("golden", "golden_engine", "golden_openml_python")


def transcripts(shared: Path) -> Iterator[tuple[str, Exchange]]:
    """All recorded exchanges by their names."""
    for folder in FOLDERS:
        for response in sorted((shared / folder).glob("*.response.txt")):
            name = response.name.removesuffix(".response.txt")
            yield f"{folder}/{name}", load(shared / folder, name)


def route_of(exchange: Exchange) -> Route | None:
    """The row of the table that a request belongs to, by method and path.

    What can be asked for by GET, the server takes by POST as well.
    """
    parts = [p for p in exchange.request.path.split("/") if p]
    if parts[:2] != ["api", "v1"]:
        return None
    parts = parts[2:]
    if parts and parts[0] in {"xml", "json"}:
        parts = parts[1:]
    by_method = {route.method: route for route in ROUTES if _fits(route, parts)}
    methods = ("POST", "GET") if exchange.request.method == "POST" else (exchange.request.method,)
    return next((by_method[method] for method in methods if method in by_method), None)


def _fits(route: Route, parts: list[str]) -> bool:
    wanted = route.path.split("/")
    if len(parts) != len(wanted) and not (route.filters and len(parts) > len(wanted)):
        return False
    return all(
        w == p or (w.startswith("{") and (w != "{id}" or p.isdecimal()))
        for w, p in zip(wanted, parts, strict=False)
    )


def is_error(exchange: Exchange) -> bool:
    """Whether the answer is an error document: one that has it as its root, not inside it."""
    return exchange.response.body.lstrip().startswith((b"<oml:error>", b"<oml:error ", b'{"error"'))


def is_document(exchange: Exchange) -> bool:
    """Whether the answer is a document of the protocol."""
    is_of_the_api = exchange.request.path.strip("/").startswith("api/")
    begins = exchange.response.body.lstrip().startswith((b"<oml:", b"{"))
    return is_of_the_api and begins


def judged(shared: Path) -> list[tuple[str, Exchange, Route, bytes]]:
    """The answers of the routes in the table that are no errors."""
    out = []
    for name, exchange in transcripts(shared):
        route = route_of(exchange)
        if route is not None and is_document(exchange) and not is_error(exchange):
            out.append((name, exchange, route, exchange.response.body))
    return out


def errors(shared: Path) -> list[tuple[str, Exchange, bytes]]:
    """The error documents."""
    return [
        (name, exchange, exchange.response.body)
        for name, exchange in transcripts(shared)
        if is_error(exchange) and name not in NOT_ONE_DOCUMENT
    ]


def module_of(body: bytes) -> Any:
    """What reads and writes documents in the format of this one."""
    return wire_json if documents.is_json(body) else wire_xml


def written_again(document: Document, body: bytes, *, source: str) -> bytes:
    """What we write of what we read."""
    module = module_of(body)
    written: bytes = module.write(document, module.read(document, body, source=source))
    return written


LOST = {
    "golden/data_list_manual_in_preparation": "2 and 3, which become 2.0 and 3.0",
    "golden/data_qualities_manual": "the same",
    "golden/tasktype_list": "quotation marks around the names of some creators",
    "golden/tasktype_list_json": "the same",
}
"""What is spelt in another way when it is written again."""


def test_every_answer_decodes_and_encodes_without_loss(shared: Path) -> None:
    problems = {}
    for name, _, route, body in judged(shared):
        again = written_again(route.response, body, source=name)
        found = list(documents.differences(body, again))
        if found:
            problems[name] = found
    assert problems.keys() == LOST.keys(), problems


def test_every_error_decodes_and_encodes_without_loss(shared: Path) -> None:
    for name, _, body in errors(shared):
        assert [*documents.differences(body, written_again(ERROR, body, source=name))] == [], name


def test_every_answer_survives_our_own_xml_and_json(shared: Path) -> None:
    for name, _, route, body in judged(shared):
        document = route.response
        model = module_of(body).read(document, body, source=name)
        for module in (wire_xml, wire_json):
            again = module.read(document, module.write(document, model), source=name)
            if module is wire_json:
                assert told_in_both(document, again) == told_in_both(document, model), name
            else:
                assert again == model, name


def told_in_both(document: Document, model: Any) -> Any:
    """A model without what hand-made JSON leaves out."""
    if isinstance(document, Rows) and document.hand_made_json:
        return [in_both(document.record, row) for row in model]
    return model


def in_both(record: Record, model: Any) -> Any:
    """A row without what hand-made JSON leaves out."""
    missing = {f.attribute: None for f in record.fields if f.in_json is InJson.NEVER}
    if "tags" in missing:
        missing["tags"] = ()
    for field in record.fields:
        inner = getattr(model, field.attribute)
        if isinstance(field.kind, Record) and field.many:
            missing[field.attribute] = tuple(in_both(field.kind, item) for item in inner)
    return replace(model, **missing)


ALONE = {
    "golden/flow_get_v2_json",
    "golden/flow_list_json",
    "golden/setup_list_json",
    "golden/task_get_act_json",
    "golden/task_get_chal_json",
    "golden/task_get_ep28_json",
    "golden/task_get_mixed_json",
    "golden/task_get_surv_json",
    "golden/user_list_json",
}
"""What was asked for in JSON only."""


def pairs(shared: Path) -> Iterator[tuple[str, Route, bytes, bytes | None]]:
    """What was asked for in JSON, and what the same path gave in XML at the nearest time."""
    in_json, in_xml = [], []
    for name, exchange, route, body in judged(shared):
        if exchange.request.method == "GET":
            path = re.sub("/(xml|json)/", "/", exchange.request.path, count=1)
            at = parsedate_to_datetime(exchange.response.headers["Date"])
            (in_json if documents.is_json(body) else in_xml).append((name, path, at, route, body))
    for name, path, at, route, body in in_json:
        partners = [(abs(then - at), other) for _, where, then, _, other in in_xml if where == path]
        yield name, route, body, min(partners)[1] if partners else None


def test_xml_and_json_of_the_same_thing_decode_to_the_same_model(shared: Path) -> None:
    alone = set()
    for name, route, as_json, as_xml in pairs(shared):
        if as_xml is None:
            alone.add(name)
            continue
        from_xml = wire_xml.read(route.response, as_xml, source=name)
        from_json = wire_json.read(route.response, as_json, source=name)
        document = route.response
        assert told_in_both(document, from_xml) == told_in_both(document, from_json), name
    assert alone == ALONE


def test_every_answer_of_the_protocol_is_judged(shared: Path) -> None:
    every = {name for name, exchange in transcripts(shared) if is_document(exchange)}
    answers = {name for name, *_ in judged(shared)}
    refusals = {name for name, *_ in errors(shared)}
    of_the_web_site = {
        name
        for name in every - refusals
        if any(re.fullmatch(pattern, name.partition("/")[2]) for pattern in OF_THE_WEB_SITE)
    }
    assert answers & refusals == set()
    assert every - answers - refusals == of_the_web_site


BESIDE = re.compile("/data/|/api_splits/|/api/v1/xsd/|/api/v2/|/(nosuch|d/).*|/$")
"""Where files, schemas and pages are."""

WITHOUT_A_DOCUMENT = {
    "golden/data_list_err_371_data_id": "a page",
    "golden/method_head": "a HEAD",
    "golden/study_upload_with_benchmark_suite": "the server crashed",
}
"""What got no document from the API, and what it got."""


def test_what_is_no_document_is_none_of_the_api(shared: Path) -> None:
    rest = {name: exchange for name, exchange in transcripts(shared) if not is_document(exchange)}
    of_the_api = {name for name, item in rest.items() if not BESIDE.match(item.request.path)}
    assert of_the_api == WITHOUT_A_DOCUMENT.keys()


def test_every_error_becomes_the_class_of_its_code(shared: Path) -> None:
    for name, exchange, body in errors(shared):
        answer = module_of(body).read(ERROR, body, source=name)
        error = error_for(answer, route="", asked=name)
        assert type(error) is codes()[answer.code].error, name
        assert codes()[answer.code].message.strip() == answer.message.strip(), name
        assert codes()[answer.code].http_status == exchange.response.status, name


def test_every_upload_is_understood(shared: Path) -> None:
    understood = set()
    taken = set()
    for name, exchange in transcripts(shared):
        if exchange.response.status != 200 or is_error(exchange):
            continue
        starts = [part.body.lstrip()[:5] for part in exchange.request.parts]
        if b"<oml:" in starts or b"<?xml" in starts:
            taken.add(name)
        route = route_of(exchange)
        if route is None or route.request is None:
            continue
        body = exchange.request.part(route.request_part).body
        model = wire_xml.read(route.request, body, source=name)
        again = wire_xml.write(route.request, model)
        assert wire_xml.read(route.request, again, source=name) == model, name
        assert [*documents.differences(body, again, same=documents.same_value)] == [], name
        understood.add(name)
    assert understood == taken


FILES = {
    "data/openml-r/datasets/*/description.xml": "data.get",
    "data/openml-python/dataset_2/description.xml": "data.get",
    "data/openml-python/dataset_2/features.xml": "data.features",
    "data/openml-python/features_with_whitespaces.xml": "data.features",
    "data/openml-python/dataset_2/qualities.xml": "data.qualities",
    "data/openml-python/mock_responses/datasets/data_description_61.xml": "data.get",
    "data/openml-r/tasks/*/task.xml": "task.get",
    "data/openml-python/task_1/task.xml": "task.get",
    "data/openml-r/flows/*/flow.xml": "flow.get",
    "data/openml-r/runs/*/run.xml": "run.get",
    "data/openml-python/run_1/description.xml": "run.get",
}
"""Documents of openml.org, cached by other clients over the years, and the route of each."""


@pytest.mark.parametrize("pattern", FILES)
def test_documents_of_openml_org_decode_without_loss(shared: Path, pattern: str) -> None:
    route = next(route for route in ROUTES if route.name == FILES[pattern])
    paths = sorted(shared.glob(pattern))
    assert paths
    for path in paths:
        body = path.read_bytes()
        again = written_again(route.response, body, source=path.name)
        if b"<oml:task_id>" in body and b"<oml:task_type_id>" not in body:
            again = re.sub(rb"<oml:task_type_id>\d+</oml:task_type_id>", b"", again)
        assert [*documents.differences(body, again, same=documents.same_value)] == [], path
