"""The example of a third party's extension builds, passes the kit and is found by the client."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "third_party_extension"

ROUND_TRIP = """
import sys
from openml_client import Client
from nearby import Centroids, Scaler

model = Centroids(sharpness=3.0, scaler=Scaler(quantiles=(0.1, 0.9)))
with Client(f"local:{sys.argv[1]}") as client:
    draft = client.flows.from_model(model)
    flow = client.flows.publish(draft)
    again = client.flows.to_model(flow, parameters={"sharpness": 3.0, "scaler__center": False})
    print(flow.name, flow.external_version)
    print(again.sharpness, again.scaler.center, again.scaler.quantiles)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds what installing the distribution would put on the path.

    Made by setuptools, with neither network nor a change of this environment.
    """
    folder = tmp_path_factory.mktemp("third-party")
    source = shutil.copytree(EXAMPLE, folder / "source")
    site = folder / "site"
    site.mkdir()
    steps = ["build_py", "--build-lib", site, "egg_info", "--egg-base", site]
    run([sys.executable, "-c", "import setuptools; setuptools.setup()", "-q", *steps], source)
    return site


def run(command: list[object], folder: Path, *paths: Path) -> str:
    path = os.pathsep.join(map(str, (*paths, *sys.path)))
    done = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_example_passes_the_kit_where_it_is_installed(installed: Path, tmp_path: Path) -> None:
    tests = shutil.copytree(EXAMPLE / "tests", tmp_path / "tests")
    options = ["-q", "-p", "no:cacheprovider", "-c", os.devnull, "-W", "error"]
    printed = run([sys.executable, "-m", "pytest", *options, tests], tmp_path, installed)
    assert " 2 skipped" in printed, "of regression, which has no classes, and of artefacts"
    assert int(printed.splitlines()[-1].partition(" passed")[0]) > 50


def test_fresh_processes_find_a_suite_that_is_on_no_path(installed: Path, tmp_path: Path) -> None:
    tests = shutil.copytree(EXAMPLE / "tests", tmp_path / "tests")
    options = ["-q", "-p", "no:cacheprovider", "-c", os.devnull, "--import-mode", "importlib"]
    chosen = ["-k", "every_process or another_process or hostile"]
    command = [sys.executable, "-m", "pytest", *options, *chosen, tests]
    assert run(command, tmp_path, installed).splitlines()[-1].startswith("7 passed")


def test_the_client_finds_the_example_by_its_entry_point(installed: Path, tmp_path: Path) -> None:
    printed = run([sys.executable, "-c", ROUND_TRIP, tmp_path / "registry"], tmp_path, installed)
    name, rebuilt = printed.splitlines()
    assert name.startswith("nearby.Centroids(scaler=Scaler).")
    assert name.endswith(" openml_client_nearby==1,nearby==0.1.0")
    assert rebuilt == "3.0 False (0.25, 0.75)"


def test_the_example_is_small_enough_for_an_afternoon() -> None:
    lines = (EXAMPLE / "openml_client_nearby.py").read_text("utf-8").splitlines()
    assert len(lines) <= 200
