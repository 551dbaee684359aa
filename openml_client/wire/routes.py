"""The endpoints of the protocol, one row each.

The client's resources call by these rows, and the registry builds its addresses from them.
Source: protocol note, sections 2 to 8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any
from urllib.parse import quote

from openml_client.wire import dataset, evaluation, flow, run, setup, task, vocabulary
from openml_client.wire.codec import Document
from openml_client.wire.filters import Filter, Kind, ListCodes, encode_filters


class Auth(Enum):
    """What a route needs of the API key."""

    NONE = "no key"
    OPTIONAL = "a key, where the thing is private"
    WRITE = "the key of a user who may write"


@dataclass(frozen=True)
class Route:
    """One endpoint."""

    name: str
    method: str
    path: str
    """Below ``/api/v1/xml/``, with ``{placeholders}``."""
    response: Document
    request: Document | None = None
    """The XML document that is uploaded as the part ``request_part``."""
    files: tuple[str, ...] = ()
    """Further file parts; ``*`` stands for any name."""
    form: tuple[str, ...] = ()
    """Plain form fields."""
    auth: Auth = Auth.NONE
    filters: tuple[Filter, ...] = ()
    list_codes: ListCodes | None = None
    codes: Mapping[str, int] = field(default_factory=dict)
    """Error codes by what went wrong, in this project's words."""
    request_part: str = "description"
    schema: str | None = None
    """Name by which servers hand out the XML Schema of the request, below ``/api/v1/xsd/``."""

    def url_path(self, filters: Mapping[str, Any] | None = None, **places: object) -> str:
        """Path below the server's base address, with the places filled in.

        Raises
        ------
        ValidationError
            If a filter does not exist or takes no such value.
        """
        values = {name: quote(str(value), safe="(),.:_-~") for name, value in places.items()}
        path = self.path.format(**values)
        if self.filters:
            path += encode_filters(self.filters, filters or {}, route=self.name)
        return path


_PAGE = (Filter("limit", Kind.INT), Filter("offset", Kind.INT))
_SIZES = tuple(
    Filter(f"number_{what}", Kind.RANGE)
    for what in ("instances", "features", "classes", "missing_values")
)

# datasets
DATASET_GET = Route(
    "data.get",
    "GET",
    "data/{id}",
    dataset.DATASET,
    auth=Auth.OPTIONAL,
    codes={"no_id": 110, "unknown": 111, "private": 112},
)
DATASET_LIST = Route(
    "data.list",
    "GET",
    "data/list",
    dataset.DATASETS,
    auth=Auth.OPTIONAL,
    filters=(
        Filter("tag", Kind.TEXT),
        Filter("status", Kind.TEXT),
        *_PAGE,
        Filter("data_id", Kind.INTS, "ids"),
        Filter("data_name", Kind.TEXT, "name"),
        Filter("data_version", Kind.INT, "version"),
        Filter("uploader", Kind.INTS),
        *_SIZES,
    ),
    list_codes=ListCodes(370, 371, 372, 373),
)
DATASET_FEATURES = Route(
    "data.features",
    "GET",
    "data/features/{id}",
    dataset.FEATURES,
    auth=Auth.OPTIONAL,
    codes={"unknown": 271, "none": 272, "unprocessed": 273, "failed": 274, "private": 275},
)
DATASET_QUALITIES = Route(
    "data.qualities",
    "GET",
    "data/qualities/{id}",
    dataset.QUALITIES,
    auth=Auth.OPTIONAL,
    codes={"unknown": 361, "none": 362, "unprocessed": 363, "failed": 364, "private": 361},
)
DATASET_QUALITIES_OF_ENGINE = replace(
    DATASET_QUALITIES, name="data.qualities_of_engine", path="data/qualities/{id}/{engine_id}"
)
"""The same, by the number of the engine that measured them; there has only been one."""
DATASET_UPLOAD = Route(
    "data.upload",
    "POST",
    "data",
    vocabulary.UPLOADED_DATASET,
    request=dataset.DATASET_DRAFT,
    files=("dataset",),
    auth=Auth.WRITE,
    codes={
        "file": 130,
        "invalid": 131,
        "format": 133,
        "no_description": 135,
        "both": 140,
        "neither": 141,
        "arff": 145,
    },
    schema="openml.data.upload",
)

# tasks
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
        Filter("type", Kind.INT),
        Filter("tag", Kind.TEXT),
        Filter("data_tag", Kind.TEXT),
        Filter("status", Kind.TEXT),
        *_PAGE,
        Filter("task_id", Kind.INTS, "ids"),
        Filter("data_id", Kind.INTS, "datasets"),
        Filter("data_name", Kind.TEXT, "dataset_name"),
        *_SIZES,
    ),
    list_codes=ListCodes(480, 481, 482, 483),
)
TASK_UPLOAD = Route(
    "task.upload",
    "POST",
    "task",
    vocabulary.UPLOADED_TASK,
    request=task.TASK_DRAFT,
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
    schema="openml.task.upload",
)
TASK_TYPE_LIST = Route("tasktype.list", "GET", "tasktype/list", vocabulary.TASK_TYPES)
TASK_TYPE_GET = Route(
    "tasktype.get", "GET", "tasktype/{id}", vocabulary.TASK_TYPE, codes={"unknown": 241}
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
    codes={"unknown": 731},
)

