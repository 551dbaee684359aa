"""What the commands `openml-client cache` do with a cache folder, and with what else lies there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from filelock import FileLock

from openml_client import Client
from openml_client.cache import Cache
from openml_client.cache.layout import checksum_path, entry_path, lock_path
from openml_client.cache.maintenance import clear, outdated, remove, verify, walk

ONE, OTHER = "https://one.example", "http://127.0.0.1:8080"
NOW = datetime(2026, 1, 31, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A cache folder with entries of two servers, used 1, 10 and 100 days before `NOW`."""
    folder = tmp_path / "cache"
    kept = [
        (ONE, "data/get/61.xml", b"x" * 10, 1),
        (ONE, "data/61/abc.arff", b"y" * 1000, 10),
        (OTHER, "task/splits/1.arff", b"z" * 100, 100),
    ]
    for server, key, content, days in kept:
        cache = Cache(folder, server=server)
        cache.write(key, content)
        at = (NOW - timedelta(days=days)).timestamp()
        os.utime(entry_path(cache.folder, key), (at, at))
    return folder


def keys(entries: object) -> list[str]:
    return [entry.key for entry in entries]  # type: ignore[attr-defined]


def path_in(folder: Path, key: str = "data/61/abc.arff", server: str = ONE) -> Path:
    return entry_path(Cache(folder, server=server).folder, key)


# What is there


def test_entries_have_server_kind_key_size_and_time(folder: Path) -> None:
    found = walk(folder)
    assert [(e.server, e.kind, e.key, e.size_bytes, e.used_at) for e in found.entries] == [
        (
            "http-127.0.0.1-8080",
            *("task/splits", "task/splits/1.arff", 100),
            NOW - timedelta(days=100),
        ),
        ("https-one.example", "data", "data/61/abc.arff", 1000, NOW - timedelta(days=10)),
        ("https-one.example", "data/get", "data/get/61.xml", 10, NOW - timedelta(days=1)),
    ]
    assert (found.size_bytes, found.foreign, found.unreadable) == (1110, [], [])
    assert keys(walk(folder, server_folder="http-127.0.0.1-8080").entries) == ["task/splits/1.arff"]


def test_an_entry_with_another_kind_of_checksum_is_an_entry(folder: Path) -> None:
    path = path_in(folder).with_name("abc.arff.arrow")
    path.write_bytes(b"table")
    path.with_name(f".{path.name}.crc99").write_text("1234 of some version")
    assert "data/61/abc.arff.arrow" in keys(walk(folder).entries)
    result = verify(walk(folder).entries)
    assert (result.n_whole, keys(result.unknown)) == (3, ["data/61/abc.arff.arrow"])
    assert "data/61/abc.arff.arrow" in keys(clear(folder).removed)
    assert not path.parent.exists()


def test_entries_of_embedded_registries_are_there(tmp_path: Path, registry_folder: Path) -> None:
    with Client(f"local:{registry_folder}", cache_dir=tmp_path / "c") as client:
        client.datasets.get(1)
    [entry] = walk(tmp_path / "c").entries
    assert entry.server.startswith("registry-")
    assert keys(clear(tmp_path / "c", server_folder=entry.server).removed) == ["data/get/1.xml"]


# Foreign files, and folders that are none


def test_foreign_files_stay(folder: Path, tmp_path: Path) -> None:
    away = tmp_path / "away"
    away.write_bytes(b"mine")
    foreign = [
        folder / "notes.txt",
        folder / "org/openml/www/datasets/61/dataset.arff",
        folder / "v1/note.txt",
        path_in(folder).with_name("dataset.pkl.py3"),
        path_in(folder).with_name(".DS_Store"),
        path_in(folder).with_name(".hidden"),
    ]
    for path in foreign:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"mine")
    link = path_in(folder).with_name("link")
    link.symlink_to(away)
    checksum_path(link).write_text("0")
    os.mkfifo(path_in(folder).with_name("fifo"))
    assert {path.name for path in walk(folder).foreign} == {"dataset.pkl.py3", "fifo", "link"}
    assert len(clear(folder).removed) == 3
    assert all(path.read_bytes() == b"mine" for path in [*foreign, away])
    assert link.is_symlink()


@pytest.mark.parametrize("make", [lambda path: None, Path.mkdir, lambda path: path.write_text("")])
def test_a_folder_that_is_absent_empty_or_a_file_has_no_entries(
    tmp_path: Path, make: object
) -> None:
    folder = tmp_path / "cache"
    make(folder)
    before = sorted(tmp_path.rglob("*"))
    assert walk(folder).entries == clear(folder).removed == []
    assert sorted(tmp_path.rglob("*")) == before


# Verifying


