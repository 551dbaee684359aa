"""What is wrong with a run, found before it is published."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from openml_client.formats.splits import Key, Splits
from openml_client.model.run import Predictions

SUM_TOLERANCE = 1e-6
"""How far probabilities of one row may be from a sum of 1; float32 models stay within it."""

SHOWN_ROWS = 5
"""Rows that a finding names."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong with a run, or may be."""

    severity: Literal["error", "warning"]
    """A run with an error is not published."""
    code: str
    """As ``rows_missing``: fixed names, for programs."""
    message: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.message} [{self.code}]"


def check_predictions(predictions: Predictions, splits: Splits) -> tuple[Finding, ...]:
    """Everything that is wrong with predictions for these splits; () if nothing is."""
    lengths = {
        name: len(column)
        for name in ("repeat", "fold", "row_id", "prediction", "truth", "sample", "confidence")
        if (column := getattr(predictions, name)) is not None
    }
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} {length}" for name, length in lengths.items())
        return (error("length", f"the columns of the predictions differ in length: {told}"),)
    return (
        *_check_coverage(predictions, splits),
        *_check_values(predictions),
        *_check_confidence(predictions),
    )


def _check_coverage(predictions: Predictions, splits: Splits) -> Iterator[Finding]:
    found = _rows_by_fold(predictions)
    nothing = np.array([], dtype=np.int64)
    for key in splits:
        rows = found.get(key, nothing)
        wanted = splits[key].test
        unique, counts = np.unique(rows, return_counts=True)
        place = f"repeat {key[0]}, fold {key[1]}" + (f", sample {key[2]}" if key[2] else "")
        # Some procedures test a row more than once (test on training data of clustering tasks).
        expected, expected_counts = np.unique(wanted, return_counts=True)
        missing = np.setdiff1d(expected, unique)
        extra = np.setdiff1d(unique, expected)
        if len(missing):
            yield error("rows_missing", f"{place} lacks predictions for rows {some(missing)}")
        if len(extra):
            yield error("rows_extra", f"{place} predicts rows {some(extra)}, not tested there")
        known = np.isin(unique, expected)
        wanted_of = expected_counts[np.searchsorted(expected, unique[known])]
        repeated = unique[known][counts[known] > wanted_of]
        if len(repeated):
            yield error("rows_repeated", f"{place} predicts rows {some(repeated)} more than once")
    for repeat, fold, _ in sorted(found.keys() - set(splits)):
        yield error("fold_unknown", f"the task has no repeat {repeat}, fold {fold}")


def _rows_by_fold(predictions: Predictions) -> dict[Key, NDArray[np.int64]]:
    """The predicted rows of each fold, found by one sort however many folds there are."""
    sample = predictions.sample
    if sample is None:
        sample = np.zeros(len(predictions), dtype=np.int32)
    columns = (predictions.repeat, predictions.fold, sample)
    order = np.lexsort(columns[::-1])
    keys = np.stack([column[order] for column in columns], axis=1)
    ends = np.flatnonzero(np.any(keys[1:] != keys[:-1], axis=1)) + 1
    if not len(keys):
        return {}
    parts = np.split(predictions.row_id[order], ends)
    firsts = keys[[0, *ends]].tolist()
    return {tuple(key): rows for key, rows in zip(firsts, parts, strict=True)}


def _check_values(predictions: Predictions) -> Iterator[Finding]:
    values = predictions.prediction
    if predictions.labels is None:
        bad = ~np.isfinite(values)
        if bad.any():
            rows = predictions.row_id[bad]
            yield error("not_finite", f"the predictions for rows {some(rows)} are not finite")
        return
    bad = _is_no_class(predictions)
    if bad.any():
        rows = predictions.row_id[bad]
        yield error("label_unknown", f"the predictions for rows {some(rows)} are no class")


def _check_confidence(predictions: Predictions) -> Iterator[Finding]:
    confidence = predictions.confidence
    if confidence is None or predictions.labels is None or not len(predictions):
        return
    rows = predictions.row_id
    broken = ~np.isfinite(confidence).all(axis=1)
    if broken.any():
        yield error(
            "confidence_not_finite", f"the confidences of rows {some(rows[broken])} are not finite"
        )
        return
    if predictions.confidence_kind == "probability":
        yield from _check_probabilities(confidence, rows)
    yield from _check_agreement(predictions, confidence)


def _check_probabilities(
    confidence: NDArray[np.float64], rows: NDArray[np.int64]
) -> Iterator[Finding]:
    outside = ((confidence < 0) | (confidence > 1 + SUM_TOLERANCE)).any(axis=1)
    if outside.any():
        yield error(
            "probability_range", f"probabilities of rows {some(rows[outside])} leave [0, 1]"
        )
    off = np.abs(confidence.sum(axis=1) - 1) > SUM_TOLERANCE + _rounding(confidence)
    if off.any():
        yield error("probability_sum", f"probabilities of rows {some(rows[off])} don't sum to 1")


def _rounding(confidence: NDArray[np.float64]) -> float:
    """How far a sum may be off because the file was written with few decimals, as Weka does."""
    for decimals in range(3, 7):
        if np.allclose(confidence, confidence.round(decimals), rtol=0, atol=1e-12):
            return float(confidence.shape[1] * 0.5 * 10.0**-decimals)
    return 0.0


def _check_agreement(
    predictions: Predictions, confidence: NDArray[np.float64]
) -> Iterator[Finding]:
    """Whether the predicted classes are those of the largest confidence."""
    known = ~_is_no_class(predictions)
    if not known.any():
        return
    rows, confidence = predictions.row_id[known], confidence[known]
    chosen = confidence[np.arange(len(rows)), predictions.prediction[known].astype(np.int64)]
    lower = chosen < confidence.max(axis=1) - SUM_TOLERANCE
    if lower.any():
        share = float(lower.mean())
        # Some models predict by another rule than the largest probability (SVC with Platt
        # scaling does in a few rows); labels in the wrong order disagree in most rows.
        severity: Literal["error", "warning"] = "error" if share > 0.5 else "warning"
        yield Finding(
            severity=severity,
            code="argmax",
            message=f"in {share:.1%} of the rows the predicted class is not the one of the "
            f"largest confidence; first rows: {some(rows[lower])}"
            + (". Are the classes in the right order?" if severity == "error" else ""),
        )


def _is_no_class(predictions: Predictions) -> NDArray[np.bool_]:
    values = predictions.prediction
    outside: NDArray[np.bool_] = (values < 0) | (values >= len(predictions.labels or ()))
    return outside


def error(code: str, message: str) -> Finding:
    """A finding that keeps a run from being published."""
    return Finding(severity="error", code=code, message=message)


def warning(code: str, message: str) -> Finding:
    """A finding that people should look at."""
    return Finding(severity="warning", code=code, message=message)


def some(rows: Collection[Any] | NDArray[Any]) -> str:
    """The first of some rows, or names, and how many more there are."""
    shown = ", ".join(str(row) for row in list(rows)[:SHOWN_ROWS])
    more = f" and {len(rows) - SHOWN_ROWS} more" if len(rows) > SHOWN_ROWS else ""
    return shown + more
