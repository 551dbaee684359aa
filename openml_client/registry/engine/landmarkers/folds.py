"""The folds that a learner is judged by."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from openml_client.registry.engine.lcg import JavaRandom
from openml_client.registry.engine.splits import blocks, shuffled
from openml_client.registry.engine.stratify import group_by_class

Rows = NDArray[np.int32]

# The seed with which the recorded values come out.
_SEED = 1


def stratified_folds(classes: NDArray[np.int32], n_folds: int) -> Iterator[tuple[Rows, Rows]]:
    """Training and test rows per fold; the training rows in an order of chance."""
    random = JavaRandom(_SEED)
    order = shuffled(np.arange(len(classes), dtype=np.int32), random)
    grouped = group_by_class(order, classes)
    order = np.concatenate([grouped[start::n_folds] for start in range(n_folds)])
    for train, test in blocks(order, n_folds):
        yield shuffled(train, random), test
