"""What an evaluation engine asks and tells that comes from outside, as an administrator.

Source: protocol note, section 10; the transcripts of the real engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select

from openml_client.errors import ProtocolError
from openml_client.model.dataset import Dataset, Feature, ignored_names
from openml_client.model.trace import Trace
from openml_client.registry.calls import Call, number_of
from openml_client.registry.handlers import lists, uploads
from openml_client.registry.handlers.runs import check_places
from openml_client.registry.store import dataset_changes, datasets, runs, tasks
from openml_client.registry.store.runs import Evaluated
from openml_client.registry.vocabulary import measures, qualities
from openml_client.wire import xml
from openml_client.wire.engine import (
    FeaturesUpload,
    MeasuredFeature,
    QualitiesUpload,
    RunEvaluationUpload,
    UnevaluatedRun,
    UnprocessedDataset,
)
from openml_client.wire.routes import every as routes
from openml_client.wire.vocabulary import GivenId

_NO_IDS = "XML misses basic fields did or evaluation_engine_id"
_MAX_RUNS = 10_000
"""As many as lists of runs have."""


def list_unprocessed(call: Call) -> Sequence[UnprocessedDataset]:
    """The next dataset that no engine has looked at."""
    return _next(call, dataset_changes.unprocessed())


def list_unmeasured(call: Call) -> Sequence[UnprocessedDataset]:
    """The next dataset that lacks some of the qualities that are asked for."""
    names = call.form.get("qualities", "").split(",")
    if len(names) < 2:
        raise call.refusal("too_few")
    illegal = [name for name in names if name not in qualities()]
    if illegal:
        raise call.refusal("unknown", f"Illegal qualities: {','.join(illegal)}")
    return _next(call, dataset_changes.unmeasured(names))


def _next(call: Call, waiting: Select[Any]) -> Sequence[UnprocessedDataset]:
    order = dataset_changes.order_of(call.places["order"])
    with call.services.store.read() as connection:
        row = connection.execute(waiting.order_by(order).limit(1)).first()
    if row is None:
        raise call.refusal("none")
    return [UnprocessedDataset(**row._mapping)]


def upload_features(call: Call) -> GivenId:
    """Keep what an engine found in the columns of a dataset."""
    body = uploads.description(call)
    _check_ids(call, body)
    upload: FeaturesUpload = uploads.model(call, uploads.tree(call, body))
    if upload.dataset_id is None or upload.engine_id is None:
        raise call.refusal("invalid", _NO_IDS)
    dataset_id = _dataset_id(call, upload.dataset_id)
    with call.services.store.write() as connection:
        stored = datasets.find(connection, dataset_id)
        if stored is None:
            raise call.refusal("unknown")
        if stored.dataset.processed_at is not None and stored.dataset.error is None:
            raise call.refusal("processed")
        _check_features(call, upload.features, datasets.features_of(connection, dataset_id))
        found = [_feature(item, stored.dataset) for item in upload.features]
        datasets.add_features(connection, dataset_id, found)
        dataset_changes.mark_processed(connection, dataset_id, error=upload.error)
    return GivenId(id=dataset_id)


def _check_ids(call: Call, body: bytes) -> None:
    """Refuse ids that are no numbers, which the server looks at before the schema does."""
    try:
        _, tree = xml.parse(body, source=call.route.request_part)
    except ProtocolError:
        return  # the schema will say so
    if not isinstance(tree, dict):
        return  # and here as well
    ids = [tree.get(name) for name in ("did", "evaluation_engine_id")]
    if any(isinstance(text, str) and not text.strip().lstrip("-").isdecimal() for text in ids):
        raise call.refusal("ids")


def _dataset_id(call: Call, dataset_id: int | None) -> int:
    if dataset_id is None or dataset_id <= 0:
        raise call.refusal("ids")
    return dataset_id


def _check_features(call: Call, found: Sequence[MeasuredFeature], known: Sequence[Feature]) -> None:
    """Refuse columns in the order in which the server's database stores them."""
    seen = {feature.index for feature in known}
    for feature in found:
        if feature.index < 0:
            raise call.refusal("insertion")
        if feature.index in seen:
            raise call.refusal("repeated", f"feature: {feature.name}")
        seen.add(feature.index)
        _check_values(call, feature)


def _check_values(call: Call, feature: MeasuredFeature) -> None:
    information = f"feature: {feature.name}"
    seen: set[str] = set()
    for value in feature.nominal_values:
        if value in seen:
            raise call.refusal("repeated", f"{information}, value: {value}")
        seen.add(value)
    is_nominal = feature.data_type == "nominal"
    if not is_nominal and feature.nominal_values:
        raise call.refusal("with_values", information)
    if is_nominal and not feature.nominal_values:
        raise call.refusal("without_values", information)


