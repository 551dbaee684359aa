"""Models come back from their descriptions and from their flows, with all their types."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from estimators import ESTIMATORS, common_instances, make, rebuilt
from models import MODELS, same
from openml_client_sklearn import EXTENSION
from sklearn.base import clone
from strange_models import STRANGE

pytestmark = pytest.mark.filterwarnings("ignore:Class .* is deprecated:FutureWarning")

COMPOSITIONS = MODELS | STRANGE
assert len(COMPOSITIONS) == len(MODELS) + len(STRANGE)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_estimator_of_scikit_learn_comes_back(name: str) -> None:
    model = make(ESTIMATORS[name])
    assert same(clone(rebuilt(model)), clone(model))


@pytest.mark.parametrize("name", ESTIMATORS)
def test_the_instances_of_scikit_learns_own_tests_come_back(name: str) -> None:
    pytest.importorskip("sklearn.utils._test_common.instance_generator")
    for model in common_instances(name):
        assert same(clone(rebuilt(model)), clone(model))


@pytest.mark.parametrize("make_model", COMPOSITIONS.values(), ids=COMPOSITIONS.keys())
def test_a_composition_comes_back(make_model: Callable[[], Any]) -> None:
    model = make_model()
    assert same(rebuilt(model), model)


@pytest.mark.parametrize("make_model", COMPOSITIONS.values(), ids=COMPOSITIONS.keys())
def test_describing_leaves_the_model_as_it_is(make_model: Callable[[], Any]) -> None:
    model = make_model()
    EXTENSION.describe(model)
    assert same(model, make_model())


@pytest.mark.parametrize("make_model", COMPOSITIONS.values(), ids=COMPOSITIONS.keys())
def test_equal_models_have_equal_descriptions(make_model: Callable[[], Any]) -> None:
    one, other = EXTENSION.describe(make_model()), EXTENSION.describe(make_model())
    assert one.to_bytes() == other.to_bytes()
    assert json.loads(one.to_bytes())["tree"] == one.tree
