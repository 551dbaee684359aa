"""The header of an ARFF file: the relation and its attributes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from openml_client.errors import ArffError
from openml_client.formats.arff import Attribute, Kind
from openml_client.formats.arff_dates import DateFormat
from openml_client.formats.arff_text import QUOTED, unquote

SHOWN = 60
"""Characters of a bad line that an error shows."""

_KINDS: dict[str, Kind] = {
    "numeric": "numeric",
    "integer": "integer",
    "real": "real",
    "binary": "numeric",
    "string": "string",
    "date": "date",
    "relational": "relational",
}
_DECLARATION = re.compile(r"@(?P<word>\w+)\s*(?P<rest>.*)", re.DOTALL)
_PLAIN = re.compile(
    r"[ \t]*@attribute[ \t]+([^\s{'\"%]+)[ \t]+(numeric|real|integer|string)[ \t]*\n", re.IGNORECASE
)
_PLAIN_LINES = re.compile(f"(?:{_PLAIN.pattern})++", re.IGNORECASE)
"""Most declarations, told apart at once: some files have a hundred thousand."""
_NAME = re.compile(r"[^\s{]+")
_RANGE = re.compile(r"\[[^\]]*\]\s*")
"""Of a numeric attribute, in old files.  Source: ARFF manual, "Attribute weights and ranges"."""
_OPEN_QUOTE = "missing trailing quote in string"
_LABEL_END = re.compile("[,}]")


@dataclass(frozen=True)
class Header:
    """What stands before the data."""

    relation: str
    attributes: tuple[Attribute, ...]
    next_line: int
    """Number of the first line of the data."""


def parse_header(text: str, *, is_strict: bool = False) -> Header:
    """The header of a file, to the line that begins the data; only line feeds end lines.

    ``is_strict`` refuses comments behind declarations, as the server's upload check does.

    Raises
    ------
    ArffError
        With the line that breaks the format.
    """
    relation: str | None = None
    attributes: dict[str, Attribute] = {}
    number, start = 0, 0
    while start < len(text):
        n_plain, stop = _take_plain(text, start, number + 1, attributes)
        if n_plain:
            number, start = number + n_plain, stop
            continue
        number += 1
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        content, start = text[start:end].strip(), end + 1
        if not content or content.startswith("%"):
            continue
        word, rest = _declaration(content, number)
        tail = ""
        if word == "relation":
            relation, tail = _name(rest, number, "relation")
            tail = tail if is_strict else ""  # names with blanks and without quotes occur
        elif word == "attribute":
            attribute, tail = _attribute(rest, number)
            if attribute.name in attributes:
                raise _twin(attribute.name, number)
            attributes[attribute.name] = attribute
        elif word == "data":
            tail = rest
        else:
            raise ArffError(
                f"unknown declaration @{word[:SHOWN]}",
                line=number,
                summary=f"unsupported header field: @{word[:SHOWN]}",
            )
        if tail and (is_strict or not tail.startswith("%")):
            raise ArffError(
                f"text after @{word}: {tail[:SHOWN]!r}",
                line=number,
                summary=f"trailing content in @{word} line",
            )
        if word == "data":
            return _header(relation, attributes, number)
    raise ArffError("the file has no @data", line=number or None)


def _take_plain(
    text: str, start: int, line: int, attributes: dict[str, Attribute]
) -> tuple[int, int]:
    """Take the plain declarations from here on, one per line: how many, and where they end."""
    plain = _PLAIN_LINES.match(text, start)
    if plain is None:
        return 0, start
    found = _PLAIN.findall(text, start, plain.end())
    new = {name: Attribute(name, _KINDS[kind.lower()]) for name, kind in found}
    if len(new) < len(found) or not new.keys().isdisjoint(attributes):
        names = set(attributes)
        for number, (name, _) in enumerate(found, start=line):
            if name in names:
                raise _twin(name, number)
            names.add(name)
    attributes |= new
    return len(found), plain.end()


def _twin(name: str, line: int) -> ArffError:
    return ArffError(
        f"a second attribute has the name {name!r}",
        line=line,
        hint="Names of attributes must differ; rename one in the file.",
    )


def _header(relation: str | None, attributes: Mapping[str, Attribute], line: int) -> Header:
    if relation is None:
        raise ArffError("the header has no @relation", line=line)
    if not attributes:
        raise ArffError("the header declares no attribute", line=line)
    return Header(relation, tuple(attributes.values()), line + 1)


def _declaration(content: str, line: int) -> tuple[str, str]:
    """Split a declaration into its word and the rest."""
    match = _DECLARATION.fullmatch(content)
    if match is None:
        raise ArffError(
            f"neither a declaration nor a comment: {content[:SHOWN]!r}",
            line=line,
            summary=f"invalid line in ARFF header: {content[:SHOWN]}",
        )
    return match["word"].lower(), match["rest"]


def _name(text: str, line: int, what: str) -> tuple[str, str]:
    """Split a name, quoted or not, from what follows it."""
    if text[:1] in {"'", '"'}:
        match = QUOTED.match(text)
        if match is None:
            message = f"a quote of the {what} name is not closed"
            raise ArffError(message, line=line, summary=_OPEN_QUOTE)
        return _unquoted(match.group(), line), text[match.end() :].strip()
    match = _NAME.match(text)
    if match is None:
        raise ArffError(f"the {what} has no name", line=line)
    return match.group(), text[match.end() :].strip()


def _unquoted(quoted: str, line: int) -> str:
    try:
        return unquote(quoted)
    except ValueError as error:
        raise ArffError(str(error), line=line) from error


def _attribute(text: str, line: int) -> tuple[Attribute, str]:
    """One attribute, and what follows its declaration."""
    name, declared = _name(text, line, "attribute")
    if declared.startswith("{"):
        labels, tail = _labels(declared, line, name)
        return Attribute(name, "nominal", labels), tail
    word = _NAME.match(declared)
    kind = _KINDS.get(word.group().lower()) if word else None
    if word is None or kind is None:
        raise ArffError(
            f"attribute {name!r} has the unknown type {declared[:40]!r}",
            line=line,
            hint="Types are numeric, real, integer, string, date and {a,b,c}.",
            summary=f"unsupported attribute type: {declared.partition(' ')[0][:40].lower()}",
        )
    tail = declared[word.end() :].strip()
    if kind == "relational":
        raise ArffError(f"attribute {name!r} is relational, which is not supported", line=line)
    if kind == "date":
        return _date(Attribute(name, kind), tail, line)
    return Attribute(name, kind), _RANGE.sub("", tail, count=1) if tail.startswith("[") else tail


def _date(attribute: Attribute, tail: str, line: int) -> tuple[Attribute, str]:
    if not tail or tail.startswith("%"):
        return attribute, tail
    pattern, tail = _name(tail, line, "date format")
    try:
        DateFormat(pattern)
    except ValueError as error:
        raise ArffError(f"attribute {attribute.name!r}: {error}", line=line) from error
    return replace(attribute, date_format=pattern), tail


def _labels(declared: str, line: int, name: str) -> tuple[tuple[str, ...], str]:
    """Values of a nominal attribute, and what follows the closing brace."""
    labels: dict[str, None] = {}
    position = 1
    while position < len(declared):
        character = declared[position]
        if character.isspace() or character == ",":
            position += 1
            continue
        if character == "}":
            return tuple(labels), declared[position + 1 :].strip()
        label, position = _label(declared, position, line, name)
        if label in labels:
            raise ArffError(f"attribute {name!r} declares the value {label!r} twice", line=line)
        labels[label] = None
    raise ArffError(
        f"the values of attribute {name!r} have no closing brace",
        line=line,
        summary="format error in nominal attribute declaration",
    )


def _label(declared: str, start: int, line: int, name: str) -> tuple[str, int]:
    """One value from ``start`` on, and where it ends."""
    if declared[start] in "'\"":
        match = QUOTED.match(declared, start)
        if match is None:
            message = f"a quote in the values of {name!r} is not closed"
            raise ArffError(message, line=line, summary=_OPEN_QUOTE)
        following = declared[match.end() : match.end() + 1]
        if following and not following.isspace() and following not in ",}":
            raise ArffError(f"text after a closing quote in the values of {name!r}", line=line)
        return _unquoted(match.group(), line), match.end()
    end = _LABEL_END.search(declared, start)
    stop = end.start() if end else len(declared)
    return declared[start:stop].strip(), stop
