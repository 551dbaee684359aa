"""Runs: execute models on tasks, check, publish and reproduce."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from openml_client.errors import (
    CheckError,
    MissingDependencyError,
    NoResultError,
    NotFoundError,
    OpenMLError,
    TransportError,
    UntrustedError,
)
from openml_client.model.flow import Flow, FlowDraft, FlowSetting
from openml_client.model.page import Listing
from openml_client.model.run import ParameterSetting, Predictions, Run, RunDraft, RunSummary
from openml_client.model.task import ClassificationTask, Task
from openml_client.model.trace import Trace
from openml_client.resources.caller import Caller
from openml_client.resources.datasets import Datasets
from openml_client.resources.flows import (
    Flows,
    description_of_draft,
    extension_of,
    own_trust,
    strangers_trust,
)
from openml_client.resources.ids import as_id
from openml_client.resources.setups import Setups
from openml_client.resources.tasks import Tasks
from openml_client.wire import routes
from openml_client.wire.run import RunUpload

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import pandas as pd

    from openml_client.extension.description import Description
    from openml_client.extension.trust import Trust
    from openml_client.running.check import Finding
    from openml_client.running.execute import Outcome, TaskData
    from openml_client.running.reproduce import Reproduction
    from openml_client.transport import FilePart

DEFAULT_SEED = 0
"""Root seed of a run whose caller gives none: the same model on the same task is the same run."""

DEFAULT_TOLERANCE = 1e-9
"""Differences of the order of rounding, on another machine type say."""

ENVIRONMENT = "environment.json"
LONG_VALUES = "setup.json"


class Runs:
    """``client.runs``."""

    def __init__(
        self, caller: Caller, datasets: Datasets, tasks: Tasks, flows: Flows, setups: Setups
    ) -> None:
        self._caller = caller
        self._datasets = datasets
        self._tasks = tasks
        self._flows = flows
        self._setups = setups

    def get(self, id: Any) -> Run:
        """The run of this id, with its measures.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        run: Run = self._caller.get_cached(routes.RUN_GET, as_id(id, "run"))
        return run

    def list(self, **filters: Any) -> Listing[RunSummary]:
        """All runs that pass the filters, lazily, in the order of their ids.

        Parameters
        ----------
        **filters
            ``tasks``, ``setups``, ``flows``, ``uploader`` and ``runs`` (ids), ``tag``,
            ``task_type``, ``study``, ``show_errors``, ``limit``, ``offset``; at least one.

        Raises
        ------
        ValidationError
            If a filter does not exist or takes no such value.
        """
        return self._caller.listing(routes.RUN_LIST, filters, key=lambda row: row.id, title="runs")

    def execute(
        self,
        model_or_flow: Any,
        task: Any,
        *,
        seed: int | None = None,
        executor: Executor | None = None,
        progress: bool = True,
        trusted: Iterable[str] = (),
    ) -> RunDraft:
        """A run of a model on all folds of a task; it stays local until it is published.

        What runs is rebuilt from the model's description; the model itself is left as it is.

        Parameters
        ----------
        model_or_flow
            An unfitted model, a `FlowDraft`, or a stored `Flow` (which runs at its defaults).
        task
            A task or its id.
        seed
            Root of all random numbers of the run: 0 without it.
        executor
            Runs the folds; in this process, one after the other, without it.
        progress
            Show a bar.
        trusted
            Packages or names that a stored flow may import.

        Raises
        ------
        NotSerializableError
            If the model can't be described.
        TaskError
            If tasks of this type can't be run, or the model failed in every fold.
        """
        from openml_client.extension.environment import environment
        from openml_client.extension.flows import flow_from_description
        from openml_client.extension.seeds import seed_description

        task = task if isinstance(task, Task) else self._tasks.get(task)
        description, trust, flow_id = self._described(model_or_flow, trusted)
        extension = extension_of(description)
        root_seed = DEFAULT_SEED if seed is None else int(seed)
        seeded = seed_description(description, root_seed, extension.capabilities.seed_parameters)
        outcome, _ = self._run(
            seeded, trust, task, seed=root_seed, executor=executor, progress=progress
        )
        draft = flow_from_description(seeded, extension)
        files = {ENVIRONMENT: _json_bytes(environment()), **outcome.artefacts}
        if draft.long_values is not None:
            files[LONG_VALUES] = draft.long_values
        return RunDraft(
            task_id=task.id,
            flow=draft if flow_id is None else None,
            flow_id=flow_id,
            settings=draft.settings,
            seed=root_seed,
            predictions=outcome.predictions,
            evaluations=outcome.evaluations,
            trace=outcome.trace,
            files=files,
            setup_string=_setup_string(extension.name, root_seed),
            error_message=_failure_message(outcome),
        )

    def check(self, draft: RunDraft) -> tuple[Finding, ...]:
        """What is wrong with a run, before it is published; () if nothing is."""
        from openml_client.running.check import check_predictions

        return check_predictions(draft.predictions, self._tasks.splits(draft.task_id))

    def publish(self, draft: RunDraft, *, avoid_duplicates: bool = True) -> Run:
        """The stored run of a draft, with its flow, which is published before if it is new.

        Parameters
        ----------
        draft
            As `execute` gives it.
        avoid_duplicates
            Give the run that is there, if one of the same flow and values on the same task is.

        Raises
        ------
        CheckError
            If the run has faults; nothing was published then.
        AuthenticationError
            Without an API key, or with a wrong one.
        """
        errors = [finding for finding in self.check(draft) if finding.severity == "error"]
        if errors:
            raise CheckError(
                f"the run on task {draft.task_id} was not published: "
                + "; ".join(finding.message for finding in errors[:5]),
                hint="client.runs.check(draft) gives all findings."
                + (f"\nThe model said: {draft.error_message}" if draft.error_message else ""),
            )
        flow = self._flow_of(draft)
        upload = _upload(draft, flow)
        if avoid_duplicates and (found := self._find(upload)):
            return found
        try:
            id_ = self._caller.call(routes.RUN_UPLOAD, body=upload, files=_files(draft)).id
        except TransportError as error:
            # The answer was lost; the run may have arrived all the same.
            found = self._find(upload) if error.maybe_taken else None
            if found is None:
                raise
            return found
        return self.get(id_)

    def predictions(self, run: Any) -> pd.DataFrame:
        """The published predictions of a run, one row per prediction.

        Columns are ``repeat``, ``fold``, ``row_id``, ``prediction``, ``truth`` where the run
        has it, and ``confidence.LABEL`` for each class.

        Raises
        ------
        NoResultError
            If the run has no predictions.
        """
        return _frame(self._published_predictions(self._as_run(run)))

    def trace(self, run: Any) -> Trace:
        """What the search of a run tried.

        Raises
        ------
        NoResultError
            If the run has no trace.
        """
        trace: Trace = self._caller.call(routes.RUN_TRACE, id=as_id(run, "run"))
        return trace

    def to_model(self, run: Any, *, trusted: Iterable[str] = ()) -> Any:
        """The model of a run, with the values that it was run with, seeds included.

        Raises
        ------
        UntrustedError
            If the flow names what is not trusted; nothing was imported then.
        FlowError
            If the flow holds no description, or can't be rebuilt here.
        """
        from openml_client.resources.flows import build

        description = self._description_of(self._as_run(run))
        return build(description, trust=strangers_trust(description, trusted))

    def reproduce(
        self,
        run: Any,
        *,
        tolerance: float = DEFAULT_TOLERANCE,
        trusted: Iterable[str] = (),
        executor: Executor | None = None,
        progress: bool = False,
    ) -> Reproduction:
        """What comes out when a published run is executed again: the verdict, row by row.

        Flow, values and seeds come from the server; the splits are the task's.

        Parameters
        ----------
        tolerance
            Largest difference of confidences, and relative difference of predicted numbers,
            that still counts as agreement.
        trusted
            Packages or names that the flow may import.

        Raises
        ------
        NotFoundError
            If there is no such run.
        """
        from openml_client.formats.predictions import as_published
        from openml_client.running.reproduce import Reproduction, compare_predictions

        run = self._as_run(run)
        try:
            description = self._description_of(run)
            trust = strangers_trust(description, trusted)
            trust.require(description)
            published = self._published_predictions(run)
            task = self._tasks.get(run.task_id)
            outcome, data = self._run(
                description,
                trust,
                task,
                seed=_seed_of(run),
                executor=executor,
                progress=progress,
            )
        except (UntrustedError, MissingDependencyError, NoResultError) as error:
            return Reproduction(run_id=run.id, verdict="not_runnable", reason=error.message)
        except OpenMLError as error:
            if isinstance(error, TransportError):
                raise
            return Reproduction(run_id=run.id, verdict="not_runnable", reason=str(error))
        again = as_published(outcome.predictions)
        verdict, reason, rows = compare_predictions(published, again, tolerance=tolerance)
        return Reproduction(
            run_id=run.id,
            verdict=verdict,
            reason=reason,
            rows=rows,
            n_rows=len(published),
            measures=_compare_measures(run, task, published, again, data),
            environment=self._compare_environment(run),
        )

    def _described(
        self, given: Any, trusted: Iterable[str]
    ) -> tuple[Description, Trust, int | None]:
        """Description, trust, and the stored flow's id where it is one."""
        if isinstance(given, Flow):
            description = self._flows.describe(given)
            return description, strangers_trust(description, trusted), given.id
        draft = given if isinstance(given, FlowDraft) else self._flows.from_model(given)
        description = description_of_draft(draft)
        return description, own_trust(description), None

    def _run(
        self,
        description: Description,
        trust: Trust,
        task: Task,
        *,
        seed: int,
        executor: Executor | None,
        progress: bool,
    ) -> tuple[Outcome, TaskData]:
        from openml_client.running.execute import collect, execute, plan, task_data

        data = task_data(task, self._datasets.load(task.dataset_id))
        splits = self._tasks.splits(task)
        splits.check(len(data.truth))
        jobs = plan(description, data, splits, seed=seed, trust=trust)
        outcomes = execute(jobs, total=len(splits), executor=executor, progress=progress)
        return collect(outcomes, data, has_samples=splits.has_samples), data

    def _flow_of(self, draft: RunDraft) -> Flow:
        if draft.flow is not None:
            return self._flows.publish(draft.flow)
        return self._flows.get(draft.flow_id)

    def _find(self, upload: RunUpload) -> Run | None:
        """The run of the same flow and values on the same task, or None."""
        lookup = replace(upload, task_id=None, evaluations=(), setup_string=None)
        setup = self._caller.call(routes.SETUP_EXISTS, body=lookup)
        if not setup.exists:
            return None
        row = self.list(tasks=upload.task_id, setups=setup.id).first()
        return self.get(row.id) if row is not None else None

    def _as_run(self, run: Any) -> Run:
        return run if isinstance(run, Run) else self.get(run)

    def _description_of(self, run: Run) -> Description:
        flow = self._flows.get(run.flow_id)
        places = {part.id: path for path, part in flow.walk()}
        settings = {
            (places[item.component_id or run.flow_id], item.name): item.value
            for item in run.settings
        }
        return self._flows.describe(flow, settings, long_values=self._file(run, LONG_VALUES))

    def _published_predictions(self, run: Run) -> Predictions:
        from openml_client.formats.predictions import read_predictions

        content = self._file(run, "predictions.arff")
        if content is None:
            raise NoResultError(f"run {run.id} has no predictions")
        return read_predictions(content)

    def _file(self, run: Run, filename: str) -> bytes | None:
        """Content of a run's file, or None if the run has no such file."""
        file = run.file(filename.partition(".")[0])
        if file is None:
            return None
        return self._caller.cache.get_or_fetch(
            f"run/files/{run.id}/{file.file_id}-{filename}",
            lambda sink: self._caller.download(file.url, sink),
        )

    def _compare_environment(self, run: Run) -> dict[str, tuple[str | None, str | None]]:
        from openml_client.extension.environment import environment, installed_version
        from openml_client.running.reproduce import compare_environments

        content = self._file(run, ENVIRONMENT)
        if content is None:
            return {}
        wanted, here = json.loads(content), environment()
        versions = _versions(here)
        for name in set(_versions(wanted)) - set(versions):
            version = installed_version(name)  # installed, but not imported by this process
            if version is not None:
                versions[name] = version
        return compare_environments(_versions(wanted), versions)


