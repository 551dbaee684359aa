"""The rows that evaluation engines call.  Source: protocol note, section 10."""

from __future__ import annotations

from dataclasses import replace

from openml_client.wire import engine, vocabulary
from openml_client.wire.filters import Filter, Kind, ListCodes
from openml_client.wire.route import Auth, Route

UNPROCESSED_LIST = Route(
    "data.unprocessed",
    "GET",
    "data/unprocessed/{engine_id}/{order}",
    engine.UNPROCESSED,
    auth=Auth.ADMIN,
    codes={"none": 681},
)
UNMEASURED_LIST = Route(
    "data.unmeasured",
    "POST",
    "data/qualities/unprocessed/{engine_id}/{order}",
    engine.UNPROCESSED,
    form=("qualities",),
    auth=Auth.ADMIN,
    codes={"too_few": 686, "none": 687, "unknown": 688},
)
UNMEASURED_LIST_ASKED = replace(UNMEASURED_LIST, name="data.unmeasured_asked", method="GET")
"""The same, with the form in the query."""
FEATURES_UPLOAD = Route(
    "data.features_upload",
    "POST",
    "data/features",
    vocabulary.given_id("data_features_upload", "did"),
    request=engine.FEATURES_UPLOAD,
    schema="openml.data.features",
    auth=Auth.ADMIN,
    codes={
        "processed": 441,
        "no_description": 442,
        "invalid": 443,
        "unknown": 444,
        "insertion": 445,
        "ids": 446,
        "without_values": 448,
        "with_values": 449,
        "repeated": 450,
    },
)
QUALITIES_UPLOAD = Route(
    "data.qualities_upload",
    "POST",
    "data/qualities",
    vocabulary.given_id("data_qualities_upload", "did"),
    request=engine.QUALITIES_UPLOAD,
    schema="openml.data.qualities",
    auth=Auth.ADMIN,
    codes={
        "ids": 381,
        "no_description": 382,
        "invalid": 383,
        "unprocessed": 384,
        "none": 385,
        "unknown": 387,
    },
)
RUN_EVALUATE = Route(
    "run.evaluate",
    "POST",
    "run/evaluate",
    vocabulary.given_id("run_evaluate", "run_id"),
    request=engine.RUN_EVALUATION_UPLOAD,
    schema="openml.run.evaluate",
    auth=Auth.ADMIN,
    codes={
        "no_description": 422,
        "invalid": 423,
        "unknown": 425,
        "evaluated": 426,
        "measure": 428,
        "fold": 434,
    },
)
RUN_TRACE_UPLOAD = Route(
    "run.trace_upload",
    "POST",
    "run/trace",
    vocabulary.given_id("run_trace", "run_id"),
    request=engine.TRACE_UPLOAD,
    request_part="trace",
    schema="openml.run.trace",
    auth=Auth.ADMIN,
    codes={"no_description": 561, "invalid": 562, "unknown": 571, "insertion": 564},
)
UNEVALUATED_LIST = Route(
    "evaluation.request",
    "GET",
    "evaluation/request/{engine_id}/{order}/{number}",
    engine.UNEVALUATED,
    auth=Auth.ADMIN,
    filters=(
        Filter("ttid", Kind.INTS, "task_types"),
        Filter("task", Kind.INTS, "tasks"),
        Filter("tag", Kind.TEXT),
        Filter("uploader", Kind.INTS),
        Filter("setup", Kind.INTS, "setups"),
    ),
    list_codes=ListCodes(1011, 1012, 1013, 1012, no_value=1014, one_by_one=True),
)
