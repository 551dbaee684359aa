"""Traces: what a search tried, fold by fold."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


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

    def to_pandas(self) -> pd.DataFrame:
        """The iterations as a frame, one row each."""
        import pandas as pd

        names = [field.name for field in fields(TraceIteration)]
        return pd.DataFrame(
            [[getattr(row, n) for n in names] for row in self.iterations], columns=names
        )

    def __repr__(self) -> str:
        return f"<Trace of run {self.run_id}: {len(self.iterations)} iterations>"
