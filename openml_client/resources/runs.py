"""Runs: execute models on tasks, check, publish and reproduce."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from numbers import Integral
from typing import TYPE_CHECKING, Any

from openml_client.errors import (
    CheckError,
    FlowError,
    FormatError,
    NoResultError,
    TaskError,
    TransportError,
)
from openml_client.model.flow import Flow, FlowDraft
from openml_client.model.page import Listing
from openml_client.model.run import Run, RunDraft, RunSummary
from openml_client.model.task import Task
from openml_client.resources.caller import Caller
from openml_client.resources.datasets import Datasets
from openml_client.resources.flows import (
    Flows,
    build,
    description_of_draft,
    extension_of,
    own_trust,
    settings_of,
    strangers_trust,
)
from openml_client.resources.foreign_flows import is_own
from openml_client.resources.run_audit import RunAudits
from openml_client.resources.run_documents import (
    ENVIRONMENT,
    LONG_VALUES,
    as_seed,
    failures_of,
    files_of,
    json_bytes,
    preview_of,
    seed_of,
    setup_string,
    shortened,
    upload_of,
)
from openml_client.resources.run_environment import versions_here
from openml_client.resources.setups import Setups
from openml_client.resources.tasks import Tasks
from openml_client.wire.routes import runs as routes
from openml_client.wire.routes.setups import SETUP_EXISTS
from openml_client.wire.run import RunUpload

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from openml_client.extension.description import Description
    from openml_client.extension.protocol import Note
    from openml_client.extension.trust import Trust
    from openml_client.resources.foreign_flows import Notes
    from openml_client.running.execute import Outcome, TaskData
    from openml_client.running.reproduce import Reproduction
    from openml_client.transport import FilePart

DEFAULT_TOLERANCE = 1e-9
"""Differences of the order of rounding, on another machine type say."""


_logger = logging.getLogger("openml_client")


class Runs(RunAudits):
    """``client.runs``."""

    def __init__(
        self, caller: Caller, datasets: Datasets, tasks: Tasks, flows: Flows, setups: Setups
    ) -> None:
        super().__init__(caller, datasets, tasks, flows)
        self._setups = setups

    def list(self, **filters: Any) -> Listing[RunSummary]:
        """All runs that pass the filters, lazily.

        Servers list them by setup, task and id, and by id alone where setups are named: the
        newest run is not the last one.

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
        return self._caller.listing(routes.RUN_LIST, filters, key=("id",), title="runs")

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
            An unfitted model, a `FlowDraft`, or a stored `Flow` or its id (which runs at its
            defaults).
        task
            A task or its id.
        seed
            Root of all random numbers of the run: 0 without it.
        executor
            Runs the folds, as a pool of processes or ``dask_client.get_executor()``; without it
            they run in this process, one after the other.
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
        from openml_client.formats.predictions import as_published
        from openml_client.running.scores import global_scores

        task = task if isinstance(task, Task) else self._tasks.get(task)
        description, trust, flow_id = self._described(model_or_flow, trusted)
        extension = extension_of(description)
        root_seed = as_seed(seed)
        seeded = seed_description(description, root_seed, extension.capabilities.seed_parameters)
        outcome, data = self._run(
            seeded, trust, task, seed=root_seed, executor=executor, progress=progress
        )
        failures = tuple(failures_of(outcome))
        for failure in failures:
            _logger.warning("task %d: a fold failed: %s", task.id, failure)
        draft = flow_from_description(seeded, extension)
        files = {ENVIRONMENT: json_bytes(environment()), **outcome.artefacts}
        if draft.long_values is not None:
            files[LONG_VALUES] = draft.long_values
        run = RunDraft(
            task_id=task.id,
            flow=draft if flow_id is None else None,
            flow_id=flow_id,
            settings=draft.settings,
            seed=root_seed,
            predictions=outcome.predictions,
            evaluations=outcome.evaluations,
            scores=global_scores(as_published(outcome.predictions), data, task),
            trace=outcome.trace,
            files=files,
            setup_string=setup_string(extension.name, root_seed),
            failures=failures,
            error_message=shortened(str(failures[0]) if failures else None),
        )
        self._remember(run, data)
        return run

    def publish(self, draft: RunDraft, *, avoid_duplicates: bool = True) -> Run:
        """The stored run of a draft, with its flow, which is published before if it is new.

        Parameters
        ----------
        draft
            As `execute` gives it.
        avoid_duplicates
            Give the run that is there, if one of the same flow and values on the same task is.
            Of processes that share a cache folder and publish the same at once, one publishes.

        Raises
        ------
        CheckError
            If the run has faults; nothing was published then.
        ValidationError
            If it breaks a limit of the protocol, or has files that servers don't take; nothing
            was published then.
        AuthenticationError
            Without an API key, or with a wrong one.
        """
        errors = [finding for finding in self.check(draft) if finding.severity == "error"]
        if errors:
            raise CheckError(
                f"the run on task {draft.task_id} was not published: "
                + "; ".join(finding.message for finding in errors[:5]),
                hint="client.runs.check(draft) gives all findings."
                + (f"\nThe model said: {draft.error_message}" if draft.error_message else "")
                + ("\ndraft.failures has the tracebacks." if draft.failures else ""),
            )
        # Before anything is sent: what can't be written, or is refused, leaves no flow.
        files = files_of(draft)
        self._caller.check(routes.RUN_UPLOAD, preview_of(draft))
        flow = self._flow_of(draft)
        upload = upload_of(draft, flow)
        if not avoid_duplicates:
            return self._upload(upload, files)
        with self._caller.cache.hold(f"publishing/task-{draft.task_id}"):
            return self._find(upload) or self._upload(upload, files)

    def _upload(self, upload: RunUpload, files: Sequence[FilePart]) -> Run:
        try:
            id_ = self._caller.call(routes.RUN_UPLOAD, body=upload, files=files).id
        except TransportError as error:
            # The answer was lost; the run may have arrived all the same.
            found = self._find(upload) if error.maybe_taken else None
            if found is None:
                raise
            return found
        return self.get(id_)

    def to_model(self, run: Any, *, trusted: Iterable[str] = ()) -> Any:
        """The model of a run, with the values that it was run with, seeds included.

        Raises
        ------
        UntrustedError
            If the flow names what is not trusted; nothing was imported then.
        FlowError
            If the flow holds no description, or can't be rebuilt here.
        """
        description = self._description_of(self._as_run(run))
        return build(description, trust=strangers_trust(description, trusted))

    def reproduce(
        self,
        run: Any,
        *,
        tolerance: float = DEFAULT_TOLERANCE,
        isolated: bool = False,
        timeout_s: float | None = None,
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
        isolated
            Execute it in the environment that the run recorded: built with uv and kept in the
            cache for the next time. Only packages that this client needs itself, or that
            are trusted, are installed.
        timeout_s
            Seconds that the isolated execution may take; any time without it.
        trusted
            Packages or names that the flow may import.

        Raises
        ------
        NotFoundError
            If there is no such run.
        MissingDependencyError
            If ``isolated`` is True, and uv is not installed.
        """
        from openml_client.running.reproduce import Reproduction

        run, trusted = self._as_run(run), tuple(trusted)
        uv = _find_uv() if isolated else None
        try:
            if uv is not None:
                return self._reproduce_isolated(
                    run, uv=uv, tolerance=tolerance, trusted=trusted, timeout_s=timeout_s
                )
            return self._reproduce(
                run, tolerance=tolerance, trusted=trusted, executor=executor, progress=progress
            )
        except (FlowError, TaskError, FormatError, NoResultError) as error:
            # What stands in the way of this run; an unreachable server is another matter.
            return Reproduction(
                run_id=run.id,
                verdict="not_runnable",
                reason=error.message,
                notes=(error.hint,) if error.hint else (),
            )

    def _reproduce_isolated(
        self,
        run: Run,
        *,
        uv: str,
        tolerance: float,
        trusted: tuple[str, ...],
        timeout_s: float | None,
    ) -> Reproduction:
        from openml_client.resources.run_isolated import reproduce_isolated

        return reproduce_isolated(
            self._caller,
            run,
            self._flows.get(run.flow_id),
            self._recorded(run),
            uv=uv,
            tolerance=tolerance,
            trusted=trusted,
            timeout_s=timeout_s,
        )

    def _reproduce(
        self,
        run: Run,
        *,
        tolerance: float,
        trusted: Iterable[str],
        executor: Executor | None,
        progress: bool,
    ) -> Reproduction:
        from openml_client.formats.predictions import as_published, read_predictions
        from openml_client.running.reproduce import Reproduction, compare_predictions
        from openml_client.running.scores import compare_measures

        content = self._predictions_file(run)
        notes: list[Note] = []
        description = self._description_of(run, notes)
        trust = strangers_trust(description, trusted)
        build(description, trust=trust, notes=notes)
        task = self._tasks.get(run.task_id)
        outcome, data = self._run(
            description, trust, task, seed=seed_of(run), executor=executor, progress=progress
        )
        published = read_predictions(content, labels=data.labels)
        again = as_published(outcome.predictions)
        environment, unreadable = self._compare_environment(run, description)
        verdict, reason, rows = compare_predictions(published, again, tolerance=tolerance)
        return Reproduction(
            run_id=run.id,
            verdict=verdict,
            reason=reason,
            rows=rows,
            n_rows=len(published),
            measures=compare_measures(run, task, data, published=published, again=again),
            environment=environment,
            notes=(*unreadable, *map(str, (*notes, *failures_of(outcome)))),
        )

    def _described(
        self, given: Any, trusted: Iterable[str]
    ) -> tuple[Description, Trust, int | None]:
        """Description, trust, and the stored flow's id where it is one."""
        if isinstance(given, Integral):
            given = self._flows.get(given)
        if isinstance(given, Flow):
            description = self._flows.describe(given)
            trust = strangers_trust(description, trusted)
            if is_own(given):
                return description, trust, given.id
            # Another program's flow takes values in its own form: the run is of our flow.
            given = build(description, trust=trust)
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
        from openml_client.running.execute import collect, execute, plan

        data = self._data(task)
        splits = self._tasks.splits(task)
        procedure = task.procedure.type if task.procedure else None
        splits.check(len(data.truth), procedure=procedure)
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
        setup = self._caller.call(SETUP_EXISTS, body=lookup)
        if not setup.exists:
            return None
        row = self.list(tasks=upload.task_id, setups=setup.id).first()
        return self.get(row.id) if row is not None else None

    def _description_of(self, run: Run, notes: Notes | None = None) -> Description:
        flow = self._flows.get(run.flow_id)
        values = ((item.component_id or flow.id, item.name, item.value) for item in run.settings)
        settings = settings_of(flow, values)
        long_values = self._file(run, LONG_VALUES)
        return self._flows.describe(flow, settings, long_values=long_values, notes=notes)

    def _compare_environment(
        self, run: Run, description: Description
    ) -> tuple[dict[str, tuple[str | None, str | None]], tuple[str, ...]]:
        """The versions of the run and those that are here, and why they can't be told."""
        from openml_client.running.reproduce import compare_environments

        try:
            wanted = self._recorded(run)
        except FormatError as error:
            return {}, (error.message,)
        if not wanted and not is_own(self._flows.get(run.flow_id)):
            # Other programs make a flow for each version of a framework.
            wanted = dict(line.split("==", 1) for line in description.frameworks.values())
        return compare_environments(wanted, versions_here(wanted)) if wanted else {}, ()


def _find_uv() -> str:
    """Where uv is; without it nothing is learned of a run, so it is no verdict."""
    from openml_client.running.isolation import find_uv

    return find_uv()
