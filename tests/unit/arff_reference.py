"""What liac-arff makes of a file, in the same shape as what we make of it."""

from __future__ import annotations

import math
from typing import Any

import arff as liac
import numpy as np
import pyarrow as pa

from openml_client.formats.arff import NUMBERS, ArffFile, Attribute, codes_dtype, read_arff

Row = list[Any]
"""Values: floats, texts, datetime64, and None where one is missing.  Of a sparse file: pairs of
index and value."""


def rows_of(file: ArffFile) -> list[Row]:
    """The rows of a file as plain values."""
    if file.sparse is not None:
        return [_sparse_row(file, n) for n in range(file.n_rows)]
    assert file.columns is not None
    columns = [_values(a, c) for a, c in zip(file.attributes, file.columns, strict=True)]
    return [list(row) for row in zip(*columns, strict=True)]


def rows_by_liac(content: bytes, *, is_sparse: bool = False) -> list[Row]:
    """The rows as liac-arff reads them; raises what it raises."""
    text = content.rstrip(b"\0").decode()
    decoded = liac.loads(text, return_type=liac.LOD if is_sparse else liac.DENSE)
    if is_sparse:
        return [[(index, row[index]) for index in sorted(row)] for row in decoded["data"]]
    rows: list[Row] = decoded["data"]
    return rows


def assert_same_as_liac(content: bytes) -> None:
    """Both read the same names, kinds, labels and values."""
    file = read_arff(content)
    is_sparse = file.sparse is not None
    decoded = liac.loads(content.rstrip(b"\0").decode(), return_type=liac.LOD if is_sparse else 0)
    kinds = [list(a.labels) if a.kind == "nominal" else a.kind for a in file.attributes]
    theirs = [_kind(kind) for _, kind in decoded["attributes"]]
    assert [a.name for a in file.attributes] == [name for name, _ in decoded["attributes"]]
    assert kinds == theirs
    assert rows_of(file) == rows_by_liac(content, is_sparse=is_sparse)


def _kind(kind: str | list[str | None]) -> str | list[str]:
    """A type as liac-arff has it; it takes a declared ``?`` for missing, but servers list it."""
    if isinstance(kind, str):
        return kind.lower()
    return ["?" if label is None else label for label in kind]


def _values(attribute: Attribute, column: np.ndarray) -> list[Any]:
    if attribute.kind == "nominal":
        assert column.dtype == codes_dtype(attribute.labels)
        return [_label(attribute, code) for code in column]
    if attribute.kind in NUMBERS:
        assert column.dtype == np.float64
        return [_number(value) for value in column.tolist()]
    if attribute.kind == "date":
        assert column.dtype == np.dtype("datetime64[us]")
        return [None if np.isnat(value) else value for value in column]
    assert column.type == pa.large_string()
    return column.to_pylist()


def _sparse_row(file: ArffFile, n: int) -> Row:
    row = file.sparse[[n]]
    return [
        (int(i), _value_of_float(file.attributes[i], v))
        for i, v in zip(row.indices, row.data, strict=True)
    ]


def _value_of_float(attribute: Attribute, value: float) -> Any:
    if attribute.kind == "nominal":
        return None if math.isnan(value) else attribute.labels[int(value)]
    return _number(float(value))


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _label(attribute: Attribute, code: int) -> str | None:
    return attribute.labels[code] if code >= 0 else None
