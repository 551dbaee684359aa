"""What the reference of openml-python's functions documents besides its examples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openml
import pandas as pd
from openml.tasks import TaskType
from outcomes import plain, refusal
from seeded import task_id
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeRegressor

PEOPLE = pd.DataFrame(
    {
        "id": [11, 12, 13, 14],
        "note": ['it\'s "fine"', "50 %, or so", None, "naïve, Zoë"],
        "colour": pd.Categorical(["dark blue", None, "red", "red"]),
        "size": [1.5, None, 3.0, 1e-9],
        "is_new": [True, False, True, True],
        "outcome": pd.Categorical(["yes", "no", "no", "yes"]),
    }
)


def rows_and_ignored() -> dict[str, Any]:
    """A dataset of odd texts, with a column that names rows and one to be ignored."""
    dataset = openml.datasets.create_dataset(
        name="people",
        description="Texts with <marks> & quotes: \"a\", 'b'.",
        creator=["A_One", "B_Two"],
        contributor=["A", "B"],
        collection_date="2020-01-02",
        language="English",
        licence="CC0",
        attributes="auto",
        data=PEOPLE,
        default_target_attribute="outcome",
        row_id_attribute="id",
        ignore_attribute=["note"],
        citation="none",
        original_data_url="https://example.org/?a=1&b=2",
        paper_url="https://example.org/paper",
    ).publish()
    stored = openml.datasets.get_dataset(
        dataset.dataset_id, download_data=True, download_features_meta_data=True
    )
    x, y, _, names = stored.get_data(target="outcome")
    everything, *_ = stored.get_data(include_row_id=True, include_ignore_attribute=True)
    own = [stored.description, stored.creator, stored.contributor, stored.original_data_url]
    return {
        "described": [*own, stored.row_id_attribute, stored.ignore_attribute],
        "names": names,
        "x": {name: plain(x[name]) for name in names},
        "y": plain(y),
        "everything": {name: plain(everything[name]) for name in ("id", "note")},
        "by type": stored.get_features_by_type("nominal", exclude=["outcome"]),
    }


def versions() -> dict[str, Any]:
    """The same name twice: by version, the oldest active one, or an error."""
    data = openml.datasets
    sizes = pd.DataFrame({"size": [1.0, 2.0, 3.0], "kind": pd.Categorical(["a", "b", "a"])})
    ids = []
    for description in ("first", "second"):
        dataset = data.create_dataset(
            name="twice",
            description=description,
            creator="A",
            contributor=None,
            collection_date=None,
            language=None,
            licence="CC0",
            attributes="auto",
            data=sizes,
            default_target_attribute="kind",
            ignore_attribute=None,
            citation=None,
        )
        ids.append(dataset.publish().dataset_id)
    found = {
        "versions": [data.get_dataset("twice", version=number).description for number in (1, 2)],
        "oldest": data.get_dataset("twice").dataset_id == ids[0],
    }
    data.status_update(ids[0], "deactivated")
    found["next"] = data.get_dataset("twice").dataset_id == ids[1]
    several = data.get_datasets(ids, download_data=False, download_qualities=False)
    return found | {"several": [one.version for one in several]}


def all_files() -> dict[str, Any]:
    """All that the server keeps of a dataset, and not its data file alone."""
    dataset = openml.datasets.get_dataset("wine", download_data=True, download_all_files=True)
    return {"files": [file.name for file in Path(dataset.parquet_file).parent.glob("*.pq")]}


def task_lists() -> dict[str, Any]:
    tasks = openml.tasks
    regression = tasks.list_tasks(
        task_type=TaskType.SUPERVISED_REGRESSION, output_format="dataframe"
    )
    split = tasks.get_task(task_id("iris"), download_splits=True).download_split()
    return {
        "regression": plain(regression["name"]),
        "by name": plain(
            tasks.list_tasks(data_name="zoo", output_format="dataframe")["target_feature"]
        ),
        "by size": plain(
            tasks.list_tasks(number_instances="140..150", output_format="dataframe")["name"]
        ),
        "missing": plain(
            tasks.list_tasks(number_missing_values="1..9999", output_format="dataframe")["name"]
        ),
        "page": len(tasks.list_tasks(size=3, offset=2, output_format="dataframe")),
        "split": [split.repeats, split.folds, split.samples],
        "none": tasks.list_tasks(tag="nosuchtag", output_format="dataframe").empty,
    }


def run_lists() -> dict[str, Any]:
    """Runs, flows, setups and studies by all filters."""
    task = openml.tasks.get_task(task_id("iris"))
    run = openml.runs.run_model_on_task(GaussianNB(), task, avoid_duplicate_runs=False).publish()
    regression = openml.tasks.get_task(task_id("diabetes"))
    other = openml.runs.run_model_on_task(DecisionTreeRegressor(max_depth=2), regression).publish()
    stored = openml.runs.get_run(run.run_id)
    suite = openml.study.create_benchmark_suite(
        name="One", description="d", task_ids=[task.task_id], alias="one"
    ).publish()
    study = openml.study.create_study(
        name="Of one", description="d", run_ids=[run.run_id], benchmark_suite=suite.study_id
    ).publish()
    setup = openml.setups.get_setup(stored.setup_id)
    filters: dict[str, Any] = {
        "id": {"id": [run.run_id, other.run_id]},
        "task": {"task": [regression.task_id]},
        "setup": {"setup": [stored.setup_id]},
        "flow": {"flow": [stored.flow_id]},
        "uploader": {"uploader": [stored.uploader], "size": 1},
        "study": {"study": study.study_id},
        "task type": {"task_type": TaskType.SUPERVISED_REGRESSION.value},
        "errors": {"task": [task.task_id], "display_errors": True},
    }
    numbers = {run.run_id: "bayes", other.run_id: "tree"}
    openml.flows.get_flow(other.flow_id).push_tag("more")
    return {
        "runs": {name: named(numbers, **options) for name, options in filters.items()},
        "several": [one.run_id in numbers for one in openml.runs.get_runs(list(numbers))],
        "flows": [flows(tag="more"), len(flows(uploader=stored.uploader))],
        "setups": [setups(flow=stored.flow_id), setups(setup=[setup.setup_id]), setups(size=2)],
        "studies": studies(uploader=stored.uploader),
        # openml-python 0.15 keeps the suite of a study to itself, and no server learns of it.
        "of suite": refusal(studies, benchmark_suite=suite.study_id),
        "uploader": stored.uploader_name,
        "evaluations": evaluations(run.run_id, stored.uploader),
        "no runs": openml.runs.list_runs(tag="nosuchtag", output_format="dataframe").empty,
        "no flows": openml.flows.list_flows(tag="nosuchtag", output_format="dataframe").empty,
        "no setup": refusal(openml.setups.get_setup, 999999),
        "no flow": refusal(openml.flows.get_flow, 999999),
    }


def named(numbers: dict[int, str], **options: Any) -> list[str]:
    frame = openml.runs.list_runs(**options, output_format="dataframe")
    return [numbers[id_] for id_ in frame["run_id"]]


def flows(**options: Any) -> list[str]:
    frame = openml.flows.list_flows(**options, output_format="dataframe")
    return plain(frame["full_name"])


def setups(**options: Any) -> int:
    return len(openml.setups.list_setups(**options, output_format="dataframe"))


def studies(**options: Any) -> list[str]:
    frame = openml.study.list_studies(status="all", output_format="dataframe", **options)
    return plain(frame["name"])


def evaluations(run_id: int, uploader: int) -> dict[str, Any]:
    lists = openml.evaluations
    found = lists.list_evaluations(
        "predictive_accuracy", runs=[run_id], uploaders=[uploader], output_format="object"
    )
    (one,) = found.values()
    return {"uploader": one.uploader_name, "value": one.value, "data": one.data_name}


EXAMPLES = [rows_and_ignored, versions, all_files, task_lists, run_lists]
