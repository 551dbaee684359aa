"""Handlers of what pandas gives for columns: indexes, masks as series, and missing values."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

from openml_client.extension.arrays import MAX_ARRAY_BYTES, require_exact
from openml_client.extension.codec import Decoder, Encoder, Handler

if TYPE_CHECKING:
    import pandas as pd

    from openml_client.extension.identity import Json

_DTYPE = re.compile(r"object|str|string|bool|u?int(8|16|32|64)|float(32|64)")
"""Dtypes whose values Python's own types hold."""
_ITEM_BYTES = 8
_MISSING = ("NA", "NaT")


class _Missing(Handler):
    """``NA`` or ``NaT``: there is one object of each."""

    tag = "$missing"

    def accepts(self, value: object) -> bool:
        pandas = sys.modules.get("pandas")
        return pandas is not None and any(value is getattr(pandas, name) for name in _MISSING)

    def encode(self, value: object, encoder: Encoder) -> Json:
        import pandas as pd

        return {self.tag: "NA" if value is pd.NA else "NaT"}

    def decode(self, payload: Json, decoder: Decoder) -> object:
        import pandas as pd

        return {"NA": pd.NA, "NaT": pd.NaT}[payload]


class _Range(Handler):
    """``[start, stop, step, name]``: what columns without names have."""

    tag = "$range_index"

    def accepts(self, value: object) -> bool:
        pandas = sys.modules.get("pandas")
        return pandas is not None and type(value) is pandas.RangeIndex

    def encode(self, value: pd.RangeIndex, encoder: Encoder) -> Json:
        numbers = [int(number) for number in (value.start, value.stop, value.step)]
        return {self.tag: [*numbers, encoder.encode(value.name)]}

    def decode(self, payload: Json, decoder: Decoder) -> pd.RangeIndex:
        import pandas as pd

        start, stop, step, name = payload
        return pd.RangeIndex(start, stop, step, name=decoder.decode(name))


class _Index(Handler):
    """``{"dtype", "items", "name"}``, as the columns of a frame."""

    tag = "$index"

    def accepts(self, value: object) -> bool:
        pandas = sys.modules.get("pandas")
        return pandas is not None and type(value) is pandas.Index

    def encode(self, value: pd.Index[Any], encoder: Encoder) -> Json:
        return {self.tag: _encoded(value, encoder)}

    def decode(self, payload: Json, decoder: Decoder) -> pd.Index[Any]:
        import pandas as pd

        items, dtype, name = _decoded(payload, decoder)
        index: pd.Index[Any] = pd.Index(items, dtype=dtype, name=name)
        _require_exact(items, index, dtype)
        return index


class _Series(Handler):
    """``{"dtype", "items", "name", "index"}``, as the mask ``frame.dtypes == object``."""

    tag = "$series"

    def accepts(self, value: object) -> bool:
        pandas = sys.modules.get("pandas")
        return pandas is not None and type(value) is pandas.Series

    def encode(self, value: pd.Series[Any], encoder: Encoder) -> Json:
        return {self.tag: {**_encoded(value, encoder), "index": encoder.child(None, value.index)}}

    def decode(self, payload: Json, decoder: Decoder) -> pd.Series[Any]:
        import pandas as pd

        items, dtype, name = _decoded(payload, decoder)
        index = decoder.child(None, payload["index"])
        series: pd.Series[Any] = pd.Series(items, dtype=dtype, name=name, index=index)
        _require_exact(items, series, dtype)
        return series


def _encoded(value: pd.Index[Any] | pd.Series[Any], encoder: Encoder) -> dict[str, Json]:
    dtype = str(value.dtype)
    if not _DTYPE.fullmatch(dtype):
        raise encoder.refusal(
            f"the dtype {dtype} of pandas has no description",
            "Use numbers, truth values, texts or objects, or a list.",
        )
    if len(value) * _ITEM_BYTES > MAX_ARRAY_BYTES:
        raise encoder.refusal(
            f"{len(value):,} items of pandas; parameters may hold "
            f"{MAX_ARRAY_BYTES // _ITEM_BYTES:,}",
            "Pass large data to the model when it is fitted, not as a parameter.",
        )
    items = [encoder.child(None, item) for item in value.tolist()]
    return {"dtype": dtype, "items": items, "name": encoder.child(None, value.name)}


def _decoded(payload: Json, decoder: Decoder) -> tuple[list[Any], Any, Any]:
    dtype = payload["dtype"]
    if not _DTYPE.fullmatch(dtype):
        raise ValueError(f"no dtype of a description: {dtype!r}")
    items = [decoder.child(None, item) for item in payload["items"]]
    return items, dtype, decoder.decode(payload["name"])


def _require_exact(items: list[Any], made: pd.Index[Any] | pd.Series[Any], dtype: str) -> None:
    if dtype != "object":
        for item, kept in zip(items, made.tolist(), strict=True):
            require_exact(item, kept)


LABEL_HANDLERS: tuple[Handler, ...] = (_Missing(), _Range(), _Index(), _Series())
