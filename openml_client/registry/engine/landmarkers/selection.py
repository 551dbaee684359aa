"""The subset of columns that tell much of the class and little of each other.

Source: Hall, "Correlation-based feature selection for discrete and numeric class machine
learning", ICML 2000: symmetrical uncertainty of discretized columns, the merit of a subset, and
best-first search that stops after five expansions without gain.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from openml_client.registry.engine.landmarkers.discretize import discretize
from openml_client.registry.engine.landmarkers.entropy import conditional_entropy, entropy
from openml_client.registry.engine.landmarkers.table import Input, Table, joint_counts

# The search stops after so many expansions that found nothing better, and keeps as many subsets.
_PATIENCE = 5

# Columns with more pairs of labels than this are compared by the pairs that occur.
_MAX_PAIRS = 100_000

# A subset is better only if its merit is larger by more than this.
_SMALLEST_GAIN = 1e-5


def select_inputs(train: Table) -> list[int]:
    """Places of the chosen inputs, in order; at least one, if there is any."""
    correlations = _Correlations(discretize(train))
    subset = _search(correlations)
    return sorted(subset + _locally_predictive(subset, correlations))


class _Correlations:
    """Symmetrical uncertainties, computed when they are asked for first."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._rows: dict[int, NDArray[np.float64]] = {}

    @cached_property
    def with_class(self) -> NDArray[np.float64]:
        """Of each input with the class, shape ``(n_inputs,)``."""
        classes = Input(self._table.classes.astype(np.float64), self._table.n_classes)
        return np.array([_uncertainty(column, classes) for column in self._table.inputs])

    def of(self, place: int) -> NDArray[np.float64]:
        """Of one input with each, shape ``(n_inputs,)``."""
        if place not in self._rows:
            column = self._table.inputs[place]
            row = np.array([_uncertainty(column, other) for other in self._table.inputs])
            # Inputs that seem to have nothing in common count as the same, so that a constant
            # does not look like news.
            row[row < 1e-6] = 1.0
            self._rows[place] = row
        return self._rows[place]


def _uncertainty(one: Input, other: Input) -> float:
    """Share of their entropies that two columns have in common, from 0 to 1."""
    if one.n_labels * other.n_labels > _MAX_PAIRS:
        return _uncertainty_of_known(one.codes, other.codes)
    table = _spread_missing(
        joint_counts(one.codes + 1, other.codes + 1, (one.n_labels + 1, other.n_labels + 1))
    )
    of_one, of_other = float(entropy(table.sum(axis=1))), float(entropy(table.sum(axis=0)))
    if of_one <= 0 or of_other <= 0:
        return 0.0
    return 2 * (of_other - float(conditional_entropy(table))) / (of_one + of_other)


def _uncertainty_of_known(one: NDArray[np.intp], other: NDArray[np.intp]) -> float:
    """The same of the rows in which neither column lacks a value, without a table of pairs."""
    known = (one >= 0) & (other >= 0)
    pairs = np.stack([one[known], other[known]])
    of_one, of_other, of_both = (
        float(entropy(np.unique(codes, axis=-1, return_counts=True)[1].astype(np.float64)))
        for codes in (pairs[0], pairs[1], pairs)
    )
    return 2 * (of_one + of_other - of_both) / (of_one + of_other) if of_one and of_other else 0.0


def _spread_missing(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """The table without its first row and column, which are of missing values.

    What stands there is spread as the rows are that lack nothing of what is missing.
    """
    known, missing = counts[1:, 1:], counts[0, 1:]
    table = known.copy()
    n_one, n_other = counts[1:].sum(), counts[:, 1:].sum()
    if n_one and n_other:
        table += np.outer(counts[1:].sum(axis=1) / n_one, missing)
        table += np.outer(counts[1:, 0], counts[:, 1:].sum(axis=0) / n_other)
        if known.any():
            table += counts[0, 0] * known / known.sum()
    return table


def _search(correlations: _Correlations) -> list[int]:
    """The subset of the best merit, best first and forward from the empty one."""
    best: list[int] = []
    best_merit, n_stale = 0.0, 0
    waiting: list[tuple[float, list[int]]] = [(0.0, [])]
    seen = {frozenset[int]()}
    while waiting and n_stale < _PATIENCE:
        _, subset = waiting.pop(0)
        n_stale += 1
        for place, merit in enumerate(_merits(subset, correlations)):
            larger = frozenset([*subset, place])
            if larger in seen:
                continue
            seen.add(larger)
            _insert(waiting, merit, [*subset, place])
            if merit - best_merit > _SMALLEST_GAIN:
                best, best_merit, n_stale = [*subset, place], merit, 0
    return best


def _merits(subset: Sequence[int], correlations: _Correlations) -> list[float]:
    """Of the subset with each input added: what it tells of the class, less what is said twice."""
    rows = [correlations.of(place) for place in subset]
    among = sum(float(row[place]) for n, row in enumerate(rows) for place in subset[:n])
    told = correlations.with_class + correlations.with_class[list(subset)].sum()
    repeated = np.sum(rows, axis=0) + among
    merits: NDArray[np.float64] = told / np.sqrt(len(subset) + 1 + 2 * repeated)
    listed: list[float] = merits.tolist()
    return listed


def _insert(waiting: list[tuple[float, list[int]]], merit: float, subset: list[int]) -> None:
    """Keep the best subsets in order, older ones first among equals."""
    place = next((n for n, item in enumerate(waiting) if merit > item[0]), len(waiting))
    waiting.insert(place, (merit, subset))
    del waiting[_PATIENCE:]


def _locally_predictive(subset: Sequence[int], correlations: _Correlations) -> list[int]:
    """Inputs that tell more of the class than of any chosen input, those that tell most first."""
    added: list[int] = []
    with_class = correlations.with_class
    for place in np.argsort(-with_class, kind="stable").tolist():
        chosen = [*subset, *added]
        if place in chosen:
            continue
        if all(correlations.of(other)[place] <= with_class[place] for other in chosen):
            added.append(place)
    return added
