"""The rule by which openml-python seeds a model before it runs it.

One generator draws a number for each seed of the model, in the order of the names that
``get_params`` gives, whether the seed is open or not; only open ones are set.

Source: openml-python 0.15.1, the documentation of ``seed_model``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from openml_client.errors import FlowError
from openml_client.extension.codec import Note
from openml_client.extension.tree import tagged

if TYPE_CHECKING:
    import numpy as np

    from openml_client.extension.identity import Json

_PARAMETER = "random_state"
_BOUND = 2**16
_SEEDED_SPLITTERS = frozenset(
    {"KFold", "StratifiedKFold", "GroupKFold", "StratifiedGroupKFold", "TimeSeriesSplit"}
)
"""Splitters that have a ``random_state``, whether their constructor takes one or not."""


class Place(NamedTuple):
    """An argument of a model, and where its value stands."""

    name: str
    """As ``get_params`` names it: ``svc__C``."""
    owner: dict[str, Json]
    key: str


def fill_seeds(places: Iterable[Place], seed: str | None, notes: list[Note]) -> None:
    """Fill the seeds that are open, by the rule and the seed that a run tells.

    Runs of recent versions tell the value of every seed, so that none is open.  Where one is
    and the run tells no seed, it stays open and is noted.

    Raises
    ------
    FlowError
        If the seed is no number.
    """
    draw = _generator(seed)
    for place in sorted(places, key=lambda place: place.name):
        target = _target(place)
        if target is None:
            continue
        owner, key, is_used = target
        number = int(draw.randint(0, _BOUND)) if draw is not None else None
        if owner.get(key) is not None or not is_used:
            continue
        if number is None:
            notes.append(Note(place.name, "the run does not tell this seed, so it stays open"))
        else:
            owner[key] = number


def _generator(seed: str | None) -> np.random.RandomState | None:
    import numpy as np

    if seed is None or seed == "null":
        return None
    try:
        return np.random.RandomState(int(seed))
    except ValueError as error:
        raise FlowError(f"the seed of the run is {seed!r}, which seeds no generator") from error


def _target(place: Place) -> tuple[dict[str, Json], str, bool] | None:
    """Where the seed of an argument stands, and whether it is used; None if it has none."""
    if _PARAMETER in place.name:
        return place.owner, place.key, True
    match tagged(place.owner[place.key]):
        case ("$call", {"kind": "splitter", "name": str(name), "kwargs": dict(kwargs)}):
            if name.rpartition(":")[2] in _SEEDED_SPLITTERS:
                return kwargs, _PARAMETER, kwargs.get("shuffle") is True
    return None
