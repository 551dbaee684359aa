"""Lists by columns: long documents are read as a stream, without a tree or a model per row.

What stands where is told by the `Rows` and `Record` that also decode row by row.  Here only
documents are read that are regular: rows of elements with a text each, which the record knows as
scalars or pairs, and none of the spellings that XML has beyond that.  Whatever else a list may
have, and everything that is wrong with one, is left to `xml.read`; so that both ways give the
same rows, and the same errors.

expat says whether a document is well-formed.  As it calls no function of Python then, that takes
a third of what reading by its events does.  Without comments, CDATA and instructions, and where
``<`` and ``>`` are as many, each of them ends a text or a tag: a document is cut there by
``str.split`` into *tokens*, which are texts and tags by turns.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime
from typing import Any
from xml.parsers import expat

from openml_client.model.columns import ABSENT, Columns, names_of
from openml_client.wire import xml
from openml_client.wire.codec import Document, Field, Pairs, Record, Rows, exact_keys
from openml_client.wire.scalars import FLOAT, FLOATS, INT, NOT_FLOATS, TEXT, TIMESTAMP, Scalar

BLOCK_BYTES = 64 * 1024
"""Cut at once, up to the end of a row: tokens of more than a block and a row are never held.

Larger ones are slower, as their tokens do not stay in the processor's cache.
"""

_ROW_BYTES = 1024 * 1024
"""A longer row is no regular one."""

_MAX_KEYS = 1_000
"""Of pairs.  Each is a column for all rows, and the most that a server has are 107 qualities."""

_FLUSH_ROWS = 2_000
"""Rows whose texts are held until they become values."""

_PREFIX = "oml"
"""Of all names, in what servers write."""

_DECLARATION = re.compile(rb"<\?xml [^<>]*\?>\s*")
_EMPTY = re.compile(rb"<([^<>/ ]+) */>")
_NAME = re.compile(r'name="([^"\t\n]*)"')
_REFERENCE = re.compile("&([^;]*);")
_CHARACTERS = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}

_LIMITS = {
    **dict.fromkeys(("max_length", "min_length", "pattern")),
    **{"choices": (), "ascii_only": False},
}
"""What a scalar says that takes all texts."""


def read(document: Document, body: bytes, *, source: str) -> Any:
    """What `xml.read` gives; of a list whose rows are all regular, as `Columns`.

    Raises
    ------
    ProtocolError
        If the body is not this document.
    """
    if isinstance(document, Rows) and len(body) <= xml.MAX_BYTES:
        plan = _plan_of(document.record)
        if plan is not None:
            columns = _Reader(document, plan).read(body.rstrip(b"\0"))
            if columns is not None:
                return columns
    return xml.read(document, body, source=source)


@dataclass(frozen=True)
class _Plan:
    """How the rows of a record become columns."""

    model: type[Any]
    scalars: dict[str, tuple[Field, ...]]
    """By the tag of the element; old runs hold two kinds of value in one."""
    pairs: dict[str, Field]
    defaults: dict[str, Any]
    """What rows without an element have, by field."""
    outer: frozenset[str]
    """Elements that hold further models; rows that have such are not regular."""
    nested: tuple[str, ...]
    """The fields for them."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """All scalars."""
        return tuple(item for items in self.scalars.values() for item in items)


def _plan_of(record: Record) -> _Plan | None:
    """The plan, or None if rows of this record are more than scalars and pairs."""
    scalars: dict[str, tuple[Field, ...]] = {}
    pairs: dict[str, Field] = {}
    outer: dict[str, str] = {}
    for item in record.fields:
        name = _tag_of(item.key.partition("/")[0])
        if isinstance(item.kind, Record):
            outer[item.attribute] = name
        elif item.is_attribute or item.is_text or "/" in item.key:
            return None
        elif isinstance(item.kind, Pairs):
            pairs[name] = item
        else:
            scalars[name] = (*scalars.get(name, ()), item)
    kinds = [item.kind for items in scalars.values() for item in items]
    kinds += [item.kind.value for item in pairs.values() if isinstance(item.kind, Pairs)]
    if exact_keys(record):
        return None
    is_plain = all(_takes_all(kind) for kind in kinds if isinstance(kind, Scalar))
    keeps_empty = any(getattr(item.kind, "keep_empty", False) for item in pairs.values())
    if not is_plain or keeps_empty or (outer and not hasattr(record.model, "as_row")):
        return None
    defaults = {
        item.name: None if item.default is MISSING else item.default
        for item in fields(record.model)
    }
    defaults |= {item.attribute: () for items in scalars.values() for item in items if item.many}
    return _Plan(record.model, scalars, pairs, defaults, frozenset(outer.values()), tuple(outer))


def _takes_all(kind: Scalar) -> bool:
    return all(getattr(kind, name) == value for name, value in _LIMITS.items())


def _tag_of(key: str) -> str:
    """The tag of an element of the protocol, as servers write it."""
    return f"{_PREFIX}:{key}"


@dataclass
class _Shape:
    """Rows with the same elements in the same order."""

    scalars: list[tuple[Field, list[int]]]
    """Fields, and the positions of their elements."""
    pairs: list[tuple[Field, str, int]]
    """Fields, keys and positions."""
    texts: list[Sequence[str]] = field(default_factory=list)
    """Rows that are to become values."""
    places: list[int] = field(default_factory=list)
    """Numbers of these rows."""


_Tags = tuple[str, ...]
"""Of the elements of a row: start and end by turns."""


class _Reader:
    """Reads one document."""

    def __init__(self, document: Rows, plan: _Plan) -> None:
        self._plan = plan
        self._root = _tag_of(document.root)
        self._row = _tag_of(document.key)
        self._shapes: dict[tuple[_Tags, tuple[int, ...]], _Shape | None] = {}
        """By the tags, and the positions of empty texts: a pair without a value is none."""
        self._values: dict[str, list[Any]] = {item.attribute: [] for item in plan.fields}
        mappings = {item.attribute for item in plan.pairs.values()}
        self._pairs: dict[str, dict[str, list[Any]]] = {
            item.name: {} for item in fields(plan.model) if item.name in mappings
        }
        self._first: dict[str, list[str]] | None = None
        """Keys of the first row by field."""
        self._keys: dict[str, str] = {}
        """Keys of all rows, in their order, and the fields that they are of."""
        self._n_rows = 0
        self._n_flushed = 0

    def read(self, body: bytes) -> Columns[Any] | None:
        """The columns, or None if this is no list of regular rows."""
        try:
            if not all(map(self._take_rows, self._blocks(body))):
                return None
        except xml.ILL_FORMED:
            return None
        if not self._n_rows or not self._flush():
            return None
        plan = self._plan
        names = names_of(plan.model, self._first or {}, self._keys, nested=plan.nested)
        return Columns(plan.model, self._values, self._pairs, names)

    def _blocks(self, body: bytes) -> Iterator[list[str]]:
        """Tokens of rows, block by block, without what is around all rows.

        Raises
        ------
        ValueError
            If the document is not regular, as of `xml.ILL_FORMED` if it is not well-formed.
        """
        declaration = _DECLARATION.match(body)
        start = declaration.end() if declaration else 0
        root = f'<{self._root} xmlns:{_PREFIX}="{xml.NAMESPACE}">'.encode()
        row_end = f"</{self._row}>".encode()
        if not body.startswith(root, start):
            raise ValueError("another document")
        # As xmltodict has it: the protocol is in UTF-8, whatever a document says.
        parser = expat.ParserCreate("utf-8", " ")
        position = start + len(root)
        parser.Parse(body[:position], False)
        while True:
            found = body.find(row_end, position + BLOCK_BYTES)
            found = found if found != -1 else body.rfind(row_end, position)
            if found == -1:
                break
            end = found + len(row_end)
            block = body[position:end]
            parser.Parse(block, False)
            if end - position > BLOCK_BYTES + _ROW_BYTES or not _is_cut_at_tags(block):
                raise ValueError("a long row, or markup other than tags")
            if b"\r" in block:  # which XML reads as other ends of lines
                block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            if b"/>" in block:
                block = _EMPTY.sub(rb"<\1></\1>", block)
            tokens = block.decode().replace(">", "<").split("<")
            if b"&" in block:
                tokens[::2] = [_unescaped(text) for text in tokens[::2]]
            yield tokens
            position = end
        parser.Parse(body[position:], True)
        if body[position:].strip() != f"</{self._root}>".encode():
            raise ValueError("something behind the rows")

    def _take_rows(self, tokens: list[str]) -> bool:
        """Take rows out of the tokens; False if one is not regular."""
        row, shapes, position = self._row, self._shapes, 1
        row_end, n_tokens = f"/{row}", len(tokens)
        while position < n_tokens:
            # Servers write `<oml:quality  >`.
            is_row = tokens[position] == row or tokens[position].rstrip(" ") == row
            if not is_row or not _is_space(tokens[position - 1]):
                return False
            # A space, and then four tokens for each element: start, text, end and space.
            end = tokens.index(row_end, position)
            if not _is_space("".join(tokens[position + 1 : end : 4])):
                return False
            texts = tokens[position + 3 : end : 4]
            tags = tuple(tokens[position + 2 : end : 2])
            empty = _positions_of("", texts) if "" in texts else ()
            shape = shapes.get((tags, empty))
            if shape is None:
                shape = shapes[tags, empty] = self._new_shape(tags, empty)
                if shape is None:
                    return False
            shape.texts.append(texts)
            shape.places.append(self._n_rows)
            self._n_rows += 1
            position = end + 2
            if self._n_rows - self._n_flushed >= _FLUSH_ROWS and not self._flush():
                return False
        return True

    def _new_shape(self, tags: _Tags, empty: tuple[int, ...]) -> _Shape | None:
        """The shape of rows with these elements, or None if they are not regular."""
        plan, shape = self._plan, _Shape([], [])
        positions: dict[str, list[int]] = {}
        if len(tags) % 2:
            return None
        for position, (tag, end) in enumerate(zip(tags[::2], tags[1::2], strict=True)):
            name, _, attribute = tag.partition(" ")
            if end != f"/{name}" or not name.startswith(_tag_of("")):
                return None
            if name in plan.pairs:
                key = _NAME.fullmatch(attribute)
                if key is None:
                    return None
                if position not in empty:
                    shape.pairs.append((plan.pairs[name], _unescaped(key[1]), position))
            elif attribute or (name in plan.outer and position not in empty):
                return None
            else:
                positions.setdefault(name, []).append(position)
        is_regular = self._add_scalars(shape, positions) and self._add_keys(shape)
        return shape if is_regular else None

    def _add_scalars(self, shape: _Shape, positions: Mapping[str, list[int]]) -> bool:
        """Add the fields that are at these positions; False if one is missing or there twice."""
        for name, items in self._plan.scalars.items():
            for item in items:
                found = positions.get(name, [])
                if (len(found) > 1 and not item.many) or (not found and item.required):
                    return False
                if found:
                    shape.scalars.append((item, found))
        return True

    def _add_keys(self, shape: _Shape) -> bool:
        """Remember the keys of pairs; False if one has another meaning, too, or they are many."""
        by_field: dict[str, list[str]] = {name: [] for name in self._pairs}
        owners: dict[str, str] = {}
        for item, key, _ in shape.pairs:
            owner = self._keys.get(key) or owners.setdefault(key, item.attribute)
            if owner != item.attribute or key in self._plan.defaults:
                return False
            by_field[item.attribute].append(key)
        if self._first is None:
            self._first = by_field
        for name, keys in by_field.items():
            for key in keys:
                self._keys.setdefault(key, name)
                self._pairs[name].setdefault(key, [])
        return len(self._keys) <= _MAX_KEYS

    def _flush(self) -> bool:
        """Make values of the texts that are held; False if one is none of its kind."""
        for name, column in self._values.items():
            column.extend([self._plan.defaults[name]] * (self._n_rows - len(column)))
        for columns in self._pairs.values():
            for column in columns.values():
                column.extend([ABSENT] * (self._n_rows - len(column)))
        for shape in self._shapes.values():
            if shape is None or not shape.texts:
                continue
            texts = list(zip(*shape.texts, strict=True))
            for item, positions in shape.scalars:
                default = self._plan.defaults[item.attribute]
                cells = _cells(item, [texts[n] for n in positions], default)
                if cells is None:
                    return False
                _put(cells, self._values[item.attribute], shape.places)
            for item, key, position in shape.pairs:
                cells = _pair_cells(item, texts[position])
                if cells is None:
                    return False
                _put(cells, self._pairs[item.attribute][key], shape.places)
            shape.texts, shape.places = [], []
        self._n_flushed = self._n_rows
        return True


def _is_cut_at_tags(block: bytes) -> bool:
    """Whether ``<`` and ``>`` stand around tags only."""
    # The single characters are rare, and found thirty times as fast as two.
    return (
        not (b"!" in block and b"<!" in block)
        and not (b"?" in block and b"<?" in block)
        and block.count(b"<") == block.count(b">")
    )


def _positions_of(text: str, texts: list[str]) -> tuple[int, ...]:
    if texts.count(text) == 1:
        return (texts.index(text),)
    return tuple(n for n, found in enumerate(texts) if found == text)


def _is_space(text: str) -> bool:
    return not text or text.isspace()


def _unescaped(text: str) -> str:
    """The text that is meant by one with references; a document has none but those of XML."""
    return _REFERENCE.sub(_referred, text) if "&" in text else text


def _referred(reference: re.Match[str]) -> str:
    name = reference[1]
    if not name.startswith("#"):
        return _CHARACTERS[name]
    return chr(int(f"0{name[1:]}", 16) if name[1] == "x" else int(name[1:]))


def _put(cells: list[Any], column: list[Any], places: list[int]) -> None:
    """Set the cells of these rows, of which there is at least one."""
    if places[-1] - places[0] + 1 == len(places):
        column[places[0] : places[-1] + 1] = cells
        return
    for place, cell in zip(places, cells, strict=True):
        column[place] = cell


def _cells(item: Field, columns: list[tuple[str, ...]], default: Any) -> list[Any] | None:
    """The values of a field in rows that have its element; None if one is wrong."""
    kind = item.kind
    assert isinstance(kind, Scalar)  # noqa: S101  (the plan has no others)
    if item.many:
        several = [_values(kind, texts, blank="" if item.keep_empty else None) for texts in columns]
        if any(values is None for values in several):
            return None
        rows = zip(*several, strict=True)
        return [tuple(value for value in row if value is not None) for row in rows]
    values = _values(kind, columns[0], blank="" if item.keep_empty else None)
    if values is None or (item.required and None in values):
        return None
    return values if default is None else [default if v is None else v for v in values]


def _values(kind: Scalar, texts: Sequence[str], *, blank: str | None) -> list[Any] | None:
    """The values of these texts; None if one is wrong.  All of one kind at once, if they can."""
    parse = kind.parse
    try:
        if parse is INT.parse:
            numbers = list(map(int, texts))
            return numbers if -(2**63) <= min(numbers) <= max(numbers) < 2**63 else None
        if parse is FLOAT.parse:
            return list(map(float, texts))
        if parse is FLOATS.parse or parse is NOT_FLOATS.parse:
            lists = _lists(texts)
            return lists if parse is FLOATS.parse else [None] * len(lists)
        if parse is TIMESTAMP.parse:
            return [datetime.fromisoformat(f"{text}+00:00") for text in texts]
        stripped = {text: text.strip() for text in set(texts)}
        if "" not in stripped.values():
            if parse is TEXT.parse:
                return [stripped[text] for text in texts]
            parsed = {text: parse(value) for text, value in stripped.items()}
            return [parsed[text] for text in texts]
    except (ValueError, TypeError):
        pass  # some are blank, or spelled as most are not; or one is wrong, as is found below
    try:
        return [parse(value) if (value := text.strip()) else blank for text in texts]
    except (ValueError, TypeError):
        return None


def _lists(texts: Sequence[str]) -> list[tuple[float, ...]]:
    """What lists of numbers hold.

    Raises
    ------
    ValueError, TypeError
        If one of them is anything else, or has more than numbers in it.
    """
    if not all(text[:1] == "[" and text[-1:] == "]" and text.count("[") == 1 for text in texts):
        raise ValueError("no lists of numbers")
    lists = json.loads(f"[{','.join(texts)}]")
    return [tuple(map(float, values)) for values in lists]


def _pair_cells(item: Field, texts: Sequence[str]) -> list[Any] | None:
    """The values of a key in rows that have it; None if one is wrong or blank."""
    assert isinstance(item.kind, Pairs)  # noqa: S101  (the plan has no others)
    values = _values(item.kind.value, texts, blank=None)
    return None if values is None or None in values else values
