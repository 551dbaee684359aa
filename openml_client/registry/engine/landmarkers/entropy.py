"""Entropies of counts, in bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def entropy(counts: Floats) -> Floats:
    """Of distributions given as counts along the last axis; 0 where nothing is counted."""
    total = counts.sum(axis=-1)
    entropies: Floats = (_x_log_x(total) - _x_log_x(counts).sum(axis=-1)) / np.maximum(total, 1)
    return entropies


def conditional_entropy(tables: Floats) -> Floats:
    """Of the columns of tables of counts, shape ``(..., n_rows, n_columns)``, given the rows."""
    rows = tables.sum(axis=-1)
    lost = (_x_log_x(rows) - _x_log_x(tables).sum(axis=-1)).sum(axis=-1)
    entropies: Floats = lost / np.maximum(rows.sum(axis=-1), 1)
    return entropies


def _x_log_x(x: Floats) -> Floats:
    return x * np.log2(x, out=np.zeros_like(x), where=x > 0)
