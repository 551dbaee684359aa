"""What differs between a recorded answer and ours, as a client could see it.

Compared are the status, the kind of content and its charset, whether a browser keeps the content,
and the content: of documents what stands before the root, names and order of elements, attributes
and texts.  Left alone is what can't be the same: hosts, times, the ids of files, white space
inside documents, and the last digits of what an engine computed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from email.message import Message

from werkzeug.test import TestResponse

from . import documents
from .transcripts import Exchange, Response

_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ])\d\d:\d\d:\d\d")
_HOST = re.compile(r"https?://(127\.0\.0\.1|localhost)(:\d+)?/+")
_FILE = re.compile(r"(/data/(?:v1/)?download/)\d+")
_BEFORE_ROOT = re.compile(rb"\s*(<\?xml[^>]*>\s*)?")

FILE_IDS = frozenset({"file_id"})
"""Elements that hold the id of a file: other uploads came between."""

TEXTS_WITHOUT_ORDER = frozenset({"values"})
"""Values per fold stand in the order in which the real server's database gave them."""

TOLERANCE = 1e-9
"""Of computed numbers, relative and absolute: sums in another order differ in the last digits."""


def differences(exchange: Exchange, answer: TestResponse) -> list[str]:
    """Sentences that say what differs; none if a client would see the same."""
    theirs = exchange.response
    if answer.status_code != theirs.status:
        return [f"status {theirs.status} became {answer.status_code}: {answer.data[:300]!r}"]
    return [*_headers(theirs.headers, answer), *_bodies(theirs, answer.data)]


def _headers(theirs: Message, answer: TestResponse) -> Iterator[str]:
    for name in ("Content-Type", "Location", "Content-Disposition"):
        left, right = theirs.get(name), answer.headers.get(name)
        if _header(left) != _header(right):
            yield f"{name} {left} became {right}"


def _header(value: str | None) -> str | None:
    """A header without what means nothing in it: case, blanks and quotation marks."""
    return None if value is None else re.sub(r'[ "]', "", value).lower()


def _bodies(theirs: Response, ours: bytes) -> Iterator[str]:
    body = theirs.body
    if theirs.headers.get_content_type() == "text/html" and b"<html" in body:
        if b"<html" not in ours:
            yield f"the page became {ours[:80]!r}"
        return  # what stands in pages is for people
    if b"<xs:schema" in body:
        return  # `test_schemas` compares what they state
    if documents.is_json(body) or body.lstrip().startswith((b"<oml:", b"<?xml")):
        if ours.lstrip()[:1] != body.lstrip()[:1]:
            yield f"the document became {ours[:80]!r}"
            return
        left, right = _before_root(body), _before_root(ours)
        if left != right:
            yield f"{left!r} before the document became {right!r}"
        yield from documents.differences(body, ours, same=_same)
    elif body != ours:
        yield f"the content differs: {body[:80]!r} became {ours[:80]!r}"


def _before_root(body: bytes) -> bytes:
    found = _BEFORE_ROOT.match(body)
    return found[0] if found else b""


def _same(name: str, theirs: str, ours: str) -> bool:
    if name in FILE_IDS:
        return theirs.isdecimal() and ours.isdecimal()
    left, right = _plain(theirs), _plain(ours)
    return left == right or _alike(left, right, in_order=name not in TEXTS_WITHOUT_ORDER)


def _plain(text: str) -> str:
    text = _HOST.sub("HOST/", _TIME.sub(r"TIME\1", text))
    return _FILE.sub(r"\1FILE", text.replace("HOST/data", "HOST//data").replace("//data", "/data"))


def _alike(left: str, right: str, *, in_order: bool) -> bool:
    """Whether two texts are numbers, one or several, that differ in their last digits alone.

    A number that is spelt in another way is another one: ``150`` is not ``150.0``.
    """
    sides = [text.strip("[]").split(",") for text in (left, right)]
    try:
        ordered = sides if in_order else [sorted(side, key=float) for side in sides]
        pairs = [(a, b, float(a), float(b)) for a, b in zip(*ordered, strict=True)]
    except ValueError:
        return False
    return all(
        a == b or (x != y and math.isclose(x, y, rel_tol=TOLERANCE, abs_tol=TOLERANCE))
        for a, b, x, y in pairs
    )
