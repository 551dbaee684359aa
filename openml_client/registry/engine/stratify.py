"""The two ways in which OpenML puts rows into an order that spreads the classes over the folds.

Source: protocol note, section 3.3.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray


def group_by_class(order: NDArray[np.int32], classes: NDArray[np.int32]) -> NDArray[np.int32]:
    """The rows with equal classes side by side, classes in the order in which they turn up.

    Rows of a class keep their order; the rows that make way for them do not, and that is why
    this is no sort: each row of the class swaps places with the first row that is not of it.
    Rows whose class is missing make a class of their own.
    """
    rows = order.copy()
    start = 0
    while start < len(rows):
        is_member = classes[rows[start:]] == classes[rows[start]]
        place = start
        for member in (np.flatnonzero(is_member) + start).tolist():
            rows[place], rows[member] = rows[member], rows[place]
            place += 1
        start = place
    return rows


def deal_by_class(
    order: NDArray[np.int32], classes: NDArray[np.int32], *, n_classes: int
) -> NDArray[np.int32]:
    """The rows so that every stretch from the start has the shares of the classes, nearly.

    Each place goes to the class whose share so far lags most behind its share of all rows, the
    first declared on ties.  Rows whose class is missing count to the first class, as in OpenML.
    """
    known = np.maximum(classes[order], 0)
    queues = [deque(order[known == position].tolist()) for position in range(n_classes)]
    counts = np.bincount(known, minlength=n_classes)
    wanted = counts / len(order)
    dealt = np.zeros(n_classes)
    rows = np.empty_like(order)
    for place in range(len(order)):
        chosen = int(np.argmax(wanted - dealt / max(place, 1)))
        rows[place] = queues[chosen].popleft()
        dealt[chosen] += 1
    return rows
