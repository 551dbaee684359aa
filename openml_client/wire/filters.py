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
from openml_client.wire.codec import short


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
    is_text: bool = False
    """Whether the server takes any text for the number, and then finds nothing."""
    is_minor: bool = False
    """Whether it doesn't count where a list needs at least one filter."""

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
    any_filter: bool = False
    """Whether the name of a filter is enough for that, without a value."""
    limit_too_high: int | None = None
    max_limit: int | None = None
    bad_flag: int | None = None
    bad_order: int | None = None
    too_many: int | None = None
    """Refusal of a list without a limit that has more than ``max_limit`` rows."""
    no_value: int | None = None
    """Refusal of a filter without a value, which other lists ignore."""
    unlimited_by_zero: bool = False
    """Whether a limit of 0 is none; other lists have no row then."""
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
            f"{route}: the filter {item.name} takes {item.kind.value}, not {short(value)}",
            route=route,
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
    the server does, and of a filter that is there twice the last value counts.  An offset of 0
    is none.

    Raises
    ------
    FilterRefused
        With the code of this list, for the first of the faults that the server looks for.
    """
    known = {item.key: item for item in filters}
    unknown = [name for name in segments[::2] if name not in known]
    if unknown:
        found = f": {unknown[0]}" if codes.one_by_one else f"(s): {', '.join(unknown)}"
        raise FilterRefused(
            codes.unknown_filter,
            f"Legal filter operators: {','.join(known)}. Found illegal filter{found}",
        )
    if len(segments) % 2 and codes.no_value is not None:
        raise FilterRefused(codes.no_value, f"Filter: {segments[-1]}")
    given = dict(zip(segments[::2], segments[1::2], strict=False))
    illegal = [item.key for item in filters if item.key in given and not _is_legal(item, given)]
    if illegal:
        raise FilterRefused(codes.bad_value, f"{_ILLEGAL}{','.join(illegal)}")
    values = {name: _DECODED[known[name].kind](text) for name, text in given.items()}
    _check_flags(known, given, codes)
    _check_page(values, codes)
    _check_order(known, values, codes)
    if codes.no_filter is not None and not _is_chosen(filters, segments, values, codes):
        raise FilterRefused(codes.no_filter)
    return values


def _is_chosen(
    filters: Sequence[Filter],
    segments: Sequence[str],
    values: Mapping[str, Any],
    codes: ListCodes,
) -> bool:
    """Whether the filters are enough for a list that needs one."""
    if codes.any_filter:
        return bool(segments)
    return any(item.key in values and not item.is_minor for item in filters)


_ILLEGAL = "Filters with illegal values: "

_UNSAFE = re.compile(r"[^a-zA-Z0-9\s(),-_]")
"""In texts.  The server means the comma, the hyphen and the underscore, and takes what lies
between the first and the last of them in ASCII."""


def _is_legal(item: Filter, given: Mapping[str, str]) -> bool:
    """Whether a value is of the form that the server lets pass."""
    text = given[item.key]
    if item.kind is Kind.INT and not item.is_text:
        return re.fullmatch(r"[0-9]{1,18}", text) is not None
    if item.kind is Kind.INTS:
        return re.fullmatch(r"[0-9]{1,18}(, ?[0-9]{1,18})*", text) is not None
    return _UNSAFE.search(text) is None


def _check_flags(known: Mapping[str, Filter], given: Mapping[str, str], codes: ListCodes) -> None:
    if codes.bad_flag is None:
        return
    for name, text in given.items():
        if known[name].kind is Kind.FLAG and text not in {"true", "false"}:
            raise FilterRefused(codes.bad_flag, _ILLEGAL)


def _check_page(values: dict[str, Any], codes: ListCodes) -> None:
    limit = values.get("limit")
    if values.get("offset") and not limit:
        raise FilterRefused(codes.offset_without_limit)
    if limit == 0 and codes.unlimited_by_zero:
        del values["limit"]
    if values.get("offset") == 0:
        del values["offset"]
    if codes.max_limit and codes.limit_too_high and limit and limit > codes.max_limit:
        raise FilterRefused(codes.limit_too_high)


def _check_order(known: Mapping[str, Filter], values: Mapping[str, Any], codes: ListCodes) -> None:
    for name, value in values.items():
        if known[name].kind is Kind.ORDER and value not in {"asc", "desc"}:
            raise FilterRefused(codes.bad_order or codes.bad_value)


def _number(text: str) -> int:
    """The number that a text begins with, as the server's database reads texts; 0 if none."""
    found = re.match(r"\s*([0-9]{1,18})", text)
    return int(found[1]) if found else 0


def _decode_range(text: str) -> tuple[float, float] | None:
    """Make (low, high), both included; None for what matches nothing, as the server takes junk."""
    low, dots, high = text.partition("..")
    try:
        return float(low), float(high if dots else low)
    except ValueError:
        return None


_DECODED: Mapping[Kind, Callable[[str], Any]] = {
    Kind.INT: _number,
    Kind.INTS: lambda text: tuple(int(part) for part in text.split(",")),
    Kind.RANGE: _decode_range,
    Kind.TEXT: lambda text: text,
    Kind.FLAG: lambda text: text.lower() == "true",
    Kind.ORDER: lambda text: text,
}
"""Values that passed, in Python."""
