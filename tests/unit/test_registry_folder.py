"""The folder of a registry: made, opened, brought up to date, refused, checked."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Index, PrimaryKeyConstraint, Table, UniqueConstraint

from openml_client.errors import RegistryError
from openml_client.registry import Registry, folder
from openml_client.registry.check import check_folder
from openml_client.registry.store import migrating, schema
from openml_client.registry.store.database import Store
from openml_client.registry.store.users import by_key

from .registry_client import IRIS, Api, texts


def test_a_registry_is_made_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    place = tmp_path / "a" / "b"
    with Registry.open(place) as registry:
        assert registry.folder == place
        assert texts(Api(registry).get("tasktype/1"), "id") == ["1"]


def test_what_it_holds_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    with Registry.open(tmp_path) as registry:
        Api(registry).publish_dataset()
        key = registry.local_key
    with Registry.open(tmp_path, create=False) as registry:
        assert texts(Api(registry).get("data/list"), "did") == ["1"]
        assert registry.local_key == key


def test_a_folder_that_may_be_moved_keeps_working(tmp_path: Path) -> None:
    with Registry.open(tmp_path / "old") as registry:
        Api(registry).publish_dataset()
    shutil.move(tmp_path / "old", tmp_path / "new")
    with Registry.open(tmp_path / "new", create=False) as registry:
        assert Api(registry).get("/data/v1/download/1").data == IRIS


def test_without_leave_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="holds no registry") as info:
        Registry.open(tmp_path / "none", create=False)
    assert "registry init" in str(info.value)
    assert not (tmp_path / "none").exists()


def test_a_folder_with_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("…")
    with pytest.raises(RegistryError, match=r"not empty: it holds thesis\.tex"):
        Registry.open(tmp_path)
    assert (tmp_path / "thesis.tex").exists()
    assert not (tmp_path / folder.DATABASE).exists()


def test_a_folder_with_the_clients_cache_only_is_taken(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    Registry.open(tmp_path).close()


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("…")
    with pytest.raises(RegistryError, match="is a file"):
        Registry.open(tmp_path / "file")
    with pytest.raises(RegistryError, match="no registry can be made"):
        Registry.open(tmp_path / "file" / "below")


def test_a_registry_that_lost_its_database_is_refused(tmp_path: Path) -> None:
    with Registry.open(tmp_path) as registry:
        Api(registry).publish_dataset()
    (tmp_path / folder.DATABASE).unlink()
    with pytest.raises(RegistryError, match="lost its database"):
        Registry.open(tmp_path)


def test_a_database_of_another_kind_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / folder.DATABASE)) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    with pytest.raises(RegistryError, match="is no registry's database"):
        Registry.open(tmp_path)


def test_a_damaged_database_is_refused_with_the_way_out(tmp_path: Path) -> None:
    Registry.open(tmp_path).close()
    (tmp_path / folder.DATABASE).write_bytes(b"no longer a database" * 500)
    with pytest.raises(RegistryError) as info:
        Registry.open(tmp_path)
    assert str(tmp_path) in str(info.value)
    assert f"openml-client registry check {tmp_path}" in str(info.value)


def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    Registry.open(tmp_path).close()
    set_revision(tmp_path, "9999")
    before = (tmp_path / folder.DATABASE).read_bytes()
    with pytest.raises(RegistryError, match="'9999'") as info:
        Registry.open(tmp_path)
    assert "Upgrade openml-client" in str(info.value)
    assert (tmp_path / folder.DATABASE).read_bytes() == before


def set_revision(place: Path, revision: str) -> None:
    with closing(sqlite3.connect(place / folder.DATABASE)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [revision])
        connection.commit()


@pytest.fixture
def next_version(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The code of a later version, whose database has one more table."""
    scripts = tmp_path_factory.mktemp("later") / "migrations"
    shutil.copytree(migrating.SCRIPTS, scripts)
    (scripts / "versions" / "9000_later.py").write_text(
        "from alembic import op\n"
        "import sqlalchemy as sa\n"
        f"revision, down_revision = '9000', '{schema.REVISIONS[-1]}'\n"
        "def upgrade():\n"
        "    op.create_table('later', sa.Column('id', sa.Integer, primary_key=True))\n"
    )
    monkeypatch.setattr(migrating, "SCRIPTS", scripts)
    monkeypatch.setattr(migrating, "REVISIONS", (*schema.REVISIONS, "9000"))
    monkeypatch.setattr(folder, "REVISIONS", (*schema.REVISIONS, "9000"))
    return scripts


