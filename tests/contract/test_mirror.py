"""A mirror answers as its source does, long after the source is gone."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from openml_client import Client
from openml_client.model.mirror import Mirrored
from openml_client.model.study import StudyDraft
from openml_client.registry import Registry
from openml_client.registry.check import check_folder
from tests.doors import Ask, World, served

ADDRESS = re.compile(r"^http://[^/]+/")


def answers(value: Any) -> Any:
    """An answer as plain values, without the host in its addresses."""
    if isinstance(value, str):
        return ADDRESS.sub("http://HOST/", value)
    if isinstance(value, dict):
        return {name: answers(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [answers(item) for item in value]
    return answers(asdict(value)) if hasattr(value, "__dataclass_fields__") else value


@pytest.fixture(scope="module")
def source(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry with a suite, a study and an edit of somebody else than its owner."""
    folder = shutil.copytree(world.folder, tmp_path_factory.mktemp("source") / "registry")
    with Registry.open(folder) as registry:
        key = registry.add_user("alice")
    with Client(f"local:{folder}") as owner:
        owner.datasets.edit(8, description="Wines of three growers.")
    with Client(f"local:{folder}", api_key=key) as client:
        client.datasets.edit(8, description="Wines of three growers, 13 measures each.")
        suite = client.suites.publish(
            StudyDraft(name="Two tasks", description="x", alias="two", task_ids=(3, 5))
        )
        client.studies.publish(
            StudyDraft(
                name="Two runs",
                description="x",
                alias="runs",
                benchmark_suite_id=suite.id,
                run_ids=(world.tree.id, world.curve.id),
            )
        )
    return folder


@pytest.fixture(scope="module")
def mirrored(source: Path, world: World, tmp_path_factory: pytest.TempPathFactory) -> Mirrored:
    """What a mirror of all runs, made over a socket, has; the server is gone by now."""
    folder = tmp_path_factory.mktemp("mirror")
    tasks = {run.task_id for run in (world.tree, world.search, world.regression, world.curve)}
    with (
        Registry.open(source) as registry,
        served(registry) as address,
        Client(address, cache_dir=folder / "cache") as client,
    ):
        return client.mirror(
            folder / "registry",
            datasets=["wine"],
            studies=["runs"],
            runs_of_tasks=sorted(tasks),
            progress=False,
        )


@pytest.fixture(scope="module")
def ask_both(source: Path, mirrored: Mirrored) -> Iterator[Ask]:
    """Asks the source and its mirror, which must agree, and gives what the mirror said."""
    with Client(f"local:{source}") as first, Client(f"local:{mirrored.folder}") as second:

        def ask(question: Any) -> Any:
            said = question(second)
            assert answers(said) == answers(question(first))
            return said

        yield ask


def test_the_mirror_is_whole_and_has_what_was_asked_for(mirrored: Mirrored, world: World) -> None:
    runs = (world.tree, world.search, world.regression, world.curve)
    assert mirrored.left_out == ()
    assert mirrored.copied["run"] == tuple(sorted(run.id for run in runs))
    assert mirrored.copied["setup"] == tuple(sorted({run.setup_id for run in runs}))
    assert mirrored.copied["flow"] == tuple(sorted({run.flow_id for run in runs}))
    assert mirrored.copied["dataset"] == (1, 3, 5, 8, 11)
    assert mirrored.copied["study"] == (1, 2)
    assert list(check_folder(Path(mirrored.folder))) == []


def test_datasets_are_the_same(ask_both: Ask, mirrored: Mirrored) -> None:
    for id_ in mirrored.copied["dataset"]:
        ask_both(lambda client, id_=id_: client.datasets.get(id_))
        ask_both(lambda client, id_=id_: client.datasets.features(id_))
        ask_both(lambda client, id_=id_: client.datasets.qualities(id_))
        frame = ask_both(lambda client, id_=id_: client.datasets.load(id_).to_pandas().to_csv())
        assert frame.count("\n") > 100
    listed = list(mirrored.copied["dataset"])
    rows = ask_both(lambda client: list(client.datasets.list(ids=listed)))
    assert [row.id for row in rows] == listed


def test_all_texts_that_described_a_dataset_are_the_same(
    ask_both: Ask, mirrored: Mirrored, tmp_path: Path
) -> None:
    for id_ in mirrored.copied["dataset"]:
        assert ask_both(lambda client, id_=id_: client.datasets.descriptions(id_))
    wine = ask_both(lambda client: client.datasets.get("wine"))
    texts = ask_both(lambda client: client.datasets.descriptions(wine.id))
    assert [text.version for text in texts] == [1, 2, wine.description_version]
    assert [text.description for text in texts[1:]] == [
        "Wines of three growers.",
        wine.description,
    ]
    folder = shutil.copytree(mirrored.folder, tmp_path / "mirror")
    with Client(f"local:{folder}") as mirror:
        assert mirror.datasets.edit(wine, description="Edited in the mirror.")
        assert [text.version for text in mirror.datasets.descriptions(wine)] == [1, 2, 3, 4]


