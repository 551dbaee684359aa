"""Row numbers of all folds in one array, of which each fold is a few ranges.

Files of cross-validation have the rows of a repeat in some order, cut into folds: each fold tests
its own and trains on those before and behind it, in that order.  So a repeat takes 4 bytes a row,
and leaving one out of n takes n numbers, not n * n.  Training rows that stand in the file in
another order are kept as they are there, but for ascending ones, which are counted up again.
"""

from __future__ import annotations

import itertools
import math
import mmap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from openml_client.errors import FormatError

VERSION = "splits-1"
"""Changes with what is in the files."""

Key = tuple[int, int, int]
"""Repeat, fold and sample, each from 0."""

Rows = NDArray[np.int32]


class Part(NamedTuple):
    """Rows of one fold."""

    train: Rows
    test: Rows


class _Ranges(NamedTuple):
    """Where the rows of one fold are; a row of the index."""

    test_start: int
    test_end: int
    before_start: int = 0
    before_end: int = 0
    behind_start: int = 0
    behind_end: int = 0
    n_rows: int = 0
    """Not 0: it trains on all rows below this one but for those that it tests, ascending."""


@dataclass(frozen=True, eq=False)
class PackedSplits:
    """All folds of a task."""

    keys: NDArray[np.int64]
    """Shape ``(n_keys, 3)``: repeat, fold and sample, in this order."""
    index: NDArray[np.int64]
    """Shape ``(n_keys, 7)``: ranges in ``rows``."""
    rows: Rows
    """Can't be written: folds are views of it."""

    def part(self, place: int) -> Part:
        """The rows of the key at a place, counted from 0."""
        at = _Ranges(*self.index[place].tolist())
        test = self.rows[at.test_start : at.test_end]
        if at.n_rows:
            is_left = np.ones(at.n_rows, dtype=bool)
            is_left[test] = False
            return Part(np.flatnonzero(is_left).astype(np.int32), test)
        before = self.rows[at.before_start : at.before_end]
        behind = self.rows[at.behind_start : at.behind_end]
        if not len(before) or not len(behind):
            return Part(before if len(before) else behind, test)
        return Part(np.concatenate([before, behind]), test)


def pack(parts: Mapping[Key, Part]) -> PackedSplits:
    """The folds as they were given, in as little memory as they allow."""
    n_rows = 1 + max(
        (int(rows.max(initial=-1)) for part in parts.values() for rows in part), default=-1
    )
    keys = sorted(parts)
    packing = _Packing(n_rows)
    for _, group in itertools.groupby(keys, key=lambda key: key[0]):
        packing.add_repeat({key: parts[key] for key in group})
    rows = np.concatenate([np.empty(0, np.int32), *packing.pieces])
    rows.flags.writeable = False
    return PackedSplits(
        np.array(keys, dtype=np.int64).reshape(-1, 3),
        np.array(packing.index, dtype=np.int64).reshape(-1, len(_Ranges._fields)),
        rows,
    )


class _Packing:
    """Index and rows, while they grow."""

    def __init__(self, n_rows: int) -> None:
        self.n_rows = n_rows
        self.index: list[_Ranges] = []
        self.pieces: list[Rows] = []
        self._size = 0

    def add_repeat(self, parts: Mapping[Key, Part]) -> None:
        """Add the folds of one repeat, given in their order."""
        start = self._size
        tests: dict[int, tuple[int, int]] = {}
        for (_, fold, _), part in parts.items():
            if fold not in tests:
                tests[fold] = self._add(part.test)
        n_tests = self._size - start
        tested = np.concatenate(self.pieces[-len(tests) :])
        for (_, fold, _), part in parts.items():
            first, last = (bound - start for bound in tests[fold])
            is_same = np.array_equal(part.test, tested[first:last])
            at = _Ranges(*(tests[fold] if is_same else self._add(part.test)))
            # A sample of a learning curve is the beginning of the training rows.
            n_before = min(first, len(part.train))
            end = last + len(part.train) - n_before
            is_around = (
                end <= n_tests
                and np.array_equal(part.train[:n_before], tested[:n_before])
                and np.array_equal(part.train[n_before:], tested[last:end])
            )
            if is_around:
                at = at._replace(before_start=start, before_end=start + n_before)
                at = at._replace(behind_start=start + last, behind_end=start + end)
            elif _is_complement(part, self.n_rows):
                at = at._replace(n_rows=self.n_rows)
            else:
                before_start, before_end = self._add(part.train)
                at = at._replace(before_start=before_start, before_end=before_end)
            self.index.append(at)

    def _add(self, rows: Rows) -> tuple[int, int]:
        start = self._size
        self.pieces.append(rows)
        self._size += len(rows)
        return start, self._size


def _is_complement(part: Part, n_rows: int) -> bool:
    """Whether the training rows are all others up to the last row, ascending."""
    if len(part.train) + len(part.test) != n_rows or (np.diff(part.train) <= 0).any():
        return False
    is_tested = np.zeros(n_rows, dtype=bool)
    is_tested[part.test] = True
    return int(is_tested.sum()) == len(part.test) and not is_tested[part.train].any()


def write_packed(splits: PackedSplits, sink: IO[bytes]) -> None:
    """Write three arrays in numpy's format, one behind the other."""
    for array in (splits.keys, splits.index, splits.rows):
        np.lib.format.write_array(sink, array, version=(1, 0), allow_pickle=False)


def open_packed(file: BinaryIO) -> PackedSplits:
    """The splits of an open file, which may be closed afterwards; it is mapped, not read.

    Raises
    ------
    FormatError
        If it is no such file.
    """
    try:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        keys, index, rows = _arrays(file, content)
    except ValueError as error:
        raise FormatError(f"the stored splits are broken: {error}") from error
    shapes = (keys.shape[1:], index.shape, rows.shape[1:])
    if shapes != ((3,), (len(keys), len(_Ranges._fields)), ()) or rows.dtype != np.int32:
        raise FormatError("the stored splits are broken: their arrays have other shapes")
    return PackedSplits(keys, index, rows)


def _arrays(file: BinaryIO, content: mmap.mmap) -> Iterator[NDArray[Any]]:
    file.seek(0)
    for _ in range(3):
        np.lib.format.read_magic(file)
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        array = np.frombuffer(content, dtype, count=math.prod(shape), offset=file.tell())
        file.seek(array.nbytes, 1)
        yield array.reshape(shape)


def keys_of(splits: PackedSplits) -> Sequence[Key]:
    """Repeat, fold and sample of all places."""
    return [(repeat, fold, sample) for repeat, fold, sample in splits.keys.tolist()]
