"""Which rows train and which rows test: the split file of a task, row for row as OpenML has it.

Source: protocol note, section 3.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from openml_client.errors import TaskError
from openml_client.formats.arff_writer import join_lines
from openml_client.formats.workers import in_order
from openml_client.model.task_type import EstimationProcedure
from openml_client.registry.engine.lcg import JavaRandom
from openml_client.registry.engine.stratify import deal_by_class, group_by_class

if TYPE_CHECKING:
    import pyarrow as pa

# Leaving one out of n rows takes n * n lines; this many are about a gigabyte of text.
_MAX_LINES = 50_000_000

# A megabyte or two: the file is held twice while its blocks are joined, but never its lines.
_BLOCK_LINES = 100_000


@dataclass(frozen=True, kw_only=True, eq=False)
class SplitRows:
    """The lines of a split file, column-wise, in the order of the file."""

    is_test: NDArray[np.bool_]
    """Shape ``(n_lines,)``, as all columns; False is a line of a training set."""
    rowid: NDArray[np.int32]
    """Row number in the dataset, from 0."""
    repeat: NDArray[np.int32]
    fold: NDArray[np.int32]
    sample: NDArray[np.int32] | None = None
    """Learning curves only."""

    def __len__(self) -> int:
        return len(self.rowid)


@dataclass(frozen=True)
class _Part:
    """Consecutive lines of one repeat, fold and sample."""

    repeat: int
    fold: int
    sample: int
    rowid: NDArray[np.int32]
    is_test: NDArray[np.bool_]


def make_splits(
    procedure: EstimationProcedure,
    *,
    n_rows: int,
    classes: NDArray[np.int32] | None,
    n_classes: int | None,
    learning_curve: bool = False,
) -> SplitRows:
    """The splits of a dataset by an estimation procedure.

    Parameters
    ----------
    procedure
        As in the registry's table of procedures.
    n_rows
        Rows of the dataset.
    classes
        Positions of the classes, shape ``(n_rows,)``, -1 where the class is missing; None for a
        numeric target, which is not stratified.
    n_classes
        Classes that the data file declares; None for a numeric target.
    learning_curve
        Whether each fold is trained on growing samples.

    Raises
    ------
    TaskError
        If the procedure has no splits, or the dataset has too few or too many rows for it.
    """
    if learning_curve and procedure.type != "crossvalidation":
        raise TaskError(
            f"a learning curve needs cross-validation, and procedure {procedure.id} "
            f"({procedure.name}) is of type {procedure.type!r}"
        )
    _check_size(procedure, n_rows)
    match procedure.type:
        case "crossvalidation" if learning_curve:
            parts = _learning_curve(procedure, n_rows, classes, n_classes or 0)
        case "crossvalidation":
            parts = _crossvalidation(procedure, n_rows, classes)
        case "holdout":
            parts = _holdout(procedure, n_rows)
        case "holdout_ordered":
            parts = _holdout_ordered(procedure, n_rows)
        case "leaveoneout":
            parts = _leave_one_out(n_rows)
        case "testontrainingdata":
            parts = _test_on_training_data(procedure, n_rows)
        case _:
            raise TaskError(
                f"procedure {procedure.id} ({procedure.name}) of type {procedure.type!r} "
                "has no splits",
                hint="Choose a procedure of cross-validation, holdout or leave-one-out.",
            )
    return _joined(parts, learning_curve=learning_curve)


def splits_arff(dataset_name: str, rows: SplitRows) -> bytes:
    """The split file, byte for byte as OpenML serves it; it does not end in a newline."""
    import pyarrow as pa

    columns = ["type {TRAIN,TEST}", "rowid numeric", "repeat numeric", "fold numeric"]
    indices = [rows.repeat, rows.fold]
    if rows.sample is not None:
        columns.append("sample numeric")
        indices.append(rows.sample)
    header = [f"@relation {dataset_name}_splits", ""]
    header += [f"@attribute {column}" for column in columns]
    header += ["", "@data"]

    shape = tuple(int(index.max(initial=0)) + 1 for index in indices)
    tails = pa.array(["".join(f",{i}" for i in place) for place in np.ndindex(shape)])
    places = np.ravel_multi_index(tuple(indices), shape)

    def write_lines(start: int) -> bytes:
        span = slice(start, start + _BLOCK_LINES)
        return _lines(rows.is_test[span], rows.rowid[span], tails, places[span])

    blocks = in_order(write_lines, range(0, len(rows), _BLOCK_LINES))
    return b"\n".join(["\n".join(header).encode(), *blocks])


def _lines(
    is_test: NDArray[np.bool_],
    rowid: NDArray[np.int32],
    tails: pa.StringArray,
    places: NDArray[np.intp],
) -> bytes:
    """Some lines, joined; what is behind the row number is one of ``tails``, by its place."""
    import pyarrow as pa
    from pyarrow import compute

    heads = pa.array(["TRAIN,", "TEST,"]).take(pa.array(is_test.astype(np.int8)))
    numbers = compute.cast(pa.array(rowid), pa.string())
    ends = tails.take(pa.array(places))
    return join_lines(compute.binary_join_element_wise(heads, numbers, ends, ""))


def _check_size(procedure: EstimationProcedure, n_rows: int) -> None:
    n_repeats = procedure.repeats or 1
    n_folds = procedure.folds or 1
    if procedure.type == "crossvalidation" and not 2 <= n_folds <= n_rows:
        raise TaskError(
            f"procedure {procedure.id} ({procedure.name}) has {n_folds} folds "
            f"and the dataset has {n_rows} rows",
            hint="Cross-validation needs at least two folds, and a row for each of them.",
        )
    n_lines = n_rows * n_repeats * n_folds
    if procedure.type == "leaveoneout":
        n_lines = n_rows * n_rows
    if n_lines > _MAX_LINES:
        raise TaskError(
            f"procedure {procedure.id} ({procedure.name}) on {n_rows:,} rows makes a split file "
            f"of {n_lines:,} lines; the limit is {_MAX_LINES:,}",
            hint="Choose a procedure with fewer folds and repeats.",
        )


def _crossvalidation(
    procedure: EstimationProcedure, n_rows: int, classes: NDArray[np.int32] | None
) -> Iterator[_Part]:
    n_folds = procedure.folds or 1
    random = JavaRandom()
    order = np.arange(n_rows, dtype=np.int32)
    for repeat in range(procedure.repeats or 1):
        order = shuffled(order, random)
        if classes is not None:
            # Grouped by class, then every n_folds-th row, starting from each of the first.
            grouped = group_by_class(order, classes)
            order = np.concatenate([grouped[start::n_folds] for start in range(n_folds)])
        for fold, (train, test) in enumerate(blocks(order, n_folds)):
            yield _train_then_test(repeat, fold, 0, train, test)


def _learning_curve(
    procedure: EstimationProcedure,
    n_rows: int,
    classes: NDArray[np.int32] | None,
    n_classes: int,
) -> Iterator[_Part]:
    n_folds = procedure.folds or 1
    random = JavaRandom()
    order = np.arange(n_rows, dtype=np.int32)
    for repeat in range(procedure.repeats or 1):
        order = shuffled(order, random)
        if classes is not None:
            order = deal_by_class(order, classes, n_classes=n_classes)
        for fold, (train, test) in enumerate(blocks(order, n_folds)):
            for sample, size in enumerate(_sample_sizes(len(train))):
                yield _train_then_test(repeat, fold, sample, train[:size], test)


def _holdout(procedure: EstimationProcedure, n_rows: int) -> Iterator[_Part]:
    random = JavaRandom()
    order = np.arange(n_rows, dtype=np.int32)
    is_test = np.arange(n_rows) < n_rows * _percentage(procedure) // 100
    for repeat in range(procedure.repeats or 1):
        order = shuffled(order, random)
        yield _Part(repeat, 0, 0, order, is_test)


def _holdout_ordered(procedure: EstimationProcedure, n_rows: int) -> Iterator[_Part]:
    order = np.arange(n_rows, dtype=np.int32)
    yield _Part(0, 0, 0, order, order > n_rows - n_rows * _percentage(procedure) / 100)


def _leave_one_out(n_rows: int) -> Iterator[_Part]:
    order = np.arange(n_rows, dtype=np.int32)
    for fold in range(n_rows):
        yield _Part(0, fold, 0, order, order == fold)


def _test_on_training_data(procedure: EstimationProcedure, n_rows: int) -> Iterator[_Part]:
    rowid = np.arange(n_rows, dtype=np.int32).repeat(2)
    is_test = np.arange(2 * n_rows) % 2 == 0
    for repeat in range(procedure.repeats or 1):
        yield _Part(repeat, 0, 0, rowid, is_test)


def _percentage(procedure: EstimationProcedure) -> int:
    if procedure.percentage is None:
        raise TaskError(
            f"procedure {procedure.id} ({procedure.name}) does not say what percentage "
            "of the rows it holds out"
        )
    return procedure.percentage


def shuffled(order: NDArray[np.int32], random: JavaRandom) -> NDArray[np.int32]:
    """The rows, each in turn from the last one swapped with one drawn from those up to it."""
    partners = random.integers(np.arange(len(order), 1, -1)).tolist()
    rows = order.tolist()
    for place, partner in zip(range(len(rows) - 1, 0, -1), partners, strict=True):
        rows[place], rows[partner] = rows[partner], rows[place]
    return np.array(rows, dtype=np.int32)


def blocks(
    order: NDArray[np.int32], n_folds: int
) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int32]]]:
    """Training and test rows per fold; the first folds are one row larger if it doesn't divide."""
    for test in np.array_split(np.arange(len(order)), n_folds):
        yield np.delete(order, test), order[test]


