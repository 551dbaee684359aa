"""The command line, run as a user runs it: in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def run(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``openml-client`` with an empty home."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("OPENML_")}
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "openml_client", *arguments],
        cwd=cwd,
        env={**kept, "HOME": str(cwd / "home"), "COLUMNS": "100", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a seeded registry in ``registry``."""
    folder = tmp_path_factory.mktemp("cli")
    result = run("registry", "seed", "registry", cwd=folder)
    assert result.returncode == 0, result.stderr
    assert "published: dataset 7 penguins, task 7" in result.stdout
    return folder


def test_help_names_the_commands(tmp_path: Path) -> None:
    result = run("--help", cwd=tmp_path)
    assert result.returncode == 0
    for command in ("quickstart", "login", "doctor", "dataset", "task", "flow", "run", "registry"):
        assert f"  {command} " in result.stdout


def test_no_command_shows_the_help_and_exits_with_2(tmp_path: Path) -> None:
    result = run(cwd=tmp_path)
    assert result.returncode == 2
    assert "Usage: " in result.stdout + result.stderr


def test_an_unknown_command_exits_with_2(tmp_path: Path) -> None:
    result = run("dataset", "fetch", cwd=tmp_path)
    assert result.returncode == 2
    assert "No such command 'fetch'" in result.stderr


def test_lists_are_tables_and_json(seeded: Path) -> None:
    table = run("-s", "local:registry", "dataset", "list", cwd=seeded)
    assert table.returncode == 0, table.stderr
    assert table.stdout.splitlines()[0].split() == [
        "id", "name", "version", "rows", "features", "classes", "status"
    ]  # fmt: skip
    rows = json.loads(run("-s", "local:registry", "dataset", "list", "--json", cwd=seeded).stdout)
    assert [row["name"] for row in rows[:2]] == ["iris", "kr-vs-kp"]


def test_seeding_twice_finds_what_is_there(seeded: Path) -> None:
    result = run("registry", "seed", "registry", cwd=seeded)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("is there: dataset") == 12
    assert "published" not in result.stdout


def test_show_tells_columns_and_tasks(seeded: Path) -> None:
    dataset = run("-s", "local:registry", "dataset", "show", "penguins", cwd=seeded)
    assert "species" in dataset.stdout
    assert "Adelie, Chinstrap, Gentoo" in dataset.stdout
    task = run("-s", "local:registry", "task", "show", "7", cwd=seeded)
    assert "crossvalidation" in task.stdout


def test_the_doctor_says_where_settings_come_from(seeded: Path) -> None:
    result = run("doctor", cwd=seeded, OPENML_SERVER="local:registry")
    assert result.returncode == 0, result.stderr
    assert "server: local:registry (environment variable OPENML_SERVER)" in result.stdout
    assert "the server answers" in result.stdout


def test_login_keeps_the_key_for_its_owner_alone(tmp_path: Path) -> None:
    key = "0123456789abcdef0123456789abcdef"
    result = run("-s", "http://127.0.0.1:9", "login", "--api-key", key, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert key not in result.stdout + result.stderr
    (path,) = (tmp_path / "home").rglob("config.toml")
    assert path.stat().st_mode & 0o077 == 0
    assert key in path.read_text()


def test_the_tour_reaches_its_verdict_and_finds_everything_the_second_time(
    tmp_path: Path,
) -> None:
    first = run("quickstart", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    assert "Run 1: identical (all 344 predictions agree)" in first.stdout
    assert "What to try next" in first.stdout
    second = run("quickstart", cwd=tmp_path)
    assert second.returncode == 0, second.stderr
    assert second.stdout.count("is there") == 12
    listed = run(
        "-s", "local:openml-quickstart", "run", "list", "--task", "7", "--json", cwd=tmp_path
    )
    assert [row["id"] for row in json.loads(listed.stdout)] == [1, 2]
    flows = run("-s", "local:openml-quickstart", "flow", "list", "--json", cwd=tmp_path)
    names = [row["name"] for row in json.loads(flows.stdout)]
    assert len(names) == len(set(names))


def test_a_run_that_can_not_be_reproduced_exits_with_1(seeded: Path) -> None:
    result = run("-s", "local:registry", "run", "reproduce", "999", cwd=seeded)
    assert result.returncode == 1
    assert result.stderr == "openml-client: run/999 of local:registry: Run not found [code 236]\n"
