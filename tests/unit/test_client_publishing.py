"""Publishing one's own data: what is wrong is said before anything is sent."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.naive_bayes import GaussianNB

from openml_client import Client, DatasetDraft, DatasetEdit, FlowDraft, StudyDraft, TaskDraft
from openml_client.errors import CheckError, NotFoundError, TaskError, ValidationError
from openml_client.model.flow import FlowParameter
from openml_client.model.task import ClassificationTask

FRAME = pd.DataFrame({"size": [1.0, 2.0, 3.0, 4.0], "kind": pd.Categorical(["a", "b", "a", "b"])})


def draft(**fields: Any) -> DatasetDraft:
    return DatasetDraft(**{"name": "own", "description": "A test.", **fields})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("default_target_attribute", "colour"),
        ("row_id_attribute", "number"),
        ("ignore_attributes", ("note",)),
    ],
)
def test_a_draft_that_names_a_missing_column_is_refused(
    client: Client, field: str, value: Any
) -> None:
    with pytest.raises(ValidationError, match=f"{field} of the draft 'own' names") as caught:
        client.datasets.publish(draft(**{field: value}), FRAME)
    assert "Its columns are size, kind." in str(caught.value)
    assert client.datasets.find("own") is None


def test_a_dataset_without_a_target_is_published_with_a_warning(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "openml_client"):
        dataset = client.datasets.publish(draft(), FRAME)
    assert dataset.status == "in_preparation"
    assert "has no single default_target_attribute" in caplog.text
    assert "client.datasets.edit(id, default_target_attribute=...)" in caplog.text
    assert client.datasets.edit(dataset, default_target_attribute="kind").status == "active"


def test_a_draft_that_breaks_a_limit_is_refused_without_further_warnings(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.WARNING, "openml_client"),
        pytest.raises(ValidationError, match="has characters outside"),
    ):
        client.datasets.publish(draft(name="two words"), FRAME)
    assert caplog.text == ""


def test_one_text_where_several_are_taken_is_one_item(client: Client) -> None:
    assert draft(creators="Jane Doe", tags=["a", "b"]).creators == ("Jane Doe",)
    assert draft(tags=["a", "b"]).tags == ("a", "b")
    assert draft(tags=None).tags == ()
    assert DatasetEdit(ignore_attributes="id").ignore_attributes == ("id",)  # type: ignore[arg-type]
    assert TaskDraft(type_id=1, inputs={}, tags="abc").tags == ("abc",)  # type: ignore[arg-type]
    parameter = FlowParameter(name="C")
    flow: Any = {"tags": "abc", "creators": "Jane", "contributors": "Joe", "parameters": parameter}
    flow = FlowDraft(name="f", description="F.", **flow)
    assert (flow.tags, flow.creators, flow.contributors) == (("abc",), ("Jane",), ("Joe",))
    assert flow.parameters == (parameter,)
    run = client.runs.execute(GaussianNB(), 1, progress=False)
    assert replace(run, tags="abc").tags == ("abc",)  # type: ignore[arg-type]


def test_one_task_or_run_of_a_collection_is_one_item(client: Client) -> None:
    task = client.tasks.get(2)
    for one in (task, client.tasks.list(ids=2).first(), 2, "2", np.int64(2), [task], {2}):
        assert StudyDraft(name="S", task_ids=one).task_ids == (2,)  # type: ignore[arg-type]
    assert StudyDraft(name="S", run_ids="12").run_ids == (12,)  # type: ignore[arg-type]
    assert StudyDraft(name="S", task_ids=client.tasks.list(ids="1,2")).task_ids == (1, 2)  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="'1,2' is no id of a task"):
        StudyDraft(name="S", task_ids="1,2")  # type: ignore[arg-type]


@pytest.mark.parametrize("data", [np.eye(2), {"a": [1]}, None], ids=lambda d: type(d).__name__)
def test_data_that_is_no_frame_is_refused(client: Client, data: Any) -> None:
    with pytest.raises(ValidationError, match="can't be published"):
        client.datasets.publish(draft(), data)


def test_a_file_that_is_not_there_is_refused(client: Client) -> None:
    with pytest.raises(ValidationError, match=r"no file nowhere\.arff"):
        client.datasets.publish(draft(), "nowhere.arff")


def test_features_and_qualities_take_names_too(client: Client) -> None:
    assert client.datasets.features("iris") == client.datasets.features(1)
    assert client.datasets.qualities("iris")["NumberOfInstances"] == 150


def test_an_id_with_another_version_is_refused(client: Client) -> None:
    with pytest.raises(NotFoundError, match="dataset 1 is version 1 of 'iris', not version 2"):
        client.datasets.get(1, version=2)


def test_drafts_of_supervised_tasks_need_a_dataset_and_a_target(client: Client) -> None:
    task = client.tasks.publish(TaskDraft.classification(1, "class", procedure_id=6))
    assert task.target == "class"
    assert task.procedure is not None
    assert task.procedure.type == "holdout"
    diabetes = client.datasets.get("diabetes")
    again = client.tasks.publish(TaskDraft.regression(diabetes.id, "progression"))
    listed = client.tasks.list(datasets=diabetes.id).first()
    assert listed is not None
    assert again.id == listed.id


def test_things_stand_for_their_ids_in_drafts(client: Client) -> None:
    iris = client.datasets.get("iris")
    row = client.datasets.list(name="iris").first()
    assert TaskDraft.classification(iris, "class") == TaskDraft.classification(1, "class")
    assert TaskDraft.clustering(row) == TaskDraft.clustering(1)
    task = client.tasks.get(1)
    draft = StudyDraft(name="S", task_ids=[task, "2", np.int64(3)])  # type: ignore[arg-type]
    assert draft.task_ids == (1, 2, 3)


@pytest.mark.parametrize("thing", [None, 1.7, True, "iris"])
def test_a_draft_of_what_is_no_id_is_refused(client: Client, thing: Any) -> None:
    task = client.tasks.get(1)
    for given in (thing, task):
        with pytest.raises(
            ValidationError, match=f"{re.escape(repr(given))} is no id of a dataset"
        ):
            TaskDraft.challenge(1, "class", labeled_dataset_id=given)
    with pytest.raises(ValidationError, match=f"{re.escape(repr(thing))} is no id of a run"):
        StudyDraft(name="S", run_ids=(thing,))


@pytest.mark.parametrize("thing", [None, {"name": "own"}, FRAME], ids=lambda t: type(t).__name__)
def test_what_is_no_draft_is_not_published(client: Client, thing: Any) -> None:
    told = f", not an object of the type {type(thing).__name__}"
    with pytest.raises(ValidationError, match=f"is said of a dataset is a DatasetDraft{told}\nIt "):
        client.datasets.publish(thing, draft())
    with pytest.raises(ValidationError, match=f"what a task shall be is said by a TaskDraft{told}"):
        client.tasks.publish(thing)
    for kind, namespace in (("suite", client.suites), ("study", client.studies)):
        with pytest.raises(ValidationError, match=f"what a {kind} shall be .* a StudyDraft{told}"):
            namespace.publish(thing)
    if thing is not None:
        with pytest.raises(ValidationError, match=f"a dataset is a DatasetEdit{told}"):
            client.datasets.edit(1, thing)


@pytest.mark.parametrize(
    ("publish", "message"),
    [
        (lambda c: c.datasets.publish(draft(name=None), FRAME), "DatasetDraft: name is missing"),
        (lambda c: c.datasets.publish(draft(format=None), FRAME), "'own': format is missing"),
        (lambda c: c.datasets.publish(draft(default_target_attribute=5), FRAME),
         "default_target_attribute = 5 is no text"),
        (lambda c: c.datasets.edit(1, default_target_attribute=5),
         "DatasetEdit: default_target_attribute = 5 is no text"),
        (lambda c: c.flows.publish(FlowDraft(name=None, description="F.")), "name is missing"),
        (lambda c: c.flows.publish(FlowDraft(name="f", external_version=1, description="F.")),
         "FlowDraft 'f': external_version = 1 is no text"),
        (lambda c: c.flows.publish(FlowDraft(name="f", description="F.", source="text")),
         "the source of a flow is bytes or the path of a file, not of the type str"),
        (lambda c: c.flows.publish(FlowDraft(name="f", description="")),
         "description = '' has 0 characters; there must be 1"),
        (lambda c: c.suites.publish(StudyDraft(name="S", alias=5, task_ids=1)),
         "StudyDraft 'S': alias = 5 is no text"),
        (lambda c: c.tasks.publish(TaskDraft(type_id=99, inputs={})),
         r"type_id = 99 is none of 1, 2, .*, 11\nThe server would .* Also:\ninputs is missing"),
        (lambda c: c.datasets.add_topic(1, None), "the topic None is no text"),
        (lambda c: c.datasets.remove_topic(1, ""), "the topic '' is empty"),
        (lambda c: c.datasets.add_ontology(1, "class", None), r"None is no http\(s\) address"),
        (lambda c: c.datasets.remove_ontology(1, "class", None), "None is no address of a term"),
        (lambda c: c.datasets.add_ontology(1, True, "http://a.org"), "has no column True"),
        (lambda c: c.datasets.publish(draft(), np.eye(2), columns=5), "columns= gives 1 names"),
        (lambda c: TaskDraft.classification(1, "class", procedure_id="x"),
         "procedure_id = 'x' is no integer"),
    ],
)  # fmt: skip
def test_a_value_of_a_wrong_type_is_told_with_its_field(
    client: Client, publish: Callable[[Client], object], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        publish(client)


@pytest.mark.parametrize(
    "costs",
    [
        np.array([[0, 1, 1], [5, 0, 1], [1, 1, 0]]),
        pd.DataFrame([[0, 1, 1], [5, 0, 1], [1, 1, 0]]),
        [np.array([0, 1, 1]), (5, np.int64(0), 1), [1, 1, 0]],
    ],
    ids=["array", "frame", "rows"],
)
def test_a_cost_matrix_is_taken_in_any_form(client: Client, costs: Any) -> None:
    draft = TaskDraft.classification(1, "class", cost_matrix=costs)
    assert draft.inputs["cost_matrix"] == "[[0, 1, 1], [5, 0, 1], [1, 1, 0]]"
    task = client.tasks.publish(draft)
    assert isinstance(task, ClassificationTask)
    assert task.cost_matrix == ((0.0, 1.0, 1.0), (5.0, 0.0, 1.0), (1.0, 1.0, 0.0))


@pytest.mark.parametrize("costs", ["abc", 5, [], [[1], [1, 2]], [["a"]], [[float("nan")]]])
def test_what_is_no_square_matrix_of_numbers_is_no_cost_matrix(costs: Any) -> None:
    with pytest.raises(ValidationError, match=r"cost_matrix = .* is no square matrix of numbers"):
        TaskDraft.active_classification(1, "class", cost_matrix=costs)


@pytest.mark.parametrize("thing", [None, 1, "run"])
def test_what_is_no_run_is_not_published(client: Client, thing: Any) -> None:
    with pytest.raises(ValidationError, match=r"a run is what client\.runs\.execute gives"):
        client.runs.publish(thing)
    with pytest.raises(ValidationError, match=r"a flow is what client\.flows\.from_model gives"):
        client.flows.publish(thing)


@pytest.mark.parametrize("seed", ["a", 1.5, -1])
def test_a_seed_is_a_natural_number(client: Client, seed: Any) -> None:
    with pytest.raises(ValidationError, match="the seed of a run is an integer, 0 or more"):
        client.runs.execute(GaussianNB(), 1, seed=seed, progress=False)


def test_a_draft_shows_its_score_before_anything_is_sent(client: Client) -> None:
    executed = client.runs.execute(GaussianNB(), 1, progress=False)
    score = executed.measure("predictive_accuracy")
    assert score is not None
    assert f"predictive_accuracy {score:.4f}" in repr(executed)
    assert client.flows.list().first() is None
    run = client.runs.publish(executed)
    assert run.measure("predictive_accuracy") == pytest.approx(score)


def test_a_model_that_predicts_too_few_rows_is_refused_before_anything_is_sent(
    client: Client,
) -> None:
    from tests.unit.odd_models import PredictsClassesOnly, PredictsTooFewInOneFold

    with pytest.raises(TaskError, match=r"predict gave an array of the shape \(3,\) for 15 rows"):
        client.runs.execute(PredictsClassesOnly(), 1, progress=False)
    executed = client.runs.execute(PredictsTooFewInOneFold(), 1, progress=False)
    assert {finding.code for finding in client.runs.check(executed)} == {"rows_missing"}
    with pytest.raises(CheckError, match="for 15 rows"):
        client.runs.publish(executed)
    assert client.flows.list().first() is None
