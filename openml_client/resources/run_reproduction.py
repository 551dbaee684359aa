"""Executing published runs again, and what comes out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from openml_client.errors import FlowError, FormatError, NoResultError, TaskError
from openml_client.model.run import Run
from openml_client.model.task import Task
from openml_client.resources.flows import build, extension_of, settings_of, strangers_trust
from openml_client.resources.foreign_flows import is_own
from openml_client.resources.run_audit import RunAudits
from openml_client.resources.run_documents import (
    ENVIRONMENT,
    LONG_VALUES,
    TRAINING_LOG,
    failures_of,
    read_training_log,
    seed_of,
)
from openml_client.resources.run_environment import changed_sources, versions_here

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from openml_client.extension.description import Description
    from openml_client.extension.protocol import Note
    from openml_client.extension.trust import Trust
    from openml_client.resources.foreign_flows import Notes
    from openml_client.running.execute import Outcome, TaskData
    from openml_client.running.reproduce import Logs, Reproduction

DEFAULT_TOLERANCE = 1e-9
"""Differences of the order of rounding, on another machine type say."""


class RunReproductions(RunAudits):
    """The part of ``client.runs`` that executes published runs again."""

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

    def weights(
        self,
        run: Any,
        repeat: int = 0,
        fold: int = 0,
        sample: int = 0,
        *,
        trusted: Iterable[str] = (),
    ) -> Any:
        """The model of a run as it was trained on a fold: rebuilt, with the weights of the run.

        What stands before the net in a pipeline is fitted again, on the training rows of the fold
        and with the seeds of the run.  It predicts what the run predicted.

        Parameters
        ----------
        trusted
            Packages or names that the flow may import.

        Raises
        ------
        NoResultError
            If the run has no weights of this fold, or the task has no such fold.
        IntegrityError
            If the weights are not those that the run logged.
        UntrustedError
            If the flow names what is not trusted; nothing was imported then.
        FlowError
            If the model can't be rebuilt here.
        """
        from openml_client.extension.protocol import Restorer
        from openml_client.running.execute import file_of_fold, seed_of_fold

        run, key = self._as_run(run), (repeat, fold, sample)
        description = self._description_of(run)
        extension = extension_of(description)
        task = self._tasks.get(run.task_id)
        splits = self._tasks.splits(task)
        place = f"repeat {repeat}, fold {fold}" + (f", sample {sample}" if sample else "")
        if key not in splits:
            raise NoResultError(f"task {task.id} has no {place}")
        names = {
            kind: file_of_fold(kind, key, has_samples=splits.has_samples)
            for kind in extension.capabilities.artefacts
        }
        found = {kind: self._file(run, name) for kind, name in names.items()}
        files = {kind: content for kind, content in found.items() if content is not None}
        if not files or not isinstance(extension, Restorer):
            raise NoResultError(
                f"run {run.id} has no weights of {place}",
                hint="A net's are kept if they are asked for: "
                "client.runs.execute(model, task, artefacts=['weights']).",
            )
        logs, _ = self._logs(run)
        model = build(description, trust=strangers_trust(description, trusted))
        return extension.restore(
            model,
            self._data(task).fold(splits[key], key),
            files,
            seed=seed_of_fold(seed_of(run), key),
            log=logs.get(key),
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
        from openml_client.extension.sources import sources
        from openml_client.formats.predictions import as_published, read_predictions
        from openml_client.running.reproduce import (
            Reproduction,
            compare_predictions,
            compare_states,
            label_agreement,
            trained_elsewhere,
        )
        from openml_client.running.scores import compare_measures

        content = self._predictions_file(run)
        notes: list[Note] = []
        description = self._description_of(run, notes)
        trust = strangers_trust(description, trusted)
        build(description, trust=trust, notes=notes)
        texts = sources(description, trust)
        task = self._tasks.get(run.task_id)
        outcome, data = self._run(
            description, trust, task, seed=seed_of(run), executor=executor, progress=progress
        )
        published = read_predictions(content, labels=data.labels)
        again = as_published(outcome.predictions)
        environment, told = self._compare_environment(run, description, texts)
        verdict, reason, rows = compare_predictions(published, again, tolerance=tolerance)
        logs, unreadable_logs = self._logs(run)
        elsewhere = trained_elsewhere(logs, outcome.logs)
        result = Reproduction(
            run_id=run.id,
            verdict=verdict,
            reason=reason,
            rows=rows,
            n_rows=len(published),
            measures=compare_measures(run, task, data, published=published, again=again),
            environment=environment,
            notes=(*told, *unreadable_logs, *map(str, (*notes, *failures_of(outcome)))),
            label_agreement=label_agreement(published, rows),
            states=compare_states(logs, outcome.logs),
        )
        if elsewhere is None:
            return result
        close = "" if verdict == "identical" else f"; {result.agreement_text}"
        return replace(result, reason=f"{reason}; {elsewhere}{close}")

    def _logs(self, run: Run) -> tuple[Logs, tuple[str, ...]]:
        """The logs of a run's training, and why they can't be read."""
        try:
            content = self._file(run, TRAINING_LOG)
            return ({} if content is None else read_training_log(content)), ()
        except FormatError as error:
            return {}, (error.message,)

    def _run(
        self,
        description: Description,
        trust: Trust,
        task: Task,
        *,
        seed: int,
        executor: Executor | None,
        progress: bool,
        artefacts: frozenset[str] = frozenset(),
    ) -> tuple[Outcome, TaskData]:
        from openml_client.running.execute import collect, execute, plan

        data = self._data(task)
        splits = self._tasks.splits(task)
        procedure = task.procedure.type if task.procedure else None
        splits.check(len(data.truth), procedure=procedure)
        jobs = plan(
            description,
            data,
            splits,
            seed=seed,
            trust=trust,
            artefacts=artefacts,
            progress=progress and executor is None,
        )
        outcomes = execute(jobs, total=len(splits), executor=executor, progress=progress)
        return collect(outcomes, data, has_samples=splits.has_samples), data

    def _description_of(self, run: Run, notes: Notes | None = None) -> Description:
        flow = self._flows.get(run.flow_id)
        values = ((item.component_id or flow.id, item.name, item.value) for item in run.settings)
        settings = settings_of(flow, values)
        long_values = self._file(run, LONG_VALUES)
        return self._flows.describe(flow, settings, long_values=long_values, notes=notes)

    def _compare_environment(
        self, run: Run, description: Description, texts: Mapping[str, str]
    ) -> tuple[dict[str, tuple[str | None, str | None]], tuple[str, ...]]:
        """The versions of the run and those that are here, and what else is to be told of them."""
        from openml_client.running.reproduce import compare_environments

        try:
            wanted = self._recorded(run)
            told = changed_sources(self._file(run, ENVIRONMENT), texts)
        except FormatError as error:
            return {}, (error.message,)
        if not wanted and not is_own(self._flows.get(run.flow_id)):
            # Other programs make a flow for each version of a framework.
            wanted = dict(line.split("==", 1) for line in description.frameworks.values())
        return compare_environments(wanted, versions_here(wanted)) if wanted else {}, told


def _find_uv() -> str:
    """Where uv is; without it nothing is learned of a run, so it is no verdict."""
    from openml_client.running.isolation import find_uv

    return find_uv()
