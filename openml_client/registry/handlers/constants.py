"""Task types, estimation procedures and evaluation measures."""

from __future__ import annotations

from collections.abc import Sequence

from openml_client.model.task_type import EstimationProcedure, TaskType
from openml_client.registry import vocabulary
from openml_client.registry.calls import Call
from openml_client.wire.routes import every as routes
from openml_client.wire.vocabulary import Names


def list_task_types(_: Call) -> Sequence[TaskType]:
    """All task types; only one at a time is told in full."""
    return list(vocabulary.task_types().values())


def get_task_type(call: Call) -> TaskType:
    """One task type with its inputs."""
    if call.id == 0:
        raise call.refusal("no_id")
    if call.id not in vocabulary.task_types():
        raise call.refusal("unknown")
    return vocabulary.task_types()[call.id]


def list_procedures(_: Call) -> Sequence[EstimationProcedure]:
    """All estimation procedures."""
    return list(vocabulary.procedures().values())


def get_procedure(call: Call) -> EstimationProcedure:
    """One estimation procedure."""
    if call.id == 0:
        raise call.refusal("no_id")
    if call.id not in vocabulary.procedures():
        raise call.refusal("unknown")
    return vocabulary.procedures()[call.id]


def list_measures(_: Call) -> Names:
    """The names of all evaluation measures."""
    return Names(names=tuple(vocabulary.measures()))


HANDLERS = {
    routes.TASK_TYPE_LIST.name: list_task_types,
    routes.TASK_TYPE_GET.name: get_task_type,
    routes.PROCEDURE_LIST.name: list_procedures,
    routes.PROCEDURE_GET.name: get_procedure,
    routes.MEASURE_LIST.name: list_measures,
}
