"""What an isolated environment is built of, and what is said if it, or the work in it, fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sklearn.tree import DecisionTreeClassifier

from openml_client import Client, Flow, Run
from openml_client.errors import MissingDependencyError, TaskError
from openml_client.resources.run_isolated import code_for
from openml_client.running import isolation
from openml_client.running.isolation import build, recipe_of, run_process

OWN = ["scikit-learn>=1.5", "pandas>=2.2"]
VERSIONS = {
    "python": "3.12.4",
    "system": "Linux",
    "machine": "x86_64",
    "scikit-learn": "1.6.1",
    "numpy": "2.1.0+local",
}
ENVIRON = dict(os.environ)


def test_requirements_of_the_flow_have_the_versions_of_the_run() -> None:
    dependencies = "scikit-learn==1.6.1\nnumpy>=1.19\nscipy>=1.6,<2\n"
    recipe = recipe_of(dependencies, VERSIONS, own=OWN)
    assert recipe.python == "3.12"
    assert recipe.requirements == (
        "numpy==2.1.0",
        "pandas>=2.2",
        "scikit-learn==1.6.1",
        "scikit-learn>=1.5",
        "scipy<2,>=1.6",
    )
    assert recipe.wheels == ("numpy", "pandas", "scikit-learn", "scipy")
    assert recipe_of("", VERSIONS, own=["liac-arff"]).wheels == ("numpy", "scikit-learn")
    assert recipe.constraints == ("numpy==2.1.0", "scikit-learn==1.6.1")


def test_the_dependencies_that_openml_python_writes_are_understood() -> None:
    recipe = recipe_of("sklearn==1.5.2\nnumpy>=1.19.5", VERSIONS, own=[*OWN, "numpy"])
    assert "scikit-learn==1.6.1" in recipe.requirements
    assert not [line for line in recipe.requirements if line.startswith("sklearn")]


def test_equal_recipes_share_a_folder_and_others_do_not() -> None:
    one = recipe_of("", VERSIONS, own=OWN)
    assert one.digest == recipe_of("", dict(reversed(VERSIONS.items())), own=OWN).digest
    assert one.digest != recipe_of("", {**VERSIONS, "numpy": "2.2"}, own=OWN).digest


@pytest.mark.parametrize(
    "hostile",
    [
        "numpy @ https://example.org/numpy.whl",
        "--index-url https://example.org",
        "-e /etc",
        "numpy==1\\\n--find-links x",
        "../../numpy",
    ],
)
def test_lines_that_are_no_requirement_of_an_index_are_passed_over(hostile: str) -> None:
    plain = recipe_of("", VERSIONS, own=OWN)
    assert recipe_of(hostile, VERSIONS, own=OWN) == plain
    assert recipe_of("", {**VERSIONS, "pandas": hostile}, own=OWN) == plain


def test_packages_that_nobody_vouches_for_are_not_installed() -> None:
    with pytest.raises(TaskError, match=r"vouches for: evil-package; nothing was installed") as e:
        recipe_of("evil_package==1.0", VERSIONS, own=OWN)
    assert "trusted=['evil-package']" in str(e.value)
    recipe = recipe_of("evil_package==1.0", VERSIONS, own=OWN, trusted=["evil_package.models"])
    assert "evil-package==1.0" in recipe.requirements


@pytest.mark.parametrize(
    ("versions", "message"),
    [
        ({}, "does not tell the Python"),
        ({"python": "unknown"}, "does not tell the Python"),
        ({"python": "3.8.10"}, r"had Python 3.8, and this client needs 3.11"),
    ],
)
def test_a_run_that_tells_no_usable_python_is_refused(
    versions: dict[str, str], message: str
) -> None:
    with pytest.raises(TaskError, match=message):
        recipe_of("", versions, own=OWN)


def test_what_the_client_needs_is_asked_of_its_own_metadata() -> None:
    names = ["openml-client", "openml-client-sklearn"]
    lines = isolation.own_requirements(names)
    assert [line for line in lines if line.startswith("scikit-learn")]
    assert not [line for line in lines if line.startswith(("openml", "flask", "pytest"))]
    more = isolation.own_requirements(names, extras=["registry"])
    assert [line for line in more if line.startswith("flask")]


def test_the_code_that_is_copied_is_the_code_that_runs_here(tmp_path: Path) -> None:
    names = [("openml-client", "openml_client"), ("openml-client-sklearn", "openml_client_sklearn")]
    isolation.copy_code(names, tmp_path)
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import openml_client, openml_client.extension.discovery as d\n"
        "print(openml_client.__file__, d.get_extension('sklearn').name)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [str(tmp_path / "openml_client" / "__init__.py"), "sklearn"]


OTHERS = """
[openml_client.extensions]
heavy = openml_client_heavy:EXTENSION
"""


def heavy(site: Path) -> None:
    """Install an extension that needs that of scikit-learn."""
    info = site / "openml_client_heavy-1.0.dist-info"
    info.mkdir()
    needs = "Requires-Dist: openml-client-sklearn"
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: openml-client-heavy\n{needs}\n")
    (info / "entry_points.txt").write_text(OTHERS)


@pytest.mark.parametrize(
    ("external_version", "packages"),
    [
        ("openml_client_sklearn==1,sklearn==1.5.2", {"openml_client_sklearn"}),
        ("openml==0.15.1,sklearn==1.5.2", {"openml_client_sklearn"}),
        ("openml_client_heavy==1", {"openml_client_sklearn", "openml_client_heavy"}),
    ],
)
def test_only_the_extensions_that_a_flow_needs_are_taken_along(
    external_version: str, packages: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heavy(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    flow = Flow(id=1, name="probe", external_version=external_version)
    assert {package for _, package in code_for(flow)} == {"openml_client", *packages}


def test_an_environment_that_can_not_be_built_says_what_uv_says(tmp_path: Path) -> None:
    uv = tmp_path / "uv"
    uv.write_text("#!/bin/sh\necho no such version: $1 $2; exit 2\n")
    uv.chmod(0o755)
    recipe = recipe_of("", VERSIONS, own=OWN)
    with pytest.raises(TaskError, match="can't be built: uv ended with status 2") as caught:
        build(recipe, tmp_path / "env", uv=str(uv))
    assert caught.value.hint == "no such version: --no-progress venv"
    assert not (tmp_path / "env" / "ready").exists()


def test_an_environment_that_takes_too_long_can_be_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uv = tmp_path / "uv"
    uv.write_text("#!/bin/sh\nexec tail -f /dev/null\n")
    uv.chmod(0o755)
    monkeypatch.setattr(isolation, "BUILD_TIMEOUT_S", 0.1)
    with pytest.raises(TaskError, match=r"uv was stopped after 0\.1 s") as caught:
        build(recipe_of("", VERSIONS, own=OWN), tmp_path / "env", uv=str(uv))
    assert caught.value.hint == "Try again: uv goes on with what it has downloaded."


def test_a_process_that_takes_too_long_needs_more_time_by_call_or_command() -> None:
    waiting = [sys.executable, "-c", "import threading; threading.Event().wait()"]
    with pytest.raises(TaskError, match="the work was stopped") as caught:
        run_process(waiting, environ=ENVIRON, timeout_s=0.1, what="the work")
    assert caught.value.hint == (
        "Give it more time: timeout_s=..., or --timeout on the command line."
    )


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("import os; os.kill(os.getpid(), 9)", "the work was killed by signal 9"),
        ("print('x' * 9); exit(3)", "the work ended with status 3"),
        ("input(); import threading; threading.Event().wait()", "the work was stopped after 1 s"),
    ],
)
def test_a_process_that_does_not_end_well_is_told(program: str, message: str) -> None:
    with pytest.raises(TaskError, match=message):
        run_process(
            [sys.executable, "-c", program],
            environ=ENVIRON,
            timeout_s=1 if "wait" in program else 60,
            what="the work",
            stdin="go\n",
        )


def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="the work can't be started"):
        run_process([str(tmp_path / "no")], environ={}, timeout_s=1, what="the work")


@pytest.fixture
def known(client: Client) -> Run:
    draft = client.runs.execute(DecisionTreeClassifier(max_depth=1), 1, progress=False)
    return client.runs.publish(replace(draft, files={}))


def test_without_uv_the_remedy_is_told(
    client: Client, known: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "uv", None)
    with pytest.raises(MissingDependencyError, match="uv, which builds environments") as caught:
        client.runs.reproduce(known, isolated=True)
    assert "pip install 'openml-client[isolated]'" in str(caught.value)


def test_a_run_that_recorded_no_environment_is_not_runnable_in_one(
    client: Client, known: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "uv"
    program.touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "uv", None)
    result = client.runs.reproduce(known, isolated=True)
    assert result.verdict == "not_runnable"
    assert result.reason == "the run does not tell the Python and the versions that it had"


def ask(folder: Path, run: int) -> dict[str, dict[str, str]]:
    """What the process in the environment answers, asked here."""
    output = folder / "answer.json"
    request = {"run": run, "tolerance": 0, "trusted": [], "path": [], "output": str(output)}
    run_process(
        [sys.executable, "-m", "openml_client.isolated"],
        environ={**ENVIRON, "OPENML_SERVER": f"local:{folder}"},
        timeout_s=120,
        what="the work",
        stdin=json.dumps(request),
    )
    answer: dict[str, dict[str, str]] = json.loads(output.read_bytes())
    return answer


def test_the_process_in_the_environment_answers_with_a_report_or_an_error(
    client: Client, known: Run, registry_folder: Path
) -> None:
    from openml_client.running.reproduce import Reproduction

    report = ask(registry_folder, known.id)["report"]
    assert Reproduction.from_json(str(report)) == client.runs.reproduce(known, tolerance=0)
    error = ask(registry_folder, 999)["error"]
    assert error["kind"] == "NotFoundError"
    assert "Run not found" in error["message"]
