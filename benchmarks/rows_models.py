"""The rows on models: describing them, and training networks."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.cases import Case, Goal, Plan, Row, Side

TIMES = 10
"""Once takes us a few milliseconds."""
EPOCHS = 10
"""So that what a fit costs besides weighs a tenth of what it does in one epoch."""


def _described(plan: Plan) -> Iterator[Case]:
    given = {"times": TIMES}
    sides = {
        "ours": Side("ours", "describe_and_rebuild", given),
        "peer": Side("peer", "describe_and_rebuild", given),
    }
    yield Case(f"{TIMES} times", sides, [Goal("peer", 1 / 10)])


def _trained(plan: Plan) -> Iterator[Case]:
    given = {"n_rows": plan.size(20_000), "epochs": EPOCHS}
    sides = {
        "ours": Side("training", "recipe", given),
        "peer": Side("training", "skorch", given),
        "limit": Side("training", "bare", given),
    }
    goals = [Goal("limit", 1.2), Goal("limit", 1.2, "cpu_s")]
    yield Case(f"a fit of {EPOCHS} epochs", sides, goals)


ROWS = (
    Row(15, "A pipeline of 8 components to its flow's XML, and back to the model", "", _described),
    Row(
        18,
        "A 20-64-64-2 network trained with 20,000 rows in batches of 128, by one thread, beside "
        "skorch as the peer",
        "a loop over slices of a tensor, in an order that is drawn once per epoch",
        _trained,
    ),
)
