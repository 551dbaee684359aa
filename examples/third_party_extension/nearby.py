"""Stands for the framework: two models with plain constructors, in numpy.

It knows nothing of OpenML.
"""

from __future__ import annotations

import numpy as np


class Model:
    """Keeps each argument of its constructor in an attribute of that name."""


class Scaler(Model):
    """Brings columns to one scale."""

    def __init__(self, center=True, quantiles=(0.25, 0.75)):
        self.center = center
        self.quantiles = quantiles

    def fit(self, x):
        self.middle_ = np.median(x, axis=0) if self.center else 0.0
        low, high = np.quantile(x, self.quantiles, axis=0)
        self.width_ = np.where(high > low, high - low, 1.0)
        return self

    def transform(self, x):
        return (x - self.middle_) / self.width_


class _Predictor(Model):
    def _prepared(self, x, is_training=False):
        if np.isnan(x).any():
            raise ValueError("missing values: impute them before")
        if self.scaler is None:
            return x
        return (self.scaler.fit(x) if is_training else self.scaler).transform(x)


class Centroids(_Predictor):
    """Gives each row the class whose centre is nearest, of centres from a random half."""

    def __init__(self, sharpness=1.0, distance=np.square, scaler=None, seed=None):
        self.sharpness = sharpness
        self.distance = distance
        self.scaler = scaler
        self.seed = seed

    def fit(self, x, y):
        if self.sharpness <= 0:
            raise ValueError(f"sharpness must be above 0, not {self.sharpness}")
        draws = np.random.RandomState(self.seed)
        x = self._prepared(x, is_training=True)
        self.classes_ = np.unique(y)
        self.centers_ = np.array([_mean_of_half(x[y == c], draws) for c in self.classes_])
        return self

    def probabilities(self, x):
        gaps = self._prepared(x)[:, None, :] - self.centers_
        closeness = np.exp(-self.sharpness * self.distance(gaps).mean(axis=2)) + 1e-12
        return closeness / closeness.sum(axis=1, keepdims=True)

    def predict(self, x):
        return self.classes_[self.probabilities(x).argmax(axis=1)]


class Line(_Predictor):
    """Least squares."""

    def __init__(self, ridge=0.0, scaler=None):
        self.ridge = ridge
        self.scaler = scaler

    def fit(self, x, y):
        a = _with_ones(self._prepared(x, is_training=True))
        self.weights_ = np.linalg.solve(a.T @ a + self.ridge * np.eye(a.shape[1]), a.T @ y)
        return self

    def predict(self, x):
        return _with_ones(self._prepared(x)) @ self.weights_


def _mean_of_half(rows, draws):
    chosen = draws.permutation(len(rows))[: (len(rows) + 1) // 2]
    return rows[chosen].mean(axis=0)


def _with_ones(x):
    return np.column_stack((x, np.ones(len(x))))
