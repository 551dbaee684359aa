"""What `openml_client.registry.store.base` promises, asked of each database that a registry has."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from abc import abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import Connection, delete

from openml_client.errors import RegistryError
from openml_client.model.dataset import DatasetDraft
from openml_client.model.flow import FlowDraft, FlowDraftComponent, FlowParameter
from openml_client.model.study import StudyDraft
from openml_client.model.task_draft import TaskDraft
from openml_client.registry.store import (
    datasets,
    deleting,
    files,
    flows,
    schema,
    setups,
    studies,
    tasks,
    users,
)
from openml_client.registry.store.base import StoreBusyError
from openml_client.registry.store.database import Store
from openml_client.registry.store.migrating import upgrade
from openml_client.registry.store.studies import UnknownEntityError
from openml_client.registry.store.users import Group

T = TypeVar("T")

N_THREADS = 8
N_IDS = 300_000
"""More than a statement may name of any database."""


def add_dataset(connection: Connection, name: str = "probe") -> int:
    return datasets.add(
        connection,
        DatasetDraft(name=name, description="For this test."),
        files.NewFile(name="probe.arff", content_type="text/plain"),
        uploader_id=1,
        processed=datasets.Processed(qualities={"NumberOfInstances": 3.0}),
    )


def add_flow(connection: Connection, name: str = "probe", version: str = "1") -> int:
    """Publish a flow as the handlers do: look for it first, within the same write."""
    known = flows.find_id(connection, name, version)
    if known is not None:
        return known
    draft = FlowDraft(
        name=name,
        external_version=version,
        description="For this test.",
        parameters=(FlowParameter(name="k"),),
    )
    return flows.add(connection, draft, uploader_id=1)


def versions_of(store: Store, name: str) -> list[int]:
    with store.read() as connection:
        rows = datasets.summaries(connection, {"data_name": name, "status": "all"}, None)
    return [row.version for row in rows]


def at_once(work: Callable[[int], T]) -> list[T]:
    """What the work gives in each of some threads that begin at the same time."""
    barrier = threading.Barrier(N_THREADS)

    def begin(number: int) -> T:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(N_THREADS) as pool:
        return list(pool.map(begin, range(N_THREADS)))


class StoreContract:
    """The promises; a subclass says how to open its database."""

    @abstractmethod
    def open(self, place: Path, *, busy_timeout_s: float = 30.0) -> Store:
        """Open the database of ``place``, which may be open already."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        store = self.open(tmp_path)
        upgrade(store)
        with store.write() as connection:
            users.add(connection, "owner", group=Group.ADMIN, key=users.new_key())
        yield store
        store.close()

    def test_what_was_written_is_there_for_whoever_opens_the_database(
        self, store: Store, tmp_path: Path
    ) -> None:
        with store.write() as connection:
            dataset_id = add_dataset(connection)
        other = self.open(tmp_path)
        with other.read() as connection:
            found = datasets.find(connection, dataset_id)
        other.close()
        assert found is not None
        assert found.dataset.name == "probe"

    def test_a_write_that_raises_leaves_nothing(self, store: Store) -> None:
        def publish_and_fail() -> None:
            with store.write() as connection:
                add_dataset(connection)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            publish_and_fail()
        assert versions_of(store, "probe") == []

    def test_a_read_sees_one_state_whatever_is_written_meanwhile(self, store: Store) -> None:
        with store.read() as reader:
            before = datasets.summaries(reader, {}, None)
            with store.write() as connection:
                add_dataset(connection)
            assert datasets.summaries(reader, {}, None) == before
        assert versions_of(store, "probe") == [1]

    def test_a_read_does_not_wait_for_a_writer(self, store: Store) -> None:
        with store.write() as connection:
            add_dataset(connection)
            assert versions_of(store, "probe") == []

    def test_versions_counted_at_once_are_all_different(self, store: Store) -> None:
        def publish(_: int) -> int:
            with store.write() as connection:
                return add_dataset(connection)

        ids = at_once(publish)
        assert len(set(ids)) == N_THREADS
        assert versions_of(store, "probe") == list(range(1, N_THREADS + 1))

    def test_a_flow_published_at_once_is_there_once_and_all_learn_its_id(
        self, store: Store
    ) -> None:
        def publish(_: int) -> int:
            with store.write() as connection:
                return add_flow(connection)

        assert len(set(at_once(publish))) == 1
        with store.read() as connection:
            assert [row.name for row in flows.summaries(connection, {})] == ["probe"]

    def test_the_same_task_is_found_whatever_the_order_of_its_inputs(self, store: Store) -> None:
        one = TaskDraft(type_id=5, inputs={"source_data": "1", "estimation_procedure": "17"})
        same = TaskDraft(type_id=5, inputs={"estimation_procedure": "17", "source_data": "1"})
        other = TaskDraft(type_id=5, inputs={"source_data": "1"})
        with store.write() as connection:
            add_dataset(connection)
            task_id = tasks.add(connection, one, dataset_id=1, uploader_id=1)
            assert tasks.find_same(connection, same) == task_id
            assert tasks.find_same(connection, other) is None

    def test_the_same_setup_is_kept_once(self, store: Store) -> None:
        with store.write() as connection:
            flow_id = add_flow(connection)
            (parameter_id,) = flows.parameter_ids(connection, flow_id).values()
            first = setups.find_or_add(connection, flow_id, {parameter_id: "1"}, setup_string=None)
            same = setups.find_or_add(connection, flow_id, {parameter_id: "1"}, setup_string=None)
            other = setups.find_or_add(connection, flow_id, {}, setup_string=None)
        assert first == same
        assert first != other

    def test_a_component_that_is_there_is_linked(self, store: Store) -> None:
        part = FlowDraft(name="part", external_version="1", description="A part.")
        whole = FlowDraft(
            name="whole",
            external_version="1",
            description="Of two parts, one of them new.",
            components=(
                FlowDraftComponent(identifier="old", flow=part),
                FlowDraftComponent(
                    identifier="new",
                    flow=FlowDraft(name="new", external_version="1", description="New."),
                ),
            ),
        )
        with store.write() as connection:
            part_id = flows.add(connection, part, uploader_id=1)
            whole_id = flows.add(connection, whole, uploader_id=1)
            stored = flows.find(connection, whole_id, address=lambda *_: "")
        assert stored is not None
        assert [(c.identifier, c.flow.id) for c in stored.components] == [
            ("old", part_id),
            ("new", whole_id + 1),
        ]

    def test_an_id_is_not_given_again_after_a_deletion(self, store: Store) -> None:
        with store.write() as connection:
            first = add_flow(connection, version="1")
            connection.execute(delete(schema.flow_parameters))
            connection.execute(delete(schema.flows))
        with store.write() as connection:
            assert add_flow(connection, version="2") > first

    def test_things_are_linked_and_deleted_in_any_number(self, store: Store) -> None:
        many = range(1, N_IDS)
        draft = StudyDraft(main_entity_type="run", name="probe", description="For this test.")
        with store.write() as connection:
            study_id = studies.add(connection, draft, uploader_id=1)
            with pytest.raises(UnknownEntityError):
                studies.attach(connection, study_id, "run", many)
            studies.detach(connection, study_id, "run", many)
            deleting.delete_runs(connection, many)

    def test_a_writer_that_waits_too_long_is_told_so(self, store: Store, tmp_path: Path) -> None:
        hasty = self.open(tmp_path, busy_timeout_s=0.05)
        with store.write(), pytest.raises(StoreBusyError, match="busy"), hasty.write():
            pass
        hasty.close()

    def test_a_closed_store_opens_again_when_it_is_used(self, store: Store) -> None:
        store.close()
        assert versions_of(store, "probe") == []


