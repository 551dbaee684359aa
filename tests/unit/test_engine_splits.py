"""Split files: the generator, the orders of rows, and what each procedure makes of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from openml_client.errors import TaskError
from openml_client.formats.splits import read_splits
from openml_client.model.task_type import EstimationProcedure
from openml_client.registry.engine.lcg import JavaRandom
from openml_client.registry.engine.splits import SplitRows, make_splits, splits_arff
from openml_client.registry.engine.stratify import deal_by_class, group_by_class


def procedure(kind: str, **values: Any) -> EstimationProcedure:
    return EstimationProcedure(id=1, task_type_id=1, name="a test's", type=kind, **values)


def classes_of(*counts: int) -> np.ndarray:
    return np.repeat(np.arange(len(counts), dtype=np.int32), counts)


def split(
    wanted: EstimationProcedure, n_rows: int, classes: np.ndarray | None = None, **options: Any
) -> SplitRows:
    n_classes = None if classes is None else int(classes.max()) + 1
    return make_splits(wanted, n_rows=n_rows, classes=classes, n_classes=n_classes, **options)


def test_random_integers_are_those_of_java() -> None:
    # Printed by java.util.Random of a Java 11 runtime.
    tens = JavaRandom(0).integers(np.full(12, 10))
    assert tens.tolist() == [0, 8, 9, 7, 5, 3, 1, 1, 9, 4, 7, 7]


def test_random_integers_below_powers_of_two_are_those_of_java() -> None:
    bounds = 2 ** np.arange(1, 7)
    assert JavaRandom(0).integers(bounds).tolist() == [1, 3, 1, 9, 20, 19]


def test_random_integers_that_java_draws_twice_are_those_of_java() -> None:
    # Of a bound just above 2**30 nearly every second number is drawn again.
    drawn = JavaRandom(42).integers(np.full(5, 2**30 + 1))
    assert drawn.tolist() == [117392763, 102948884, 662969970, 595021505, 196118093]


def test_a_long_sequence_of_random_integers_is_that_of_java() -> None:
    digest = 0
    for number in JavaRandom(7).integers(np.full(10_000, 1_500_000_000)).tolist():
        digest = (digest * 31 + number) & (2**64 - 1)
    assert digest == 1429308078867018258


def test_drawing_at_once_and_in_parts_gives_the_same_integers() -> None:
    bounds = np.arange(2, 30_000)
    parts = JavaRandom(3)
    in_parts = [parts.integers(part) for part in np.array_split(bounds, 7)]
    assert np.array_equal(JavaRandom(3).integers(bounds), np.concatenate(in_parts))


def test_grouping_swaps_the_rows_that_make_way() -> None:
    classes = np.array([0, 1, 1, 0, 1, 0], dtype=np.int32)
    grouped = group_by_class(np.arange(6, dtype=np.int32), classes)
    # Row 3 swaps with row 1, then row 5 with row 2: those two come out behind row 4.
    assert grouped.tolist() == [0, 3, 5, 1, 4, 2]


def test_grouping_puts_rows_without_a_class_together() -> None:
    classes = np.array([-1, 0, -1, 0], dtype=np.int32)
    grouped = group_by_class(np.arange(4, dtype=np.int32), classes)
    assert classes[grouped].tolist() == [-1, -1, 0, 0]


def test_dealing_keeps_the_shares_of_the_classes_at_every_length() -> None:
    classes = classes_of(60, 30, 10)
    dealt = classes[deal_by_class(np.arange(100, dtype=np.int32), classes, n_classes=3)]
    for length in range(1, 101):
        counts = np.bincount(dealt[:length], minlength=3)
        assert (np.abs(counts - length * np.array([0.6, 0.3, 0.1])) < 1).all()


def test_dealing_gives_a_tie_to_the_class_declared_first() -> None:
    dealt = deal_by_class(np.arange(4, dtype=np.int32), classes_of(2, 2), n_classes=2)
    assert dealt.tolist() == [0, 2, 1, 3]


def test_cross_validation_tests_each_row_once_per_repeat() -> None:
    rows = split(procedure("crossvalidation", repeats=3, folds=4), 30, classes_of(17, 13))
    for repeat in range(3):
        tested = rows.rowid[rows.is_test & (rows.repeat == repeat)]
        assert sorted(tested.tolist()) == list(range(30))


def test_cross_validation_trains_on_all_rows_that_it_does_not_test() -> None:
    rows = split(procedure("crossvalidation", repeats=2, folds=3), 10)
    for repeat, fold in np.ndindex(2, 3):
        here = (rows.repeat == repeat) & (rows.fold == fold)
        assert sorted(rows.rowid[here].tolist()) == list(range(10))


def test_the_first_folds_are_larger_where_the_rows_do_not_divide() -> None:
    rows = split(procedure("crossvalidation", repeats=1, folds=4), 10)
    assert np.bincount(rows.fold[rows.is_test]).tolist() == [3, 3, 2, 2]


def test_cross_validation_of_a_nominal_target_is_stratified() -> None:
    classes = classes_of(20, 40)
    rows = split(procedure("crossvalidation", repeats=2, folds=10), 60, classes)
    for repeat, fold in np.ndindex(2, 10):
        here = rows.is_test & (rows.repeat == repeat) & (rows.fold == fold)
        assert np.bincount(classes[rows.rowid[here]]).tolist() == [2, 4]


def test_repeats_shuffle_on_from_the_repeat_before() -> None:
    rows = split(procedure("crossvalidation", repeats=2, folds=2), 20)
    first, second = (rows.rowid[rows.is_test & (rows.repeat == repeat)] for repeat in (0, 1))
    assert first.tolist() != second.tolist()
    again = split(procedure("crossvalidation", repeats=1, folds=2), 20)
    assert again.rowid[again.is_test].tolist() == first.tolist()


def test_holdout_tests_the_percentage_rounded_down_and_writes_the_test_rows_first() -> None:
    rows = split(procedure("holdout", repeats=2, percentage=33), 10)
    assert rows.is_test.tolist() == ([True] * 3 + [False] * 7) * 2
    assert rows.repeat.tolist() == [0] * 10 + [1] * 10
    assert sorted(rows.rowid[:10].tolist()) == list(range(10))


def test_an_ordered_holdout_tests_the_last_rows() -> None:
    rows = split(procedure("holdout_ordered", repeats=1, folds=1, percentage=20), 10)
    assert rows.rowid.tolist() == list(range(10))
    assert rows.rowid[rows.is_test].tolist() == [9]


def test_leave_one_out_tests_row_f_in_fold_f() -> None:
    rows = split(procedure("leaveoneout", repeats=1), 4)
    assert rows.rowid[rows.is_test].tolist() == [0, 1, 2, 3]
    assert rows.fold[rows.is_test].tolist() == [0, 1, 2, 3]
    assert len(rows) == 16


def test_testing_on_training_data_writes_each_row_as_test_and_then_as_training() -> None:
    rows = split(procedure("testontrainingdata"), 2)
    assert rows.rowid.tolist() == [0, 0, 1, 1]
    assert rows.is_test.tolist() == [True, False, True, False]


def test_clustering_repeats_the_training_data_fifty_times() -> None:
    rows = split(procedure("testontrainingdata", repeats=50), 3)
    assert np.bincount(rows.repeat).tolist() == [6] * 50


def test_learning_curve_samples_grow_by_the_root_of_two_up_to_the_whole_fold() -> None:
    wanted = procedure("crossvalidation", repeats=1, folds=10)
    rows = split(wanted, 300, classes_of(150, 150), learning_curve=True)
    assert rows.sample is not None
    first_fold = ~rows.is_test & (rows.fold == 0)
    assert np.bincount(rows.sample[first_fold]).tolist() == [64, 91, 128, 181, 256, 270]


def test_learning_curve_samples_contain_each_other_and_share_the_test_rows() -> None:
    wanted = procedure("crossvalidation", repeats=1, folds=5)
    rows = split(wanted, 100, classes_of(70, 30), learning_curve=True)
    assert rows.sample is not None
    train = [rows.rowid[~rows.is_test & (rows.fold == 2) & (rows.sample == s)] for s in (0, 1)]
    test = [rows.rowid[rows.is_test & (rows.fold == 2) & (rows.sample == s)] for s in (0, 1)]
    assert train[1][: len(train[0])].tolist() == train[0].tolist()
    assert test[0].tolist() == test[1].tolist()


@pytest.mark.parametrize(
    ("wanted", "is_curve", "bytes_of_row"),
    [
        (procedure("crossvalidation", repeats=1, folds=10), False, 4),
        (procedure("crossvalidation", repeats=10, folds=10), False, 40),
        (procedure("crossvalidation", repeats=5, folds=2), False, 20),
        (procedure("crossvalidation", repeats=2, folds=10), True, 8),
        (procedure("holdout", repeats=3, percentage=33), False, 12),
        (procedure("holdout_ordered", percentage=33), False, 4),
        (procedure("leaveoneout", repeats=1), False, 4),
        (procedure("testontrainingdata", repeats=1), False, 8),
    ],
)
def test_the_client_reads_what_each_procedure_makes(
    wanted: EstimationProcedure, is_curve: bool, bytes_of_row: int
) -> None:
    made = split(wanted, 205, classes_of(120, 85), learning_curve=is_curve)
    splits = read_splits(splits_arff("probe", made))
    splits.check(205, procedure=wanted.type)
    assert splits.n_bytes <= bytes_of_row * 205
    samples = np.zeros_like(made.fold) if made.sample is None else made.sample
    keys = np.stack([made.repeat, made.fold, samples], axis=1)
    assert list(splits) == sorted({tuple(key) for key in keys.tolist()})
    for key, fold in splits.items():
        is_here = (keys == key).all(axis=1)
        assert fold.train.tolist() == made.rowid[is_here & ~made.is_test].tolist()
        assert fold.test.tolist() == made.rowid[is_here & made.is_test].tolist()


@pytest.mark.parametrize("kind", ["testthentrain", "customholdout", "holdoutunlabeled"])
def test_a_procedure_without_splits_is_refused_by_name(kind: str) -> None:
    with pytest.raises(TaskError, match=f"of type '{kind}' has no splits"):
        split(procedure(kind, repeats=1, folds=1), 10)


def test_more_folds_than_rows_are_refused() -> None:
    with pytest.raises(TaskError, match="has 10 folds and the dataset has 7 rows"):
        split(procedure("crossvalidation", repeats=1, folds=10), 7)


def test_a_split_file_too_large_to_hold_is_refused() -> None:
    with pytest.raises(TaskError, match=r"1,000,000 rows .* 1,000,000,000,000 lines"):
        split(procedure("leaveoneout", repeats=1), 1_000_000)


def test_a_learning_curve_without_cross_validation_is_refused() -> None:
    with pytest.raises(TaskError, match="needs cross-validation"):
        split(procedure("holdout", repeats=1, percentage=33), 100, learning_curve=True)


def test_a_holdout_without_a_percentage_is_refused() -> None:
    with pytest.raises(TaskError, match="does not say what percentage"):
        split(procedure("holdout", repeats=1), 100)


def test_the_file_names_the_dataset_and_does_not_end_in_a_newline() -> None:
    rows = split(procedure("holdout_ordered", percentage=50), 3)
    assert splits_arff("tiny", rows) == (
        b"@relation tiny_splits\n"
        b"\n"
        b"@attribute type {TRAIN,TEST}\n"
        b"@attribute rowid numeric\n"
        b"@attribute repeat numeric\n"
        b"@attribute fold numeric\n"
        b"\n"
        b"@data\n"
        b"TRAIN,0,0,0\n"
        b"TRAIN,1,0,0\n"
        b"TEST,2,0,0"
    )


def test_the_file_of_a_learning_curve_has_samples() -> None:
    rows = SplitRows(
        is_test=np.array([False, True]),
        rowid=np.array([5, 6], dtype=np.int32),
        repeat=np.array([1, 1], dtype=np.int32),
        fold=np.array([2, 2], dtype=np.int32),
        sample=np.array([3, 3], dtype=np.int32),
    )
    text = splits_arff("curve", rows).decode()
    assert "@attribute sample numeric\n" in text
    assert text.endswith("@data\nTRAIN,5,1,2,3\nTEST,6,1,2,3")


def test_a_file_of_many_lines_is_written_line_by_line() -> None:
    # More lines than are joined at once, and numbers of one to five digits.
    rows = split(procedure("holdout", repeats=11, percentage=33), 20_001)
    content = splits_arff("probe", rows).decode()
    assert content.split("@data\n")[1].split("\n") == [
        f"{'TEST' if is_test else 'TRAIN'},{row},{repeat},{fold}"
        for is_test, row, repeat, fold in zip(
            rows.is_test, rows.rowid, rows.repeat, rows.fold, strict=True
        )
    ]


def test_a_file_without_lines_ends_with_its_header() -> None:
    nothing = np.empty(0, np.int32)
    rows = SplitRows(is_test=nothing.astype(bool), rowid=nothing, repeat=nothing, fold=nothing)
    assert splits_arff("probe", rows).endswith(b"\n@data")
