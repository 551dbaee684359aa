"""Which runs a list of runs or of evaluations asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from openml_client.registry.store.rows import Condition, tagged
from openml_client.registry.store.schema import run_tags, runs, setups
from openml_client.registry.store.studies import runs_of


def matching(filters: Mapping[str, Any]) -> Iterator[Condition]:
    """Conditions on rows of runs joined with their setups."""
    columns = {
        "task": runs.c.task_id,
        "setup": runs.c.setup_id,
        "flow": setups.c.flow_id,
        "uploader": runs.c.uploader_id,
        "run": runs.c.id,
    }
    for key, column in columns.items():
        if key in filters:
            yield column.in_(filters[key])
    if "tag" in filters:
        yield runs.c.id.in_(tagged(run_tags, filters["tag"]))
    if "study" in filters:
        yield runs.c.id.in_(runs_of(filters["study"]))
