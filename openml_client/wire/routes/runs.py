"""The rows of runs.  Source: protocol note, section 5."""

from __future__ import annotations

from openml_client.wire import run, vocabulary
from openml_client.wire.filters import Filter, Kind, ListCodes
from openml_client.wire.route import Auth, Route
from openml_client.wire.routes.rows import RUN_FILTERS, delete_row, tag_rows

RUN_GET = Route("run.get", "GET", "run/{id}", run.RUN, codes={"no_id": 235, "unknown": 236})
RUN_LIST = Route(
    "run.list",
    "GET",
    "run/list",
    run.RUNS,
    filters=(
        *RUN_FILTERS,
        Filter("task_type", Kind.INT),
        Filter("study", Kind.INT),
        Filter("show_errors", Kind.FLAG, is_minor=True),
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
    vocabulary.given_id("upload_run", "run_id"),
    request=run.RUN_UPLOAD,
    schema="openml.run.upload",
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
)
RUN_TRACE = Route(
    "run.trace", "GET", "run/trace/{id}", run.TRACE, codes={"unknown": 571, "none": 572}
)
RUN_DELETE = delete_row("run", unknown=392, owner=393)
RUN_TAG, RUN_UNTAG, RUN_TAG_LIST = tag_rows("run")
RUN_RESET = Route(
    "run.reset",
    "POST",
    "run/reset/{id}",
    vocabulary.given_id("run_reset"),
    auth=Auth.WRITE,
    codes={"unknown": 412, "owner": 413},
)
