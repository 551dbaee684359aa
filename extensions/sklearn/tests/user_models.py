"""Stands for a user's own importable package."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.pipeline import Pipeline


class Mode(enum.Enum):
    FAST = "fast"


@dataclasses.dataclass(frozen=True)
class Options:
    depth: int = 1
    names: tuple[str, ...] = ()


def double(x: Any) -> Any:
    return 2 * np.asarray(x)


def accuracy(y_true: Any, y_pred: Any) -> float:
    return float(np.mean(y_true == y_pred))


def scaled_by(factor: float) -> Callable[[Any], Any]:
    def scale(x: Any) -> Any:
        return factor * np.asarray(x)

    return scale


class Majority(ClassifierMixin, BaseEstimator):
    """Predicts the most frequent class; gives probabilities in an order of its own."""

    def __init__(self, options: Any = Options(), mode: Any = Mode.FAST, inner: Any = None) -> None:
        self.options = options
        self.mode = mode
        self.inner = inner

    def fit(self, x: Any, y: Any) -> Majority:
        labels, counts = np.unique(y, return_counts=True)
        order = np.argsort(counts)
        self.classes_ = labels[order]
        self.shares_ = counts[order] / counts.sum()
        return self

    def predict(self, x: Any) -> Any:
        return np.repeat(self.classes_[-1:], len(x))

    def predict_proba(self, x: Any) -> Any:
        return np.tile(self.shares_, (len(x), 1))


class Noisy(ClassifierMixin, BaseEstimator):
    """Draws from the global generator, as models do that take no seed."""

    def fit(self, x: Any, y: Any) -> Noisy:
        self.classes_ = np.unique(y)
        return self

    def predict(self, x: Any) -> Any:
        return np.random.choice(self.classes_, len(x))


class Forgetful(BaseEstimator):
    """Changes an argument, against scikit-learn's rules."""

    def __init__(self, size: Any = 1) -> None:
        self.size = size + 1

    def fit(self, x: Any, y: Any = None) -> Forgetful:
        return self


class Narrow:
    """Can be made wider than its constructor allows."""

    def __init__(self, width: int = 2) -> None:
        if width > 2:
            raise ValueError("too wide")
        self.width = width

    def widened(self) -> Narrow:
        self.width += 1
        return self


class Positional(BaseEstimator):
    """Takes an argument by its position alone."""

    def __init__(self, size: int = 1, /) -> None:
        self.size = size

    def fit(self, x: Any, y: Any = None) -> Positional:
        return self


class Greedy(BaseEstimator):
    """Takes arguments that have no name, against scikit-learn's rules."""

    def __init__(self, *sizes: int) -> None:
        self.sizes = sizes

    def fit(self, x: Any, y: Any = None) -> Greedy:
        return self


class Broken(ClassifierMixin, BaseEstimator):
    """Raises where it is told to."""

    def __init__(self, stage: str = "fit") -> None:
        self.stage = stage

    def fit(self, x: Any, y: Any) -> Broken:
        self.classes_ = np.unique(y)
        if self.stage == "fit":
            raise RuntimeError("no fit today")
        return self

    def predict(self, x: Any) -> Any:
        raise RuntimeError("no prediction today")


class Duck:
    """Follows the interface without deriving from BaseEstimator, and tells only what was set."""

    def __init__(self, depth: int = 6, name: str | None = None) -> None:
        self._set = {k: v for k, v in (("depth", depth), ("name", name)) if v not in (6, None)}

    def get_params(self, *, deep: bool = True) -> dict[str, Any]:
        return dict(self._set)

    def set_params(self, **params: Any) -> Duck:
        self._set.update(params)
        return self

    def fit(self, x: Any, y: Any) -> Duck:
        return self


class Point(NamedTuple):
    x: Any
    y: Any


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Open(BaseEstimator):
    """Takes any argument, as the estimators of xgboost and lightgbm do."""

    def __init__(self, depth: Any = 1, inner: Any = None, **kwargs: Any) -> None:
        self.depth = depth
        self.inner = inner
        self.kwargs = kwargs

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {"depth": self.depth, "inner": self.inner, **self.kwargs}

    def set_params(self, **params: Any) -> Open:
        for name, value in params.items():
            if name in ("depth", "inner"):
                setattr(self, name, value)
            else:
                self.kwargs[name] = value
        return self

    def fit(self, x: Any, y: Any = None) -> Open:
        return self


class Keyed(BaseEstimator):
    def __init__(self, *, size: Any, model: Any = None) -> None:
        self.size = size
        self.model = model

    def fit(self, x: Any, y: Any = None) -> Keyed:
        return self


class Outer:
    class Inner(BaseEstimator):
        def __init__(self, size: Any = 1) -> None:
            self.size = size

        def fit(self, x: Any, y: Any = None) -> Outer.Inner:
            return self


class MyPipeline(Pipeline):
    def __init__(self, steps: Any, *, note: Any = None, memory: Any = None) -> None:
        super().__init__(steps, memory=memory)
        self.note = note


class Lucky(Duck):
    """Predicts its name; derives from nothing of scikit-learn, so it has no tags."""

    def __init__(self, name: str = "", depth: int = 6) -> None:
        super().__init__(depth, name)

    def predict(self, x: Any) -> Any:
        return np.repeat(self._set["name"], len(x))


class Restless(ClassifierMixin, BaseEstimator):
    """Draws from the system's generator, which nobody can seed."""

    def fit(self, x: Any, y: Any) -> Restless:
        self.classes_ = np.unique(y)
        return self

    def predict(self, x: Any) -> Any:
        return np.random.Generator(np.random.PCG64()).choice(self.classes_, len(x))


class Hushed(TransformerMixin, BaseEstimator):
    """Keeps its options to itself."""

    def __init__(self, depth: int = 1, **kwargs: Any) -> None:
        self.depth = depth
        self.options = kwargs

    def fit(self, x: Any, y: Any = None) -> Hushed:
        return self

    def transform(self, x: Any) -> Any:
        return x

    def get_feature_names_out(self, names: Any = None) -> Any:
        return names


class Drawn(ClassifierMixin, BaseEstimator):
    """Draws in its constructor what it predicts."""

    def __init__(self) -> None:
        self._first = np.random.rand()

    def fit(self, x: Any, y: Any) -> Drawn:
        self.classes_ = np.unique(y)
        return self

    def predict(self, x: Any) -> Any:
        return self.classes_[np.zeros(len(x), dtype=int)]

    def predict_proba(self, x: Any) -> Any:
        rest = (1 - self._first) / max(len(self.classes_) - 1, 1)
        return np.tile([self._first, *[rest] * (len(self.classes_) - 1)], (len(x), 1))
