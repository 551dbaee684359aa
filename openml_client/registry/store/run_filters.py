"""Which runs a list of runs or of evaluations asks for, and in which order they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Column

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


def sorting(filters: Mapping[str, Any]) -> tuple[Column[int], ...]:
    """Columns by which the runs of a list are sorted: setup, task and id.

    If setups are named, the id alone.  The real server asks its database for no order, and this
    is the one in which that finds the runs.  Source: the 28 recorded lists.
    """
    if "setup" in filters:
        return (runs.c.id,)
    return (runs.c.setup_id, runs.c.task_id, runs.c.id)
