"""Values as they stand in an ARFF file: quotes, escapes, and the cells of a line."""

from __future__ import annotations

import re

QUOTED = re.compile(r"'[^'\\]*(?:\\.[^'\\]*)*'|\"[^\"\\]*(?:\\.[^\"\\]*)*\"", re.DOTALL)
"""A quoted value with its quotes.  A quote counts only where a value starts with it."""

BLANKS = " \t"
"""What may stand around values.  Other white space belongs to the values."""

MISSING = frozenset({"?", ""})
"""Cells without a value, where they have no quotes."""

_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|[0-3][0-7]{0,2}|[4-7][0-7]?|.)", re.DOTALL)
_ESCAPED = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "b": "\b",
    "f": "\f",
    "a": "\a",
    "v": "\v",
}
"""Source: the documentation of java.io.StreamTokenizer, by which Weka reads; so are octal
escapes. ``\\uXXXX`` comes from liac-arff. Any other character stands for itself."""

# Cells of a line that has a comma put before it: quoted, plain or broken. The possessive blanks
# keep a quote that is never closed from being taken for a plain cell that starts with a blank.
_CELL = re.compile(rf",[ \t]*+(?:((?:{QUOTED.pattern})[ \t]*+(?=,|\Z))|((?!['\"])[^,]*)|(.+))")


def unescape(text: str) -> str:
    """Text without its backslash escapes.

    Raises
    ------
    ValueError
        If half of a surrogate pair stands alone.
    """
    if "\\" not in text:
        return text
    plain = _ESCAPE.sub(_escaped, text)
    if "\\u" not in text:
        return plain
    # A character beyond U+FFFF is written as the two surrogates that UTF-16 has for it.
    try:
        return plain.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError as error:
        raise ValueError(f"half of a surrogate pair is no character: {text[:30]!r}") from error


def _escaped(match: re.Match[str]) -> str:
    code = match[1]
    if code[0] == "u" and len(code) == 5:
        return chr(int(code[1:], 16))
    if code[0] in "01234567":
        return chr(int(code, 8))
    return _ESCAPED.get(code, code)


def unquote(quoted: str) -> str:
    """Content of a quoted value.

    Raises
    ------
    ValueError
        If an escape has no meaning.
    """
    return unescape(quoted[1:-1])


def cells(line: str) -> list[str | None]:
    """Values of one data line; None where one is missing.

    Raises
    ------
    ValueError
        If a quote is not closed, or text follows a closing quote.
    """
    if "'" not in line and '"' not in line:
        return [None if cell in MISSING else cell for cell in _plain_cells(line)]
    found = _CELL.findall("," + line)
    broken = found[-1][2]
    if broken:
        quoted = QUOTED.match(broken)
        if quoted is None:
            raise ValueError(f"a quote is not closed: {broken[:30]!r}")
        raise ValueError(f"text after a closing quote: {broken[quoted.end() :][:30]!r}")
    return [unquote(quoted.rstrip(BLANKS)) if quoted else plain(text) for quoted, text, _ in found]


def _plain_cells(line: str) -> list[str]:
    if " " in line or "\t" in line:
        return [cell.strip(BLANKS) for cell in line.split(",")]
    return line.split(",")


def plain(text: str) -> str | None:
    """Value of a cell without quotes; None if it is missing."""
    text = text.strip(BLANKS)
    return None if text in MISSING else text
