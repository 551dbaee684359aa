"""Documents of flows.  Source: protocol note, section 4; XSD ``openml.implementation.upload``."""

from __future__ import annotations

from typing import Any

from openml_client.model.flow import (
    Flow,
    FlowComponent,
    FlowDraft,
    FlowDraftComponent,
    FlowParameter,
    FlowSummary,
)
from openml_client.wire.codec import Field, Passed, Record, Rows
from openml_client.wire.scalars import (
    ADDRESS,
    DATE_TIME,
    INT,
    INT32,
    TEXT,
    Scalar,
    casual,
    limited,
    system,
)


def _casual(max_length: int) -> Scalar:
    return casual(max_length, colon=True, equals=True)


PARAMETER = Record(
    FlowParameter,
    "parameter",
    (
        Field("name", "name", TEXT, required=True),
        Field("data_type", "data_type", TEXT, always=True),
        Field("default_value", "default_value", TEXT, keep_empty=True, always=True),
        Field("description", "description", TEXT, keep_empty=True, always=True),
        Field("recommended_range", "recommendedRange", TEXT),
    ),
)

_DRAFT_PARAMETER = Record(
    FlowParameter,
    "parameter",
    (
        Field("name", "name", _casual(1024), required=True),
        Field("data_type", "data_type", limited(128)),
        Field("default_value", "default_value", limited(2048, min_length=0), keep_empty=True),
        Field("description", "description", limited(1024), keep_empty=True),
        Field("recommended_range", "recommendedRange", limited(1024)),
    ),
)

_DRAFT_QUALITY = (
    Passed("name", system(128), required=True),
    Passed("value", system(128), required=True),
)


def _nested(component: type[Any], flow: Record, identifier: Scalar) -> Record:
    """Make the record of a component, whose flow has the record that is being built."""
    return Record(
        component,
        "component",
        (
            Field("identifier", "identifier", identifier, required=True),
            Field("flow", "flow", flow, required=True),
        ),
    )


def _recursive(record: Record, component: type[Any], identifier: Scalar) -> Record:
    """Complete a flow's record with the field that leads back to itself."""
    position = next(i for i, item in enumerate(record.content) if item.key == "parameter") + 1
    nested = _nested(component, record, identifier)
    components = Field("components", "component", nested, many=True)
    content = (*record.content[:position], components, *record.content[position:])
    # A frozen record can't name itself while it is made; this is the one knot in the table.
    object.__setattr__(record, "content", content)
    return record


FLOW = _recursive(
    Record(
        Flow,
        "flow",
        (
            Field("id", "id", INT, required=True),
            Field("uploader_id", "uploader", INT),
            Field("name", "name", TEXT, required=True),
            Field("custom_name", "custom_name", TEXT),
            Field("class_name", "class_name", TEXT),
            Field("version", "version", INT),
            Field("external_version", "external_version", TEXT),
            Field("description", "description", TEXT),
            Field("creators", "creator", TEXT, many=True),
            Field("contributors", "contributor", TEXT, many=True),
            Field("uploaded_at", "upload_date", DATE_TIME),
            Field("licence", "licence", TEXT),
            Field("language", "language", TEXT),
            Field("full_description", "full_description", TEXT),
            Field("installation_notes", "installation_notes", TEXT),
            Field("dependencies", "dependencies", TEXT),
            Field("implements", "implements", TEXT),
            Field("parameters", "parameter", PARAMETER, many=True),
            Field("tags", "tag", TEXT, many=True),
            Field("source_url", "source_url", TEXT),
            Field("binary_url", "binary_url", TEXT),
            Field("source_format", "source_format", TEXT),
            Field("binary_format", "binary_format", TEXT),
            Field("source_md5", "source_md5", TEXT),
            Field("binary_md5", "binary_md5", TEXT),
        ),
        before_root="\n",
    ),
    FlowComponent,
    TEXT,
)

FLOW_DRAFT = _recursive(
    Record(
        FlowDraft,
        "flow",
        (
            Passed("id", INT32),
            Passed("uploader", INT32),
            Field("name", "name", _casual(1024), required=True),
            Field("custom_name", "custom_name", limited(128)),
            Field("class_name", "class_name", _casual(128)),
            Passed("version", INT32),
            Field("external_version", "external_version", _casual(128)),
            Field("description", "description", limited(1024), required=True, keep_empty=True),
            Field("creators", "creator", _casual(128), many=True),
            Field("contributors", "contributor", _casual(128), many=True),
            Passed("upload_date", DATE_TIME),
            Field("licence", "licence", _casual(64)),
            Field("language", "language", _casual(128)),
            Field("full_description", "full_description", limited(1024)),
            Field("installation_notes", "installation_notes", limited(1024)),
            Field("dependencies", "dependencies", limited(1024)),
            Passed("implements", _casual(128)),
            Field("parameters", "parameter", _DRAFT_PARAMETER, many=True),
            Passed("quality", _DRAFT_QUALITY, many=True),
            Field("tags", "tag", system(128), many=True),
            Passed("source_url", ADDRESS),
            Passed("binary_url", ADDRESS),
            Field("source_format", "source_format", system(128)),
            Field("binary_format", "binary_format", system(128)),
            Field("source_md5", "source_md5", system(128)),
            Field("binary_md5", "binary_md5", system(128)),
        ),
    ),
    FlowDraftComponent,
    system(128),
)

FLOW_SUMMARY = Record(
    FlowSummary,
    "flow",
    (
        Field("id", "id", INT, required=True),
        Field("full_name", "full_name", TEXT, required=True),
        Field("name", "name", TEXT, required=True),
        Field("version", "version", INT, required=True),
        Field("external_version", "external_version", TEXT),
        Field("uploader_id", "uploader", INT),
    ),
)
FLOWS = Rows("flows", "flow", FLOW_SUMMARY, hand_made_json=True)
