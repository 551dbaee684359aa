"""All rows of the table, for the registry and for the page of the protocol."""

from __future__ import annotations

# ruff: noqa: F403  (what these modules define are the rows, and nothing else is looked up here)
from openml_client.wire.route import Route
from openml_client.wire.routes.datasets import *
from openml_client.wire.routes.engines import *
from openml_client.wire.routes.evaluations import *
from openml_client.wire.routes.flows import *
from openml_client.wire.routes.others import *
from openml_client.wire.routes.runs import *
from openml_client.wire.routes.setups import *
from openml_client.wire.routes.studies import *
from openml_client.wire.routes.tasks import *

ROUTES: tuple[Route, ...] = tuple(
    value for value in list(globals().values()) if isinstance(value, Route)
)
"""All rows."""
