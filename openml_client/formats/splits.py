"""The training and test rows of a task, read from the splits file."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, BinaryIO

import numpy as np
from numpy.typing import NDArray

from openml_client.errors import TaskError
from openml_client.formats.numbers import MAX_COUNT
from openml_client.formats.packed_splits import (
    VERSION,
    Key,
    PackedSplits,
    Part,
    keys_of,
    open_packed,
    pack,
    write_packed,
)
from openml_client.formats.split_lines import SplitLines, read_lines

__all__ = ["VERSION", "Fold", "Key", "Splits", "open_splits", "read_splits", "write_splits"]

SHOWN_ROWS = 5

EACH_ROW_ONCE = frozenset({"crossvalidation", "leaveoneout"})
"""Procedures that test each row once in each repeat."""


@dataclass(frozen=True, eq=False)
class Fold:
    """One fold: row numbers of the dataset, from 0, in the order of the file.

    The arrays may be views that can't be written.
    """

    train: NDArray[np.int32]
    """Shape ``(n_train,)``."""
    test: NDArray[np.int32]
    """Shape ``(n_test,)``."""

    def __repr__(self) -> str:
        return f"<Fold: {len(self.train)} training rows, {len(self.test)} test rows>"


class Splits(Mapping[Key, Fold]):
    """All folds of a task, as ``splits[repeat, fold, sample]``; the sample may be left out.

    Iterating gives the keys in the order of repeats, folds and samples.  A fold is made when it is
    asked for: for cross-validation, what is held is 4 bytes for each row and repeat.
    """

    def __init__(self, folds: Mapping[Key, Fold] | PackedSplits) -> None:
        if not isinstance(folds, PackedSplits):
            folds = pack({key: _part(key, fold) for key, fold in folds.items()})
        self._packed = folds
        self._places = {key: place for place, key in enumerate(keys_of(folds))}

    def __getitem__(self, key: tuple[int, int] | Key) -> Fold:
        if not isinstance(key, tuple) or len(key) not in {2, 3}:
            raise KeyError(f"{key!r} is no splits[repeat, fold] or splits[repeat, fold, sample]")
        repeat, fold, sample = (*key, 0)[:3]
        try:
            place = self._places[int(repeat), int(fold), int(sample)]
        except KeyError:
            raise KeyError(
                f"no repeat {repeat}, fold {fold}, sample {sample}; there are {self!r}"
            ) from None
        return Fold(*self._packed.part(place))

    def __iter__(self) -> Iterator[Key]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    @property
    def n_bytes(self) -> int:
        """Bytes that the row numbers take, in memory or in the file that is mapped."""
        return self._packed.rows.nbytes

    @property
    def n_repeats(self) -> int:
        """Number of repeats."""
        return 1 + max(key[0] for key in self._places)

    @property
    def n_folds(self) -> int:
        """Number of folds of each repeat."""
        return 1 + max(key[1] for key in self._places)

    @property
    def n_samples(self) -> int:
        """Number of samples of the fold that has most; 1 but for learning curves."""
        return 1 + max(key[2] for key in self._places)

    @property
    def has_samples(self) -> bool:
        """Whether these are the splits of a learning curve."""
        return self.n_samples > 1

    def check(self, n_rows: int, *, procedure: str | None = None) -> None:
        """Nothing, if these can be splits of a dataset of ``n_rows`` rows.

        Rows for both training and test are an error, unless all are: some procedures test on
        the training data.  A row may stand in one part more than once, as samples with
        replacement have it.

        Parameters
        ----------
        procedure
            Type of the estimation procedure.  Where it is one of `EACH_ROW_ONCE`, each repeat must
            test each row once, and never what it trains on.

        Raises
        ------
        TaskError
            With the first rows that the dataset lacks, that are in both parts, or that are not
            tested once.
        """
        is_tested = np.zeros(n_rows, dtype=bool)
        for key, fold in self.items():
            for rows in (fold.train, fold.test):
                _check_range(key, rows, n_rows)
            is_tested[fold.test] = True
            if is_tested[fold.train].any() and (procedure in EACH_ROW_ONCE or not _is_same(fold)):
                raise _overlap(key, fold)
            is_tested[fold.test] = False
        if procedure in EACH_ROW_ONCE:
            self._check_once(n_rows)

    def _check_once(self, n_rows: int) -> None:
        for repeat, group in itertools.groupby(self, key=lambda key: key[0]):
            # Samples of a learning curve differ in their training rows only.
            tests = {fold: self[repeat, fold].test for _, fold, sample in group if not sample}
            counts = np.bincount(np.concatenate([*tests.values()]), minlength=n_rows)
            repeated, lacking = np.flatnonzero(counts > 1), np.flatnonzero(counts == 0)
            if len(repeated):
                folds = [fold for fold, rows in tests.items() if repeated[0] in rows]
                found = (
                    f"{_some(repeated)} more than once (row {repeated[0]} in fold {_some(folds)})"
                )
            elif len(lacking):
                found = f"{_some(lacking)} never"
            else:
                continue
            raise TaskError(
                f"repeat {repeat} tests the rows {found}, and its procedure tests each row once",
                hint="The splits are wrong, or of another dataset; report it to the server.",
            )

    def __repr__(self) -> str:
        samples = f", {self.n_samples} samples" if self.has_samples else ""
        return f"<Splits: {self.n_repeats} repeats, {self.n_folds} folds{samples}>"


def read_splits(source: bytes) -> Splits:
    """The splits of a splits file.

    Source: protocol note, section 3.3.

    Raises
    ------
    FormatError
        If the file is no splits file.
    TaskError
        If a repeat lacks a fold, or a fold lacks training or test rows.
    """
    lines = read_lines(source)
    if not len(lines.rows):
        raise TaskError("the splits file has no rows")
    parts: dict[Key, dict[int, NDArray[np.int32]]] = {}
    for key, is_test, rows in _runs(lines):
        parts.setdefault(key, {})[is_test] = rows
    _check_grid(parts)
    return Splits(pack({key: _whole(key, part) for key, part in parts.items()}))


def write_splits(splits: Splits, sink: IO[bytes]) -> None:
    """Write splits as a compact file, which `open_splits` maps."""
    write_packed(splits._packed, sink)


def open_splits(file: BinaryIO) -> Splits:
    """The splits of an open file, which may be closed afterwards.

    It is mapped: what is not asked for is not read.

    Raises
    ------
    FormatError
        If it is no such file.
    """
    return Splits(open_packed(file))


def _runs(lines: SplitLines) -> Iterator[tuple[Key, int, NDArray[np.int32]]]:
    """Rows of the training and of the test part of each key, in the order of the file."""
    columns = (lines.repeats, lines.folds, lines.samples, lines.is_test)
    starts, order = _sorted(columns)
    rows = lines.rows if order is None else lines.rows[order]
    for start, end in itertools.pairwise([*starts, len(rows)]):
        line = start if order is None else order[start]
        repeat, fold, sample, is_test = (int(column[line]) for column in columns)
        yield (repeat, fold, sample), is_test, rows[start:end]


def _sorted(
    columns: Sequence[NDArray[np.integer]],
) -> tuple[Sequence[int], NDArray[np.intp] | None]:
    """Where the runs of equal lines begin, and the order to put them in; None if it is theirs."""
    shape = [1 + int(column.max()) for column in columns]
    if math.prod(shape) >= 2**31:
        by_key = np.lexsort(columns[::-1])
        differs = np.any([np.diff(column[by_key]) != 0 for column in columns], axis=0)
        return [0, *(np.flatnonzero(differs) + 1).tolist()], by_key
    codes = np.zeros(len(columns[0]), dtype=np.int32)
    for column, size in zip(columns, shape, strict=True):
        if size > 1:
            codes = codes * np.int32(size) + column
    order: NDArray[np.intp] | None = None
    if (codes[1:] < codes[:-1]).any():
        # numpy sorts 16 bits by radix.
        order = np.argsort(
            codes.astype(np.int16) if math.prod(shape) < 2**15 else codes, kind="stable"
        )
        codes = codes[order]
    return [0, *(np.flatnonzero(codes[1:] != codes[:-1]) + 1).tolist()], order


def _check_grid(keys: Collection[Key]) -> None:
    """Check that all repeats have the same folds, and all numbers count from 0.

    The number of samples may differ: a larger fold can have one more.
    """
    n_repeats, n_folds = (1 + max(key[axis] for key in keys) for axis in (0, 1))
    wanted = itertools.chain(
        ((repeat, fold, 0) for repeat in range(n_repeats) for fold in range(n_folds)),
        ((repeat, fold, sample - 1) for repeat, fold, sample in keys if sample),
    )
    for key in wanted:
        if key not in keys:
            raise TaskError(f"the splits have no {_place(key)}")


def _whole(key: Key, part: Mapping[int, NDArray[np.int32]]) -> Part:
    for is_test, what in ((0, "training"), (1, "test")):
        if is_test not in part:
            raise TaskError(f"the splits have no {what} rows in {_place(key)}")
    return Part(part[0], part[1])


def _part(key: Key, fold: Fold) -> Part:
    for rows in (fold.train, fold.test):
        beyond = rows[(rows < -MAX_COUNT) | (rows > MAX_COUNT)]
        if len(beyond):
            raise TaskError(
                f"the splits name the row {beyond[0]} in {_place(key)}, and rows are counted up to "
                f"{MAX_COUNT}"
            )
    return Part(fold.train.astype(np.int32), fold.test.astype(np.int32))


def _check_range(key: Key, rows: NDArray[np.int32], n_rows: int) -> None:
    if not len(rows) or (rows.min() >= 0 and rows.max() < n_rows):
        return
    raise TaskError(
        f"the splits name the rows {_some(rows[(rows < 0) | (rows >= n_rows)])} in {_place(key)}, "
        f"and the dataset has {n_rows} rows",
        hint="The splits belong to another dataset; report it to the server.",
    )


def _is_same(fold: Fold) -> bool:
    """Whether it tests on its training data."""
    return np.array_equal(np.unique(fold.train), np.unique(fold.test))


def _overlap(key: Key, fold: Fold) -> TaskError:
    both = np.intersect1d(fold.train, fold.test)
    return TaskError(
        f"the splits name the rows {_some(both)} both for training and for test in {_place(key)}",
        hint="What a model learned by heart would be tested; report it to the server.",
    )


def _some(rows: Sequence[int] | NDArray[np.integer]) -> str:
    return ", ".join(str(row) for row in rows[:SHOWN_ROWS])


def _place(key: Key) -> str:
    return f"repeat {key[0]}, fold {key[1]}" + (f", sample {key[2]}" if key[2] else "")
