"""Ids of what a seeded registry holds, by name."""

from __future__ import annotations

import openml


def dataset_id(name: str) -> int:
    found = openml.datasets.list_datasets(data_name=name, output_format="dataframe")
    return int(found["did"].min())


def task_id(name: str) -> int:
    """The first task on a dataset."""
    found = openml.tasks.list_tasks(data_id=dataset_id(name), output_format="dataframe")
    return int(found["tid"].min())
