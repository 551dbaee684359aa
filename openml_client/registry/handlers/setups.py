"""Setups: told, listed and looked up; runs make them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from openml_client.model.setup import Setup
from openml_client.registry.calls import Call
from openml_client.registry.handlers import lists, uploads
from openml_client.registry.store import flows, setups
from openml_client.wire import routes
from openml_client.wire.run import RunUpload
from openml_client.wire.vocabulary import Existence


def get(call: Call) -> Setup:
    """A setup with all its values."""
    if call.id == 0:
        raise call.refusal("no_id")
    with call.services.store.read() as connection:
        setup = setups.find(connection, call.id)
    if setup is None:
        raise call.refusal("unknown")
    return setup


def list_all(call: Call) -> Sequence[Setup]:
    """The setups that match the filters."""
    with call.services.store.read() as connection:
        rows = setups.listed(connection, lists.bounded(call))
    return lists.some(call, rows)


def exists(call: Call) -> Existence:
    """Whether there is a setup with exactly the values of this description of a run."""
    body = uploads.description(call, "File meta-info is missing. ")
    upload: RunUpload = uploads.model(call, uploads.tree(call, body))
    with call.services.store.read() as connection:
        if not flows.exists(connection, upload.flow_id):
            raise call.refusal("flow")
        settings = settings_of(call, connection, upload)
        setup_id = setups.find_same(connection, upload.flow_id, settings)
    return Existence(exists=setup_id is not None, id=-1 if setup_id is None else setup_id)


def settings_of(call: Call, connection: Connection, upload: RunUpload) -> Mapping[int, str]:
    """The values of a description of a run, by the ids of the parameters.

    Raises
    ------
    Refusal
        ``parameter`` if the flow has no such parameter, in itself or in a flow inside it, or
        one has two values.
    """
    ids = flows.parameter_ids(connection, upload.flow_id)
    settings: dict[int, str] = {}
    for item in upload.settings:
        flow_id = upload.flow_id if item.component_id is None else item.component_id
        parameter_id = ids.get((flow_id, item.name))
        if parameter_id is None:
            raise call.refusal("parameter", f"Name: {item.name}, flow id (component): {flow_id}")
        if settings.setdefault(parameter_id, item.value or "") != (item.value or ""):
            raise call.refusal("parameter", f"Name: {item.name} has two values")
    return settings


HANDLERS = {
    routes.SETUP_GET.name: get,
    routes.SETUP_LIST.name: list_all,
    routes.SETUP_EXISTS.name: exists,
}