def _versions(environment: Mapping[str, Any]) -> dict[str, str]:
    """Interpreter, system and distributions of an ``environment.json``."""
    names = ("python", "system", "machine")
    platform = {name: str(environment.get(name)) for name in names}
    return {**platform, **environment.get("distributions", {})}


def _upload(draft: RunDraft, flow: Flow) -> RunUpload:
    ids = {path: part.id for path, part in flow.walk()}
    return RunUpload(
        task_id=draft.task_id,
        flow_id=flow.id,
        setup_string=draft.setup_string,
        error_message=draft.error_message,
        run_details=draft.run_details,
        settings=tuple(_setting(item, ids) for item in draft.settings),
        tags=draft.tags,
        evaluations=draft.evaluations,
    )


def _setting(item: FlowSetting, ids: Mapping[tuple[str, ...], int]) -> ParameterSetting:
    if item.path not in ids:
        raise NotFoundError(
            f"the stored flow has no component {'.'.join(item.path)!r}, which the run sets",
            hint="The stored flow is not the one that was run; publish the flow again.",
        )
    return ParameterSetting(name=item.name, value=item.value, component_id=ids[item.path])


def _files(draft: RunDraft) -> tuple[FilePart, ...]:
    from openml_client.formats.predictions import write_predictions
    from openml_client.formats.trace import write_trace
    from openml_client.transport import FilePart

    files = {
        "predictions.arff": write_predictions(draft.predictions, task_id=draft.task_id),
        **draft.files,
    }
    if draft.trace:
        files["trace.arff"] = write_trace(draft.trace, task_id=draft.task_id)
    return tuple(
        FilePart(name=filename.partition(".")[0], filename=filename, content=content)
        for filename, content in files.items()
    )


