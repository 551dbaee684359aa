"""Small folds, each with one thing that extensions get wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from openml_client.extension import FoldData

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from openml_client.extension import TaskKind

LABELS = ("zebra", "ant", "mole")
"""In an order in which no class stands where it would stand by the alphabet."""
LACKING = "mole"
"""The class that a training fold lacks."""

_N_TRAIN, _N_TEST = 90, 45
_CENTRES = np.array([[4.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 0.0, 4.0]])
"""Far apart beside the noise of 0.7, so that any classifier gets nearly all rows right."""


def plain(task: TaskKind) -> FoldData:
    """Rows with numbers only."""
    x, classes = _rows()
    return _fold(task, x, classes)


def lacking(task: TaskKind) -> FoldData:
    """A training fold without one of the classes, which the test rows have."""
    x, classes = _rows()
    keep = np.ones(len(x), dtype=bool)
    keep[:_N_TRAIN] = classes[:_N_TRAIN] != LABELS.index(LACKING)
    return _fold(task, x[keep], classes[keep], n_train=int(keep[:_N_TRAIN].sum()))


def missing(task: TaskKind) -> FoldData:
    """Rows of which some lack a value, in training and in test."""
    x, classes = _rows()
    x.iloc[::7, 1] = np.nan
    return _fold(task, x, classes)


def text(task: TaskKind) -> FoldData:
    """Rows with a nominal column of texts beside the numbers."""
    x, classes = _rows()
    codes = np.random.RandomState(3).randint(0, 3, len(x))
    x["word"] = pd.Categorical.from_codes(codes, pd.Index(["x", "größer", "a b"]))
    return _fold(task, x, classes, categorical=("word",))


FOLDS: dict[str, Callable[[TaskKind], FoldData]] = {
    "plain": plain,
    "lacking": lacking,
    "missing": missing,
    "text": text,
}


def truth(fold: FoldData) -> NDArray[Any]:
    """Labels or numbers of the test rows of a fold from here."""
    x, classes = _rows()
    rows = fold.x_test.index
    if fold.task == "regression":
        return _numbers(x).to_numpy()[rows]
    return np.asarray(LABELS)[classes[rows]]


def _rows() -> tuple[pd.DataFrame, NDArray[np.int64]]:
    draws = np.random.RandomState(7)
    # Classes of unequal sizes: equal ones hide a wrong order from measures that average.
    classes = draws.choice(3, _N_TRAIN + _N_TEST, p=[0.5, 0.2, 0.3]).astype(np.int64)
    x = _CENTRES[classes] + draws.normal(0.0, 0.7, (len(classes), 3))
    return pd.DataFrame(x, columns=["a", "b", "c"]), classes


def _numbers(x: pd.DataFrame) -> pd.Series[Any]:
    target: pd.Series[Any] = 2.0 * x["a"] - x["b"].fillna(0.0) + 10.0
    return target


def _fold(
    task: TaskKind,
    x: pd.DataFrame,
    classes: NDArray[np.int64],
    *,
    n_train: int = _N_TRAIN,
    categorical: tuple[str, ...] = (),
) -> FoldData:
    target: pd.Series[Any] | None = None
    if task == "classification":
        # Lacking classes stay among the categories, as where the core cuts rows out of a table.
        target = pd.Series(pd.Categorical.from_codes(classes, pd.Index(LABELS)), index=x.index)
    elif task == "regression":
        target = _numbers(x)
    # Clusters are told of the very rows that they were made of, as the core does it.
    x_test = x.iloc[:n_train] if task == "clustering" else x.iloc[n_train:]
    return FoldData(
        task=task,
        x_train=x.iloc[:n_train],
        y_train=None if target is None else target.iloc[:n_train],
        x_test=x_test,
        labels=LABELS if task == "classification" else (),
        categorical=categorical,
        repeat=0,
        fold=1,
        sample=0,
    )
