"""Tasks: a dataset, what is to be predicted, and how it is estimated; one class per task type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from openml_client.model.task_type import TaskTypeId
from openml_client.model.text import html_table


@dataclass(frozen=True, kw_only=True)
class TaskProcedure:
    """The estimation procedure of one task."""

    id: int | None = None
    type: str | None = None
    data_splits_url: str | None = None
    """Address of the splits file; None for tasks that have no splits."""
    parameters: Mapping[str, str | None] = field(hash=False)
    """``number_repeats``, ``number_folds``, ``percentage``, ``stratified_sampling`` and so on,
    in the server's order; None where the server left one empty."""

    @property
    def n_repeats(self) -> int:
        """Number of repeats, at least 1."""
        return int(self.parameters.get("number_repeats") or 1)

    @property
    def n_folds(self) -> int | None:
        """Number of folds of each repeat, where the procedure fixes it."""
        value = self.parameters.get("number_folds")
        return int(value) if value else None


@dataclass(frozen=True, kw_only=True)
class OutputFeature:
    """One column that the predictions of a task must have."""

    name: str
    type: str


@dataclass(frozen=True, kw_only=True)
class Task:
    """A task of any type; the subclasses add what their type has."""

    kinds: ClassVar[tuple[str, ...]] = ("task",)
    """What its ``id`` is an id of."""
    type_id: ClassVar[TaskTypeId]

    id: int
    name: str | None = None
    type: str
    """The type's name, as ``Supervised Classification``."""
    dataset_id: int | None = None
    procedure: TaskProcedure | None = None
    evaluation_measures: tuple[str, ...] = ()
    output_format: str | None = None
    output_features: tuple[OutputFeature, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def target(self) -> str | None:
        """Name of the column to predict, or None where the type has no single one."""
        return getattr(self, "target_name", None)

    def __repr__(self) -> str:
        target = f", target={self.target!r}" if self.target else ""
        estimation = f", {self._estimation()}" if self.procedure else ""
        return f"<{type(self).__name__} {self.id}: dataset {self.dataset_id}{target}{estimation}>"

    def _estimation(self) -> str:
        if self.procedure is None:
            return ""
        folds = f"{self.procedure.n_folds}-fold " if self.procedure.n_folds else ""
        repeats = f"{self.procedure.n_repeats} x " if self.procedure.n_repeats > 1 else ""
        return f"{repeats}{folds}{self.procedure.type}"

    def _repr_html_(self) -> str:
        return html_table(
            {
                "Task": f"{self.id}: {self.name or self.type}",
                "Type": self.type,
                "Dataset": self.dataset_id,
                "Target": self.target,
                "Estimation": self._estimation(),
                "Measures": ", ".join(self.evaluation_measures),
                "Tags": ", ".join(self.tags),
            }
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class ClassificationTask(Task):
    """Predict a nominal target."""

    type_id = TaskTypeId.SUPERVISED_CLASSIFICATION
    target_name: str
    cost_matrix: tuple[tuple[float, ...], ...] | None = None
    """Costs ``(n_classes, n_classes)``: row is the true class, column the predicted one."""


@dataclass(frozen=True, kw_only=True, repr=False)
class RegressionTask(Task):
    """Predict a numeric target."""

    type_id = TaskTypeId.SUPERVISED_REGRESSION
    target_name: str


@dataclass(frozen=True, kw_only=True, repr=False)
class LearningCurveTask(Task):
    """Predict a nominal target from growing samples of the training rows."""

    type_id = TaskTypeId.LEARNING_CURVE
    target_name: str


@dataclass(frozen=True, kw_only=True, repr=False)
class DataStreamTask(Task):
    """Predict a nominal target, row after row."""

    type_id = TaskTypeId.DATA_STREAM_CLASSIFICATION
    target_name: str


@dataclass(frozen=True, kw_only=True, repr=False)
class ClusteringTask(Task):
    """Group the rows."""

    type_id = TaskTypeId.CLUSTERING
    target_name: str | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class ChallengeTask(Task):
    """Predict labels that only the server knows."""

    type_id = TaskTypeId.MACHINE_LEARNING_CHALLENGE
    target_name: str
    labeled_dataset_id: int | None = None
    cost_matrix: tuple[tuple[float, ...], ...] | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class SurvivalTask(Task):
    """Predict the time to an event."""

    type_id = TaskTypeId.SURVIVAL_ANALYSIS
    target_left: str | None = None
    target_right: str | None = None
    target_event: str


@dataclass(frozen=True, kw_only=True, repr=False)
class SubgroupTask(Task):
    """Find rules that describe one value of the target."""

    type_id = TaskTypeId.SUBGROUP_DISCOVERY
    target_name: str
    target_value: str
    time_limit_s: float | None = None
    quality_measure: str | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class MultitaskRegressionTask(Task):
    """Predict one numeric target in several datasets."""

    type_id = TaskTypeId.MULTITASK_REGRESSION
    target_name: str
    dataset_ids: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True, repr=False)
class ActiveClassificationTask(Task):
    """Predict a nominal target, choosing which rows get labels."""

    type_id = TaskTypeId.ACTIVE_CLASSIFICATION
    target_name: str
    cost_matrix: tuple[tuple[float, ...], ...] | None = None
    annotation_costs: str | None = None
    """JSON as the task's author wrote it."""
    batch_size: int | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class TextTask(Task):
    """Predict a target from text."""

    type_id = TaskTypeId.TEXT_TASKS
    target_name: str


TASK_CLASSES: Mapping[int, type[Task]] = {
    int(cls.type_id): cls
    for cls in (
        ClassificationTask,
        RegressionTask,
        LearningCurveTask,
        DataStreamTask,
        ClusteringTask,
        ChallengeTask,
        SurvivalTask,
        SubgroupTask,
        MultitaskRegressionTask,
        ActiveClassificationTask,
        TextTask,
    )
}
"""Class of a task by the number of its type."""


@dataclass(frozen=True, kw_only=True)
class TaskInputs:
    """The raw inputs of a task, by which it was published."""

    task_id: int | None = None
    type_id: int
    inputs: Mapping[str, str] = field(hash=False)
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TaskSummary:
    """One row of a list of tasks."""

    kinds: ClassVar[tuple[str, ...]] = ("task",)
    """What its ``id`` is an id of."""
    id: int
    type_id: int
    type: str
    dataset_id: int
    dataset_name: str
    status: str | None = None
    format: str | None = None
    inputs: Mapping[str, str] = field(hash=False)
    qualities: Mapping[str, float] = field(hash=False)
    tags: tuple[str, ...] = ()

    def __repr__(self) -> str:
        target = f", target={self.target!r}" if self.target else ""
        dataset = f"{self.dataset_name} ({self.dataset_id})"
        return f"<TaskSummary {self.id}: {self.type} on {dataset}{target}>"

    @property
    def target(self) -> str | None:
        """Name of the column to predict."""
        return self.inputs.get("target_feature")
