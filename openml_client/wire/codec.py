"""Records: how a model and a document map to each other, one table for both directions.

A document is a tree as ``xmltodict`` makes it: a dict per element, ``@name`` for an attribute,
``#text`` for text beside attributes, a list where an element is repeated, None where one is
empty.  The server's JSON drops those two marks, so decoding takes both spellings, and a single
element and a list of one decode alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

from openml_client.errors import ProtocolError
from openml_client.wire.scalars import TEXT, Scalar

Tree = dict[str, Any]

MAX_DEPTH = 100
"""Flows nest; no real one comes near this."""


class InJson(Enum):
    """Whether the JSON that the server writes by hand has a field.

    Source: protocol note, section 1.4, and the transcripts of lists in JSON.
    """

    AS_IN_XML = "where XML has it"
    ALWAYS = "also where it is absent in XML, as an empty text or list"
    NEVER = "not even where XML has it"


@dataclass(frozen=True)
class Field:
    """One field of a model and its place in the document."""

    attribute: str
    """Name in the model."""
    key: str
    """Name of the element or attribute; ``outer/inner`` for an element inside a wrapper."""
    kind: Scalar | Record | Pairs
    many: bool = False
    """Whether the element may be repeated; the model holds a tuple."""
    required: bool = False
    """Whether it must be there; of repeated elements that an upload must have one."""
    is_attribute: bool = False
    is_text: bool = False
    """Whether it is the text of the element itself."""
    keep_empty: bool = False
    """Whether an empty element means the empty text, not an absent value."""
    always: bool = False
    """Whether an empty element is written where the model has None, or an empty tuple."""
    in_json: InJson = InJson.AS_IN_XML
    """Whether hand-made JSON has it."""
    is_exact: bool = False
    """Whether the space around the text belongs to it, as in names that a data file declares."""


@dataclass(frozen=True)
class Pairs:
    """Repeated elements with a name attribute that become one mapping.

    Text of the element is the value: ``<quality name="NumberOfClasses">3</quality>``.
    """

    value: Scalar
    keep_empty: bool = False
    """Whether an empty value stands in the mapping as None."""
    name: Scalar = TEXT
    """What a name of an uploaded pair is."""


@dataclass(frozen=True)
class Passed:
    """An element that an upload may have at this place, and that is passed over.

    Servers add it to what they hand out, and take back what they handed out.
    """

    key: str
    """As that of a `Field`."""
    kind: Scalar | Record | tuple[Passed, ...]
    """A tuple lists the elements inside it."""
    many: bool = False
    required: bool = False


@dataclass(frozen=True)
class Record:
    """A model class and its document."""

    model: type[Any]
    root: str
    """Name of the document's root element, where it stands alone."""
    content: tuple[Field | Passed, ...]
    """In the order of the document."""
    before_root: str = ""
    """What the server sends before the root: flows begin with an empty line."""
    hand_made_json: bool = False
    """As of `Rows`."""
    mend: Callable[[bytes], bytes] | None = None
    """Makes XML of what the server sends, where that is ill-formed."""

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """What the model has of the content."""
        return tuple(item for item in self.content if isinstance(item, Field))


@dataclass(frozen=True)
class Rows:
    """A document that is a list: a root with one repeated element."""

    root: str
    key: str
    record: Record
    hand_made_json: bool = False
    """Whether the server writes the JSON of this list by hand: numbers as numbers, always a
    list, names and values as pairs.  Source: protocol note, section 1.4."""


@dataclass(frozen=True)
class Adapted:
    """A document whose model is made from another one, where the shapes differ too much."""

    record: Record
    to_model: Callable[[Any], Any]
    from_model: Callable[[Any], Any]

    @property
    def root(self) -> str:
        """Name of the document's root element."""
        return self.record.root


Document = Record | Rows | Adapted


