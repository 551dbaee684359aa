"""Faults that are planted beside the predictions of a run, and what the audit says of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from openml_client.formats.splits import Fold, Splits
from openml_client.model.run import Predictions
from openml_client.running import audit
from openml_client.running.check import Finding, check_predictions
from openml_client.running.execute import TaskData

N = 40
LABELS = ("z", "a")
ROWS = np.arange(N, dtype=np.int64)
NOISE = np.random.default_rng(3).permutation(N).astype(np.float64)
"""A number per row that tells nothing of its place."""
TRUTH = (ROWS % 2).astype(np.int32)


def frame(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"noise": NOISE, **columns})


def classes(x: pd.DataFrame | None = None) -> TaskData:
    """A dataset of two classes, which stand in turn."""
    y = pd.Series(pd.Categorical.from_codes(TRUTH, list(LABELS)))
    return TaskData("classification", frame() if x is None else x, y, LABELS, (), TRUTH)


def inputs(x: pd.DataFrame) -> audit.Facts:
    return audit.facts_of(classes(x))


def numbers() -> TaskData:
    return TaskData("regression", frame(), pd.Series(NOISE), None, (), NOISE)


def predictions(**changes: Any) -> Predictions:
    """Predictions of classes that are all right, in one fold, with what is given instead."""
    fold = np.zeros(N, dtype=np.int32)
    good = Predictions(
        repeat=fold, fold=fold, row_id=ROWS, prediction=TRUTH, truth=TRUTH, labels=LABELS
    )
    return replace(good, **changes)


def changed(values: Any, row: int, value: Any) -> Any:
    copied = values.copy()
    copied[row] = value
    return copied


def the_finding(findings: Iterable[Finding]) -> Finding:
    (finding,) = findings
    return finding


def test_another_truth_than_the_dataset_has_is_an_error_that_names_the_rows() -> None:
    assert not [*audit.check_truth(predictions(), classes())]
    finding = the_finding(audit.check_truth(predictions(truth=changed(TRUTH, 7, 0)), classes()))
    assert (finding.severity, finding.code) == ("error", "truth")
    assert "for rows 7 are not those of the dataset" in finding.message


def test_truth_is_compared_by_label_and_not_by_position() -> None:
    turned = predictions(labels=LABELS[::-1], truth=1 - TRUTH, prediction=1 - TRUTH)
    assert not [*audit.check_truth(turned, classes())]
    mixed_up = replace(turned, truth=TRUTH)
    assert the_finding(audit.check_truth(mixed_up, classes())).code == "truth"


def test_truth_that_nobody_knows_is_no_fault() -> None:
    untold = predictions(truth=np.full(N, -1, dtype=np.int32))
    assert not [*audit.check_truth(untold, classes())]
    assert not [*audit.check_truth(predictions(truth=None), classes())]


@pytest.mark.parametrize(("factor", "codes"), [(1 + 1e-7, []), (1.01, ["truth"])])
def test_true_numbers_may_be_rounded_and_no_more(factor: float, codes: list[str]) -> None:
    told = predictions(labels=None, prediction=NOISE, truth=changed(NOISE, 3, NOISE[3] * factor))
    assert [finding.code for finding in audit.check_truth(told, numbers())] == codes


@pytest.mark.parametrize("row", [-1, N, 2**40])
def test_rows_that_do_not_exist_raise_nothing(row: int) -> None:
    odd = predictions(row_id=changed(ROWS, 0, row), truth=changed(TRUTH, 1, 0))
    assert "rows 1 are" in the_finding(audit.check_truth(odd, classes())).message


def test_classes_in_another_order_are_told() -> None:
    assert not [*audit.check_labels(LABELS, classes())]
    finding = the_finding(audit.check_labels(LABELS[::-1], classes()))
    assert (finding.severity, finding.code) == ("warning", "label_order")
    assert "in the order a, z, and the data file in the order z, a" in finding.message


def test_classes_that_the_target_lacks_are_told() -> None:
    finding = the_finding(audit.check_labels(("z", "q"), classes()))
    assert finding.code == "label_set"
    assert "the classes q, which the target lacks and do not declare the classes a" in str(finding)


@pytest.mark.parametrize(
    ("column", "says"),
    [
        (ROWS, "is the number of the row (0, 1, ... 39)"),
        (ROWS * -2.5 + 7, "is the number of the row (7, 4.5, ... -90.5)"),
        (ROWS**2, "rises in every row, from 0 to 1521"),
        (-(ROWS**2), "falls in every row, from 0 to -1521"),
        (pd.Categorical([f"n{row}" for row in ROWS]), "has another label in each of the 40 rows"),
    ],
)
def test_an_input_that_tells_the_place_of_a_row_is_named(column: Any, says: str) -> None:
    finding = the_finding(audit.check_features(inputs(frame(id=column))))
    assert (finding.severity, finding.code) == ("warning", "row_id_column")
    assert f"the input 'id' {says}" in finding.message


@pytest.mark.parametrize(
    "column",
    [
        NOISE,
        np.sort(NOISE // 2),  # sorted, with ties
        changed(ROWS.astype(float), 30, np.nan),
        changed(ROWS, 30, 0),
        pd.Categorical([f"n{row // 2}" for row in ROWS]),
        np.zeros(N),
        [f"n{row}" for row in ROWS],  # texts, which models don't take
        pd.arrays.SparseArray(ROWS.astype(float)),
    ],
)
def test_other_inputs_are_not_taken_for_row_ids(column: Any) -> None:
    assert not [*audit.check_features(inputs(frame(id=column)))]


def test_few_rows_may_rise_by_chance() -> None:
    assert not [*audit.check_features(inputs(frame(id=ROWS).head(audit.FEWEST_ROWS - 1)))]


def test_an_identifier_by_the_description_that_is_an_input_is_named_once() -> None:
    finding = the_finding(audit.check_features(inputs(frame(id=ROWS)), {"id", "gone"}))
    assert finding.code == "row_id_declared"
    assert "names id as identifier" in finding.message


def splits(test: Any) -> Splits:
    return Splits({(0, 0, 0): Fold(train=np.setdiff1d(ROWS, test), test=np.asarray(test))})


def test_many_rows_of_the_test_that_are_trained_on_are_told() -> None:
    copies = classes(pd.DataFrame({"noise": NOISE // 10}))
    finding = the_finding(audit.check_copies(copies, splits(ROWS[:10])))
    assert (finding.severity, finding.code) == ("warning", "rows_copied")
    assert "10 of the 10 rows tested" in finding.message
    assert not [*audit.check_copies(classes(), splits(ROWS[:10]))]


def test_equal_inputs_of_another_class_are_no_copies() -> None:
    x = pd.DataFrame({"noise": np.tile(NOISE[: N // 2], 2)})  # row n and row n + 20 are alike
    assert the_finding(audit.check_copies(classes(x), splits(ROWS[:20]))).code == "rows_copied"
    other = classes(x)
    turned = replace(other, truth=np.where(ROWS < 20, TRUTH, 1 - TRUTH).astype(np.int32))
    assert not [*audit.check_copies(turned, splits(ROWS[:20]))]


def test_few_copies_are_no_news() -> None:
    x = pd.DataFrame({"noise": changed(NOISE, 0, NOISE[20])})
    assert not [*audit.check_copies(classes(x), splits(ROWS[:20]))]


def test_testing_on_the_training_data_is_not_told_as_copies() -> None:
    same = Splits({(0, 0, 0): Fold(train=ROWS, test=ROWS)})
    assert not [*audit.check_copies(classes(), same)]


@pytest.mark.parametrize(
    "settings",
    [
        [(1, "random_state", None)],
        [(1, "random_state", "null")],
        [(1, "random_state", "None")],
        [(1, "cv", '{"$call": {"name": "KFold", "kwargs": {"random_state": null}}}')],
        [(1, "cv", '{"value": {"parameters": {"shuffle": true, "random_state": null}}}')],
        [(1, "cv", '{"kind": "object", "kwargs": {"a": {"random_state": null}}}')],
        [(1, "shuffle", "false"), (2, "random_state", "null")],
    ],
)
def test_a_seed_that_was_left_open_is_told(settings: list[audit.Setting]) -> None:
    finding = the_finding(audit.check_seeds(settings))
    assert (finding.severity, finding.code) == ("warning", "seed_missing")
    assert settings[-1][1] in finding.message


@pytest.mark.parametrize(
    "settings",
    [
        [(1, "random_state", "17"), (1, "max_depth", "null")],
        [(1, "shuffle", "false"), (1, "random_state", "null")],
        [(1, "cv", '{"kwargs": {"random_state": null, "shuffle": false}}')],
        [(1, "cv", '{"$call": {"kind": "object", "kwargs": {"random_state": null}}}')],
        [(1, "part", '{"params": {"random_state": 3}, "defaults": {"random_state": null}}')],
        [(1, "S", "1"), (1, "text", "{no json"), (1, "deep", "[" * 100_000)],
    ],
)
def test_seeds_that_are_set_or_not_used_are_no_fault(settings: list[audit.Setting]) -> None:
    assert not [*audit.check_seeds(settings)]


def test_versions_that_drifted_are_told_those_of_the_flow_first() -> None:
    wanted = {"alpha": "1", "python": "3.8.1", "scikit-learn": "1.0", "same": "2", "gone": "5"}
    here = {"alpha": "2", "python": "3.11.7", "scikit-learn": "1.9.1", "same": "2"}
    finding = the_finding(audit.check_environment(wanted, here, {"scikit-learn"}))
    assert (finding.severity, finding.code) == ("warning", "environment_drift")
    assert finding.message.endswith(
        "scikit-learn 1.0 (here 1.9.1), python 3.8.1 (here 3.11.7), alpha 1 (here 2), "
        "gone 5 (here not installed)"
    )
    assert not [*audit.check_environment(here, here)]


def test_a_measure_that_is_not_that_of_the_predictions_is_told() -> None:
    told = {"predictive_accuracy": 0.9, "kappa": None}
    assert not [*audit.check_measures(told, {"predictive_accuracy": 0.9 + 1e-9, "kappa": 0.5})]
    finding = the_finding(audit.check_measures(told, {"predictive_accuracy": 0.8}))
    assert (finding.severity, finding.code) == ("warning", "measure")
    assert "is 0.9 on the server, and 0.8 by the predictions" in finding.message


def test_sums_may_be_off_by_the_decimals_that_were_written() -> None:
    """As Weka writes them: six decimals, and 3 * 0.333333 is not 1."""
    third = np.full((N, 3), 0.333333)
    everything = Splits({(0, 0, 0): Fold(train=ROWS, test=ROWS)})
    good = predictions(labels=("z", "a", "m"), confidence=third)
    assert check_predictions(good, everything) == ()
    off = replace(good, confidence=changed(third, 5, [0.333333, 0.333333, 0.3332]))
    finding = check_predictions(off, everything)[0]
    assert (finding.code, finding.message) == (
        "probability_sum",
        "probabilities of rows 5 don't sum to 1",
    )
