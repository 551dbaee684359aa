"""Flows: told, listed, looked up and published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from openml_client.model.flow import Flow, FlowDraft, FlowSummary
from openml_client.registry.calls import Call
from openml_client.registry.handlers import lists, uploads
from openml_client.registry.store import files, flows
from openml_client.registry.store.files import NewFile
from openml_client.wire.routes import every as routes
from openml_client.wire.vocabulary import Existence, GivenId

_FILES = ("source", "binary")


def get(call: Call) -> Flow:
    """A flow with all flows inside it."""
    if call.id == 0:
        raise call.refusal("no_id")
    with call.services.store.read() as connection:
        flow = flows.find(connection, call.id, address=call.addresses.file)
    if flow is None:
        raise call.refusal("unknown")
    return flow


def list_all(call: Call) -> Sequence[FlowSummary]:
    """The flows that match the filters."""
    with call.services.store.read() as connection:
        rows = flows.summaries(connection, call.filters)
    return lists.some(call, rows)


def exists(call: Call) -> Existence:
    """Whether there is a flow of this name and external version, in the form or in the path."""
    given = call.places or call.form
    name, external_version = given.get("name"), given.get("external_version")
    flow_id = None
    if name and external_version:
        with call.services.store.read() as connection:
            flow_id = flows.find_id(connection, name, external_version)
    return Existence(exists=flow_id is not None, id=-1 if flow_id is None else flow_id)


def upload(call: Call) -> GivenId:
    """Publish a flow and those of its components that are not there yet."""
    draft: FlowDraft = uploads.model(call, uploads.tree(call, uploads.description(call)))
    if set(call.files) - {uploads.DESCRIPTION, *_FILES}:
        raise call.refusal("illegal_file")
    kept = {name: _checked(call, name, draft) for name in _FILES if name in call.files}
    if not draft.external_version and kept:
        # The server names a flow without a version by its source, or else by its binary.
        draft = replace(draft, external_version=next(iter(kept.values())).md5)
    with call.services.store.write() as connection:
        known = flows.find_id(connection, draft.name, draft.external_version or "")
        if known is not None:
            raise call.refusal("exists", f"implementation_id:{known}")
        user = call.writer
        ids = {n: files.add(connection, f, uploader_id=user.id) for n, f in kept.items()}
        flow_id = flows.add(
            connection,
            _with_formats(draft, kept),
            uploader_id=user.id,
            source_file_id=ids.get("source"),
            binary_file_id=ids.get("binary"),
        )
    return GivenId(id=flow_id)


def _checked(call: Call, name: str, draft: FlowDraft) -> NewFile:
    """Put a file into the blobs, if it is what its description says."""
    wanted = draft.source_md5 if name == "source" else draft.binary_md5
    file, info = uploads.keep(call, name)
    if wanted and wanted.lower() != info.md5:
        raise call.refusal("md5")
    return file


def _with_formats(draft: FlowDraft, kept: dict[str, NewFile]) -> FlowDraft:
    """Name the formats of the files by their extensions, unless the description does."""
    source_format, binary_format = (
        kept[name].name.rpartition(".")[2] if name in kept and "." in kept[name].name else None
        for name in _FILES
    )
    return replace(
        draft,
        source_format=draft.source_format or source_format,
        binary_format=draft.binary_format or binary_format,
    )


HANDLERS = {
    routes.FLOW_GET.name: get,
    routes.FLOW_LIST.name: list_all,
    routes.FLOW_EXISTS.name: exists,
    routes.FLOW_EXISTS_PATH.name: exists,
    routes.FLOW_UPLOAD.name: upload,
}
