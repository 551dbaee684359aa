"""The rows of flows.  Source: protocol note, section 4."""

from __future__ import annotations

from dataclasses import replace

from openml_client.wire import flow, vocabulary
from openml_client.wire.filters import Filter, Kind, ListCodes
from openml_client.wire.route import Auth, Route
from openml_client.wire.routes.rows import PAGE, delete_row, tag_rows

FLOW_GET = Route("flow.get", "GET", "flow/{id}", flow.FLOW, codes={"no_id": 180, "unknown": 181})
FLOW_LIST = Route(
    "flow.list",
    "GET",
    "flow/list",
    flow.FLOWS,
    filters=(Filter("uploader", Kind.INT), Filter("tag", Kind.TEXT), *PAGE),
    list_codes=ListCodes(501, 502, 500, 503, unlimited_by_zero=True),
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
    vocabulary.given_id("upload_flow"),
    request=flow.FLOW_DRAFT,
    schema="openml.implementation.upload",
    files=("source", "binary"),
    auth=Auth.WRITE,
    codes={
        "no_description": 161,
        "invalid": 163,
        "illegal_file": 167,
        "md5": 168,
        "exists": 171,
    },
)
FLOW_DELETE = delete_row("flow", unknown=322, owner=323, in_use=324, is_part=328)
FLOW_DELETE_FORCED = replace(
    FLOW_DELETE,
    name="flow.delete_forced",
    path="flow/{id}/force",
    auth=Auth.ADMIN,
    codes={**FLOW_DELETE.codes, "admin": 550},
)
"""Deletes the runs and setups of the flow with it."""
FLOW_TAG, FLOW_UNTAG, FLOW_TAG_LIST = tag_rows("flow")
