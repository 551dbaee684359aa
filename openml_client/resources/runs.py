"""Runs: execute models on tasks, check, publish and reproduce."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from numbers import Integral
from typing import TYPE_CHECKING, Any

from openml_client.errors import CheckError, TransportError
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
    strangers_trust,
)
from openml_client.resources.foreign_flows import is_own
from openml_client.resources.run_documents import (
    ENVIRONMENT,
    LONG_VALUES,
    as_artefacts,
    as_seed,
    failures_of,
    files_of,
    json_bytes,
    preview_of,
    setup_string,
    shortened,
    source_files,
    training_log,
    upload_of,
)
from openml_client.resources.run_environment import with_sources
from openml_client.resources.run_reproduction import RunReproductions
from openml_client.resources.setups import Setups
from openml_client.resources.tasks import Tasks
from openml_client.wire.routes import runs as routes
from openml_client.wire.routes.setups import SETUP_EXISTS
from openml_client.wire.run import RunUpload

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from openml_client.extension.description import Description
    from openml_client.extension.trust import Trust
    from openml_client.transport import FilePart

_logger = logging.getLogger("openml_client")


class Runs(RunReproductions):
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
        artefacts: Iterable[str] = (),
        attach_source: bool = False,
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
        artefacts
            Kinds of files that each fold is to give, as ``["weights"]`` of a net; what there is
            depends on the extension.
        attach_source
            Give the run the text of the modules that define what its flow names beyond what the
            extension vouches for: people may read it, nobody executes it.  Its hash is recorded
            in any case.
        trusted
            Packages or names that a stored flow may import.

        Raises
        ------
        ValidationError
            If the model's extension gives no such files.
        NotSerializableError
            If the model can't be described.
        TaskError
            If tasks of this type can't be run, or the model failed in every fold.
        """
        from openml_client.extension.environment import environment
        from openml_client.extension.flows import flow_from_description
        from openml_client.extension.seeds import seed_description
        from openml_client.extension.sources import sources
        from openml_client.formats.predictions import as_published
        from openml_client.running.scores import global_scores

        task = task if isinstance(task, Task) else self._tasks.get(task)
        description, trust, flow_id = self._described(model_or_flow, trusted)
        extension = extension_of(description)
        root_seed = as_seed(seed)
        wanted = as_artefacts(artefacts, extension)
        seeded = seed_description(description, root_seed, extension.capabilities.seed_parameters)
        trust.require(seeded)
        texts = sources(seeded, trust)
        outcome, data = self._run(
            seeded,
            trust,
            task,
            seed=root_seed,
            executor=executor,
            progress=progress,
            artefacts=wanted,
        )
        failures = tuple(failures_of(outcome))
        for failure in failures:
            _logger.warning("task %d: a fold failed: %s", task.id, failure)
        draft = flow_from_description(seeded, extension)
        files = {ENVIRONMENT: json_bytes(with_sources(environment(), texts))}
        files |= {**training_log(outcome), **outcome.artefacts}
        if attach_source:
            files |= source_files(texts)
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