# flows
FLOW_GET = Route("flow.get", "GET", "flow/{id}", flow.FLOW, codes={"no_id": 180, "unknown": 181})
FLOW_LIST = Route(
    "flow.list",
    "GET",
    "flow/list",
    flow.FLOWS,
    filters=(Filter("uploader", Kind.INT), Filter("tag", Kind.TEXT), *_PAGE),
    list_codes=ListCodes(501, 502, 500, 503),
)
FLOW_EXISTS = Route(
    "flow.exists",
    "POST",
    "flow/exists",
    vocabulary.FLOW_EXISTS,
    form=("name", "external_version"),
    auth=Auth.WRITE,
)
FLOW_EXISTS_PATH = Route(
    "flow.exists_path", "GET", "flow/exists/{name}/{external_version}", vocabulary.FLOW_EXISTS
)
FLOW_UPLOAD = Route(
    "flow.upload",
    "POST",
    "flow",
    vocabulary.UPLOADED_FLOW,
    request=flow.FLOW_DRAFT,
    files=("source", "binary"),
    auth=Auth.WRITE,
    codes={
        "no_description": 161,
        "invalid": 163,
        "illegal_file": 167,
        "md5": 168,
        "exists": 171,
    },
    schema="openml.implementation.upload",
)

# runs
RUN_GET = Route("run.get", "GET", "run/{id}", run.RUN, codes={"no_id": 235, "unknown": 236})
_RUN_FILTERS = (
    Filter("task", Kind.INTS, "tasks"),
    Filter("setup", Kind.INTS, "setups"),
    Filter("flow", Kind.INTS, "flows"),
    Filter("uploader", Kind.INTS),
    Filter("run", Kind.INTS, "runs"),
    Filter("tag", Kind.TEXT),
    *_PAGE,
)
RUN_LIST = Route(
    "run.list",
    "GET",
    "run/list",
    run.RUNS,
    filters=(
        *_RUN_FILTERS,
        Filter("task_type", Kind.INT),
        Filter("study", Kind.INT),
        Filter("show_errors", Kind.FLAG),
    ),
    list_codes=ListCodes(
        514,
        511,
        512,
        515,
        no_filter=510,
        limit_too_high=516,
        max_limit=10_000,
        too_many=513,
    ),
    codes={"study": 517},
)
RUN_UPLOAD = Route(
    "run.upload",
    "POST",
    "run",
    vocabulary.UPLOADED_RUN,
    request=run.RUN_UPLOAD,
    files=("predictions", "trace", "*"),
    auth=Auth.WRITE,
    codes={
        "no_description": 201,
        "invalid": 202,
        "task": 204,
        "flow": 205,
        "file_name": 206,
        "file": 207,
        "unprocessed": 208,
        "file_content": 209,
        "parameter": 213,
        "fold": 216,
        "measure": 217,
        "no_source": 219,
        "no_procedure": 220,
        "source": 221,
    },
    schema="openml.run.upload",
)
RUN_TRACE = Route(
    "run.trace", "GET", "run/trace/{id}", run.TRACE, codes={"unknown": 571, "none": 572}
)

# setups
SETUP_GET = Route(
    "setup.get", "GET", "setup/{id}", setup.SETUP, codes={"no_id": 280, "unknown": 281}
)
SETUP_LIST = Route(
    "setup.list",
    "GET",
    "setup/list",
    setup.SETUPS,
    filters=(
        Filter("flow", Kind.INTS, "flows"),
        Filter("setup", Kind.INTS, "setups"),
        *_PAGE,
        Filter("tag", Kind.TEXT),
    ),
    list_codes=ListCodes(
        671,
        672,
        674,
        675,
        no_filter=670,
        limit_too_high=676,
        max_limit=1_000,
        too_many=673,
    ),
)
SETUP_EXISTS = Route(
    "setup.exists",
    "POST",
    "setup/exists",
    vocabulary.SETUP_EXISTS,
    request=run.RUN_UPLOAD,
    auth=Auth.WRITE,
    codes={"no_description": 581, "invalid": 582, "flow": 584, "parameter": 586},
)

# evaluations
_EVALUATION_FILTERS = (
    *_RUN_FILTERS,
    Filter("function", Kind.TEXT, "measure"),
    Filter("per_fold", Kind.FLAG),
    Filter("sort_order", Kind.ORDER),
    Filter("study", Kind.INT),
)
_EVALUATION_CODES = ListCodes(
    544,
    541,
    542,
    545,
    no_filter=540,
    limit_too_high=546,
    max_limit=10_000,
    bad_flag=547,
    bad_order=549,
    too_many=543,
)
EVALUATION_LIST = Route(
    "evaluation.list",
    "GET",
    "evaluation/list",
    evaluation.EVALUATIONS,
    filters=_EVALUATION_FILTERS,
    list_codes=_EVALUATION_CODES,
    codes={"study": 555},
)
EVALUATION_SETUP_LIST = Route(
    "evaluation.setup_list",
    "GET",
    "evaluation/setup/list",
    evaluation.EVALUATIONS,
    filters=_EVALUATION_FILTERS,
    list_codes=_EVALUATION_CODES,
    codes={"study": 555},
)
MEASURE_LIST = Route(
    "evaluationmeasure.list",
    "GET",
    "evaluationmeasure/list",
    vocabulary.EVALUATION_MEASURES,
)

ROUTES: tuple[Route, ...] = tuple(
    value for value in list(globals().values()) if isinstance(value, Route)
)
"""All rows, in the order of this file."""
