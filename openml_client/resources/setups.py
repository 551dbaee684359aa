"""Setups: flows with the values of their parameters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from openml_client.model.page import Listing
from openml_client.model.setup import Setup
from openml_client.resources.caller import Caller
from openml_client.resources.flows import Flows
from openml_client.resources.ids import as_id
from openml_client.wire import routes

if TYPE_CHECKING:
    from openml_client.extension.protocol import Compat


class Setups:
    """``client.setups``."""

    def __init__(self, caller: Caller, flows: Flows) -> None:
        self._caller = caller
        self._flows = flows

    def get(self, id: Any) -> Setup:
        """The setup of this id.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        setup: Setup = self._caller.get_cached(routes.SETUP_GET, as_id(id, "setup"))
        return setup

    def list(self, **filters: Any) -> Listing[Setup]:
        """All setups that pass the filters, lazily; at least one filter must be given.

        Parameters
        ----------
        **filters
            ``flows`` (ids), ``setups`` (ids), ``tag``, ``limit``, ``offset``.

        Raises
        ------
        ValidationError
            If a filter does not exist or takes no such value.
        """
        return self._caller.listing(
            routes.SETUP_LIST, filters, key=lambda row: row.id, title="setups"
        )

    def to_model(
        self, setup: Any, *, trusted: Iterable[str] = (), compat: Compat = "semantic"
    ) -> Any:
        """The model of a setup's flow, with the setup's values.

        Raises
        ------
        UntrustedError
            If the flow names what is not trusted; nothing was imported then.
        FlowError
            If the flow holds no description, or can't be rebuilt here.
        """
        from openml_client.resources.flows import build, settings_of, strangers_trust

        setup = setup if isinstance(setup, Setup) else self.get(setup)
        flow = self._flows.get(setup.flow_id)
        settings = settings_of(flow, ((p.flow_id, p.name, p.value) for p in setup.parameters))
        description = self._flows.describe(flow, settings)
        return build(description, trust=strangers_trust(description, trusted), compat=compat)
