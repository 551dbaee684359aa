"""Tasks of other registries, with the splits that they have there."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlalchemy import Connection, insert, select

from openml_client.errors import ProtocolError, RegistryError
from openml_client.model.task import Task, TaskInputs, TaskProcedure
from openml_client.model.task_type import EstimationProcedure
from openml_client.registry.importing.base import conflict, require
from openml_client.registry.store import tasks as store
from openml_client.registry.store.clock import now
from openml_client.registry.store.rows import add_tags, stable_hash
from openml_client.registry.store.schema import datasets, task_inputs, task_tags, tasks
from openml_client.registry.store.users import OWNER_ID
from openml_client.registry.vocabulary import procedures, task_types

_IDENTITY = ("source_data", "target_feature", "estimation_procedure")
"""Inputs that make a task what it is, and that servers of all years tell."""


def is_here(connection: Connection, inputs: TaskInputs) -> bool:
    """Whether the task is in this registry.

    Raises
    ------
    RegistryError
        If its id is another task's.
    """
    stored = store.find(connection, _id_of(inputs))
    if stored is None:
        return False
    here, source = _named(stored.inputs), _named(inputs)
    if here != source:
        raise conflict(f"task {inputs.task_id}", here=here, source=source)
    return True


def _id_of(inputs: TaskInputs) -> int:
    if inputs.task_id is None:
        raise ValueError("inputs of a stored task have its id")
    return inputs.task_id


def _named(inputs: TaskInputs) -> str:
    of_type = task_types()[inputs.type_id].name
    return f"{of_type} of {[inputs.inputs.get(name) for name in _IDENTITY]}"


def add(connection: Connection, inputs: TaskInputs, *, splits_sha256: str | None) -> None:
    """Store a task; ask `is_here` before, within the same write.

    No server tells who uploaded a task, or when: it is the owner's, and of this moment.

    Raises
    ------
    RegistryError
        If a dataset of the task is not here.
    """
    task_id = _id_of(inputs)
    for dataset_id in datasets_of(inputs):
        require(connection, datasets, dataset_id, why=f"task {task_id} is on dataset")
    source = inputs.inputs.get("source_data")
    connection.execute(
        insert(tasks).values(
            id=task_id,
            type_id=inputs.type_id,
            dataset_id=int(source) if source else None,
            inputs_hash=_free_hash(connection, inputs),
            splits_sha256=splits_sha256,
            uploader_id=OWNER_ID,
            uploaded_at=now(),
        )
    )
    rows = [{"task_id": task_id, "name": n, "value": v} for n, v in inputs.inputs.items()]
    if rows:
        connection.execute(insert(task_inputs), rows)
    add_tags(connection, task_tags, task_id, inputs.tags, uploader_id=OWNER_ID)


def _free_hash(connection: Connection, inputs: TaskInputs) -> str:
    """Hash of the inputs; of a task that is another's twin, one by which nobody looks."""
    wanted = store.hash_of(inputs.type_id, inputs.inputs)
    if connection.scalar(select(tasks.c.id).where(tasks.c.inputs_hash == wanted)) is None:
        return wanted
    return stable_hash([wanted, inputs.task_id])


def datasets_of(inputs: TaskInputs) -> tuple[int, ...]:
    """Ids of all datasets that a task names.

    Raises
    ------
    ProtocolError
        If it names them by anything else.
    """
    raw = inputs.inputs
    texts = [raw[name] for name in ("source_data", "source_data_labeled") if raw.get(name)]
    listed = raw.get("source_data_list") or "[]"
    try:
        return tuple(int(id_) for id_ in (*texts, *json.loads(listed)))
    except (ValueError, TypeError) as error:
        raise ProtocolError(
            f"task {inputs.task_id} is on datasets without ids: {[*texts, listed]}"
        ) from error


def inputs_of(task: Task) -> TaskInputs:
    """The inputs by which a task may have been published, from the task as it is shown.

    For servers that don't show the inputs themselves.
    """
    costs = getattr(task, "cost_matrix", None)
    ids = getattr(task, "dataset_ids", ())
    procedure = None if task.procedure is None else _procedure_id(task, task.procedure)
    values = {
        "source_data": None if ids else task.dataset_id,
        "source_data_list": json.dumps(ids) if ids else None,
        "source_data_labeled": getattr(task, "labeled_dataset_id", None),
        "target_feature": task.target,
        "target_feature_left": getattr(task, "target_left", None),
        "target_feature_right": getattr(task, "target_right", None),
        "target_feature_event": getattr(task, "target_event", None),
        "target_value": getattr(task, "target_value", None),
        "estimation_procedure": procedure,
        "evaluation_measures": ",".join(task.evaluation_measures) or None,
        "cost_matrix": json.dumps(costs) if costs else None,
        "annotation_costs": getattr(task, "annotation_costs", None),
        "batch_size": getattr(task, "batch_size", None),
        "time_limit": getattr(task, "time_limit_s", None),
        "quality_measure": getattr(task, "quality_measure", None),
    }
    return TaskInputs(
        task_id=task.id,
        type_id=int(task.type_id),
        inputs={name: str(value) for name, value in values.items() if value is not None},
        tags=task.tags,
    )


def _procedure_id(task: Task, procedure: TaskProcedure) -> int | None:
    """The procedure's id, which documents of the first years leave out."""
    if procedure.id is not None:
        return procedure.id
    of_type = (p for p in procedures().values() if p.task_type_id == task.type_id)
    same = [p.id for p in of_type if _agrees(procedure, p)]
    if len(same) != 1:
        raise RegistryError(
            f"task {task.id} does not tell which estimation procedure it has: {procedure.type} "
            f"with {dict(procedure.parameters)} may be any of {same}"
        )
    return same[0]


def check_known(task: Task) -> None:
    """Nothing, if this registry knows the task's estimation procedure, and as the source does.

    Raises
    ------
    RegistryError
        If it does not.
    """
    if task.procedure is None or task.procedure.id is None:
        return
    here = procedures().get(task.procedure.id)
    if here is None or not _agrees(task.procedure, here):
        raise RegistryError(
            f"task {task.id} has the estimation procedure {task.procedure.id} "
            f"({task.procedure.type} with {dict(task.procedure.parameters)}), which this registry "
            "does not know so"
        )


def _agrees(procedure: TaskProcedure, here: EstimationProcedure) -> bool:
    """Whether all that a task tells of its procedure is true of one of this registry."""
    known: Mapping[str, object] = {
        "number_repeats": here.repeats,
        "number_folds": here.folds,
        "percentage": here.percentage,
        "stratified_sampling": here.stratified_sampling,
    }
    told = {n: v for n, v in procedure.parameters.items() if n in known and v}
    return procedure.type == here.type and all(
        str(known[name]).lower() == value for name, value in told.items()
    )
