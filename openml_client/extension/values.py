"""Typed JSON for the values of parameters, both ways, without loss.

What the core takes: plain JSON values, tuples, sets, mappings with any keys in their order,
slices, ranges, bytes, complex numbers, NaN and infinities, numpy's scalars, arrays and dtypes,
pandas' indexes, series and missing values, functions and classes by reference, partials, calls
of importable factories, dataclasses, named tuples, enums, and objects that are no more than the
arguments of their constructor.  Extensions add what they know: estimators, splitters, modules,
devices.
"""

from __future__ import annotations

from collections.abc import Iterable

from openml_client.extension.arrays import ARRAY_HANDLERS
from openml_client.extension.callables import CALLABLE_HANDLERS
from openml_client.extension.codec import Codec, Handler
from openml_client.extension.containers import CONTAINER_HANDLERS
from openml_client.extension.labels import LABEL_HANDLERS

CORE_HANDLERS: tuple[Handler, ...] = (
    *CONTAINER_HANDLERS,
    *ARRAY_HANDLERS,
    *LABEL_HANDLERS,
    *CALLABLE_HANDLERS,
)


def codec(handlers: Iterable[Handler] = ()) -> Codec:
    """Make the codec of an extension: its own handlers, which are asked first, and the core's."""
    return Codec((*handlers, *CORE_HANDLERS))
