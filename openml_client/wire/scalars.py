"""How single values are written in documents, both ways."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document may have, as names in data files do.  Source: XML 1.0, 2.2."""


@dataclass(frozen=True)
class Scalar:
    """One kind of value: its text in a document, and the Python value."""

    name: str
    """What a value of this kind is, to complete "which is no ..."."""
    parse: Callable[[str], Any]
    """Text to value; raises ValueError.  None stands for an absent value."""
    write: Callable[[Any], str]
    """Value to text."""
    is_number: bool = False
    """Whether the server's hand-made JSON lists give it as a number."""
    xsd: str = "xs:string"
    """The type of XML Schema that an uploaded text must be of, before the limits below."""
    max_length: int | None = None
    """Characters, for texts that are uploaded.  Source: the XSDs; protocol note, section 1.3."""
    min_length: int | None = None
    """The same; an absent value is no text."""
    choices: tuple[str, ...] = ()
    """The only texts that are taken, if any are listed."""
    pattern: re.Pattern[str] | None = None
    """Spelled so that XML Schema takes it, too."""
    alphabet: str = ""
    """The pattern in words, for messages."""
    ascii_only: bool = False
    is_list: bool = False
    """Whether it is JSON that hand-made documents give as a list, not as text."""

    @property
    def is_text(self) -> bool:
        """Whether values are texts, and written as they are."""
        return self.write is str and not self.is_number

    def complaint(self, text: str) -> str | None:
        """What is wrong with a text that is to be uploaded, or None."""
        if self.ascii_only and not text.isascii():
            bad = next(c for c in text if not c.isascii())
            return f"contains {bad!r}; the protocol takes Basic Latin characters only"
        if self.max_length is not None and len(text) > self.max_length:
            return f"has {len(text)} characters; the limit is {self.max_length}"
        if self.min_length is not None and len(text) < self.min_length:
            return f"has {len(text)} characters; there must be {self.min_length}"
        if self.choices and text not in self.choices:
            return f"is none of {', '.join(self.choices)}"
        if self.pattern is not None and not self.pattern.fullmatch(text):
            return f"has characters outside {self.alphabet}"
        return None


def _int(text: str) -> int:
    value = int(text)
    if not -(2**63) <= value < 2**63:
        raise ValueError(text)  # no id or count is; databases know 64 bits
    return value


def _float(text: str) -> float:
    # PHP prints doubles as Python does, but for the spelling of infinity and not-a-number.
    return float(text.replace("INF", "inf").replace("NAN", "nan"))


def write_float(value: float) -> str:
    """Shortest text that reads back equal; whole numbers without a point, as the server does."""
    if math.isfinite(value) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return repr(float(value))


def write_double(value: float) -> str:
    """Shortest text that reads back equal, always with a point: ``150.0``."""
    return repr(float(value))


def _bool(text: str) -> bool:
    words = {"true": True, "false": False, "1": True, "0": False}
    if text.strip().lower() not in words:
        raise ValueError(text)
    return words[text.strip().lower()]


_ZERO_DATE = re.compile(r"0000-|\d{4}-00-|\d{4}-\d\d-00|-0001-11-30")
"""How MySQL's dates that are unknown, in whole or in part, begin, and what PHP makes of them."""


def _instant(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        if _ZERO_DATE.match(text.strip()):
            return None
        raise
    # The server's times carry no zone; they are taken as UTC.
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _naive(value: datetime) -> datetime:
    return value.astimezone(UTC).replace(tzinfo=None, microsecond=0)


def _floats(text: str) -> tuple[float, ...] | None:
    try:
        values = json.loads(text)
        return tuple(math.nan if v in (None, "?", "") else float(v) for v in values)
    except (ValueError, TypeError):
        return None


def _not_floats(text: str) -> str | None:
    return text if _floats(text) is None else None


def _write_floats(values: tuple[float, ...]) -> str:
    return "[" + ",".join(write_float(v) for v in values) + "]"


def _matrix(text: str) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(cell) for cell in row) for row in json.loads(text))


def _write_matrix(rows: tuple[tuple[float, ...], ...]) -> str:
    if not rows:
        return ""  # an optional matrix that was not given
    return "[" + ",".join(_write_floats(row) for row in rows) + "]"


def _same(text: str) -> str:
    return text


INT = Scalar("integer", _int, str, is_number=True, xsd="xs:integer")
INT32 = replace(INT, xsd="xs:int")
"""Where the server's schemas ask for 32 bits."""
FLOAT = Scalar("number", _float, write_float, is_number=True, xsd="xs:double")
DOUBLE = Scalar("number", _float, write_double, is_number=True, xsd="xs:double")
BOOL = Scalar("truth value", _bool, lambda value: "true" if value else "false", xsd="xs:boolean")
TEXT = Scalar("text", _same, str)
ADDRESS = replace(TEXT, name="address", xsd="xs:anyURI")
DATE_TIME = Scalar("time", _instant, lambda value: _naive(value).isoformat(), xsd="xs:dateTime")
"""``2026-11-23T19:54:49``: upload dates of single things."""
TIMESTAMP = Scalar("time", _instant, lambda value: _naive(value).isoformat(" "))
"""``2026-11-23 19:54:49``: processing dates and lists."""
FLOATS = Scalar("JSON list of numbers", _floats, _write_floats, is_list=True)
NOT_FLOATS = Scalar("text", _not_floats, str, is_list=True)
"""What stands in the place of such a list in old runs: the name of an operating system, say."""
MATRIX = Scalar("JSON list of lists of numbers", _matrix, _write_matrix, is_list=True)


NAMES = Scalar(
    "list of names",
    lambda text: tuple(name.strip('" ') for name in text.split(",")),
    lambda names: ", ".join(names),  # noqa: PLW0108  (typed so)
)
"""Several names in one text, as lists of task types give their creators."""


def limited(
    max_length: int,
    pattern: str | None = None,
    alphabet: str = "",
    *,
    min_length: int = 1,
    ascii_only: bool = True,
) -> Scalar:
    """Make a text that is checked before it is uploaded, and when it arrives.

    Source: XSD types ``basic_latin``, unless a pattern says more.
    """
    return replace(
        TEXT,
        max_length=max_length,
        min_length=min_length,
        pattern=re.compile(pattern) if pattern else None,
        alphabet=alphabet,
        ascii_only=ascii_only,
    )


def casual(max_length: int, *, colon: bool = False, equals: bool = False) -> Scalar:
    """Make a name that needs no quoting in addresses.

    Source: XSD types ``casual_string``; runs add the colon, flows the colon and the equals sign.
    The patterns are spelled as there, because a refusal quotes them.
    """
    extra = ":" * colon + "=" * equals
    words = "A-Z a-z 0-9 _ - . ( ) ," + "".join(f" {c}" for c in extra)
    marks = rf"\.,\(\){extra}" if extra else r"\.\(\),"
    return limited(max_length, rf"([a-zA-Z0-9_\-{marks}])+", words)


_SYSTEM_PATTERN = r"([a-zA-Z0-9_\-\.])+"
_SYSTEM_ALPHABET = "A-Z a-z 0-9 _ - ."


def system(max_length: int) -> Scalar:
    """Make a name of the fewest characters, as tags are.

    Source: XSD types ``system_string``.
    """
    return limited(max_length, _SYSTEM_PATTERN, _SYSTEM_ALPHABET)


def one_of(*choices: str) -> Scalar:
    """Make a text that is one of these."""
    return replace(TEXT, choices=choices)


TAG = system(64)
NAME = replace(TAG, max_length=None, min_length=None)
"""The same characters without a limit: the names of a task's inputs."""
