"""The columns of a data file one by one, dense, in the three kinds that the engine knows."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from openml_client.formats.arff import ArffFile, Attribute

Kind = Literal["numeric", "nominal", "string", "date", "unknown"]


@dataclass(frozen=True, eq=False)
class Column:
    """One column of a data file."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    """What the file declares; empty unless nominal."""
    values: NDArray[np.float64]
    """Shape ``(n_rows,)``: numbers, positions in ``labels``, positions among the distinct texts,
    or milliseconds since 1970; NaN where a value is missing."""

    @property
    def is_nominal(self) -> bool:
        """Whether the values are of a declared set."""
        return self.kind == "nominal"

    @property
    def is_number(self) -> bool:
        """Whether the values can be added up; a date can, as milliseconds."""
        return self.kind in {"numeric", "date"}

    @property
    def is_missing(self) -> NDArray[np.bool_]:
        """Rows without a value."""
        return np.isnan(self.values)


def columns(arff: ArffFile, places: Container[int] | None = None) -> Iterator[Column]:
    """The columns at some places, or all, in the order of the file; made as they are asked for."""
    by_column = None if arff.sparse is None else arff.sparse.tocsc()
    for index, attribute in enumerate(arff.attributes):
        if places is not None and index not in places:
            continue
        if by_column is not None:
            values = by_column[:, [index]].toarray().ravel().astype(np.float64)
        elif arff.columns is not None:
            values = _numbers(attribute, arff.columns[index])
        else:
            values = np.empty(0)
        yield Column(attribute.name, _kind(attribute), attribute.labels, values)


def _kind(attribute: Attribute) -> Kind:
    match attribute.kind:
        case "numeric" | "integer" | "real":
            return "numeric"
        case "nominal" | "string" | "date" as kind:
            return kind
        case _:
            return "unknown"


def _numbers(attribute: Attribute, values: NDArray[np.generic]) -> NDArray[np.float64]:
    match attribute.kind:
        case "nominal":
            codes = values.astype(np.float64)
            return np.where(codes < 0, np.nan, codes)
        case "date":
            milliseconds = values.astype("datetime64[ms]")
            numbers = milliseconds.astype(np.int64).astype(np.float64)
            return np.where(np.isnat(milliseconds), np.nan, numbers)
        case "numeric" | "integer" | "real":
            return values.astype(np.float64)
        case _:
            positions: dict[object, float] = {None: np.nan}
            for text in values.tolist():
                positions.setdefault(text, float(len(positions) - 1))
            return np.array([positions[text] for text in values.tolist()], dtype=np.float64)
