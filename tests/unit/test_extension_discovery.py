"""Extensions are found by the model's class, without importing anything."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from openml_client.errors import FlowError, MissingDependencyError
from openml_client.extension import discovery
from openml_client.extension.discovery import find_extension, get_extension
from openml_client.extension.protocol import Extension
from tests.unit import toy_extension
from tests.unit.toy_extension import TOY, Thing


def install(
    folder: Path,
    distribution: str,
    name: str,
    value: str = "tests.unit.toy_extension:TOY",
    *,
    group: str = "openml_client.extensions",
) -> None:
    """Make a distribution as pip leaves it, with one entry point."""
    info = folder / f"{distribution}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n{name} = {value}\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_an_extension_is_found_by_the_module_of_the_class(site: Path) -> None:
    install(site, "toys", "tests")
    assert find_extension(Thing()) is TOY


def test_an_extension_is_found_by_the_module_of_a_base_class(site: Path) -> None:
    install(site, "toys", "tests")
    mine = type("Mine", (Thing,), {"__module__": "somewhere.else"})
    assert find_extension(mine()) is TOY


def test_the_nearest_class_decides(site: Path) -> None:
    install(site, "toys", "tests", value="tests.unit.toy_extension:nothing")
    install(site, "nearer", "somewhere")
    mine = type("Mine", (Thing,), {"__module__": "somewhere.else"})
    assert find_extension(mine()) is TOY


def test_an_extension_is_found_by_its_name(site: Path) -> None:
    install(site, "toys", "toy")
    assert get_extension("toy") is TOY


def test_two_distributions_under_one_name_are_both_named(site: Path) -> None:
    install(site, "toys", "toy")
    install(site, "other-toys", "toy", value="tests.unit.toy_extension:OTHER")
    with pytest.raises(FlowError, match=r"other-toys \(.*\) and toys \(") as caught:
        get_extension("toy")
    assert "Uninstall one" in str(caught.value)


def test_a_distribution_that_is_seen_twice_counts_once(site: Path) -> None:
    install(site, "toys", "toy")
    again = site / "again"
    again.mkdir()
    install(again, "toys", "toy")
    sys.path.insert(0, str(again))
    try:
        assert get_extension("toy") is TOY
    finally:
        sys.path.remove(str(again))


def test_a_model_that_no_extension_handles_says_which_are_installed() -> None:
    with pytest.raises(MissingDependencyError, match=r"no extension handles builtins\.dict") as e:
        find_extension({})
    assert re.search(r"Extensions are installed for [\w, ]*\bsklearn\b", str(e.value))
    assert "openml_client_" not in str(e.value)


@pytest.mark.parametrize("module", ["torch.nn.modules", "skorch.net"])
def test_a_model_of_torch_says_what_to_install(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discovery, "_installed", lambda _: {})
    model = type("Module", (), {"__module__": module})
    with pytest.raises(MissingDependencyError) as caught:
        find_extension(model())
    assert "pip install openml-client-torch" in str(caught.value)


class Taking(toy_extension.ToyExtension):
    """Takes things of one name over."""

    name = "taking"

    def can_describe(self, model: object) -> bool:
        return isinstance(model, Thing) and model.name == "theirs"


@pytest.fixture
def taking(site: Path, monkeypatch: pytest.MonkeyPatch) -> Extension:
    extension = Taking()
    monkeypatch.setattr(toy_extension, "TAKING", extension, raising=False)
    install(site, "toys", "tests")
    extended = "openml_client.extended"
    install(site, "taking", "tests", "tests.unit.toy_extension:TAKING", group=extended)
    return extension


def test_an_extension_takes_over_the_models_that_it_knows(taking: Extension) -> None:
    assert find_extension(Thing(name="theirs")) is taking
    assert find_extension(Thing(name="ours")) is TOY


def test_two_extensions_that_take_the_same_model_are_both_named(
    taking: Extension, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toy_extension, "MORE", Taking(), raising=False)
    extended = "openml_client.extended"
    install(site, "more", "tests", "tests.unit.toy_extension:MORE", group=extended)
    with pytest.raises(FlowError, match=r"toy_extension:MORE and .*toy_extension:TAKING") as caught:
        find_extension(Thing(name="theirs"))
    assert "extension=" in str(caught.value.hint)
    assert find_extension(Thing(name="ours")) is TOY


def test_one_extension_may_have_several_names(site: Path) -> None:
    install(site, "toys", "toy")
    install(site, "more-toys", "tests")
    assert get_extension("toy") is find_extension(Thing()) is TOY


def test_an_unknown_name_says_what_is_installed(site: Path) -> None:
    install(site, "toys", "toy")
    with pytest.raises(MissingDependencyError, match="no extension 'toys'") as caught:
        get_extension("toys")
    assert "toy" in str(caught.value.hint)


def test_an_extension_that_can_not_be_imported_is_named(site: Path) -> None:
    install(site, "toys", "toy", value="tests.unit.no_such_module:TOY")
    with pytest.raises(MissingDependencyError, match="no_such_module"):
        get_extension("toy")


def test_an_extension_for_another_version_of_the_protocol_is_refused(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(site, "toys", "toy", value="tests.unit.toy_extension:NEWER")
    newer = toy_extension.ToyExtension()
    newer.api = 2
    monkeypatch.setattr(toy_extension, "NEWER", newer, raising=False)
    with pytest.raises(FlowError, match="version 1 of the protocol"):
        get_extension("toy")


def test_what_is_no_extension_is_refused(site: Path) -> None:
    install(site, "toys", "toy", value="tests.unit.toy_extension:POLICY")
    with pytest.raises(FlowError, match="does not speak"):
        get_extension("toy")


def test_the_toy_extension_keeps_the_protocol() -> None:
    assert isinstance(TOY, Extension)
