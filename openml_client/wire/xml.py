"""XML documents: bytes to trees and back, with a guard against hostile ones."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from xml.parsers import expat

import xmltodict

from openml_client.errors import ProtocolError
from openml_client.wire.codec import Document, Record, decode, encode, exact_keys
from openml_client.wire.scalars import NOT_XML

NAMESPACE = "http://openml.org/openml"

MAX_BYTES = 64 * 1024 * 1024
"""Decoded size of a document of metadata.  Source: reliability battery, row 12."""

MAX_DEPTH = 300
"""Elements inside elements; a flow of a hundred components within each other has 200."""

NO_DOCTYPE = "the document has a DOCTYPE, which the protocol does not allow"


class _GuardedExpat:
    """What ``xmltodict`` takes for the expat module: its parsers refuse a DOCTYPE.

    Without a DOCTYPE there are no entities to expand and nothing outside to fetch.
    """

    ExpatError = expat.ExpatError

    @staticmethod
    def ParserCreate(encoding: str | None = None, separator: str | None = None) -> Any:  # noqa: N802
        parser = expat.ParserCreate(encoding, separator)
        parser.StartDoctypeDeclHandler = refuse_doctype
        return parser


ILL_FORMED = (expat.ExpatError, LookupError, ValueError)
"""What expat raises for text that is no XML, and for encodings that it does not know."""


def refuse_doctype(*_: object) -> None:
    """The handler of parsers for a DOCTYPE.

    Raises
    ------
    ProtocolError
        Always.
    """
    raise ProtocolError(NO_DOCTYPE)


def parse(body: bytes, *, source: str, exact: Collection[str] = ()) -> tuple[str, Any]:
    """Name of the root element and its tree, without prefixes and the space around texts.

    Parameters
    ----------
    exact
        Names of the elements whose texts keep that space.

    Raises
    ------
    ProtocolError
        If the body is no XML of the OpenML namespace, too large, too deep or has a DOCTYPE.
    """
    _check_size(body, source)
    body = body.rstrip(b"\0")  # other clients' caches hold documents that end in NUL bytes
    if body.count(b"<") > 2 * MAX_DEPTH:  # fewer tags can't nest that deep, and most have fewer
        _check_nesting(body, source)
    try:
        tree = xmltodict.parse(
            body,
            process_namespaces=True,
            namespaces={NAMESPACE: None},
            expat=_GuardedExpat,
            strip_whitespace=False,
        )
    except ILL_FORMED as error:
        raise ProtocolError(
            f"{source}: not well-formed XML ({error}); it begins with {first_line(body)!r}",
            hint="A proxy or a captive portal may have answered instead of the server.",
        ) from error
    root, content = next(iter(tree.items()))
    if ":" in root:
        raise ProtocolError(
            f"{source}: the root element {root!r} is not of the namespace {NAMESPACE}"
        )
    return root, _tidied(content, root, exact)


def guard(body: bytes, *, source: str) -> None:
    """Refuse what no other parser should be given: a DOCTYPE, and what is too large or too deep.

    Raises
    ------
    ProtocolError
        If the body is one of these; well-formed it need not be.
    """
    _check_size(body, source)
    _check_nesting(body, source)


def _check_size(body: bytes, source: str) -> None:
    if len(body) > MAX_BYTES:
        raise ProtocolError(
            f"{source}: the document has {len(body)} bytes; the limit is {MAX_BYTES}"
        )


def _check_nesting(body: bytes, source: str) -> None:
    """Refuse a DOCTYPE, and deep nesting before a tree is built of it."""
    depth = 0

    def enter(*_: object) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise ProtocolError(f"{source}: elements nest deeper than {MAX_DEPTH}")

    def leave(*_: object) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse_doctype
    parser.StartElementHandler = enter
    parser.EndElementHandler = leave
    try:
        parser.Parse(body, True)
    except ILL_FORMED:
        return  # said better by the parse that follows


def _tidied(tree: Any, key: str, exact: Collection[str]) -> Any:
    """Drop the ``@xmlns`` entries that nested flows carry, and the space around texts."""
    if isinstance(tree, dict):
        content = {}
        for name, value in tree.items():
            if name.startswith("@"):
                if name != "@xmlns":
                    content[name] = value
                continue
            inner = _tidied(value, key if name == "#text" else name, exact)
            if name != "#text" or inner is not None:
                content[name] = inner
        if set(content) == {"#text"}:
            return content["#text"]
        return content or None
    if isinstance(tree, list):
        return [_tidied(item, key, exact) for item in tree]
    return tree if tree is None or key in exact else tree.strip() or None


def first_line(body: bytes) -> str:
    """Show how a body begins, for messages: its first line that is not empty, at most 120 long."""
    text = body[:2000].decode("utf-8", errors="replace")
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= 120 else line[:117] + "..."


def read(document: Document, body: bytes, *, source: str) -> Any:
    """Make the model of an XML document.

    Raises
    ------
    ProtocolError
        If the body is not this document.
    """
    if isinstance(document, Record) and document.mend is not None:
        body = document.mend(body)
    root, tree = parse(body, source=source, exact=exact_keys(document))
    if root != document.root:
        raise ProtocolError(
            f"{source}: expected the root element {document.root!r}, got {root!r}; "
            f"the document begins with {first_line(body)!r}"
        )
    return decode(document, tree, source=source)


def write(document: Document, value: Any) -> bytes:
    """Write the XML document of a model, in UTF-8."""
    tree = _prefixed(encode(document, value))
    tree = {f"@xmlns:{PREFIX}": NAMESPACE, **tree} if isinstance(tree, dict) else tree
    text = xmltodict.unparse(
        {f"{PREFIX}:{document.root}": tree}, full_document=False, pretty=True, indent="  "
    )
    # Parsers read a bare carriage return as a line feed.
    text = text.replace("\r", "&#13;")
    before = document.before_root if isinstance(document, Record) else ""
    return (before + NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)).encode()


PREFIX = "oml"


def _prefixed(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {
            key if key[0] in "@#" else f"{PREFIX}:{key}": _prefixed(value)
            for key, value in tree.items()
        }
    if isinstance(tree, list):
        return [_prefixed(item) for item in tree]
    return tree
