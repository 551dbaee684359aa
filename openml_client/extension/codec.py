"""The machine that turns values into typed JSON and back; handlers say how, one per tag.

A value is plain JSON where that is lossless.  Anything else is an object with one tag, for
which one `Handler` is responsible.  Extensions add handlers of their own; what no handler
takes is refused with its place, the reason and a remedy.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from openml_client.errors import FlowError, NotSerializableError
from openml_client.extension.tree import (
    MAX_DEPTH,
    MAX_INTEGER_BITS,
    MAX_VALUES,
    name_of,
    tagged,
)

if TYPE_CHECKING:
    from openml_client.extension.identity import Json
    from openml_client.extension.trust import Trust

_LEVELS = 3
"""Levels of JSON that a level of values takes at most: tag, parameters, value."""

Compat = Literal["exact", "semantic", "adapt"]
"""How far a rebuilt model may differ from the description where versions differ.

``exact``: the versions are those of the description, and all parameters exist.
``semantic``: any version; a parameter that is gone is dropped if it was at its default, and
moved classes are found.  ``adapt``: also, an old default that is refused now becomes the new
default.
"""


@dataclass(frozen=True)
class Note:
    """What was changed while a model was rebuilt, for the user to see."""

    path: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}: {self.text}"


@dataclass(frozen=True)
class Leaf:
    """A value inside the wiring of a model that belongs to the setup, not to the structure.

    The columns of a ColumnTransformer are an example: they depend on the dataset.  Extensions
    wrap such values before encoding; decoding gives the bare value.
    """

    name: str
    value: object


class Handler:
    """Both directions of one tag."""

    tag: ClassVar[str] = ""
    """Empty for handlers that only encode, or only refuse."""
    types: ClassVar[tuple[type, ...]] = ()
    """Exact types that this handler takes; `accepts` is asked for all others."""

    def accepts(self, value: object) -> bool:
        """Whether this handler encodes the value."""
        return False

    def encode(self, value: Any, encoder: Encoder) -> Json:
        """Typed JSON of the value: as a rule an object with this handler's tag."""
        raise NotImplementedError

    def decode(self, payload: Json, decoder: Decoder) -> object:
        """Value that the payload describes."""
        raise NotImplementedError


class NodeHandler(Handler):
    """Both directions of one kind of node or part."""

    kind: ClassVar[str]


class Codec:
    """A set of handlers; of two that take the same value or tag, the first is asked."""

    def __init__(self, handlers: Iterable[Handler]) -> None:
        every = tuple(handlers)
        self._asked: tuple[Handler, ...] = tuple(h for h in every if not h.types)
        self._by_type = {kind: h for h in reversed(every) for kind in h.types}
        data = [h for h in reversed(every) if h.tag and not isinstance(h, NodeHandler)]
        self._by_tag = {h.tag: h for h in data}
        self._by_kind = {h.kind: h for h in reversed(every) if isinstance(h, NodeHandler)}

    def encode(self, value: object, path: str = "value") -> Json:
        """Typed JSON of a value.

        Raises
        ------
        NotSerializableError
            If the value, or one inside it, has no description; ``path`` begins its place.
        """
        return Encoder(self, path).encode(value)

    def decode(
        self,
        tree: Json,
        trust: Trust,
        *,
        compat: Compat = "semantic",
        notes: list[Note] | None = None,
        path: str = "value",
    ) -> Any:
        """Value of a typed JSON tree that passed the audit of ``trust``.

        Raises
        ------
        FlowError
            If the tree is malformed, or names what is not trusted or not installed.
        """
        return Decoder(self, trust, compat, [] if notes is None else notes, path).decode(tree)

    def handler_for(self, value: object) -> Handler | None:
        """The handler that encodes a value, or None."""
        known = self._by_type.get(type(value))
        return known or next((h for h in self._asked if h.accepts(value)), None)

    def handler_of(self, tag: str, payload: Json) -> Handler | None:
        """The handler that decodes a tagged object, or None."""
        if tag in ("$node", "$part"):
            return self._by_kind.get(payload["kind"])
        return self._by_tag.get(tag)

    def has_node(self, kind: str) -> bool:
        """Whether there are nodes of a kind."""
        return kind in self._by_kind


class _Place:
    """The way from the root to the value at hand, for messages."""

    def __init__(self, codec: Codec, root: str) -> None:
        self.codec = codec
        self.memo: dict[Any, Any] = {}
        """What handlers remember while one value is written or read: objects that it shares."""
        self._segments = [root]
        self._depth = 0

    @property
    def path(self) -> str:
        """Place of the value at hand, as ``Pipeline.steps.svc.kernel``."""
        return ".".join(self._segments)

    def _enter(self, segment: str | None) -> None:
        """Step into a part of the value at hand; None names no step of its own."""
        self._depth += 1
        if segment is not None:
            self._segments.append(segment)

    def _leave(self, segment: str | None) -> None:
        self._depth -= 1
        if segment is not None:
            self._segments.pop()

    @contextmanager
    def within(self, segment: str | None) -> Iterator[None]:
        """Let a part of the value at hand be the place inside the block."""
        self._enter(segment)
        try:
            yield
        finally:
            self._leave(segment)


