"""A run of another scikit-learn, reproduced in the environment that it recorded; needs an index."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from openml_client import Client
from openml_client.running import isolation
from openml_client.running.reproduce import Reproduction

pytestmark = pytest.mark.conformance

SCRIPT = Path(__file__).parent / "scripts" / "publish_run.py"
OTHER = "1.6.1"
"""A scikit-learn that is not that of the tests."""
DISTRIBUTIONS = [
    ("openml-client", "openml_client"),
    ("openml-client-sklearn", "openml_client_sklearn"),
]


def publish_elsewhere(registry: Path, folder: Path) -> int:
    """Id of a run on iris that was made with the other scikit-learn."""
    own = isolation.own_requirements([name for name, _ in DISTRIBUTIONS], extras=["registry"])
    recipe = isolation.recipe_of("", {"python": "3.11.0", "scikit-learn": OTHER}, own=own)
    python = isolation.build(recipe, folder / "other", uv=isolation.find_uv())
    isolation.copy_code(DISTRIBUTIONS, folder / "code")
    done = subprocess.run(
        [python, SCRIPT, f"local:{registry}", "1"],
        env={"PATH": os.defpath, "HOME": str(folder), "PYTHONPATH": str(folder / "code")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["sklearn"] == OTHER
    return int(answer["run"])


def test_a_run_of_another_version_is_identical_in_the_environment_that_it_recorded(
    registry_folder: Path, tmp_path: Path
) -> None:
    run_id = publish_elsewhere(registry_folder, tmp_path)
    with Client(f"local:{registry_folder}") as client:
        here = client.runs.reproduce(run_id)
        assert here.environment["scikit-learn"] != (OTHER, OTHER)
        assert not here.isolated
        result = client.runs.reproduce(run_id, isolated=True)
        assert (result.verdict, result.isolated) == ("identical", True), result.to_text()
        assert result.environment["scikit-learn"] == (OTHER, OTHER)
        assert result.environment["numpy"][0] == result.environment["numpy"][1]
        folder = next((registry_folder / "cache" / "environments").glob("*/ready"))
        built_at = folder.stat().st_mtime_ns
        again = client.runs.reproduce(run_id, isolated=True)
        assert again == result
        assert folder.stat().st_mtime_ns == built_at, "the environment was built twice"
        command = ["-s", f"local:{registry_folder}", "run", "reproduce", str(run_id)]
        told = subprocess.run(
            [sys.executable, "-m", "openml_client", *command, "--isolated", "--json"],
            capture_output=True,
            check=True,
        )
        assert Reproduction.from_json(told.stdout) == result
        slow = client.runs.reproduce(run_id, isolated=True, timeout_s=0.01)
        assert (slow.verdict, slow.reason) == (
            "not_runnable",
            "the isolated reproduction was stopped after 0.01 s",
        )


def test_versions_that_do_not_exist_can_not_be_built(registry_folder: Path, tmp_path: Path) -> None:
    from sklearn.tree import DecisionTreeClassifier

    with Client(f"local:{registry_folder}") as client:
        draft = client.runs.execute(DecisionTreeClassifier(), 1, progress=False)
        environment = json.loads(draft.files["environment.json"])
        environment["distributions"]["scikit-learn"] = "77.0"
        files = {**draft.files, "environment.json": json.dumps(environment).encode()}
        run = client.runs.publish(replace(draft, files=files))
        result = client.runs.reproduce(run, isolated=True)
        assert result.verdict == "not_runnable"
        assert result.reason.startswith("the environment that the run recorded can't be built: uv")
        assert "scikit-learn==77.0" in result.to_text()
        assert client.runs.reproduce(run, isolated=True).verdict == "not_runnable"
