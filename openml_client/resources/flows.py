"""Flows: models become flows, and flows models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from openml_client.errors import (
    DuplicateError,
    FlowError,
    NotFoundError,
    NotSerializableError,
    TransportError,
    ValidationError,
)
from openml_client.model.flow import Flow, FlowDraft, FlowSummary
from openml_client.model.page import Listing
from openml_client.resources.caller import Caller
from openml_client.resources.ids import as_id
from openml_client.wire import routes

if TYPE_CHECKING:
    from openml_client.extension.description import Description
    from openml_client.extension.protocol import Compat, Extension, Note
    from openml_client.extension.trust import Trust
    from openml_client.transport import FilePart

Address = tuple[tuple[str, ...], str]
"""Path of a component, and the name of a parameter there."""
Settings = Mapping[Address, str | None]
"""Texts of parameters."""


class Flows:
    """``client.flows``."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def get(self, id: Any) -> Flow:
        """The flow of this id, with all its components.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        flow: Flow = self._caller.get_cached(routes.FLOW_GET, as_id(id, "flow"))
        return flow

    def find(self, name: str, external_version: str) -> Flow | None:
        """The flow of this name and external version, which identify it; or None."""
        if self._caller.settings.api_key is not None:
            form = {"name": name, "external_version": external_version}
            answer = self._caller.call(routes.FLOW_EXISTS, form=form)
        else:
            answer = self._caller.call(
                routes.FLOW_EXISTS_PATH, name=name, external_version=external_version
            )
        return self.get(answer.id) if answer.exists else None

    def list(self, **filters: Any) -> Listing[FlowSummary]:
        """All flows that pass the filters, lazily, in the order of their ids.

        Parameters
        ----------
        **filters
            ``uploader``, ``tag``, ``limit``, ``offset``.

        Raises
        ------
        ValidationError
            If a filter does not exist or takes no such value.
        """
        return self._caller.listing(
            routes.FLOW_LIST, filters, key=lambda row: row.id, title="flows"
        )

    def publish(self, draft: FlowDraft) -> Flow:
        """The stored flow of a draft; the one that is there already if it is the same.

        Raises
        ------
        AuthenticationError
            Without an API key, or with a wrong one.
        ValidationError
            If the draft breaks a limit of the server.
        """
        if not isinstance(draft, FlowDraft):
            raise ValidationError(
                f"a flow is what client.flows.from_model gives, not an object of the type "
                f"{type(draft).__name__}"
            )
        version = draft.external_version
        if version is not None and (found := self.find(draft.name, version)):
            return found
        try:
            id_ = self._caller.call(routes.FLOW_UPLOAD, body=draft, files=_files(draft)).id
        except DuplicateError as error:
            if error.existing_id is None:
                raise
            id_ = error.existing_id  # somebody else was faster
        except TransportError as error:
            # The answer was lost; the flow may have arrived all the same.
            found = self.find(draft.name, version) if error.maybe_taken and version else None
            if found is None:
                raise
            return found
        return self.get(id_)

    def from_model(self, model: Any, *, extension: str | None = None) -> FlowDraft:
        """The flow of a model, with the model's values; nothing is sent.

        Parameters
        ----------
        model
            Unfitted; it is left as it is.
        extension
            Name of the extension that describes it; found by the model's class without it.

        Raises
        ------
        NotSerializableError
            With place, reason and remedy, if a value of the model has no description.
        MissingDependencyError
            If no extension handles such models.
        """
        from openml_client.extension.discovery import find_extension, get_extension
        from openml_client.extension.flows import flow_from_description

        if isinstance(model, type):
            raise NotSerializableError(
                model.__qualname__, "a class is no model", "Give an instance, as SVC(C=1.0)."
            )
        handler = get_extension(extension) if extension else find_extension(model)
        return flow_from_description(handler.describe(model), handler)

    def to_model(
        self,
        flow: Any,
        *,
        parameters: Mapping[str, Any] | None = None,
        trusted: Iterable[str] = (),
        compat: Compat = "semantic",
    ) -> Any:
        """The model of a flow, rebuilt from its description and from nothing else.

        Parameters
        ----------
        flow
            A draft, which gives the very model that it came from; or a stored flow or its id,
            which gives the model at the constructors' defaults.
        parameters
            Values by name, as ``{"steps__svc__C": 10.0}``.
        trusted
            Packages or names that the flow may import, beyond what its extension vouches for.
        compat
            ``exact``, ``semantic`` or ``adapt``: how much may be bent for other versions.

        Raises
        ------
        UntrustedError
            If the flow names what is not trusted; nothing was imported then.
        FlowError
            If a parameter without a default has no value, or the installed versions can't
            rebuild the model.
        """
        from openml_client.extension.flows import extension_of as written_by

        if isinstance(flow, FlowDraft):
            description = description_of_draft(flow, parameters)
            trust = own_trust(description)
        else:
            flow = flow if isinstance(flow, Flow) else self.get(flow)
            known = ((path, p.name) for path, part in flow.walk() for p in part.parameters)
            writer = written_by(flow.external_version)
            texts = _texts(parameters, known, writer) if parameters and writer else {}
            description = self.describe(flow, texts)
            trust = strangers_trust(description, trusted)
        return build(description, trust=trust, compat=compat)

    def untrusted(self, flow: Any, *, trusted: Iterable[str] = ()) -> tuple[str, ...]:
        """Names that rebuilding a flow would import and that are not trusted.

        Nothing is imported to find out.
        """
        from openml_client.extension.trust import untrusted

        if isinstance(flow, FlowDraft):
            description = description_of_draft(flow)
        else:
            description = self.describe(flow, is_complete=False)
        return untrusted(description, extension_of(description).policy, trusted)

    def describe(
        self,
        flow: Any,
        settings: Settings | None = None,
        *,
        long_values: bytes | None = None,
        is_complete: bool = True,
    ) -> Description:
        """The description that a stored flow holds, with the values of a run or setup.

        Parameters
        ----------
        settings, long_values
            The values; without them the constructors' defaults hold.
        is_complete
            Refuse parameters that have neither value nor default; else they are None, which is
            good for an audit and for nothing else.

        Raises
        ------
        FlowError
            If another program wrote the flow, or its source is damaged.
        """
        from openml_client.extension.flows import description_from_flow
        from openml_client.extension.flows import extension_of as written_by

        flow = flow if isinstance(flow, Flow) else self.get(flow)
        if written_by(flow.external_version) is None or flow.source_url is None:
            raise FlowError(
                f"flow {flow.id} ({flow.name}) was not written by openml_client, so it holds no "
                "description that could be rebuilt",
                hint=f"Its external version is {flow.external_version!r}.",
            )
        return description_from_flow(
            self._source(flow), settings, long_values, is_complete=is_complete
        )

    def _source(self, flow: Flow) -> bytes:
        url, md5 = flow.source_url, flow.source_md5
        if url is None:
            raise NotFoundError(f"flow {flow.id} has no source file")
        return self._caller.cache.get_or_fetch(
            f"flow/source/{flow.id}-{md5 or 'unverified'}.json",
            lambda sink: self._caller.download(url, sink, md5=md5),
            md5=md5,
        )


def extension_of(description: Description) -> Extension:
    """The extension that wrote a description.

    Raises
    ------
    MissingDependencyError
        If it is not installed.
    """
    from openml_client.extension.discovery import get_extension

    return get_extension(description.extension)


def description_of_draft(
    draft: FlowDraft, parameters: Mapping[str, Any] | None = None
) -> Description:
    """The description that a draft holds, read from its written JSON.

    Parameters
    ----------
    parameters
        Other values, by name as ``steps__svc__C``.

    Raises
    ------
    FlowError
        If the draft holds none, or has no such parameter.
    NotSerializableError
        If a value has no description.
    """
    from openml_client.extension.flows import description_from_flow

    if draft.source is None or draft.extension is None:
        raise FlowError(
            f"the draft {draft.name!r} was not made from a model",
            hint="Make it with client.flows.from_model(model).",
        )
    settings: dict[Address, str] = {(item.path, item.name): item.value for item in draft.settings}
    if parameters:
        settings.update(_texts(parameters, settings, draft.extension))
    return description_from_flow(draft.source, settings, draft.long_values)


def own_trust(description: Description) -> Trust:
    """Trust for the description of the caller's own model."""
    from openml_client.extension.trust import Trust

    return Trust.of_own(extension_of(description).policy, description)


