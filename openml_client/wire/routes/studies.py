"""The rows of studies and suites.  Source: protocol note, section 8."""

from __future__ import annotations

from openml_client.wire import study, vocabulary
from openml_client.wire.filters import Filter, Kind, ListCodes
from openml_client.wire.route import Auth, Route
from openml_client.wire.routes.rows import PAGE, delete_row

STUDY_GET = Route("study.get", "GET", "study/{id_or_alias}", study.STUDY, codes={"unknown": 601})
STUDY_GET_PART = Route(
    "study.get_part",
    "GET",
    "study/{id_or_alias}/{part}",
    study.STUDY,
    codes={"part": 600, "unknown": 601},
)
"""The same: the part has chosen nothing since studies are no longer made by tags."""
STUDY_LIST = Route(
    "study.list",
    "GET",
    "study/list",
    study.STUDIES,
    filters=(
        *PAGE,
        Filter("main_entity_type", Kind.TEXT),
        Filter("uploader", Kind.INTS),
        Filter("status", Kind.TEXT),
        Filter("benchmark_suite", Kind.INT),
    ),
    list_codes=ListCodes(596, 597, 599, 598, unlimited_by_zero=True),
)
STUDY_UPLOAD = Route(
    "study.upload",
    "POST",
    "study",
    vocabulary.given_id("study_upload"),
    request=study.STUDY_DRAFT,
    schema="openml.study.upload",
    auth=Auth.WRITE,
    codes={
        "no_description": 1031,
        "invalid": 1032,
        "entity": 1034,
        "suite_of_tasks": 1035,
        "suite": 1036,
        "suite_entity": 1037,
        "alias": 1038,
        "insertion": 1039,
    },
)
_LINK_CODES = {"unknown": 1041, "ids": 1044}
STUDY_ATTACH = Route(
    "study.attach",
    "POST",
    "study/{id}/attach",
    study.STUDY_ATTACHED,
    form=("ids",),
    auth=Auth.WRITE,
    codes={**_LINK_CODES, "entities": 1045},
)
STUDY_DETACH = Route(
    "study.detach",
    "POST",
    "study/{id}/detach",
    study.STUDY_DETACHED,
    form=("ids",),
    auth=Auth.WRITE,
    codes={**_LINK_CODES, "entities": 1046},
)
STUDY_STATUS = Route(
    "study.status",
    "POST",
    "study/status/update",
    vocabulary.new_status("study_status_update"),
    form=("study_id", "status"),
    auth=Auth.WRITE,
    codes={"illegal": 1051, "unknown": 1052, "owner": 1053},
)
STUDY_DELETE = delete_row("study", unknown=592, owner=594, active=595)
