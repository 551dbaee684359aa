"""Setups: flows with the values of their parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from openml_client.errors import NoResultError
from openml_client.model.flow import Flow
from openml_client.model.page import Listing
from openml_client.model.run import ParameterSetting
from openml_client.model.setup import Setup
from openml_client.resources.caller import Caller
from openml_client.resources.flows import Flows, texts_of
from openml_client.resources.ids import as_id
from openml_client.resources.things import Kind, Things, runs_by
from openml_client.wire.routes import setups as routes
from openml_client.wire.run import RunUpload

if TYPE_CHECKING:
    from openml_client.extension.protocol import Compat


SETUPS = Kind(
    name="setup",
    tag=routes.SETUP_TAG,
    untag=routes.SETUP_UNTAG,
    delete=routes.SETUP_DELETE,
    dependants=runs_by("setups"),
)


class Setups(Things):
    """``client.setups``."""

    _kind = SETUPS
    _documents = (routes.SETUP_GET,)

    def __init__(self, caller: Caller, flows: Flows) -> None:
        super().__init__(caller)
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
        return self._caller.listing(routes.SETUP_LIST, filters, key=("id",), title="setups")

    def find(self, flow: Any, parameters: Mapping[str, Any] | None = None) -> Setup | None:
        """The setup of a flow with exactly these values, or None; it takes an API key.

        Parameters
        ----------
        flow
            A stored flow or its id.
        parameters
            Values by name, as ``{"steps__svc__C": 10.0}``; the others are at the flow's
            defaults. Runs of models with seeds have set those as well: a setup of theirs is
            found by them too, as ``{"random_state": 1}``. For a flow that another program
            wrote a text is taken as that program wrote it, and other values as JSON.

        Raises
        ------
        FlowError
            If the flow has no such parameter.
        NotSerializableError
            If a value has no description.
        AuthenticationError
            Without an API key, or with a wrong one.
        """
        flow = flow if isinstance(flow, Flow) else self._flows.get(flow)
        lookup = RunUpload(flow_id=flow.id, settings=settings_with(flow, parameters or {}))
        answer = self._caller.call(routes.SETUP_EXISTS, body=lookup)
        return self.get(answer.id) if answer.exists else None

    def _tags_of(self, id_: int) -> tuple[str, ...]:
        # Nothing tells the tags of a setup, only which setups have a tag.
        try:
            names = self._caller.call(routes.SETUP_TAG_LIST).names
        except NoResultError:
            return ()
        return tuple(name for name in names if self.list(setups=id_, tag=name))

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


def settings_with(flow: Flow, parameters: Mapping[str, Any]) -> tuple[ParameterSetting, ...]:
    """Values of all parameters of a flow, at its defaults where no other is given.

    Raises
    ------
    FlowError
        If the flow has no such parameter.
    NotSerializableError
        If a value has no description.
    """
    from openml_client.extension.flows import extension_of as written_by

    parts = dict(flow.walk())
    texts = {
        (path, parameter.name): parameter.default_value
        for path, part in parts.items()
        for parameter in part.parameters
    }
    texts |= texts_of(parameters, texts, written_by(flow.external_version))
    return tuple(
        ParameterSetting(name=name, value=text, component_id=parts[path].id)
        for (path, name), text in texts.items()
        if text  # neither a value nor a default: it was not set
    )
