"""The rows of tasks, their types and procedures.  Source: protocol note, section 3."""

from __future__ import annotations

from openml_client.wire import task, vocabulary
from openml_client.wire.filters import Filter, Kind, ListCodes
from openml_client.wire.route import Auth, Route
from openml_client.wire.routes.rows import PAGE, SIZES, delete_row, tag_rows

TASK_GET = Route(
    "task.get", "GET", "task/{id}", task.TASK, auth=Auth.OPTIONAL, codes={"unknown": 151}
)
TASK_INPUTS_GET = Route(
    "task.inputs",
    "GET",
    "task/inputs/{id}",
    task.TASK_INPUTS,
    auth=Auth.OPTIONAL,
    codes={"unknown": 156},
)
TASK_LIST = Route(
    "task.list",
    "GET",
    "task/list",
    task.TASKS,
    auth=Auth.OPTIONAL,
    filters=(
        Filter("type", Kind.INT, is_text=True),
        Filter("tag", Kind.TEXT),
        Filter("data_tag", Kind.TEXT),
        Filter("status", Kind.TEXT),
        *PAGE,
        Filter("task_id", Kind.INTS, "ids"),
        Filter("data_id", Kind.INTS, "datasets"),
        Filter("data_name", Kind.TEXT, "dataset_name"),
        *SIZES,
    ),
    list_codes=ListCodes(480, 481, 482, 483),
)
TASK_UPLOAD = Route(
    "task.upload",
    "POST",
    "task",
    vocabulary.given_id("upload_task"),
    request=task.TASK_DRAFT,
    schema="openml.task.upload",
    auth=Auth.WRITE,
    codes={
        "no_description": 611,
        "invalid": 613,
        "duplicate": 614,
        "illegal_input": 616,
        "repeated_input": 617,
        "missing_input": 618,
        "hidden_input": 619,
        "wrong_type": 621,
        "wrong_value": 622,
        "inactive": 623,
    },
)
TASK_TYPE_LIST = Route("tasktype.list", "GET", "tasktype/list", vocabulary.TASK_TYPES)
TASK_TYPE_GET = Route(
    "tasktype.get",
    "GET",
    "tasktype/{id}",
    vocabulary.TASK_TYPE,
    codes={"no_id": 240, "unknown": 241},
)
PROCEDURE_LIST = Route(
    "estimationprocedure.list",
    "GET",
    "estimationprocedure/list",
    vocabulary.ESTIMATION_PROCEDURES,
)
PROCEDURE_GET = Route(
    "estimationprocedure.get",
    "GET",
    "estimationprocedure/{id}",
    vocabulary.ESTIMATION_PROCEDURE,
    codes={"no_id": 730, "unknown": 731},
)
TASK_DELETE = delete_row("task", unknown=452, owner=453, in_use=454)
TASK_TAG, TASK_UNTAG, TASK_TAG_LIST = tag_rows("task")
