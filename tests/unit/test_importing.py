"""Things of other registries, stored with their own ids and never over others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from openml_client.errors import ProtocolError, RegistryError
from openml_client.model.dataset import Dataset, DescriptionVersion
from openml_client.model.flow import Flow, FlowComponent, FlowParameter
from openml_client.model.run import ParameterSetting, Run, RunEvaluation
from openml_client.model.setup import Setup, SetupParameter
from openml_client.model.study import Study
from openml_client.model.task import ClassificationTask, TaskInputs, TaskProcedure
from openml_client.registry import Registry
from openml_client.registry.importing import datasets, flows, runs, setups, studies, tasks, users
from openml_client.registry.importing.base import transaction
from openml_client.registry.importing.files import ImportedFile, id_in, name_in
from openml_client.registry.store import datasets as dataset_store
from openml_client.registry.store import flows as flow_store
from openml_client.registry.store import runs as run_store
from openml_client.registry.store import setups as setup_store
from openml_client.registry.store import studies as study_store
from openml_client.registry.store import tasks as task_store
from openml_client.registry.store.database import Store
from openml_client.registry.store.schema import dataset_descriptions
from openml_client.registry.store.schema import users as user_table
from openml_client.registry.store.users import OWNER_ID

THEN = datetime(2014, 4, 6, 23, 23, 39, tzinfo=UTC)
IRIS = Dataset(id=61, name="iris", version=1, uploaded_at=THEN, tags=("uci",), status="active")
FILE = ImportedFile(
    id=61, name="iris.arff", content_type="text/plain", sha256="a" * 64, md5="b" * 32
)
TASK = TaskInputs(
    task_id=59,
    type_id=1,
    inputs={"source_data": "61", "target_feature": "class", "estimation_procedure": "1"},
)
TREE = Flow(
    id=60,
    name="weka.J48",
    version=1,
    external_version="3.7",
    uploader_id=348,
    parameters=(FlowParameter(name="C", default_value="0.25"), FlowParameter(name="M")),
)


def value_of(id_: int, name: str, value: str, *, flow: Flow = TREE) -> SetupParameter:
    return SetupParameter(
        id=id_,
        flow_id=flow.id,
        flow_name=flow.name,
        full_name=f"{flow.name}(1)_{name}",
        name=name,
        value=value,
    )


SETUP = Setup(id=100, flow_id=60, parameters=(value_of(3432, "C", "0.9"), value_of(3435, "M", "2")))
RUN = Run(
    id=219,
    task_id=59,
    flow_id=60,
    setup_id=100,
    uploader_id=348,
    uploader_name="Giuseppe C.",
    error="",
    evaluations=(RunEvaluation(measure="kappa", value=0.6),),
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Registry.open(tmp_path / "registry") as registry:
        yield registry.store


def add_dataset(connection: Connection, dataset: Dataset = IRIS, **changes: Any) -> None:
    given = {"file": FILE, "features": (), "qualities": {}, "uploader_id": None, **changes}
    datasets.add(connection, dataset, **given)


def add_all(connection: Connection) -> None:
    add_dataset(connection)
    tasks.add(connection, TASK, splits_sha256=None)
    flows.add(connection, TREE, {})
    setups.add(connection, SETUP)
    runs.add(connection, RUN, uploaded_at=THEN, files={}, trace=())


def written(store: Store, write: Callable[[Connection], Any]) -> Any:
    with transaction(store, "this thing") as connection:
        return write(connection)


def test_a_thing_keeps_its_id_and_is_found_again(store: Store) -> None:
    written(store, add_all)
    with store.read() as connection:
        assert datasets.is_here(connection, IRIS)
        assert tasks.is_here(connection, TASK)
        assert flows.is_here(connection, TREE)
        assert setups.is_here(connection, SETUP)
        assert runs.is_here(connection, RUN)
        found = run_store.find(connection, 219)
    assert found is not None
    assert (found.run.uploader_id, found.run.uploader_name) == (348, "Giuseppe C.")
    assert [(s.name, s.value) for s in found.run.settings] == [("C", "0.9"), ("M", "2")]
    assert found.run.evaluations == RUN.evaluations


@pytest.mark.parametrize(
    ("is_here", "here", "source"),
    [
        (datasets.is_here, "'iris' version 1", replace(IRIS, name="wine")),
        (datasets.is_here, "'iris' version 1", replace(IRIS, version=2)),
        (datasets.is_here, f"md5 {'b' * 32}", replace(IRIS, md5_checksum="c" * 32)),
        (tasks.is_here, "'61', 'class'", replace(TASK, inputs={**TASK.inputs, "source_data": "2"})),
        (flows.is_here, "'weka.J48' of the external version '3.7'", replace(TREE, name="J49")),
        (setups.is_here, "C=0.9", replace(SETUP, parameters=SETUP.parameters[:1])),
        (runs.is_here, "of flow 60 with setup 100", replace(RUN, setup_id=101)),
    ],
)
def test_an_id_that_is_something_else_here_is_a_conflict_that_names_both(
    store: Store, is_here: Callable[..., bool], here: str, source: Any
) -> None:
    written(store, add_all)
    with store.read() as connection, pytest.raises(RegistryError) as info:
        is_here(connection, source)
    assert here in info.value.message
    assert "and the source's is" in info.value.message
    assert info.value.hint == "Nothing was overwritten; another folder has room for both."


def test_names_that_are_taken_by_other_ids_are_conflicts(store: Store) -> None:
    written(store, add_all)
    with pytest.raises(RegistryError, match=r"'iris' version 1 .* is dataset 61, .* dataset 62"):
        written(store, lambda c: add_dataset(c, replace(IRIS, id=62)))
    with pytest.raises(RegistryError, match=r"'3\.7' .* is flow 60, and the source's is flow 61"):
        written(store, lambda c: flows.add(c, replace(TREE, id=61), {}))


def test_a_file_id_that_has_another_content_is_a_conflict(store: Store) -> None:
    written(store, add_dataset)
    other = replace(FILE, sha256="c" * 64)
    with pytest.raises(RegistryError, match=r"file 61 .*sha256 aaaa.*sha256 cccc"):
        written(store, lambda c: add_dataset(c, replace(IRIS, id=5, name="x"), file=other))
    with store.read() as connection:
        assert dataset_store.find(connection, 5) is None


def test_what_another_thing_needs_must_be_here(store: Store) -> None:
    with pytest.raises(RegistryError, match="task 59 is on dataset 61, which is not in this"):
        written(store, lambda c: tasks.add(c, TASK, splits_sha256=None))
    with pytest.raises(RegistryError, match="setup 100 is of flow 60, which is not"):
        written(store, lambda c: setups.add(c, SETUP))
    with pytest.raises(RegistryError, match="run 219 is on task 59, which is not"):
        written(store, lambda c: runs.add(c, RUN, uploaded_at=None, files={}, trace=()))


def test_ids_that_are_given_later_are_beyond_the_imported_ones(store: Store) -> None:
    written(store, add_all)
    with store.write() as connection:
        flow_id = flow_store.add(connection, _draft("later"), uploader_id=1)
        ids = flow_store.parameter_ids(connection, flow_id)
    assert flow_id == 61
    assert ids[61, "C"] == 3436


def _draft(name: str) -> Any:
    from openml_client.model.flow import FlowDraft

    return FlowDraft(name=name, description="", external_version="1", parameters=TREE.parameters)


def test_a_user_of_the_source_has_no_key_here_and_a_name_once_it_is_known(store: Store) -> None:
    def name_of(user_id: int) -> Any:
        with store.read() as connection:
            table = user_table
            return connection.execute(table.select().where(table.c.id == user_id)).one()

    assert written(store, lambda c: users.keep(c, 348)) == 348
    assert name_of(348).name == "user 348"
    with store.read() as connection:
        assert users.unnamed(connection) == (348,)
    written(store, lambda c: users.keep(c, 348, "Giuseppe C."))
    written(store, lambda c: users.keep(c, 349, "Giuseppe C."))
    written(store, lambda c: users.keep(c, 348, "Another"))
    assert (name_of(348).name, name_of(349).name) == ("Giuseppe C.", "Giuseppe C. (349)")
    assert name_of(348).key_hash == "imported:348", "no key has this hash"


def test_texts_keep_their_versions_and_the_one_that_was_read_is_the_last(store: Store) -> None:
    texts = [DescriptionVersion(version=n, description=f"Text {n}") for n in (3, 2, 1)]
    dataset = replace(IRIS, description="Text 2", description_version=2, uploaded_at=THEN)
    written(
        store, lambda c: add_dataset(c, dataset, uploader_id=16, descriptions=texts)
    )  # edited after it was read
    with store.read() as connection:
        rows = connection.execute(select(dataset_descriptions).order_by("version")).all()
    assert [(row.version, row.description) for row in rows] == [(1, "Text 1"), (2, "Text 2")]
    assert (rows[0].uploader_id, rows[0].written_at) == (16, THEN)
    assert rows[1].uploader_id == OWNER_ID
    assert rows[1].written_at > THEN


def test_the_last_text_tells_the_version_of_a_dataset_that_tells_none(store: Store) -> None:
    texts = [DescriptionVersion(version=n, description=f"Text {n}") for n in (1, 2)]
    dataset = replace(IRIS, description="Text 2", description_version=None)
    written(store, lambda c: add_dataset(c, dataset, descriptions=texts))
    with store.read() as connection:
        stored = dataset_store.find(connection, IRIS.id)
    assert stored is not None
    assert stored.dataset.description_version == 2


def test_the_first_user_stays_the_owner_of_the_folder(store: Store) -> None:
    assert written(store, lambda c: users.keep(c, 1, "Jan van Rijn")) == 1
    assert written(store, lambda c: users.keep(c, None)) == 1
    with store.read() as connection:
        assert (
            connection.scalar(user_table.select().with_only_columns(user_table.c.name)) == "owner"
        )


def test_a_user_who_was_added_here_is_nobody_else(tmp_path: Path) -> None:
    with Registry.open(tmp_path / "registry") as registry:
        registry.add_user("alice")
        assert written(registry.store, lambda c: users.keep(c, 2, "alice")) == 2
        with pytest.raises(RegistryError, match=r"user 2 .* is 'alice', .* 'bob'"):
            written(registry.store, lambda c: users.keep(c, 2, "bob"))


def test_components_are_stored_once_and_before_what_has_them(store: Store) -> None:
    bagging = Flow(
        id=40,
        name="Bagging",
        external_version="1",
        components=(FlowComponent(identifier="W", flow=TREE),),
    )
    written(store, lambda c: flows.add(c, bagging, {}))
    with store.read() as connection:
        found = flow_store.find(connection, 40, address=lambda i, n: n)
        assert flows.is_here(connection, TREE)
        assert list(flows.missing(connection, bagging)) == []
    assert found is not None
    assert [(c.identifier, c.flow.id) for c in found.components] == [("W", 60)]


def test_a_parameter_gets_the_id_that_a_setup_tells_and_others_make_room(store: Store) -> None:
    other = replace(TREE, id=61, name="other")
    taken = Setup(id=101, flow_id=61, parameters=(value_of(1, "M", "5", flow=other),))

    def write(connection: Connection) -> None:
        flows.add(connection, TREE, {})  # its parameters get the ids 1 and 2
        flows.add(connection, other, {})
        setups.add(connection, taken)  # says that 1 is another's
        setups.add(connection, SETUP)

    written(store, write)
    with store.read() as connection:
        ids = flow_store.parameter_ids(connection, 60) | flow_store.parameter_ids(connection, 61)
        for wanted in (SETUP, taken):
            found = setup_store.find(connection, wanted.id)
            assert found is not None
            assert [(p.id, p.name, p.value) for p in found.parameters] == [
                (p.id, p.name, p.value) for p in wanted.parameters
            ]
    assert (ids[60, "C"], ids[60, "M"], ids[61, "M"]) == (3432, 3435, 1)
    assert len(set(ids.values())) == 4


def test_a_parameter_that_a_setup_names_keeps_its_id(store: Store) -> None:
    written(store, add_all)
    again = Setup(id=101, flow_id=60, parameters=(value_of(9, "C", "0.1"),))
    with pytest.raises(RegistryError, match=r"'C' of flow 60 .* parameter 3432, .* parameter 9"):
        written(store, lambda c: setups.add(c, again))
    other = replace(TREE, id=61, name="other")
    stolen = Setup(id=102, flow_id=61, parameters=(value_of(3432, "C", "1", flow=other),))
    written(store, lambda c: flows.add(c, other, {}))
    with pytest.raises(RegistryError, match=r"parameter 3432 .* 'C' of flow 60, .* of flow 61"):
        written(store, lambda c: setups.add(c, stolen))


def test_two_setups_and_two_tasks_of_the_same_values_are_both_kept(store: Store) -> None:
    written(store, add_all)
    written(store, lambda c: setups.add(c, replace(SETUP, id=101)))
    written(store, lambda c: tasks.add(c, replace(TASK, task_id=60), splits_sha256=None))
    with store.read() as connection:
        settings = {3432: "0.9", 3435: "2"}
        assert setup_store.find_same(connection, 60, settings) == 100, "the first is found"
        assert task_store.find(connection, 60) is not None


def test_a_run_without_a_setup_makes_it_of_its_own_settings(store: Store) -> None:
    settings = (
        ParameterSetting(name="C", value="0.5"),
        ParameterSetting(name="openml.seed", value="1", component_id=60),
    )
    run = replace(RUN, setup_id=23, settings=settings)

    def write(connection: Connection) -> None:
        add_dataset(connection)
        tasks.add(connection, TASK, splits_sha256=None)
        flows.add(connection, TREE, {})
        runs.add(connection, run, uploaded_at=None, files={}, trace=())
        runs.add(connection, replace(run, id=220), uploaded_at=None, files={}, trace=())
        runs.add(
            connection, replace(run, id=221, setup_id=None), uploaded_at=None, files={}, trace=()
        )

    written(store, write)
    with store.read() as connection:
        found = [run_store.find(connection, id_) for id_ in (219, 220, 221)]
    assert [f.run.setup_id for f in found if f] == [23, 23, 23]
    assert found[0] is not None
    assert {s.name: s.value for s in found[0].run.settings} == {"C": "0.5", "openml.seed": "1"}


def test_a_setup_of_another_flow_is_a_conflict(store: Store) -> None:
    written(store, add_all)
    written(store, lambda c: flows.add(c, replace(TREE, id=61, name="other"), {}))
    run = replace(RUN, id=220, flow_id=61)
    with pytest.raises(RegistryError, match=r"setup 100 .* of flow 60, .* of flow 61"):
        written(store, lambda c: runs.add(c, run, uploaded_at=None, files={}, trace=()))


def test_old_runs_keep_what_has_a_place_here(store: Store) -> None:
    old = (
        RunEvaluation(measure="os_information", array_text="[ Oracle, Linux ]"),
        RunEvaluation(measure="kappa", value=0.5),
        RunEvaluation(measure="kappa", value=0.6),
        RunEvaluation(measure="kappa", value=0.7, interval_start=0, interval_end=99),
    )
    written(store, add_all)
    run = replace(RUN, id=100, error=None, evaluations=old)
    written(store, lambda c: runs.add(c, run, uploaded_at=THEN, files={}, trace=()))
    with store.read() as connection:
        found = run_store.find(connection, 100)
    assert found is not None
    assert found.run.error is None
    assert {(e.measure, e.value, e.array_text) for e in found.run.evaluations} == {
        ("os_information", None, "[ Oracle, Linux ]"),
        ("kappa", 0.5, None),
    }


SUITE = Study(
    id=99, alias="cc18", main_entity_type="task", name="CC18", status="active", task_ids=(59, 60)
)


def test_a_study_holds_what_is_here_and_more_once_that_comes(store: Store) -> None:
    study = Study(id=100, name="My runs", benchmark_suite_id=99, uploader_id=5, run_ids=(219, 220))

    def write(connection: Connection) -> None:
        studies.add(connection, SUITE)
        assert studies.attach(connection, SUITE) == (60,)
        studies.add(connection, study)
        assert studies.attach(connection, study) == (220,)

    written(store, add_all)
    written(store, write)
    written(store, lambda c: tasks.add(c, replace(TASK, task_id=60), splits_sha256=None))
    assert written(store, lambda c: studies.attach(c, SUITE)) == ()
    with store.read() as connection:
        assert studies.is_here(connection, SUITE)
        found, other = study_store.find(connection, "cc18"), study_store.find(connection, 100)
    assert found is not None
    assert other is not None
    assert (found.id, found.task_ids, found.dataset_ids) == (99, (59, 60), (61,))
    assert (other.run_ids, other.flow_ids, other.uploader_id) == ((219,), (60,), 5)
    assert other.status == "in_preparation"


def test_a_study_is_not_taken_for_another(store: Store) -> None:
    written(store, lambda c: studies.add(c, SUITE))
    with store.read() as connection:
        for other in (replace(SUITE, name="CC19"), replace(SUITE, main_entity_type="run")):
            with pytest.raises(RegistryError, match=r"study 99 .* is <Suite 99 \(cc18\): CC18"):
                studies.is_here(connection, other)
    with pytest.raises(RegistryError, match=r"the alias 'cc18' .* study 99's, .* study 100's"):
        written(store, lambda c: studies.add(c, replace(SUITE, id=100)))
    with pytest.raises(RegistryError, match="study 101 belongs to the suite 7, which is not"):
        written(store, lambda c: studies.add(c, replace(SUITE, id=101, benchmark_suite_id=7)))


def test_flows_without_versions_get_one(store: Store) -> None:
    bare = Flow(id=7, name="bare")
    written(store, lambda c: flows.add(c, bare, {}))
    with store.read() as connection:
        found = flow_store.find(connection, 7, address=lambda i, n: n)
    assert found is not None
    assert (found.version, found.external_version) == (1, None)


def test_what_the_tables_have_no_place_for_is_told_and_leaves_nothing(store: Store) -> None:
    run = replace(RUN, evaluations=(RunEvaluation(measure="kappa", value=1.0, repeat=0),))

    def write(connection: Connection) -> None:
        add_dataset(connection)
        tasks.add(connection, TASK, splits_sha256=None)
        flows.add(connection, TREE, {})
        setups.add(connection, SETUP)
        runs.add(connection, run, uploaded_at=None, files={}, trace=())

    with pytest.raises(RegistryError, match="this thing can't be stored in this registry: "):
        written(store, write)
    with pytest.raises(RegistryError, match="can't be stored in this registry: Python int too"):
        written(store, lambda c: add_dataset(c, replace(IRIS, id=2**64)))
    with store.read() as connection:
        assert dataset_store.find(connection, 61) is None


@pytest.mark.parametrize(
    ("parameters", "type_", "wanted"),
    [
        ({"number_repeats": "1", "number_folds": "10", "percentage": None}, "crossvalidation", 1),
        ({"number_repeats": "5", "number_folds": "2"}, "crossvalidation", 2),
        ({"stratified_sampling": "false"}, "leaveoneout", 4),
    ],
)
def test_the_procedure_of_an_old_task_is_told_by_its_parameters(
    parameters: dict[str, str | None], type_: str, wanted: int
) -> None:
    procedure = TaskProcedure(type=type_, parameters=parameters)
    task = ClassificationTask(
        id=19,
        type="Supervised Classification",
        dataset_id=4,
        target_name="class",
        procedure=procedure,
    )
    assert tasks.inputs_of(task).inputs == {
        "source_data": "4",
        "target_feature": "class",
        "estimation_procedure": str(wanted),
    }


def test_a_procedure_that_means_something_else_here_is_told() -> None:
    procedure = TaskProcedure(id=1, type="crossvalidation", parameters={"number_folds": "7"})
    task = ClassificationTask(
        id=19, type="x", dataset_id=4, target_name="class", procedure=procedure
    )
    with pytest.raises(RegistryError, match="task 19 has the estimation procedure 1 "):
        tasks.check_known(task)
    with pytest.raises(RegistryError, match=r"does not tell which .* may be any of \[\]"):
        tasks.inputs_of(replace(task, procedure=replace(procedure, id=None)))
    holdout = TaskProcedure(type="holdout", parameters={"percentage": "33"})
    with pytest.raises(RegistryError, match=r"does not tell which .* may be any of \[5, 6\]"):
        tasks.inputs_of(replace(task, procedure=holdout))


def test_the_datasets_of_a_task_are_all_those_that_it_names() -> None:
    inputs = {"source_data": "4", "source_data_labeled": "5", "source_data_list": "[6, 7]"}
    assert tasks.datasets_of(replace(TASK, inputs=inputs)) == (4, 5, 6, 7)
    with pytest.raises(ProtocolError, match="task 59 is on datasets without ids"):
        tasks.datasets_of(replace(TASK, inputs={"source_data": "iris"}))


def test_addresses_tell_ids_and_names_of_files() -> None:
    old = "https://www.openml.org/data/download/11/dataset_11_balance-scale.arff"
    assert (id_in(old), name_in(old, "x")) == (11, "dataset_11_balance-scale.arff")
    assert id_in("http://registry.test/data/v1/download/61") == 61
    assert id_in("https://elsewhere.test/data/61.arff") is None
    assert name_in("https://elsewhere.test/", "iris.arff") == "iris.arff"
    assert name_in("https://elsewhere.test/a%2F..%5C%00passwd%0A", "x") == "passwd"
