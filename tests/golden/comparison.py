"""What differs between a recorded answer and ours, as a client could see it.

Compared are the status, the kind of content, and the document: names and order of elements,
attributes and texts.  Left alone is what can't be the same: hosts, times, the ids of files, and
white space.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from werkzeug.test import TestResponse

from openml_client.wire.vocabulary import ONTOLOGY_ADDED

from .transcripts import Exchange, Response

_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")
_HOST = re.compile(r"https?://(127\.0\.0\.1|localhost)(:\d+)?/+")
_FILE = re.compile(r"(/data/(?:v1/)?download/)\d+")

FILE_IDS = frozenset({"file_id"})
"""Elements that hold the id of a file: other uploads came between."""

TEXTS_WITHOUT_ORDER = frozenset({"values", "array_data"})
"""Values per fold stand in the order in which the real server's database gave them."""


def differences(exchange: Exchange, answer: TestResponse) -> list[str]:
    """Sentences that say what differs; none if a client would see the same."""
    theirs = exchange.response
    if answer.status_code != theirs.status:
        return [f"status {theirs.status} became {answer.status_code}: {answer.data[:300]!r}"]
    found = []
    ours_type, theirs_type = answer.mimetype, theirs.headers.get_content_type()
    if ours_type != theirs_type:
        found.append(f"content type {theirs_type} became {ours_type}")
    if answer.headers.get("Location") != theirs.headers.get("Location"):
        found.append(f"location became {answer.headers.get('Location')}")
    return [*found, *_bodies(theirs, answer.data)]


def _bodies(theirs: Response, ours: bytes) -> Iterator[str]:
    body = theirs.body
    head = body.lstrip()[:15].lower()
    if theirs.headers.get_content_type() == "text/html":
        return  # pages are for people
    if b"<xs:schema" in body:
        return  # `test_schemas` compares what they state
    if theirs.headers.get_content_type() == "application/json" and head[:1] == b"{":
        yield from _values(json.loads(body), json.loads(ours), "")
    elif head.startswith((b"<oml:", b"<?xml")):
        if not ours.lstrip().startswith(b"<"):
            yield f"the document became {ours[:80]!r}"
            return
        yield from _elements(_parsed(body), _parsed(ours), "")
    elif body != ours:
        yield f"the content differs: {body[:80]!r} became {ours[:80]!r}"


def _parsed(body: bytes) -> ElementTree.Element:
    if ONTOLOGY_ADDED.mend is not None:
        body = ONTOLOGY_ADDED.mend(body)
    return ElementTree.fromstring(body.strip())


def _elements(theirs: ElementTree.Element, ours: ElementTree.Element, path: str) -> Iterator[str]:
    name = theirs.tag.rpartition("}")[2]
    path = f"{path}/{name}"
    if ours.tag != theirs.tag:
        yield f"{path} became {ours.tag}"
        return
    if ours.attrib != theirs.attrib:
        yield f"{path} has the attributes {ours.attrib}, not {theirs.attrib}"
    yield from _texts(theirs.text or "", ours.text or "", path, name)
    left, right = list(theirs), list(ours)
    names = [[child.tag.rpartition("}")[2] for child in side] for side in (left, right)]
    if names[0] != names[1]:
        yield f"{path} holds {_short(names[1])}, not {_short(names[0])}"
        return
    for child, other in zip(left, right, strict=True):
        yield from _elements(child, other, path)


def _values(theirs: Any, ours: Any, path: str) -> Iterator[str]:
    name = path.rpartition("/")[2].partition("[")[0]
    if isinstance(theirs, dict) and isinstance(ours, dict):
        if list(theirs) != list(ours):
            yield f"{path} holds {_short(list(ours))}, not {_short(list(theirs))}"
            return
        for key in theirs:
            yield from _values(theirs[key], ours[key], f"{path}/{key}")
    elif isinstance(theirs, list) and isinstance(ours, list):
        if len(theirs) != len(ours):
            yield f"{path} has {len(ours)} items, not {len(theirs)}"
            return
        for n, (item, other) in enumerate(zip(theirs, ours, strict=True)):
            yield from _values(item, other, f"{path}[{n}]")
    elif type(theirs) is not type(ours) and not _are_numbers(theirs, ours):
        yield f"{path} = {_short(theirs)} became {_short(ours)}"
    else:
        yield from _texts(str(theirs), str(ours), path, name)


def _are_numbers(theirs: Any, ours: Any) -> bool:
    return all(isinstance(v, int | float) and not isinstance(v, bool) for v in (theirs, ours))


def _texts(theirs: str, ours: str, path: str, name: str) -> Iterator[str]:
    if name in FILE_IDS:
        return
    left, right = _plain(theirs), _plain(ours)
    if left == right or _alike(left, right):
        return
    if name in TEXTS_WITHOUT_ORDER and _alike(_sorted(left), _sorted(right)):
        return
    yield f"{path} = {_short(left)} became {_short(right)}"


def _plain(text: str) -> str:
    text = _HOST.sub("HOST/", _TIME.sub("TIME", text.strip()))
    return _FILE.sub(r"\1FILE", text.replace("HOST/data", "HOST//data").replace("//data", "/data"))


def _sorted(text: str) -> str:
    return ",".join(sorted(text.strip("[]").split(",")))


def _alike(left: str, right: str) -> bool:
    """Whether two texts are the same numbers, one or several."""
    numbers = [re.split(r"[,\[\]]+", text.strip("[]")) for text in (left, right)]
    if len(numbers[0]) != len(numbers[1]):
        return False
    try:
        pairs = [(float(a), float(b)) for a, b in zip(*numbers, strict=True)]
    except ValueError:
        return False
    return all(math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9) for a, b in pairs)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 160 else text[:157] + "..."
