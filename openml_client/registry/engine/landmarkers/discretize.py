"""Numbers cut into intervals that tell the class, as few as pay for themselves.

Source: Fayyad and Irani, "Multi-interval discretization of continuous-valued attributes for
classification learning", IJCAI 1993, with the cost of a cut after Kononenko, "On biases in
estimating multi-valued attributes", IJCAI 1995: the places that a cut can have, not the rows.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from openml_client.registry.engine.landmarkers.entropy import conditional_entropy, entropy
from openml_client.registry.engine.landmarkers.table import Input, Table, joint_counts


def discretize(table: Table) -> Table:
    """The table in which every column of numbers is one of labels, an interval each.

    Of the other columns, labels that do not occur are dropped: the tables of pairs of labels
    that are made of them should be small.
    """
    inputs = tuple(
        _compact(column) if column.is_nominal else _intervals(column, table)
        for column in table.inputs
    )
    return Table(inputs, table.classes, table.n_classes)


def _compact(column: Input) -> Input:
    is_there = ~column.is_missing
    distinct, codes = np.unique(column.values[is_there], return_inverse=True)
    values = np.full(len(column.values), np.nan)
    values[is_there] = codes
    return Input(values, max(len(distinct), 1))


def _intervals(column: Input, table: Table) -> Input:
    is_there = ~column.is_missing
    distinct, codes = np.unique(column.values[is_there], return_inverse=True)
    counts = joint_counts(codes, table.classes[is_there], (len(distinct), table.n_classes))
    cuts = sorted(_cuts(counts))
    values = np.full(len(table), np.nan)
    values[is_there] = np.searchsorted(cuts, codes)
    return Input(values, len(cuts) + 1)


def _cuts(counts: NDArray[np.float64]) -> list[int]:
    """Places of the distinct numbers after which a cut pays.

    ``counts`` has a row per distinct number in order, and a column per class.
    """
    found = []
    stretches = [(0, len(counts))]
    while stretches:
        start, stop = stretches.pop()
        place = _best_cut(counts[start:stop])
        if place is not None:
            found.append(start + place)
            stretches += [(start, start + place + 1), (start + place + 1, stop)]
    return found


def _best_cut(counts: NDArray[np.float64]) -> int | None:
    """The place of the cut that leaves the least entropy, if it costs less than it gains."""
    if len(counts) < 2:
        return None
    below = counts.cumsum(axis=0)
    total = below[-1]
    halves = np.stack([below[:-1], total - below[:-1]], axis=1)
    left = conditional_entropy(halves)
    place = int(left.argmin())
    before = float(entropy(total))
    gain = before - float(left[place])
    n_classes = np.count_nonzero(total)
    n_here = np.count_nonzero(halves[place], axis=1)
    # log2(3**n - 2), from the logarithm of which nothing overflows.
    told = n_classes * math.log2(3) + math.log1p(-2 * 3.0**-n_classes) / math.log(2)
    told -= n_classes * before - float((n_here * entropy(halves[place])).sum())
    cost = (math.log2(len(counts) - 1) + told) / float(total.sum())
    return place if gain > max(cost, 0) else None
