"""The habits of the house that no linter knows."""

from __future__ import annotations

import ast
import configparser
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = (
    REPOSITORY / "openml_client",
    REPOSITORY / "extensions" / "sklearn" / "openml_client_sklearn",
    REPOSITORY / "extensions" / "torch" / "openml_client_torch",
)
MODULES = sorted(path for package in PACKAGES for path in package.rglob("*.py"))
PICKLES = re.compile(r"^\s*(import|from) (pickle|joblib|dill|cloudpickle)\b", re.MULTILINE)

LONGEST = 450
"""Lines of the longest file; one that outgrows it is two ideas."""


def named(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


@pytest.mark.parametrize("package", PACKAGES, ids=named)
def test_packages_say_that_they_are_typed(package: Path) -> None:
    assert (package / "py.typed").is_file()


def test_only_the_wire_and_the_transport_spell_the_wire() -> None:
    spelt = [
        named(path)
        for path in MODULES
        if re.search(r"oml:", path.read_text("utf-8"))
        and not {"wire", "transport"} & set(path.parts)
    ]
    assert spelt == [
        "extensions/sklearn/openml_client_sklearn/openml_python.py",  # a key of its JSON values
        "openml_client/resources/caller.py",  # which looks for an error document
    ]


def test_files_fit_in_a_head() -> None:
    long = {
        named(path): count
        for path in MODULES
        if (count := len(path.read_text("utf-8").splitlines())) > LONGEST
    }
    assert not long


def test_no_module_is_a_drawer_of_odds_and_ends() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
    assert not [named(path) for path in MODULES if path.stem in drawers]


def test_every_module_says_what_it_is() -> None:
    silent = [
        named(path) for path in MODULES if not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert not silent


def test_nothing_is_pickled() -> None:
    importers = [named(path) for path in MODULES if PICKLES.search(path.read_text("utf-8"))]
    assert not importers


def test_pins_cover_what_the_package_asks_for() -> None:
    config = configparser.ConfigParser()
    config.read(REPOSITORY / "setup.cfg")
    wanted = config["options"]["install_requires"] + "".join(
        config["options.extras_require"].values()
    )
    names = {re.split(r"[<>=!~;\[ ]", line)[0].lower() for line in wanted.split() if line}
    pinned = {
        line.partition("==")[0].lower()
        for line in (REPOSITORY / "constraints.txt").read_text("utf-8").splitlines()
    }
    assert names <= pinned
