"""Every recorded document of the real server decodes, and encodes to an equivalent document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from openml_client.wire import json as wire_json
from openml_client.wire import xml as wire_xml
from openml_client.wire.codec import Document, InJson, Record, Rows, encode
from openml_client.wire.codes import codes, error_for
from openml_client.wire.route import Route
from openml_client.wire.routes import ROUTES
from openml_client.wire.vocabulary import ERROR

from .known_differences import OUT_OF_SCOPE
from .transcripts import Exchange, load, names

pytestmark = pytest.mark.shared

NOT_ONE_DOCUMENT = {
    "golden/downloads_do": "the server wrote an error and an answer, one after the other",
    "golden/votes_up_do": "the same",
}


def route_of(exchange: Exchange) -> Route | None:
    """The row of the table that a request belongs to, by method and path."""
    parts = [p for p in exchange.request.path.split("/") if p]
    if parts[:2] != ["api", "v1"]:
        return None
    parts = parts[2:]
    if parts and parts[0] in {"xml", "json"}:
        parts = parts[1:]
    found = None
    for route in ROUTES:
        wanted = route.path.split("/")
        is_list = bool(route.filters)
        if len(parts) != len(wanted) and not (is_list and len(parts) > len(wanted)):
            continue
        fits = all(
            w == p or (w.startswith("{") and (w != "{id}" or p.isdecimal()))
            for w, p in zip(wanted, parts, strict=False)
        )
        if fits and exchange.request.method == route.method:
            found = route
    return found


QUOTED = re.compile(r'"?, ?"?')
"""Between names that stand in one text, with quotation marks or without."""


def normal(tree: Any, path: str = "") -> Any:
    """A tree in which only meaning is left: no empty elements, no order of lists of one."""
    if isinstance(tree, dict):
        out = {}
        for key, value in tree.items():
            name = {"#text": "value"}.get(key, key.removeprefix("@"))
            if name == "parameters" and isinstance(value, list):
                value = {"parameter": value}  # hand-made JSON leaves this wrapper out
            if name == "creator" and isinstance(value, str):
                value = QUOTED.sub(",", value.strip('"'))
            content = normal(value, f"{path}/{name}".lstrip("/"))
            if content not in (None, "", [], {}):
                out[name] = content
        return out
    if isinstance(tree, list):
        items = [normal(item, path) for item in tree]
        items = [item for item in items if item not in (None, "", [], {})]
        return items[0] if len(items) == 1 else items
    if isinstance(tree, bool):
        return "true" if tree else "false"
    if isinstance(tree, int | float):
        return float(tree)
    if isinstance(tree, str):
        return number_or_text(tree.strip())
    return tree


def number_or_text(text: str) -> Any:
    if text.lower().lstrip("+-") in {"nan", "inf", "infinity"}:
        return text
    try:
        return float(text)
    except ValueError:
        pass
    if text.startswith("[") and text.endswith("]"):
        try:
            return [float(v) for v in text[1:-1].split(",")]
        except ValueError:
            pass
    return text.replace("T", " ") if re.fullmatch(r"[0-9-]{10}T[0-9:]{8}", text) else text


def transcripts(shared: Path) -> Iterator[tuple[str, Exchange]]:
    for folder in ("golden", "golden_engine", "golden_openml_python"):
        for response in sorted((shared / folder).glob("*.response.txt")):
            name = response.name.removesuffix(".response.txt")
            yield f"{folder}/{name}", load(shared / folder, name)


def judged(shared: Path) -> list[tuple[str, Exchange, Route, bytes]]:
    """The answers with status 200 of the routes in the table."""
    out = []
    for name, exchange in transcripts(shared):
        route = route_of(exchange)
        is_answer = exchange.response.status == 200 and b"<oml:error" not in exchange.response.body
        if route is not None and is_answer:
            out.append((name, exchange, route, exchange.response.body))
    return out


def read(document: Document, body: bytes, *, source: str) -> tuple[Any, Any]:
    """The tree that came, and the model that it became."""
    module = wire_json if body.lstrip()[:1] == b"{" else wire_xml
    mend = getattr(document, "mend", None)
    _, tree = module.parse(mend(body) if mend else body, source=source)
    return tree, module.read(document, body, source=source)


def test_every_answer_decodes_and_encodes_without_loss(shared: Path) -> None:
    problems = []
    count = 0
    for name, _, route, body in judged(shared):
        tree, model = read(route.response, body, source=name)
        root = route.response.root
        came, goes = normal(tree, root), normal(encode(route.response, model), root)
        count += 1
        if came != goes:
            problems.append(f"{name}: {first_difference(came, goes)}")
    assert not problems, "\n".join(problems)
    assert count > 150


def test_every_answer_survives_our_own_xml_and_json(shared: Path) -> None:
    for name, _, route, body in judged(shared):
        _, model = read(route.response, body, source=name)
        for module in (wire_xml, wire_json):
            if module is wire_json and isinstance(route.response, Rows):
                continue  # hand-made lists leave fields out, as the server's do
            written = module.write(route.response, model)
            assert module.read(route.response, written, source=name) == model, name


def pairs(shared: Path) -> Iterator[tuple[str, Route, Exchange, Exchange]]:
    """What was asked for in XML and in JSON, of the same path."""
    folder = shared / "golden"
    for name in names(folder, ".*_json"):
        partner = name.removesuffix("_json")
        if partner not in names(folder, re.escape(partner)):
            continue
        as_xml, as_json = load(folder, partner), load(folder, name)
        route = route_of(as_xml)
        same = as_xml.request.path.replace("/xml/", "/json/") == as_json.request.path
        is_answer = as_xml.request.method == "GET" and as_xml.response.status == 200
        if route is not None and same and is_answer:
            yield partner, route, as_xml, as_json


def in_both(record: Record, model: Any) -> Any:
    """A model without what hand-made JSON leaves out."""
    missing = {f.attribute: None for f in record.fields if f.in_json is InJson.NEVER}
    if "tags" in missing:
        missing["tags"] = ()
    for field in record.fields:
        inner = getattr(model, field.attribute)
        if isinstance(field.kind, Record) and field.many:
            missing[field.attribute] = tuple(in_both(field.kind, item) for item in inner)
    return replace(model, **missing)


def test_xml_and_json_of_the_same_thing_decode_to_the_same_model(shared: Path) -> None:
    count = 0
    for name, route, as_xml, as_json in pairs(shared):
        from_xml = wire_xml.read(route.response, as_xml.response.body, source=name)
        from_json = wire_json.read(route.response, as_json.response.body, source=name)
        if isinstance(route.response, Rows) and route.response.hand_made_json:
            record = route.response.record
            from_xml = [in_both(record, row) for row in from_xml]
            from_json = [in_both(record, row) for row in from_json]
        assert from_xml == from_json, name
        count += 1
    assert count >= 30


def test_every_answer_of_the_protocol_is_judged(shared: Path) -> None:
    unknown = [
        name
        for name, exchange in transcripts(shared)
        if exchange.response.status == 200
        and exchange.request.path.startswith("/api/v1/")
        and "/xsd/" not in exchange.request.path
        and route_of(exchange) is None
        and not any(re.fullmatch(p, name.rpartition("/")[2]) for p in OUT_OF_SCOPE)
    ]
    # What can be asked for by GET, the server takes by POST as well.
    assert unknown == ["golden/data_get_post_method"]


def test_every_error_becomes_the_class_of_its_code(shared: Path) -> None:
    count = 0
    for name, exchange in transcripts(shared):
        body = exchange.response.body
        if name in NOT_ONE_DOCUMENT or not body.lstrip().startswith((b"<oml:error", b'{"error"')):
            continue
        module = wire_json if body.lstrip()[:1] == b"{" else wire_xml
        answer = module.read(ERROR, body, source=name)
        error = error_for(answer, route="", asked=name)
        assert type(error) is codes()[answer.code].error, name
        assert codes()[answer.code].message.strip() == answer.message.strip(), name
        assert codes()[answer.code].http_status == exchange.response.status, name
        count += 1
    assert count > 200


def test_every_upload_is_understood(shared: Path) -> None:
    count = 0
    for name, exchange in transcripts(shared):
        route = route_of(exchange)
        if route is None or route.request is None or exchange.response.status != 200:
            continue
        description = next(p for p in exchange.request.parts if p.name == route.request_part)
        tree, model = read(route.request, description.body, source=name)
        again = wire_xml.write(route.request, model)
        assert wire_xml.read(route.request, again, source=name) == model, name
        root = route.request.root
        came, goes = normal(tree, root), normal(encode(route.request, model), root)
        assert came == goes, f"{name}: {first_difference(came, goes)}"
        count += 1
    assert count > 60


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

ADDED = {"task_type_id"}
"""What documents of the first years lack, and today's have."""


@pytest.mark.parametrize("pattern", FILES)
def test_documents_of_openml_org_decode_without_loss(shared: Path, pattern: str) -> None:
    route = next(route for route in ROUTES if route.name == FILES[pattern])
    paths = sorted(shared.glob(pattern))
    assert paths
    for path in paths:
        tree, model = read(route.response, path.read_bytes(), source=path.name)
        root = route.response.root
        came, goes = normal(tree, root), normal(encode(route.response, model), root)
        for name in ADDED & (set(goes) - set(came)):
            del goes[name]
        assert came == goes, f"{path}: {first_difference(came, goes)}"


def first_difference(left: Any, right: Any, path: str = "") -> str:
    if isinstance(left, dict) and isinstance(right, dict):
        for key in [*left, *right]:
            if left.get(key) != right.get(key):
                return first_difference(left.get(key), right.get(key), f"{path}/{key}")
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for n, (a, b) in enumerate(zip(left, right, strict=True)):
            if a != b:
                return first_difference(a, b, f"{path}[{n}]")
    return f"{path}: {str(left)[:200]} became {str(right)[:200]}"
