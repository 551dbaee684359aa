"""Every estimator of the installed scikit-learn, how one is made, and how one is rebuilt."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
from openml_client_sklearn import EXTENSION
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.utils import all_estimators

from openml_client.extension.description import Description
from openml_client.extension.flows import description_from_flow, flow_from_description
from openml_client.extension.trust import Trust

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


ESTIMATORS: dict[str, Any] = {
    name: cls for name, cls in all_estimators() if name != "FrozenEstimator"
}
"""By name; the one that holds a fitted model is refused, see test_refusals."""


def make(cls: Any) -> Any:
    """An instance with its defaults, and something for arguments that have none."""
    if cls.__init__ is object.__init__:
        return cls()
    signature = inspect.signature(cls.__init__).parameters
    parameters = list(signature.values())[1:]
    needed = [p.name for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    if cls.__name__ == "SelfTrainingClassifier":  # has a default, and can't be fitted with it
        needed = [name for name in ("base_estimator", "estimator") if name in signature][-1:]
    estimator = Ridge() if cls.__name__.endswith("Regressor") else LogisticRegression()
    return cls(**{name: {"estimator": estimator, **REQUIRED}[name] for name in needed})


def common_instances(name: str) -> Iterator[Any]:
    """The instances of an estimator that scikit-learn's own common tests construct.

    Raises
    ------
    ModuleNotFoundError
        If the installed scikit-learn is older than 1.6, and has no list of them.
    """
    generator = importlib.import_module("sklearn.utils._test_common.instance_generator")
    yield from generator._construct_instances(ESTIMATORS[name])
    special = generator.PER_ESTIMATOR_CHECK_PARAMS.get(ESTIMATORS[name], {})
    for group in special.values():
        for params in group if isinstance(group, list) else [group]:
            yield make(ESTIMATORS[name]).set_params(**params)


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
