"""The words that all OpenML registries share: task types, procedures, measures and qualities.

Nobody can add to them through the API, so they are constants of the code, not rows of a database.
Source: protocol note, sections 3.1, 3.2 and 10; the server's own lists.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from openml_client.model.task_type import EstimationProcedure, TaskType, TaskTypeInput
from openml_client.wire.scalars import BOOL, TIMESTAMP


@cache
def task_types() -> Mapping[int, TaskType]:
    """All task types by id, each with its inputs in the order in which they are shown."""
    inputs: dict[int, list[TaskTypeInput]] = {}
    for row in _rows("task_type_inputs"):
        inputs.setdefault(int(row["task_type_id"]), []).append(
            TaskTypeInput(
                name=row["name"],
                requirement=row["requirement"] or None,
                data_type=row["data_type"] or None,
            )
        )
    types = {}
    for row in _rows("task_types"):
        type_id = int(row["id"])
        types[type_id] = TaskType(
            id=type_id,
            name=row["name"],
            description=row["description"].replace("\\n", "\n") or None,
            creators=_names(row["creators"]),
            contributors=_names(row["contributors"]),
            created_at=TIMESTAMP.parse(row["created_at"]),
            inputs=tuple(inputs[type_id]),
        )
    return types


@cache
def procedures() -> Mapping[int, EstimationProcedure]:
    """All estimation procedures by id."""
    found = {}
    for row in _rows("estimation_procedures"):
        stratified = row["stratified_sampling"]
        found[int(row["id"])] = EstimationProcedure(
            id=int(row["id"]),
            task_type_id=int(row["task_type_id"]),
            name=row["name"],
            type=row["type"],
            repeats=_number(row["repeats"]),
            folds=_number(row["folds"]),
            percentage=_number(row["percentage"]),
            stratified_sampling=BOOL.parse(stratified) if stratified else None,
        )
    return found


@cache
def measures() -> Mapping[str, int]:
    """The names of all evaluation measures, each with its place in the server's order."""
    return {row["name"]: place for place, row in enumerate(_rows("evaluation_measures"))}


KERNELS = ("EuclideanDistance", "PolynomialKernel", "RBFKernel")
"""Functions that the server keeps among the measures, and takes where one is asked for."""


@cache
def qualities() -> frozenset[str]:
    """The names of all qualities that an evaluation engine may measure."""
    return frozenset(row["name"] for row in _rows("qualities"))


def _rows(table: str) -> Iterator[dict[str, str]]:
    text = (files(__package__) / f"{table}.tsv").read_text("utf-8")
    return csv.DictReader(text.splitlines(), delimiter="\t")


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split("; ") if name)


def _number(text: str) -> int | None:
    return int(text) if text else None
