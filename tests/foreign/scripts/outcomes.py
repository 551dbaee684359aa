"""What scripts of openml-python say of their calls: a value as JSON, or an error."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import openml
import pandas as pd
from openml.exceptions import PyOpenMLError


def connect(address: str, key: str) -> None:
    """Talk to a server as a user, as openml-python's introduction says it."""
    openml.config.server = f"{address}/api/v1/xml"
    openml.config.apikey = key


def refusal(call: Callable[..., Any], *arguments: Any, **options: Any) -> dict[str, Any]:
    """The error that a call ends with: its class, what it says, and the server's code."""
    try:
        value = call(*arguments, **options)
    except PyOpenMLError as error:
        # Some errors stand for one of the server, which has the code.
        server = error if hasattr(error, "code") else error.__cause__
        code = getattr(server, "code", None)
        return {"error": type(error).__name__, "code": code, "message": error.message}
    raise AssertionError(f"{call} was to be refused, and gave {value!r}")


def plain(column: pd.Series) -> list[Any]:
    """Numbers and texts, None where one is missing."""
    values = column.astype(object)
    return values.where(values.notna(), None).tolist()


def rows(frame: pd.DataFrame, *columns: str) -> list[list[Any]]:
    """Some columns of a table, row by row."""
    return [list(row) for row in zip(*(plain(frame[name]) for name in columns), strict=True)]


def shown(thing: Any) -> dict[str, str]:
    """What a thing says of itself when it is printed: a line for each property."""
    pairs = (re.split(r"\.*: ", line, maxsplit=1) for line in str(thing).splitlines())
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}


def say(found: Any) -> None:
    """Print what was found."""

    def other(value: Any) -> Any:
        return value.item() if isinstance(value, np.generic) else str(value)

    json.dump(found, sys.stdout, default=other)
