"""Repeats, folds and samples: where in a task a line of a file belongs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openml_client.registry.engine.splits import SplitRows


@dataclass(frozen=True, eq=False)
class Places:
    """Repeat, fold and sample of the lines of a file, of those that a task has."""

    repeat: NDArray[np.int32]
    """Shape ``(n_lines,)``, as all columns."""
    fold: NDArray[np.int32]
    sample: NDArray[np.int32]
    shape: tuple[int, int, int]
    """How many repeats, folds and samples the task has."""

    @property
    def codes(self) -> NDArray[np.intp]:
        """One number per line, the same within a repeat, fold and sample, and in their order."""
        return np.ravel_multi_index((self.repeat, self.fold, self.sample), self.shape)


def places_of_splits(splits: SplitRows) -> Places:
    """The places of the lines of a split file."""
    sample = np.zeros_like(splits.fold) if splits.sample is None else splits.sample
    columns = (splits.repeat, splits.fold, sample)
    n_repeats, n_folds, n_samples = (int(column.max(initial=0)) + 1 for column in columns)
    return Places(*columns, (n_repeats, n_folds, n_samples))
