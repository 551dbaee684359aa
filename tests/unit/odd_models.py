"""Models that break the rules of scikit-learn on purpose."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin


class PredictsClassesOnly(ClassifierMixin, BaseEstimator):
    """Gives each class once, however many rows it is asked for."""

    def fit(self, X: Any, y: Any) -> PredictsClassesOnly:
        self.classes_ = np.unique(y)
        return self

    def predict(self, X: Any) -> Any:
        return self.classes_


class PredictsTooFewInOneFold(PredictsClassesOnly):
    """Gives too few rows where the first one is the row of the largest sepal."""

    def predict(self, X: Any) -> Any:
        labels = np.repeat(self.classes_[:1], len(X))
        return labels[:-1] if X.to_numpy().max() == 7.9 else labels