def test_a_damaged_entry_is_found_and_only_it_removed(folder: Path) -> None:
    path_in(folder).write_bytes(b"n" * 1000)
    result = verify(walk(folder).entries)
    assert result.n_whole == 2
    [(entry, reason)] = result.damaged
    assert entry.key == "data/61/abc.arff"
    assert reason.startswith("its sha256 is ")
    assert keys(remove([entry]).removed) == ["data/61/abc.arff"]
    assert not path_in(folder).exists()
    assert len(walk(folder).entries) == 2


def test_an_empty_checksum_is_damage(folder: Path) -> None:
    checksum_path(path_in(folder)).write_text("")
    [(_, reason)] = verify(walk(folder).entries).damaged
    assert reason.endswith("and nothing was kept")


def test_verifying_is_no_use(folder: Path) -> None:
    before = [entry.used_at for entry in walk(folder).entries]
    assert verify(walk(folder).entries).n_whole == 3
    assert [entry.used_at for entry in walk(folder).entries] == before


# Pruning


@pytest.mark.parametrize(
    ("limits", "removed"),
    [
        ({"older_than": timedelta(days=30)}, ["task/splits/1.arff"]),
        ({"older_than": timedelta(days=10)}, ["task/splits/1.arff"]),
        ({"older_than": timedelta(days=9)}, ["task/splits/1.arff", "data/61/abc.arff"]),
        ({"older_than": timedelta(days=365)}, []),
        ({"max_size_bytes": 1110}, []),
        ({"max_size_bytes": 1109}, ["task/splits/1.arff"]),
        ({"max_size_bytes": 1009}, ["task/splits/1.arff", "data/61/abc.arff"]),
        ({"max_size_bytes": 0}, ["task/splits/1.arff", "data/61/abc.arff", "data/get/61.xml"]),
        (
            {"older_than": timedelta(days=30), "max_size_bytes": 1010},
            ["task/splits/1.arff"],
        ),
    ],
)
def test_the_oldest_go_first(folder: Path, limits: dict[str, object], removed: list[str]) -> None:
    chosen = outdated(walk(folder).entries, now=NOW, **limits)  # type: ignore[arg-type]
    assert keys(chosen) == removed
    remove(chosen)
    assert len(walk(folder).entries) == 3 - len(removed)


def test_what_is_being_written_stays(folder: Path) -> None:
    entries = walk(folder).entries
    with FileLock(lock_path(path_in(folder))):
        result = remove(entries)
        assert keys(result.busy) == ["data/61/abc.arff"]
        assert keys(walk(folder).entries) == ["data/61/abc.arff"]
        path_in(folder).write_bytes(b"half")
        assert verify(entries).damaged == []
    assert len(verify(walk(folder).entries).damaged) == 1


def test_what_was_written_since_it_was_listed_stays(folder: Path) -> None:
    entries = walk(folder).entries
    cache = Cache(folder, server=ONE)
    cache.write("data/61/abc.arff", b"new")
    assert "data/61/abc.arff" not in keys(remove(entries).removed)
    assert cache.read("data/61/abc.arff") == b"new"


def test_a_cache_goes_on_after_it_was_cleared(folder: Path) -> None:
    cache = Cache(folder, server=ONE)
    with cache.hold("publishing/task-1"):
        clear(folder)
        assert lock_path(entry_path(cache.folder, "publishing/task-1")).exists()
    clear(folder)
    assert list((folder / "v1").iterdir()) == []
    cache.write("data/get/61.xml", b"again")
    assert cache.read("data/get/61.xml") == b"again"


def test_what_stands_beside_nothing_is_cleared(folder: Path) -> None:
    path_in(folder).unlink()
    assert keys(clear(folder).removed) == ["task/splits/1.arff", "data/get/61.xml"]
    assert [p for p in folder.rglob("*") if p.is_file()] == []


# The commands


def run(*arguments: str, folder: Path, answer: str = "") -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("OPENML_")}
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "openml_client", *arguments],
        env={**kept, "OPENML_CACHE_DIR": str(folder), "COLUMNS": "120"},
        input=answer,
        capture_output=True,
        text=True,
        check=False,
    )


def test_ls_and_size_are_tables_and_json(folder: Path) -> None:
    table = run("cache", "ls", folder=folder)
    assert table.returncode == 0, table.stderr
    lines = table.stdout.splitlines()
    assert lines[0].split() == ["server", "key", "size", "used"]
    assert lines[2].split() == ["https-one.example", "data/61/abc.arff", "1.0", "kB", "2026-01-21", "00:00"]  # fmt: skip  # noqa: E501
    rows = json.loads(run("-s", OTHER, "cache", "ls", "--json", folder=folder).stdout)
    assert [(row["kind"], row["size_bytes"], row["used_at"]) for row in rows] == [
        ("task/splits", 100, "2025-10-23T00:00:00+00:00")
    ]
    size = run("cache", "size", folder=folder)
    assert size.stdout.splitlines()[-1] == f"3 entries, 1.1 kB, in {folder}"
    told = json.loads(
        run("cache", "size", "--server", "one.example", "--json", folder=folder).stdout
    )
    assert (told["entries"], told["size_bytes"]) == (2, 1010)
    assert [kind["kind"] for kind in told["kinds"]] == ["data", "data/get"]


