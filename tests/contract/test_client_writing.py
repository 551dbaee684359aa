"""What a client changes is changed, in a folder and on a server alike."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import numpy as np
import pandas as pd
import pytest

from openml_client import Client, DatasetDraft, DatasetEdit, FlowDraft, StudyDraft, TaskDraft
from openml_client.errors import (
    AuthenticationError,
    DuplicateError,
    InUseError,
    NotAuthorizedError,
    NotFoundError,
    OfflineError,
    ServerError,
    ValidationError,
)
from openml_client.model.flow import FlowParameter
from openml_client.model.task import TASK_CLASSES
from openml_client.registry import Registry
from openml_client.wire.routes import every as routes
from tests.doors import World, served


@pytest.fixture(params=["local", "loopback"])
def client(request: pytest.FixtureRequest, world: World, tmp_path: Path) -> Iterator[Client]:
    """A client of a registry with runs, which a test may change."""
    folder = copytree(world.folder, tmp_path / "registry")
    if request.param == "local":
        with Client(f"local:{folder}") as client:
            yield client
        return
    with (
        Registry.open(folder) as registry,
        served(registry) as address,
        Client(address, api_key=registry.local_key, cache_dir=tmp_path / "cache") as client,
    ):
        yield client


@pytest.fixture
def other(world: World, tmp_path: Path) -> Iterator[tuple[Client, Client]]:
    """The owner of everything, and somebody else who may write."""
    with (
        Registry.open(copytree(world.folder, tmp_path / "registry")) as registry,
        served(registry) as address,
        Client(address, api_key=registry.local_key, cache_dir=tmp_path / "cache") as owner,
        Client(address, api_key=registry.add_user("other"), cache_dir=tmp_path / "else") as other,
    ):
        yield owner, other


def things(client: Client, world: World) -> dict[str, Any]:
    """One thing of each kind that can be tagged."""
    return {
        "datasets": client.datasets.get("zoo"),
        "tasks": client.tasks.get(world.tree.task_id),
        "flows": client.flows.get(world.tree.flow_id),
        "runs": world.tree,
        "setups": client.setups.get(world.tree.setup_id),
    }


KINDS = ["datasets", "tasks", "flows", "runs", "setups"]


class TestTags:
    @pytest.mark.parametrize("kind", KINDS)
    def test_tag_and_untag_give_all_tags_of_the_thing(
        self, client: Client, world: World, kind: str
    ) -> None:
        namespace, thing = getattr(client, kind), things(client, world)[kind]
        before = set(getattr(thing, "tags", ()))
        assert set(namespace.tag(thing, "b.1")) == {*before, "b.1"}
        assert set(namespace.tag(np.int64(thing.id), "a-1")) == {*before, "a-1", "b.1"}
        assert [row.id for row in namespace.list(tag="a-1")] == [thing.id]
        assert set(namespace.untag(str(thing.id), "b.1")) == {*before, "a-1"}

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_tag_is_given_once_and_taken_once(
        self, client: Client, world: World, kind: str
    ) -> None:
        namespace, thing = getattr(client, kind), things(client, world)[kind]
        namespace.tag(thing, "mine")
        with pytest.raises(DuplicateError, match=rf"_id {thing.id}, tag mine.*already tagged"):
            namespace.tag(thing, "mine")
        namespace.untag(thing, "mine")
        with pytest.raises(NotFoundError, match=rf"_id {thing.id}, tag mine.*Tag not found"):
            namespace.untag(thing, "mine")

    @pytest.mark.parametrize("tag", ["", "two words", "x" * 65, "café", "a/b", None, 7, ["a"]])
    def test_what_is_no_tag_is_refused_before_it_is_sent(self, client: Client, tag: Any) -> None:
        with pytest.raises(ValidationError, match="1 to 64 of the characters") as caught:
            client.datasets.tag(1, tag)
        assert caught.value.code is None

    def test_nothing_is_tagged_by_a_number_that_is_nothing(self, client: Client) -> None:
        with pytest.raises(NotFoundError, match="task_id 999"):
            client.tasks.tag(999, "x")

    def test_a_thing_of_another_kind_is_refused(self, client: Client) -> None:
        task = client.tasks.get(3)
        with pytest.raises(ValidationError, match="is no id of a dataset"):
            client.datasets.tag(task, "x")
        with pytest.raises(ValidationError, match="the filter tasks takes"):
            client.runs.list(tasks=client.datasets.get(1))


class TestTheCache:
    def test_what_was_changed_is_not_served_from_the_cache(
        self, client: Client, world: World
    ) -> None:
        for kind, thing in things(client, world).items():
            namespace = getattr(client, kind)
            offline = getattr(client.with_options(offline=True), kind)
            namespace.get(thing.id)
            assert offline.get(thing.id).id == thing.id
            namespace.tag(thing, "new")
            with pytest.raises(OfflineError, match="not in the cache"):
                offline.get(thing.id)
            namespace.get(thing.id)
            assert "new" in getattr(offline.get(thing.id), "tags", ("new",))

    def test_what_was_deleted_is_not_served_from_the_cache(
        self, client: Client, world: World
    ) -> None:
        offline = client.with_options(offline=True)
        client.runs.get(world.curve.id)
        assert offline.runs.get(world.curve.id).id == world.curve.id
        client.runs.delete(world.curve)
        with pytest.raises(OfflineError):
            offline.runs.get(world.curve.id)

    def test_what_somebody_else_deleted_goes_when_it_is_missed(
        self, client: Client, world: World
    ) -> None:
        other = client.with_options(offline=True)
        client.runs.get(world.curve.id)
        client._caller.call(routes.RUN_DELETE, id=world.curve.id)  # not by way of this client
        assert other.runs.get(world.curve.id).id == world.curve.id
        with pytest.raises(NotFoundError):
            client.runs.get(world.curve.id)
        with pytest.raises(OfflineError):
            other.runs.get(world.curve.id)

    def test_an_edit_renews_columns_and_qualities(self, client: Client) -> None:
        frame = pd.DataFrame({"a": [1.0, 2.0], "b": pd.Categorical(["x", "y"])})
        draft = DatasetDraft(name="t", description="A test.", default_target_attribute="b")
        dataset = client.datasets.publish(draft, frame)
        assert not client.datasets.features(dataset)[0].is_ignore
        client.datasets.edit(dataset, ignore_attributes="a")
        with pytest.raises(OfflineError):
            client.with_options(offline=True).datasets.features(dataset)
        assert client.datasets.features(dataset)[0].is_ignore


class TestDatasets:
    def test_edit_gives_the_dataset_as_it_is_now(self, client: Client) -> None:
        before = client.datasets.get("iris")
        after = client.datasets.edit(
            before, description="Flowers.", creators="Fisher", language="English"
        )
        assert (after.description, after.creators, after.language) == (
            "Flowers.",
            ("Fisher",),
            "English",
        )
        assert after.name == before.name
        again = client.datasets.edit(after, DatasetEdit(citation="Fisher (1936)"))
        assert (again.description, again.citation) == ("Flowers.", "Fisher (1936)")
        texts = client.datasets.descriptions("iris")
        assert [(t.version, t.description) for t in texts] == [
            (1, before.description),
            (2, "Flowers."),
        ]

    def test_edit_takes_a_draft_and_fields_together(self, client: Client) -> None:
        changes = DatasetEdit(creators=("A", "B"), language="English")
        after = client.datasets.edit(1, changes, language="German")
        assert (after.creators, after.language) == (("A", "B"), "German")

    def test_edit_refuses_nothing_and_what_can_not_be_edited(self, client: Client) -> None:
        for call in (lambda: client.datasets.edit(1), lambda: client.datasets.edit(1, language="")):
            with pytest.raises(ValidationError, match="nothing to edit\nGive one of description"):
                call()
        with pytest.raises(ValidationError, match=r"'name' .* can't be edited"):
            client.datasets.edit(1, name="flowers")
        with pytest.raises(ValidationError, match="Basic Latin"):
            client.datasets.edit(1, description="Blüten")

    def test_edit_refuses_columns_that_the_dataset_does_not_have(self, client: Client) -> None:
        frame = pd.DataFrame({"a": [1.0, 2.0], "b": pd.Categorical(["x", "y"])})
        draft = DatasetDraft(name="t", description="A test.", default_target_attribute="b")
        dataset = client.datasets.publish(draft, frame)
        for field in ("default_target_attribute", "row_id_attribute", "ignore_attributes"):
            with pytest.raises(ValidationError, match=f"{field} of the edit of dataset") as info:
                client.datasets.edit(dataset, **{field: "nowhere"})
            assert "names 'nowhere', and the data has no such column" in info.value.message
            assert info.value.hint == "Its columns are a, b."
        assert client.datasets.get(dataset.id).default_target_attribute == "b"
        assert [column.name for column in client.datasets.features(dataset)] == ["a", "b"]

    def test_what_tasks_rest_on_is_only_edited_without_tasks(self, client: Client) -> None:
        with pytest.raises(InUseError, match="needed by the tasks 1") as caught:
            client.datasets.edit(1, default_target_attribute="sepalwidth")
        assert 1 in caught.value.dependants

    def test_fork_gives_a_version_of_ones_own(self, other: tuple[Client, Client]) -> None:
        owner, somebody = other
        with pytest.raises(NotAuthorizedError, match="fork"):
            somebody.datasets.edit(1, default_target_attribute="sepalwidth")
        fork = somebody.datasets.fork(1)
        assert (fork.name, fork.version) == ("iris", 2)
        assert fork.md5_checksum == owner.datasets.get(1).md5_checksum
        edited = somebody.datasets.edit(fork, default_target_attribute="sepalwidth")
        assert edited.target_names == ("sepalwidth",)
        assert owner.datasets.get(1).target_names == ("class",)

    def test_set_status_takes_a_dataset_out_of_the_lists(self, client: Client) -> None:
        assert (
            client.datasets.set_status(client.datasets.get("zoo"), "deactivated").status
            == "deactivated"
        )
        assert client.datasets.find("zoo") is None
        zoo = client.datasets.list(name="zoo", status="deactivated").first()
        assert client.datasets.set_status(zoo, "active").status == "active"
        assert client.datasets.find("zoo") is not None

    def test_set_status_refuses_what_nothing_can_become(self, client: Client) -> None:
        with pytest.raises(ValidationError, match="active or deactivated, not 'in_preparation'"):
            client.datasets.set_status(1, "in_preparation")

    def test_only_an_administrator_activates(self, other: tuple[Client, Client]) -> None:
        _, somebody = other
        fork = somebody.datasets.fork(1)
        somebody.datasets.set_status(fork, "deactivated")
        with pytest.raises(NotAuthorizedError, match="Only admins can activate"):
            somebody.datasets.set_status(fork, "active")

    def test_delete_takes_what_nothing_needs(self, client: Client) -> None:
        fork = client.datasets.fork(client.datasets.get("iris"))
        client.datasets.delete(fork)
        with pytest.raises(NotFoundError):
            client.datasets.get(fork.id)
        with pytest.raises(NotFoundError, match="Dataset does not exist"):
            client.datasets.delete(fork.id)

    def test_what_changes_a_dataset_takes_no_name(self, client: Client) -> None:
        for change in (
            lambda: client.datasets.delete("iris"),
            lambda: client.datasets.edit("iris", language="English"),
            lambda: client.datasets.set_status("iris", "deactivated"),
            lambda: client.datasets.tag("iris", "t"),
            lambda: client.datasets.add_topic("iris", "t"),
        ):
            with pytest.raises(ValidationError, match=r"'iris' is a name, .* by its id\n.*get"):
                change()

    def test_delete_names_the_tasks(self, client: Client, world: World) -> None:
        with pytest.raises(InUseError, match="needed by the tasks") as caught:
            client.datasets.delete(client.datasets.get("iris"))
        assert set(caught.value.dependants) == {world.tree.task_id, world.curve.task_id}

    def test_only_the_owner_deletes(self, other: tuple[Client, Client]) -> None:
        owner, somebody = other
        fork = owner.datasets.fork(1)
        with pytest.raises(NotAuthorizedError, match="not owned by you"):
            somebody.datasets.delete(fork)
        assert owner.datasets.get(fork.id) == fork

    def test_ontologies_describe_columns(self, client: Client) -> None:
        iris = client.datasets.get("iris")
        url, second = "https://example.org/petal", "https://example.org/length?unit=cm"
        assert client.datasets.add_ontology(iris, "petallength", url) == (url,)
        assert set(client.datasets.add_ontology(iris, 2, second)) == {
            url,
            second,
        }
        assert set(client.datasets.features("iris")[2].ontologies) == {url, second}
        with pytest.raises(DuplicateError, match="already associated"):
            client.datasets.add_ontology(iris, 2, url)
        assert client.datasets.remove_ontology(iris, "petallength", url) == (second,)
        assert client.datasets.remove_ontology(iris, 2, second) == ()
        with pytest.raises(NotFoundError, match="Could not find description"):
            client.datasets.remove_ontology(iris, 2, url)

    def test_ontologies_are_checked_before_they_are_sent(self, client: Client) -> None:
        iris = client.datasets.get("iris")
        with pytest.raises(ValidationError, match=r"no column 'petals'\nIt has 5, .*petalwidth"):
            client.datasets.add_ontology(iris, "petals", "https://example.org")
        for url in ("petal", "https://example.org/" + "x" * 250):
            with pytest.raises(ValidationError, match="no http"):
                client.datasets.add_ontology(iris, 0, url)

    def test_topics_are_for_administrators(self, other: tuple[Client, Client]) -> None:
        owner, somebody = other
        with pytest.raises(NotAuthorizedError):
            somebody.datasets.add_topic(1, "botany")
        owner.datasets.add_topic(1, "botany")
        with pytest.raises(DuplicateError):
            owner.datasets.add_topic(1, "botany")
        owner.datasets.remove_topic(1, "botany")
        with pytest.raises(NotFoundError):
            owner.datasets.remove_topic(1, "botany")

    def test_a_private_dataset_is_its_owners(self, other: tuple[Client, Client]) -> None:
        owner, somebody = other
        draft = DatasetDraft(
            name="secret",
            description="A test.",
            default_target_attribute="b",
            visibility="private",
        )
        data = b"@relation secret\n@attribute a numeric\n@attribute b {x,y}\n@data\n1,x\n2,y\n"
        dataset = owner.datasets.publish(draft, data)
        assert len(owner.datasets.load(dataset).to_pandas()) == 2
        assert owner.datasets.find("secret") == dataset
        with pytest.raises(NotAuthorizedError, match="No access granted"):
            somebody.datasets.get(dataset.id)
        assert somebody.datasets.find("secret") is None

    def test_quality_names_are_those_of_datasets(self, client: Client) -> None:
        assert {"NumberOfInstances", "ClassEntropy"} <= set(client.datasets.quality_names())


CPU = "cpu"
DRAFTS = {
    1: lambda c: TaskDraft.classification(
        1, "class", cost_matrix=[[0, 2, 1], [1, 0, 1], [1, 1, 0]]
    ),
    2: lambda c: TaskDraft.regression(c.datasets.get(CPU).id, "class", procedure_id=12),
    3: lambda c: TaskDraft.learning_curve(1, "class", measure="kappa"),
    4: lambda c: TaskDraft.data_stream(1, "class"),
    5: lambda c: TaskDraft.clustering(1),
    6: lambda c: TaskDraft.challenge(1, "class", labeled_dataset_id=2),
    7: lambda c: TaskDraft.survival(c.datasets.get(CPU).id, "class", left="MYCT", right="MMAX"),
    8: lambda c: TaskDraft.subgroups(
        1, "class", value="Iris-setosa", quality_measure="kappa", time_limit_s=60
    ),
    9: lambda c: TaskDraft.multitask_regression([1, 2], "class"),
    10: lambda c: TaskDraft.active_classification(1, "class", batch_size=5),
    11: lambda c: TaskDraft.text(1, "class"),
}


class TestTasks:
    @pytest.mark.parametrize("type_id", sorted(DRAFTS))
    def test_every_type_is_drafted_published_and_deleted(
        self, client: Client, type_id: int
    ) -> None:
        draft = DRAFTS[type_id](client)
        task = client.tasks.publish(draft)
        assert type(task) is TASK_CLASSES[type_id]
        assert client.tasks.publish(draft) == task
        client.tasks.delete(task)
        with pytest.raises(NotFoundError):
            client.tasks.get(task.id)

    def test_drafts_keep_what_they_were_given(self, client: Client) -> None:
        task: Any = client.tasks.publish(DRAFTS[8](client))
        assert (task.target_value, task.time_limit_s, task.quality_measure) == (
            "Iris-setosa",
            60,
            "kappa",
        )
        task = client.tasks.publish(DRAFTS[7](client))
        assert (task.target_left, task.target_right, task.target_event) == ("MYCT", "MMAX", "class")
        task = client.tasks.publish(DRAFTS[1](client))
        assert task.cost_matrix == ((0, 2, 1), (1, 0, 1), (1, 1, 0))

    def test_delete_names_the_runs(self, client: Client, world: World) -> None:
        with pytest.raises(InUseError, match=r"needed by the runs 1, 2: delete those first"):
            client.tasks.delete(world.tree.task_id)


class TestFlows:
    def test_publish_takes_files_and_sends_their_md5(self, client: Client, tmp_path: Path) -> None:
        path = tmp_path / "model.bin"
        path.write_bytes(b"\x00\x01")
        draft = FlowDraft(name="probe", external_version="1", description="A test.")
        flow = client.flows.publish(draft, source=b"print()", binary=path)
        assert client.flows.source(flow) == b"print()"
        assert client.flows.binary(flow.id) == b"\x00\x01"
        assert flow.binary_format == "bin"
        assert flow.source_md5 == hashlib.md5(b"print()").hexdigest()
        assert client.flows.exists("probe", "1")
        assert not client.flows.exists("probe", "2")

    def test_a_flow_without_a_version_is_named_by_its_files(self, client: Client) -> None:
        draft = FlowDraft(name="probe", description="A test.", source=b"print()")
        first, second = (client.flows.publish(draft) for _ in range(2))
        assert first == second
        assert first.external_version == first.source_md5
        other = client.flows.publish(draft, source=b"exit()")
        assert (other.version, other.id != first.id) == (2, True)

    def test_publish_refuses_a_file_that_is_not_there(self, client: Client, tmp_path: Path) -> None:
        draft = FlowDraft(name="probe", external_version="1", description="A test.")
        with pytest.raises(ValidationError, match=r"there is no file .*gone"):
            client.flows.publish(draft, source=tmp_path / "gone")

    def test_files_that_a_flow_lacks_are_not_found(self, client: Client) -> None:
        draft = FlowDraft(name="probe", external_version="1", description="A test.")
        flow = client.flows.publish(draft)
        with pytest.raises(NotFoundError, match=r"flow \d+ \(probe\) has no source file"):
            client.flows.source(flow)
        with pytest.raises(NotFoundError, match="has no binary file"):
            client.flows.binary(flow)

    def test_delete_names_runs_and_flows(self, client: Client, world: World) -> None:
        with pytest.raises(InUseError, match="needed by the runs") as caught:
            client.flows.delete(world.search.flow_id)
        assert caught.value.dependants == (world.search.id,)
        part = next(p for path, p in client.flows.get(world.search.flow_id).walk() if path)
        with pytest.raises(InUseError, match="needed by the flows") as caught:
            client.flows.delete(part)
        assert caught.value.dependants == (world.search.flow_id,)

    def test_delete_takes_what_nothing_needs(self, client: Client, world: World) -> None:
        client.runs.delete(world.search)
        client.flows.delete(world.search.flow_id)
        with pytest.raises(NotFoundError):
            client.flows.get(world.search.flow_id)


class TestRuns:
    def test_download_gives_any_file(self, client: Client, world: World) -> None:
        assert b"@relation" in client.runs.download(world.tree.id, "predictions").lower()
        environment = client.runs.download(world.tree.id, "environment.json")
        assert environment.startswith(b"{")
        with pytest.raises(NotFoundError, match=r"no file 'model'\nIt has .*environment"):
            client.runs.download(world.tree.id, "model")

    def test_delete_leaves_the_flow(self, client: Client, world: World) -> None:
        client.runs.delete(world.tree)
        with pytest.raises(NotFoundError):
            client.runs.get(world.tree.id)
        assert client.flows.get(world.tree.flow_id).id == world.tree.flow_id
        assert world.tree.id not in {row.id for row in client.runs.list(tasks=world.tree.task_id)}

    def test_a_reset_run_is_evaluated_again(self, client: Client, world: World) -> None:
        client.runs.reset(world.tree)
        again = client.runs.get(world.tree.id)
        assert again.measure("kappa") == world.tree.measure("kappa")

    def test_lists_take_things_as_filters(self, client: Client, world: World) -> None:
        task = client.tasks.get(world.regression.task_id)
        rows = client.runs.list(tasks=task, flows=[client.flows.get(world.regression.flow_id)])
        assert [row.id for row in rows] == [world.regression.id]
        assert len(list(client.runs.list(show_errors=True, task_type=3))) == 1
        assert len(list(client.runs.list(uploader=client.users.list().first()))) == 4


class TestSetups:
    def test_find_takes_values_by_name(self, client: Client, world: World) -> None:
        flow = client.flows.get(world.tree.flow_id)
        setup = client.setups.get(world.tree.setup_id)
        seed = next(int(p.value or 0) for p in setup.parameters if p.name == "random_state")
        assert client.setups.find(flow, {"max_depth": 2, "random_state": seed}) == setup
        assert client.setups.find(flow.id, {"max_depth": 3, "random_state": seed}) is None
        assert client.setups.find(flow) is None

    def test_delete_takes_what_no_run_has(self, client: Client, world: World) -> None:
        id_ = world.curve.setup_id
        for run in (world.tree, world.curve):
            with pytest.raises(InUseError, match="needed by the runs"):
                client.setups.delete(id_)
            client.runs.delete(run)
        client.setups.delete(id_)
        with pytest.raises(NotFoundError):
            client.setups.get(id_)

    def test_a_table_has_a_column_for_each_parameter(self, client: Client, world: World) -> None:
        frame = client.setups.list(setups=world.regression.setup_id).to_pandas()
        assert {"id", "flow_id"} < set(frame.columns)
        (alpha,) = (name for name in frame.columns if name.endswith("_alpha"))
        assert frame[alpha].tolist() == ["0.5"]


class TestEvaluations:
    def test_a_table_has_a_column_for_each_parameter(self, client: Client, world: World) -> None:
        listing = client.evaluations.list(
            "predictive_accuracy", tasks=world.tree.task_id, with_setups=True
        )
        frame = listing.to_pandas()
        assert "parameters" not in frame
        flow = client.flows.get(world.tree.flow_id)
        assert frame[f"{flow.full_name}_max_depth"].iloc[0] == "2"
        grid = client.flows.get(world.search.flow_id).full_name + "_param_grid"
        assert frame[grid].isna().tolist() == [True, False]

    def test_folds_are_lists_in_a_table(self, client: Client, world: World) -> None:
        frame = client.evaluations.list("kappa", runs=world.tree.id, per_fold=True).to_pandas()
        assert [len(values) for values in frame["per_fold"]] == [10]
        assert isinstance(frame["per_fold"][0], list)

    def test_a_study_is_a_filter(self, client: Client, world: World) -> None:
        draft = StudyDraft(name="One", description="A test.", run_ids=[world.search.id])
        study = client.studies.publish(draft)
        rows = client.evaluations.list("kappa", study=study, sort_order="desc")
        assert [row.run_id for row in rows] == [world.search.id]


class TestCollections:
    def test_a_suite_is_published_changed_and_deleted(self, client: Client) -> None:
        draft = StudyDraft(name="Small", description="A test.", alias="small", task_ids=(1, 2))
        suite = client.suites.publish(draft)
        assert (suite.is_suite, suite.status, suite.task_ids) == (True, "in_preparation", (1, 2))
        assert client.suites.get("small") == client.suites.get(str(suite.id)) == suite
        assert client.suites.attach("small", [client.tasks.get(4), np.int64(5)]).task_ids == (
            1, 2, 4, 5,
        )  # fmt: skip
        assert client.suites.detach(suite, 2).task_ids == (1, 4, 5)
        client.suites.delete("small")
        with pytest.raises(NotFoundError):
            client.suites.get("small")

    def test_an_active_suite_stays(self, client: Client) -> None:
        draft = StudyDraft(name="Small", description="A test.", alias="small", task_ids=(1, 2))
        client.suites.publish(draft)
        assert client.suites.list().first() is None
        assert client.suites.set_status("small", "active").status == "active"
        assert [row.alias for row in client.suites.list()] == ["small"]
        with pytest.raises(InUseError, match="set_status"):
            client.suites.delete("small")
        assert client.suites.set_status("small", "deactivated").status == "deactivated"
        assert [row.alias for row in client.suites.list(status="all")] == ["small"]

    def test_a_study_holds_runs_and_what_belongs_to_them(
        self, client: Client, world: World
    ) -> None:
        suite = client.suites.publish(
            StudyDraft(name="Small", description="A test.", task_ids=(world.tree.task_id,))
        )
        study = client.studies.publish(
            StudyDraft(
                name="Runs",
                description="A test.",
                run_ids=(world.tree.id,),
                benchmark_suite_id=suite.id,
            )
        )
        assert (study.run_ids, study.flow_ids) == ((world.tree.id,), (world.tree.flow_id,))
        assert study.benchmark_suite_id == suite.id
        assert client.studies.attach(study, world.regression).setup_ids == (
            world.tree.setup_id,
            world.regression.setup_id,
        )
        assert client.studies.detach(study, [world.tree]).run_ids == (world.regression.id,)
        assert [row.id for row in client.studies.list(status="in_preparation")] == [study.id]
        client.studies.delete(study)
        assert list(client.studies.list(status="all")) == []

    def test_the_kinds_are_kept_apart(self, client: Client, world: World) -> None:
        suite = client.suites.publish(
            StudyDraft(name="S", description="A test.", alias="s", task_ids=(1,))
        )
        hint = (
            r"is a suite, not a study\nAsk for it by client.suites.get\((\d+)\), or by "
            r"`openml-client suite show \1`"
        )
        for call in (client.studies.get, client.studies.delete):
            with pytest.raises(ValidationError, match=hint):
                call("s")
        with pytest.raises(ValidationError, match="not a study"):
            client.studies.attach(suite, [world.tree.id])
        with pytest.raises(ValidationError, match=r"a study holds runs\n.*suites.publish"):
            client.studies.publish(StudyDraft(name="S", description="A test.", task_ids=(1,)))
        with pytest.raises(ValidationError, match="no id of a task"):
            client.suites.attach(suite, [world.tree])
        assert client.suites.get("s") == suite

    def test_faults_of_a_draft_are_told(self, client: Client) -> None:
        draft = StudyDraft(name="S", description="A test.", alias="s", task_ids=(1,))
        client.suites.publish(draft)
        with pytest.raises(DuplicateError, match="alias not unique"):
            client.suites.publish(draft)
        with pytest.raises(ValidationError, match="would be taken for an id"):
            client.suites.publish(StudyDraft(name="S", description="A test.", alias="14"))
        with pytest.raises(ServerError, match="One of the tasks that it names does not exist"):
            client.suites.publish(StudyDraft(name="S", description="A test.", task_ids=(999,)))
        with pytest.raises(ValidationError, match="Please ensure to only attach entities"):
            client.suites.attach("s", [999])
        with pytest.raises(ValidationError, match="no id of a task was given"):
            client.suites.attach("s", [])
        with pytest.raises(NotFoundError, match="Study does not exist"):
            client.suites.set_status("t", "active")

    def test_an_alias_works_offline(self, client: Client) -> None:
        draft = StudyDraft(name="S", description="A test.", alias="s", task_ids=(1,))
        suite = client.suites.publish(draft)
        offline = client.with_options(offline=True)
        with pytest.raises(OfflineError):
            offline.suites.get("s")
        assert client.suites.get("s") == suite
        assert offline.suites.get("s") == offline.suites.get(suite.id) == suite
        client.suites.set_status("s", "active")
        assert offline.suites.get("s").status == "active"


class TestUsers:
    def test_list_gives_names(self, other: tuple[Client, Client]) -> None:
        owner, _ = other
        assert {user.name for user in owner.users.list()} == {"owner", "other"}
        ids = [user.id for user in owner.users.list()]
        assert [user.id for user in owner.users.list(ids=[ids[1], 999])] == [ids[1]]
        assert list(owner.users.list(ids=999)) == []

    def test_a_wrong_key_is_nobodys(self, world: World, tmp_path: Path) -> None:
        with (
            Registry.open(copytree(world.folder, tmp_path / "registry")) as registry,
            served(registry) as address,
        ):
            with (
                Client(address, api_key="0" * 32, cache_dir=tmp_path / "cache") as client,
                pytest.raises(AuthenticationError),
            ):
                client.whoami()
            with (
                Client(address, cache_dir=tmp_path / "cache") as client,
                pytest.raises(AuthenticationError, match="needs an API key"),
            ):
                client.whoami()


def test_a_flow_of_another_program_has_setups_by_its_own_texts(client: Client) -> None:
    parameters = (
        FlowParameter(name="C", default_value="1.0"),
        FlowParameter(name="kernel", default_value='"rbf"'),
    )
    draft = FlowDraft(
        name="foreign.SVC", external_version="1", description="A test.", parameters=parameters
    )
    flow = client.flows.publish(draft)
    assert client.setups.find(flow, {"C": 2.0, "kernel": '"linear"'}) is None