def _setup_string(extension: str, seed: int) -> str:
    return json.dumps({"extension": extension, "seed": seed}, sort_keys=True)


def _seed_of(run: Run) -> int:
    try:
        return int(json.loads(run.setup_string or "")["seed"])
    except (ValueError, KeyError, TypeError):
        return DEFAULT_SEED


def _failure_message(outcome: Outcome) -> str | None:
    if not outcome.failures:
        return None
    (repeat, fold, _), failure = next(iter(outcome.failures.items()))
    text = f"repeat {repeat}, fold {fold}, {failure.stage}: {failure.error}"
    return " ".join(text.encode("ascii", "replace").decode().split())[:128]


def _json_bytes(value: Any) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True).encode()


def _frame(predictions: Predictions) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    labels = predictions.labels

    def named(codes: Any) -> Any:
        if labels is None:
            return codes
        names = np.array([*labels, None], dtype=object)
        return pd.Categorical(names[codes], categories=list(labels))

    columns: dict[str, Any] = {"repeat": predictions.repeat, "fold": predictions.fold}
    if predictions.sample is not None:
        columns["sample"] = predictions.sample
    columns["row_id"] = predictions.row_id
    columns["prediction"] = named(predictions.prediction)
    if predictions.truth is not None:
        columns["truth"] = named(predictions.truth)
    if predictions.confidence is not None:
        for n, label in enumerate(labels or ()):
            columns[f"confidence.{label}"] = predictions.confidence[:, n]
    return pd.DataFrame(columns)


def _compare_measures(
    run: Run, task: Task, published: Predictions, executed: Predictions, data: TaskData
) -> tuple[Any, ...]:
    from openml_client.running.execute import scores
    from openml_client.running.reproduce import MeasureComparison

    costs = task.cost_matrix if isinstance(task, ClassificationTask) else None
    if published.labels != data.labels:
        recomputed: dict[str, float] = {}
    else:
        recomputed = scores(published, data, cost_matrix=costs)
    again = scores(executed, data, cost_matrix=costs)
    return tuple(
        MeasureComparison(
            measure=name,
            published=run.measure(name),
            recomputed=recomputed.get(name),
            again=value,
        )
        for name, value in again.items()
    )
