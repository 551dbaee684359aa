"""Filters of lists, which stand in the path: ``/tag/uci/number_instances/100..200``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from numbers import Integral
from typing import Any
from urllib.parse import quote

from openml_client.errors import ValidationError


class Kind(Enum):
    """What a filter takes."""

    INT = "an integer of at least 0"
    INTS = "an integer or several"
    RANGE = "an integer, or a range as (100, 200) or '100..200'"
    TEXT = "a text"
    FLAG = "True or False"
    ORDER = "'asc' or 'desc'"


@dataclass(frozen=True)
class Filter:
    """One filter of a route."""

    key: str
    """Its name in the path."""
    kind: Kind
    argument: str = ""
    """Its name in Python; the key's if empty."""

    @property
    def name(self) -> str:
        """Name of the argument in Python."""
        return self.argument or self.key


@dataclass(frozen=True)
class ListCodes:
    """The error codes with which a list refuses its filters."""

    unknown_filter: int
    bad_value: int
    no_result: int
    offset_without_limit: int
    no_filter: int | None = None
    """Refusal where at least one filter must be given."""
    limit_too_high: int | None = None
    max_limit: int | None = None
    bad_flag: int | None = None
    bad_order: int | None = None
    too_many: int | None = None
    """Refusal of a list without a limit that has more than ``max_limit`` rows."""
    no_value: int | None = None
    """Refusal of a filter without a value, which other lists ignore."""
    one_by_one: bool = False
    """Whether the server stops at the first filter that it does not know."""


@dataclass(frozen=True)
class FilterRefused(Exception):  # noqa: N818  (a signal between decoding and answering)
    """A filter that the registry refuses, with the code to answer."""

    code: int
    information: str | None = None


def encode_filters(filters: Sequence[Filter], values: Mapping[str, Any], *, route: str) -> str:
    """Path that selects these values, beginning with a slash; the empty text for none.

    Raises
    ------
    ValidationError
        If the route has no such filter, or the filter takes no such value.
    """
    known = {item.name: item for item in filters} | {item.key: item for item in filters}
    path = []
    for name, value in values.items():
        if name not in known:
            names = ", ".join(sorted(item.name for item in filters))
            raise ValidationError(
                f"{route} has no filter {name!r}", route=route, hint=f"It has: {names}."
            )
        if value is None:
            continue
        text = _encode_value(known[name], value, route)
        path.append(f"/{known[name].key}/{quote(text, safe=',.:()~_- ').replace(' ', '%20')}")
    return "".join(path)


def _encode_value(item: Filter, value: Any, route: str) -> str:
    text = _TEXT_OF[item.kind](value)
    if text is None or text == "":
        raise ValidationError(
            f"{route}: the filter {item.name} takes {item.kind.value}, not {value!r}", route=route
        )
    return text


def _int_text(value: Any) -> str | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, Integral):
        return str(int(value)) if int(value) >= 0 else None
    return value if isinstance(value, str) and value.isdecimal() else None


def _ints_text(value: Any) -> str | None:
    if isinstance(value, str) and re.fullmatch(r"\d+(,\d+)*", value):
        return value
    if isinstance(value, str | bytes) or not hasattr(value, "__iter__"):
        return _int_text(value)
    items = [_int_text(v) for v in value]
    return None if None in items else ",".join(str(i) for i in items)


def _range_text(value: Any) -> str | None:
    if isinstance(value, tuple | list | range) and len(value) >= 2:
        low, high = _int_text(value[0]), _int_text(value[-1])
        return f"{low}..{high}" if low is not None and high is not None else None
    if isinstance(value, str) and re.fullmatch(r"\d+\.\.\d+", value):
        return value
    return _int_text(value)


def _flag_text(value: Any) -> str | None:
    words = {True: "true", False: "false", "true": "true", "false": "false"}
    return words.get(value) if isinstance(value, bool | str) else None


_TEXT_OF: Mapping[Kind, Callable[[Any], str | None]] = {
    Kind.INT: _int_text,
    Kind.INTS: _ints_text,
    Kind.RANGE: _range_text,
    Kind.TEXT: lambda value: value if isinstance(value, str) else None,
    Kind.FLAG: _flag_text,
    Kind.ORDER: lambda value: value if value in {"asc", "desc"} else None,
}


def decode_filters(
    filters: Sequence[Filter], segments: Sequence[str], codes: ListCodes
) -> dict[str, Any]:
    """Values by filter key, of the path segments after ``list``.

    Ranges become ``(low, high)``, comma lists tuples.  A filter without a value is ignored, as
    the server does.

    Raises
    ------
    FilterRefused
        With the code of this list.
    """
    known = {item.key: item for item in filters}
    pairs = dict(zip(segments[::2], segments[1::2], strict=False))
    unknown = [name for name in pairs if name not in known]
    if unknown:
        found = f": {unknown[0]}" if codes.one_by_one else f"(s): {', '.join(unknown)}"
        raise FilterRefused(
            codes.unknown_filter,
            f"Legal filter operators: {','.join(known)}. Found illegal filter{found}",
        )
    if len(segments) % 2 and codes.no_value is not None:
        raise FilterRefused(codes.no_value, f"Filter: {segments[-1]}")
    values = {name: _decode_value(known[name], text, codes) for name, text in pairs.items()}
    if "offset" in values and "limit" not in values:
        raise FilterRefused(codes.offset_without_limit)
    limit = values.get("limit")
    if codes.max_limit and codes.limit_too_high and limit is not None and limit > codes.max_limit:
        raise FilterRefused(codes.limit_too_high)
    if codes.no_filter is not None and not values:
        raise FilterRefused(codes.no_filter)
    return values


def _decode_value(item: Filter, text: str, codes: ListCodes) -> Any:
    if item.kind is Kind.INT and re.fullmatch(r"\d{1,18}", text):
        return int(text)
    if item.kind is Kind.INTS and re.fullmatch(r"\d{1,18}(, ?\d{1,18})*", text):
        return tuple(int(part) for part in text.split(","))
    if item.kind is Kind.RANGE:
        return _decode_range(text)
    if item.kind is Kind.TEXT:
        return text
    if item.kind is Kind.FLAG:
        if text in {"true", "false"}:
            return text == "true"
        raise FilterRefused(codes.bad_flag or codes.bad_value)
    if item.kind is Kind.ORDER:
        if text in {"asc", "desc"}:
            return text
        raise FilterRefused(codes.bad_order or codes.bad_value)
    raise FilterRefused(codes.bad_value, f"Filters with illegal values: {item.key}")


def _decode_range(text: str) -> tuple[float, float] | None:
    """Make (low, high), both included; None for what matches nothing, as the server takes junk."""
    low, dots, high = text.partition("..")
    try:
        return float(low), float(high if dots else low)
    except ValueError:
        return None
