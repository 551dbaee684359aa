"""What each route of the protocol does, one module per resource.

A handler gets a `Call` and gives the model of the route's response, or raises a `Refusal`.  A
route without a handler does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from openml_client.registry.calls import Call
from openml_client.registry.handlers import (
    constants,
    dataset_changes,
    datasets,
    deletions,
    engine,
    evaluations,
    flows,
    others,
    runs,
    setups,
    studies,
    tags,
    tasks,
)

Handler = Callable[[Call], Any]

HANDLERS: Mapping[str, Handler] = {
    **constants.HANDLERS,
    **dataset_changes.HANDLERS,
    **datasets.HANDLERS,
    **deletions.HANDLERS,
    **engine.HANDLERS,
    **evaluations.HANDLERS,
    **flows.HANDLERS,
    **others.HANDLERS,
    **runs.HANDLERS,
    **setups.HANDLERS,
    **studies.HANDLERS,
    **tags.HANDLERS,
    **tasks.HANDLERS,
}
"""By the names of the routes."""
