"""A typed client for OpenML, the open registry of datasets, tasks, flows and runs.

>>> from openml_client import Client
>>> with Client("local:./registry") as client:  # doctest: +SKIP
...     iris = client.datasets.get("iris")

Names are resolved when they are first used: the import itself loads neither numpy nor pandas,
reads no file and makes none.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from openml_client._version import __version__

if TYPE_CHECKING:
    from openml_client.client import Client
    from openml_client.errors import OpenMLError
    from openml_client.model.dataset import Dataset, DatasetDraft, DatasetEdit
    from openml_client.model.flow import Flow, FlowDraft
    from openml_client.model.run import Run, RunDraft
    from openml_client.model.study import Study, StudyDraft
    from openml_client.model.task import Task
    from openml_client.model.task_draft import TaskDraft
    from openml_client.shortcuts import get_task, load_dataset, reproduce, run_model

_HOMES = {
    "Client": "client",
    "OpenMLError": "errors",
    "Dataset": "model.dataset",
    "DatasetDraft": "model.dataset",
    "DatasetEdit": "model.dataset",
    "Flow": "model.flow",
    "FlowDraft": "model.flow",
    "Run": "model.run",
    "RunDraft": "model.run",
    "Study": "model.study",
    "StudyDraft": "model.study",
    "Task": "model.task",
    "TaskDraft": "model.task_draft",
    "get_task": "shortcuts",
    "load_dataset": "shortcuts",
    "reproduce": "shortcuts",
    "run_model": "shortcuts",
}
"""Module of each public name."""

__all__ = [
    "Client",
    "Dataset",
    "DatasetDraft",
    "DatasetEdit",
    "Flow",
    "FlowDraft",
    "OpenMLError",
    "Run",
    "RunDraft",
    "Study",
    "StudyDraft",
    "Task",
    "TaskDraft",
    "__version__",
    "get_task",
    "load_dataset",
    "reproduce",
    "run_model",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