def test_an_older_database_is_brought_up_to_date_after_a_copy(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with Registry.open(tmp_path) as registry:
        Api(registry).publish_dataset()
    request.getfixturevalue("next_version")
    with Registry.open(tmp_path) as registry:
        assert texts(Api(registry).get("data/list"), "did") == ["1"]
        assert migrating.revision_of(registry.store) == "9000"
    (backup,) = tmp_path.glob(f"{folder.DATABASE}.backup-{schema.REVISIONS[-1]}-*")
    old = Store.at(backup)
    assert migrating.revision_of(old) == schema.REVISIONS[-1]
    old.close()


def test_a_step_that_fails_leaves_the_old_database(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    Registry.open(tmp_path).close()
    scripts: Path = request.getfixturevalue("next_version")
    with (scripts / "versions" / "9000_later.py").open("a") as file:
        file.write("    op.execute('SELECT * FROM nowhere')\n")
    with pytest.raises(RegistryError, match="nowhere"):
        Registry.open(tmp_path)
    store = Store.at(tmp_path / folder.DATABASE)
    assert migrating.revision_of(store) == schema.REVISIONS[-1]
    store.close()


@pytest.mark.parametrize("revision", schema.REVISIONS[:-1])
def test_a_database_of_each_revision_is_brought_up_to_date(tmp_path: Path, revision: str) -> None:
    Registry.open(tmp_path).close()
    (tmp_path / folder.DATABASE).unlink()
    store = Store.at(tmp_path / folder.DATABASE)
    config = Config()
    config.set_main_option("script_location", str(migrating.SCRIPTS))
    with store.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    assert migrating.revision_of(store) == revision
    store.close()
    with Registry.open(tmp_path) as registry, registry.store.read() as connection:
        assert migrating.revision_of(registry.store) == schema.REVISIONS[-1]
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []


def test_the_steps_make_the_tables_that_the_code_names(tmp_path: Path) -> None:
    with Registry.open(tmp_path) as registry, registry.store.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []


def test_every_column_that_refers_to_what_can_be_deleted_is_the_first_of_an_index() -> None:
    bare = [
        str(key.parent)
        for table in schema.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table is not schema.users
        and key.parent.name not in {keys[0] for keys in _indexed(table)}
    ]
    assert bare == []


def _indexed(table: Table) -> Iterator[list[str]]:
    """The columns of each index of a table, in their order."""
    for index in (*table.indexes, *table.constraints):
        if isinstance(index, Index | PrimaryKeyConstraint | UniqueConstraint):
            yield [column.name for column in index.columns]


@pytest.mark.skipif(os.name != "posix" or os.getuid() == 0, reason="root may write everything")
def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    Registry.open(tmp_path).close()
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(RegistryError, match="can't be written"):
            Registry.open(tmp_path)
    finally:
        tmp_path.chmod(0o700)


def test_a_database_that_cannot_be_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Registry.open(tmp_path).close()
    monkeypatch.setattr(folder.os, "access", lambda *_: False)
    with pytest.raises(RegistryError, match="can't be written by this user"):
        Registry.open(tmp_path)


def test_processes_and_threads_may_open_a_new_folder_at_once(tmp_path: Path) -> None:
    place = tmp_path / "new"
    barrier = threading.Barrier(6)

    def open_it(_: int) -> str:
        barrier.wait()
        with Registry.open(place) as registry:
            return registry.local_key

    with ThreadPoolExecutor(6) as pool:
        keys = set(pool.map(open_it, range(6)))
    assert len(keys) == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 10 MB of its own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=10m", "tmpfs", str(disk)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this user may not mount a small disk")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def fill(disk: Path, *, free_bytes: int) -> Path:
    """A file that leaves so much room."""
    filler = disk / "filler"
    filler.write_bytes(bytes(shutil.disk_usage(disk).free - free_bytes))
    return filler


@pytest.mark.parametrize("is_told_late", [False, True])
@pytest.mark.parametrize("free_kb", [100, 300, 340, 400, 440, 600])
def test_a_full_disk_is_told_and_a_registry_is_made_once_there_is_room(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch, free_kb: int, is_told_late: bool
) -> None:
    if is_told_late:  # as where another process fills the disk meanwhile
        monkeypatch.setattr(folder, "_check_room", lambda _: None)
    filler = fill(small_disk, free_bytes=free_kb * 1024)
    with pytest.raises(RegistryError, match=r"no space .* it needs 1\.0 MB, and 0\.\d MB are free"):
        Registry.open(small_disk / "q")
    assert [path.name for path in (small_disk / "q").iterdir()] == [folder.LOCK]
    filler.unlink()
    with Registry.open(small_disk / "q") as registry:
        assert texts(Api(registry).get("tasktype/1"), "id") == ["1"]


def test_the_room_that_is_asked_for_is_enough(small_disk: Path) -> None:
    place = small_disk / "q"
    fill(small_disk, free_bytes=folder.ROOM_BYTES + 8192)
    with Registry.open(place) as registry:
        assert len(registry.local_key) == 32


def test_without_room_nothing_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "_free_bytes", lambda _: 440_000)
    with pytest.raises(RegistryError, match=r"no space .* 0\.4 MB are free\nFree some space"):
        Registry.open(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [folder.LOCK]


def test_a_making_that_fails_leaves_nothing_unfinished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Store) -> None:
        raise RegistryError("out of order")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "settle", fail)
        with pytest.raises(RegistryError, match="out of order"):
            Registry.open(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [folder.LOCK]
    Registry.open(tmp_path).close()


def test_a_log_that_another_reader_holds_is_not_settled(tmp_path: Path) -> None:
    Registry.open(tmp_path).close()
    store = Store.at(tmp_path / folder.DATABASE, busy_timeout_s=0)
    with closing(sqlite3.connect(store.place)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM users").fetchall()
        with store.write() as connection:
            connection.exec_driver_sql("UPDATE users SET name = 'another'")
        with pytest.raises(RegistryError, match="was busy"):
            store.settle()
    store.settle()
    store.close()


def test_opening_leaves_the_heavy_packages_alone(tmp_path: Path) -> None:
    Registry.open(tmp_path).close()
    program = (
        "import sys\n"
        "from openml_client.registry import Registry\n"
        f"Registry.open({str(tmp_path)!r}).close()\n"
        "heavy = {'alembic', 'numpy', 'pandas', 'pyarrow', 'scipy', 'sklearn', 'waitress'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    output = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        check=True,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
    ).stdout
    assert output.strip() == "[]"


def test_the_owners_key_is_readable_by_the_owner_only(registry: Registry) -> None:
    assert stat.S_IMODE(registry.key_file.stat().st_mode) == 0o600
    assert registry.key_file.read_text().strip() == registry.local_key
    assert len(registry.local_key) == 32


def test_a_lost_key_is_made_anew_and_the_old_one_is_worth_nothing(registry: Registry) -> None:
    old = registry.local_key
    registry.key_file.unlink()
    new = registry.local_key
    assert new == registry.local_key != old
    with registry.store.read() as connection:
        assert by_key(connection, old) is None
        owner = by_key(connection, new)
    assert owner is not None
    assert (owner.id, owner.is_admin) == (1, True)


def test_users_have_names_of_their_own_and_known_groups(registry: Registry) -> None:
    registry.add_user("somebody")
    with pytest.raises(RegistryError, match="'somebody'"):
        registry.add_user("somebody")
    with pytest.raises(RegistryError, match="characters"):
        registry.add_user("")
    with pytest.raises(ValueError, match="emperor"):
        registry.add_user("somebody else", group="emperor")


def test_a_sound_registry_has_nothing_to_complain_of(api: Api) -> None:
    api.publish_dataset()
    api.publish_task()
    api.get("/api_splits/get/1")
    assert list(check_folder(api.registry.folder)) == []


def test_a_check_finds_what_was_lost_or_changed(api: Api) -> None:
    api.publish_dataset()
    api.publish_dataset(IRIS + b"1,north,setosa\n")
    first, second = sorted((api.registry.folder / "blobs").glob("*/*"))
    first.unlink()
    second.write_bytes(b"something else")
    problems = list(check_folder(api.registry.folder))
    assert len(problems) == 3
    assert any(str(first) in problem and "missing" in problem for problem in problems)
    assert any(str(second) in problem and "damaged" in problem for problem in problems)
    assert problems[-1] == "2 of 2 contents are lost: restore their files from a backup"


def test_a_check_tells_what_a_lost_content_belongs_to(api: Api) -> None:
    api.publish_dataset()
    api.publish_dataset()  # of the same content
    api.publish_task()
    assert api.get("/api_splits/get/1").status_code == 200
    shutil.rmtree(api.registry.folder / "blobs")
    *problems, last = check_folder(api.registry.folder)
    told = sorted(problem.partition(" is missing: ")[0] for problem in problems)
    assert told == [
        "the content of file 1 'data.arff' (dataset 1 'flowers'), "
        "and of file 2 'data.arff' (dataset 2 'flowers')",
        "the content of the splits of task 1",
    ]
    assert last == "2 of 2 contents are lost: restore their files from a backup"


def test_a_check_finds_a_damaged_database(api: Api) -> None:
    api.publish_dataset()
    api.registry.close()
    database = api.registry.folder / folder.DATABASE
    content = bytearray(database.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    database.write_bytes(content)
    assert any("database" in problem for problem in check_folder(api.registry.folder))


def test_a_check_of_no_registry_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="holds no registry"):
        list(check_folder(tmp_path))


def test_a_registry_is_served_over_http(registry: Registry) -> None:
    import socket
    from urllib.request import urlopen

    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    thread = threading.Thread(target=registry.serve, kwargs={"port": port}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while True:
        try:
            answer = urlopen(f"http://127.0.0.1:{port}/api/v1/tasktype/1")
        except OSError:
            assert time.monotonic() < deadline
            continue
        with answer:
            assert b"Supervised Classification" in answer.read()
        return
