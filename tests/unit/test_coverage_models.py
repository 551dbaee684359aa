"""The measurement of coverage counts what is so, and finds what is planted."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from coverage_models import fidelity, round_trips, sources, versions
from coverage_models.sources import Model
from coverage_models.write_page import page
from openml_client.extension.protocol import FoldData

pytestmark = pytest.mark.filterwarnings("ignore:Class .* is deprecated:FutureWarning")


@pytest.fixture(scope="module")
def iris(tmp_path_factory: pytest.TempPathFactory) -> FoldData:
    folds: Iterator[tuple[str, FoldData]] = fidelity.folds(tmp_path_factory.mktemp("fidelity"))
    return next(data for name, data in folds if name == "iris")


def user_model(name: str) -> Model:
    sources.load()
    return Model(name, getattr(sys.modules["user_models"], name))


def test_a_model_that_comes_back_is_good() -> None:
    found = round_trips.count(list(sources.estimators())[:3], round_trips.complaint)
    assert found == {"n": 3, "good": 3, "faults": {}}


def test_a_model_that_is_refused_is_a_fault_with_its_reason() -> None:
    found = round_trips.count([user_model("Forgetful")], round_trips.complaint)
    assert (found["n"], found["good"]) == (1, 0)
    assert "does not keep this as it was given" in found["faults"]["Forgetful"]


def test_a_seeded_model_predicts_the_same(iris: FoldData) -> None:
    forest = next(m for m in sources.estimators() if m.name == "RandomForestClassifier")
    assert fidelity.compare(forest, iris) == (True, None)


def test_a_model_that_no_seed_reaches_is_a_fault(iris: FoldData) -> None:
    assert fidelity.compare(user_model("Restless"), iris) == (True, "other predictions")


def test_a_model_that_can_not_be_fitted_counts_as_none(iris: FoldData) -> None:
    assert fidelity.compare(user_model("Broken"), iris) == (False, None)


def test_a_model_that_is_changed_by_its_run_is_a_fault(
    iris: FoldData, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_fold = fidelity.EXTENSION.run_fold

    def changes(model: Any, data: FoldData, *, seed: int) -> Any:
        result = run_fold(model, data, seed=seed)
        model.max_depth = 3
        return result

    monkeypatch.setattr(type(fidelity.EXTENSION), "run_fold", staticmethod(changes))
    tree = next(m for m in sources.estimators() if m.name == "DecisionTreeClassifier")
    assert fidelity.compare(tree, iris) == (True, "the caller's model was changed")


def test_versions_are_compared_in_both_directions() -> None:
    one, other = versions.measure([Path(sys.executable)] * 2)
    assert one["written"] == other["read"]
    found = one["kinds"]["estimators"]["exact"]
    assert found["rebuilt"] == found["n"] > 100
    assert found["valid"] == found["n_valid"]


def test_a_value_that_the_version_does_not_take_is_counted() -> None:
    described = versions.describe()["estimators"]["SVC"]
    described["description"] = described["description"].replace('"scale"', '"gone"')
    found = versions.rebuild_all({"SVC": described}, "semantic")
    assert (found["rebuilt"], found["valid"]) == (1, 0)
    assert "gamma" in found["invalid"]["SVC"]


def test_faults_stand_on_the_page() -> None:
    count = {"n": 2, "good": 1, "faults": {"SVC": "came back as another"}}
    kept = {"scikit_learn": "1", "round_trips": {"estimators": count}, "fidelity": {}}
    said = page(json.loads(json.dumps(kept)))
    assert "| estimators | 1 | 2 |" in said
    assert "- estimators: SVC: came back as another" in said
