"""The training and test rows of a task, read from the splits file."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openml_client.errors import FormatError, TaskError
from openml_client.formats.arff import ArffFile, read_arff
from openml_client.formats.numbers import find_column, whole_numbers

Key = tuple[int, int, int]
"""Repeat, fold and sample, each from 0."""

SHOWN_ROWS = 5


@dataclass(frozen=True, eq=False)
class Fold:
    """One fold: row numbers of the dataset, from 0, in the order of the file."""

    train: NDArray[np.int32]
    test: NDArray[np.int32]

    def __repr__(self) -> str:
        return f"<Fold: {len(self.train)} training rows, {len(self.test)} test rows>"


class Splits(Mapping[Key, Fold]):
    """All folds of a task, as ``splits[repeat, fold, sample]``; the sample may be left out.

    Iterating gives the keys in the order of repeats, folds and samples.
    """

    def __init__(self, folds: Mapping[Key, Fold]) -> None:
        self._folds = dict(sorted(folds.items()))

    def __getitem__(self, key: tuple[int, int] | Key) -> Fold:
        if not isinstance(key, tuple) or len(key) not in {2, 3}:
            raise KeyError(f"{key!r} is no splits[repeat, fold] or splits[repeat, fold, sample]")
        repeat, fold, sample = (*key, 0)[:3]
        try:
            return self._folds[int(repeat), int(fold), int(sample)]
        except KeyError:
            raise KeyError(
                f"no repeat {repeat}, fold {fold}, sample {sample}; there are {self!r}"
            ) from None

    def __iter__(self) -> Iterator[Key]:
        return iter(self._folds)

    def __len__(self) -> int:
        return len(self._folds)

    @property
    def n_repeats(self) -> int:
        """Number of repeats."""
        return 1 + max(key[0] for key in self._folds)

    @property
    def n_folds(self) -> int:
        """Number of folds of each repeat."""
        return 1 + max(key[1] for key in self._folds)

    @property
    def n_samples(self) -> int:
        """Number of samples of the fold that has most; 1 but for learning curves."""
        return 1 + max(key[2] for key in self._folds)

    @property
    def has_samples(self) -> bool:
        """Whether these are the splits of a learning curve."""
        return self.n_samples > 1

    def check(self, n_rows: int) -> None:
        """Nothing, if these can be splits of a dataset of ``n_rows`` rows.

        Rows for both training and test are an error, unless all are: some procedures test on
        the training data.  A row may stand in one part more than once.

        Raises
        ------
        TaskError
            With the first rows that the dataset lacks, or that are in both parts.
        """
        for key, fold in self._folds.items():
            _check_overlap(key, fold)
            for part in (fold.train, fold.test):
                beyond = part[part >= n_rows]
                if len(beyond):
                    rows = ", ".join(str(row) for row in beyond[:SHOWN_ROWS])
                    raise TaskError(
                        f"the splits name the rows {rows} in {_place(key)}, and the dataset "
                        f"has {n_rows} rows",
                        hint="The splits belong to another dataset; report it to the server.",
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
    file = read_arff(source)
    rows, repeats, folds = (_numbers(file, name) for name in ("rowid", "repeat", "fold"))
    has_samples = any(attribute.name == "sample" for attribute in file.attributes)
    samples = _numbers(file, "sample") if has_samples else np.zeros_like(rows)
    is_test = _is_test(file)
    if not len(rows):
        raise TaskError("the splits file has no rows")
    # One stable sort brings the rows of each part together and keeps the order of the file.
    order = np.lexsort((is_test, samples, folds, repeats))
    keys = np.stack([repeats, folds, samples, is_test], axis=1)[order]
    starts = np.flatnonzero(np.any(keys[1:] != keys[:-1], axis=1)) + 1
    ordered = rows[order]
    parts: dict[Key, dict[int, NDArray[np.int32]]] = {}
    for start, end in itertools.pairwise([0, *starts.tolist(), len(rows)]):
        repeat, fold, sample, test = (int(v) for v in keys[start])
        parts.setdefault((repeat, fold, sample), {})[test] = ordered[start:end]
    _check_grid(parts)
    return Splits({key: _fold(key, part) for key, part in parts.items()})


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


def _fold(key: Key, part: Mapping[int, NDArray[np.int32]]) -> Fold:
    for is_test, what in ((0, "training"), (1, "test")):
        if is_test not in part:
            raise TaskError(f"the splits have no {what} rows in {_place(key)}")
    return Fold(part[0], part[1])


def _check_overlap(key: Key, fold: Fold) -> None:
    both = np.intersect1d(fold.train, fold.test)
    if not len(both):
        return
    if len(both) == len(np.unique(fold.train)) == len(np.unique(fold.test)):
        return
    rows = ", ".join(str(row) for row in both[:SHOWN_ROWS])
    raise TaskError(
        f"the splits name the rows {rows} both for training and for test in {_place(key)}",
        hint="What a model learned by heart would be tested; report it to the server.",
    )


def _place(key: Key) -> str:
    return f"repeat {key[0]}, fold {key[1]}" + (f", sample {key[2]}" if key[2] else "")


def _numbers(file: ArffFile, name: str) -> NDArray[np.int32]:
    return whole_numbers(file, name, what="the splits")


def _is_test(file: ArffFile) -> NDArray[np.int32]:
    attribute, column = find_column(file, "type", what="the splits")
    if set(attribute.labels) != {"TRAIN", "TEST"}:
        declared = ", ".join(attribute.labels) or attribute.kind
        raise FormatError(f"the types of the splits are {declared}, not TRAIN and TEST")
    if (column < 0).any():
        row = int(np.flatnonzero(column < 0)[0])
        raise FormatError(f"the splits: column 'type' has no value in row {row}, counted from 0")
    flags: NDArray[np.int32] = (column == attribute.labels.index("TEST")).astype(np.int32)
    return flags
