"""What openml-python can publish: ``openml_python_publish.py ADDRESS KEY TASK`` prints the ids.

It knows nothing of openml_client; it runs in the environment of ``tests/foreign``.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import openml
import pandas as pd
from openml.tasks import TaskType
from sklearn.tree import DecisionTreeClassifier


def main(address: str, key: str, task_id: int) -> dict[str, Any]:
    openml.config.server = f"{address}/api/v1/xml"
    openml.config.apikey = key
    dataset = publish_dataset()
    task = openml.tasks.create_task(
        task_type=TaskType.SUPERVISED_CLASSIFICATION,
        dataset_id=dataset.dataset_id,
        target_name="size",
        estimation_procedure_id=1,
        evaluation_measure="predictive_accuracy",
    )
    task.publish()
    model = DecisionTreeClassifier(max_depth=2, random_state=1)
    run = openml.runs.run_model_on_task(model, openml.tasks.get_task(task_id))
    run.publish()
    stored = openml.runs.get_run(run.run_id, ignore_cache=True)
    rebuilt = openml.runs.initialize_model_from_run(run.run_id)
    return {
        "dataset": dataset.dataset_id,
        "task": task.task_id,
        "run": run.run_id,
        "flow": run.flow_id,
        "accuracy": stored.evaluations["predictive_accuracy"],
        "model": repr(rebuilt),
    }


def publish_dataset() -> Any:
    data = pd.DataFrame(
        {
            "width": [1.5, 2.5, None, 4.0] * 5,
            "size": pd.Categorical(["small", "large"] * 10),
        }
    )
    dataset = openml.datasets.create_dataset(
        name="sizes",
        description="For a test.",
        creator="openml-python",
        contributor=None,
        collection_date=None,
        language="English",
        licence="CC0",
        default_target_attribute="size",
        row_id_attribute=None,
        ignore_attribute=None,
        citation="none",
        attributes="auto",
        data=data,
    )
    dataset.publish()
    return dataset


if __name__ == "__main__":
    json.dump(main(sys.argv[1], sys.argv[2], int(sys.argv[3])), sys.stdout)
