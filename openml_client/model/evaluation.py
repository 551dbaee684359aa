"""Evaluations: the value of a measure for a run."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from openml_client.model.setup import SetupParameter


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """One row of a list of evaluations."""

    run_id: int
    measure: str
    """Name of the measure, as ``predictive_accuracy``."""
    value: float | None = None
    task_id: int
    setup_id: int
    flow_id: int
    flow_name: str
    """``name(version)``."""
    dataset_id: int | None = None
    dataset_name: str | None = None
    per_class: tuple[float, ...] | None = None
    """One value per class in the order of the data file's header, for measures that have it."""
    array_text: str | None = None
    """What some old runs hold in the place of such values, as the name of a system."""
    per_fold: tuple[float, ...] | None = None
    """One value per fold, repeat after repeat, if asked for."""
    engine_id: int | None = None
    uploader_id: int | None = None
    uploaded_at: datetime | None = None
    parameters: tuple[SetupParameter, ...] = ()
    """The setup's values, if asked for."""

    def as_row(self) -> dict[str, object]:
        """The row of a table: a column per parameter too, named ``flow(version)_parameter``.

        Values of classes and folds are lists.
        """
        row: dict[str, object] = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name != "parameters"
        }
        for name in ("per_class", "per_fold"):
            values = row[name]
            row[name] = list(values) if isinstance(values, tuple) else None
        return row | {parameter.full_name: parameter.value for parameter in self.parameters}

    def __repr__(self) -> str:
        value = f"{self.value:.6g}" if self.value is not None else f"per fold {self.per_fold}"
        place = f"run {self.run_id}, flow {self.flow_id} on task {self.task_id}"
        return f"<Evaluation {self.measure} {value}: {place}>"