def decode(document: Document, tree: Any, *, source: str) -> Any:
    """Make the model of a tree; a tuple of models for `Rows`.

    ``source`` says where the tree came from, for messages: ``data/list`` or ``the upload``.

    Raises
    ------
    ProtocolError
        With the path of the element that does not fit.
    """
    if isinstance(document, Rows):
        content = tree or {}
        if not isinstance(content, dict):
            raise ProtocolError(f"{source}: /{document.root} holds {short(tree)}, not elements")
        rows = _children(content, document.key)
        return tuple(
            _decode_record(document.record, row, f"/{document.root}/{document.key}[{n}]", source, 1)
            for n, row in enumerate(rows, start=1)
        )
    if isinstance(document, Adapted):
        return document.to_model(decode(document.record, tree, source=source))
    return _decode_record(document, tree, f"/{document.root}", source, 0)


def exact_keys(document: Document) -> frozenset[str]:
    """Names of the elements whose texts keep the space around them."""
    record = document if isinstance(document, Record) else document.record
    found: set[str] = set()
    seen: dict[int, Record] = {}  # flows hold flows
    waiting = [record]
    while waiting:
        record = waiting.pop()
        if id(record) in seen:
            continue
        seen[id(record)] = record
        found |= {field.key.rpartition("/")[2] for field in record.fields if field.is_exact}
        waiting += [field.kind for field in record.fields if isinstance(field.kind, Record)]
    return frozenset(found)


def encode(document: Document, value: Any) -> Tree:
    """Make the tree of a model, in the order of the record's fields."""
    if isinstance(document, Rows):
        return {document.key: [_encode_record(document.record, row) for row in value]}
    if isinstance(document, Adapted):
        return encode(document.record, document.from_model(value))
    return _encode_record(document, value)


def _children(tree: Mapping[str, Any], key: str) -> list[Any]:
    """List the elements of this name; an absent one and JSON's ``[]`` give none."""
    if key not in tree:
        return []
    value = tree[key]
    return value if isinstance(value, list) else [value]


