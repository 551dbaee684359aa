"""Fixtures that all tests share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from openml_client import Client
from openml_client.registry import Registry

from . import doors

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session", autouse=True)
def _empty_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No settings of whoever runs the tests: no variables, no configuration file, no cache."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("SERVER", "API_KEY", "CACHE_DIR", "OFFLINE", "TIMEOUT"):
            patch.delenv(f"OPENML_{name}", raising=False)
        for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
            patch.delenv(name, raising=False)
        patch.setenv("HOME", str(home))
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recorded files of the real server, which lies beside the checkout.

    A user's clone does not have it: there the tests are skipped.  CI has it, and fails
    without it.
    """
    folder = Path(os.environ.get("OPENML_SHARED", REPOSITORY.parent / "shared"))
    if not folder.is_dir():
        reason = f"{folder} is absent: the recorded transcripts of the real server lie there"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a seeded registry, to be copied."""
    folder = tmp_path_factory.mktemp("seeded") / "registry"
    doors.make_seeded(folder)
    return folder


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, seeded: Path) -> doors.World:
    """A registry with runs of all kinds, to be copied or only read."""
    folder = tmp_path_factory.mktemp("world") / "registry"
    return doors.make_world(shutil.copytree(seeded, folder))


@pytest.fixture
def registry_folder(tmp_path: Path, seeded: Path) -> Path:
    """A folder of the test's own with a seeded registry."""
    return shutil.copytree(seeded, tmp_path / "seeded")


@pytest.fixture
def seeded_registry(registry_folder: Path) -> Iterator[Registry]:
    """A seeded registry, which a test may change."""
    with Registry.open(registry_folder) as registry:
        yield registry


@pytest.fixture
def client(registry_folder: Path) -> Iterator[Client]:
    """A client of a seeded registry, which a test may change."""
    with Client(f"local:{registry_folder}") as client:
        yield client


@pytest.fixture
def loopback(seeded_registry: Registry) -> Iterator[str]:
    """Address of a seeded registry that is served over a socket."""
    with doors.served(seeded_registry) as address:
        yield address


FAULTS = {
    1: "no name, or no connection",
    2: "a silent or dripping server",
    3: "passing faults",
    4: "the server's database is down",
    6: "something else than was asked for, or half of it",
    7: "damaged on its way",
    8: "damaged on disk, or no room there",
    9: "many processes on one cold cache",
    10: "killed",
    11: "offline",
    12: "bombs and endless answers",
    13: "the API key seen",
    14: "addresses that a server names",
    15: "hostile names of files",
    16: "planted files",
    21: "dialects and faults of ARFF",
    22: "odd ids and names",
    25: "fuzzing",
    26: "long processes",
}
"""Rows of the reliability battery, as ``pytest.mark.fault`` has them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let reports carry which fault a test meets."""
    for item in items:
        for mark in item.iter_markers("fault"):
            item.user_properties.append(("fault", mark.args[0]))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Count the tests of each fault, where these are what was run."""
    if config.option.markexpr != "fault":
        return
    counts = {row: [0, 0] for row in FAULTS}
    for place, outcome in enumerate(("passed", "failed")):
        for report in terminalreporter.stats.get(outcome, ()):
            for name, row in report.user_properties:
                counts[row][place] += name == "fault"
    terminalreporter.section("faults met as they should be")
    for row, (passed, failed) in counts.items():
        terminalreporter.write_line(f"{row:>3}  {FAULTS[row]:<50} {passed:>4} of {passed + failed}")
