"""Traces: what a search tried, fold by fold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class TraceIteration:
    """One candidate that a search tried in one fold."""

    repeat: int
    fold: int
    iteration: int
    setup_string: str | None = None
    """JSON object of the candidate's values, by ``parameter_NAME``."""
    evaluation: float | None = None
    selected: bool = False


@dataclass(frozen=True, kw_only=True)
class Trace:
    """What a run's search tried."""

    run_id: int | None = None
    iterations: tuple[TraceIteration, ...] = ()
