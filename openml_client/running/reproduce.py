"""Comparing a published run with its re-execution: the verdict and what it rests on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from openml_client.errors import FormatError
from openml_client.formats.splits import Key
from openml_client.model.run import Predictions
from openml_client.running.scores import MeasureComparison

if TYPE_CHECKING:
    import pandas as pd

Verdict = Literal["identical", "within_tolerance", "different", "not_runnable"]

SHOWN_ROWS = 10
"""Differing rows that a report shows."""


@dataclass(frozen=True, kw_only=True)
class DifferingRow:
    """One prediction that differs between the published run and its re-execution."""

    repeat: int
    fold: int
    sample: int
    row_id: int
    published: str | float
    again: str | float
    confidence_difference: float = 0.0
    """The largest over the classes."""


@dataclass(frozen=True, kw_only=True)
class Reproduction:
    """What came out when a published run was executed again."""

    run_id: int
    verdict: Verdict
    reason: str
    rows: tuple[DifferingRow, ...] = ()
    n_rows: int = 0
    """Number of predictions that were compared."""
    measures: tuple[MeasureComparison, ...] = ()
    """The global ones first, then those of each fold that the registry has values for."""
    environment: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)
    """By distribution: the version that the run had, and the one that is here."""
    notes: tuple[str, ...] = ()
    """What had to be changed to rebuild the model."""
    isolated: bool = False
    """Whether it was executed in the environment that the run recorded."""
    label_agreement: float | None = None
    """Share of the predictions that name the same class; None without classes."""
    states: tuple[int, int] | None = None
    """How many fitted states are the same, by their hashes, and how many were compared; None
    where the extension logs none."""

    @property
    def agrees(self) -> bool:
        """Whether the results are identical, or within the tolerance."""
        return self.verdict in {"identical", "within_tolerance"}

    @property
    def largest_difference(self) -> float | None:
        """Largest difference of confidences, or of predicted numbers; None without predictions."""
        if not self.n_rows:
            return None
        return max((_distance(row) for row in self.rows), default=0.0)

    @property
    def agreement_text(self) -> str:
        """How close the results are, in words."""
        share = self.label_agreement
        labels = "" if share is None else f"{share:.2%} of the labels agree, "
        return f"{labels}the largest difference is {self.largest_difference or 0.0:.3g}"

    @property
    def states_text(self) -> str:
        """How many fitted states are the same, in words; empty if none were compared."""
        if self.states is None:
            return ""
        return "{} of {} fitted states are the same, bit for bit.".format(*self.states)

    @property
    def environment_differences(self) -> dict[str, tuple[str | None, str | None]]:
        """The part of `environment` in which the two differ."""
        return {name: pair for name, pair in self.environment.items() if pair[0] != pair[1]}

    def to_pandas(self, *, per_fold: bool = False) -> pd.DataFrame:
        """The measures as a frame: published, recomputed and again; with the folds if asked."""
        import pandas as pd

        index = ["measure", "repeat", "fold"] if per_fold else ["measure"]
        columns = [*index, "published", "recomputed", "again"]
        rows = [
            [getattr(item, name) for name in columns]
            for item in self.measures
            if per_fold == (item.repeat is not None)
        ]
        return pd.DataFrame(rows, columns=columns).set_index(index)

    def to_text(self) -> str:
        """The report as lines of text: verdict, measures, the first differences, versions."""
        lines = [f"Run {self.run_id}: {self.verdict} ({self.reason})"]
        if self.states is not None:
            lines.append(self.states_text)
        if self.measures:
            lines += ["", self.to_pandas().to_string()]
        if self.rows:
            count = f"{len(self.rows)} of {self.n_rows} predictions differ"
            lines += ["", f"{count} ({self.agreement_text}), the first:"]
            lines += [
                f"  repeat {row.repeat}, fold {row.fold}, row {row.row_id}: "
                f"{row.published} was published, {row.again} came out"
                for row in self.rows[:SHOWN_ROWS]
            ]
        for name, (wanted, found) in self.environment_differences.items():
            lines.append(f"  {name}: the run had {wanted}, here is {found}")
        lines += [f"  note: {note}" for note in self.notes]
        return "\n".join(lines)

    def to_html(self) -> str:
        """The report as a page of HTML that needs no other file; all in it is escaped."""
        from openml_client.running.report import to_page

        return to_page(self)

    def to_json(self) -> str:
        """The report as JSON, with all rows; `from_json` reads it."""
        from openml_client.running.report import to_json

        return to_json(self)

    @classmethod
    def from_json(cls, text: str | bytes) -> Reproduction:
        """The reproduction that `to_json` wrote.

        Raises
        ------
        FormatError
            If the text is anything else.
        """
        from openml_client.running.report import from_json

        return from_json(text)

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        return f"<Reproduction of run {self.run_id}: {self.verdict}, {self.reason}>"

    def _repr_html_(self) -> str:
        from openml_client.running.report import to_fragment

        return to_fragment(self)


def compare_predictions(
    published: Predictions, again: Predictions, *, tolerance: float
) -> tuple[Verdict, str, tuple[DifferingRow, ...]]:
    """Verdict, reason and differing rows of two sets of predictions.

    Parameters
    ----------
    tolerance
        Largest difference of confidences, and relative difference of predicted numbers,
        that still counts as agreement.

    Raises
    ------
    FormatError
        If one side is a classification and the other a regression.
    """
    if (published.labels is None) != (again.labels is None):
        raise FormatError("one side predicts classes, the other numbers: they can't be compared")
    left, right = _order(published), _order(again)
    if not np.array_equal(_keys(published)[left], _keys(again)[right]):
        return "different", _row_mismatch(published, again), ()
    values, other = _values(published)[left], _values(again)[right]
    confidence = _confidence_difference(published, again, left, right)
    if published.labels is None:
        scale = np.maximum(1.0, np.abs(values.astype(float)))
        distance = np.abs(values.astype(float) - other.astype(float)) / scale
        differs = ~(distance == 0)
        beyond = ~(distance <= tolerance)
    else:
        distance = confidence
        differs = (values != other) | (confidence > 0)
        beyond = (values != other) | (confidence > tolerance)
    rows = _differing(published, left, values, other, confidence, differs)
    total = len(values)
    if not differs.any():
        return "identical", f"all {total} predictions agree", ()
    if not beyond.any():
        largest = float(distance.max())
        reason = (
            f"{int(differs.sum())} of {total} predictions differ by at most {largest:.3g}, "
            f"within the tolerance of {tolerance:g}"
        )
        return "within_tolerance", reason, rows
    return "different", f"{int(beyond.sum())} of {total} predictions differ", rows


Logs = Mapping[Key, Mapping[str, Any]]
"""How the training of each fold went."""


def compare_states(published: Logs, again: Logs) -> tuple[int, int] | None:
    """How many fitted states are the same, and how many both sides tell; None if they tell none."""
    told = [
        (published[key]["state"], again[key]["state"])
        for key in published.keys() & again.keys()
        if "state" in published[key] and "state" in again[key]
    ]
    return (sum(one == other for one, other in told), len(told)) if told else None


def trained_elsewhere(published: Logs, again: Logs) -> str | None:
    """On which other device, or with how many other threads, a run was trained; or None."""
    for key in sorted(published.keys() & again.keys()):
        one, other = published[key], again[key]
        for name, words in (("device", "on {}"), ("threads", "with threads={}")):
            if name in one and name in other and one[name] != other[name]:
                there, here = words.format(one[name]), words.format(other[name])
                return f"the run was trained {there}, here {here}"
    return None


def label_agreement(published: Predictions, rows: Sequence[DifferingRow]) -> float | None:
    """Share of the predictions that name the same class; None without classes."""
    if published.labels is None or not len(published):
        return None
    return 1.0 - sum(row.published != row.again for row in rows) / len(published)


def compare_environments(
    wanted: Mapping[str, str], found: Mapping[str, str]
) -> dict[str, tuple[str | None, str | None]]:
    """Pair the versions that a run had with those that are here, for what the run had."""
    return {name: (version, found.get(name)) for name, version in wanted.items()}


def _distance(row: DifferingRow) -> float:
    if isinstance(row.published, float) and isinstance(row.again, float):
        distance = abs(row.published - row.again)
        return math.inf if math.isnan(distance) else distance
    return row.confidence_difference


def _sample(predictions: Predictions) -> NDArray[np.int32]:
    if predictions.sample is None:
        return np.zeros(len(predictions), dtype=np.int32)
    return predictions.sample


def _keys(predictions: Predictions) -> NDArray[np.int64]:
    columns = (predictions.repeat, predictions.fold, _sample(predictions), predictions.row_id)
    return np.stack([column.astype(np.int64) for column in columns], axis=1)


def _order(predictions: Predictions) -> NDArray[np.intp]:
    keys = _keys(predictions)
    return np.lexsort(keys.T[::-1])


def _values(predictions: Predictions) -> NDArray[np.object_]:
    if predictions.labels is None:
        return predictions.prediction.astype(object)
    labels = np.array([*predictions.labels, None], dtype=object)
    return labels[predictions.prediction.astype(np.int64)]


def _confidence_difference(
    published: Predictions,
    again: Predictions,
    left: NDArray[np.intp],
    right: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Largest difference over the classes, by row, classes paired by their label."""
    if published.confidence is None or again.confidence is None:
        return np.zeros(len(left))
    place = {label: n for n, label in enumerate(again.labels or ())}
    difference = np.zeros(len(left))
    for n, label in enumerate(published.labels or ()):
        mine = published.confidence[left, n]
        theirs = again.confidence[right, place[label]] if label in place else np.zeros(len(right))
        difference = np.fmax(difference, np.abs(mine - theirs))
    return difference


def _row_mismatch(published: Predictions, again: Predictions) -> str:
    if len(published) != len(again):
        return f"{len(published)} predictions were published, {len(again)} came out"
    return "the published predictions are for other rows or folds than the task's splits"


def _differing(
    published: Predictions,
    order: NDArray[np.intp],
    values: NDArray[np.object_],
    other: NDArray[np.object_],
    confidence: NDArray[np.float64],
    differs: NDArray[np.bool_],
) -> tuple[DifferingRow, ...]:
    sample = _sample(published)
    return tuple(
        DifferingRow(
            repeat=int(published.repeat[order[n]]),
            fold=int(published.fold[order[n]]),
            sample=int(sample[order[n]]),
            row_id=int(published.row_id[order[n]]),
            published=values[n],
            again=other[n],
            confidence_difference=float(confidence[n]),
        )
        for n in np.flatnonzero(differs)
    )
