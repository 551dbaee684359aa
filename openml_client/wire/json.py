"""The JSON variant of the protocol: the same trees, spelt as the server spells them.

Most documents are converted from XML: the prefix goes, attributes become keys, text beside
attributes becomes ``value``, a repeated element becomes a list but a single one does not, an
empty element becomes ``[]``, all values are strings, and texts lose the space around them.  Lists
are written by hand on the server: numbers are numbers there, and a list is always a list.
Source: protocol note, section 1.4; the transcript ``run_upload_err_202_json``.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from openml_client.errors import ProtocolError
from openml_client.wire.codec import (
    Document,
    Field,
    InJson,
    Pairs,
    Record,
    Rows,
    decode,
    encode,
    exact_keys,
)
from openml_client.wire.scalars import Scalar
from openml_client.wire.xml import MAX_BYTES, first_line


def parse(body: bytes, *, source: str) -> tuple[str, Any]:
    """Name of the root and its tree.

    Raises
    ------
    ProtocolError
        If the body is no JSON object with one key, or too large.
    """
    if len(body) > MAX_BYTES:
        raise ProtocolError(
            f"{source}: the document has {len(body)} bytes; the limit is {MAX_BYTES}"
        )
    try:
        tree = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(
            f"{source}: not JSON ({error}); it begins with {first_line(body)!r}",
            hint="A proxy or a captive portal may have answered instead of the server.",
        ) from error
    if not isinstance(tree, dict) or len(tree) != 1:
        raise ProtocolError(f"{source}: expected an object with one key, got {first_line(body)!r}")
    return next(iter(tree.items()))


def read(document: Document, body: bytes, *, source: str) -> Any:
    """Make the model of a JSON document.

    Raises
    ------
    ProtocolError
        If the body is not this document.
    """
    root, tree = parse(body, source=source)
    if root != document.root:
        raise ProtocolError(f"{source}: expected the key {document.root!r}, got {root!r}")
    return decode(document, tree, source=source)


def write(document: Document, value: Any) -> bytes:
    """Write the JSON document of a model, as the server would."""
    if isinstance(document, Rows) and document.hand_made_json:
        rows = [_hand_made(document.record, row) for row in value]
        content: Any = {document.key: rows}
    elif isinstance(document, Record) and document.hand_made_json:
        content = _hand_made(document, value)
    else:
        content = _converted(encode(document, value), document.root, exact_keys(document))
    text = json.dumps({document.root: content}, separators=(",", ":"), ensure_ascii=True)
    return text.replace("/", "\\/").encode()


_SPACE = " \t\n\r\v\0"
"""What the converter cuts off the ends of texts."""


def _converted(tree: Any, name: str, exact: Collection[str]) -> Any:
    """Turn the XML tree of an element into JSON by the server's converter's rules.

    Texts of the elements in ``exact`` keep the space around them all the same: that server has
    lost it before.
    """
    if not tree and not isinstance(tree, str):
        return []
    if isinstance(tree, dict):
        there = ((key, value) for key, value in tree.items() if _is_there(key, value))
        return dict(_member(key, value, exact) for key, value in there)
    if isinstance(tree, list):
        items = [_converted(item, name, exact) for item in tree]
        return items[0] if len(items) == 1 else items
    return (tree if name in exact else tree.strip(_SPACE)) or []


def _is_there(key: str, value: Any) -> bool:
    return key != "#text" or bool(value.strip(_SPACE))


def _member(key: str, value: Any, exact: Collection[str]) -> tuple[str, Any]:
    """Key and value of an attribute, of the text beside attributes, or of an element."""
    if key.startswith("@"):
        return key[1:], value
    return "value" if key == "#text" else key, _converted(value, key, exact)


def _hand_made(record: Record, row: Any) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for field in record.fields:
        if field.in_json is InJson.NEVER:
            continue
        value = getattr(row, field.attribute)
        key = field.key.split("/")[0]
        if isinstance(field.kind, Pairs):
            pairs = value.items()
            if pairs or field.in_json is InJson.ALWAYS:
                out[key] = [{"name": k, "value": field.kind.value.write(v)} for k, v in pairs]
        elif isinstance(field.kind, Record):
            items = [_hand_made(field.kind, item) for item in (value if field.many else (value,))]
            if items:
                out[key] = items if field.many else items[0]
        elif value is not None:
            out[key] = _hand_made_scalar(field, field.kind, value)
        elif field.always or field.in_json is InJson.ALWAYS:
            out[key] = ""
    return out


def _hand_made_scalar(field: Field, kind: Scalar, value: Any) -> Any:
    if field.many:
        return [kind.write(item) for item in value]
    if kind.is_number:
        # A whole number without a point, if that is how the kind writes it.
        is_whole = isinstance(value, float) and kind.write(value).lstrip("-").isdecimal()
        return int(value) if is_whole else value
    if kind.is_list and not isinstance(value, str):
        return json.loads(kind.write(value))
    return kind.write(value)
