"""Reading ARFF files into columns.

The doors and what they give; ``arff_header`` and ``arff_body`` do the reading.  liac-arff is the
reference in tests; it lacks dates, weights and byte order marks, which occur.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from openml_client.formats.arff_data import Data

T = TypeVar("T")

Kind = Literal["numeric", "integer", "real", "nominal", "string", "date", "relational"]

NUMBERS = frozenset({"numeric", "integer", "real"})
"""Kinds whose columns hold floats."""

MAX_EXACT = 2**53
"""Whole numbers up to here survive as float64."""


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
    columns: tuple[Any, ...] | None = None
    """One per attribute, shape ``(n_rows,)``: a numpy array of float64 with NaN for numbers; of
    positions in ``labels`` with -1 for nominal (of the type `codes_dtype`); of datetime64[us] with
    NaT for dates; for strings an Arrow array of large texts.  They may be read-only.
    None where the file is sparse."""
    sparse: csr_matrix | None = None
    """Shape ``(n_rows, n_attributes)``, float64: positions in ``labels`` for nominal, NaN for
    missing, of which each is an explicit entry.  None where the file is dense."""
    weights: NDArray[np.float64] | None = None
    """Weights of the rows, where the file has them."""


def codes_dtype(labels: Sequence[str]) -> np.dtype[Any]:
    """The smallest type for positions in labels, as pandas chooses it."""
    return np.dtype(next(t for t in (np.int8, np.int16, np.int32) if len(labels) < np.iinfo(t).max))


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

    return _read(source, lambda data: read_body(parse_header(data.header), data))


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

    header = _read(source, lambda data: parse_header(data.header))
    return header.relation, header.attributes


def read_start(source: bytes | Path) -> tuple[tuple[Attribute, ...], bool]:
    """Attributes of a file, and whether its first row is sparse.

    Raises
    ------
    ArffError
        With the line that breaks the format.
    """
    from openml_client.formats.arff_header import parse_header

    return _read(source, lambda data: (parse_header(data.header).attributes, data.is_sparse))


def check_arff(source: bytes | Path) -> None:
    """Nothing, if the server's upload check accepts the file.

    Raises
    ------
    ArffError
        With the line that the check refuses.  Source: protocol note, section 2.
    """
    from openml_client.formats.arff_body import check_body
    from openml_client.formats.arff_header import parse_header

    _read(source, lambda data: check_body(parse_header(data.header, is_strict=True), data))


def _read(source: bytes | Path, read: Callable[[Data], T]) -> T:
    """What a function reads of a file; one that is not in UTF-8 is taken for Latin-1."""
    from openml_client.formats.arff_data import opened, split

    with opened(source) as (content, piece):
        try:
            return read(split(content, "utf-8", piece))
        except UnicodeDecodeError:
            # Old sets are; every byte means something there.
            return read(split(content, "latin-1", piece))
