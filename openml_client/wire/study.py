"""Documents of studies and suites.

Source: protocol note, section 8; XSD ``openml.study.upload``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from openml_client.model.study import Study, StudyDraft, StudyLinks, StudySummary
from openml_client.wire.codec import Adapted, Field, Passed, Record, Rows
from openml_client.wire.scalars import DATE_TIME, INT, INT32, TEXT, TIMESTAMP, limited, system

_ENTITY_TYPE = limited(4, "(run|task)", "run and task")


@dataclass(frozen=True, kw_only=True)
class _Ids:
    ids: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Tag:
    name: str


@dataclass(frozen=True, kw_only=True)
class _StudyDocument:
    """A study as it is written: an element for each kind of thing it can hold, also if empty."""

    id: int
    alias: str | None = None
    main_entity_type: str | None = None
    benchmark_suite_id: int | None = None
    name: str
    description: str | None = None
    visibility: str | None = None
    status: str | None = None
    created_at: datetime | None = None
    uploader_id: int | None = None
    tags: tuple[_Tag, ...] = ()
    dataset_ids: _Ids | None = None
    task_ids: _Ids | None = None
    flow_ids: _Ids | None = None
    setup_ids: _Ids | None = None
    run_ids: _Ids | None = None


def _ids(name: str, wrapper: str, key: str) -> Field:
    return Field(name, wrapper, Record(_Ids, wrapper, (Field("ids", key, INT, many=True),)))


_DOCUMENT = Record(
    _StudyDocument,
    "study",
    (
        Field("id", "id", INT, required=True),
        Field("alias", "alias", TEXT),
        Field("main_entity_type", "main_entity_type", TEXT),
        Field("benchmark_suite_id", "benchmark_suite", INT),
        Field("name", "name", TEXT, required=True),
        Field("description", "description", TEXT),
        Field("visibility", "visibility", TEXT),
        Field("status", "status", TEXT),
        Field("created_at", "creation_date", DATE_TIME),
        Field("uploader_id", "creator", INT),
        Field(
            "tags",
            "tag",
            Record(_Tag, "tag", (Field("name", "name", TEXT, required=True),)),
            many=True,
        ),
        _ids("dataset_ids", "data", "data_id"),
        _ids("task_ids", "tasks", "task_id"),
        _ids("flow_ids", "flows", "flow_id"),
        _ids("setup_ids", "setups", "setup_id"),
        _ids("run_ids", "runs", "run_id"),
    ),
)

_OF_SUITES = ("dataset_ids", "task_ids")
_OF_STUDIES = (*_OF_SUITES, "flow_ids", "setup_ids", "run_ids")
_SAME = tuple(f.name for f in fields(Study) if f.name not in {*_OF_STUDIES, "tags"})
"""What the document holds as the model does."""


def _to_study(document: _StudyDocument) -> Study:
    held: dict[str, Any] = {
        name: found.ids for name in _OF_STUDIES if (found := getattr(document, name)) is not None
    }
    same = {name: getattr(document, name) for name in _SAME}
    return Study(**same, tags=tuple(tag.name for tag in document.tags), **held)


def _from_study(study: Study) -> _StudyDocument:
    names = _OF_SUITES if study.is_suite else _OF_STUDIES
    held: dict[str, Any] = {name: _Ids(ids=getattr(study, name)) for name in names}
    same = {name: getattr(study, name) for name in _SAME}
    return _StudyDocument(**same, tags=tuple(_Tag(name=tag) for tag in study.tags), **held)


STUDY = Adapted(_DOCUMENT, _to_study, _from_study)

STUDY_SUMMARY = Record(
    StudySummary,
    "study",
    (
        Field("id", "id", INT, required=True),
        Field("alias", "alias", TEXT),
        Field("main_entity_type", "main_entity_type", TEXT),
        Field("benchmark_suite_id", "benchmark_suite", INT),
        Field("name", "name", TEXT, required=True),
        Field("status", "status", TEXT),
        Field("created_at", "creation_date", TIMESTAMP),
        Field("uploader_id", "creator", INT),
    ),
)
STUDIES = Rows("study_list", "study", STUDY_SUMMARY)

STUDY_DRAFT = Record(
    StudyDraft,
    "study",
    (
        Passed("id", INT32),
        Field("alias", "alias", system(32)),
        Field("main_entity_type", "main_entity_type", _ENTITY_TYPE, required=True),
        Field("benchmark_suite_id", "benchmark_suite", INT32),
        Field("name", "name", limited(256), required=True),
        Field("description", "description", limited(4096)),
        Passed("creation_date", DATE_TIME),
        Passed("creator", INT32),
        Passed("data/data_id", INT32, many=True, required=True),
        Field("task_ids", "tasks/task_id", INT32, many=True, required=True),
        Passed("flows/flow_id", INT32, many=True, required=True),
        Passed("setups/setup_id", INT32, many=True, required=True),
        Field("run_ids", "runs/run_id", INT32, many=True, required=True),
    ),
)


def _links(root: str) -> Record:
    return Record(
        StudyLinks,
        root,
        (
            Field("id", "id", INT, required=True),
            Field("main_entity_type", "main_entity_type", TEXT, required=True),
            Field("n_linked", "linked_entities", INT, required=True),
        ),
    )


STUDY_ATTACHED = _links("study_attach")
STUDY_DETACHED = _links("study_detach")