def test_verify_exits_with_1_until_what_is_damaged_is_removed(folder: Path) -> None:
    path_in(folder).write_bytes(b"n")
    found = run("cache", "verify", folder=folder)
    assert found.returncode == 1
    assert f"damaged: {path_in(folder)}: its sha256 is" in found.stdout
    assert "2 entries are whole, 1 damaged" in found.stdout
    assert "cache verify --remove" in found.stderr
    mended = run("cache", "verify", "--remove", "--json", folder=folder)
    assert (mended.returncode, json.loads(mended.stdout)["removed"]) == (0, 1)
    again = run("cache", "verify", folder=folder)
    assert (again.returncode, again.stdout) == (0, "2 entries are whole, 0 damaged\n")


def test_prune_takes_ages_and_sizes(folder: Path) -> None:
    for wrong in ([], ["--older-than", "soon"], ["--max-size", "-1GB"], ["--max-size", "2 pounds"]):
        assert run("cache", "prune", *wrong, folder=folder).returncode == 2
    result = run("cache", "prune", "--max-size", "1kB", "--json", folder=folder)
    assert [row["key"] for row in json.loads(result.stdout)["removed"]] == [
        "task/splits/1.arff", "data/61/abc.arff"
    ]  # fmt: skip
    result = run("cache", "prune", "--older-than", "999999w", folder=folder)
    assert result.stdout == "0 entries were removed, 0 B\n"


def test_clear_asks_first(folder: Path) -> None:
    refused = run("cache", "clear", folder=folder, answer="n\n")
    assert refused.returncode == 1
    assert f"Remove 3 entries (1.1 kB) from {folder}?" in refused.stderr
    assert len(walk(folder).entries) == 3
    one = run("cache", "clear", "--server", ONE, "--yes", folder=folder)
    assert (one.returncode, one.stdout) == (0, "2 entries were removed, 1.0 kB\n")
    assert keys(walk(folder).entries) == ["task/splits/1.arff"]
    rest = run("cache", "clear", folder=folder, answer="y\n")
    assert "1 entries were removed" in rest.stdout


def test_the_cache_of_an_embedded_registry_is_its_own(registry_folder: Path, folder: Path) -> None:
    with Client(f"local:{registry_folder}") as client:
        client.datasets.get(1)
    kept = {k: v for k, v in os.environ.items() if not k.startswith("OPENML_")}
    command = [sys.executable, "-m", "openml_client", "-s", f"local:{registry_folder}", "cache"]
    listed = subprocess.run([*command, "ls"], env=kept, capture_output=True, text=True, check=True)
    assert "data/get/1.xml" in listed.stdout
    refused = run("-s", f"local:{registry_folder}", "cache", "clear", "--yes", folder=folder)
    assert refused.returncode == 1
    assert "--server registry-" in refused.stderr
    assert len(walk(folder).entries) == 3


def test_a_folder_that_cannot_be_read_is_told_and_the_rest_listed() -> None:
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are for their owner alone
        folder = Path(name)
        for key in ("data/get/61.xml", "data/61/abc.arff"):
            Cache(folder, server=ONE).write(key, b"content")
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
        entries = walk(folder).entries
        closed = path_in(folder).parent
        closed.chmod(0)
        with nobody():
            found, checked = walk(folder), verify(entries)
            refused = remove(found.entries)
        closed.chmod(0o755)
        assert keys(found.entries) == ["data/get/61.xml"]
        assert [str(problem) for problem in found.unreadable] == [f"{closed}: Permission denied"]
        assert checked.n_whole == 1
        assert [problem.path for problem in checked.unreadable] == [path_in(folder)]
        assert (refused.removed, len(refused.failed)) == ([], os.geteuid() == 0)
        assert len(walk(folder).entries) == (2 if os.geteuid() == 0 else 1)


@contextmanager
def nobody() -> Iterator[None]:
    """Be a user whom permission bits bind, as they don't bind root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_cache_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    folder.write_text("")
    listed = run("cache", "ls", folder=folder)
    warning = f"openml-client: warning: {folder / 'v1'}: Not a directory\n"
    assert (listed.returncode, listed.stdout) == (0, "")
    assert listed.stderr == f"nothing is in the cache {folder}\n{warning}"
    assert run("cache", "verify", folder=folder).returncode == 1
    absent = run("cache", "verify", folder=tmp_path / "absent")
    assert (absent.returncode, absent.stdout) == (0, "0 entries are whole, 0 damaged\n")
