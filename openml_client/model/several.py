"""Several things where one may be given: a text is one item, not a list of its characters."""

from __future__ import annotations

from typing import Any


def several(given: Any) -> tuple[Any, ...]:
    """What was given, one thing or several, as a tuple; None is nothing."""
    if given is None:
        return ()
    if isinstance(given, str | bytes) or not hasattr(given, "__iter__"):
        return (given,)
    return tuple(given)


def hold_tuples(draft: object, *names: str) -> None:
    """Make tuples of these fields of a frozen draft, however they were given."""
    for name in names:
        object.__setattr__(draft, name, several(getattr(draft, name)))
