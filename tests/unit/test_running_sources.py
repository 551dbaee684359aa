"""The code of a run that no version tells: its hash, its text, and whether it changed."""

from __future__ import annotations

import hashlib
import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from openml_client import Client
from openml_client.errors import UntrustedError
from openml_client.running.reproduce import Reproduction

TEXT = """
from sklearn.base import BaseEstimator, TransformerMixin

class Doubled(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return 2 * X  # ×2
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module of the user's, inside a package that is no distribution."""
    package = tmp_path / "steps_of_ours"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "maps.py").write_text(TEXT, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("steps_of_ours", "steps_of_ours.maps"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return package / "maps.py"


def model() -> Any:
    maps = importlib.import_module("steps_of_ours.maps")
    return make_pipeline(maps.Doubled(), DecisionTreeClassifier(max_depth=2))


def test_a_text_is_attached_if_asked_for_and_its_hash_always(client: Client, module: Path) -> None:
    plain = client.runs.execute(model(), 1, progress=False)
    assert not [name for name in plain.files if name.startswith("source-")]
    run = client.runs.publish(
        client.runs.execute(model(), 1, progress=False, attach_source=True, seed=3)
    )
    assert client.runs.download(run, "source-steps_of_ours-maps").decode() == TEXT
    wanted = {"steps_of_ours.maps": hashlib.sha256(TEXT.encode()).hexdigest()}
    for content in (plain.files["environment.json"], client.runs.download(run, "environment")):
        assert json.loads(content)["sources"] == wanted


def test_code_that_the_extension_vouches_for_is_not_attached(client: Client) -> None:
    draft = client.runs.execute(
        make_pipeline(StandardScaler(), DecisionTreeClassifier()),
        1,
        progress=False,
        attach_source=True,
    )
    assert [*draft.files] == ["environment.json"]
    assert "sources" not in json.loads(draft.files["environment.json"])


def test_a_reproduction_tells_that_the_code_is_another(client: Client, module: Path) -> None:
    run = client.runs.publish(client.runs.execute(model(), 1, progress=False))
    result = client.runs.reproduce(run, trusted=["steps_of_ours"])
    assert (result.verdict, result.notes) == ("identical", ())
    module.write_text(TEXT.replace("2 * X", "X + X"), "utf-8")
    result = client.runs.reproduce(run, trusted=["steps_of_ours"])
    assert "the code of steps_of_ours.maps is not what the run had: sha256 " in result.notes[0]
    assert result.notes[0] in result.to_text()
    assert Reproduction.from_json(result.to_json()) == result


def test_a_stored_flow_is_imported_for_its_text_only_if_it_is_trusted(
    client: Client, module: Path
) -> None:
    flow = client.flows.publish(client.flows.from_model(model()))
    with pytest.raises(UntrustedError):
        client.runs.execute(flow, 1, progress=False, attach_source=True)
    draft = client.runs.execute(
        flow, 1, progress=False, attach_source=True, trusted=["steps_of_ours"]
    )
    assert draft.files["source-steps_of_ours-maps.py"].decode() == TEXT
