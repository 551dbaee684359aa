"""The error codes of the protocol: ``codes.tsv`` maps code, HTTP status, error class and text.

The client reads it one way, the registry the other.  Source: protocol note, section 13.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import unescape
from importlib.resources import files

from openml_client import errors
from openml_client.errors import DuplicateError, InUseError, ServerError
from openml_client.wire.vocabulary import ErrorAnswer

NO_SUCH_FUNCTION = 100
"""The server has no such route."""
NO_KEY = 102
"""A request needs a key, and has none."""
OVERLOADED = 107
"""The server's database is out of reach; asking again later may help."""
NOT_INDEXED = 105
"""The server's search index is out of reach, and mostly the change was made all the same."""


@dataclass(frozen=True)
class Code:
    """One error code."""

    number: int
    http_status: int
    error: type[ServerError]
    message: str
    """The server's words."""


@cache
def codes() -> Mapping[int, Code]:
    """All codes by number."""
    text = (files(__package__) / "codes.tsv").read_text("utf-8")
    table = {}
    for line in text.splitlines()[1:]:
        number, status, error, message = line.split("\t")
        cls = getattr(errors, error)
        table[int(number)] = Code(int(number), int(status), cls, message)
    return table


_MATCHED_ID = re.compile(r"(?:matched id\(s\): \[|implementation_id:)\s*(\d+)")

_BRACED_IDS = re.compile(r"\{(\d+(?:, *\d+)*)\}")


def error_for(answer: ErrorAnswer, *, route: str, asked: str) -> ServerError:
    """Make the exception of a server's refusal.

    ``asked`` says what was asked of whom, for the message: ``data/99999 of api.example.org``.
    """
    code = codes().get(answer.code)
    cls = code.error if code else ServerError
    # The server writes its information for browsers.
    details = _shortened(unescape(answer.additional_information or "").strip())
    text = unescape(answer.message).strip() + (f" ({details})" if details else "")
    message = f"{asked}: {text} [code {answer.code}]"
    if cls is DuplicateError:
        match = _MATCHED_ID.search(details)
        existing_id = int(match[1]) if match else None
        return DuplicateError(message, code=answer.code, route=route, existing_id=existing_id)
    if cls is InUseError:
        match = _BRACED_IDS.search(details)
        ids = tuple(map(int, match[1].split(","))) if match else ()
        hint = _HINTS[cls]
        return InUseError(message, code=answer.code, route=route, hint=hint, dependants=ids)
    return cls(message, code=answer.code, route=route, hint=_HINTS.get(cls))


def _shortened(details: str) -> str:
    """The beginning of what a server lists, thousands of ids say."""
    more = len(details) - _SHOWN_CHARACTERS
    return details if more <= 0 else f"{details[:_SHOWN_CHARACTERS]}… {more:,} characters more"


_SHOWN_CHARACTERS = 300
"""Of what a server says beside its message; the details of schema errors are shorter."""

_HINTS: Mapping[type[ServerError], str] = {
    errors.AuthenticationError: (
        "Set OPENML_API_KEY, pass api_key= to Client, or run `openml-client login`."
    ),
    errors.NotAuthorizedError: "Ask the owner of the thing, or an administrator of the server.",
    errors.InUseError: "Delete what depends on it first.",
}
