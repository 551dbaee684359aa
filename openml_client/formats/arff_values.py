"""Values of an ARFF file: what a cell means for the attribute that it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from openml_client.errors import ArffError
from openml_client.formats.arff import Attribute
from openml_client.formats.arff_dates import DEFAULT_DATE, DateFormat

Parse = Callable[[str | None], Any]
"""Turns a cell, which is None where the value is missing, into a value."""


def cell_parser(attribute: Attribute) -> Parse:
    """Make the function that turns a cell into a value of an attribute.

    It raises `ArffError` without a line: who reads the file knows the line.
    """
    if attribute.kind == "nominal":
        return _label_parser(attribute)
    if attribute.kind == "date":
        return _date_parser(attribute)
    if attribute.kind == "string":
        return lambda cell: cell

    def parse(cell: str | None) -> float:
        try:
            return np.nan if cell is None else number(cell)
        except ArffError as error:
            message = f"{error.message} (attribute {attribute.name!r})"
            raise ArffError(message, summary=error.summary) from error

    return parse


def number(text: str) -> float:
    """Value of a number.

    Raises
    ------
    ArffError
        If the text is none.
    """
    try:
        if "_" not in text:  # Python takes 1_0, ARFF does not
            return float(text)
    except ValueError:
        pass
    summary = f"invalid value for numeric attribute: {text[:40]}"
    raise ArffError(f"{text[:40]!r} is no number", summary=summary)


def _label_parser(attribute: Attribute) -> Parse:
    places: dict[str | None, int] = {label: n for n, label in enumerate(attribute.labels)}
    places[None] = -1

    def parse(cell: str | None) -> int:
        place = places.get(cell)
        if place is None:
            shown = ", ".join(attribute.labels[:10])
            more = " and more" if len(attribute.labels) > 10 else ""
            raise ArffError(
                f"{str(cell)[:40]!r} is no declared value of attribute {attribute.name!r}",
                hint=f"Declared are {shown}{more}.",
                summary=f"invalid value for nominal attribute: {str(cell)[:40]}",
            )
        return place

    return parse


def _date_parser(attribute: Attribute) -> Parse:
    pattern = attribute.date_format or DEFAULT_DATE
    date_format = DateFormat(pattern)
    missing = np.datetime64("NaT", "us")

    def parse(cell: str | None) -> np.datetime64:
        if cell is None:
            return missing
        try:
            return np.datetime64(date_format.parse(cell), "us")
        except ValueError as error:
            raise ArffError(
                f"{cell[:40]!r} is no date of the format {pattern!r} (attribute {attribute.name!r})"
            ) from error

    return parse
