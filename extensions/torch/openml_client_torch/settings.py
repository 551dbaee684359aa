"""What the plain parameters of a recipe may be."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

_MOST_THREADS = 1024
"""torch starts them all at once, and the process dies where the system has no more."""


def check_settings(recipe: Any) -> None:
    """Check the parameters that are numbers or words, and those that need each other.

    Raises
    ------
    ValueError
        Naming the parameter, its value and what it may be.
    """
    for name, (allowed, check) in _CHECKS.items():
        value = getattr(recipe, name, None)
        if hasattr(recipe, name) and not check(value):
            raise ValueError(f"{name}={value!r}; it must be {allowed}")
    if recipe.validation_fraction == 0:
        if recipe.patience is not None:
            raise ValueError(
                f"patience={recipe.patience} needs rows for validation; give "
                "validation_fraction=0.1, or patience=None"
            )
        if recipe.monitor == "score":
            raise ValueError("monitor='score' needs rows for validation: validation_fraction=0.1")
    if recipe.amp is not None and recipe.dtype != "float32":
        raise ValueError(f"amp={recipe.amp!r} needs dtype='float32', not {recipe.dtype!r}")


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return _is_whole(value) and value >= 1


def _is_one_of(*allowed: object) -> tuple[str, Any]:
    words = ", ".join(map(repr, allowed))
    return f"one of {words}", lambda value: any(value is w or value == w for w in allowed)


def _is_fraction(value: Any) -> bool:
    return _is_number(value) and 0 <= value < 1


def _are_weights(value: Any) -> bool:
    if isinstance(value, Mapping):  # a batch of rows that all weigh 0 has no mean
        return all(_is_number(weight) and 0 < weight < math.inf for weight in value.values())
    return value is None or (isinstance(value, str) and value == "balanced")


def _are_groups(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return value is None
    return all(
        isinstance(pattern, str)
        and isinstance(options, Mapping)
        and not any(_is_number(option) and option < 0 for option in options.values())
        for pattern, options in value.items()
    )


def _is_positive(value: Any) -> bool:
    return value is None or (_is_number(value) and 0 < value < math.inf)


def _is_seed(value: Any) -> bool:
    return value is None or _is_whole(value)


def _is_device(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"auto|cpu|cuda(:\d+)?", value) is not None


_CHECKS: Mapping[str, tuple[str, Any]] = {
    "loss": ("a class such as nn.CrossEntropyLoss, a partial, an instance or a function", callable),
    "max_epochs": ("a whole number from 1", _is_count),
    "batch_size": ("a whole number from 1", _is_count),
    "threads": (
        f"a whole number from 1 to {_MOST_THREADS}",
        lambda v: _is_count(v) and v <= _MOST_THREADS,
    ),
    "patience": ("a whole number from 1, or None", lambda v: v is None or _is_count(v)),
    "validation_fraction": ("a number from 0 to below 1", _is_fraction),
    "grad_clip": ("a number above 0, or None", _is_positive),
    "monitor": _is_one_of("loss", "score"),
    "scheduler_step": _is_one_of("epoch", "step"),
    "dtype": _is_one_of("float32", "float64"),
    "amp": _is_one_of(None, "bfloat16", "float16"),
    "compile": _is_one_of(False, True),
    "scale_target": _is_one_of(False, True),
    "device": ("'auto', 'cpu', 'cuda' or 'cuda:1'", _is_device),
    "output": _is_one_of("auto", "logits", "log_probabilities", "probabilities", "scores"),
    "class_weight": (
        "'balanced', a dict of weights above 0 by label, or None",
        _are_weights,
    ),
    "param_groups": (
        "a dict of options by pattern, none of them below 0, as {'head.*': {'lr': 0.01}}, or None",
        _are_groups,
    ),
    "random_state": ("a whole number, or None", _is_seed),
}
