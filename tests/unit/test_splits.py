"""The rows of a task's folds, as the splits file has them."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openml_client.errors import ArffError, FormatError, TaskError
from openml_client.formats.split_lines import read_lines
from openml_client.formats.splits import Fold, Splits, open_splits, read_splits, write_splits

COLUMNS = ("type {TRAIN,TEST}", "rowid numeric", "repeat numeric", "fold numeric")
WITH_SAMPLE = (*COLUMNS, "sample numeric")


def splits_file(lines, columns=COLUMNS):
    header = ["@relation probe_splits", *(f"@attribute {column}" for column in columns), "@data"]
    return "\n".join([*header, *lines]).encode()


def two_by_five():
    """Lines of 5x2 cross-validation of four rows, with the rows in another order each time."""
    for repeat, fold in itertools.product(range(5), range(2)):
        rows = np.roll([3, 0, 2, 1], repeat)
        for row in np.delete(rows, np.s_[2 * fold : 2 * fold + 2]):
            yield f"TRAIN,{row},{repeat},{fold}"
        for row in rows[2 * fold : 2 * fold + 2]:
            yield f"TEST,{row},{repeat},{fold}"


def test_rows_keep_the_order_of_the_file():
    lines = ["TRAIN,7,0,0", "TEST,5,0,0", "TRAIN,2,0,0", "TEST,9,0,0", "TRAIN,4,0,0"]
    fold = read_splits(splits_file(lines))[0, 0]
    assert fold.train.tolist() == [7, 2, 4]
    assert fold.test.tolist() == [5, 9]
    assert fold.train.dtype == fold.test.dtype == np.int32


def test_folds_may_be_mixed_in_the_file():
    lines = list(two_by_five())
    expected = read_splits(splits_file(lines))
    mixed = read_splits(splits_file([*lines[::2], *lines[1::2]]))
    assert list(mixed) == list(expected)
    for key, fold in mixed.items():
        assert sorted(fold.train) == sorted(expected[key].train)
        assert sorted(fold.test) == sorted(expected[key].test)


def test_repeats_have_their_own_folds():
    splits = read_splits(splits_file(two_by_five()))
    assert (splits.n_repeats, splits.n_folds, splits.n_samples) == (5, 2, 1)
    assert list(splits) == [(r, f, 0) for r in range(5) for f in range(2)]
    assert len(splits) == 10
    assert not splits.has_samples
    assert splits[0, 0].test.tolist() == [3, 0]
    assert splits[1, 0].test.tolist() == [1, 3]
    assert splits[1, 1].train.tolist() == [1, 3]
    assert repr(splits) == "<Splits: 5 repeats, 2 folds>"
    assert repr(splits[0, 0]) == "<Fold: 2 training rows, 2 test rows>"


def test_samples_of_learning_curves_are_told_apart():
    lines = [
        *("TRAIN,1,0,0,0", "TEST,0,0,0,0"),
        *("TRAIN,1,0,0,1", "TRAIN,2,0,0,1", "TEST,0,0,0,1"),
        *("TRAIN,0,0,1,0", "TEST,1,0,1,0"),
    ]
    splits = read_splits(splits_file(lines, WITH_SAMPLE))
    assert list(splits) == [(0, 0, 0), (0, 0, 1), (0, 1, 0)]
    assert splits[0, 0, 1].train.tolist() == [1, 2]
    assert splits[0, 0].train.tolist() == [1]
    assert splits.has_samples
    assert repr(splits) == "<Splits: 1 repeats, 2 folds, 2 samples>"


def test_a_row_may_be_in_training_and_test():
    splits = read_splits(splits_file(["TRAIN,0,0,0", "TEST,0,0,0", "TEST,0,0,0"]))
    assert splits[0, 0].train.tolist() == [0]
    assert splits[0, 0].test.tolist() == [0, 0]


def test_columns_may_stand_in_any_order_among_others():
    columns = (
        "fold integer",
        "task_id numeric",
        "type {TEST,TRAIN}",
        "repeat {0,1}",
        "rowid real",
    )
    splits = read_splits(splits_file(["0,7,TEST,0,3", "0,7,TRAIN,0,4.0"], columns))
    assert splits[0, 0].test.tolist() == [3]
    assert splits[0, 0].train.tolist() == [4]


def test_numpy_integers_are_keys_too():
    splits = read_splits(splits_file(two_by_five()))
    assert splits[np.int64(1), np.int32(0)].test.tolist() == [1, 3]
    assert (1, 0, 0) in splits
    assert (9, 0, 0) not in splits


def test_an_unknown_fold_is_a_key_error_that_says_what_is_there():
    with pytest.raises(
        KeyError, match="no repeat 5, fold 0, sample 0; there are <Splits: 5 repeat"
    ):
        read_splits(splits_file(two_by_five()))[5, 0]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "has no rows"),
        (["TRAIN,0,0,0"], "no test rows in repeat 0, fold 0"),
        (["TEST,0,0,0"], "no training rows in repeat 0, fold 0"),
        (["TRAIN,0,0,0", "TEST,1,0,0", "TRAIN,0,0,2", "TEST,1,0,2"], "no repeat 0, fold 1"),
        (["TRAIN,0,1,0", "TEST,1,1,0"], "no repeat 0, fold 0"),
        (
            ["TRAIN,0,0,0", "TEST,1,0,0", "TRAIN,0,0,1", "TEST,1,0,1", "TRAIN,0,1,0", "TEST,1,1,0"],
            "no repeat 1, fold 1",
        ),
        (["TRAIN,0,0,2147483647", "TEST,1,0,2147483647"], "no repeat 0, fold 0"),
    ],
)
def test_splits_that_lack_something_are_refused(lines, message):
    with pytest.raises(TaskError, match=message):
        read_splits(splits_file(lines))


def test_splits_that_lack_a_sample_are_refused():
    lines = ["TRAIN,0,0,0,0", "TEST,1,0,0,0", "TRAIN,0,0,0,2", "TEST,1,0,0,2"]
    with pytest.raises(TaskError, match="no repeat 0, fold 0, sample 1"):
        read_splits(splits_file(lines, WITH_SAMPLE))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("TRAIN,1.5,0,0", "column 'rowid' has 1.5 in row 1, where a whole number from 0"),
        ("TRAIN,-1,0,0", "column 'rowid' has -1 in row 1"),
        ("TRAIN,2147483648,0,0", "column 'rowid' has 2.14748e\\+09 in row 1"),
        ("TRAIN,?,0,0", "column 'rowid' has no number in row 1"),
        ("TRAIN,1,?,0", "column 'repeat' has no number in row 1"),
        ("TRAIN,1,0,-3", "column 'fold' has -3 in row 1"),
        ("?,1,0,0", "column 'type' has no value in row 1"),
    ],
)
def test_values_that_are_no_numbers_of_rows_are_refused(line, message):
    with pytest.raises(FormatError, match=message):
        read_splits(splits_file(["TEST,0,0,0", line]))


@pytest.mark.parametrize(
    ("columns", "line", "message"),
    [
        (("type {TRAIN,TEST}",), "TRAIN", "the splits have no column 'rowid'; they have type"),
        (("rowid real", "repeat real", "fold real"), "0,0,0", "the splits have no column 'type'"),
        (
            ("type {train,test}", *COLUMNS[1:]),
            "train,0,0,0",
            "are train, test, not TRAIN and TEST",
        ),
        (("type string", *COLUMNS[1:]), "TRAIN,0,0,0", "are string, not TRAIN and TEST"),
        (
            (COLUMNS[0], "rowid string", *COLUMNS[2:]),
            "TRAIN,0,0,0",
            "column 'rowid' is a string, not a number",
        ),
        (
            (*COLUMNS[:3], "fold {a,b}"),
            "TRAIN,0,0,a",
            "column 'fold' has no number in row 0",
        ),
        (COLUMNS, "{1 0}", "sparse"),
    ],
)
def test_what_is_no_splits_file_is_refused(columns, line, message):
    with pytest.raises(FormatError, match=message):
        read_splits(splits_file([line], columns))


def test_broken_arff_is_an_arff_error():
    with pytest.raises(ArffError, match="line 8: 'VALID' is no declared value"):
        read_splits(splits_file(["TRAIN,0,0,0", "VALID,0,0,0"]))
    with pytest.raises(ArffError):
        read_splits(b"Task not providing datasplits.")


def test_rows_beyond_the_dataset_are_found():
    splits = read_splits(splits_file(two_by_five()))
    splits.check(4)
    with pytest.raises(
        TaskError, match="the rows 3 in repeat 0, fold 0, and the dataset has 3 rows"
    ):
        splits.check(3)


def test_training_rows_beyond_the_dataset_are_found():
    splits = read_splits(splits_file(["TRAIN,0,0,0", "TRAIN,7,0,0", "TEST,1,0,0"]))
    with pytest.raises(TaskError, match="the rows 7 in repeat 0, fold 0"):
        splits.check(3)


def test_rows_for_both_training_and_test_are_refused():
    # What a model learned by heart was once tested without a word.
    splits = read_splits(splits_file(["TRAIN,0,0,0", "TRAIN,1,0,0", "TEST,1,0,0"]))
    with pytest.raises(
        TaskError, match="the rows 1 both for training and for test in repeat 0, fold 0"
    ):
        splits.check(2)


def test_only_the_first_rows_of_an_overlap_are_named():
    lines = [f"{kind},{row},0,0" for row in range(20) for kind in ("TRAIN", "TEST")]
    splits = read_splits(splits_file([*lines, "TRAIN,20,0,0"]))
    with pytest.raises(TaskError, match="the rows 0, 1, 2, 3, 4 both"):
        splits.check(21)


def test_a_test_on_the_training_data_is_no_overlap():
    lines = [f"{kind},{row},0,0" for row in range(3) for kind in ("TEST", "TRAIN")]
    read_splits(splits_file([*lines, "TEST,0,0,0"])).check(3)


def test_folds_come_in_order_whatever_they_are_made_of():
    fold = Fold(np.array([0], dtype=np.int32), np.array([1], dtype=np.int32))
    keys = [(1, 0, 0), (0, 1, 0), (0, 0, 0), (1, 1, 0)]
    assert list(Splits(dict.fromkeys(keys, fold))) == sorted(keys)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(["TRAIN", "TEST", "?", "0", "1", "-1", "1e9"]), max_size=5))
)
def test_any_lines_give_splits_or_a_documented_error(rows):
    lines = [",".join(row) for row in rows]
    try:
        splits = read_splits(splits_file(lines))
    except (FormatError, TaskError):
        return
    assert isinstance(splits, Splits)


@pytest.mark.parametrize("key", [0, (0,), (0, 0, 0, 0), "00"])
def test_what_is_no_repeat_and_fold_is_a_key_error_that_says_what_is(key):
    splits = Splits({(0, 0, 0): Fold(np.array([0]), np.array([1]))})
    with pytest.raises(KeyError, match=r"is no splits\[repeat, fold\]"):
        splits[key]
    assert splits.get(key) is None


# How they are held


def fold_lines(repeat, fold, train, test):
    return [
        *(f"TRAIN,{row},{repeat},{fold}" for row in train),
        *(f"TEST,{row},{repeat},{fold}" for row in test),
    ]


def crossvalidation(n_repeats, n_folds, n_rows, *, is_ascending=False):
    """The lines of shuffled rows cut into folds, which are in that order or ascending."""
    rng = np.random.default_rng(3)
    for repeat in range(n_repeats):
        rows = rng.permutation(n_rows)
        for fold, test in enumerate(np.array_split(np.arange(n_rows), n_folds)):
            parts = np.delete(rows, test), rows[test]
            yield from fold_lines(repeat, fold, *map(sorted, parts) if is_ascending else parts)


def assert_as_the_file(splits, lines):
    """All folds hold the rows of the lines, in their order."""
    wanted = {}
    for line in lines:
        kind, row, *key = line.split(",")
        parts = wanted.setdefault((*map(int, key), 0)[:3], {"TRAIN": [], "TEST": []})
        parts[kind].append(int(row))
    assert {key: (fold.train.tolist(), fold.test.tolist()) for key, fold in splits.items()} == {
        key: (parts["TRAIN"], parts["TEST"]) for key, parts in wanted.items()
    }
    for fold in splits.values():
        assert fold.train.dtype == fold.test.dtype == np.int32


def kept(splits, folder):
    """The same splits, written and mapped again."""
    path = folder / "splits.npy"
    with path.open("wb") as sink:
        write_splits(splits, sink)
    with path.open("rb") as file:
        return open_splits(file)


@pytest.mark.parametrize("is_ascending", [False, True])
def test_crossvalidation_takes_four_bytes_for_a_row_and_repeat(tmp_path, is_ascending):
    lines = list(crossvalidation(3, 5, 101, is_ascending=is_ascending))
    splits = read_splits(splits_file(lines))
    assert splits.n_bytes == 4 * 101 * 3
    assert_as_the_file(splits, lines)
    assert_as_the_file(kept(splits, tmp_path), lines)


def test_leaving_one_out_takes_four_bytes_for_a_row(tmp_path):
    lines = [
        line
        for fold in range(30)
        for line in fold_lines(0, fold, np.delete(np.arange(30), fold), [fold])
    ]
    splits = read_splits(splits_file(lines))
    assert splits.n_bytes == 4 * 30
    assert_as_the_file(kept(splits, tmp_path), lines)


def test_the_samples_of_a_learning_curve_take_four_bytes_for_a_row():
    rows = np.random.default_rng(0).permutation(40)
    lines = [
        f"{kind},{row},0,{fold},{sample}"
        for fold in range(4)
        for sample, size in enumerate((8, 16, 30))
        for kind, part in (
            ("TRAIN", np.delete(rows, np.s_[10 * fold : 10 * fold + 10])[:size]),
            ("TEST", rows[10 * fold : 10 * fold + 10]),
        )
        for row in part
    ]
    splits = read_splits(splits_file(lines, WITH_SAMPLE))
    assert splits.n_bytes == 4 * 40
    assert_as_the_file(splits, lines)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_folds_keep_their_rows_in_their_order(tmp_path_factory, data):
    rows = st.lists(st.integers(0, 5), min_size=1, max_size=6)
    shape = data.draw(st.tuples(*[st.integers(1, 3)] * 2))
    lines = []
    for repeat, fold in np.ndindex(shape):
        lines += fold_lines(repeat, fold, data.draw(rows), data.draw(rows))
    lines = data.draw(st.permutations(lines))
    splits = read_splits(splits_file(lines))
    assert_as_the_file(splits, lines)
    assert_as_the_file(kept(splits, tmp_path_factory.mktemp("kept")), lines)


def test_what_is_broken_is_no_stored_file(tmp_path):
    for content in (b"", b"nonsense", b"\x93NUMPY\x01\0"):
        path = tmp_path / "splits.npy"
        path.write_bytes(content)
        with path.open("rb") as file, pytest.raises(FormatError, match="stored splits are broken"):
            open_splits(file)


def test_rows_of_mapped_splits_can_not_be_written(tmp_path):
    splits = kept(read_splits(splits_file(two_by_five())), tmp_path)
    with pytest.raises(ValueError, match="read-only"):
        splits[0, 0].test[0] = 1


# What they must be


def test_a_row_that_crossvalidation_never_tests_is_found():
    lines = [*fold_lines(0, 0, [2, 3], [0, 1]), *fold_lines(0, 1, [0, 1], [2])]
    splits = read_splits(splits_file(lines))
    splits.check(4)
    splits.check(4, procedure="holdout")
    with pytest.raises(TaskError, match="repeat 0 tests the rows 3 never"):
        splits.check(4, procedure="crossvalidation")


def test_a_row_that_crossvalidation_tests_twice_is_found():
    lines = [*fold_lines(0, 0, [2, 3], [0, 1]), *fold_lines(0, 1, [0], [1, 2, 3])]
    with pytest.raises(
        TaskError, match=r"repeat 0 tests the rows 1 more than once \(row 1 in fold 0, 1\)"
    ):
        read_splits(splits_file(lines)).check(4, procedure="crossvalidation")


def test_samples_do_not_count_as_other_tests():
    lines = [f"{line},{sample}" for line in crossvalidation(2, 2, 8) for sample in range(2)]
    read_splits(splits_file(lines, WITH_SAMPLE)).check(8, procedure="crossvalidation")


def test_rows_below_the_first_are_found():
    splits = Splits({(0, 0, 0): Fold(np.array([0]), np.array([-1]))})
    with pytest.raises(TaskError, match="the rows -1 in repeat 0, fold 0"):
        splits.check(2)


def test_crossvalidation_does_not_test_on_its_training_data():
    splits = read_splits(splits_file(fold_lines(0, 0, [0, 1], [1, 0])))
    splits.check(2, procedure="testontrainingdata")
    with pytest.raises(TaskError, match="the rows 0, 1 both for training and for test in repeat 0"):
        splits.check(2, procedure="crossvalidation")


@pytest.mark.parametrize("row", [2**31, 2**40, -(2**31)])
def test_rows_that_four_bytes_can_not_hold_are_refused(row):
    folds = {(0, 0, 0): Fold(np.array([0]), np.array([row]))}
    with pytest.raises(TaskError, match=f"row {row} in repeat 0, fold 0"):
        Splits(folds)


# Two ways of reading


@pytest.mark.parametrize(
    "line",
    ["TRAIN,1.0,0,0", "TRAIN, 1 ,0,0", " TRAIN,1,0,0", "'TRAIN',1,0,0", "% no\nTRAIN,1,0,0",
     "TRAIN,1e0,0,0", "TRAIN,'1',0,0", "\nTRAIN,1,0,0\n", "TRAIN,01,0,0"],
)  # fmt: skip
def test_what_arff_allows_means_the_same(line):
    plain = read_lines(splits_file(["TEST,0,0,0", "TRAIN,1,0,0"]))
    other = read_lines(splits_file(["TEST,0,0,0", line]))
    for name in ("rows", "repeats", "folds", "samples", "is_test"):
        np.testing.assert_array_equal(getattr(other, name), getattr(plain, name))


@pytest.mark.parametrize("line", ["TRAIN,0x1,0,0", "TRAIN,1,0", "TRAIN,1,0,0,0", "TRAIN,NA,0,0"])
def test_what_only_csv_allows_is_refused(line):
    with pytest.raises(FormatError):
        read_lines(splits_file(["TEST,0,0,0", line]))
