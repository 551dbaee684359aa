"""Ids as callers give them: integers of any kind, numeric strings, or the things themselves."""

from __future__ import annotations

from numbers import Integral
from typing import Any

from openml_client.errors import ValidationError


def is_a(value: object, what: str) -> bool:
    """Whether a thing stands for its own id where the id of this kind is asked for.

    Its class says so with ``kinds``, so that the classes of other kinds need not be loaded.  A
    task is no dataset: it would name the dataset of its number.
    """
    return what in getattr(type(value), "kinds", ())


def id_of(value: Any, what: str) -> int:
    """Make an id of an integer, a numeric string or a thing that has one.

    Parameters
    ----------
    what
        The kind of thing, as ``dataset``.

    Raises
    ------
    ValidationError
        If it is none of these.
    """
    is_integer = isinstance(value, Integral) and value is not True and value is not False
    if is_integer or (isinstance(value, str) and value.strip().isdecimal()):
        return int(value)
    if is_a(value, what):
        return int(value.id)
    raise ValidationError(
        f"{value!r} is no id of a {what}",
        hint=f"Give a positive integer, as shown by `openml-client {what} list`.",
    )
