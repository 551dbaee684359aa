"""Types of tasks and estimation procedures: what a registry lets tasks be made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum


class TaskTypeId(IntEnum):
    """The task types of OpenML.  Source: protocol note, section 3.1."""

    SUPERVISED_CLASSIFICATION = 1
    SUPERVISED_REGRESSION = 2
    LEARNING_CURVE = 3
    DATA_STREAM_CLASSIFICATION = 4
    CLUSTERING = 5
    MACHINE_LEARNING_CHALLENGE = 6
    SURVIVAL_ANALYSIS = 7
    SUBGROUP_DISCOVERY = 8
    MULTITASK_REGRESSION = 9
    ACTIVE_CLASSIFICATION = 10
    TEXT_TASKS = 11


@dataclass(frozen=True, kw_only=True)
class TaskTypeInput:
    """One input that a task of some type takes."""

    name: str
    requirement: str | None = None
    """``required``, ``hidden`` or None for optional."""
    data_type: str | None = None
    """``numeric``, ``string`` or ``json``."""


@dataclass(frozen=True, kw_only=True)
class TaskType:
    """A type of task."""

    id: int
    name: str
    description: str | None = None
    creators: tuple[str, ...] = ()
    contributors: tuple[str, ...] = ()
    created_at: datetime | None = None
    inputs: tuple[TaskTypeInput, ...] = ()
    """Only given for a single task type, not in lists."""


@dataclass(frozen=True, kw_only=True)
class EstimationProcedure:
    """How performance is estimated, as the registry's table of procedures says."""

    id: int
    task_type_id: int
    name: str
    type: str
    """``crossvalidation``, ``leaveoneout``, ``holdout``, ``holdout_ordered``, ``bootstrapping``,
    ``customholdout``, ``testthentrain``, ``testontrainingdata`` or ``holdoutunlabeled``."""
    repeats: int | None = None
    folds: int | None = None
    samples: int | None = None
    percentage: int | None = None
    """Share of the rows that is held out, 0 to 100."""
    stratified_sampling: bool | None = None
    custom_testset: bool | None = None
    date: datetime | None = None
