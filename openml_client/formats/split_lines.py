"""The lines of a splits file in columns.

Source: protocol note, section 3.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from openml_client.errors import FormatError
from openml_client.formats.arff import NUMBERS, ArffFile, Attribute, read_arff
from openml_client.formats.arff_data import opened, split
from openml_client.formats.arff_header import parse_header
from openml_client.formats.numbers import find_column, whole_numbers

if TYPE_CHECKING:
    import pyarrow as pa

WHAT = "the splits"
"""What the file holds, for errors."""

TYPES = ("TRAIN", "TEST")
_NUMBERS = ("rowid", "repeat", "fold", "sample")


@dataclass(frozen=True, eq=False)
class SplitLines:
    """The lines in the order of the file; all columns have the shape ``(n_lines,)``."""

    rows: NDArray[np.int32]
    repeats: NDArray[np.int32]
    folds: NDArray[np.int32]
    samples: NDArray[np.int32]
    """Zeros where the file has no samples."""
    is_test: NDArray[np.int8]
    """1 for a line of test rows, 0 for one of training rows."""


def read_lines(source: bytes) -> SplitLines:
    """The lines of a splits file.

    Raises
    ------
    FormatError
        If the file is no splits file.
    """
    lines = _plain_lines(source)
    if lines is not None:
        return lines
    file = read_arff(source)
    rows, repeats, folds = (whole_numbers(file, name, what=WHAT) for name in _NUMBERS[:3])
    has_samples = any(attribute.name == "sample" for attribute in file.attributes)
    samples = whole_numbers(file, "sample", what=WHAT) if has_samples else np.zeros_like(rows)
    return SplitLines(rows, repeats, folds, samples, _is_test(file))


def _is_test(file: ArffFile) -> NDArray[np.int8]:
    attribute, column = find_column(file, "type", what=WHAT)
    if set(attribute.labels) != set(TYPES):
        declared = ", ".join(attribute.labels) or attribute.kind
        raise FormatError(f"the types of the splits are {declared}, not TRAIN and TEST")
    if (column < 0).any():
        row = int(np.flatnonzero(column < 0)[0])
        raise FormatError(f"the splits: column 'type' has no value in row {row}, counted from 0")
    flags: NDArray[np.int8] = (column == attribute.labels.index("TEST")).astype(np.int8)
    return flags


def _plain_lines(source: bytes) -> SplitLines | None:
    """The same for files as servers make them: whole numbers, and nothing that CSV lacks.

    They are read as the numbers that they are, in a third of the time and a half of the memory.
    None for other files, and where something is wrong.
    """
    import pyarrow as pa
    from pyarrow import csv

    with opened(source) as (content, read):
        try:
            data = split(content, "utf-8", read)
        except UnicodeDecodeError:
            return None
    attributes = parse_header(data.header).attributes
    names = [attribute.name for attribute in attributes]
    # Arrow takes 0x10 for a number, which ARFF does not.
    has_hexadecimals = any(source.find(x, data.start, data.end) >= 0 for x in (b"x", b"X"))
    if has_hexadecimals or not all(map(_is_plain, attributes)) or len(set(names)) != len(names):
        return None
    if data.start == data.end or not {"type", *_NUMBERS[:3]} <= set(names):
        return None
    types = {name: pa.int32() for name in names} | {"type": pa.binary()}
    try:
        table = csv.read_csv(
            pa.BufferReader(pa.py_buffer(source).slice(data.start, data.end - data.start)),
            csv.ReadOptions(column_names=names),
            csv.ParseOptions(quote_char=False),
            csv.ConvertOptions(column_types=types),
        )
        return _from_table(table)
    except pa.ArrowInvalid:
        return None


def _is_plain(attribute: Attribute) -> bool:
    if attribute.name == "type":
        return attribute.kind == "nominal" and set(attribute.labels) == set(TYPES)
    return attribute.name in _NUMBERS and attribute.kind in NUMBERS


def _from_table(table: pa.Table) -> SplitLines | None:
    from pyarrow import compute

    if any(column.null_count for column in table.columns):
        return None
    columns: Mapping[str, NDArray[np.int32]] = {
        name: table[name].to_numpy() for name in _NUMBERS if name in table.column_names
    }
    if any(len(column) and column.min() < 0 for column in columns.values()):
        return None
    is_train, is_test = (compute.equal(table["type"], name.encode()).to_numpy() for name in TYPES)
    if not (is_train | is_test).all():
        return None
    rows = columns["rowid"]
    return SplitLines(
        rows,
        columns["repeat"],
        columns["fold"],
        columns["sample"] if "sample" in columns else np.zeros_like(rows),
        is_test.astype(np.int8),
    )
