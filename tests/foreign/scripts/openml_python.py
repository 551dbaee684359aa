"""What openml-python reads from a server, as JSON: ``openml_python.py ADDRESS RUN``.

It knows nothing of openml_client; it runs in the environment of ``tests/foreign``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import openml
import pandas as pd
from openml.tasks import TaskType


def main(address: str, run_id: int) -> dict[str, Any]:
    openml.config.server = f"{address}/api/v1/xml"
    openml.config.apikey = ""
    return {
        "datasets": datasets(),
        "iris": dataset("iris"),
        "penguins": dataset("penguins"),
        "titanic": dataset("Titanic"),
        "tasks": tasks(),
        "task": task(1),
        "curve": task(
            next(iter(openml.tasks.list_tasks(TaskType.LEARNING_CURVE, output_format="dict")))
        ),
        "run": run(run_id),
        "measures": openml.evaluations.list_evaluation_measures(),
        "procedures": openml.evaluations.functions.list_estimation_procedures(),
    }


def datasets() -> list[list[Any]]:
    frame = openml.datasets.list_datasets(output_format="dataframe")
    columns = ["did", "name", "version", "NumberOfInstances", "NumberOfFeatures", "status"]
    return frame[columns].values.tolist()


def dataset(name: str) -> dict[str, Any]:
    found = openml.datasets.get_dataset(
        name, download_data=True, download_qualities=True, download_features_meta_data=True
    )
    x, y, is_categorical, names = found.get_data(target=found.default_target_attribute)
    return {
        "id": found.dataset_id,
        "version": found.version,
        "licence": found.licence,
        "target": found.default_target_attribute,
        "labels": found.retrieve_class_labels(found.default_target_attribute),
        "qualities": {name: value for name, value in found.qualities.items() if value == value},
        "features": [
            [f.index, f.name, f.data_type, f.number_missing_values] for f in found.features.values()
        ],
        "x": {name: plain(x[name]) for name in names},
        "y": plain(y),
        "source": Path(found.parquet_file or found.data_file).suffix,
        "types": {name: str(kind) for name, kind in x.dtypes.items()},
        "categorical": [name for name, flag in zip(names, is_categorical, strict=True) if flag],
    }


def plain(column: pd.Series) -> list[Any]:
    """Numbers and texts, None where one is missing."""
    values = column.astype(object)
    return values.where(values.notna(), None).tolist()


def tasks() -> list[list[Any]]:
    frame = openml.tasks.list_tasks(output_format="dataframe")
    frame = frame.astype(object).where(frame.notna(), None)
    frame["ttid"] = [kind.value for kind in frame["ttid"]]
    return frame[["tid", "did", "ttid", "name", "target_feature"]].values.tolist()


def task(task_id: int) -> dict[str, Any]:
    found = openml.tasks.get_task(task_id)
    repeats, folds, samples = found.get_split_dimensions()
    return {
        "id": found.task_id,
        "class": type(found).__name__,
        "dataset": found.dataset_id,
        "target": found.target_name,
        "labels": found.class_labels,
        "dimensions": [repeats, folds, samples],
        "splits": [
            [part.tolist() for part in found.get_train_test_split_indices(fold, repeat, sample)]
            for repeat in range(repeats)
            for fold in range(folds)
            for sample in range(samples)
        ],
    }


def run(run_id: int) -> dict[str, Any]:
    found = openml.runs.get_run(run_id)
    flow = openml.flows.get_flow(found.flow_id)
    setup = openml.setups.get_setup(found.setup_id)
    listed = openml.runs.list_runs(task=[found.task_id], output_format="dataframe")
    return {
        "task": found.task_id,
        "flow": [flow.flow_id, flow.name, flow.external_version, list(flow.components)],
        "setup": {p.full_name: p.value for p in setup.parameters.values()},
        "evaluations": dict(found.evaluations),
        "fold_evaluations": {
            name: [folds[0][fold] for fold in sorted(folds[0])]
            for name, folds in found.fold_evaluations.items()
        },
        "listed": listed["run_id"].tolist(),
    }


if __name__ == "__main__":
    json.dump(main(sys.argv[1], int(sys.argv[2])), sys.stdout, default=int)
