"""Models come back from their descriptions and from their flows, with all their types."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from models import MODELS, same
from openml_client_sklearn import EXTENSION
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.utils import all_estimators
from strange_models import STRANGE

from openml_client.extension.description import Description
from openml_client.extension.flows import description_from_flow, flow_from_description
from openml_client.extension.trust import Trust

pytestmark = pytest.mark.filterwarnings("ignore:Class .* is deprecated:FutureWarning")

REQUIRED: dict[str, Any] = {
    "base_estimator": LogisticRegression(),
    "dictionary": np.ones((2, 3)),
    "estimators": [("a", LogisticRegression()), ("b", Ridge())],
    "param_distributions": {"C": [1, 2]},
    "param_grid": {"C": [1, 2.0]},
    "steps": [("a", LogisticRegression())],
    "transformer_list": [("a", "passthrough")],
    "transformers": [("a", "passthrough", [0, 1])],
}
"""Arguments without a default."""


def rebuilt(model: object) -> Any:
    """The model, through its flow and settings, as they would be stored."""
    described = EXTENSION.describe(model)
    draft = flow_from_description(described, EXTENSION)
    settings = {(s.path, s.name): s.value for s in draft.settings}
    again = description_from_flow(draft.source or b"", settings, draft.long_values)
    assert again.to_bytes() == described.to_bytes()
    assert Description.from_bytes(described.to_bytes()) == described
    trust = Trust.of_own(EXTENSION.policy, again)
    return EXTENSION.build(again, trust=trust, compat="exact", notes=[])


COMPOSITIONS = {**MODELS, **STRANGE}
ESTIMATORS = dict(all_estimators())


def make(cls: Any) -> Any:
    """An instance with its defaults, and something for arguments that have none."""
    if cls.__init__ is object.__init__:
        return cls()
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    needed = [p.name for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    estimator = Ridge() if cls.__name__.endswith("Regressor") else LogisticRegression()
    return cls(**{name: {"estimator": estimator, **REQUIRED}[name] for name in needed})


NAMES = sorted(set(ESTIMATORS) - {"FrozenEstimator"})
"""The one that holds a fitted model is refused; see test_refusals."""


@pytest.mark.parametrize("name", NAMES)
def test_every_estimator_of_scikit_learn_comes_back(name: str) -> None:
    model = make(ESTIMATORS[name])
    assert same(clone(rebuilt(model)), clone(model))


@pytest.mark.parametrize("name", NAMES)
def test_the_instances_of_scikit_learns_own_tests_come_back(name: str) -> None:
    generator = pytest.importorskip("sklearn.utils._test_common.instance_generator")
    special = generator.PER_ESTIMATOR_CHECK_PARAMS.get(ESTIMATORS[name], {})
    groups = [g if isinstance(g, list) else [g] for g in special.values()]
    models = [
        *generator._construct_instances(ESTIMATORS[name]),
        *(make(ESTIMATORS[name]).set_params(**params) for group in groups for params in group),
    ]
    for model in models:
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
