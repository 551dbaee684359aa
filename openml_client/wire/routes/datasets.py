"""The rows of datasets.  Source: protocol note, section 2."""

from __future__ import annotations

from dataclasses import replace

from openml_client.wire import dataset, vocabulary
from openml_client.wire.filters import Filter, Kind, ListCodes
from openml_client.wire.route import Auth, Route
from openml_client.wire.routes.rows import PAGE, SIZES, delete_row, tag_rows

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
        *PAGE,
        Filter("data_id", Kind.INTS, "ids"),
        Filter("data_name", Kind.TEXT, "name"),
        Filter("data_version", Kind.INT, "version"),
        Filter("uploader", Kind.INTS),
        *SIZES,
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
    codes={
        "no_id": 360,
        "unknown": 361,
        "none": 362,
        "unprocessed": 363,
        "failed": 364,
        "private": 361,
    },
)
DATASET_QUALITIES_OF_ENGINE = replace(
    DATASET_QUALITIES, name="data.qualities_of_engine", path="data/qualities/{id}/{engine_id}"
)
"""The same, by the number of the engine that measured them; there has only been one."""
DATASET_UPLOAD = Route(
    "data.upload",
    "POST",
    "data",
    vocabulary.given_id("upload_data_set"),
    request=dataset.DATASET_DRAFT,
    schema="openml.data.upload",
    files=("dataset",),
    auth=Auth.WRITE,
    codes={
        "file": 130,
        "invalid": 131,
        "format": 133,
        "no_description": 135,
        "both": 140,
        "neither": 141,
        "unreachable": 136,
        "arff": 145,
    },
)
DATASET_EDIT = Route(
    "data.edit",
    "POST",
    "data/edit",
    vocabulary.given_id("data_edit"),
    request=dataset.DATASET_EDIT,
    request_part="edit_parameters",
    schema="openml.data.edit",
    form=("data_id",),
    auth=Auth.WRITE,
    codes={
        "invalid": 1060,
        "no_description": 1061,
        "no_id": 1062,
        "unknown": 1063,
        "empty": 1064,
        "owner": 1065,
        "in_use": 1066,
    },
)
DATASET_FORK = Route(
    "data.fork",
    "POST",
    "data/fork",
    vocabulary.given_id("data_fork"),
    form=("data_id",),
    auth=Auth.WRITE,
    codes={"no_id": 1070, "unknown": 1071},
)
DATASET_STATUS = Route(
    "data.status",
    "POST",
    "data/status/update",
    vocabulary.new_status("data_status_update"),
    form=("data_id", "status"),
    auth=Auth.WRITE,
    codes={"illegal": 691, "unknown": 692, "owner": 693, "transition": 694, "activation": 696},
)
DATASET_DELETE = delete_row("data", unknown=352, owner=353, in_use=354)
DATASET_TAG, DATASET_UNTAG, DATASET_TAG_LIST = tag_rows("data")
DATASET_DESCRIPTIONS = Route(
    "data.descriptions",
    "GET",
    "data/description/list/{id}",
    dataset.DESCRIPTIONS,
    auth=Auth.OPTIONAL,
    codes={"unknown": 1090},
)
_TOPIC_CODES = {"missing": 1080, "unknown": 1081, "admin": 1082}
TOPIC_ADD = Route(
    "data.topic_add",
    "POST",
    "data/topicadd",
    vocabulary.given_id("data_topic"),
    form=("data_id", "topic"),
    auth=Auth.ADMIN,
    codes={**_TOPIC_CODES, "twice": 1083},
)
TOPIC_DELETE = Route(
    "data.topic_delete",
    "POST",
    "data/topicdelete",
    vocabulary.given_id("data_topic"),
    form=("data_id", "topic"),
    auth=Auth.ADMIN,
    codes={**_TOPIC_CODES, "no_topic": 1085},
)
ONTOLOGY_ADD = Route(
    "data.ontology_add",
    "POST",
    "data/feature/ontology/add",
    vocabulary.ONTOLOGY_ADDED,
    form=("data_id", "index", "ontology"),
    auth=Auth.WRITE,
    codes={"missing": 1100, "twice": 1101, "no_feature": 1102, "too_long": 1105, "no_url": 1106},
)
ONTOLOGY_REMOVE = Route(
    "data.ontology_remove",
    "POST",
    "data/feature/ontology/remove",
    vocabulary.ONTOLOGY_REMOVED,
    form=("data_id", "index", "ontology"),
    auth=Auth.WRITE,
    codes={"missing": 1100, "unknown": 1103, "owner": 1104},
)
QUALITY_NAMES = Route(
    "data.quality_names",
    "GET",
    "data/qualities/list",
    vocabulary.QUALITY_NAMES,
    codes={"none": 641},
)
FEATURE_QUALITY_NAMES = Route(
    "data.feature_quality_names",
    "GET",
    "data/features/qualities/list",
    vocabulary.QUALITY_NAMES,
    codes={"none": 651},
)
FEATURE_QUALITIES = Route(
    "data.feature_qualities",
    "GET",
    "data/features/qualities/{id}",
    dataset.QUALITIES,
    auth=Auth.OPTIONAL,
    codes={"no_id": 631, "unknown": 632, "unprocessed": 634, "failed": 635, "private": 632},
)
"""No version of the server has answered it with anything else than a refusal."""
FEATURE_QUALITIES_OF_ENGINE = replace(
    FEATURE_QUALITIES,
    name="data.feature_qualities_of_engine",
    path="data/features/qualities/{id}/{engine_id}",
)
DATASET_RESET = Route(
    "data.reset",
    "POST",
    "data/reset/{id}",
    vocabulary.given_id("data_reset"),
    auth=Auth.WRITE,
    codes={"unknown": 1021, "owner": 1022},
)