def _feature(item: MeasuredFeature, dataset: Dataset) -> Feature:
    """A column as the registry keeps it; what it is for, the description of the dataset says."""
    return Feature(
        index=item.index,
        name=item.name,
        data_type=item.data_type,
        nominal_values=item.nominal_values,
        is_target=item.name in {*dataset.target_names, dataset.default_target_attribute},
        is_ignore=item.name in ignored_names(dataset.ignore_attributes),
        is_row_identifier=item.name == dataset.row_id_attribute,
        number_of_missing_values=item.n_missing or 0,
    )


def upload_qualities(call: Call) -> GivenId:
    """Keep what an engine measured of a dataset."""
    upload: QualitiesUpload = uploads.model(call, uploads.tree(call, uploads.description(call)))
    dataset_id = _dataset_id(call, upload.dataset_id)
    found = {quality.name: quality.value for quality in upload.qualities}
    with call.services.store.write() as connection:
        stored = datasets.find(connection, dataset_id)
        if stored is None or stored.dataset.processed_at is None:
            raise call.refusal("unprocessed")
        if not found:
            raise call.refusal("none")
        unknown = next((name for name in found if name not in qualities()), None)
        if unknown is not None:
            legal = f"Legal Data Qualities: {', '.join(sorted(qualities()))}"
            raise call.refusal("unknown", f"Data quality: {unknown}. {legal}")
        dataset_changes.keep_qualities(connection, dataset_id, found)
    return GivenId(id=dataset_id)


def list_unevaluated(call: Call) -> Sequence[UnevaluatedRun]:
    """The next runs that no engine has looked at."""
    limit = min(number_of(call.places["number"]) or 0, _MAX_RUNS)
    with call.services.store.read() as connection:
        rows = runs.unevaluated(connection, call.filters, order=call.places["order"], limit=limit)
    return lists.some(call, rows)


def evaluate_run(call: Call) -> GivenId:
    """Keep what an engine measured of a run, and what only its uploader did."""
    # Heavy with numpy, and only needed here.
    from openml_client.registry.publishing.again import claims_of
    from openml_client.registry.publishing.run import each_once

    body = uploads.description(call, uploads.MISSING, uploads.EMPTY)
    upload: RunEvaluationUpload = uploads.model(call, uploads.tree(call, body))
    run_id = upload.run_id
    with call.services.store.write() as connection:
        if not runs.exists(connection, run_id):
            raise call.refusal("unknown")
        if runs.is_evaluated(connection, run_id):
            raise call.refusal("evaluated")
        _check_places(call, connection, upload)
        if any(item.measure not in measures() for item in upload.evaluations):
            raise call.refusal("measure")
        claims = claims_of(call.services, runs.contents_of(connection, run_id).get("description"))
        evaluated = Evaluated(
            evaluations=each_once((*upload.evaluations, *claims)),
            error=upload.error or "",
            warning=upload.warning,
        )
        runs.keep_evaluated(connection, run_id, evaluated)
    return GivenId(id=run_id)


def _check_places(call: Call, connection: Connection, upload: RunEvaluationUpload) -> None:
    task = tasks.find(connection, runs.task_of(connection, upload.run_id) or 0)
    if task is None or task.dataset_id is None:
        return
    n_rows = datasets.n_rows_of(connection, task.dataset_id)
    if n_rows is not None:
        check_places(call, upload.evaluations, task.inputs, n_rows=n_rows)


def upload_trace(call: Call) -> GivenId:
    """Keep what the search of a run tried."""
    trace: Trace = uploads.model(call, uploads.tree(call, uploads.description(call)))
    if trace.run_id is None:
        raise call.refusal("invalid", "the trace names no run_id")
    with call.services.store.write() as connection:
        if not runs.exists(connection, trace.run_id):
            raise call.refusal("unknown")
        places = {(i.repeat, i.fold, i.iteration) for i in trace.iterations}
        if len(places) < len(trace.iterations):
            raise call.refusal("insertion")
        runs.keep_trace(connection, trace.run_id, trace.iterations)
    return GivenId(id=trace.run_id)


HANDLERS = {
    routes.UNPROCESSED_LIST.name: list_unprocessed,
    routes.UNMEASURED_LIST.name: list_unmeasured,
    routes.UNMEASURED_LIST_ASKED.name: list_unmeasured,
    routes.FEATURES_UPLOAD.name: upload_features,
    routes.QUALITIES_UPLOAD.name: upload_qualities,
    routes.UNEVALUATED_LIST.name: list_unevaluated,
    routes.RUN_EVALUATE.name: evaluate_run,
    routes.RUN_TRACE_UPLOAD.name: upload_trace,
}
