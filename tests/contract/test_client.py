"""What a client promises holds whatever is behind it: a folder, a server, a recording.

Reading is tested through all three; a recording can't be written to.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.tree import DecisionTreeClassifier

from openml_client import Client, DatasetDraft, RunDraft, TaskDraft
from openml_client.errors import (
    AuthenticationError,
    FlowError,
    NoResultError,
    NotFoundError,
    ValidationError,
)
from openml_client.model.task import ClassificationTask, LearningCurveTask, RegressionTask
from openml_client.registry import Registry
from tests.doors import Ask, World, learning_curve, recorded, served, task_on

COLOURS = pd.DataFrame(
    {
        "width": [1.5, 2.5, None, 4.0],
        "colour": pd.Categorical(["red", "blue", "red", None], categories=["red", "blue"]),
        "size": pd.Categorical(["s", "l", "l", "s"], categories=["s", "l"]),
    }
)
"""A small dataset with missing values."""


@pytest.fixture(params=["local", "loopback", "recorded"])
def ask(request: pytest.FixtureRequest, world: World, tmp_path: Path) -> Iterator[Ask]:
    """Asks a client of the world, whatever door it goes through."""
    folder = shutil.copytree(world.folder, tmp_path / "registry")
    if request.param == "local":
        with Client(f"local:{folder}") as client:
            yield lambda question: question(client)
        return
    with Registry.open(folder) as registry:
        if request.param == "recorded":
            parts = iter(range(100))
            yield lambda question: recorded(registry, tmp_path / f"part{next(parts)}", question)
            return
        cache = tmp_path / "cache"
        with served(registry) as address, Client(address, cache_dir=cache) as client:
            yield lambda question: question(client)


@pytest.fixture(params=["local", "loopback"])
def client(
    request: pytest.FixtureRequest, registry_folder: Path, tmp_path: Path
) -> Iterator[Client]:
    """A client of a seeded registry that may publish."""
    if request.param == "local":
        with Client(f"local:{registry_folder}") as client:
            yield client
        return
    with (
        Registry.open(registry_folder) as registry,
        served(registry) as address,
        Client(address, api_key=registry.local_key, cache_dir=tmp_path / "cache") as client,
    ):
        yield client


class TestDatasets:
    def test_get_takes_an_id_of_any_kind_or_a_name(self, ask: Ask) -> None:
        iris = ask(lambda client: client.datasets.get("iris"))
        assert (iris.name, iris.version, iris.target_names) == ("iris", 1, ("class",))
        for id_ in (iris.id, str(iris.id), np.int64(iris.id), iris):
            assert ask(lambda client, id_=id_: client.datasets.get(id_)) == iris

    def test_get_takes_a_version(self, ask: Ask) -> None:
        assert ask(lambda client: client.datasets.get("iris", version=1)).id == 1
        with pytest.raises(NotFoundError, match=r"no dataset 'iris', version 2, on "):
            ask(lambda client: client.datasets.get("iris", version=2))

    def test_get_raises_not_found_for_an_unknown_id_or_name(self, ask: Ask) -> None:
        with pytest.raises(NotFoundError, match=r"data/9999 of .*: Unknown dataset"):
            ask(lambda client: client.datasets.get(9999))
        with pytest.raises(NotFoundError, match=r"no active dataset 'irises' on "):
            ask(lambda client: client.datasets.get("irises"))

    def test_find_gives_the_dataset_or_none(self, ask: Ask) -> None:
        found = ask(lambda client: client.datasets.find("wine"))
        assert found is not None
        assert found.name == "wine"
        assert ask(lambda client: client.datasets.find("vinegar")) is None

    def test_list_gives_all_in_the_order_of_their_ids(self, ask: Ask) -> None:
        rows = ask(lambda client: list(client.datasets.list()))
        assert [row.id for row in rows] == list(range(1, 13))
        assert (rows[0].name, rows[0].n_rows, rows[0].n_features, rows[0].n_classes) == (
            "iris",
            150,
            5,
            3,
        )

    def test_list_takes_filters_and_pages(self, ask: Ask) -> None:
        names = ask(lambda c: [row.name for row in c.datasets.list(number_instances=(100, 180))])
        assert names == ["iris", "zoo", "glass2", "wine"]
        names = ask(lambda c: [row.name for row in c.datasets.list(limit=2, offset=1)])
        assert names == ["kr-vs-kp", "zoo"]
        assert ask(lambda client: list(client.datasets.list(tag="nobody-has-it"))) == []

    def test_list_becomes_a_frame(self, ask: Ask) -> None:
        frame = ask(lambda client: client.datasets.list(name="iris").to_pandas())
        assert frame.loc[0, ["name", "NumberOfInstances"]].tolist() == ["iris", 150]

    def test_features_come_in_the_order_of_the_file(self, ask: Ask) -> None:
        features = ask(lambda client: client.datasets.features("1"))
        assert [feature.name for feature in features] == [
            "sepallength",
            "sepalwidth",
            "petallength",
            "petalwidth",
            "class",
        ]
        assert features[4].nominal_values == ("Iris-setosa", "Iris-versicolor", "Iris-virginica")
        assert features[4].is_target

    def test_qualities_have_names_and_values(self, ask: Ask) -> None:
        qualities = ask(lambda client: client.datasets.qualities(1))
        assert qualities["NumberOfInstances"] == 150
        assert qualities["ClassEntropy"] == pytest.approx(np.log2(3))

    def test_load_gives_x_and_y(self, ask: Ask) -> None:
        x, y = ask(lambda client: client.datasets.load("penguins")).xy()
        assert x.shape == (344, 6)
        assert x.dtypes.astype(str).tolist() == [
            "category",
            "float64",
            "float64",
            "float64",
            "float64",
            "category",
        ]
        assert y.value_counts().to_dict() == {"Adelie": 152, "Gentoo": 124, "Chinstrap": 68}

    def test_publish_gives_a_dataset_that_can_be_loaded(self, client: Client) -> None:
        draft = DatasetDraft(
            name="colours", description="For a test.", default_target_attribute="size"
        )
        dataset = client.datasets.publish(draft, COLOURS)
        assert (dataset.name, dataset.version, dataset.status) == ("colours", 1, "active")
        frame = client.datasets.load(dataset).to_pandas()
        # The texts of categories are objects or of pandas' own type, by its version.
        pd.testing.assert_frame_equal(frame, COLOURS, check_categorical=False)
        assert list(frame["colour"].cat.categories) == ["red", "blue"]
        kinds = [
            (f.data_type, f.number_of_missing_values) for f in client.datasets.features(dataset)
        ]
        assert kinds == [("numeric", 1), ("nominal", 1), ("nominal", 0)]

    def test_publish_again_gives_the_next_version(self, client: Client) -> None:
        draft = DatasetDraft(
            name="colours", description="For a test.", default_target_attribute="size"
        )
        first, second = (client.datasets.publish(draft, COLOURS) for _ in range(2))
        assert (first.version, second.version) == (1, 2)
        assert client.datasets.get("colours").id == second.id
        assert client.datasets.get("colours", version=1).id == first.id

    def test_publish_takes_bytes_and_paths(self, client: Client, tmp_path: Path) -> None:
        content = b"@relation t\n@attribute a numeric\n@data\n1\n2\n"
        path = tmp_path / "t.arff"
        path.write_bytes(content)
        draft = DatasetDraft(name="t", description="For a test.")
        for data in (content, path):
            table = client.datasets.load(client.datasets.publish(draft, data))
            assert table.to_pandas()["a"].tolist() == [1.0, 2.0]


class TestTasks:
    def test_get_gives_the_class_of_the_type(self, ask: Ask, world: World) -> None:
        for run, cls in (
            (world.tree, ClassificationTask),
            (world.regression, RegressionTask),
            (world.curve, LearningCurveTask),
        ):
            task = ask(lambda client, id_=run.task_id: client.tasks.get(id_))
            assert type(task) is cls
            assert task.id == run.task_id

    def test_get_raises_not_found_for_an_unknown_id(self, ask: Ask) -> None:
        with pytest.raises(NotFoundError, match=r"task/9999 of .*: Unknown task"):
            ask(lambda client: client.tasks.get(9999))

    def test_inputs_are_those_by_which_it_was_published(self, ask: Ask, world: World) -> None:
        inputs = ask(lambda client: client.tasks.inputs(world.curve.task_id))
        assert (inputs.task_id, inputs.type_id) == (world.curve.task_id, 3)
        assert inputs.inputs == {
            "source_data": "1",
            "target_feature": "class",
            "estimation_procedure": "13",
        }
        with pytest.raises(NotFoundError, match=r"task/inputs/9999 of .*: Unknown task"):
            ask(lambda client: client.tasks.inputs(9999))

    def test_list_takes_filters(self, ask: Ask) -> None:
        rows = ask(lambda client: list(client.tasks.list(type=2)))
        assert [row.dataset_name for row in rows] == ["cpu", "diabetes", "linnerud"]
        rows = ask(lambda client: list(client.tasks.list(datasets=[1])))
        assert [(row.type, row.target) for row in rows] == [
            ("Supervised Classification", "class"),
            ("Learning Curve", "class"),
        ]

    def test_splits_divide_all_rows_in_each_repeat(self, ask: Ask, world: World) -> None:
        splits = ask(lambda client: client.tasks.splits(world.tree.task_id))
        assert (splits.n_repeats, splits.n_folds, splits.n_samples) == (1, 10, 1)
        tested = np.concatenate([fold.test for fold in splits.values()])
        assert sorted(tested) == list(range(150))
        for fold in splits.values():
            assert sorted([*fold.train, *fold.test]) == list(range(150))

    def test_splits_of_a_learning_curve_grow(self, ask: Ask, world: World) -> None:
        splits = ask(lambda client: client.tasks.splits(world.curve.task_id))
        sizes = [len(splits[0, 0, sample].train) for sample in range(splits.n_samples)]
        assert sizes == [64, 91, 128, 135]
        assert len({tuple(splits[0, 0, sample].test) for sample in range(splits.n_samples)}) == 1

    def test_types_and_procedures_are_those_of_openml(self, ask: Ask) -> None:
        types = ask(lambda client: client.tasks.types())
        assert {t.id: t.name for t in types}[1] == "Supervised Classification"
        assert len(types) == 11
        procedures = {p.id: p for p in ask(lambda client: client.tasks.estimation_procedures())}
        assert procedures[1].name == "10-fold Crossvalidation"
        assert (procedures[13].task_type_id, procedures[13].folds) == (3, 10)

    def test_publish_gives_the_same_task_twice(self, client: Client) -> None:
        first, second = (client.tasks.publish(learning_curve(client)) for _ in range(2))
        assert isinstance(first, LearningCurveTask)
        assert first == second

    def test_publish_refuses_an_unknown_input(self, client: Client) -> None:
        inputs = {**learning_curve(client).inputs, "colour": "red"}
        with pytest.raises(ValidationError, match="colour"):
            client.tasks.publish(TaskDraft(type_id=3, inputs=inputs))

    def test_tasks_are_keys_as_datasets_are(self, ask: Ask) -> None:
        once, again, rows, dataset = ask(
            lambda client: (
                client.tasks.get(1),
                client.tasks.get(1),
                list(client.tasks.list()),
                client.datasets.list().first(),
            )
        )
        assert {once: "one"}[again] == "one"
        assert {once.procedure: 1} == {again.procedure: 1}
        assert len(set(rows)) == len(rows)
        assert {dataset: 1, once: 2}[once] == 2

    def test_list_takes_limits_of_any_integer(self, ask: Ask) -> None:
        ids = ask(lambda client: [row.id for row in client.tasks.list()])
        paged = ask(lambda client: list(client.tasks.list(limit=np.int64(2), offset=np.int32(1))))
        assert [row.id for row in paged] == ids[1:3]

    def test_list_takes_a_listing_for_ids(self, ask: Ask) -> None:
        found = ask(lambda client: list(client.tasks.list(ids=client.tasks.list(limit=2))))
        assert found == ask(lambda client: list(client.tasks.list(limit=2)))
        of_iris = ask(
            lambda client: list(client.tasks.list(datasets=client.datasets.list(name="iris")))
        )
        assert {row.dataset_name for row in of_iris} == {"iris"}


class TestFlows:
    def test_from_model_and_to_model_give_the_model_back(self, client: Client) -> None:
        search = GridSearchCV(DecisionTreeClassifier(max_depth=3), {"criterion": ["gini"]}, cv=4)
        draft = client.flows.from_model(search)
        again = client.flows.to_model(draft)
        assert repr(again) == repr(search)
        assert again is not search
        assert repr(
            client.flows.to_model(draft, parameters={"cv": 2, "estimator__max_depth": 1})
        ) == repr(GridSearchCV(DecisionTreeClassifier(max_depth=1), {"criterion": ["gini"]}, cv=2))

    def test_publish_gives_the_same_flow_twice(self, client: Client) -> None:
        # Values are no part of a flow, so both have one.
        first, second = (
            client.flows.publish(client.flows.from_model(Ridge(alpha=alpha))) for alpha in (1, 2)
        )
        assert first == second
        assert [row.id for row in client.flows.list()] == [first.id]

    def test_find_takes_name_and_external_version(self, ask: Ask, world: World) -> None:
        flow = ask(lambda client: client.flows.get(world.tree.flow_id))
        assert flow.external_version is not None
        found = ask(lambda client: client.flows.find(flow.name, flow.external_version))
        assert found == flow
        assert ask(lambda client: client.flows.find(flow.name, "1.0")) is None

    def test_get_gives_the_components(self, ask: Ask, world: World) -> None:
        flow = ask(lambda client: client.flows.get(world.search.flow_id))
        assert [path for path, _ in flow.walk()] == [(), ("estimator",)]
        grid = next(p for p in flow.parameters if p.name == "param_grid")
        assert not grid.default_value

    def test_get_raises_not_found_for_an_unknown_id(self, ask: Ask) -> None:
        with pytest.raises(NotFoundError, match=r"flow/9999 of .*: Unknown flow"):
            ask(lambda client: client.flows.get(9999))

    def test_list_gives_flows_and_their_components(self, ask: Ask, world: World) -> None:
        rows = ask(lambda client: list(client.flows.list()))
        names = [row.name.rpartition(".")[0] for row in rows]
        assert names.count("sklearn.DecisionTreeClassifier") == 2  # as a flow and as a component
        assert world.search.flow_id in {row.id for row in rows}

    def test_to_model_gives_the_defaults_and_what_is_asked_for(
        self, ask: Ask, world: World
    ) -> None:
        model = ask(lambda client: client.flows.to_model(world.tree.flow_id))
        assert repr(model) == "DecisionTreeClassifier()"
        model = ask(
            lambda c: c.flows.to_model(
                world.search.flow_id,
                parameters={"param_grid": {"max_depth": [2]}, "estimator__criterion": "entropy"},
            )
        )
        wanted = GridSearchCV(DecisionTreeClassifier(criterion="entropy"), {"max_depth": [2]})
        assert repr(model) == repr(wanted)

    def test_to_model_names_the_parameters_that_have_no_default(
        self, ask: Ask, world: World
    ) -> None:
        with pytest.raises(FlowError, match="parameters param_grid have no default"):
            ask(lambda client: client.flows.to_model(world.search.flow_id))

    def test_to_model_refuses_an_unknown_parameter(self, ask: Ask, world: World) -> None:
        with pytest.raises(FlowError, match="no parameter 'depth'\nIt has ccp_alpha, "):
            ask(lambda c: c.flows.to_model(world.tree.flow_id, parameters={"depth": 2}))

    def test_untrusted_is_empty_for_what_scikit_learn_brings(self, ask: Ask, world: World) -> None:
        for run in (world.tree, world.search):
            assert ask(lambda client, run=run: client.flows.untrusted(run.flow_id)) == ()


class TestRuns:
    def test_get_gives_measures_settings_and_files(self, ask: Ask, world: World) -> None:
        run = ask(lambda client: client.runs.get(world.tree.id))
        # Addresses are those of the door that was taken.
        assert replace(run, files=(), inputs=()) == replace(world.tree, files=(), inputs=())
        assert run.error == ""
        assert {setting.name: setting.value for setting in run.settings}["max_depth"] == "2"
        assert {"description", "predictions", "environment"} <= {file.name for file in run.files}
        accuracy = run.measure("predictive_accuracy")
        assert accuracy is not None
        assert 0.9 < accuracy < 1

    def test_get_raises_not_found_for_an_unknown_id(self, ask: Ask) -> None:
        with pytest.raises(NotFoundError, match=r"run/9999 of .*: Run not found"):
            ask(lambda client: client.runs.get(9999))

    def test_list_takes_filters(self, ask: Ask, world: World) -> None:
        rows = ask(lambda client: list(client.runs.list(tasks=world.tree.task_id)))
        assert [row.id for row in rows] == [world.tree.id, world.search.id]
        rows = ask(lambda client: list(client.runs.list(flows=[world.regression.flow_id])))
        assert [row.setup_id for row in rows] == [world.regression.setup_id]

    def test_list_takes_listings_and_whatever_gives_ids(self, ask: Ask) -> None:
        tasks = ask(lambda client: [row.id for row in client.tasks.list()])
        runs = ask(lambda client: [row.id for row in client.runs.list(tasks=tasks)])
        assert len(runs) > 1
        for make in (iter, set, np.array):
            again = ask(lambda client, make=make: list(client.runs.list(tasks=make(tasks))))
            assert [row.id for row in again] == runs
        again = ask(lambda client: list(client.runs.list(tasks=client.tasks.list())))
        assert [row.id for row in again] == runs

    def test_list_refuses_a_listing_of_other_things(self, client: Client) -> None:
        with pytest.raises(ValidationError, match="the filter tasks takes an integer or several"):
            client.runs.list(tasks=client.datasets.list())

    def test_predictions_agree_with_the_measures(self, ask: Ask, world: World) -> None:
        frame = ask(lambda client: client.runs.predictions(world.tree.id))
        assert len(frame) == 150
        assert list(frame.columns[:5]) == ["repeat", "fold", "row_id", "prediction", "truth"]
        right = (frame["prediction"] == frame["truth"]).mean()
        assert world.tree.measure("predictive_accuracy") == pytest.approx(right)
        confidence = frame[[f"confidence.{label}" for label in frame["prediction"].cat.categories]]
        assert confidence.sum(axis=1).to_numpy() == pytest.approx(np.ones(150))

    def test_predictions_of_a_regression_are_numbers(self, ask: Ask, world: World) -> None:
        frame = ask(lambda client: client.runs.predictions(world.regression.id))
        error = np.sqrt(((frame["prediction"] - frame["truth"]) ** 2).mean())
        assert world.regression.measure("root_mean_squared_error") == pytest.approx(error)

    def test_trace_has_a_row_for_each_candidate_of_each_fold(self, ask: Ask, world: World) -> None:
        trace = ask(lambda client: client.runs.trace(world.search.id))
        assert trace.run_id == world.search.id
        places = [(row.fold, row.iteration) for row in trace.iterations]
        assert sorted(places) == [(fold, n) for fold in range(10) for n in range(2)]
        assert sum(row.selected for row in trace.iterations) == 10
        assert trace.iterations[0].setup_string == '{"parameter_max_depth":1}'

    def test_trace_raises_no_result_for_a_run_without_one(self, ask: Ask, world: World) -> None:
        with pytest.raises((NoResultError, NotFoundError), match=r"[Tt]race"):
            ask(lambda client: client.runs.trace(world.tree.id))

    @pytest.mark.parametrize("kind", ["tree", "search", "regression", "curve"])
    def test_reproduce_gives_identical_predictions(self, ask: Ask, world: World, kind: str) -> None:
        run = getattr(world, kind)
        result = ask(lambda client: client.runs.reproduce(run.id))
        folds = result.to_pandas(per_fold=kind != "curve")
        assert not folds.empty
        for again in ("recomputed", "again"):
            assert folds[again].to_numpy() == pytest.approx(folds["published"].to_numpy())
        assert result.verdict == "identical", str(result)
        assert result.rows == ()
        assert result.n_rows in {150, 442, 600}
        for row in result.measures:
            assert row.published == pytest.approx(row.again), row.measure
            assert row.recomputed == row.again
        assert result.environment_differences == {}

    def test_to_model_has_the_values_and_seeds_that_were_run(self, ask: Ask, world: World) -> None:
        model = ask(lambda client: client.runs.to_model(world.search.id))
        assert (model.param_grid, model.cv) == ({"max_depth": [1, 3]}, 3)
        assert isinstance(model.estimator.random_state, int)

    def test_execute_stays_local_until_it_is_published(self, client: Client) -> None:
        task_id = task_on(client, "iris")
        model = DecisionTreeClassifier(max_depth=1)
        draft = client.runs.execute(model, task_id, seed=3, progress=False)
        assert (draft.task_id, draft.seed, len(draft.predictions)) == (task_id, 3, 150)
        assert client.runs.check(draft) == ()
        assert list(client.runs.list(tasks=task_id)) == []
        assert list(client.flows.list()) == []
        assert model.random_state is None

    def test_publish_gives_a_run_that_the_registry_evaluated(self, client: Client) -> None:
        task_id = task_on(client, "iris")
        draft = client.runs.execute(DecisionTreeClassifier(), task_id, seed=3, progress=False)
        run = client.runs.publish(draft)
        right = (draft.predictions.prediction == draft.predictions.truth).mean()
        assert run.measure("predictive_accuracy") == pytest.approx(right)
        folds = [e for e in run.evaluations if e.measure == "kappa" and e.repeat is not None]
        assert len(folds) == 10
        assert (run.measure("usercpu_time_millis") or 0) > 0

    def test_publish_makes_no_duplicate_unless_asked(self, client: Client) -> None:
        task_id = task_on(client, "iris")

        def draft(depth: int) -> RunDraft:
            model = DecisionTreeClassifier(max_depth=depth)
            return client.runs.execute(model, task_id, seed=3, progress=False)

        first = client.runs.publish(draft(1))
        assert client.runs.publish(draft(1)).id == first.id
        other = client.runs.publish(draft(2))
        assert (other.flow_id, other.id) == (first.flow_id, first.id + 1)
        again = client.runs.publish(draft(1), avoid_duplicates=False)
        assert (again.id, again.setup_id) == (first.id + 2, first.setup_id)
        assert len(list(client.runs.list(tasks=task_id))) == 3

    @pytest.mark.parametrize(
        ("changes", "complaint"),
        [
            ({"run_details": "a b"}, "run_details = 'a b' has characters outside"),
            ({"files": {"model": b"M"}}, "'model' of the run has no name with an extension"),
            ({"files": {"m.txt": b""}}, "'m.txt' of the run is empty"),
            ({"files": {"m.txt": b"x", "m.bin": b"y"}}, "would take the place of 'm.txt'"),
            ({"files": {"predictions.arff": b"x"}}, "line 1"),
            ({"files": {"predictions.txt": b"x"}}, "the place of 'predictions.arff'"),
            ({"files": {"description.xml": b"<a/>"}}, "the place of 'description.xml'"),
            ({"files": {"more.xml": b"<a>"}}, "'more.xml' of the run can't be read"),
        ],
    )
    def test_a_run_that_would_be_refused_leaves_no_flow(
        self, client: Client, changes: dict[str, Any], complaint: str
    ) -> None:
        flows = len(list(client.flows.list()))
        model = DecisionTreeClassifier(max_depth=1)
        draft = client.runs.execute(model, task_on(client, "iris"), seed=3, progress=False)
        with pytest.raises(ValidationError, match=re.escape(complaint)):
            client.runs.publish(replace(draft, **changes))
        assert len(list(client.flows.list())) == flows

    def test_of_many_that_publish_the_same_run_at_once_one_does(self, client: Client) -> None:
        task_id = task_on(client, "iris")
        model = DecisionTreeClassifier(max_depth=1)
        draft = client.runs.execute(model, task_id, seed=3, progress=False)
        client.flows.publish(client.flows.from_model(model))
        start = Barrier(4)

        def publish() -> int:
            start.wait()
            return client.runs.publish(draft).id

        with ThreadPoolExecutor(4) as pool:
            ids = {future.result() for future in [pool.submit(publish) for _ in range(4)]}
        assert ids == {row.id for row in client.runs.list(tasks=task_id)}
        assert len(ids) == 1

    def test_a_stored_flow_runs_at_its_defaults(self, client: Client) -> None:
        flow = client.flows.publish(client.flows.from_model(DecisionTreeClassifier(max_depth=1)))
        task_id = task_on(client, "iris")
        run = client.runs.publish(client.runs.execute(flow, task_id, seed=1, progress=False))
        assert run.flow_id == flow.id
        assert client.runs.to_model(run).max_depth is None
        assert client.runs.reproduce(run).verdict == "identical"

    def test_writing_needs_a_key_and_says_so(
        self, seeded_registry: Registry, tmp_path: Path
    ) -> None:
        draft = DatasetDraft(name="colours", description="For a test.")
        with served(seeded_registry) as address:
            with (
                Client(address, cache_dir=tmp_path) as client,
                pytest.raises(AuthenticationError, match="needs an API key, and there is none"),
            ):
                client.datasets.publish(draft, COLOURS)
            with (
                Client(address, cache_dir=tmp_path, api_key="0" * 32) as client,
                pytest.raises(AuthenticationError, match="The key came from argument api_key"),
            ):
                client.datasets.publish(draft, COLOURS)


class TestSetups:
    def test_get_gives_the_values_of_all_components(self, ask: Ask, world: World) -> None:
        setup = ask(lambda client: client.setups.get(world.search.setup_id))
        assert setup.flow_id == world.search.flow_id
        values = {parameter.name: parameter.value for parameter in setup.parameters}
        assert values["param_grid"] == '{"max_depth":[1,3]}'
        assert values["max_depth"] == "2"

    def test_list_takes_flows(self, ask: Ask, world: World) -> None:
        rows = ask(lambda client: list(client.setups.list(flows=world.tree.flow_id)))
        assert {row.id for row in rows} == {world.tree.setup_id}

    def test_to_model_has_the_values_that_were_run(self, ask: Ask, world: World) -> None:
        model = ask(lambda client: client.setups.to_model(world.regression.setup_id))
        assert (type(model), model.alpha) == (Ridge, 0.5)


class TestEvaluations:
    def test_list_gives_one_value_per_run(self, ask: Ask, world: World) -> None:
        task = world.tree.task_id
        rows = ask(lambda c: list(c.evaluations.list("predictive_accuracy", tasks=task)))
        assert [row.run_id for row in rows] == [world.tree.id, world.search.id]
        assert rows[0].value == world.tree.measure("predictive_accuracy")
        assert rows[0].dataset_name == "iris"

    def test_list_sorts_by_value(self, ask: Ask, world: World) -> None:
        for order, reverse in (("asc", False), ("desc", True)):
            values = ask(
                lambda c, order=order: [
                    row.value
                    for row in c.evaluations.list("root_mean_squared_error", sort_order=order)
                ]
            )
            assert len(values) == 4
            assert values == sorted(values, reverse=reverse)

    def test_list_gives_the_values_of_all_folds(self, ask: Ask, world: World) -> None:
        rows = ask(
            lambda c: list(
                c.evaluations.list("predictive_accuracy", runs=world.tree.id, per_fold=True)
            )
        )
        (row,) = rows
        folds = [
            e.value
            for e in world.tree.evaluations
            if e.measure == "predictive_accuracy" and e.repeat is not None
        ]
        assert row.per_fold == pytest.approx(folds)
        assert row.value is None

    def test_list_gives_the_parameters(self, ask: Ask, world: World) -> None:
        rows = ask(
            lambda c: list(c.evaluations.list("kappa", runs=world.tree.id, with_setups=True))
        )
        values = {parameter.name: parameter.value for parameter in rows[0].parameters}
        assert values["max_depth"] == "2"

    def test_list_is_empty_for_a_task_without_runs(self, ask: Ask) -> None:
        assert ask(lambda c: list(c.evaluations.list("kappa", tasks=5))) == []

    def test_measures_are_those_of_openml(self, ask: Ask) -> None:
        measures = ask(lambda client: client.evaluations.measures())
        assert {"predictive_accuracy", "area_under_roc_curve"} <= set(measures)
