"""Documents of datasets.  Source: protocol note, section 2; XSD ``openml.data.upload``."""

from __future__ import annotations

from openml_client.model.dataset import (
    Dataset,
    DatasetDraft,
    DatasetEdit,
    DatasetSummary,
    DescriptionVersion,
    Feature,
    Quality,
)
from openml_client.wire.codec import Field, InJson, Pairs, Passed, Record, Rows
from openml_client.wire.scalars import (
    ADDRESS,
    BOOL,
    DATE_TIME,
    DOUBLE,
    INT,
    INT32,
    TAG,
    TEXT,
    TIMESTAMP,
    casual,
    limited,
    one_of,
    system,
)

DATASET = Record(
    Dataset,
    "data_set_description",
    (
        Field("id", "id", INT, required=True),
        Field("name", "name", TEXT, required=True),
        Field("version", "version", INT, required=True),
        Field("description", "description", TEXT),
        Field("description_version", "description_version", INT),
        Field("format", "format", TEXT),
        Field("creators", "creator", TEXT, many=True),
        Field("contributors", "contributor", TEXT, many=True),
        Field("collection_date", "collection_date", TEXT),
        Field("uploaded_at", "upload_date", DATE_TIME),
        Field("language", "language", TEXT),
        Field("licence", "licence", TEXT),
        Field("url", "url", TEXT),
        Field("parquet_url", "parquet_url", TEXT),
        Field("file_id", "file_id", INT),
        Field("default_target_attribute", "default_target_attribute", TEXT),
        Field("row_id_attribute", "row_id_attribute", TEXT),
        Field("ignore_attributes", "ignore_attribute", TEXT, many=True),
        Field("version_label", "version_label", TEXT),
        Field("citation", "citation", TEXT),
        Field("tags", "tag", TEXT, many=True),
        Field("visibility", "visibility", TEXT),
        Field("original_data_url", "original_data_url", TEXT),
        Field("paper_url", "paper_url", TEXT),
        Field("minio_url", "minio_url", TEXT),
        Field("status", "status", TEXT),
        Field("processed_at", "processing_date", TIMESTAMP),
        Field("error", "error", TEXT),
        Field("warning", "warning", TEXT),
        Field("md5_checksum", "md5_checksum", TEXT),
    ),
)

DATASET_DRAFT = Record(
    DatasetDraft,
    "data_set_description",
    (
        Passed("id", INT32),
        Field("name", "name", casual(128), required=True),
        Passed("version", system(64)),
        Field("description", "description", limited(16384), required=True),
        Passed("description_version", system(64)),
        Field("format", "format", casual(64), required=True),
        Field("creators", "creator", limited(128), many=True),
        Field("contributors", "contributor", limited(128), many=True),
        Field("collection_date", "collection_date", limited(128)),
        Passed("upload_date", DATE_TIME),
        Field("language", "language", casual(128)),
        Field("licence", "licence", limited(64)),
        Field("url", "url", ADDRESS),
        Passed("file_id", INT32),
        Field("default_target_attribute", "default_target_attribute", casual(1024)),
        Field("row_id_attribute", "row_id_attribute", casual(128)),
        Field("ignore_attributes", "ignore_attribute", casual(128), many=True),
        Field("version_label", "version_label", casual(128)),
        Field("citation", "citation", limited(1024)),
        Field("tags", "tag", TAG, many=True),
        Field("visibility", "visibility", one_of("circles", "public", "private")),
        Field("original_data_url", "original_data_url", ADDRESS),
        Field("paper_url", "paper_url", ADDRESS),
        Field("update_comment", "update_comment", limited(128)),
        Passed("status", system(64)),
        Passed("processing_date", limited(1024)),
        Passed("error", limited(1024)),
        Passed("warning", limited(1024)),
        Passed("md5_checksum", system(64)),
    ),
)

DATASET_EDIT = Record(
    DatasetEdit,
    "data_edit_parameters",
    (
        Field("description", "description", limited(16384)),
        Field("creators", "creator", limited(128), many=True),
        Field("contributors", "contributor", limited(128), many=True),
        Field("collection_date", "collection_date", limited(128)),
        Field("language", "language", casual(128)),
        Field("default_target_attribute", "default_target_attribute", casual(1024)),
        Field("row_id_attribute", "row_id_attribute", casual(128)),
        Field("ignore_attributes", "ignore_attribute", casual(128), many=True),
        Field("citation", "citation", limited(1024)),
        Field("original_data_url", "original_data_url", ADDRESS),
        Field("paper_url", "paper_url", ADDRESS),
    ),
)

DESCRIPTIONS = Rows(
    "description_history",
    "description_version",
    Record(
        DescriptionVersion,
        "description_version",
        (
            Field("version", "version", INT, required=True),
            Field("description", "description", TEXT),
        ),
    ),
)

DATASET_SUMMARY = Record(
    DatasetSummary,
    "dataset",
    (
        Field("id", "did", INT, required=True),
        Field("name", "name", TEXT, required=True),
        Field("version", "version", INT, required=True),
        Field("uploader_id", "uploader", INT, in_json=InJson.NEVER),
        Field("status", "status", TEXT),
        Field("format", "format", TEXT),
        Field("md5_checksum", "md5_checksum", TEXT, in_json=InJson.ALWAYS),
        Field("file_id", "file_id", INT),
        Field("qualities", "quality", Pairs(DOUBLE), in_json=InJson.ALWAYS),
    ),
)
DATASETS = Rows("data", "dataset", DATASET_SUMMARY, hand_made_json=True)

FEATURE = Record(
    Feature,
    "feature",
    (
        Field("index", "index", INT, required=True),
        Field("name", "name", TEXT, required=True, keep_empty=True, is_exact=True),
        Field("data_type", "data_type", TEXT, required=True),
        Field("ontologies", "ontology", TEXT, many=True),
        Field("nominal_values", "nominal_value", TEXT, many=True, keep_empty=True, is_exact=True),
        Field("is_target", "is_target", BOOL),
        Field("is_ignore", "is_ignore", BOOL),
        Field("is_row_identifier", "is_row_identifier", BOOL),
        Field("number_of_missing_values", "number_of_missing_values", INT),
    ),
)
FEATURES = Rows("data_features", "feature", FEATURE)

QUALITY = Record(
    Quality,
    "quality",
    (
        Field("name", "name", TEXT, required=True),
        Field("value", "value", DOUBLE, always=True),
    ),
)
QUALITIES = Rows("data_qualities", "quality", QUALITY)
