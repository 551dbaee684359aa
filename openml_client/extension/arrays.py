"""Handlers of numpy's scalars, arrays and dtypes.

Numbers are written as numbers, so that a setup can be read; doubles in their shortest text
read back equal bit by bit (all NaN count as one).
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

from openml_client.extension.codec import Decoder, Encoder, Handler

if TYPE_CHECKING:
    import numpy as np

    from openml_client.extension.identity import Json

MAX_ARRAY_BYTES = 1 << 20
"""Larger arrays are data, which belongs into a dataset.  What is longer than a setting of the
protocol, as most arrays are, stands in a file of the run."""

_DTYPE = re.compile(r"[<>|=]?(b1|[iu][1248]|f[248]|c8|c16|[US]\d{1,4}|O8?|[mM]8(\[\w{1,6}\])?)")
"""Dtypes that are taken: fixed sizes that any machine has; no structures."""
_PLAIN_KINDS = "biufcUSO"
_NAT = -(2**63)
"""The number of the time that is missing, whatever its unit."""


class _Scalar(Handler):
    """``[dtype, value]``: a scalar of numpy, which is no plain number."""

    tag = "$scalar"

    def accepts(self, value: object) -> bool:
        numpy = sys.modules.get("numpy")
        return numpy is not None and isinstance(value, numpy.generic)

    def encode(self, value: np.generic[Any], encoder: Encoder) -> Json:
        return {self.tag: [_dtype_text(value.dtype, encoder), encoder.encode(_python(value))]}

    def decode(self, payload: Json, decoder: Decoder) -> object:
        import numpy as np

        text, item = payload
        value = decoder.decode(item)
        dtype = _dtype(text)
        scalar = np.array(_taken(value, dtype), dtype=dtype)[()]
        require_exact(value, scalar)
        return scalar


class _Array(Handler):
    """``{"dtype", "shape", "items"}``: items in row-major order."""

    tag = "$array"

    def accepts(self, value: object) -> bool:
        numpy = sys.modules.get("numpy")
        return numpy is not None and type(value) is numpy.ndarray

    def encode(self, value: np.ndarray[Any, Any], encoder: Encoder) -> Json:
        if value.nbytes > MAX_ARRAY_BYTES:
            raise encoder.refusal(
                f"an array of {value.nbytes:,} bytes; parameters may hold {MAX_ARRAY_BYTES:,}",
                "Pass large arrays to the model when it is fitted, not as a parameter.",
            )
        payload = {
            "dtype": _dtype_text(value.dtype, encoder),
            "shape": list(value.shape),
            "items": [encoder.child(None, item) for item in _items(value)],
        }
        return {self.tag: payload}

    def decode(self, payload: Json, decoder: Decoder) -> np.ndarray[Any, Any]:
        import numpy as np

        items, dtype = decoder.items(payload["items"]), _dtype(payload["dtype"])
        if len(items) * dtype.itemsize > MAX_ARRAY_BYTES:
            raise ValueError(f"an array of {len(items) * dtype.itemsize:,} bytes")
        array = np.empty(len(items), dtype=dtype)
        for position, item in enumerate(items):  # one by one: np.array would unpack tuples
            array[position] = _taken(item, dtype)
            if not dtype.hasobject:
                require_exact(item, array[position])
        return array.reshape(payload["shape"])


class _DType(Handler):
    tag = "$dtype"

    def accepts(self, value: object) -> bool:
        numpy = sys.modules.get("numpy")
        return numpy is not None and isinstance(value, numpy.dtype)

    def encode(self, value: np.dtype[Any], encoder: Encoder) -> Json:
        return {self.tag: _dtype_text(value, encoder)}

    def decode(self, payload: Json, decoder: Decoder) -> np.dtype[Any]:
        return _dtype(payload)


def require_exact(value: object, kept: Any) -> None:
    """Refuse what numpy or pandas made of a value if it is not the same value.

    They would cut texts and read numbers out of texts: other values than those that were audited.

    Raises
    ------
    ValueError
        If it differs in type or value.
    """
    held = _python(kept)
    if type(held) is not type(value) or (held is not value and repr(held) != repr(value)):
        raise ValueError(f"{value!r} does not fit its type")


def _dtype_text(dtype: np.dtype[Any], encoder: Encoder) -> str:
    if not _DTYPE.fullmatch(dtype.str) or dtype.metadata:
        raise encoder.refusal(
            f"the dtype {dtype} has no description",
            "Use numbers of at most 64 bits, truth values, texts, objects or times.",
        )
    return dtype.str


def _dtype(text: str) -> np.dtype[Any]:
    import numpy as np

    if not _DTYPE.fullmatch(text):
        raise ValueError(f"no dtype of a description: {text!r}")
    return np.dtype(text)


def _taken(item: object, dtype: np.dtype[Any]) -> object:
    """The item as numpy takes it: a date without a unit is NaT, which it takes by name only."""
    return "NaT" if dtype == "M8" and item == _NAT else item


def _items(array: np.ndarray[Any, Any]) -> list[object]:
    flat = array.ravel()
    return flat.tolist() if flat.dtype.hasobject else [_python(item) for item in flat]


def _python(value: Any) -> object:
    """Python value of an element; times become the integers that count their unit."""
    kind = getattr(getattr(value, "dtype", None), "kind", "O")
    if kind in "mM":
        return int(value.view("i8"))
    return value.item() if kind in _PLAIN_KINDS and hasattr(value, "item") else value


ARRAY_HANDLERS: tuple[Handler, ...] = (_Scalar(), _Array(), _DType())