class TestSQLite(StoreContract):
    def open(self, place: Path, *, busy_timeout_s: float = 30.0) -> Store:
        return Store.at(place / "registry.sqlite3", busy_timeout_s=busy_timeout_s)

    def test_a_process_that_dies_while_it_writes_leaves_nothing(
        self, store: Store, tmp_path: Path
    ) -> None:
        program = """
            import os, sys
            from pathlib import Path
            from openml_client.registry.store.database import Store
            from tests.contract.test_store import add_dataset
            with Store.at(Path(sys.argv[1])).write() as connection:
                add_dataset(connection)
                os._exit(9)
        """
        assert run(program, tmp_path / "registry.sqlite3") == 9
        assert versions_of(store, "probe") == []
        with store.write() as connection:
            add_dataset(connection)

    def test_processes_that_write_at_once_lose_nothing(self, store: Store, tmp_path: Path) -> None:
        program = """
            import sys
            from pathlib import Path
            from openml_client.registry.store.database import Store
            from tests.contract.test_store import add_dataset, add_flow
            store = Store.at(Path(sys.argv[1]))
            for n in range(20):
                with store.write() as connection:
                    add_dataset(connection)
                    add_flow(connection, version=str(n))
        """
        with ThreadPoolExecutor(3) as pool:
            places = [tmp_path / "registry.sqlite3"] * 3
            assert list(pool.map(lambda place: run(program, place), places)) == [0, 0, 0]
        assert versions_of(store, "probe") == list(range(1, 61))
        with store.read() as connection:
            assert len(flows.summaries(connection, {})) == 20

    def test_a_commit_is_on_the_disk_when_it_returns(self, store: Store) -> None:
        with store.read() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1

    def test_a_damaged_database_is_named_with_the_way_out(self, tmp_path: Path) -> None:
        path = tmp_path / "registry.sqlite3"
        path.write_bytes(b"this is no database at all, whatever its name says" * 100)
        with pytest.raises(RegistryError, match="registry check") as info, Store.at(path).read():
            pass
        assert str(path) in info.value.message


def run(program: str, place: Path) -> int:
    """Exit status of a program that is run in a process of its own."""
    root = Path(__file__).resolve().parents[2]
    arguments = [sys.executable, "-c", textwrap.dedent(program), str(place)]
    return subprocess.run(arguments, cwd=root, check=False).returncode
