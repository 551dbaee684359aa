"""Runs: a flow with its values, executed on a task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Literal

from openml_client.model.flow import FlowDraft, FlowSetting
from openml_client.model.several import hold_tuples
from openml_client.model.text import html_table
from openml_client.model.trace import TraceIteration

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class ParameterSetting:
    """The value of one parameter in a run."""

    name: str
    value: str | None = None
    component_id: int | None = None
    """The flow that has the parameter, the run's own or one inside it."""


@dataclass(frozen=True, kw_only=True)
class RunEvaluation:
    """A measure of a run, global or of one fold."""

    measure: str
    value: float | None = None
    per_class: tuple[float, ...] | None = None
    """One value per class, in the order of the data file's header."""
    array_text: str | None = None
    """What some old runs hold in the place of such values, as the name of a system."""
    repeat: int | None = None
    """None for a global value."""
    fold: int | None = None
    sample: int | None = None
    stdev: float | None = None
    """Sample standard deviation over the folds."""
    interval_start: int | None = None
    """First row of the part of a data stream that the value is for."""
    interval_end: int | None = None
    dataset_id: int | None = None
    """In old runs: of the file that the value was computed from."""
    flow_id: int | None = None
    """In old runs: of the flow that computes the measure, as its name and label are."""
    flow_name: str | None = None
    label: str | None = None
    sample_size: int | None = None
    """Rows of the sample, for learning curves."""


@dataclass(frozen=True, kw_only=True)
class RunFile:
    """A file of a run."""

    dataset_id: int | None = -1
    """A field of former times: the server always sends -1."""
    file_id: int
    name: str
    """``description``, ``predictions``, ``trace``, ``model`` and so on."""
    url: str


@dataclass(frozen=True, kw_only=True)
class RunInput:
    """A dataset that a run used."""

    dataset_id: int
    name: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Run:
    """A stored run."""

    kinds: ClassVar[tuple[str, ...]] = ("run",)
    """What its ``id`` is an id of."""
    id: int
    uploader_id: int | None = None
    uploader_name: str | None = None
    task_id: int
    task_type: str | None = None
    task_evaluation_measure: str | None = None
    flow_id: int
    flow_name: str | None = None
    setup_id: int | None = None
    error: str | None = None
    """What the evaluation engine complained of; "" if it evaluated the run without
    complaint, None if it has not evaluated it yet."""
    error_message: str | None = None
    """What the uploader said went wrong."""
    run_details: str | None = None
    setup_string: str | None = None
    settings: tuple[ParameterSetting, ...] = ()
    tags: tuple[str, ...] = ()
    inputs: tuple[RunInput, ...] = ()
    files: tuple[RunFile, ...] = ()
    evaluations: tuple[RunEvaluation, ...] = ()

    def file(self, name: str) -> RunFile | None:
        """The file of this name, or None."""
        return next((file for file in self.files if file.name == name), None)

    def measure(self, name: str) -> float | None:
        """The global value of a measure, or None."""
        for evaluation in self.evaluations:
            if evaluation.measure == name and evaluation.repeat is None:
                return evaluation.value
        return None

    def __repr__(self) -> str:
        state = ""
        if self.error is None:
            state = ", not evaluated yet"
        elif self.error or self.error_message:
            state = f", error: {self.error or self.error_message}"
        return f"<Run {self.id}: flow {self.flow_id} on task {self.task_id}{state}>"

    def _repr_html_(self) -> str:
        values = {e.measure: e.value for e in self.evaluations if e.repeat is None}
        return html_table(
            {
                "Run": self.id,
                "Task": f"{self.task_id} ({self.task_type})",
                "Flow": f"{self.flow_id}: {self.flow_name}",
                "Setup": self.setup_id,
                "Uploader": self.uploader_name,
                "Error": self.error or self.error_message,
                **{name: value for name, value in values.items() if value is not None},
            }
        )


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """One row of a list of runs."""

    kinds: ClassVar[tuple[str, ...]] = ("run",)
    """What its ``id`` is an id of."""
    id: int
    task_id: int
    task_type_id: int | None = None
    setup_id: int
    flow_id: int
    uploader_id: int
    uploaded_at: datetime | None = None
    error_message: str | None = None
    run_details: str | None = None

    def __repr__(self) -> str:
        error = f", error: {self.error_message}" if self.error_message else ""
        place = f"flow {self.flow_id}, setup {self.setup_id} on task {self.task_id}"
        return f"<RunSummary {self.id}: {place}{error}>"


