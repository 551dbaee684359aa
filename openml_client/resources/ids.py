"""Ids as callers give them: integers of any kind, numeric strings, or the things themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openml_client.errors import ValidationError
from openml_client.model.ids import id_of, is_a
from openml_client.model.several import several

_NAMED_BY: Mapping[str, str] = {
    "datasets": "dataset",
    "tasks": "task",
    "flows": "flow",
    "runs": "run",
    "setups": "setup",
    "study": "study",
    "benchmark_suite": "suite",
    "uploader": "user",
}
"""The filters of lists that take ids, and of what."""


def as_id(value: Any, what: str) -> int:
    """Make an id of an integer, a numeric string or a thing that has one.

    Raises
    ------
    ValidationError
        If it is none of these, not positive, or a thing of another kind.
    """
    number = id_of(value, what)
    if number <= 0:
        raise ValidationError(f"the id of a {what} is a positive integer, not {number}")
    return number


def as_ids(values: Any, what: str) -> tuple[int, ...]:
    """Make ids of one or several.

    Raises
    ------
    ValidationError
        If one of them is no id, or there is none.
    """
    ids = tuple(as_id(value, what) for value in several(values))
    if not ids:
        raise ValidationError(f"no id of a {what} was given")
    return ids


def plain_filter(name: str, value: Any) -> Any:
    """The value of a filter, with its id in the place of each thing that the filter is about."""
    what = _NAMED_BY.get(name)
    if what is None:
        return value
    if is_a(value, what):
        return int(value.id)
    if not isinstance(value, str) and hasattr(value, "__iter__"):
        return [int(item.id) if is_a(item, what) else item for item in value]
    return value
