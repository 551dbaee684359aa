"""The rows of setups.  Source: protocol note, section 6."""

from __future__ import annotations

from dataclasses import replace

from openml_client.wire import run, setup, vocabulary
from openml_client.wire.filters import Filter, Kind, ListCodes
from openml_client.wire.route import Auth, Route
from openml_client.wire.routes.rows import PAGE, delete_row, tag_rows

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
        *PAGE,
        Filter("tag", Kind.TEXT),
    ),
    list_codes=ListCodes(
        671,
        672,
        674,
        675,
        no_filter=670,
        any_filter=True,
        unlimited_by_zero=True,
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
SETUP_PARTIAL = replace(
    SETUP_EXISTS,
    name="setup.partial",
    path="setup/partial",
    response=setup.SETUPS,
    codes={**SETUP_EXISTS.codes, "none": 587},
)
"""The setups that have at least the given values."""
SETUP_DELETE = delete_row("setup", unknown=402, in_use=404)
SETUP_TAG, SETUP_UNTAG, SETUP_TAG_LIST = tag_rows("setup")
SETUP_DIFFERENCES = Route(
    "setup.differences",
    "GET",
    "setup/differences/{a}/{b}",
    setup.SETUP_DIFFERENCES,
    codes={"none": 520},
)
SETUP_DIFFERENCES_ON_TASK = replace(
    SETUP_DIFFERENCES,
    name="setup.differences_on_task",
    path="setup/differences/{a}/{b}/{task_id}",
)
SETUP_DIFFERENCES_UPLOAD = replace(
    SETUP_DIFFERENCES,
    name="setup.differences_upload",
    method="POST",
    form=("task_id", "task_size", "differences"),
    auth=Auth.ADMIN,
    codes={**SETUP_DIFFERENCES.codes, "admin": 104},
)
