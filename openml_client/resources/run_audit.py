"""Judging runs: drafts before they are published, and published ones of anybody."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from openml_client.errors import (
    FlowError,
    FormatError,
    IntegrityError,
    ProtocolError,
    ServerError,
    TaskError,
    TransportError,
)
from openml_client.model.run import Predictions, Run, RunDraft
from openml_client.model.task import ClassificationTask, RegressionTask, Task
from openml_client.resources.caller import Caller
from openml_client.resources.datasets import Datasets
from openml_client.resources.flows import Flows, settings_of
from openml_client.resources.run_documents import ENVIRONMENT, has_seed
from openml_client.resources.run_environment import recorded_versions, versions_here
from openml_client.resources.run_files import RunFiles
from openml_client.resources.tasks import Tasks
from openml_client.resources.writing import check_draft

if TYPE_CHECKING:
    from openml_client.running.audit import Facts, Setting
    from openml_client.running.check import Finding
    from openml_client.running.execute import TaskData

T = TypeVar("T")

_CONTENT_FAULTS = (
    ServerError,
    FormatError,
    TaskError,
    FlowError,
    IntegrityError,
    ProtocolError,
)
"""What a stored thing that is gone, odd or damaged raises; an unreachable server is another
matter."""

_GONE = range(400, 500)
"""Statuses of an answer in place of a file."""


class RunAudits(RunFiles):
    """The part of ``client.runs`` that judges runs."""

    def __init__(self, caller: Caller, datasets: Datasets, tasks: Tasks, flows: Flows) -> None:
        super().__init__(caller)
        self._datasets = datasets
        self._tasks = tasks
        self._flows = flows

    def check(self, draft: RunDraft) -> tuple[Finding, ...]:
        """What is wrong with a run, before it is published; () if nothing is.

        It is compared with the splits and the data of its task, which is loaded again if the draft
        is not as `execute` gave it.  Where the data can't be had, what needs it is left out.
        """
        from openml_client.running import audit
        from openml_client.running.check import check_predictions

        check_draft(draft, RunDraft, "a run is what client.runs.execute gives")
        task = self._tasks.get(draft.task_id)
        splits = self._tasks.splits(task)
        look = _Look()
        facts = look.at("data_unreadable", lambda: self._facts(draft, task), severity="warning")
        settings: Iterator[Setting] = ((s.path, s.name, s.value) for s in draft.settings)
        return (
            *check_predictions(draft.predictions, splits),
            *audit.check_seeds(settings),
            *look.findings,
            *(self._compare(draft.predictions, task, facts) if facts else ()),
            *(audit.check_labels(draft.predictions.labels, facts) if facts else ()),
        )

    def audit(self, run: Any) -> tuple[Finding, ...]:
        """What is wrong with a published run, whoever made it; () if nothing is.

        Beside what `check` looks for: files that are missing or can't be read, measures that
        are not those of the predictions, rows that stand in training and test data, and versions
        that are not those of this environment.  Nothing that the run names is imported, and odd
        content is a finding, never an error.

        Parameters
        ----------
        run
            A run or its id.

        Raises
        ------
        NotFoundError
            If there is no such run.
        """
        run = self._as_run(run)
        look = _Look()
        look.findings += _complaints_of(run)
        task = look.at("task_unreadable", lambda: self._tasks.get(run.task_id))
        if task is not None:
            look.findings += self._audit_results(run, task, look)
        look.findings += self._audit_origin(run, look)
        return tuple(look.findings)

    def _audit_results(self, run: Run, task: Task, look: _Look) -> list[Finding]:
        """What is wrong with the predictions of a run, seen beside its task."""
        from openml_client.running import audit
        from openml_client.running.check import check_predictions, warning
        from openml_client.running.execute import RUNNABLE

        if not isinstance(task, RUNNABLE):
            told = f"the predictions of tasks of the type {task.type!r} are not checked"
            return [warning("task_type", told)]
        data = look.at("data_unreadable", lambda: self._data(task), severity="warning")
        splits = look.at("splits_unreadable", lambda: self._tasks.splits(task))
        content = look.at("predictions_unreadable", lambda: self._predictions_file(run))
        predictions = None
        if content is not None:
            predictions = look.at("predictions_unreadable", lambda: _read(content, data))
        findings: list[Finding] = []
        if content is not None and predictions is not None:
            if splits is not None:
                findings += check_predictions(predictions, splits)
            if data is not None:
                findings += self._compare(predictions, task, audit.facts_of(data))
                findings += _audit_figures(run, content, predictions, task, data)
        if data is not None and splits is not None:
            findings += audit.check_copies(data, splits)
        return findings

    def _audit_origin(self, run: Run, look: _Look) -> Iterator[Finding]:
        """What is wrong with the flow, the values and the environment that a run tells."""
        from openml_client.extension.flows import extension_of
        from openml_client.running import audit
        from openml_client.running.check import warning

        flow = look.at("flow_unreadable", lambda: self._flows.get(run.flow_id))
        if flow is not None:
            values = ((s.component_id or flow.id, s.name, s.value) for s in run.settings)
            look.at("settings_unknown", lambda: settings_of(flow, values))
        yield from audit.check_seeds((s.component_id, s.name, s.value) for s in run.settings)
        if flow is not None and extension_of(flow.external_version) and not has_seed(run):
            yield warning("seed_unrecorded", f"run {run.id} does not tell its root seed")
        wanted = look.at("environment_unreadable", lambda: self._recorded(run), severity="warning")
        if wanted:
            first = _names(flow.dependencies if flow else None)
            yield from audit.check_environment(wanted, versions_here(wanted), first)
        elif wanted is not None:
            yield warning(
                "environment_missing", f"run {run.id} does not tell the versions that it had"
            )

    def _compare(self, predictions: Predictions, task: Task, facts: Facts) -> Iterator[Finding]:
        """What is wrong with predictions, or may be, seen beside the rows that they are for."""
        from openml_client.running import audit

        yield from audit.check_truth(predictions, facts)
        dataset = self._datasets.get(task.dataset_id)
        declared = {dataset.row_id_attribute, *dataset.ignore_attributes} - {None}
        yield from audit.check_features(facts, {str(name) for name in declared})

    def _data(self, task: Task) -> TaskData:
        from openml_client.running.execute import task_data

        return task_data(task, self._datasets.load(task.dataset_id))

    def _remember(self, draft: RunDraft, data: TaskData) -> None:
        """Spare `check` the loading of the rows that a draft was executed on."""
        from openml_client.running.audit import facts_of

        # Of another client, the task with this id may be another one.
        object.__setattr__(draft, "_known", _Known(self._caller, facts_of(data)))

    def _facts(self, draft: RunDraft, task: Task) -> Facts:
        from openml_client.running.audit import facts_of

        known = draft._known
        if isinstance(known, _Known) and known.caller is self._caller:
            return known.facts
        return facts_of(self._data(task))

    def _recorded(self, run: Run) -> dict[str, str]:
        """The versions that a run recorded; {} if it did not."""
        return recorded_versions(self._file(run, ENVIRONMENT), run.setup_string)


def _read(content: bytes, data: TaskData | None) -> Predictions:
    from openml_client.formats.predictions import read_predictions

    return read_predictions(content, labels=data.labels if data else None)


def _audit_figures(
    run: Run, content: bytes, predictions: Predictions, task: Task, data: TaskData
) -> Iterator[Finding]:
    """What the run's file and the server's measures tell that the data does not."""
    from openml_client.formats.arff import read_header
    from openml_client.running import audit
    from openml_client.running.scores import global_scores

    _, attributes = read_header(content)
    declared = [a.labels for a in attributes if a.name == "prediction" and a.kind == "nominal"]
    yield from audit.check_labels(declared[0] if declared else None, data)
    if isinstance(task, (ClassificationTask, RegressionTask)):
        told = {e.measure: e.value for e in run.evaluations if e.repeat is None}
        yield from audit.check_measures(told, global_scores(predictions, data, task))


@dataclass(frozen=True, eq=False)
class _Known:
    """What a draft knows of the data, and whose data that is."""

    caller: Caller
    facts: Facts


@dataclass
class _Look:
    """Gets things that may be gone or damaged; what stands in the way becomes a finding."""

    findings: list[Finding] = field(default_factory=list)

    def at(
        self, code: str, get: Callable[[], T], *, severity: Literal["error", "warning"] = "error"
    ) -> T | None:
        from openml_client.running.check import Finding

        try:
            return get()
        except _CONTENT_FAULTS as error:
            message = error.message
        except TransportError as error:
            if error.status not in _GONE:
                raise
            message = error.message
        self.findings.append(Finding(severity=severity, code=code, message=message))
        return None


def _complaints_of(run: Run) -> Iterator[Finding]:
    """What the uploader and the evaluation engine said went wrong."""
    from openml_client.running.check import error, warning

    if run.error_message:
        yield warning("uploader_error", f"its uploader says: {run.error_message}")
    if run.error:
        yield error("evaluation_error", f"the server could not evaluate it: {run.error}")


def _names(dependencies: str | None) -> frozenset[str]:
    """Distributions that a flow asks for, as ``scikit-learn`` of ``scikit-learn==1.9.1``."""
    return frozenset(re.findall(r"^\s*([A-Za-z0-9][\w.-]*)", dependencies or "", re.MULTILINE))
