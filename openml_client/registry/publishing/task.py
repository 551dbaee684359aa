"""What is checked of a task before it is published.

Source: protocol note, section 3; the order and the words are those of the transcripts
``task_upload_err_*``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from openml_client.model.dataset import Feature
from openml_client.model.task_draft import TaskDraft
from openml_client.model.task_type import TaskTypeId, TaskTypeInput
from openml_client.registry.calls import Call, Refusal
from openml_client.registry.store import datasets
from openml_client.registry.store.datasets import StoredDataset
from openml_client.registry.vocabulary import KERNELS, measures, procedures, task_types
from openml_client.wire.scalars import MATRIX

_DATASETS = frozenset({"source_data", "source_data_labeled"})
_TARGETS = frozenset(
    {"target_feature", "target_feature_left", "target_feature_right", "target_feature_event"}
)
_MEASURES = frozenset({"evaluation_measures", "quality_measure"})
_HIDDEN = frozenset({"number_samples", "custom_testset"})
"""Inputs that stand in the list of a type, but that nobody can set."""

_NUMERIC_TARGETS = frozenset({TaskTypeId.SUPERVISED_REGRESSION, TaskTypeId.SURVIVAL_ANALYSIS})
_ANY_TARGETS = frozenset({TaskTypeId.TEXT_TASKS})

_MANY = 200
"""A refusal lists the values that would do, up to so many."""


def read_inputs(content: Any) -> Sequence[tuple[str, str]]:
    """Names and values of a description's inputs as they stand there, repeated ones too."""
    found = (content or {}).get("input") or []
    items = found if isinstance(found, list) else [found]
    return [(item["@name"], item.get("#text") or "") for item in items]


def check_inputs(
    call: Call, connection: Connection, draft: TaskDraft, inputs: Sequence[tuple[str, str]]
) -> int | None:
    """Id of the task's dataset, if all its inputs are in order.

    Raises
    ------
    Refusal
        With the first fault, in the server's order.
    """
    checks = _Checks(call, connection, draft)
    task_type = task_types().get(draft.type_id)
    allowed = {item.name: item for item in task_type.inputs} if task_type else {}
    seen: set[str] = set()
    for name, value in inputs:
        if name in seen:
            raise call.refusal("repeated_input", f"problematic input: {name}")
        seen.add(name)
        if name not in allowed:
            raise call.refusal("illegal_input", f"problematic input: {name}")
        if name in _HIDDEN:
            raise call.refusal("hidden_input", f"problematic input: {name}")
        checks.check_form(allowed[name], value)
        checks.check_value(name, value)
    missing = [n for n, i in allowed.items() if i.requirement == "required" and n not in seen]
    if missing or not inputs:
        raise call.refusal("missing_input", f"problematic input(s): {', '.join(missing)}")
    return checks.dataset.dataset.id if checks.dataset else None


class _Checks:
    """What is checked of one input, given the others."""

    def __init__(self, call: Call, connection: Connection, draft: TaskDraft) -> None:
        self._call = call
        self._connection = connection
        self._draft = draft
        self.dataset = self._visible(draft.inputs.get("source_data", ""))

    def check_form(self, item: TaskTypeInput, value: str) -> None:
        if _has_form(item.data_type, value):
            return
        raise self._call.refusal(
            "wrong_type",
            f"problematic input: {item.name}; should be of type: {item.data_type}",
        )

    def check_value(self, name: str, value: str) -> None:
        """Refuse a value that is none of those that would do."""
        if name in _DATASETS:
            self._check_dataset(name, value)
        elif name == "source_data_list":
            self._check_datasets(name, value)
        elif name == "cost_matrix" and not _is_matrix(value):
            raise self._unacceptable(name, ["a list of lists of numbers, as [[0,1],[2,0]]"])
        elif name == "estimation_procedure":
            type_id = self._draft.type_id
            ids = [p.id for p in procedures().values() if p.task_type_id == type_id]
            self._check_one_of(name, value, [str(id_) for id_ in ids])
        elif name in _MEASURES:
            self._check_one_of(name, value, sorted((*KERNELS, *measures())))
        elif name in _TARGETS and self.dataset is not None:
            self._check_one_of(name, value, [f.name for f in self._targets()])
        elif name == "target_value" and self.dataset is not None:
            target = self._draft.inputs.get("target_feature")
            values = [v for f in self._targets() if f.name == target for v in f.nominal_values]
            self._check_one_of(name, value, values)

    def _check_dataset(self, name: str, value: str) -> None:
        dataset = self._visible(value)
        if dataset is None:
            filters: Mapping[str, Any] = {"status": "all", "limit": _MANY + 1}
            rows = datasets.summaries(self._connection, filters, self._call.user)
            raise self._unacceptable(name, [str(row.id) for row in rows])
        if name == "source_data" and dataset.dataset.status != "active":
            raise self._inactive(name)

    def _check_datasets(self, name: str, value: str) -> None:
        ids = json.loads(value)
        if not isinstance(ids, list) or not all(type(item) is int for item in ids):
            raise self._unacceptable(name, ["a list of ids, as [1,2]"])
        for id_ in sorted(set(ids)):
            dataset = self._visible(str(id_))
            if dataset is None:
                raise self._unacceptable(name, [f"ids of datasets; there is no {id_}"])
            if dataset.dataset.status != "active":
                raise self._inactive(name)

    def _visible(self, value: str) -> StoredDataset | None:
        if not re.fullmatch(r"\d{1,18}", value):
            return None
        dataset = datasets.find(self._connection, int(value))
        return dataset if dataset and dataset.may_be_seen_by(self._call.user) else None

    def _targets(self) -> Iterator[Feature]:
        """The columns that may be a target of this type of task."""
        if self.dataset is None:
            return
        for feature in datasets.features_of(self._connection, self.dataset.dataset.id):
            kind = "numeric" if self._draft.type_id in _NUMERIC_TARGETS else "nominal"
            if self._draft.type_id in _ANY_TARGETS or feature.data_type == kind:
                yield feature

    def _check_one_of(self, name: str, value: str, acceptable: Sequence[str]) -> None:
        if value not in acceptable:
            raise self._unacceptable(name, acceptable)

    def _unacceptable(self, name: str, acceptable: Sequence[str]) -> Refusal:
        shown = ", ".join(acceptable[:_MANY]) + (", ..." if len(acceptable) > _MANY else "")
        return self._call.refusal(
            "wrong_value", f"problematic input: [{name}], acceptable inputs: [{shown}]"
        )

    def _inactive(self, name: str) -> Refusal:
        return self._call.refusal("inactive", f"problematic input: {name}, dataset not active.")


def _has_form(data_type: str | None, value: str) -> bool:
    match data_type:
        case "numeric":
            return re.fullmatch(r"-?\d+(\.\d+)?", value) is not None
        case "json":
            return _is_json(value)
        case _:
            return True


def _is_matrix(value: str) -> bool:
    try:
        MATRIX.parse(value)
    except (TypeError, ValueError):
        return False
    return True


def _is_json(value: str) -> bool:
    try:
        json.loads(value)
    except (ValueError, RecursionError):
        return False
    return True
