"""Setups: told, listed and looked up; runs make them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from openml_client.model.setup import Setup
from openml_client.registry.calls import Call, number_of
from openml_client.registry.handlers import lists, uploads
from openml_client.registry.store import flows, setups, tasks
from openml_client.wire.routes import every as routes
from openml_client.wire.run import RunUpload
from openml_client.wire.setup import SetupDifference
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
    with call.services.store.read() as connection:
        flow_id, settings = _asked(call, connection)
        setup_id = setups.find_same(connection, flow_id, settings)
    return Existence(exists=setup_id is not None, id=-1 if setup_id is None else setup_id)


def list_partial(call: Call) -> Sequence[Setup]:
    """The setups that have the values of this description of a run, and maybe others."""
    with call.services.store.read() as connection:
        flow_id, settings = _asked(call, connection)
        rows = setups.with_values(connection, flow_id, settings)
    if not rows:
        raise call.refusal("none")
    return rows


def _asked(call: Call, connection: Connection) -> tuple[int, Mapping[int, str]]:
    """The flow and the values that a description of a run asks for."""
    body = uploads.description(call, uploads.MISSING, uploads.EMPTY)
    upload: RunUpload = uploads.model(call, uploads.tree(call, body))
    if not flows.exists(connection, upload.flow_id):
        raise call.refusal("flow")
    return upload.flow_id, settings_of(call, connection, upload)


def list_differences(call: Call) -> Sequence[SetupDifference]:
    """In how many predictions two setups differ, task by task."""
    a, b, task_id = (number_of(call.places.get(name, "")) for name in ("a", "b", "task_id"))
    with call.services.store.read() as connection:
        rows = setups.differences(connection, a, b, task_id=task_id)
    if not rows:
        raise call.refusal("none")
    return rows


def upload_differences(call: Call) -> Sequence[SetupDifference]:
    """Keep in how many predictions two setups differ on a task."""
    a, b = number_of(call.places["a"]), number_of(call.places["b"])
    names = ("task_id", "task_size", "differences")
    task_id, task_size, differences = (call.form_id(name) for name in names)
    with call.services.store.write() as connection:
        if (
            task_id is None
            or task_size is None
            or differences is None
            or tasks.find(connection, task_id) is None
            or any(id_ is None or setups.find(connection, id_) is None for id_ in (a, b))
        ):
            raise call.refusal("none")
        found = SetupDifference(
            setup_a=a or 0,
            setup_b=b or 0,
            task_id=task_id,
            task_size=task_size,
            differences=differences,
        )
        setups.keep_difference(connection, found)
    return [found]


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
    routes.SETUP_PARTIAL.name: list_partial,
    routes.SETUP_DIFFERENCES.name: list_differences,
    routes.SETUP_DIFFERENCES_ON_TASK.name: list_differences,
    routes.SETUP_DIFFERENCES_UPLOAD.name: upload_differences,
}
