"""Naive Bayes with a normal distribution per number and class.

Source: John and Langley, "Estimating continuous distributions in Bayesian classifiers", UAI 1995.
The floors and the precision of numbers are chosen so that the recorded values come out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from openml_client.registry.engine.landmarkers.table import Input, Table, joint_counts

# Likelihoods below this count as this much, and products below it are scaled up by its inverse.
_SMALLEST = 1e-75

# Numbers of a column with one value only are taken to be this exact.
_DEFAULT_PRECISION = 0.01

# A class's standard deviation is at least this share of the precision: six of them fit in it.
_SMALLEST_DEVIATION = 1 / 6


def naive_bayes(train: Table, test: Table) -> NDArray[np.float64]:
    """Probabilities ``(n_test, n_classes)`` of the classes; shares count each once too often."""
    class_counts = train.class_counts() + 1
    product = np.tile(class_counts / class_counts.sum(), (len(test), 1))
    for known, asked in zip(train.inputs, test.inputs, strict=True):
        likelihood = _of_labels if known.is_nominal else _of_numbers
        is_there = ~asked.is_missing
        values = asked.values[is_there]
        product[is_there] *= np.maximum(likelihood(train, known, values), _SMALLEST)
        product[product.max(axis=1) < _SMALLEST] /= _SMALLEST
    shares: NDArray[np.float64] = product / product.sum(axis=1, keepdims=True)
    return shares


def _of_labels(train: Table, known: Input, values: NDArray[np.float64]) -> NDArray[np.float64]:
    table = joint_counts(known.codes, train.classes, (known.n_labels, train.n_classes)) + 1
    shares: NDArray[np.float64] = table / table.sum(axis=0)
    return shares[values.astype(np.intp)]


def _of_numbers(train: Table, known: Input, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities that a number falls within the precision of the column around each value."""
    from scipy.special import ndtr

    is_there = ~known.is_missing
    distinct = np.unique(known.values[is_there])
    precision = _DEFAULT_PRECISION
    if len(distinct) > 1:
        precision = float(distinct[-1] - distinct[0]) / (len(distinct) - 1)
    likelihood = np.empty((len(values), train.n_classes))
    rounded = _round(values, precision)
    for position in range(train.n_classes):
        members = _round(known.values[is_there & (train.classes == position)], precision)
        mean = float(members.mean()) if len(members) else 0.0
        deviation = float(members.std()) if len(members) else 0.0
        deviation = max(deviation, precision * _SMALLEST_DEVIATION)
        upper = ndtr((rounded - mean + precision / 2) / deviation)
        lower = ndtr((rounded - mean - precision / 2) / deviation)
        likelihood[:, position] = upper - lower
    return likelihood


def _round(values: NDArray[np.float64], precision: float) -> NDArray[np.float64]:
    return np.rint(values / precision) * precision
