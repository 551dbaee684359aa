"""Predictions of a run as an ARFF file, both ways.

Source: protocol note, section 5: ``repeat, fold[, sample], row_id, prediction`` and, for classes,
``confidence.LABEL`` for every label; for clustering ``cluster`` in place of ``prediction``
(transcript ``task_get_clu``).  Other clients put the columns in other orders and add their own;
those are passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openml_client.errors import FormatError
from openml_client.formats.arff import NUMBERS, ArffFile, Attribute, read_arff
from openml_client.formats.arff_writer import write_arff
from openml_client.formats.numbers import find_column, whole_numbers
from openml_client.model.run import Predictions

CONFIDENCE = "confidence."
CLUSTER = "cluster"
TRUTH_NAMES = ("correct", "truth")
WHAT = "the predictions"
"""What the file holds, for errors."""


def read_predictions(source: bytes, *, labels: Sequence[str] | None = None) -> Predictions:
    """The predictions of a file.

    Parameters
    ----------
    source
        The bytes of the file.
    labels
        The class labels in the order wanted, for classification; without them the order that
        the file declares.  A file whose predictions are numbers gives a regression.

    Raises
    ------
    FormatError
        If a column is missing, or a prediction is no label.
    """
    file = read_arff(source)
    names = [attribute.name for attribute in file.attributes]
    if CLUSTER in names and "prediction" not in names:
        return _read_clusters(file)
    attribute, values = _find(file, "prediction")
    is_regression = attribute.kind in NUMBERS and labels is None
    order = None if is_regression else tuple(labels or _declared(file, attribute, values))
    truth = next((name for name in TRUTH_NAMES if name in names), None)
    return Predictions(
        repeat=_numbers(file, "repeat"),
        fold=_numbers(file, "fold"),
        sample=_numbers(file, "sample") if "sample" in names else None,
        row_id=_numbers(file, "row_id").astype(np.int64),
        prediction=_values(file, "prediction", order),
        truth=_values(file, truth, order) if truth else None,
        labels=order,
        confidence=_confidence(file, order),
    )


def write_predictions(predictions: Predictions, *, task_id: int) -> bytes:
    """The file that a run uploads.

    Raises
    ------
    ArffError
        If a label can't be written.
    """
    predictions = as_published(predictions)
    attributes = [Attribute("repeat", "integer"), Attribute("fold", "integer")]
    columns: list[NDArray[Any]] = [predictions.repeat, predictions.fold]
    if predictions.sample is not None:
        attributes.append(Attribute("sample", "integer"))
        columns.append(predictions.sample)
    attributes.append(Attribute("row_id", "integer"))
    columns.append(predictions.row_id)
    labels = predictions.labels
    name = CLUSTER if predictions.is_clustering else "prediction"
    target = Attribute(name, "nominal" if labels is not None else "real", labels or ())
    attributes.append(target)
    columns.append(predictions.prediction)
    if predictions.truth is not None:
        attributes.append(Attribute("correct", target.kind, target.labels))
        columns.append(predictions.truth)
    if predictions.confidence is not None:
        for n, label in enumerate(labels or ()):
            attributes.append(Attribute(CONFIDENCE + label, "real"))
            columns.append(predictions.confidence[:, n])
    return write_arff(f"openml_task_{task_id}_predictions", attributes, columns)


def as_published(predictions: Predictions) -> Predictions:
    """The predictions with confidences as the protocol wants them.

    A classification must have a probability for every class.  Where the model gives none, or
    scores that are no probabilities, the predicted class gets 1 and the others 0: measures of
    scores as if they were probabilities would be nonsense.  Where no class is predicted, none
    gets anything.
    """
    is_probability = predictions.confidence_kind == "probability"
    if predictions.labels is None or (predictions.confidence is not None and is_probability):
        return predictions
    confidence = np.zeros((len(predictions), len(predictions.labels)))
    positions = predictions.prediction.astype(np.int64)
    rows = np.flatnonzero(positions >= 0)
    confidence[rows, positions[rows]] = 1.0
    return replace(predictions, confidence=confidence, confidence_kind="probability")


def _read_clusters(file: ArffFile) -> Predictions:
    """Clusters by number; other clients name no fold, as there is only one."""
    repeat = _numbers(file, "repeat")
    has_fold = any(attribute.name == "fold" for attribute in file.attributes)
    return Predictions(
        repeat=repeat,
        fold=_numbers(file, "fold") if has_fold else np.zeros_like(repeat),
        row_id=_numbers(file, "row_id").astype(np.int64),
        prediction=_values(file, CLUSTER, None),
        is_clustering=True,
    )


def _find(file: ArffFile, name: str) -> tuple[Attribute, NDArray[Any]]:
    return find_column(file, name, what=WHAT)


def _numbers(file: ArffFile, name: str) -> NDArray[np.int32]:
    return whole_numbers(file, name, what=WHAT)


def _declared(file: ArffFile, attribute: Attribute, values: NDArray[Any]) -> tuple[str, ...]:
    """The labels of a file of which nobody says the labels."""
    if attribute.kind == "nominal":
        return attribute.labels
    confidences = [a.name.removeprefix(CONFIDENCE) for a in file.attributes if _is_confidence(a)]
    found = {str(value) for value in values.tolist() if value is not None}
    return tuple(confidences or sorted(found))


def _is_confidence(attribute: Attribute) -> bool:
    return attribute.name.startswith(CONFIDENCE)


def _values(
    file: ArffFile, name: str, labels: tuple[str, ...] | None
) -> NDArray[np.int32] | NDArray[np.float64]:
    attribute, column = _find(file, name)
    if labels is None:
        if attribute.kind not in NUMBERS:
            raise FormatError(f"{WHAT}: column {name!r} is a {attribute.kind}, not a number")
        floats: NDArray[np.float64] = column.astype(np.float64)
        return floats
    codes = _codes(attribute, column, labels)
    if name == "prediction" and (codes < 0).any():
        row = int(np.flatnonzero(codes < 0)[0])
        labels_here = np.array([*attribute.labels, "?"], dtype=object)
        value = labels_here[column[row]] if attribute.kind == "nominal" else column.tolist()[row]
        shown = "?" if value is None else str(value)[:40]
        raise FormatError(
            f"the prediction {shown!r} in row {row}, counted from 0, is no class of the target",
            hint=f"The classes are {', '.join(labels[:20])}.",
        )
    return codes


def _codes(
    attribute: Attribute, column: NDArray[Any], labels: tuple[str, ...]
) -> NDArray[np.int32]:
    """Positions in ``labels``; -1 for what is none of them."""
    places: dict[Any, int] = {label: n for n, label in enumerate(labels)}
    if attribute.kind == "nominal":
        of_label = np.array([*(places.get(label, -1) for label in attribute.labels), -1], np.int32)
        codes: NDArray[np.int32] = of_label[column]
        return codes
    if attribute.kind in NUMBERS:  # classes that are numbers: 1 stands for the label 1.0, too
        places = {
            number: n for label, n in places.items() if (number := _number(label)) is not None
        }
    return np.array([places.get(value, -1) for value in column.tolist()], dtype=np.int32)


def _number(label: str) -> float | None:
    try:
        return float(label)
    except ValueError:
        return None


def _confidence(file: ArffFile, labels: tuple[str, ...] | None) -> NDArray[np.float64] | None:
    if labels is None or not any(_is_confidence(a) for a in file.attributes):
        return None
    confidence = np.empty((file.n_rows, len(labels)))
    for n, label in enumerate(labels):
        attribute, column = _find(file, CONFIDENCE + label)
        if attribute.kind not in NUMBERS:
            raise FormatError(
                f"{WHAT}: column {attribute.name!r} is a {attribute.kind}, not a number"
            )
        confidence[:, n] = column
    return confidence
