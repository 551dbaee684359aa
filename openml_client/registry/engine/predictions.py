"""Whether predictions are those that a task asks for.

The texts of the errors are the evaluation engine's own.  Source: protocol note, section 10, and
what the real engine sent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from openml_client.errors import FormatError
from openml_client.formats.arff import read_arff, read_header
from openml_client.formats.numbers import whole_numbers
from openml_client.formats.predictions import WHAT, read_predictions
from openml_client.model.run import Predictions
from openml_client.registry.engine.columns import columns
from openml_client.registry.engine.places import Places, places_of_splits
from openml_client.registry.engine.splits import SplitRows

CLUSTER = "cluster"
"""The column of clusters.  Source: transcript ``task_get_clu``."""


class UnusablePredictionsError(Exception):
    """The predictions are not those that the task asks for; the text says why."""


def predictions_of_file(
    source: bytes, *, labels: Sequence[str] | None, has_samples: bool
) -> Predictions:
    """The predictions of a file, which has all the columns that a task needs.

    Raises
    ------
    UnusablePredictionsError
        If a column is missing, or the file can't be read.
    """
    wanted = ["repeat", "fold", "prediction", *(["sample"] if has_samples else [])]
    try:
        names = {attribute.name for attribute in read_header(source)[1]}
        for column in wanted:
            if column not in names:
                alias = "" if column == "prediction" else f", {column}_nr"
                raise UnusablePredictionsError(_no_column(column + alias))
        for label in labels or ():
            if f"confidence.{label}" not in names:
                raise UnusablePredictionsError(_no_confidence(f"confidence.{label}"))
        return read_predictions(source, labels=labels)
    except FormatError as error:
        raise UnusablePredictionsError(error.message) from error


def clusters_of_file(source: bytes) -> Predictions:
    """What a file of clusters says, with the clusters as numbers; all is fold 0 without folds.

    Raises
    ------
    UnusablePredictionsError
        If a column is missing, or the file can't be read.
    """
    try:
        file = read_arff(source)
        found = {column.name: column.values for column in columns(file)}
        for name in ("repeat", CLUSTER):
            if name not in found:
                alias = "" if name == CLUSTER else f", {name}_nr"
                raise UnusablePredictionsError(_no_column(name + alias))
        repeat = whole_numbers(file, "repeat", what=WHAT)
        return Predictions(
            repeat=repeat,
            fold=whole_numbers(file, "fold", what=WHAT) if "fold" in found else repeat * 0,
            row_id=whole_numbers(file, "row_id", what=WHAT).astype(np.int64),
            prediction=found[CLUSTER],
        )
    except FormatError as error:
        raise UnusablePredictionsError(error.message) from error


def check_predictions(
    predictions: Predictions,
    splits: SplitRows,
    *,
    labels: Sequence[str] | None,
    n_rows: int,
    predicted: str = "prediction",
) -> Places:
    """The places of predictions, once they are found to be those that the splits ask for.

    Parameters
    ----------
    predictions, splits
        What is there, and what the task asks for.
    labels
        The classes, in the order of the columns of confidences; None where there are none.
    n_rows
        Rows of the dataset.
    predicted
        What the column of predictions is called.

    Raises
    ------
    UnusablePredictionsError
        If rows or values are missing, or rows are there that the task does not have.
    ValueError
        If the predictions are about other labels, or about the same in another order.
    """
    if labels is not None and predictions.labels != tuple(labels):
        raise ValueError(f"predictions have the labels {predictions.labels}, not {tuple(labels)}")
    expected = places_of_splits(splits)
    if splits.sample is None:
        sample = np.zeros_like(predictions.fold)
    elif predictions.sample is None:
        raise UnusablePredictionsError(_no_column("sample, sample_nr"))
    else:
        sample = predictions.sample
    places = Places(predictions.repeat, predictions.fold, sample, expected.shape)
    problems = _problems_of_places(places, predictions.row_id, n_rows=n_rows)
    if labels is None:
        problems.append((np.isnan(predictions.prediction), partial(_no_value, predicted)))
    else:
        problems += _problems_of_confidences(predictions, labels)
    _raise_first(problems)
    _check_rows(places, predictions.row_id, expected, splits)
    return places


_Problem = tuple[NDArray[np.bool_], Callable[[int], str]]
"""Lines that have a problem, and the text about one of them."""


def _problems_of_places(
    places: Places, row_id: NDArray[np.int64], *, n_rows: int
) -> list[_Problem]:
    n_repeats, n_folds, n_samples = places.shape
    return [
        (
            _is_outside(places.repeat, n_repeats),
            lambda line: f"Repeat #{places.repeat[line]} not defined by task. ",
        ),
        (
            _is_outside(places.fold, n_folds),
            lambda line: f"Fold #{places.fold[line]} not defined by task. ",
        ),
        (
            _is_outside(places.sample, n_samples),
            lambda line: f"Index {places.sample[line]} out of bounds for length {n_samples}",
        ),
        (
            _is_outside(row_id, n_rows),
            lambda line: (
                f"Making a prediction for row_id{row_id[line]} (0-based) "
                f"while dataset has only {n_rows} instances. "
            ),
        ),
    ]


def _is_outside(indices: NDArray[np.integer], size: int) -> NDArray[np.bool_]:
    return (indices < 0) | (indices >= size)


def _problems_of_confidences(predictions: Predictions, labels: Sequence[str]) -> list[_Problem]:
    if predictions.confidence is None:
        raise UnusablePredictionsError(_no_confidence(f"confidence.{labels[0]}"))
    is_missing = np.isnan(predictions.confidence)
    problems: list[_Problem] = []
    for label, is_missing_here in zip(labels, is_missing.T, strict=True):
        name = f"confidence.{label}"
        problems.append((is_missing_here, partial(_no_value, name)))
    is_silent = ~(predictions.confidence > 0).any(axis=1)
    problems.append((is_silent & (predictions.prediction < 0), partial(_no_value, "prediction")))
    return problems


def _no_column(names: str) -> str:
    return f"Arff file contains none of the specified attributes: [{names}]"


def _no_confidence(name: str) -> str:
    return f"Attribute {name} not found among predictions. "


def _no_value(name: str, _line: int) -> str:
    return f"Prediction file contains missing values for important attribute ({name}). "


def _raise_first(problems: Sequence[_Problem]) -> None:
    """Raise for the first line with a problem; of several problems of a line, for the first."""
    found = [
        (int(lines.argmax()), place) for place, (lines, _) in enumerate(problems) if lines.any()
    ]
    if found:
        line, place = min(found)
        raise UnusablePredictionsError(problems[place][1](line))


def _check_rows(
    places: Places, row_id: NDArray[np.int64], expected: Places, splits: SplitRows
) -> None:
    """Check that each repeat, fold and sample predicts exactly its test rows."""
    wanted_codes, wanted_rows = _sorted(
        expected.codes[splits.is_test], splits.rowid[splits.is_test]
    )
    got_codes, got_rows = _sorted(places.codes, row_id)
    n_both = min(len(wanted_codes), len(got_codes))
    differs = (wanted_codes[:n_both] != got_codes[:n_both]) | (
        wanted_rows[:n_both] != got_rows[:n_both]
    )
    first = int(differs.argmax()) if differs.any() else n_both
    codes = [*wanted_codes[first : first + 1].tolist(), *got_codes[first : first + 1].tolist()]
    if not codes:
        return
    code = min(codes)
    repeat, fold, sample = np.unravel_index(code, expected.shape)
    raise UnusablePredictionsError(
        f"Prediction count does not match: Repeat {repeat} fold {fold} sample {sample} "
        f"expected predictions with row id's {wanted_rows[wanted_codes == code].tolist()} , "
        f"but got predictions with row id's {got_rows[got_codes == code].tolist()}"
    )


def _sorted(
    codes: NDArray[np.intp], rows: NDArray[np.integer]
) -> tuple[NDArray[np.intp], NDArray[np.integer]]:
    """Both columns, sorted by code and then by row."""
    order = np.lexsort((rows, codes))
    return codes[order], rows[order]
