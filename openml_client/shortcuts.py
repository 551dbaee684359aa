"""Module functions for scripts: the client that the settings describe, made on first use."""

from __future__ import annotations

import atexit
from functools import cache
from typing import TYPE_CHECKING, Any

from openml_client.client import Client
from openml_client.model.run import Run
from openml_client.model.task import Task

if TYPE_CHECKING:
    from openml_client.formats.table import Table
    from openml_client.running.reproduce import Reproduction


@cache
def default_client() -> Client:
    """The client of the environment and the configuration file; closed when Python ends."""
    client = Client()
    atexit.register(client.close)
    return client


def load_dataset(id_or_name: Any, *, version: int | None = None) -> Table:
    """The data of a dataset, by id or name.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    datasets = default_client().datasets
    return datasets.load(datasets.get(id_or_name, version=version))


def get_task(id: Any) -> Task:
    """The task of this id.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    return default_client().tasks.get(id)


def run_model(model: Any, task: Any, *, seed: int | None = None, publish: bool = True) -> Any:
    """The published run of a model on a task; the draft, if it is not to be published.

    Raises
    ------
    NotSerializableError
        If the model can't be described.
    TaskError
        If tasks of this type can't be run.
    CheckError
        If the run has faults; nothing is published then.
    """
    runs = default_client().runs
    draft = runs.execute(model, task, seed=seed)
    return runs.publish(draft) if publish else draft


def reproduce(run: int | Run, *, tolerance: float = 1e-9) -> Reproduction:
    """Execute a published run again, and give the verdict.

    Raises
    ------
    NotFoundError
        If there is no such run.
    """
    return default_client().runs.reproduce(run, tolerance=tolerance)
