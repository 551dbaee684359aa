"""Deletes things that nothing else needs.  Source: the transcripts ``*_delete*``."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Select

from openml_client.registry.calls import Call
from openml_client.registry.handlers.owners import check_owner
from openml_client.registry.store import deleting, setups, studies, tasks
from openml_client.wire.routes import every as routes
from openml_client.wire.vocabulary import GivenId


def delete_dataset(call: Call) -> GivenId:
    """Delete a dataset that no task uses."""
    with call.services.store.write() as connection:
        check_owner(call, connection, "data")
        if tasks.use_dataset(connection, call.id):
            raise call.refusal("in_use")
        deleting.delete_dataset(connection, call.id)
    return GivenId(id=call.id)


def delete_task(call: Call) -> GivenId:
    """Delete a task that was never run."""
    with call.services.store.write() as connection:
        check_owner(call, connection, "task")
        if _found(connection, deleting.runs_of_task(call.id)):
            raise call.refusal("in_use")
        deleting.delete_task(connection, call.id)
    return GivenId(id=call.id)


def delete_flow(call: Call) -> GivenId:
    """Delete a flow that was never run and is part of no other."""
    with call.services.store.write() as connection:
        check_owner(call, connection, "flow")
        _check_parents(call, connection)
        run_ids = _found(connection, deleting.runs_of_flow(call.id))
        if run_ids:
            raise call.refusal("in_use", f"{_braced(run_ids)} ()")
        deleting.delete_flow(connection, call.id)
    return GivenId(id=call.id)


def delete_flow_with_runs(call: Call) -> GivenId:
    """Delete a flow with all its runs; administrators only."""
    with call.services.store.write() as connection:
        check_owner(call, connection, "flow")
        _check_parents(call, connection)
        deleting.delete_runs(connection, _found(connection, deleting.runs_of_flow(call.id)))
        deleting.delete_flow(connection, call.id)
    return GivenId(id=call.id)


def _check_parents(call: Call, connection: Connection) -> None:
    parent_ids = _found(connection, deleting.parents_of_flow(call.id))
    if parent_ids:
        raise call.refusal("is_part", _braced(parent_ids))


def delete_run(call: Call) -> GivenId:
    """Delete a run; its setup stays."""
    with call.services.store.write() as connection:
        check_owner(call, connection, "run")
        deleting.delete_runs(connection, [call.id])
    return GivenId(id=call.id)


def delete_setup(call: Call) -> GivenId:
    """Delete a setup that no run has; setups belong to nobody."""
    with call.services.store.write() as connection:
        if setups.find(connection, call.id) is None:
            raise call.refusal("unknown")
        if _found(connection, deleting.runs_of_setup(call.id)):
            raise call.refusal("in_use")
        deleting.delete_setups(connection, [call.id])
    return GivenId(id=call.id)


def delete_study(call: Call) -> GivenId:
    """Delete a study, or a suite that was never active."""
    with call.services.store.write() as connection:
        check_owner(call, connection, "study")
        if studies.was_active_suite(connection, call.id):
            raise call.refusal("active")
        deleting.delete_study(connection, call.id)
    return GivenId(id=call.id)


def _found(connection: Connection, statement: Select[tuple[int]]) -> Sequence[int]:
    return list(connection.scalars(statement))


def _braced(ids: Sequence[int]) -> str:
    return f"{{{', '.join(map(str, ids))}}}"


HANDLERS = {
    routes.DATASET_DELETE.name: delete_dataset,
    routes.TASK_DELETE.name: delete_task,
    routes.FLOW_DELETE.name: delete_flow,
    routes.FLOW_DELETE_FORCED.name: delete_flow_with_runs,
    routes.RUN_DELETE.name: delete_run,
    routes.SETUP_DELETE.name: delete_setup,
    routes.STUDY_DELETE.name: delete_study,
}
