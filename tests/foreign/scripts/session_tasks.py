"""The steps of the session that are about tasks."""

from __future__ import annotations

from typing import Any

import openml
from openml.tasks import TaskType
from outcomes import plain, refusal, rows


def classification(
    dataset_id: int, *, procedure: int = 1, measure: str | None = "area_under_roc_curve"
) -> Any:
    """A task that is not published yet."""
    return openml.tasks.create_task(
        task_type=TaskType.SUPERVISED_CLASSIFICATION,
        dataset_id=dataset_id,
        target_name="y",
        estimation_procedure_id=procedure,
        evaluation_measure=measure,
    )


def publish(ids: dict[str, int]) -> dict[str, int]:
    """Ids of a task of each type, and of those that are there."""
    create = openml.tasks.create_task
    drafts = {
        "classification": classification(ids["pydf"]),
        "regression": create(
            task_type=TaskType.SUPERVISED_REGRESSION,
            dataset_id=ids["pyreg"],
            target_name="target",
            estimation_procedure_id=7,
        ),
        "clustering": create(
            task_type=TaskType.CLUSTERING, dataset_id=ids["pyreg"], estimation_procedure_id=17
        ),
        "curve": create(
            task_type=TaskType.LEARNING_CURVE,
            dataset_id=ids["pydf"],
            target_name="y",
            estimation_procedure_id=13,
        ),
    }
    published = {name: draft.publish().task_id for name, draft in drafts.items()}
    for name in ("iris", "diabetes"):
        listed = openml.tasks.list_tasks(data_id=ids[name], output_format="dataframe")
        published[f"{name} task"] = int(listed["tid"].min())
    return published


def read(ids: dict[str, int]) -> dict[str, Any]:
    """What the tasks are, and lists of them."""
    few = openml.tasks.list_tasks(size=10, output_format="dataframe")
    of_iris = openml.tasks.list_tasks(
        task_type=TaskType.SUPERVISED_CLASSIFICATION,
        data_id=ids["iris"],
        output_format="dataframe",
    )
    columns = ("name", "task_type", "status", "estimation_procedure", "target_feature")
    return {
        "again": refusal(classification(ids["pydf"]).publish),
        "classification": described(openml.tasks.get_task(ids["classification"])),
        "curve": described(openml.tasks.get_task(ids["curve"])),
        "clustering": described(openml.tasks.get_task(ids["clustering"])),
        "ten": plain(few["tid"]),
        "of iris": rows(of_iris, *columns, "NumberOfInstances"),
    }


def described(task: Any) -> dict[str, Any]:
    names = (
        "task_type",
        "estimation_procedure_id",
        "estimation_procedure",
        "evaluation_measure",
        "target_name",
        "class_labels",
    )
    found = {name: getattr(task, name) for name in names if hasattr(task, name)}
    if isinstance(task, openml.tasks.OpenMLSupervisedTask):
        train, test = task.get_train_test_split_indices(fold=0)
        found["dimensions"] = list(task.get_split_dimensions())
        found["first fold"] = [len(train), test.tolist()]
    return {"class": type(task).__name__, "dataset": task.dataset_id} | found


def tags(task_id: int) -> list[list[int]]:
    """The tasks that bear a tag, with it and when it is gone."""
    task = openml.tasks.get_task(task_id)

    def tagged() -> list[int]:
        found = openml.tasks.list_tasks(tag="x1", output_format="dataframe")
        return [] if found.empty else plain(found["tid"])

    task.push_tag("x1")
    with_tag = tagged()
    task.remove_tag("x1")
    return [with_tag, tagged()]


def deletes(ids: dict[str, int]) -> dict[str, Any]:
    """A task with runs stays, and one without goes."""
    return {
        "with runs": refusal(openml.tasks.delete_task, ids["classification"]),
        "without": openml.tasks.delete_task(ids["clustering"]),
        "dataset with tasks": refusal(openml.datasets.delete_dataset, ids["pydf"]),
        "not mine": refusal(openml.tasks.delete_task, ids["iris task"]),
    }
