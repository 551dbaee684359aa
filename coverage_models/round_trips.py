"""Do models come back from their flows with the exact types of all their parameters?"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any, TypedDict

from coverage_models import sources
from coverage_models.sources import Model
from openml_client.errors import OpenMLError


class Count(TypedDict):
    """Of how many models something holds, and what is the matter with the others."""

    n: int
    good: int
    faults: dict[str, str]


KINDS: dict[str, Callable[[], Iterable[Model]]] = {
    "estimators of `all_estimators()`": sources.estimators,
    "instances of scikit-learn's own common tests": sources.common_instances,
    "compositions": sources.compositions,
}


def measure() -> dict[str, Count]:
    """Round trips by kind of model."""
    return {kind: count(models(), complaint) for kind, models in KINDS.items()}


def count(models: Iterable[Model], complain: Callable[[Model], str | None]) -> Count:
    """What holds of how many models, by a function that tells what is wrong with one."""
    faults: dict[str, str] = {}
    n = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what models warn of is nothing that we measure
        for n, model in enumerate(models, start=1):  # noqa: B007  # n counts them
            wrong = complain(model)
            if wrong is not None:
                faults[model.name] = wrong
    return {"n": n, "good": n - len(faults), "faults": faults}


def complaint(model: Model) -> str | None:
    """What is wrong with a model that came back; None for a good one."""
    original: Any = model.make()
    try:
        again = sources.rebuilt(original)
    except OpenMLError as error:
        return f"{type(error).__name__}: {error}".splitlines()[0]
    if not sources.same(again, original):
        return "came back as another"
    return None if sources.same(original, model.make()) else "was changed by describing it"
