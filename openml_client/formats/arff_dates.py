"""Dates in ARFF files, whose format is a pattern of Java's SimpleDateFormat."""

from __future__ import annotations

import re
from datetime import UTC, datetime

DEFAULT_DATE = "yyyy-MM-dd'T'HH:mm:ss"
"""Source: ARFF manual, "Date attributes"."""

_PIECE = re.compile(r"'((?:[^']|'')+)'|('')|(([A-Za-z])\4*)|(.)", re.DOTALL)
_DIRECTIVES = {
    "d": "%d",
    "D": "%j",
    "H": "%H",
    "h": "%I",
    "m": "%M",
    "s": "%S",
    "S": "%f",
    "a": "%p",
    "Z": "%z",
    "X": "%z",
}
_BY_LENGTH = {
    "y": {2: "%y"},
    "M": {1: "%m", 2: "%m", 3: "%b"},
    "E": {1: "%a", 2: "%a", 3: "%a"},
}
_LONG = {"y": "%Y", "M": "%B", "E": "%A"}


class DateFormat:
    """Reads and writes the dates of one attribute.

    Raises
    ------
    ValueError
        If the pattern has a letter that is not understood, or says a thing twice.
    """

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self._strptime = "".join(_piece(match) for match in _PIECE.finditer(pattern))
        directives = re.findall("%[a-zA-Z]", self._strptime.replace("%%", ""))
        if len(set(directives)) < len(directives):
            raise ValueError(f"the date format {pattern!r} has a part twice")
        self._has_year = not {"%Y", "%y"}.isdisjoint(directives)

    def parse(self, text: str) -> datetime:
        """Read a date; one with an offset is turned into UTC, and all are naive.

        Raises
        ------
        ValueError
            If the text is no date of this format.
        """
        # A time without a year is one of 1970 in Java, of 1900 in Python.
        year = ("", "") if self._has_year else ("1970 ", "%Y ")
        value = datetime.strptime(year[0] + text, year[1] + self._strptime)
        try:
            return value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
        except OverflowError as error:
            raise ValueError(f"{text!r} is out of range") from error

    def format(self, value: datetime) -> str:
        """Write a date.

        Raises
        ------
        ValueError
            If the format can't hold all of it.
        """
        # strftime gives microseconds, and on some systems years without zeros in front.
        fixed = {"%f": f"{value.microsecond // 1000:03d}", "%Y": f"{value.year:04d}"}
        directives = re.sub("%.", lambda match: fixed.get(match[0], match[0]), self._strptime)
        text = value.strftime(directives)
        try:
            is_same = self.parse(text) == value
        except ValueError:
            is_same = False
        if not is_same:
            raise ValueError(f"the date {value} does not fit into the format {self.pattern!r}")
        return text


def _piece(match: re.Match[str]) -> str:
    quoted, apostrophe, run, letter, other = match.groups()
    if run is None:
        literal = quoted.replace("''", "'") if quoted else "'" if apostrophe else other
        return str(literal).replace("%", "%%")
    if letter in _LONG:
        return _BY_LENGTH[letter].get(len(run), _LONG[letter])
    if letter not in _DIRECTIVES:
        raise ValueError(f"the letter {letter!r} of the date format is not understood")
    return _DIRECTIVES[letter]
