"""The generator of random numbers that all split files of OpenML were drawn from.

It is the linear congruential generator that the documentation of ``java.util.Random`` specifies,
so the same seed gives the same splits here and on any OpenML server.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

# Constants of the generator.  Source: Java SE API, java.util.Random, methods setSeed and next.
_MULTIPLIER = 0x5DEECE66D
_INCREMENT = 0xB
_MASK = (1 << 48) - 1

# A number that is drawn is the high 31 of the 48 bits of the state.
_SHIFT = np.uint64(48 - 31)
_LIMIT = 1 << 31

# Numbers are drawn this many at a time; it bounds what a rejected number costs to draw again.
_BLOCK = 8192


class JavaRandom:
    """Random integers below a bound, in the same order as ``java.util.Random.nextInt``."""

    def __init__(self, seed: int = 0) -> None:
        self._state = (seed ^ _MULTIPLIER) & _MASK

    def integers(self, bounds: NDArray[np.int64]) -> NDArray[np.int64]:
        """One integer from 0 to just below each bound, drawn one after the other.

        A bound is at least 1 and below 2**31.
        """
        drawn = np.empty(len(bounds), dtype=np.int64)
        done = 0
        while done < len(bounds):
            block = bounds[done : done + _BLOCK]
            values = self._draw(block)
            drawn[done : done + len(values)] = values
            done += len(values)
        return drawn

    def _draw(self, bounds: NDArray[np.int64]) -> NDArray[np.int64]:
        """Numbers for the first bounds, up to the first that the generator would draw again."""
        multipliers, increments = _jumps()
        states = multipliers[: len(bounds)] * np.uint64(self._state) + increments[: len(bounds)]
        states &= np.uint64(_MASK)
        bits = (states >> _SHIFT).astype(np.int64)
        remainders = bits % bounds
        is_power_of_two = bounds & (bounds - 1) == 0
        values = np.where(is_power_of_two, (bounds * bits) >> 31, remainders)
        # Bits from the incomplete last stretch of a bound's multiples would favour small numbers.
        is_rejected = ~is_power_of_two & (bits - remainders + bounds - 1 >= _LIMIT)
        n_taken = int(is_rejected.argmax()) if is_rejected.any() else len(bounds)
        self._state = int(states[min(n_taken, len(bounds) - 1)])
        return values[:n_taken]


@cache
def _jumps() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Factors and summands that lead from a state to each of the next ``_BLOCK`` states.

    numpy's products wrap at 2**64, which leaves the lower 48 bits right.
    """
    multipliers = np.empty(_BLOCK, dtype=np.uint64)
    increments = np.empty(_BLOCK, dtype=np.uint64)
    multiplier, increment = 1, 0
    for step in range(_BLOCK):
        multiplier = multiplier * _MULTIPLIER & _MASK
        increment = (increment * _MULTIPLIER + _INCREMENT) & _MASK
        multipliers[step] = multiplier
        increments[step] = increment
    return multipliers, increments
