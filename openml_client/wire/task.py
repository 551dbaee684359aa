"""Documents of tasks.  Source: protocol note, section 3; XSD ``openml.task.upload``.

On the wire a task is a list of named inputs, each with an element of its own kind inside.  The
records below describe that shape; `_to_task` and `_from_task` turn it into the class of the
task's type and back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openml_client.errors import ProtocolError
from openml_client.model.task import (
    TASK_CLASSES,
    ActiveClassificationTask,
    ChallengeTask,
    ClassificationTask,
    MultitaskRegressionTask,
    OutputFeature,
    SubgroupTask,
    SurvivalTask,
    Task,
    TaskInputs,
    TaskProcedure,
    TaskSummary,
)
from openml_client.model.task_draft import TaskDraft
from openml_client.model.task_type import TaskTypeId
from openml_client.wire.codec import Adapted, Field, InJson, Pairs, Passed, Record, Rows
from openml_client.wire.scalars import DOUBLE, FLOAT, INT, MATRIX, NAME, TAG, TEXT


@dataclass(frozen=True, kw_only=True)
class _DataSet:
    ids: tuple[int, ...] = ()
    labeled_id: int | None = None
    target: str | None = None
    target_value: str | None = None
    target_left: str | None = None
    target_right: str | None = None
    target_event: str | None = None


@dataclass(frozen=True, kw_only=True)
class _Measures:
    names: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Input:
    name: str
    data_set: _DataSet | None = None
    procedure: TaskProcedure | None = None
    cost_matrix: tuple[tuple[float, ...], ...] | None = None
    measures: _Measures | None = None
    annotation_costs: str | None = None
    batch_size: int | None = None
    time_limit: float | None = None
    quality_measure: str | None = None


@dataclass(frozen=True, kw_only=True)
class _Output:
    name: str = "predictions"
    format: str | None = None
    features: tuple[OutputFeature, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _TaskDocument:
    id: int
    name: str | None = None
    type_id: int | None = None
    """Absent in documents of the first years."""
    type: str
    inputs: tuple[_Input, ...] = ()
    output: _Output | None = None
    tags: tuple[str, ...] = ()


_DATA_SET = Record(
    _DataSet,
    "data_set",
    (
        Field("ids", "data_set_id", INT, many=True),
        Field("labeled_id", "labeled_data_set_id", INT),
        Field("target", "target_feature", TEXT),
        Field("target_value", "target_value", TEXT),
        Field("target_left", "target_feature_left", TEXT, keep_empty=True),
        Field("target_right", "target_feature_right", TEXT, keep_empty=True),
        Field("target_event", "target_feature_event", TEXT),
    ),
)

_PROCEDURE = Record(
    TaskProcedure,
    "estimation_procedure",
    (
        Field("id", "id", INT),
        Field("type", "type", TEXT),
        Field("data_splits_url", "data_splits_url", TEXT),
        Field("parameters", "parameter", Pairs(TEXT, keep_empty=True)),
    ),
)

_INPUT = Record(
    _Input,
    "input",
    (
        Field("name", "name", TEXT, required=True, is_attribute=True),
        Field("data_set", "data_set", _DATA_SET),
        Field("procedure", "estimation_procedure", _PROCEDURE),
        # Of a task that takes one and was given none, the element is there and empty.
        Field("cost_matrix", "cost_matrix", MATRIX, keep_empty=True),
        Field(
            "measures",
            "evaluation_measures",
            Record(
                _Measures,
                "evaluation_measures",
                # openml-python reads the element without asking whether it is there.
                (Field("names", "evaluation_measure", TEXT, many=True, always=True),),
            ),
        ),
        Field("annotation_costs", "annotation_cost", TEXT, keep_empty=True),
        Field("batch_size", "batch_size", INT),
        Field("time_limit", "time_limit", FLOAT),
        Field("quality_measure", "quality_measure", TEXT),
    ),
)

_DOCUMENT = Record(
    _TaskDocument,
    "task",
    (
        Field("id", "task_id", INT, required=True),
        Field("name", "task_name", TEXT),
        Field("type_id", "task_type_id", INT),
        Field("type", "task_type", TEXT, required=True),
        Field("inputs", "input", _INPUT, many=True),
        Field(
            "output",
            "output",
            Record(
                _Output,
                "output",
                (
                    Field("name", "name", TEXT, is_attribute=True),
                    Field("format", "predictions/format", TEXT),
                    Field(
                        "features",
                        "predictions/feature",
                        Record(
                            OutputFeature,
                            "feature",
                            (
                                Field("name", "name", TEXT, required=True, is_attribute=True),
                                Field("type", "type", TEXT, required=True, is_attribute=True),
                            ),
                        ),
                        many=True,
                    ),
                ),
            ),
        ),
        Field("tags", "tag", TEXT, many=True),
    ),
)


_TYPES_OF_OLD_DOCUMENTS = {
    "Supervised Classification": 1,
    "Supervised Regression": 2,
    "Learning Curve": 3,
    "Supervised Data Stream Classification": 4,
}


def _to_task(document: _TaskDocument) -> Task:
    type_id = document.type_id or _TYPES_OF_OLD_DOCUMENTS.get(document.type, 0)
    cls = TASK_CLASSES.get(type_id)
    if cls is None:
        raise ProtocolError(
            f"task {document.id} has the type {document.type_id} ({document.type!r}), which this "
            "client does not know",
            hint="A newer version of openml-client may know it.",
        )
    inputs = {item.name: item for item in document.inputs}
    data_set = next((item.data_set for item in document.inputs if item.data_set), _DataSet())
    measures = inputs.get("evaluation_measures")
    procedure = inputs.get("estimation_procedure")
    output = document.output or _Output()
    try:
        return cls(
            id=document.id,
            name=document.name,
            type=document.type,
            dataset_id=data_set.ids[0] if data_set.ids else None,
            procedure=procedure.procedure if procedure else None,
            evaluation_measures=measures.measures.names if measures and measures.measures else (),
            output_format=output.format,
            output_features=output.features,
            tags=document.tags,
            **_own_fields(cls, data_set, inputs),
        )
    except TypeError as error:
        raise ProtocolError(
            f"task {document.id} ({document.type}) lacks an input that its type must have: "
            f"{error}; it has {sorted(inputs)}"
        ) from error


def _own_fields(
    cls: type[Task], data_set: _DataSet, inputs: Mapping[str, _Input]
) -> dict[str, Any]:
    """Pick the fields that only this class of task has; absent ones are left out."""
    empty = _Input(name="")
    candidates = {
        "target_name": data_set.target,
        "cost_matrix": inputs.get("cost_matrix", empty).cost_matrix,
        "labeled_dataset_id": data_set.labeled_id,
        "target_left": data_set.target_left,
        "target_right": data_set.target_right,
        "target_event": data_set.target_event,
        "target_value": data_set.target_value,
        "time_limit_s": inputs.get("time_limit", empty).time_limit,
        "quality_measure": inputs.get("quality_measure", empty).quality_measure,
        "dataset_ids": data_set.ids,
        "annotation_costs": inputs.get("annotation_costs", empty).annotation_costs,
        "batch_size": inputs.get("batch_size", empty).batch_size,
    }
    known = cls.__dataclass_fields__
    return {k: v for k, v in candidates.items() if k in known and v not in (None, "")}


def _from_task(task: Task) -> _TaskDocument:
    has_ids = isinstance(task, MultitaskRegressionTask)
    is_survival = isinstance(task, SurvivalTask)
    ids = task.dataset_ids if isinstance(task, MultitaskRegressionTask) else (task.dataset_id,)
    data_set = _DataSet(
        ids=tuple(i for i in ids if i is not None),
        labeled_id=getattr(task, "labeled_dataset_id", None),
        target=task.target,
        target_value=getattr(task, "target_value", None),
        # What is optional stands in the document all the same, empty.
        target_left=getattr(task, "target_left", None) or ("" if is_survival else None),
        target_right=getattr(task, "target_right", None) or ("" if is_survival else None),
        target_event=getattr(task, "target_event", None),
    )
    inputs = [_Input(name="source_data_list" if has_ids else "source_data", data_set=data_set)]
    if task.procedure is not None:
        inputs.append(_Input(name="estimation_procedure", procedure=task.procedure))
    if isinstance(task, ClassificationTask | ChallengeTask | ActiveClassificationTask):
        inputs.append(_Input(name="cost_matrix", cost_matrix=task.cost_matrix or ()))
    if not isinstance(task, SubgroupTask | MultitaskRegressionTask):
        measures = _Measures(names=task.evaluation_measures)
        inputs.append(_Input(name="evaluation_measures", measures=measures))
    if isinstance(task, ActiveClassificationTask):
        costs = task.annotation_costs or ""
        inputs.append(_Input(name="annotation_costs", annotation_costs=costs))
        inputs.append(_Input(name="batch_size", batch_size=task.batch_size))
    if isinstance(task, SubgroupTask):
        inputs.append(_Input(name="time_limit", time_limit=task.time_limit_s))
        inputs.append(_Input(name="quality_measure", quality_measure=task.quality_measure))
    return _TaskDocument(
        id=task.id,
        name=task.name,
        type_id=int(task.type_id),
        type=task.type,
        inputs=tuple(inputs),
        output=_Output(format=task.output_format, features=task.output_features),
        tags=task.tags,
    )


TASK = Adapted(_DOCUMENT, _to_task, _from_task)

TASK_SUMMARY = Record(
    TaskSummary,
    "task",
    (
        Field("id", "task_id", INT, required=True),
        Field("type_id", "task_type_id", INT, required=True),
        Field("type", "task_type", TEXT, required=True),
        Field("dataset_id", "did", INT, required=True),
        Field("dataset_name", "name", TEXT, required=True),
        Field("status", "status", TEXT),
        Field("format", "format", TEXT),
        Field("inputs", "input", Pairs(TEXT)),
        Field("qualities", "quality", Pairs(DOUBLE)),
        Field("tags", "tag", TEXT, many=True, in_json=InJson.NEVER),
    ),
)
TASKS = Rows("tasks", "task", TASK_SUMMARY, hand_made_json=True)

TASK_DRAFT = Record(
    TaskDraft,
    "task_inputs",
    (
        Passed("task_id", INT),
        Field("type_id", "task_type_id", INT, required=True),
        Field("inputs", "input", Pairs(TEXT, name=NAME), required=True),
        Field("tags", "tag", TAG, many=True),
    ),
)

TASK_INPUTS = Record(
    TaskInputs,
    "task_inputs",
    (
        Field("task_id", "task_id", INT),
        Field("type_id", "task_type_id", INT, required=True),
        Field("inputs", "input", Pairs(TEXT)),
        Field("tags", "tag", TAG, many=True),
    ),
)


def task_from_inputs(
    task_id: int,
    inputs: TaskInputs,
    *,
    type_name: str,
    name: str,
    procedure: TaskProcedure | None,
    output_features: tuple[OutputFeature, ...] = (),
) -> Task:
    """Make the task that these raw inputs describe, as the registry answers it.

    Raises
    ------
    ProtocolError
        If an input that the type must have is missing.
    """
    raw = inputs.inputs
    listed = raw.get("source_data_list")
    ids = tuple(json.loads(listed)) if listed else tuple(_ints(raw.get("source_data")))
    data_set = _DataSet(
        ids=ids,
        labeled_id=next(_ints(raw.get("source_data_labeled")), None),
        target=raw.get("target_feature"),
        target_value=raw.get("target_value"),
        target_left=raw.get("target_feature_left"),
        target_right=raw.get("target_feature_right"),
        target_event=raw.get("target_feature_event"),
    )
    names = tuple(m for m in raw.get("evaluation_measures", "").split(",") if m)
    matrix = raw.get("cost_matrix")
    wire_inputs = [
        _Input(name="source_data", data_set=data_set),
        _Input(name="estimation_procedure", procedure=procedure),
        _Input(name="cost_matrix", cost_matrix=MATRIX.parse(matrix) if matrix else None),
        _Input(name="evaluation_measures", measures=_Measures(names=names)),
        _Input(name="annotation_costs", annotation_costs=raw.get("annotation_costs")),
        _Input(name="batch_size", batch_size=next(_ints(raw.get("batch_size")), None)),
        _Input(
            name="time_limit",
            time_limit=float(raw["time_limit"]) if "time_limit" in raw else None,
        ),
        _Input(name="quality_measure", quality_measure=raw.get("quality_measure")),
    ]
    return _to_task(
        _TaskDocument(
            id=task_id,
            name=name,
            type_id=inputs.type_id,
            type=type_name,
            inputs=tuple(wire_inputs),
            output=_Output(format="ARFF", features=output_features),
            tags=inputs.tags,
        )
    )


def _ints(text: str | None) -> Any:
    return iter([int(text)] if text else [])


def output_features(type_id: int) -> tuple[OutputFeature, ...]:
    """List the columns that the predictions of a type of task must have.

    Source: the transcripts ``task_get_*``.
    """
    if type_id == TaskTypeId.CLUSTERING:
        names = [("repeat", "numeric"), ("row_id", "numeric"), ("cluster", "numeric")]
    else:
        names = [("repeat", "integer"), ("fold", "integer")]
        if type_id == TaskTypeId.LEARNING_CURVE:
            names.append(("sample", "integer"))
        if type_id == TaskTypeId.ACTIVE_CLASSIFICATION:
            names.append(("cycle", "integer"))
        names.append(("row_id", "integer"))
        if type_id in {1, 3, 4, 6, 10, 11}:
            names.append(("confidence.classname", "numeric"))
        names.append(("prediction", "string"))
    return tuple(OutputFeature(name=name, type=kind) for name, kind in names)
