"""Flows: models become flows, and flows models."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openml_client.errors import (
    DuplicateError,
    FlowError,
    NotFoundError,
    NotSerializableError,
    TransportError,
)
from openml_client.model.flow import Flow, FlowDraft, FlowSummary
from openml_client.model.page import Listing
from openml_client.resources.flow_files import files_of, with_files
from openml_client.resources.foreign_flows import is_own, log_notes, reader_of, translated
from openml_client.resources.ids import as_id
from openml_client.resources.things import Kind, Things, runs_by
from openml_client.resources.writing import check_draft
from openml_client.wire.routes import flows as routes
from openml_client.wire.vocabulary import Existence

if TYPE_CHECKING:
    from openml_client.extension.description import Description
    from openml_client.extension.protocol import Compat, Extension, Note
    from openml_client.extension.trust import Finding as Asked
    from openml_client.extension.trust import Trust
    from openml_client.resources.foreign_flows import Notes

Address = tuple[tuple[str, ...], str]
"""Path of a component, and the name of a parameter there."""
Settings = Mapping[Address, str | None]
"""Texts of parameters."""


FLOWS = Kind(
    name="flow",
    tag=routes.FLOW_TAG,
    untag=routes.FLOW_UNTAG,
    delete=routes.FLOW_DELETE,
    dependants=runs_by("flows"),
)


class Flows(Things):
    """``client.flows``."""

    _kind = FLOWS
    _documents = (routes.FLOW_GET,)

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
        answer = self._look_up(name, external_version)
        return self.get(answer.id) if answer.exists else None

    def exists(self, name: str, external_version: str) -> bool:
        """Whether there is a flow of this name and external version."""
        return self._look_up(name, external_version).exists

    def _look_up(self, name: str, external_version: str) -> Existence:
        if self._caller.settings.api_key is not None:
            form = {"name": name, "external_version": external_version}
            answer: Existence = self._caller.call(routes.FLOW_EXISTS, form=form)
        elif "/" in name + external_version:  # which would ask for something else
            answer = Existence(exists=False, id=-1)
        else:
            answer = self._caller.call(
                routes.FLOW_EXISTS_PATH, name=name, external_version=external_version
            )
        return answer

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
        return self._caller.listing(routes.FLOW_LIST, filters, key=("id",), title="flows")

    def publish(
        self,
        draft: FlowDraft,
        *,
        source: bytes | Path | None = None,
        binary: bytes | Path | None = None,
    ) -> Flow:
        """The stored flow of a draft; the one that is there already if it is the same.

        Parameters
        ----------
        draft
            As `from_model` gives it, or written by hand.
        source, binary
            Files that the flow is to hold, in place of the draft's own: bytes or a path. Their
            md5 is sent along, so that the server notices what was damaged on the way.

        Raises
        ------
        AuthenticationError
            Without an API key, or with a wrong one.
        ValidationError
            If the draft breaks a limit of the server.
        """
        check_draft(draft, FlowDraft, "a flow is what client.flows.from_model gives")
        draft = with_files(draft, source=source, binary=binary)
        self._caller.check(routes.FLOW_UPLOAD, draft)
        # A flow without a version is named by its source, or else by its binary.
        version = draft.external_version or draft.source_md5 or draft.binary_md5
        if version is not None and (found := self.find(draft.name, version)):
            return found
        try:
            id_ = self._caller.call(routes.FLOW_UPLOAD, body=draft, files=files_of(draft)).id
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

    def source(self, flow: Any) -> bytes:
        """The source file of a flow, checked against the server's md5.

        Raises
        ------
        NotFoundError
            If there is no such flow, or it has no source file.
        IntegrityError
            If what was downloaded does not match the server's checksum.
        """
        flow = flow if isinstance(flow, Flow) else self.get(flow)
        return self._file(flow, "source", flow.source_url, flow.source_md5)

    def binary(self, flow: Any) -> bytes:
        """The binary file of a flow, checked against the server's md5.

        Raises
        ------
        NotFoundError
            If there is no such flow, or it has no binary file.
        IntegrityError
            If what was downloaded does not match the server's checksum.
        """
        flow = flow if isinstance(flow, Flow) else self.get(flow)
        return self._file(flow, "binary", flow.binary_url, flow.binary_md5)

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
        if isinstance(flow, FlowDraft):
            description = description_of_draft(flow, parameters)
            trust = own_trust(description)
        else:
            flow = flow if isinstance(flow, Flow) else self.get(flow)
            known = ((path, p.name) for path, part in flow.walk() for p in part.parameters)
            reader = reader_of(flow)
            texts = texts_of(parameters, known, reader) if parameters and reader else {}
            if is_own(flow):
                description = self.describe(flow, texts)
            else:
                description = translated(flow, given=texts)
            trust = strangers_trust(description, trusted)
        return build(description, trust=trust, compat=compat)

    def untrusted(self, flow: Any, *, trusted: Iterable[str] = ()) -> tuple[str, ...]:
        """Names that rebuilding a flow would import and that are not trusted; `audit` says why.

        Nothing is imported to find out.
        """
        from openml_client.extension.trust import untrusted

        description = self._to_audit(flow)
        return untrusted(description, extension_of(description).policy, trusted)

    def audit(self, flow: Any, *, trusted: Iterable[str] = ()) -> tuple[Asked, ...]:
        """All that rebuilding a flow would import, and parameters that may harm, each with why it
        is trusted or not.

        Nothing is imported to find out.
        """
        from openml_client.extension.trust import Trust

        description = self._to_audit(flow)
        trust = Trust.of_strangers(extension_of(description).policy, trusted)
        return trust.report(description)

    def _to_audit(self, flow: Any) -> Description:
        if isinstance(flow, FlowDraft):
            return description_of_draft(flow)
        return self.describe(flow, is_complete=False, notes=[])

    def describe(
        self,
        flow: Any,
        settings: Settings | None = None,
        *,
        long_values: bytes | None = None,
        is_complete: bool = True,
        notes: Notes | None = None,
    ) -> Description:
        """The description of a stored flow's model, with the values of a run or setup.

        Parameters
        ----------
        settings, long_values
            The values; without them the constructors' defaults hold.
        is_complete
            Refuse parameters that have neither value nor default; else they are None, which is
            good for an audit and for nothing else.
        notes
            Takes what a flow of another program lacked; it is logged without.

        Raises
        ------
        FlowError
            If no installed extension reads the flow, or its source is damaged.
        """
        from openml_client.extension.flows import description_from_flow

        flow = flow if isinstance(flow, Flow) else self.get(flow)
        if not is_own(flow):
            return translated(flow, settings or {}, is_complete=is_complete, notes=notes)
        return description_from_flow(
            self.source(flow), settings, long_values, is_complete=is_complete
        )

    def _file(self, flow: Flow, kind: str, url: str | None, md5: str | None) -> bytes:
        if url is None:
            raise NotFoundError(f"flow {flow.id} ({flow.name}) has no {kind} file")
        return self._caller.cache.get_or_fetch(
            f"flow/{kind}/{flow.id}-{md5 or 'unverified'}",
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
        settings.update(texts_of(parameters, settings, draft.extension))
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
    collected: list[Note] = [] if notes is None else notes
    model = extension_of(description).build(
        description, trust=trust, compat=compat, notes=collected
    )
    if notes is None:
        log_notes(collected)
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


def texts_of(
    parameters: Mapping[str, Any], known: Iterable[Address], extension: str | None
) -> dict[Address, str]:
    """Texts of values that a caller gives, by the addresses of their parameters.

    Those of a flow that no extension wrote are taken as they are, and as JSON if they are no
    texts.

    Raises
    ------
    FlowError
        If there is no such parameter.
    NotSerializableError
        If a value has no description.
    """
    from openml_client.extension.discovery import get_extension
    from openml_client.extension.identity import canonical

    addresses = {"__".join((*path, name)): (path, name) for path, name in known}
    for given in parameters:
        if given not in addresses:
            raise FlowError(
                f"the flow has no parameter {given!r}",
                hint=f"It has {', '.join(sorted(addresses))}.",
            )
    if extension is None:
        return {
            addresses[given]: value if isinstance(value, str) else json.dumps(value)
            for given, value in parameters.items()
        }
    codec = get_extension(extension).codec
    return {
        addresses[given]: canonical(codec.encode(value, given))
        for given, value in parameters.items()
    }
