"""Whole numbers out of the columns of ARFF files, for files whose columns have fixed names."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from openml_client.errors import FormatError
from openml_client.formats.arff import NUMBERS, ArffFile, Attribute

MAX_COUNT = 2**31 - 1
"""The largest number of a repeat, fold, sample or row."""


def find_column(file: ArffFile, name: str, *, what: str) -> tuple[Attribute, NDArray[Any]]:
    """The attribute of this name with its values, shape ``(n_rows,)``.

    Parameters
    ----------
    file, name
        Where to look, and for what.
    what
        What the file holds, for errors: ``the predictions``.

    Raises
    ------
    FormatError
        If there is none, or the file is sparse.
    """
    if file.columns is None:
        raise FormatError(f"{what} are a sparse file; a dense one is wanted")
    for attribute, column in zip(file.attributes, file.columns, strict=True):
        if attribute.name == name:
            return attribute, column
    names = ", ".join(attribute.name for attribute in file.attributes[:20])
    raise FormatError(f"{what} have no column {name!r}; they have {names}")


def whole_numbers(file: ArffFile, name: str, *, what: str) -> NDArray[np.int32]:
    """The column of this name, of numbers from 0 to `MAX_COUNT`.

    Raises
    ------
    FormatError
        If there is none, or it holds something else.
    """
    attribute, column = find_column(file, name, what=what)
    if attribute.kind == "nominal":  # some clients declare the folds as labels
        column = _numbers_of_labels(attribute)[column]
    elif attribute.kind not in NUMBERS:
        raise FormatError(f"{what}: column {name!r} is a {attribute.kind}, not a number")
    good = (column >= 0) & (column <= MAX_COUNT) & (column == np.trunc(column))
    if not good.all():
        row = int(np.flatnonzero(~good)[0])
        value = "no number" if np.isnan(column[row]) else f"{column[row]:g}"
        raise FormatError(
            f"{what}: column {name!r} has {value} in row {row}, where a whole number from 0 on "
            "is wanted (rows are counted from 0)"
        )
    numbers: NDArray[np.int32] = column.astype(np.int32)
    return numbers


def _numbers_of_labels(attribute: Attribute) -> NDArray[np.float64]:
    """The labels as numbers, NaN for those that are none, and for what is missing at the end."""
    numbers = [float(label) if label.isdecimal() else np.nan for label in attribute.labels]
    return np.array([*numbers, np.nan])
