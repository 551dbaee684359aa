"""The row on describing models."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.cases import Case, Goal, Plan, Row, Side

TIMES = 10
"""Once takes us a few milliseconds."""


def _described(plan: Plan) -> Iterator[Case]:
    given = {"times": TIMES}
    sides = {
        "ours": Side("ours", "describe_and_rebuild", given),
        "peer": Side("peer", "describe_and_rebuild", given),
    }
    yield Case(f"{TIMES} times", sides, [Goal("peer", 1 / 10)])


ROWS = (
    Row(15, "A pipeline of 8 components to its flow's XML, and back to the model", "", _described),
)