def _sample_sizes(n_train: int) -> Iterator[int]:
    """Sizes of the samples of a learning curve: 64, 91, 128, 181 and so on, then all rows."""
    exponent = 6.0
    size = 0
    while size < n_train:
        size = min(n_train, int(2**exponent + 0.5))
        yield size
        exponent += 0.5


def _train_then_test(
    repeat: int, fold: int, sample: int, train: NDArray[np.int32], test: NDArray[np.int32]
) -> _Part:
    is_test = np.zeros(len(train) + len(test), dtype=np.bool_)
    is_test[len(train) :] = True
    return _Part(repeat, fold, sample, np.concatenate([train, test]), is_test)


def _joined(parts: Iterator[_Part], *, learning_curve: bool) -> SplitRows:
    pieces = tuple(parts)
    n_lines = [len(part.rowid) for part in pieces]

    def column(values: list[int]) -> NDArray[np.int32]:
        return np.array(values, dtype=np.int32).repeat(n_lines)

    return SplitRows(
        is_test=np.concatenate([np.empty(0, np.bool_), *(part.is_test for part in pieces)]),
        rowid=np.concatenate([np.empty(0, np.int32), *(part.rowid for part in pieces)]),
        repeat=column([part.repeat for part in pieces]),
        fold=column([part.fold for part in pieces]),
        sample=column([part.sample for part in pieces]) if learning_curve else None,
    )
