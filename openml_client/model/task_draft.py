"""What is said of a task that is to be published; one constructor per task type."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from openml_client.errors import ValidationError
from openml_client.model.dataset import Dataset, DatasetSummary
from openml_client.model.ids import id_of
from openml_client.model.several import hold_tuples, several
from openml_client.model.task_type import TaskTypeId
from openml_client.model.text import shorten

Costs = Sequence[Sequence[float]]
"""Shape ``(n_classes, n_classes)``: row is the true class, column the predicted one.  Arrays and
frames are taken, too."""

DatasetOrId = int | Dataset | DatasetSummary
"""A dataset, by its id or as it was got."""


@dataclass(frozen=True, kw_only=True)
class TaskDraft:
    """What a caller says of a task that is to be published."""

    type_id: int
    inputs: Mapping[str, str]
    """By name, as ``source_data``, ``target_feature``, ``estimation_procedure``;
    protocol note, section 3.1, lists them per type."""
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        hold_tuples(self, "tags")

    @classmethod
    def classification(
        cls,
        dataset_id: DatasetOrId,
        target: str,
        *,
        procedure_id: int = 1,
        measure: str | None = "predictive_accuracy",
        cost_matrix: Costs | None = None,
    ) -> Self:
        """Draft a task that predicts a nominal column, by 10-fold cross-validation.

        ``client.tasks.estimation_procedures()`` lists other procedures.
        """
        type_id = TaskTypeId.SUPERVISED_CLASSIFICATION
        costs = _costs(cost_matrix)
        return cls._draft(type_id, dataset_id, procedure_id, measure, target, cost_matrix=costs)

    @classmethod
    def regression(
        cls,
        dataset_id: DatasetOrId,
        target: str,
        *,
        procedure_id: int = 7,
        measure: str | None = "root_mean_squared_error",
    ) -> Self:
        """Draft a task that predicts a numeric column, by 10-fold cross-validation."""
        type_id = TaskTypeId.SUPERVISED_REGRESSION
        return cls._draft(type_id, dataset_id, procedure_id, measure, target)

    @classmethod
    def learning_curve(
        cls,
        dataset_id: DatasetOrId,
        target: str,
        *,
        procedure_id: int = 13,
        measure: str | None = "predictive_accuracy",
    ) -> Self:
        """Draft a task that predicts a nominal column from growing samples, in 10 folds."""
        return cls._draft(TaskTypeId.LEARNING_CURVE, dataset_id, procedure_id, measure, target)

    @classmethod
    def data_stream(
        cls,
        dataset_id: DatasetOrId,
        target: str,
        *,
        procedure_id: int = 15,
        measure: str | None = None,
    ) -> Self:
        """Draft a task that predicts a nominal column row after row, testing then training."""
        type_id = TaskTypeId.DATA_STREAM_CLASSIFICATION
        return cls._draft(type_id, dataset_id, procedure_id, measure, target)

    @classmethod
    def clustering(
        cls, dataset_id: DatasetOrId, *, procedure_id: int = 17, measure: str | None = None
    ) -> Self:
        """Draft a task that groups the rows, 50 times."""
        return cls._draft(TaskTypeId.CLUSTERING, dataset_id, procedure_id, measure)

    @classmethod
    def challenge(
        cls,
        dataset_id: DatasetOrId,
        target: str,
        *,
        labeled_dataset_id: DatasetOrId,
        procedure_id: int = 18,
        measure: str | None = None,
    ) -> Self:
        """Draft a task that predicts labels which another dataset holds."""
        type_id = TaskTypeId.MACHINE_LEARNING_CHALLENGE
        labeled = str(_dataset_id(labeled_dataset_id))
        return cls._draft(
            type_id, dataset_id, procedure_id, measure, target, source_data_labeled=labeled
        )

    @classmethod
    def survival(
        cls,
        dataset_id: DatasetOrId,
        event: str,
        *,
        left: str | None = None,
        right: str | None = None,
        procedure_id: int = 19,
        measure: str | None = None,
    ) -> Self:
        """Draft a task that predicts when an event comes, by 10-fold cross-validation.

        ``event``, ``left`` and ``right`` name columns.
        """
        return cls._draft(
            TaskTypeId.SURVIVAL_ANALYSIS,
            dataset_id,
            procedure_id,
            measure,
            target_feature_left=left,
            target_feature_right=right,
            target_feature_event=event,
        )

    @classmethod
    def subgroups(
        cls,
        dataset_id: DatasetOrId,
        target: str,
        *,
        value: str,
        quality_measure: str,
        time_limit_s: float,
    ) -> Self:
        """Draft a task that finds rules which describe one value of a nominal column."""
        return cls._draft(
            TaskTypeId.SUBGROUP_DISCOVERY,
            dataset_id,
            None,
            None,
            target,
            target_value=value,
            time_limit=f"{time_limit_s:g}",
            quality_measure=quality_measure,
        )

    @classmethod
    def multitask_regression(
        cls, dataset_ids: Iterable[DatasetOrId], target: str, *, procedure_id: int = 29
    ) -> Self:
        """Draft a task that predicts a numeric column of several datasets, in 10 folds."""
        ids = json.dumps([_dataset_id(given) for given in several(dataset_ids)])
        type_id = TaskTypeId.MULTITASK_REGRESSION
        return cls._draft(type_id, None, procedure_id, None, target, source_data_list=ids)

    @classmethod
    def active_classification(
        cls,
        dataset_id: DatasetOrId,
        target: str,
        *,
        procedure_id: int = 30,
        measure: str | None = "predictive_accuracy",
        cost_matrix: Costs | None = None,
        batch_size: int | None = None,
    ) -> Self:
        """Draft a task that predicts a nominal column and chooses which rows get labels."""
        return cls._draft(
            TaskTypeId.ACTIVE_CLASSIFICATION,
            dataset_id,
            procedure_id,
            measure,
            target,
            cost_matrix=_costs(cost_matrix),
            batch_size=_integer("batch_size", batch_size),
        )

    @classmethod
    def text(
        cls,
        dataset_id: DatasetOrId,
        target: str,
        *,
        procedure_id: int = 35,
        measure: str | None = None,
    ) -> Self:
        """Draft a task that predicts a column from text, by a 33% holdout."""
        return cls._draft(TaskTypeId.TEXT_TASKS, dataset_id, procedure_id, measure, target)

    @classmethod
    def _draft(
        cls,
        type_id: TaskTypeId,
        dataset_id: DatasetOrId | None,
        procedure_id: int | None,
        measure: str | None,
        target: str | None = None,
        **others: str | None,
    ) -> Self:
        """Draft a task of some type; what is None is no input of it."""
        inputs = {
            "source_data": None if dataset_id is None else str(_dataset_id(dataset_id)),
            "target_feature": target,
            "estimation_procedure": _integer("procedure_id", procedure_id),
            "evaluation_measures": measure,
            **others,
        }
        given = {name: text for name, text in inputs.items() if text is not None}
        return cls(type_id=int(type_id), inputs=given)


def _dataset_id(given: DatasetOrId) -> int:
    return id_of(given, "dataset")


def _integer(name: str, given: object) -> str | None:
    if given is None:
        return None
    try:
        return str(int(given))  # type: ignore[call-overload]
    except (TypeError, ValueError) as error:
        raise ValidationError(f"{name} = {given!r} is no integer") from error


def _costs(matrix: Costs | None) -> str | None:
    """JSON of a cost matrix, given as lists, an array or a frame."""
    if matrix is None:
        return None
    try:
        rows = [[_plain(cost) for cost in _plain(row)] for row in _plain(matrix)]
        is_square = all(len(row) == len(rows) for row in rows)
        are_numbers = all(math.isfinite(cost) for row in rows for cost in row)
    except TypeError:
        is_square = are_numbers = False
    if not (is_square and are_numbers and rows):
        raise ValidationError(
            f"cost_matrix = {shorten(repr(matrix), 80)} is no square matrix of numbers",
            hint="It has a row for each true class, and in it a number for each predicted one.",
        )
    return json.dumps(rows)


def _plain(value: Any) -> Any:
    """Lists and numbers of Python, in the place of numpy's and pandas'."""
    values = value.to_numpy() if hasattr(value, "to_numpy") else value
    return values.tolist() if hasattr(values, "tolist") else values
