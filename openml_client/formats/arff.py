"""Reading ARFF files into columns.

The doors and what they give; ``arff_header`` and ``arff_body`` do the reading.  liac-arff is the
reference in tests; it lacks dates, weights and byte order marks, which occur.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Kind = Literal["numeric", "integer", "real", "nominal", "string", "date", "relational"]

NUMBERS = frozenset({"numeric", "integer", "real"})
"""Kinds whose columns hold floats."""


@dataclass(frozen=True)
class Attribute:
    """One column as the header declares it."""

    name: str
    kind: Kind
    labels: tuple[str, ...] = ()
    """The values of a nominal attribute, in the order of declaration."""
    date_format: str | None = None


@dataclass(frozen=True, eq=False)
class ArffFile:
    """A whole ARFF file, column-wise."""

    relation: str
    attributes: tuple[Attribute, ...]
    n_rows: int
    columns: tuple[NDArray[Any], ...] | None = None
    """One per attribute, shape ``(n_rows,)``: float64 with NaN for numbers; int32 positions in
    ``labels`` with -1 for nominal; str or None for strings; datetime64[us] with NaT for dates.
    None where the file is sparse."""
    sparse: csr_matrix | None = None
    """Shape ``(n_rows, n_attributes)``, float64: positions in ``labels`` for nominal, NaN for
    missing, of which each is an explicit entry.  None where the file is dense."""
    weights: NDArray[np.float64] | None = None
    """Weights of the rows, where the file has them."""


def read_arff(source: bytes | Path) -> ArffFile:
    """The content of an ARFF file.

    Raises
    ------
    ArffError
        With the line that breaks the format.
    OSError
        If a path can't be read.
    """
    from openml_client.formats.arff_body import read_body
    from openml_client.formats.arff_header import parse_header

    text = _text_of(source)
    header = parse_header(text)
    return read_body(header, text[header.end :])


def read_header(source: bytes | Path) -> tuple[str, tuple[Attribute, ...]]:
    """Name of the relation, and its attributes.

    Raises
    ------
    ArffError
        With the line that breaks the format.
    OSError
        If a path can't be read.
    """
    from openml_client.formats.arff_header import parse_header

    header = parse_header(_text_of(source))
    return header.relation, header.attributes


def read_start(source: bytes) -> tuple[tuple[Attribute, ...], bool]:
    """Attributes of a file, and whether its first row is sparse.

    Raises
    ------
    ArffError
        With the line that breaks the format.
    """
    from openml_client.formats.arff_body import is_sparse
    from openml_client.formats.arff_header import parse_header

    text = _text_of(source)
    header = parse_header(text)
    return header.attributes, is_sparse(header, text)


def check_arff(source: bytes) -> None:
    """Nothing, if the server's upload check accepts the file.

    Raises
    ------
    ArffError
        With the line that the check refuses.  Source: protocol note, section 2.
    """
    from openml_client.formats.arff_body import check_body
    from openml_client.formats.arff_header import parse_header

    text = _text_of(source)
    header = parse_header(text, is_strict=True)
    check_body(header, text[header.end :])


def _text_of(source: bytes | Path) -> str:
    """Text of a file, in which only line feeds end lines."""
    content = source.read_bytes() if isinstance(source, Path) else source
    # Some servers' files end in NUL bytes; those of Windows and of old Macs have carriage returns.
    content = content.removeprefix(b"\xef\xbb\xbf").rstrip(b"\0\r\n")
    content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")  # old sets are; every byte means something there
