"""The grammar of descriptions: typed JSON, its limits, and how to walk it.

A value is plain JSON where plain JSON is lossless.  Anything else is an object with exactly
one key, its tag, which begins with ``$``.  The tags that the core itself must understand:

``$node``      an object that is a flow of its own, by its constructor call:
               ``{"kind", "class", "params", "defaults", "extra"?}``
``$part``      the same, but its parameters belong to the flow that encloses it
``$leaf``      ``[name, value]``: a value inside the wiring that belongs to the setup
``$call``      the result of calling an importable function or class:
               ``{"kind", "name", "args", "kwargs"}``; the kind is none of the other tags', so a
               trusted function is never called to make a value that no audit has seen
``$function``  a function, ``$class`` a class, both by reference
``$data``      a dataclass ``{"class", "fields"}``; ``$enum`` a member ``[class, member]``

Every reference to code stands in one of these, so an audit finds all of them without knowing
the extension that wrote the description.  The other tags hold data only; see ``values.py``.

In the structure of a flow the same grammar holds, but leaf values are absent: a node's
``params`` hold only its wiring, ``required`` names the leaves without a default, and a
``$leaf`` is ``[name]``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from openml_client.errors import FlowError
from openml_client.extension.identity import Json

NODE, PART, LEAF = "$node", "$part", "$leaf"

MAX_DEPTH = 150
"""Levels of nested JSON; a pipeline inside a pipeline takes six."""
MAX_VALUES = 100_000
MAX_CHARACTERS = 2_000_000
"""The server's stock limit for an uploaded file.  Source: protocol note, section 1.3."""
MAX_INTEGER_BITS = 1024
"""As large as the largest double; Python refuses to read integers beyond 4,300 digits."""

_NEVER_CALLED = ("function", "class", "data")
"""Kinds of references that stand for what they name."""

Path = tuple[str, ...]
Form = Literal["description", "structure"]


class Named(NamedTuple):
    """A name of code in a description."""

    kind: str
    """What it is to be: ``function``, ``class``, ``data`` or a kind of an extension."""
    name: str
    """``module:qualname``."""
    path: Path


def tagged(value: Json) -> tuple[str, Json] | None:
    """Tag and payload of a tagged object, or None for plain JSON."""
    if isinstance(value, dict) and len(value) == 1:
        ((tag, payload),) = value.items()
        if tag.startswith("$"):
            return tag, payload
    return None


def walk(tree: Json) -> Iterator[tuple[Path, Json]]:
    """Iterate over all values of a tree, parents first, each with its path."""
    stack: list[tuple[Path, Json]] = [((), tree)]
    while stack:
        path, value = stack.pop()
        yield path, value
        if isinstance(value, dict):
            stack.extend(((*path, key), value[key]) for key in sorted(value, reverse=True))
        elif isinstance(value, list):
            stack.extend(reversed(list(zip(places(path, value), value, strict=True))))


def objects(tree: Json) -> Iterator[tuple[Path, str, Json]]:
    """Iterate over the tagged objects of a tree, parents first: path, tag, payload."""
    stack: list[tuple[Path, Json]] = [((), tree)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, dict):
            inner = tagged(value)
            if inner is not None:
                yield path, *inner
            inside = [key for key, item in value.items() if isinstance(item, (dict, list))]
            stack.extend(((*path, key), value[key]) for key in sorted(inside, reverse=True))
        elif isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
            stack.extend(reversed(list(zip(places(path, value), value, strict=True))))


def places(path: Path, items: list[Json]) -> Iterator[Path]:
    """Paths of the elements of a list.

    An element that is itself a list which begins with a text, as the steps of a pipeline, is
    named by that text, which then stands for all in it; the others are named by their number.
    """
    if name_of(items) is not None:
        yield from (path for _ in items)
    else:
        yield from ((*path, name_of(item) or str(n)) for n, item in enumerate(items))


def name_of(item: Json) -> str | None:
    """The text with which a list or tuple begins, if more follows it."""
    inner = tagged(item)
    if inner is not None and inner[0] == "$tuple":
        item = inner[1]
    if isinstance(item, list) and len(item) > 1 and isinstance(item[0], str):
        return item[0]
    return None


