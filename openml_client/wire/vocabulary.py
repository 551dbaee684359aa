"""Documents of task types, estimation procedures and measures, and the short answers.

Source: protocol note, sections 3.1, 3.2 and 10.
"""

from __future__ import annotations

from dataclasses import dataclass

from openml_client.model.task import EstimationProcedure, TaskType, TaskTypeInput
from openml_client.wire.codec import Field, Record, Rows
from openml_client.wire.scalars import BOOL, INT, TEXT, TIMESTAMP

TASK_TYPE = Record(
    TaskType,
    "task_type",
    (
        Field("id", "id", INT, required=True),
        Field("name", "name", TEXT, required=True),
        Field("description", "description", TEXT),
        Field("creators", "creator", TEXT, many=True),
        Field("contributors", "contributor", TEXT, many=True),
        Field("created_at", "creation_date", TIMESTAMP),
        Field(
            "inputs",
            "input",
            Record(
                TaskTypeInput,
                "input",
                (
                    Field("name", "name", TEXT, required=True, is_attribute=True),
                    Field("requirement", "requirement", TEXT),
                    Field("data_type", "data_type", TEXT),
                ),
            ),
            many=True,
        ),
    ),
)
TASK_TYPES = Rows("task_types", "task_type", TASK_TYPE)

_PROCEDURE_FIELDS = (
    Field("id", "id", INT, required=True),
    Field("task_type_id", "ttid", INT, required=True),
    Field("name", "name", TEXT, required=True),
    Field("type", "type", TEXT, required=True),
    Field("repeats", "repeats", INT),
    Field("folds", "folds", INT),
    Field("samples", "samples", INT),
    Field("percentage", "percentage", INT),
    Field("stratified_sampling", "stratified_sampling", BOOL),
    Field("custom_testset", "custom_testset", BOOL),
    Field("date", "date", TIMESTAMP),
)
ESTIMATION_PROCEDURE = Record(EstimationProcedure, "estimationprocedure", _PROCEDURE_FIELDS)
ESTIMATION_PROCEDURES = Rows("estimationprocedures", "estimationprocedure", ESTIMATION_PROCEDURE)


@dataclass(frozen=True, kw_only=True)
class MeasureNames:
    """The names of all evaluation measures."""

    names: tuple[str, ...] = ()


EVALUATION_MEASURES = Record(
    MeasureNames, "evaluation_measures", (Field("names", "measures/measure", TEXT, many=True),)
)


@dataclass(frozen=True, kw_only=True)
class ErrorAnswer:
    """What a server answers when it refuses."""

    code: int
    message: str = ""
    additional_information: str | None = None


ERROR = Record(
    ErrorAnswer,
    "error",
    (
        Field("code", "code", INT, required=True),
        Field("message", "message", TEXT),
        Field("additional_information", "additional_information", TEXT),
    ),
)


@dataclass(frozen=True, kw_only=True)
class UploadedId:
    """The id that a new thing was given."""

    id: int


def _uploaded(root: str, key: str = "id") -> Record:
    return Record(UploadedId, root, (Field("id", key, INT, required=True),))


UPLOADED_DATASET = _uploaded("upload_data_set")
UPLOADED_TASK = _uploaded("upload_task")
UPLOADED_FLOW = _uploaded("upload_flow")
UPLOADED_RUN = _uploaded("upload_run", "run_id")


@dataclass(frozen=True, kw_only=True)
class Existence:
    """Whether a thing exists, and its id."""

    exists: bool
    id: int
    """-1 where it does not exist."""


def _exists(root: str) -> Record:
    fields = (
        Field("exists", "exists", BOOL, required=True),
        Field("id", "id", INT, required=True),
    )
    return Record(Existence, root, fields)


FLOW_EXISTS = _exists("flow_exists")
SETUP_EXISTS = _exists("setup_exists")
