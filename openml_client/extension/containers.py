"""Handlers of Python's own containers and of the numbers that JSON lacks."""

from __future__ import annotations

import base64
import itertools
import math
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, ClassVar

from openml_client.extension.codec import Decoder, Encoder, Handler, Leaf
from openml_client.extension.identity import canonical
from openml_client.extension.tree import LEAF

if TYPE_CHECKING:
    from openml_client.extension.identity import Json

_MAX_ALIKE = 1_000
"""Numbers can be chosen so that all have one hash; a set of these takes a time that grows with the
square of their number."""


class _Tuple(Handler):
    tag = "$tuple"
    types = (tuple,)

    def encode(self, value: tuple[Any, ...], encoder: Encoder) -> Json:
        return {self.tag: encoder.items(value)}

    def decode(self, payload: Json, decoder: Decoder) -> tuple[Any, ...]:
        return tuple(decoder.items(payload))


class _Dict(Handler):
    """Plain JSON if the keys are texts in sorted order; a list of pairs keeps any other order."""

    tag = "$dict"
    types = (dict,)

    def encode(self, value: dict[Any, Any], encoder: Encoder) -> Json:
        keys = list(value)
        if all(type(k) is str and not k.startswith("$") for k in keys) and keys == sorted(keys):
            return {key: encoder.child(key, item) for key, item in value.items()}
        return {self.tag: _encode_pairs(value, encoder)}

    def decode(self, payload: Json, decoder: Decoder) -> dict[Any, Any]:
        return dict(_decode_pairs(payload, decoder))


class _OrderedDict(Handler):
    tag = "$odict"
    types = (OrderedDict,)

    def encode(self, value: OrderedDict[Any, Any], encoder: Encoder) -> Json:
        return {self.tag: _encode_pairs(value, encoder)}

    def decode(self, payload: Json, decoder: Decoder) -> OrderedDict[Any, Any]:
        return OrderedDict(_decode_pairs(payload, decoder))


def _encode_pairs(value: dict[Any, Any], encoder: Encoder) -> Json:
    return [[encoder.child(None, k), encoder.child(str(k), v)] for k, v in value.items()]


def _decode_pairs(payload: Json, decoder: Decoder) -> list[tuple[Any, Any]]:
    pairs = [
        (key := decoder.child(None, pair[0]), decoder.child(str(key), pair[1])) for pair in payload
    ]
    _require_spread([key for key, _ in pairs])
    return pairs


def _require_spread(keys: list[Any]) -> None:
    """Refuse keys, or elements of a set, that were chosen to have one hash.

    Raises
    ------
    ValueError
        If more than `_MAX_ALIKE` have the same.
    """
    if len(keys) > _MAX_ALIKE:
        for _, alike in itertools.groupby(sorted(map(hash, keys))):
            if len([*alike]) > _MAX_ALIKE:
                raise ValueError(f"more than {_MAX_ALIKE:,} keys have one hash")


class _Set(Handler):
    tag = "$set"
    types: ClassVar[tuple[type, ...]] = (set,)
    make: ClassVar[type] = set

    def encode(self, value: set[Any] | frozenset[Any], encoder: Encoder) -> Json:
        # Sorted by text: the order of a set differs from process to process.
        items = [encoder.child(None, item) for item in value]
        return {self.tag: sorted(items, key=canonical)}

    def decode(self, payload: Json, decoder: Decoder) -> Any:
        items = decoder.items(payload)
        _require_spread(items)
        return self.make(items)


class _FrozenSet(_Set):
    tag = "$frozenset"
    types = (frozenset,)
    make = frozenset


class _Slice(Handler):
    tag = "$slice"
    types: ClassVar[tuple[type, ...]] = (slice,)
    make: ClassVar[type] = slice

    def encode(self, value: slice | range, encoder: Encoder) -> Json:
        return {self.tag: encoder.items([value.start, value.stop, value.step])}

    def decode(self, payload: Json, decoder: Decoder) -> Any:
        start, stop, step = decoder.items(payload)
        return self.make(start, stop, step)


class _Range(_Slice):
    tag = "$range"
    types = (range,)
    make = range


class _Bytes(Handler):
    tag = "$bytes"
    types = (bytes,)

    def encode(self, value: bytes, encoder: Encoder) -> Json:
        return {self.tag: base64.b64encode(value).decode("ascii")}

    def decode(self, payload: Json, decoder: Decoder) -> bytes:
        return base64.b64decode(payload, validate=True)


class _Float(Handler):
    """NaN and the infinities, which JSON does not have."""

    tag = "$float"

    def decode(self, payload: Json, decoder: Decoder) -> float:
        return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[payload]


class _Complex(Handler):
    tag = "$complex"
    types = (complex,)

    def encode(self, value: complex, encoder: Encoder) -> Json:
        return {self.tag: encoder.items([value.real, value.imag])}

    def decode(self, payload: Json, decoder: Decoder) -> complex:
        real, imaginary = decoder.items(payload)
        return complex(real, imaginary)


class _Leaf(Handler):
    tag = LEAF
    types = (Leaf,)

    def encode(self, value: Leaf, encoder: Encoder) -> Json:
        return {self.tag: [value.name, encoder.child(value.name, value.value)]}

    def decode(self, payload: Json, decoder: Decoder) -> object:
        name, value = payload
        return decoder.child(name, value)


CONTAINER_HANDLERS: tuple[Handler, ...] = (
    _Tuple(),
    _Dict(),
    _OrderedDict(),
    _Set(),
    _FrozenSet(),
    _Slice(),
    _Range(),
    _Bytes(),
    _Float(),
    _Complex(),
    _Leaf(),
)
