"""What is to be learned: the classes or numbers of the rows that a recipe is fitted on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from openml_client_torch.outputs import ClassOutputs, Meaning, NumberOutputs
from openml_client_torch.preparing import LARGEST

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor


class Classes:
    """Classes, numbered in the order of their labels."""

    def __init__(self, y: Any, *, loss: Any, meaning: Meaning, class_weight: Any) -> None:
        self.labels: NDArray[Any] = _labels(y)
        check_classification_targets(self.labels)
        self.classes, self.values = np.unique(self.labels, return_inverse=True)
        self.strata: NDArray[np.int64] = self.values
        self.n_classes = len(self.classes)
        self._loss, self._meaning, self._weight = loss, meaning, class_weight

    def outputs(self, tried: Tensor, rows: NDArray[np.bool_]) -> ClassOutputs:
        """How to read outputs of a module that gave some for a few rows."""
        return ClassOutputs(self._loss, self._meaning, self.classes, tried)

    def weights(self, rows: NDArray[np.bool_]) -> NDArray[np.float64] | None:
        """Weight of each class, or None.

        Raises
        ------
        ValueError
            If labels are given weights, and none of them is a class.
        """
        if self._weight is None:
            return None
        if isinstance(self._weight, str):  # "balanced"
            counts = np.bincount(self.values[rows], minlength=self.n_classes)
            mean: float = counts.mean()
            return mean / np.maximum(counts, 1.0)
        labels = self.classes.tolist()
        if not set(labels) & self._weight.keys():
            raise ValueError(
                f"class_weight names {[*self._weight]}, and the classes are {labels}; in a task "
                "of OpenML the labels are texts"
            )
        return np.array([self._weight.get(label, 1.0) for label in labels], dtype=np.float64)


class Numbers:
    """Numbers, for regression."""

    n_classes = 1

    def __init__(self, y: Any, *, is_scaled: bool) -> None:
        column = _column(y)
        try:
            self.values: NDArray[np.float64] = column.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"the target holds something that is no number ({error}); a TorchClassifier learns "
                "classes"
            ) from error
        if np.abs(self.values).max(initial=0) > LARGEST:
            raise ValueError(
                f"the target holds infinite numbers, or some beyond {LARGEST:g}; leave these out"
            )
        self.labels = self.values
        self.strata = np.zeros(len(self.values), dtype=np.int64)
        self._is_scaled = is_scaled

    def outputs(self, tried: Tensor, rows: NDArray[np.bool_]) -> NumberOutputs:
        """How to read outputs of a module that gave some for a few rows."""
        return NumberOutputs(self.values[rows], tried, is_scaled=self._is_scaled)

    def weights(self, rows: NDArray[np.bool_]) -> None:
        """No class has a weight."""


def _labels(y: Any) -> NDArray[Any]:
    """Labels of one kind: objects that are all numbers or all truths become an array of these.

    Raises
    ------
    ValueError
        If they are of several kinds, which have no order and are easily taken for each other.
    """
    column = _column(y)
    kind = pd.api.types.infer_dtype(column)
    if column.dtype != object or kind in ("string", "bytes"):
        return column
    if kind not in ("boolean", "integer", "floating"):
        found = sorted({type(label).__name__ for label in column})
        raise ValueError(
            f"the labels are objects of the kinds {', '.join(found)}; give texts or numbers, all "
            "of one kind, as y.astype(str)"
        )
    return np.array(column.tolist())


def _column(y: Any) -> NDArray[Any]:
    column: NDArray[Any] = column_or_1d(np.asarray(y), warn=True)
    if pd.isna(column).any():
        raise ValueError("the target is missing in some rows; leave these out")
    return column
