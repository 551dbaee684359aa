"""The nearest neighbour.

Source: Aha, Kibler and Albert, "Instance-based learning algorithms", Machine Learning 6 (1991).
What ties, missing values and growing ranges do is chosen so that the recorded values come out.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from openml_client.registry.engine.landmarkers.table import Input, Table, joint_counts

Floats = NDArray[np.float64]

# At most so many test rows are compared at a time: their distances should stay in a cache.
_BLOCK = 64


def nearest_neighbour(train: Table, test: Table) -> Floats:
    """Shares ``(n_test, n_classes)`` of the classes among the nearest training rows.

    All rows at the smallest distance count, and of each class the n-th part of a row more.
    Labels are equal or not; numbers are placed in the range of all rows seen so far, which are
    those of training and the test rows up to this one.
    """
    is_class = joint_counts(np.arange(len(train)), train.classes, (len(train), train.n_classes))
    pairs = tuple(zip(train.inputs, test.inputs, strict=True))
    ranges = [_ranges(known, asked) for known, asked in pairs]
    found = np.empty((len(test), train.n_classes))
    for start in range(0, len(test), _BLOCK):
        stop = min(start + _BLOCK, len(test))
        squared = np.zeros((stop - start, len(train)))
        for (known, asked), (lows, highs) in zip(pairs, ranges, strict=True):
            if known.is_nominal:
                squared += _differ(known.values, asked.values[start:stop])
                continue
            for first, last in _stretches(lows[start:stop], highs[start:stop]):
                low, high = lows[start + first], highs[start + first]
                places = _scale(asked.values[start + first : start + last], low, high)
                squared[first:last] += _differences(_scale(known.values, low, high), places)
        is_nearest = squared == squared.min(axis=1, keepdims=True)
        found[start:stop] = is_nearest @ is_class
    total = found.sum(axis=1, keepdims=True) + train.n_classes / len(train)
    shares: Floats = (found + 1 / len(train)) / total
    return shares


def _ranges(known: Input, asked: Input) -> tuple[Floats, Floats]:
    """The smallest and the largest number seen by the time of each test row.

    They are infinite, the smallest positive and the largest negative, if none was seen yet.
    """
    seen = np.concatenate([known.values, asked.values])
    lows = np.minimum.accumulate(np.where(np.isnan(seen), np.inf, seen))
    highs = np.maximum.accumulate(np.where(np.isnan(seen), -np.inf, seen))
    return lows[len(known.values) :], highs[len(known.values) :]


def _stretches(lows: Floats, highs: Floats) -> Iterator[tuple[int, int]]:
    """Rows from a first to before a last one, between which the range stays the same."""
    grows = (lows[1:] != lows[:-1]) | (highs[1:] != highs[:-1])
    return pairwise([0, *(np.flatnonzero(grows) + 1).tolist(), len(lows)])


def _scale(values: Floats, low: float, high: float) -> Floats:
    """Places in a range, from 0 to 1; all 0 where the range is a point."""
    if low < high:
        return (values - low) / (high - low)
    return np.where(np.isnan(values), np.nan, 0.0)


def _differ(known: Floats, asked: Floats) -> NDArray[np.bool_]:
    """Whether labels differ; one that is missing differs from all, as NaN does."""
    is_other: NDArray[np.bool_] = known != asked[:, None]
    return is_other


def _differences(known: Floats, asked: Floats) -> Floats:
    """Squared differences of places in a range; a missing one is as far away as can be."""
    differences: Floats = known - asked[:, None]
    known_is_missing, asked_is_missing = np.isnan(known), np.isnan(asked)
    if known_is_missing.any():
        differences[:, known_is_missing] = np.maximum(asked, 1 - asked)[:, None]
    if asked_is_missing.any():
        differences[asked_is_missing] = np.where(
            known_is_missing, 1.0, np.maximum(known, 1 - known)
        )
    differences *= differences
    return differences
