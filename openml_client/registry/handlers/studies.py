"""Studies and suites: told, listed, published and changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from openml_client.model.study import Study, StudyDraft, StudyLinks, StudySummary
from openml_client.registry.calls import Call, number_of
from openml_client.registry.handlers import lists, uploads
from openml_client.registry.store import studies
from openml_client.registry.store.studies import UnknownEntityError
from openml_client.wire.routes import every as routes
from openml_client.wire.vocabulary import STATUSES, GivenId, NewStatus

_PARTS = frozenset({"data", "tasks", "flows", "setups", "runs"})


def get(call: Call) -> Study:
    """A study by its id or alias, with all that belongs to it."""
    part = call.places.get("part")
    if part is not None and part not in _PARTS:
        raise call.refusal("part", f"Got: {part}")
    with call.services.store.read() as connection:
        study = studies.find(connection, _id_or_alias(call))
    if study is None:
        raise call.refusal("unknown")
    return study


def _id_or_alias(call: Call) -> int | str:
    text: str = call.places["id_or_alias"]
    number = number_of(text)
    return text if number is None else number


def list_all(call: Call) -> Sequence[StudySummary]:
    """The studies that match the filters, active ones unless told otherwise."""
    with call.services.store.read() as connection:
        rows = studies.summaries(connection, call.filters)
    return lists.some(call, rows)


def upload(call: Call) -> GivenId:
    """Publish a study or a suite, in preparation."""
    body = uploads.description(call)
    draft: StudyDraft = uploads.model(call, uploads.tree(call, body))
    if draft.task_ids and draft.main_entity_type != "task":
        raise call.refusal("entity")
    if draft.run_ids and draft.main_entity_type != "run":
        raise call.refusal("entity")
    with call.services.store.write() as connection:
        _check_suite(call, connection, draft)
        if draft.alias and studies.find_summary(connection, draft.alias) is not None:
            raise call.refusal("alias")
        try:
            study_id = studies.add(connection, draft, uploader_id=call.writer.id)
        except UnknownEntityError as error:
            raise call.refusal("insertion") from error
    return GivenId(id=study_id)


def _check_suite(call: Call, connection: Connection, draft: StudyDraft) -> None:
    """Refuse a study that names a suite which is none."""
    if draft.benchmark_suite_id is None:
        return
    if draft.main_entity_type != "run":
        raise call.refusal("suite_of_tasks")
    suite = studies.find_summary(connection, draft.benchmark_suite_id)
    if suite is None:
        raise call.refusal("suite")
    if suite.main_entity_type != "task":
        raise call.refusal("suite_entity")


def attach(call: Call) -> StudyLinks:
    """Add tasks to a suite, or runs to a study, whatever its status."""
    return _relinked(call, studies.attach)


def detach(call: Call) -> StudyLinks:
    """Take tasks out of a suite, or runs out of a study, whatever its status."""
    return _relinked(call, studies.detach)


def _relinked(
    call: Call, change: Callable[[Connection, int, str, Sequence[int]], None]
) -> StudyLinks:
    with call.services.store.write() as connection:
        study = studies.find_summary(connection, call.id)
        if study is None:
            raise call.refusal("unknown")
        text = call.form.get("ids", "")
        if not re.fullmatch(r"\d{1,18}(,\d{1,18})*", text, re.ASCII):
            raise call.refusal("ids")
        entity_type = study.main_entity_type or ""
        try:
            change(connection, call.id, entity_type, [int(part) for part in text.split(",")])
        except UnknownEntityError as error:
            raise call.refusal("entities") from error
        return StudyLinks(
            id=call.id,
            main_entity_type=entity_type,
            n_linked=studies.n_linked(connection, call.id, entity_type),
        )


def set_status(call: Call) -> NewStatus:
    """Make a study active, or no longer so."""
    status, study_id = call.form.get("status", ""), call.form_id("study_id")
    if status not in STATUSES:
        raise call.refusal("illegal")
    with call.services.store.write() as connection:
        study = None if study_id is None else studies.find_summary(connection, study_id)
        if study is None:
            raise call.refusal("unknown")
        if not call.owns(study.uploader_id or 0):
            raise call.refusal("owner")
        studies.set_status(connection, study.id, status)
    return NewStatus(id=study.id, status=status)


HANDLERS = {
    routes.STUDY_GET.name: get,
    routes.STUDY_GET_PART.name: get,
    routes.STUDY_LIST.name: list_all,
    routes.STUDY_UPLOAD.name: upload,
    routes.STUDY_ATTACH.name: attach,
    routes.STUDY_DETACH.name: detach,
    routes.STUDY_STATUS.name: set_status,
}
