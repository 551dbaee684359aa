"""What an object is, as nested tuples that can be compared: to see that nothing changed it."""

from __future__ import annotations

import functools
import hashlib
import inspect
import types
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from openml_client.extension import FoldResult

_PLAIN = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis))
_BY_IDENTITY = (type, types.BuiltinFunctionType, types.ModuleType, np.ufunc)


def state(value: object) -> object:
    """Everything that can be seen of a value, types included; equal for equal values.

    Objects are taken apart as copying would do it.  NaN equals NaN, -0.0 does not equal 0.0.
    """
    return _state(value, ())


def _state(value: Any, outer: tuple[int, ...]) -> object:
    kind = type(value)
    if isinstance(value, _BY_IDENTITY):
        return value
    if kind in _PLAIN:
        return kind, repr(value)
    if id(value) in outer:
        return "inside itself", len(outer) - outer.index(id(value))
    inner = functools.partial(_state, outer=(*outer, id(value)))
    if kind in (list, tuple):
        return kind, *map(inner, value)
    if kind in (set, frozenset):
        return kind, *sorted(map(repr, map(inner, value)))
    if kind is dict:
        return kind, *((inner(key), inner(item)) for key, item in value.items())
    if isinstance(value, types.FunctionType):
        cells = inspect.getclosurevars(value).nonlocals
        return kind, value.__module__, value.__qualname__, inner(dict(cells))
    if isinstance(value, (pd.DataFrame, pd.Series)):
        return kind, str(getattr(value, "dtypes", "")), value.to_json(), str(value.index)
    if isinstance(value, np.ndarray) or hasattr(value, "__array__"):
        return kind, *_array(value, inner)
    return kind, *_parts(value, inner)


def _array(value: Any, inner: Any) -> tuple[object, ...]:
    # Tensors that take part in gradients give no array of themselves.
    array = np.asarray(value.detach() if hasattr(value, "detach") else value)
    content = inner(array.tolist()) if array.dtype.hasobject else array.tobytes()
    return str(array.dtype), array.shape, content


def _parts(value: Any, inner: Any) -> tuple[object, ...]:
    try:
        reduced = value.__reduce_ex__(4)
    except TypeError:
        return (inner(dict(getattr(value, "__dict__", {}))),)
    if isinstance(reduced, str):
        return (reduced,)
    parts = [*reduced, None, None, None][:5]  # factory, arguments, state, items, pairs
    return tuple(map(inner, [*parts[:3], list(parts[3] or ()), list(parts[4] or ())]))


def result_digest(result: FoldResult) -> str:
    """Hash of the bits of a result's predictions and probabilities, and of the fitted state."""
    probabilities = result.probabilities
    shown = state(
        (
            None if result.predictions is None else list(map(str, result.predictions)),
            None if probabilities is None else np.asarray(probabilities, dtype=np.float64),
            tuple(map(str, result.probability_labels)),
            result.confidence_kind,
            None if result.failure is None else (result.failure.stage, result.failure.error),
            (result.log or {}).get("state"),
        )
    )
    return hashlib.sha256(repr(shown).encode()).hexdigest()