class Encoder(_Place):
    """Values to typed JSON."""

    def __init__(self, codec: Codec, root: str) -> None:
        super().__init__(codec, root)
        self._n_values = 0

    def encode(self, value: Any) -> Json:
        """Typed JSON of the value at hand."""
        self._count()
        kind = type(value)
        if value is None or kind is bool or kind is str:
            return value
        if kind is int:
            return self._integer(value)
        if kind is float:
            return value if math.isfinite(value) else {"$float": repr(value)}
        if kind is list:
            return self.items(value)
        handler = self.codec.handler_for(value)
        if handler is None:
            raise self.refusal(
                f"a value of type {kind.__module__}.{kind.__qualname__} has no description",
                "Use numbers, texts, lists, arrays, functions and classes that can be imported, "
                "or estimators.",
            )
        return handler.encode(value, self)

    def child(self, segment: str | None, value: object) -> Json:
        """Typed JSON of a part of the value at hand; None names no step of its own."""
        self._enter(segment)
        try:
            return self.encode(value)
        finally:
            self._leave(segment)

    def items(self, values: Sequence[object]) -> list[Json]:
        """Typed JSON of a sequence, item by item; for the paths see `tree.places`."""
        if _name_of(values) is not None:
            return [self.child(None, value) for value in values]
        return [self.child(_name_of(v) or str(n), v) for n, v in enumerate(values)]

    def refusal(self, why: str, remedy: str) -> NotSerializableError:
        """The error that refuses the value at hand."""
        return NotSerializableError(self.path, why, remedy)

    def _integer(self, value: int) -> int:
        if value.bit_length() > MAX_INTEGER_BITS:
            raise self.refusal(
                f"an integer of more than {MAX_INTEGER_BITS} bits", "Use a smaller number."
            )
        return value

    def _count(self) -> None:
        self._n_values += 1
        if self._depth > MAX_DEPTH // _LEVELS:
            raise self.refusal(
                f"nested deeper than {MAX_DEPTH // _LEVELS} levels, or contains itself",
                "Make the model flatter.",
            )
        if self._n_values > MAX_VALUES:
            raise self.refusal(
                f"the model has more than {MAX_VALUES:,} values",
                "Pass large data to the model when it is fitted, not as a parameter.",
            )


def _name_of(value: object) -> str | None:
    """What `tree.name_of` gives for the value's typed JSON."""
    if isinstance(value, (list, tuple)) and len(value) > 1 and isinstance(value[0], str):
        return value[0]
    return None


class Decoder(_Place):
    """Typed JSON to values."""

    def __init__(
        self, codec: Codec, trust: Trust, compat: Compat, notes: list[Note], root: str
    ) -> None:
        super().__init__(codec, root)
        self.trust = trust
        self.compat = compat
        self.failed_at = root
        """Place of the value that could not be rebuilt, once an error says so."""
        self._notes = notes
        self._error: FlowError | None = None

    def decode(self, tree: Json) -> Any:
        """Value of the tree at hand."""
        if isinstance(tree, list):
            return self.items(tree)
        if not isinstance(tree, dict):
            return tree
        inner = tagged(tree)
        if inner is None:
            return {key: self.child(key, item) for key, item in tree.items()}
        tag, payload = inner
        handler = self.codec.handler_of(tag, payload)
        if handler is None:
            kind = f" of kind {payload['kind']!r}" if tag in ("$node", "$part") else ""
            raise FlowError(
                f"{self.path}: this client does not know the tag {tag!r}{kind}",
                hint="A newer version of the extension may: pip install --upgrade it.",
            )
        try:
            return handler.decode(payload, self)
        except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
            raise FlowError(
                f"{self.path}: {tag} can't be rebuilt: {type(error).__name__}: {error}"
            ) from error

    def child(self, segment: str | None, tree: Json) -> Any:
        """Value of a part of the tree at hand; None names no step of its own."""
        self._enter(segment)
        try:
            return self.decode(tree)
        except FlowError as error:
            if error is not self._error:
                self._error, self.failed_at = error, self.path
            raise
        finally:
            self._leave(segment)

    def items(self, trees: list[Json]) -> list[Any]:
        """Values of a list."""
        if name_of(trees) is not None:
            return [self.child(None, item) for item in trees]
        return [self.child(name_of(item) or str(n), item) for n, item in enumerate(trees)]

    def load(self, kind: str, name: str) -> Any:
        """Import what the tree names, if it is trusted."""
        return self.trust.load(kind, name)

    def note(self, text: str) -> None:
        """Tell the user of a change at the place at hand."""
        self._notes.append(Note(self.path, text))