@dataclass(frozen=True, kw_only=True, eq=False)
class Predictions:
    """The predictions of a run, column-wise, one row per predicted row of the data."""

    repeat: NDArray[np.int32]
    """Shape ``(n_rows,)``, as all columns."""
    fold: NDArray[np.int32]
    sample: NDArray[np.int32] | None = None
    """Learning curves only."""
    row_id: NDArray[np.int64]
    """Row number in the dataset, from 0."""
    prediction: NDArray[np.int32] | NDArray[np.float64]
    """Positions in ``labels`` for classification, numbers for regression."""
    truth: NDArray[np.int32] | NDArray[np.float64] | None = None
    """Like ``prediction``; -1 or NaN where it is unknown."""
    labels: tuple[str, ...] | None = None
    """The class labels in the order that the data file declares; None for regression."""
    confidence: NDArray[np.float64] | None = None
    """Shape ``(n_rows, n_classes)``, one column per label."""
    confidence_kind: Literal["probability", "score"] = "probability"
    is_clustering: bool = False
    """Whether the predicted numbers name clusters."""

    def __len__(self) -> int:
        return len(self.row_id)


@dataclass(frozen=True, kw_only=True)
class FailedFold:
    """A fold of which a run has no predictions, because the model raised an error."""

    repeat: int
    fold: int
    sample: int = 0
    stage: Literal["fit", "predict"]
    error: str
    """Class and message, as ``ValueError: Input X contains NaN.``."""
    traceback: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"repeat {self.repeat}, fold {self.fold}, {self.stage}: {self.error}"


@dataclass(frozen=True, kw_only=True)
class RunDraft:
    """A run that was executed and not yet published; it holds all that an upload needs."""

    task_id: int
    flow: FlowDraft | None = None
    """The flow as it was described from a model."""
    flow_id: int | None = None
    """The stored flow, where the run started from one."""
    settings: tuple[FlowSetting, ...] = field(default=(), repr=False)
    seed: int | None = None
    predictions: Predictions = field(repr=False)
    evaluations: tuple[RunEvaluation, ...] = field(default=(), repr=False)
    """What only the uploader can measure: CPU and wall time in milliseconds."""
    scores: Mapping[str, float] = field(default_factory=dict, repr=False)
    """The global measures, computed here as the registry will; they are not uploaded."""
    trace: tuple[TraceIteration, ...] = field(default=(), repr=False)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Further files by name with extension, as ``environment.json``."""
    failures: tuple[FailedFold, ...] = field(default=(), repr=False)
    """The folds that failed, with their tracebacks, which are not uploaded."""
    setup_string: str | None = None
    error_message: str | None = None
    run_details: str | None = None
    tags: tuple[str, ...] = ()
    _known: object = field(default=None, init=False, repr=False, compare=False)
    """What the client that executed it knows of the data; no copy has it."""

    def __post_init__(self) -> None:
        hold_tuples(self, "settings", "evaluations", "trace", "failures", "tags")

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_known": None}

    def measure(self, name: str) -> float | None:
        """The global value of a measure as computed here, or None."""
        return self.scores.get(name)

    def __repr__(self) -> str:
        flow = self.flow.name if self.flow is not None else f"flow {self.flow_id}"
        seed = f", seed {self.seed}" if self.seed is not None else ""
        error = f", error: {self.error_message}" if self.error_message else ""
        rows = len(self.predictions)
        is_regression = self.predictions.labels is None
        name = "root_mean_squared_error" if is_regression else "predictive_accuracy"
        score = f", {name} {self.scores[name]:.4f}" if name in self.scores else ""
        task = f"on task {self.task_id}{seed}"
        return f"<RunDraft: {flow} {task}, {rows} predictions{score}{error}>"