def references(tree: Json) -> Iterator[Named]:
    """Iterate over all names of code in a tree; nothing is imported."""
    for path, tag, payload in objects(tree):
        match tag:
            case "$node" | "$part":
                yield Named(payload["kind"], payload["class"], path)
            case "$call":
                yield Named(payload["kind"], payload["name"], path)
            case "$function":
                yield Named("function", payload, path)
            case "$class":
                yield Named("class", payload, path)
            case "$data":
                yield Named("data", payload["class"], path)
            case "$enum":
                yield Named("data", payload[0], path)


def node_classes(tree: Json) -> Iterator[str]:
    """Iterate over the references of the classes of all nodes and parts."""
    for _, tag, payload in objects(tree):
        if tag in (NODE, PART):
            yield payload["class"]


def is_wiring(value: Json) -> bool:
    """Whether a parameter's value holds nodes, so that it belongs to the structure."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            if len(item) == 1 and (NODE in item or PART in item or LEAF in item):
                return True
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
    return False


def check(tree: Json, *, form: Form = "description") -> None:
    """Hold a tree to the grammar and to the limits, before anything else looks at it.

    Raises
    ------
    FlowError
        Naming the place, if the tree is too deep or too large, or breaks the grammar.
    """
    stack: list[tuple[Path, Json]] = [((), tree)]
    n_values = n_characters = 0
    while stack:
        path, value = stack.pop()
        n_values += 1
        if len(path) > MAX_DEPTH:
            raise _broken(path[:8], f"is nested deeper than {MAX_DEPTH} levels")
        if isinstance(value, dict):
            _check_object(path, value, form)
            n_characters += sum(map(len, value))
            stack.extend(((*path, key), item) for key, item in value.items())
        elif isinstance(value, list):
            stack.extend(((*path, str(n)), item) for n, item in enumerate(value))
        elif isinstance(value, str):
            n_characters += len(value)
        elif isinstance(value, int):
            if value.bit_length() > MAX_INTEGER_BITS:
                raise _broken(path, f"is an integer of more than {MAX_INTEGER_BITS} bits")
        elif value is not None and not isinstance(value, float):
            raise _broken(path, f"is no JSON, but {type(value).__name__}")
        if n_values > MAX_VALUES or n_characters > MAX_CHARACTERS:
            raise FlowError(
                f"a description may hold {MAX_VALUES:,} values and {MAX_CHARACTERS:,} characters; "
                "this one holds more",
                hint="Pass large data to the model when it is fitted, not as a parameter.",
            )


def _check_object(path: Path, value: dict[Any, Json], form: Form) -> None:
    for key in value:
        if not isinstance(key, str):
            raise _broken(path, f"has a key that is no text: {key!r}")
        if key.startswith("$") and len(value) != 1:
            raise _broken(path, f"has the tag {key!r} beside other keys")
    tag, payload = tagged(value) or (None, value)
    if tag is not None and not _is_payload(tag, payload, form):
        raise _broken(path, f"is no valid {tag} of a {form}")


def _is_payload(tag: str, payload: Json, form: Form) -> bool:
    match tag:
        case "$node" | "$part":
            return _is_node(payload, form)
        case "$leaf":
            length = 2 if form == "description" else 1
            return isinstance(payload, list) and len(payload) == length and _are_texts(payload[:1])
        case "$call":
            called = _has(payload, kind=str, name=str, args=list, kwargs=dict)
            return called and payload["kind"] not in _NEVER_CALLED
        case "$function" | "$class":
            return isinstance(payload, str)
        case "$data":
            return _has(payload, **{"class": str, "fields": dict})
        case "$enum":
            return _are_texts(payload) and len(payload) == 2
        case _:
            return True


def _is_node(payload: Json, form: Form) -> bool:
    if not isinstance(payload, dict):
        return False
    main = {k: v for k, v in payload.items() if k not in ("required", "extra")}
    if not _has(main, **{"kind": str, "class": str, "params": dict, "defaults": dict}):
        return False
    if form == "structure":
        return _are_texts(payload.get("required"))
    return "required" not in payload and payload["defaults"].keys() <= payload["params"].keys()


def _are_texts(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _has(payload: Json, **types: type) -> bool:
    return (
        isinstance(payload, dict)
        and payload.keys() == types.keys()
        and all(isinstance(payload[key], kind) for key, kind in types.items())
    )


def _broken(path: Path, complaint: str) -> FlowError:
    return FlowError(
        f"description: /{'/'.join(path)} {complaint}",
        hint="The description was not written by this client, or was changed afterwards.",
    )
