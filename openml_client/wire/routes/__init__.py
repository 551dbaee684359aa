"""The endpoints of the protocol: the table of routes, one row each, one module per resource.

The client's resources call by these rows, the registry builds its addresses from them, and
``docs/protocol.md`` is written from them.  Source: protocol note, sections 2 to 9.
"""

from __future__ import annotations

# ruff: noqa: F403  (what these modules define are the rows, and nothing else is looked up here)
from openml_client.wire.route import Route
from openml_client.wire.routes.datasets import *
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
