"""What a benchmark is made of: rows of cases, which several sides do, with goals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from benchmarks.data import Scratch

SIZES = (0.1, 1.0, 10.0)
"""What growth is measured at, as multiples of the row's size.  Source: PERFORMANCE.md."""


@dataclass(frozen=True)
class Side:
    """Who does the work: a function of ours.py, peer.py, limit.py and their like, or a whole
    program.  Only peer.py runs in the peer's environment."""

    module: Literal["ours", "peer", "limit", "limit_calls", "training"]
    function: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)
    program: str | None = None
    """Python that is run as a whole process, instead of a function."""
    rounds: int | None = None
    """At most so many, where the figure is a count that does not vary."""
    is_equal: bool = True
    """Whether its result must be that of the others."""


@dataclass(frozen=True)
class Goal:
    """A claim of PERFORMANCE.md about a case: ours is at most ``at_most * side + plus``."""

    of: str
    """The side that ours is compared with, or empty for ours as such.

    ``limit`` is the fastest of the sides whose names begin so, as ``limit, JSON``.
    """
    at_most: float
    what: str = "wall_s"
    """``wall_s``, ``cpu_s``, or the name of an extra that the sides give."""
    plus: float = 0.0


@dataclass(frozen=True)
class Case:
    """One piece of work and the sides that do it."""

    name: str
    sides: Mapping[str, Side]
    goals: Sequence[Goal] = ()


@dataclass(frozen=True)
class Plan:
    """How much of everything is measured."""

    scratch: Scratch
    repeats: int = 5
    """Medians are of so many."""
    times: float = 1.0
    """Multiple of the size that a row has; below 1 to see that all works, and fast."""
    has_peer: bool = True

    def size(self, n: int) -> int:
        """A number of rows of the row's own size."""
        return max(round(n * self.times), min(n, 100))

    def cache(self, name: str) -> str:
        """An empty folder."""
        return str(self.scratch.emptied(Path("caches", name)))


@dataclass(frozen=True)
class Row:
    """A row of the table; its cases are made one after the other, when they are measured."""

    number: int
    title: str
    limit: str
    """What the limit is, in words."""
    cases: Callable[[Plan], Iterator[Case]]
    grown: Callable[[Plan], Iterator[Case]] | None = None
    """The same work by ourselves and by the limit, at the size of the plan."""
