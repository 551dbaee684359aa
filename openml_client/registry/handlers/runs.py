"""Runs: told, listed and published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from xml.parsers import expat

from sqlalchemy import Connection

from openml_client.errors import ArffError
from openml_client.model.run import Run, RunEvaluation, RunFile, RunInput, RunSummary
from openml_client.model.task import TaskInputs
from openml_client.model.task_type import TaskTypeId
from openml_client.model.trace import Trace
from openml_client.registry.calls import Call
from openml_client.registry.handlers import lists, uploads
from openml_client.registry.handlers.owners import check_owner
from openml_client.registry.handlers.setups import settings_of
from openml_client.registry.store import datasets, flows, runs, tasks
from openml_client.registry.store.datasets import StoredDataset
from openml_client.registry.store.files import NewFile
from openml_client.registry.store.runs import Evaluated
from openml_client.registry.store.tasks import StoredTask
from openml_client.registry.vocabulary import measures, procedures, task_types
from openml_client.wire.routes import every as routes
from openml_client.wire.run import RunUpload
from openml_client.wire.vocabulary import GivenId


def get(call: Call) -> Run:
    """A run with its files and evaluations."""
    if call.id == 0:
        raise call.refusal("no_id")
    with call.services.store.read() as connection:
        stored = runs.find(connection, call.id)
        if stored is None:
            raise call.refusal("unknown")
        task = tasks.find(connection, stored.run.task_id)
        dataset = _dataset_of(connection, task)
    inputs = task.inputs if task is not None else None
    return replace(
        stored.run,
        task_type=task_types()[inputs.type_id].name if inputs else None,
        task_evaluation_measure=inputs.inputs.get("evaluation_measures") if inputs else None,
        inputs=(_input(call, dataset),) if dataset is not None else (),
        files=tuple(
            RunFile(
                file_id=file.id, name=file.name, url=call.addresses.file(file.id, file.filename)
            )
            for file in stored.files
        ),
    )


def _dataset_of(connection: Connection, task: StoredTask | None) -> StoredDataset | None:
    if task is None or task.dataset_id is None:
        return None
    return datasets.find(connection, task.dataset_id)


def _input(call: Call, stored: StoredDataset) -> RunInput:
    dataset = stored.dataset
    url = call.addresses.file(dataset.file_id or 0, stored.filename)
    return RunInput(dataset_id=dataset.id, name=dataset.name, url=url)


def get_trace(call: Call) -> Trace:
    """What the search of a run tried."""
    with call.services.store.read() as connection:
        if not runs.exists(connection, call.id):
            raise call.refusal("unknown")
        iterations = runs.trace_of(connection, call.id)
    if not iterations:
        raise call.refusal("none")
    return Trace(run_id=call.id, iterations=iterations)


def list_all(call: Call) -> Sequence[RunSummary]:
    """The runs that match the filters."""
    with call.services.store.read() as connection:
        lists.check_study(call, connection)
        rows = runs.summaries(connection, lists.bounded(call))
    return lists.some(call, rows)


def upload(call: Call) -> GivenId:
    """Publish a run: check it, evaluate it, and store it as a whole."""
    body = uploads.description(call, uploads.MISSING, uploads.EMPTY)
    upload: RunUpload = uploads.model(call, uploads.tree(call, body))
    with call.services.store.read() as connection:
        if not flows.exists(connection, upload.flow_id):
            raise call.refusal("flow")
        for name in call.files:
            _check_file(call, name)
        settings = settings_of(call, connection, upload)
        task, dataset = _checked_task(call, connection, upload)
    evaluated = _evaluated(call, upload, task, dataset)
    # The description comes first, as on the real server, whatever the order of the parts.
    kept = {uploads.DESCRIPTION: _description_file(call, body)}
    kept |= {name: uploads.keep(call, name)[0] for name in call.files}
    with call.services.store.write() as connection:
        # Somebody may have deleted them while the run was evaluated.
        if not flows.exists(connection, upload.flow_id):
            raise call.refusal("flow")
        if tasks.find(connection, upload.task_id or 0) is None:
            raise call.refusal("task")
        run_id = runs.add(
            connection,
            upload,
            task_id=task.inputs.task_id or 0,
            settings=settings,
            files=kept,
            evaluated=evaluated,
            uploader_id=call.writer.id,
        )
    return GivenId(id=run_id)


def _evaluated(
    call: Call, upload: RunUpload, task: StoredTask, dataset: StoredDataset
) -> Evaluated | None:
    """What the embedded engine says of a run; None if there is none."""
    # Heavy with numpy, and only needed here.
    from openml_client.registry.publishing.run import evaluate

    if not call.services.has_engine:
        return None
    return evaluate(
        call.services,
        task.inputs,
        dataset.sha256,
        predictions=uploads.content(call, "predictions"),
        trace=uploads.content(call, "trace"),
        claimed=upload.evaluations,
        splits_sha256=task.splits_sha256,
    )


def reset(call: Call) -> GivenId:
    """Forget the evaluations of a run, and let the engine make them again."""
    # Heavy with numpy, and only needed here.
    from openml_client.registry.publishing.again import evaluate_again

    with call.services.store.read() as connection:
        check_owner(call, connection, "run")
        has_engine = call.services.has_engine
        evaluated = evaluate_again(call.services, connection, call.id) if has_engine else None
    with call.services.store.write() as connection:
        if not runs.exists(connection, call.id):
            raise call.refusal("unknown")
        if evaluated is None:
            runs.forget_evaluated(connection, call.id)
        else:
            runs.keep_evaluated(connection, call.id, evaluated)
    return GivenId(id=call.id)


def _check_file(call: Call, name: str) -> None:
    """Refuse a file without an extension, and one that is not what its extension says."""
    # Heavy with numpy, and only needed here.
    from openml_client.formats.arff import check_arff

    filename = call.files[name].filename or ""
    stem, _, extension = filename.rpartition(".")
    if not stem or not extension:
        text = f'Invalid extension for file "{name}". Original filename: {filename}'
        raise call.refusal("file_name", text)
    if uploads.is_empty(call, name):
        raise call.refusal("file", f'Upload problem with file "{name}": {uploads.EMPTY}')
    try:
        if extension.lower() == "arff":
            check_arff(uploads.content(call, name) or b"")
        elif extension.lower() == "xml":
            expat.ParserCreate().Parse(uploads.content(call, name) or b"", True)
    except ArffError as error:
        raise call.refusal("file_content", uploads.arff_fault(error, name)) from error
    except expat.ExpatError as error:
        text = f"XML error in {name} file: {error}"
        raise call.refusal("file_content", text) from error


def _description_file(call: Call, body: bytes) -> NewFile:
    """Keep a description that came as a plain field."""
    info = call.services.blobs.put(body)
    return NewFile(
        name="description.xml",
        content_type="text/xml",
        sha256=info.sha256,
        md5=info.md5,
        size_bytes=info.size_bytes,
    )


def _checked_task(
    call: Call, connection: Connection, upload: RunUpload
) -> tuple[StoredTask, StoredDataset]:
    """The task and its dataset, which must be processed."""
    task = None if upload.task_id is None else tasks.find(connection, upload.task_id)
    if task is None:
        raise call.refusal("task")
    for name, what in (("source_data", "no_source"), ("estimation_procedure", "no_procedure")):
        if name not in task.inputs.inputs:
            raise call.refusal(what)
    dataset = _dataset_of(connection, task)
    if dataset is None:
        raise call.refusal("source")
    n_rows = datasets.n_rows_of(connection, dataset.dataset.id)
    if n_rows is None:
        raise call.refusal("unprocessed")
    _check_evaluations(call, upload.evaluations, task.inputs, n_rows=n_rows)
    return task, dataset


def _check_evaluations(
    call: Call, claimed: Sequence[RunEvaluation], inputs: TaskInputs, *, n_rows: int
) -> None:
    """Refuse values of measures that nobody knows, or of folds that the task does not have."""
    unknown = [item.measure for item in claimed if item.measure not in measures()]
    if unknown:
        raise call.refusal("measure", f"Measure(s): {', '.join(unknown)}")
    check_places(call, claimed, inputs, n_rows=n_rows)


def check_places(
    call: Call, evaluations: Sequence[RunEvaluation], inputs: TaskInputs, *, n_rows: int
) -> None:
    """Refuse values of folds that a task does not have.

    Raises
    ------
    Refusal
        ``fold``, naming all of them.
    """
    bounds = _bounds(inputs, n_rows=n_rows)
    illegal = [
        f"{item.measure}({', '.join(str(n) for n in _place(item) if n is not None)})"
        for item in evaluations
        if not _is_legal(_place(item), bounds)
    ]
    if illegal:
        raise call.refusal("fold", f"Measure(s): {', '.join(illegal)}")


def _bounds(inputs: TaskInputs, *, n_rows: int) -> tuple[int, int, int]:
    """How many repeats, folds and samples a task can have; samples only for learning curves."""
    procedure = procedures()[int(inputs.inputs["estimation_procedure"])]
    n_folds = n_rows if procedure.type == "leaveoneout" else procedure.folds or 1
    # A learning curve doubles its sample with every second step: two for each bit of the rows.
    is_curve = inputs.type_id == TaskTypeId.LEARNING_CURVE
    return procedure.repeats or 1, n_folds, 2 * n_rows.bit_length() if is_curve else 0


def _place(item: RunEvaluation) -> tuple[int | None, int | None, int | None]:
    return item.repeat, item.fold, item.sample


def _is_legal(
    place: tuple[int | None, int | None, int | None], bounds: tuple[int, int, int]
) -> bool:
    """Whether a place is that of all predictions, or within the bounds."""
    given = [n for n in place if n is not None]
    is_nested = place[: len(given)] == tuple(given) and len(given) != 1
    return is_nested and all(0 <= n < bound for n, bound in zip(given, bounds, strict=False))


HANDLERS = {
    routes.RUN_GET.name: get,
    routes.RUN_LIST.name: list_all,
    routes.RUN_TRACE.name: get_trace,
    routes.RUN_UPLOAD.name: upload,
    routes.RUN_RESET.name: reset,
}
