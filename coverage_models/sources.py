"""The models that are measured; the tests of the extension run over the same."""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

TESTS = Path(__file__).parents[1] / "extensions" / "sklearn" / "tests"
"""Where the compositions and the list of estimators are."""


class Model(NamedTuple):
    """A model that can be made again and again."""

    name: str
    make: Callable[[], Any]


def _module(name: str) -> Any:
    if str(TESTS) not in sys.path:
        sys.path.insert(0, str(TESTS))
    return importlib.import_module(name)


def same(one: Any, other: Any) -> bool:
    """Whether two models are equal, with the exact types of all that is in them."""
    return bool(_module("models").same(one, other))


def rebuilt(model: Any) -> Any:
    """The model, through its flow and settings, as they would be stored."""
    return _module("estimators").rebuilt(model)


def estimators() -> Iterator[Model]:
    """Every estimator of the installed scikit-learn that its parameters construct."""
    of_tests = _module("estimators")
    for name, cls in of_tests.ESTIMATORS.items():
        yield Model(name, partial(of_tests.make, cls))


def common_instances() -> Iterator[Model]:
    """The instances that scikit-learn's own common tests construct; none before version 1.6."""
    of_tests = _module("estimators")
    for name in of_tests.ESTIMATORS:
        try:
            models = _made(of_tests.common_instances, name)
        except ModuleNotFoundError:
            return
        for number in range(len(models)):
            yield Model(f"{name}, {number}", partial(_nth, of_tests.common_instances, name, number))


def _nth(make: Callable[[str], Iterator[Any]], name: str, number: int) -> Any:
    return _made(make, name)[number]


def _made(make: Callable[[str], Iterator[Any]], name: str) -> list[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated classes are tested as well
        return list(make(name))


def compositions() -> Iterator[Model]:
    """Models made of several, and models with values of unusual types."""
    for module, name in (("models", "MODELS"), ("strange_models", "STRANGE")):
        found: Mapping[str, Callable[[], Any]] = getattr(_module(module), name)
        yield from (Model(*item) for item in found.items())


def by_column_type() -> Any:
    """A preprocessing for columns of any type."""
    return _module("models").by_column_type()


def load() -> None:
    """Make the modules of the compositions importable, as descriptions of others name them."""
    _module("user_models")
