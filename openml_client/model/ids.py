"""Ids as callers give them: integers of any kind, numeric strings, or the things themselves."""

from __future__ import annotations

from numbers import Integral
from typing import Any

from openml_client.errors import ValidationError


def id_of(value: Any, what: str, kinds: tuple[type[Any], ...]) -> int:
    """Make an id of an integer, a numeric string or a thing that has one.

    Parameters
    ----------
    what
        The kind of thing, as ``dataset``.
    kinds
        The classes of things that stand for their own id.

    Raises
    ------
    ValidationError
        If it is none of these.
    """
    is_integer = isinstance(value, Integral) and value is not True and value is not False
    if is_integer or (isinstance(value, str) and value.strip().isdecimal()):
        return int(value)
    if isinstance(value, kinds):
        return int(value.id)
    raise ValidationError(
        f"{value!r} is no id of a {what}",
        hint=f"Give a positive integer, as shown by `openml-client {what} list`.",
    )