def strangers_trust(description: Description, trusted: Iterable[str]) -> Trust:
    """Trust for a description that came from a server."""
    from openml_client.extension.trust import Trust

    return Trust.of_strangers(extension_of(description).policy, trusted)


def build(
    description: Description,
    *,
    trust: Trust,
    compat: Compat = "semantic",
    notes: list[Note] | None = None,
) -> Any:
    """The model of a description; what had to be changed is logged, or goes to ``notes``."""
    import logging

    collected: list[Note] = [] if notes is None else notes
    model = extension_of(description).build(
        description, trust=trust, compat=compat, notes=collected
    )
    if notes is None:
        for note in collected:
            logging.getLogger("openml_client").warning("%s", note)
    return model


def settings_of(flow: Flow, values: Iterable[tuple[int, str, str | None]]) -> Settings:
    """The values of a run or setup, each given by the id of its component and its name.

    Raises
    ------
    FlowError
        If the flow has no such component.
    """
    places = {part.id: path for path, part in flow.walk()}
    settings: dict[Address, str | None] = {}
    for component_id, name, value in values:
        if component_id not in places:
            raise FlowError(
                f"flow {flow.id} ({flow.name}) has no component {component_id}, whose parameter "
                f"{name!r} is set",
                hint="The server mixed up two flows; report it.",
            )
        settings[places[component_id], name] = value
    return settings


def _texts(
    parameters: Mapping[str, Any], known: Iterable[Address], extension: str
) -> dict[Address, str]:
    """Texts of values that a caller gives, by the addresses of their parameters.

    Raises
    ------
    FlowError
        If there is no such parameter.
    NotSerializableError
        If a value has no description.
    """
    from openml_client.extension.discovery import get_extension
    from openml_client.extension.identity import canonical

    codec = get_extension(extension).codec
    addresses = {"__".join((*path, name)): (path, name) for path, name in known}
    for given in parameters:
        if given not in addresses:
            raise FlowError(
                f"the flow has no parameter {given!r}",
                hint=f"It has {', '.join(sorted(addresses))}.",
            )
    return {
        addresses[given]: canonical(codec.encode(value, given))
        for given, value in parameters.items()
    }


def _files(draft: FlowDraft) -> tuple[FilePart, ...]:
    from openml_client.transport import FilePart

    parts = (
        ("source", draft.source_name, draft.source),
        ("binary", draft.binary_name, draft.binary),
    )
    return tuple(
        FilePart(name=name, filename=filename, content=content)
        for name, filename, content in parts
        if content is not None
    )
