"""The command line, run as a user runs it: in a process of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from sklearn.tree import DecisionTreeClassifier

from openml_client import Client, DatasetDraft, StudyDraft
from openml_client.errors import NotAuthorizedError
from openml_client.running.reproduce import Reproduction


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
    names = "quickstart login doctor dataset task flow run registry cache"
    for command in names.split():
        assert f"  {command} " in result.stdout


@pytest.mark.parametrize(
    "group", [[], ["registry"], ["run"], ["dataset"], ["user"], ["suite"], ["cache"]]
)
def test_no_line_of_a_list_of_commands_is_cut(tmp_path: Path, group: list[str]) -> None:
    result = run(*group, "--help", cwd=tmp_path, COLUMNS="80")
    assert result.returncode == 0
    assert "..." not in result.stdout.partition("Commands:")[2]


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


def test_suites_and_studies_are_listed_and_shown(seeded: Path) -> None:
    with Client(f"local:{seeded / 'registry'}") as client:
        client.suites.publish(
            StudyDraft(name="Small", description="A test.", alias="small", task_ids=(1, 2))
        )
    table = run("-s", "local:registry", "suite", "list", "--status", "all", cwd=seeded)
    assert table.stdout.splitlines()[1].split()[:4] == ["1", "small", "Small", "in_preparation"]
    shown = run("-s", "local:registry", "suite", "show", "small", cwd=seeded)
    assert "2: kr-vs-kp" in shown.stdout
    found = json.loads(
        run("-s", "local:registry", "suite", "show", "1", "--json", cwd=seeded).stdout
    )
    assert found["task_ids"] == [1, 2]
    other = run("-s", "local:registry", "study", "show", "small", cwd=seeded)
    assert other.returncode == 1
    assert "is a suite, not a study" in other.stderr
    none = run("-s", "local:registry", "study", "list", cwd=seeded)
    assert (none.returncode, none.stdout, none.stderr) == (0, "", "nothing found\n")
    users = run("-s", "local:registry", "user", "list", cwd=seeded)
    assert users.stdout.split() == ["id", "name", "1", "owner"]


def test_the_doctor_says_where_settings_come_from(seeded: Path) -> None:
    result = run("doctor", cwd=seeded, OPENML_SERVER="local:registry")
    assert result.returncode == 0, result.stderr
    assert "server: local:registry (environment variable OPENML_SERVER)" in result.stdout
    assert "timeout_s: 30 (default)" in result.stdout
    assert "retries: 4 (default)" in result.stdout
    assert "the server answers" in result.stdout


def test_login_keeps_the_key_for_its_owner_alone(tmp_path: Path) -> None:
    key = "0123456789abcdef0123456789abcdef"
    result = run("-s", "http://127.0.0.1:9", "login", "--api-key", key, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert key not in result.stdout + result.stderr
    (path,) = (tmp_path / "home").rglob("config.toml")
    assert path.stat().st_mode & 0o077 == 0
    assert key in path.read_text()
    assert "http://127.0.0.1:9 is the default server." in result.stdout
    assert result.stderr == ""
    other = run("-s", "http://127.0.0.1:8", "login", "--api-key", "word", cwd=tmp_path)
    assert other.stderr == (
        "openml-client: warning: this key is not 32 hexadecimal digits, as those of all but some "
        "test servers are\n"
    )
    assert "The default server is still http://127.0.0.1:9" in other.stdout


def test_the_help_of_login_says_which_server_becomes_the_default_one(tmp_path: Path) -> None:
    text = " ".join(run("login", "--help", cwd=tmp_path).stdout.split())
    assert "The server of the first login becomes the default one" in text
    assert "the first login does so anyway" in text


def test_the_doctor_does_not_send_to_the_doctor(tmp_path: Path) -> None:
    result = run("doctor", cwd=tmp_path, OPENML_SERVER="http://127.0.0.1:9")
    assert result.returncode == 1
    told = result.stdout.partition("the server does not answer as it should: ")[2]
    assert told.splitlines()[1:] == [
        "With a filled cache set OPENML_OFFLINE=1;",
        "to work without this server run `openml-client registry serve`.",
    ]
    assert "openml-client doctor" not in result.stdout


@pytest.mark.parametrize(
    ("command", "hint"),
    [
        (["dataset", "show", "nosuch"], "`openml-client dataset list`, shows what is there."),
        (["dataset", "show", ""], "`openml-client dataset list`, shows what is there."),
        (["suite", "show", ""], "`openml-client suite list`, shows what is there."),
    ],
)
def test_hints_name_commands(seeded: Path, command: list[str], hint: str) -> None:
    result = run(*command, cwd=seeded, OPENML_SERVER="local:registry")
    assert result.returncode == 1
    assert hint in result.stderr
    assert len(result.stderr.splitlines()) == 2


def test_an_offline_command_says_what_made_it_so(tmp_path: Path) -> None:
    environment = {"OPENML_OFFLINE": "1", "OPENML_SERVER": "http://127.0.0.1:9"}
    result = run("dataset", "show", "61", cwd=tmp_path, **environment)
    assert result.returncode == 1
    assert result.stderr.endswith("\nUnset OPENML_OFFLINE.\n")


def test_login_refuses_the_embedded_registry(tmp_path: Path) -> None:
    result = run("-s", "local:x", "login", "--api-key", "k", cwd=tmp_path)
    assert result.returncode == 1
    assert "local:x needs no login: an embedded registry has its own key" in result.stderr
    assert list((tmp_path / "home").rglob("config.toml")) == []


def test_the_doctor_asks_nobody_when_offline(tmp_path: Path) -> None:
    result = run("doctor", cwd=tmp_path, OPENML_OFFLINE="1", OPENML_SERVER="http://127.0.0.1:9")
    assert result.returncode == 0, result.stderr
    assert "offline: yes (environment variable OPENML_OFFLINE)" in result.stdout
    assert "the server is not asked" in result.stdout


def test_a_wrong_configuration_file_is_one_line_on_stderr(tmp_path: Path) -> None:
    path = tmp_path / "home/.config/openml-client/config.toml"
    path.parent.mkdir(parents=True)
    path.write_text("server = \n")
    path.chmod(0o600)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENML_", "XDG_"))}
    result = subprocess.run(
        [sys.executable, "-m", "openml_client", "doctor"],
        env={**kept, "HOME": str(tmp_path / "home"), "OPENML_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stderr.startswith(f"openml-client: warning: configuration file {path} line 1")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("command", [["dataset", "list"], ["run", "show", "1"], ["doctor"]])
def test_reading_makes_no_registry(tmp_path: Path, command: list[str]) -> None:
    result = run("-s", "local:none", *command, cwd=tmp_path)
    assert result.returncode == 1
    assert f"{tmp_path}/none holds no registry\n" in result.stderr
    assert f"openml-client registry init {tmp_path}/none" in result.stderr
    assert not (tmp_path / "none").exists()


def test_a_cut_list_says_that_there_is_more_and_an_empty_one_that_it_is_empty(
    seeded: Path,
) -> None:
    cut = run("-s", "local:registry", "dataset", "list", "--limit", "3", cwd=seeded)
    assert len(cut.stdout.splitlines()) == 4
    assert cut.stderr == "3 shown; there are more: --limit N\n"
    whole = run("-s", "local:registry", "dataset", "list", "--limit", "12", cwd=seeded)
    assert (len(whole.stdout.splitlines()), whole.stderr) == (13, "")
    empty = run("-s", "local:registry", "dataset", "list", "--name", "none", cwd=seeded)
    assert (empty.returncode, empty.stdout, empty.stderr) == (0, "", "nothing found\n")
    as_json = run("-s", "local:registry", "run", "list", "--json", cwd=seeded)
    assert json.loads(as_json.stdout) == []


def test_a_pipe_gets_whole_tables(seeded: Path) -> None:
    result = run("-s", "local:registry", "task", "show", "7", cwd=seeded, COLUMNS="20")
    assert "…" not in result.stdout
    result = run("-s", "local:registry", "dataset", "show", "kr-vs-kp", cwd=seeded, COLUMNS="20")
    assert "nowin, won" in result.stdout
    assert "…" not in result.stdout


def test_only_columns_that_may_be_cut_shrink_to_a_terminal() -> None:
    from openml_client.cli.context import _fit

    assert _fit([8, 40, 6, 60], [False, True, False, True], 80) == [8, 30, 6, 30]
    assert _fit([8, 40], [False, True], 80) == [8, 40]
    assert _fit([90, 40], [False, True], 80) == [90, 12]
    assert _fit([90, 5], [False, True], 80) == [90, 5]


@pytest.mark.parametrize(
    ("measure", "is_so"),
    [
        ("root_mean_squared_error", True),
        ("usercpu_time_millis", True),
        ("prior_entropy", True),
        ("average_cost", True),
        ("predictive_accuracy", False),
        ("area_under_roc_curve", False),
    ],
)
def test_measures_of_error_are_better_if_small(measure: str, is_so: bool) -> None:
    from openml_client.cli.listing import _is_better_if_small

    assert _is_better_if_small(measure) is is_so


def test_a_user_is_added_who_may_do_what_the_group_may(tmp_path: Path) -> None:
    assert run("registry", "init", "team", cwd=tmp_path).returncode == 0
    for name, group in (("ada", "normal"), ("bob", "read-only")):
        added = run("registry", "add-user", name, "team", "--group", group, cwd=tmp_path)
        assert re.fullmatch("[0-9a-f]{32}\n", added.stdout), added.stderr
        with Client(f"local:{tmp_path}/team", api_key=added.stdout.strip()) as client:
            assert client.whoami().name == name
            draft = DatasetDraft(name="d", description="A test.", default_target_attribute="a")
            if group == "normal":
                assert client.datasets.publish(draft, pd.DataFrame({"a": [1.0]})).id == 1
            else:
                with pytest.raises(NotAuthorizedError, match="read-only account"):
                    client.datasets.publish(draft, pd.DataFrame({"a": [1.0]}))
    again = run("registry", "add-user", "ada", "team", cwd=tmp_path)
    assert (again.returncode, again.stdout) == (1, "")
    assert "has a user named 'ada' already" in again.stderr
    assert run("registry", "add-user", "eve", "--group", "owner", cwd=tmp_path).returncode == 2
    nowhere = run("registry", "add-user", "eve", "none", cwd=tmp_path)
    assert "none holds no registry" in nowhere.stderr
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("option", [["--port", "0"], ["--port", "65536"], ["--threads", "0"]])
def test_serve_refuses_numbers_that_can_not_be(seeded: Path, option: list[str]) -> None:
    assert run("registry", "serve", "registry", *option, cwd=seeded).returncode == 2


def test_serve_says_which_port_is_in_use_before_it_says_anything_else(seeded: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("registry", "serve", "registry", "--port", str(port), cwd=seeded)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith(f"openml-client: 127.0.0.1:{port} is in use by another program")
    assert "--port " in result.stderr


@pytest.mark.parametrize("host", ["192.0.2.1", "no host"])
def test_serve_explains_a_host_that_is_not_of_this_machine(seeded: Path, host: str) -> None:
    """Source of the address: RFC 5737, for documentation, on no machine."""
    result = run("registry", "serve", "registry", "--host", host, cwd=seeded)
    assert (result.returncode, result.stdout) == (1, "")
    assert f"can't listen on {host}:8080" in result.stderr
    assert result.stderr.count("\n") == 2


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_serve_announces_an_address_that_answers_and_ends_well_on_an_interrupt(
    seeded: Path,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["registry", "serve", "registry", "--host", "0.0.0.0", "--port", str(port)]
    with subprocess.Popen(
        [sys.executable, "-m", "openml_client", *command],
        cwd=seeded,
        stdout=subprocess.PIPE,
        text=True,
        # Shells let background jobs ignore the interrupt, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(4)]
            assert f" at http://127.0.0.1:{port} (Ctrl-C ends it)\n" in lines[0]
            assert "Other machines reach it too" in lines[1]
            assert lines[3].startswith("  write:  export OPENML_API_KEY=$(cat /")
            asked = run("-s", f"http://127.0.0.1:{port}", "dataset", "list", cwd=seeded)
            assert asked.returncode == 0, asked.stderr
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=30) == 0
        finally:
            process.kill()


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
    shown = run("-s", "local:openml-quickstart", "run", "show", "1", cwd=tmp_path).stdout
    assert "parameter" in shown
    assert "max_iter" in shown
    measures = [line.split()[0] for line in shown.split("\nmeasure ")[1].splitlines()[1:]]
    plain = [name for name in measures if "_millis" not in name]
    assert measures[: len(plain)] == sorted(plain)
    assert "predictive_accuracy" in plain
    flows = run("-s", "local:openml-quickstart", "flow", "list", "--json", cwd=tmp_path)
    names = [row["name"] for row in json.loads(flows.stdout)]
    assert len(names) == len(set(names))
    audited = run("-s", "local:openml-quickstart", "flow", "audit", "1", cwd=tmp_path)
    assert audited.returncode == 0, audited.stderr
    assert "public in sklearn" in audited.stdout
    assert "NO" not in audited.stdout.split()


def test_a_run_that_can_not_be_reproduced_exits_with_1(seeded: Path) -> None:
    result = run("-s", "local:registry", "run", "reproduce", "999", cwd=seeded)
    assert result.returncode == 1
    assert result.stderr == "openml-client: run/999 of local:registry: Run not found [code 236]\n"


def test_an_audit_exits_with_1_for_errors_and_with_0_for_warnings(seeded: Path) -> None:
    with Client(f"local:{seeded / 'registry'}") as client:
        draft = client.runs.execute(DecisionTreeClassifier(max_depth=2), 1, progress=False)
        good = client.runs.publish(draft)
        warned = client.runs.publish(replace(draft, files={}), avoid_duplicates=False)
        known = client.runs.get(warned.id)
        confidence = draft.predictions.confidence
        assert confidence is not None
        turned = replace(draft.predictions, confidence=confidence[:, [1, 2, 0]])
        client.runs.check = lambda draft: ()  # type: ignore[method-assign]
        bad = client.runs.publish(replace(draft, predictions=turned), avoid_duplicates=False)
    assert known.file("environment") is None
    command = ("-s", "local:registry", "run", "audit")
    quiet = run(*command, str(good.id), cwd=seeded)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "nothing found\n")
    warning = run(*command, str(warned.id), cwd=seeded)
    assert (warning.returncode, warning.stderr) == (0, "")
    assert warning.stdout.splitlines()[1].split()[:2] == ["warning", "environment_missing"]
    error = run(*command, str(bad.id), "--json", cwd=seeded)
    assert error.returncode == 1
    assert ("error", "argmax") in {(f["severity"], f["code"]) for f in json.loads(error.stdout)}


def test_a_reproduction_is_written_as_a_page_and_as_json(seeded: Path) -> None:
    with Client(f"local:{seeded / 'registry'}") as client:
        draft = client.runs.execute(DecisionTreeClassifier(max_depth=3), 1, progress=False)
        known = client.runs.publish(draft)
    command = ("-s", "local:registry", "run", "reproduce", str(known.id))
    result = run(*command, "--html", "report.html", "--json", cwd=seeded)
    assert (result.returncode, result.stderr) == (0, "")
    assert Reproduction.from_json(result.stdout).verdict == "identical"
    page = (seeded / "report.html").read_text("utf-8")
    assert f"<title>Run {known.id}: identical</title>" in page


def test_names_of_others_do_not_steer_the_terminal(seeded: Path) -> None:
    """A stranger's flow names what would clear the screen, start a line and break the output."""
    evil = "a\x1b[2J:X", "a:X\ny", "a:\ud800"
    with Client(f"local:{seeded / 'registry'}") as client:
        draft = client.flows.from_model(DecisionTreeClassifier())
        for number, name in enumerate(evil):
            source = (draft.source or b"").replace(
                b'"sklearn.tree:DecisionTreeClassifier"', json.dumps(name).encode()
            )
            flow = client.flows.publish(replace(draft, name=f"evil{number}", source=source))
            result = run("-s", "local:registry", "flow", "audit", str(flow.id), cwd=seeded)
            assert (result.returncode, result.stderr) == (1, "")
            assert f" {ascii(name)[1:-1]} " in result.stdout
            assert len(result.stdout.splitlines()) == 2
