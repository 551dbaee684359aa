"""Tasks: told, listed and published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from openml_client.model.task import Task, TaskInputs, TaskProcedure, TaskSummary
from openml_client.model.task_type import TaskTypeId
from openml_client.registry.calls import Addresses, Call
from openml_client.registry.handlers import lists, uploads
from openml_client.registry.publishing.task import check_inputs, read_inputs
from openml_client.registry.store import tasks
from openml_client.registry.store.tasks import StoredTask
from openml_client.registry.vocabulary import procedures, task_types
from openml_client.wire.routes import every as routes
from openml_client.wire.task import output_features, task_from_inputs
from openml_client.wire.vocabulary import GivenId

_ALL_PARAMETERS = ("number_repeats", "number_folds", "percentage", "stratified_sampling")

_PARAMETERS: Mapping[int, Sequence[str]] = {
    TaskTypeId.SUPERVISED_CLASSIFICATION: _ALL_PARAMETERS,
    TaskTypeId.SUPERVISED_REGRESSION: ("number_repeats", "number_folds", "percentage"),
    TaskTypeId.LEARNING_CURVE: ("number_repeats", "number_folds", "number_samples"),
    TaskTypeId.DATA_STREAM_CLASSIFICATION: (),
    TaskTypeId.CLUSTERING: ("number_repeats", "stratified_sampling"),
    TaskTypeId.MACHINE_LEARNING_CHALLENGE: _ALL_PARAMETERS,
    TaskTypeId.SURVIVAL_ANALYSIS: ("number_repeats", "number_folds"),
    TaskTypeId.MULTITASK_REGRESSION: ("number_repeats", "number_folds"),
    TaskTypeId.ACTIVE_CLASSIFICATION: _ALL_PARAMETERS,
    TaskTypeId.TEXT_TASKS: _ALL_PARAMETERS,
}
"""What a task tells of its procedure.  Source: the transcripts ``task_get_*``."""


def get(call: Call) -> Task:
    """The task, of the class of its type."""
    stored = _find(call)
    inputs = stored.inputs
    type_name = task_types()[inputs.type_id].name
    subject = f"{stored.dataset_name} " if stored.dataset_name else ""
    return task_from_inputs(
        call.id,
        inputs,
        type_name=type_name,
        name=f"Task {call.id}: {subject}({type_name})",
        procedure=_procedure(call.id, inputs, call.addresses),
        output_features=output_features(inputs.type_id),
    )


def _find(call: Call) -> StoredTask:
    with call.services.store.read() as connection:
        stored = tasks.find(connection, call.id)
    if stored is None:
        raise call.refusal("unknown")
    return stored


def _procedure(task_id: int, inputs: TaskInputs, addresses: Addresses) -> TaskProcedure | None:
    if "estimation_procedure" not in inputs.inputs:
        return None
    procedure = procedures()[int(inputs.inputs["estimation_procedure"])]
    stratified = procedure.stratified_sampling
    values = {
        "number_repeats": procedure.repeats,
        "number_folds": procedure.folds,
        "number_samples": procedure.samples,
        "percentage": procedure.percentage,
        "stratified_sampling": None if stratified is None else str(stratified).lower(),
    }
    return TaskProcedure(
        id=procedure.id,
        type=procedure.type,
        data_splits_url=addresses.splits(task_id),
        parameters={
            name: None if values[name] is None else str(values[name])
            for name in _PARAMETERS[inputs.type_id]
        },
    )


def get_inputs(call: Call) -> TaskInputs:
    """The inputs by which the task was published, without its tags."""
    return replace(_find(call).inputs, tags=())


def list_all(call: Call) -> Sequence[TaskSummary]:
    """The tasks that match the filters, those on active datasets unless told otherwise."""
    with call.services.store.read() as connection:
        rows = tasks.summaries(connection, call.filters, call.user)
    return lists.some(call, rows)


def upload(call: Call) -> GivenId:
    """Publish a task, unless the same is there already."""
    content = uploads.tree(call, uploads.description(call))
    draft = uploads.model(call, content)
    inputs = read_inputs(content)
    with call.services.store.write() as connection:
        dataset_id = check_inputs(call, connection, draft, inputs)
        same = tasks.find_same(connection, draft)
        if same is not None:
            raise call.refusal("duplicate", f"matched id(s): [{same}]")
        task_id = tasks.add(connection, draft, dataset_id=dataset_id, uploader_id=call.writer.id)
    return GivenId(id=task_id)


HANDLERS = {
    routes.TASK_GET.name: get,
    routes.TASK_INPUTS_GET.name: get_inputs,
    routes.TASK_LIST.name: list_all,
    routes.TASK_UPLOAD.name: upload,
}