def test_tasks_and_their_splits_are_the_same(ask_both: Ask, mirrored: Mirrored) -> None:
    for id_ in mirrored.copied["task"]:
        ask_both(lambda client, id_=id_: client.tasks.get(id_))
        ask_both(lambda client, id_=id_: client.tasks.inputs(id_))
        folds = ask_both(
            lambda client, id_=id_: [
                (key, fold.train.tolist(), fold.test.tolist())
                for key, fold in client.tasks.splits(id_).items()
            ]
        )
        assert len(folds) >= 10
    ask_both(lambda client: list(client.tasks.list(ids=list(mirrored.copied["task"]))))


def test_flows_and_setups_are_the_same(ask_both: Ask, mirrored: Mirrored) -> None:
    for id_ in mirrored.copied["flow"]:
        flow = ask_both(lambda client, id_=id_: client.flows.get(id_))
        for _, part in flow.walk():
            ask_both(lambda client, id_=part.id: client.flows.get(id_))
        ask_both(lambda client, flow=flow: client.flows.find(flow.name, flow.external_version).id)
        ask_both(lambda client, flow=flow: repr(client.flows.describe(flow, is_complete=False)))
    for id_ in mirrored.copied["setup"]:
        setup = ask_both(lambda client, id_=id_: client.setups.get(id_))
        assert setup.parameters
        ask_both(lambda client, setup=setup: list(client.setups.list(flows=setup.flow_id)))


def test_runs_with_their_files_are_the_same(ask_both: Ask, mirrored: Mirrored) -> None:
    for id_ in mirrored.copied["run"]:
        run = ask_both(lambda client, id_=id_: client.runs.get(id_))
        assert run.evaluations
        ask_both(lambda client, id_=id_: client.runs.predictions(id_).to_csv())
        if run.file("trace"):
            ask_both(lambda client, id_=id_: client.runs.trace(id_))
        rows = ask_both(lambda client, run=run: list(client.runs.list(tasks=run.task_id)))
        assert id_ in {row.id for row in rows}


def test_suites_studies_and_users_are_the_same(ask_both: Ask) -> None:
    suite = ask_both(lambda client: client.suites.get("two"))
    study = ask_both(lambda client: client.studies.get("runs"))
    assert (suite.task_ids, study.benchmark_suite_id, len(study.run_ids)) == ((3, 5), suite.id, 2)
    ask_both(lambda client: list(client.suites.list(status="all")))
    rows = ask_both(lambda client: list(client.runs.list(study=study.id)))
    assert {row.id for row in rows} == set(study.run_ids)
    people = ask_both(lambda client: list(client.users.list()))
    assert [user.name for user in people] == ["owner", "alice"]


@pytest.mark.parametrize("measure", ["predictive_accuracy", "root_mean_squared_error"])
@pytest.mark.parametrize("per_fold", [False, True])
def test_evaluations_are_the_same(
    ask_both: Ask, mirrored: Mirrored, measure: str, *, per_fold: bool
) -> None:
    found = []
    for id_ in mirrored.copied["task"]:
        for with_setups in (False, True):
            found += ask_both(
                lambda client, id_=id_, with_setups=with_setups: list(
                    client.evaluations.list(
                        measure, tasks=id_, per_fold=per_fold, with_setups=with_setups
                    )
                )
            )
    assert found


def test_runs_of_the_mirror_are_reproduced(mirrored: Mirrored, world: World) -> None:
    with Client(f"local:{mirrored.folder}") as mirror:
        assert mirror.runs.reproduce(world.search.id).verdict == "identical"


def test_what_is_published_in_a_mirror_gets_ids_that_were_never_used(
    mirrored: Mirrored, source: Path, world: World, tmp_path: Path
) -> None:
    from sklearn.tree import DecisionTreeClassifier

    folder = shutil.copytree(mirrored.folder, tmp_path / "mirror")
    with Client(f"local:{folder}") as mirror:
        draft = mirror.runs.execute(
            DecisionTreeClassifier(max_depth=5), world.tree.task_id, seed=1, progress=False
        )
        run = mirror.runs.publish(draft)
    assert run.id == world.curve.id + 1
    assert run.flow_id == world.tree.flow_id
    assert (run.setup_id or 0) > max(mirrored.copied["setup"])
    taken = {file.file_id for old in (world.tree, world.curve) for file in old.files}
    assert not taken & {file.file_id for file in run.files}
    assert list(check_folder(folder)) == []