def _decode_record(record: Record, tree: Any, path: str, source: str, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise ProtocolError(f"{source}: {path[:200]}… nests deeper than {MAX_DEPTH} elements")
    if tree is None or tree == []:
        tree = {}
    if isinstance(tree, str):
        tree = {"#text": tree}
    if not isinstance(tree, dict):
        raise ProtocolError(f"{source}: {path} holds {short(tree)}, not an element")
    values: dict[str, Any] = {}
    for field in record.fields:
        value = _decode_field(field, tree, path, source, depth)
        if value is not None:
            values[field.attribute] = value
        elif field.required:
            raise ProtocolError(
                f"{source}: {path} lacks {field.key!r}",
                hint="The document does not follow the protocol; report it to whoever made it.",
            )
    return record.model(**values)


def _decode_field(field: Field, tree: Tree, path: str, source: str, depth: int) -> Any:
    *wrappers, key = field.key.split("/")
    for wrapper in wrappers:
        inner = tree.get(wrapper) or {}
        # Hand-made JSON gives the list itself where XML has a wrapper around it.
        tree = {key: inner} if isinstance(inner, list) else inner
        path = f"{path}/{wrapper}"
        if not isinstance(tree, dict):
            raise ProtocolError(f"{source}: {path} holds {short(tree)}, not an element")
    if field.is_attribute:
        found = _present(tree, f"@{key}", key)
    elif field.is_text:
        found = _present(tree, "#text", "value")
    elif isinstance(field.kind, Scalar) and field.kind.is_list:
        found = _present(tree, key)
    else:
        found = _children(tree, key)
        is_one = not field.many and not isinstance(field.kind, Pairs)
        if not found and key in tree and is_one:
            found = [None]  # JSON's spelling of an empty element
    if isinstance(field.kind, Pairs):
        return _decode_pairs(field.kind, found, f"{path}/{key}", source)
    decoded = [
        _decode_one(field, item, f"{path}/{key}" + (f"[{n}]" if field.many else ""), source, depth)
        for n, item in enumerate(found, start=1)
    ]
    kept = [item for item in decoded if item is not None]
    if field.many:
        return tuple(kept)
    if len(found) > 1:
        raise ProtocolError(f"{source}: {path}/{key} stands {len(found)} times instead of once")
    return kept[0] if kept else None


def _present(tree: Tree, *spellings: str) -> list[Any]:
    return next(([tree[name]] for name in spellings if name in tree), [])


def _decode_one(field: Field, item: Any, path: str, source: str, depth: int) -> Any:
    if isinstance(field.kind, Record):
        return _decode_record(field.kind, item, path, source, depth + 1)
    assert isinstance(field.kind, Scalar)  # noqa: S101  (Pairs are decoded by the caller)
    if item is None or item in ([], ""):
        return "" if field.keep_empty else None
    return decode_scalar(field.kind, item, path, source)


def decode_scalar(kind: Scalar, item: Any, path: str, source: str) -> Any:
    """Make the value of one text.

    Raises
    ------
    ProtocolError
        If the text is no value of this kind, or breaks the limits of an uploaded text.
    """
    if isinstance(item, dict) and set(item) <= {"#text", "@xmlns"}:
        item = item.get("#text", "")
    if isinstance(item, bool):
        item = "true" if item else "false"
    if isinstance(item, list | dict) and not kind.is_list:
        raise ProtocolError(f"{source}: {path} holds {short(item)}, not a {kind.name}")
    text = item if isinstance(item, str) else _json_text(item)
    complaint = kind.complaint(text)
    if complaint:
        raise ProtocolError(f"{source}: {path} = {short(text)} {complaint}")
    try:
        return kind.parse(text)
    except (ValueError, TypeError) as error:
        raise ProtocolError(
            f"{source}: {path} = {short(text)}, which is no {kind.name}",
            hint="The document does not follow the protocol; report it to whoever made it.",
        ) from error


def _json_text(item: Any) -> str:
    if isinstance(item, list | dict):
        import json

        return json.dumps(item, separators=(",", ":"))
    return str(item)


def _decode_pairs(kind: Pairs, found: list[Any], path: str, source: str) -> dict[str, Any]:
    pairs: dict[str, Any] = {}
    for n, item in enumerate(found, start=1):
        if not isinstance(item, dict):
            raise ProtocolError(f"{source}: {path}[{n}] = {short(item)} has no name")
        name = _present(item, "@name", "name")
        if not name:
            raise ProtocolError(f"{source}: {path}[{n}] has no name")
        text = (_present(item, "#text", "value") or [None])[0]
        if text is None or text in ([], ""):
            if kind.keep_empty:
                pairs[str(name[0])] = None
            continue
        pairs[str(name[0])] = decode_scalar(kind.value, text, f"{path}[{n}]", source)
    return pairs


def short(item: Any) -> str:
    """Show a value in messages, at most 80 characters of it."""
    text = repr(item)
    return text if len(text) <= 80 else text[:77] + "..."


def _encode_record(record: Record, value: Any) -> Tree:
    tree: Tree = {}
    for field in record.fields:
        content = list(_encode_field(field, getattr(value, field.attribute)))
        if not content:
            continue
        target = tree
        *wrappers, key = field.key.split("/")
        for wrapper in wrappers:
            target = target.setdefault(wrapper, {})
        name = f"@{key}" if field.is_attribute else "#text" if field.is_text else key
        single = not field.many and not isinstance(field.kind, Pairs)
        target[name] = content[0] if single else content
    return tree


def _encode_field(field: Field, value: Any) -> Iterator[Any]:
    if isinstance(field.kind, Pairs):
        for name, item in value.items():
            pair = {"@name": name}
            if item is not None:
                pair["#text"] = field.kind.value.write(item)
            yield pair
        return
    for item in (value or (None,)) if field.many else (value,):
        if item is None:
            if field.always:
                yield None
        elif isinstance(field.kind, Record):
            yield _encode_record(field.kind, item)
        else:
            text = field.kind.write(item) or None
            if text is not None or not _empty_is_absent(field):
                yield text


def _empty_is_absent(field: Field) -> bool:
    """Whether the empty text is not worth an element, as it is read as an absent value."""
    return not (field.keep_empty or field.required or field.always or field.many)
