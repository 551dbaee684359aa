"""Ids as callers give them: integers of any kind, numeric strings, or the things themselves."""

from __future__ import annotations

from numbers import Integral
from typing import Any

from openml_client.errors import ValidationError


def as_id(value: Any, what: str) -> int:
    """Make an id of an integer, a numeric string or a thing that has one.

    Raises
    ------
    ValidationError
        If it is none of these, or not positive.
    """
    is_integer = isinstance(value, Integral) and value is not True and value is not False
    if is_integer or (isinstance(value, str) and value.strip().isdecimal()):
        number = int(value)
    elif isinstance(getattr(value, "id", None), int):
        return int(value.id)
    else:
        raise ValidationError(
            f"{value!r} is no id of a {what}",
            hint=f"Give a positive integer, as shown by `openml-client {what} list`.",
        )
    if number <= 0:
        raise ValidationError(f"the id of a {what} is a positive integer, not {number}")
    return number
