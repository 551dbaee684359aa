"""What is wrong with an uploaded document by its schema, in the real server's words.

The real server validates with libxml2, and so does this one: users and clients know its messages.
Source: the transcripts ``*_err_131_*``, ``*_err_163_*``, ``*_err_202*``, ``*_err_613_xsd``.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from openml_client.wire.codec import Document
from openml_client.wire.xml import NO_DOCTYPE
from openml_client.wire.xsd import schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml import etree

_SUMMARY = "XML does not correspond to XSD schema. "
_NO_DOCUMENT = "Error The document has no document element.\n on line -1 column 0. "
"""What libxml2 says of the empty document that a text that is no XML becomes."""

_MAX_FAULTS = 20
"""How many are told; the real server tells all, and a document may have millions."""

_CHUNK = 1024
"""Bytes between two counts of the faults."""

_SAFE = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}


class _Compiled(threading.local):
    """The schemas that this thread has compiled; a compiled one has a single list of faults."""

    def __init__(self) -> None:
        self.schemas: dict[int, tuple[Document, etree.XMLSchema]] = {}
        """By the identity of the document, which is kept so that no other gets it: documents of
        flows hold themselves, and have no hash."""


_compiled = _Compiled()


def complaint(document: Document, body: bytes) -> str | None:
    """Say what is wrong with the bytes of an upload, or None.

    Nothing is fetched for them, and no entity is resolved; what is too large or too deep is the
    affair of `openml_client.wire.xml.guard`.
    """
    compiled = _schema(document)
    end = _end_of_faults(compiled, body)
    if end is None:
        return None
    return _told(compiled, body[:end], is_cut=end < len(body))


def _end_of_faults(compiled: etree.XMLSchema, body: bytes) -> int | None:
    """Find where enough faults are to be told, or None if there is none in all the body.

    Faults that are found while a document is read have no line; but to find one in a tree takes
    as long as its element has siblings, which must not be done for millions.
    """
    from lxml import etree

    parser = etree.XMLParser(schema=compiled, **_SAFE)
    try:
        for start in range(0, len(body), _CHUNK):
            parser.feed(body[start : start + _CHUNK])
            if len(parser.feed_error_log) >= _MAX_FAULTS:
                return start + _CHUNK
        root: Any = parser.close()
    except etree.XMLSyntaxError:
        return len(body)
    if root is None:
        return len(body)  # too short for the parser to have begun
    return None if root.getroottree().docinfo.internalDTD is None else len(body)


def _told(compiled: etree.XMLSchema, body: bytes, *, is_cut: bool) -> str | None:
    """List the faults of a body, or of the beginning of one that is cut behind enough of them."""
    from lxml import etree

    parser = etree.XMLParser(recover=is_cut, **_SAFE)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        faults = list(_first(parser.error_log))
        told = "".join(f"{fault.message}\n. " for fault in faults)
        return told + _SUMMARY + _listed(faults) + _NO_DOCUMENT
    if root.getroottree().docinfo.internalDTD is not None:
        return NO_DOCTYPE  # in an encoding that the guard can't read
    if compiled.validate(root):
        return None
    return _SUMMARY + _listed(_first(compiled.error_log))


def _schema(document: Document) -> etree.XMLSchema:
    # Only uploads need it, and a client in the same process may make none.
    from lxml import etree

    if id(document) not in _compiled.schemas:
        compiled = etree.XMLSchema(etree.XML(schema(document)))
        _compiled.schemas[id(document)] = (document, compiled)
    return _compiled.schemas[id(document)][1]


def _first(log: Iterable[Any]) -> Iterator[Any]:
    for _, fault in zip(range(_MAX_FAULTS), log, strict=False):
        yield fault


def _listed(faults: Iterable[Any]) -> str:
    return "".join(
        f"Error {fault.message}\n on line {fault.line} column {fault.column}. " for fault in faults
    )
