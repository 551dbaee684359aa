"""Models of other packages that follow scikit-learn's interface, when they are trusted.

``make others`` installs the packages and runs this; ``make test`` does not.
"""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import numpy as np
import pandas as pd
import pytest
from openml_client_sklearn import EXTENSION
from sklearn.base import BaseEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from openml_client.errors import UntrustedError
from openml_client.extension.protocol import FoldData
from openml_client.extension.seeds import seeded_generators
from openml_client.extension.trust import Trust

pytestmark = [pytest.mark.others, pytest.mark.filterwarnings("ignore")]

PACKAGES = ("xgboost", "lightgbm", "imblearn", "skorch", "torch", "small_nets")
MODULES = (
    "xgboost",
    "lightgbm",
    "imblearn.over_sampling",
    "imblearn.under_sampling",
    "imblearn.combine",
    "imblearn.ensemble",
)
LABELS = ("zebra", "ant", "mole")
"""Not in alphabetical order."""


def estimators(module: str) -> dict[str, Any]:
    """The estimators of a module that need no arguments."""
    found = vars(importlib.import_module(module)).items()
    classes = {n: c for n, c in found if inspect.isclass(c) and issubclass(c, BaseEstimator)}
    optional = {n: c for n, c in classes.items() if not _required(c)}
    return {name: cls() for name, cls in optional.items()}


def _required(cls: type) -> list[str]:
    parameters = list(inspect.signature(cls).parameters.values())
    positional = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    empty = inspect.Parameter.empty
    return [p.name for p in parameters if p.kind in positional and p.default is empty]


def rebuilt(model: Any) -> Any:
    description = EXTENSION.describe(model)
    with pytest.raises(UntrustedError):
        EXTENSION.build(description, trust=Trust.of_strangers(EXTENSION.policy))
    trust = Trust.of_strangers(EXTENSION.policy, PACKAGES)
    return EXTENSION.build(description, trust=trust)


def net(**changes: Any) -> Any:
    import skorch
    import small_nets
    import torch

    given = {"module": small_nets.Small, "max_epochs": 40, "lr": 0.05, "verbose": 0}
    made = skorch.NeuralNetClassifier(**{**given, "optimizer": torch.optim.Adam, **changes})
    return make_pipeline(StandardScaler(), made)


def boosted() -> Any:
    from xgboost import XGBClassifier

    return XGBClassifier(n_estimators=5, max_depth=2, subsample=0.8)


def light() -> Any:
    from lightgbm import LGBMClassifier

    return LGBMClassifier(n_estimators=5, min_child_samples=5, verbose=-1, subsample=0.8)


def balanced() -> Any:
    from imblearn.over_sampling import SMOTE
    from imblearn.pipeline import make_pipeline as make_resampling
    from xgboost import XGBClassifier

    return make_resampling(SMOTE(k_neighbors=3), XGBClassifier(n_estimators=5))


def searched() -> Any:
    return GridSearchCV(light(), {"num_leaves": [3, 7]}, cv=3)


@pytest.mark.parametrize("module", MODULES)
def test_every_estimator_comes_back_with_its_parameters(module: str) -> None:
    found = estimators(module)
    assert found
    for name, model in found.items():
        mine, theirs = model.get_params(), rebuilt(model).get_params()
        assert {k: repr(v) for k, v in mine.items()} == {k: repr(v) for k, v in theirs.items()}, (
            name
        )


def test_the_generator_of_torch_is_left_as_it_was() -> None:
    import torch

    torch.manual_seed(5)
    state = torch.get_rng_state()
    with seeded_generators(1):
        first = torch.rand(2)
    with seeded_generators(1):
        again = torch.rand(2)
    assert first.tolist() == again.tolist()
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("make", [boosted, light, balanced, searched, net])
def test_a_fold_is_run_by_label_and_the_same_twice(make: Any) -> None:
    draws = np.random.RandomState(0)
    frame = pd.DataFrame(draws.randn(150, 4).astype(np.float32), columns=list("abcd"))
    codes = (frame["a"] > 0).astype(int) + (frame["b"] > 0.8).astype(int)
    y = pd.Series(pd.Categorical.from_codes(codes, list(LABELS)))
    model = make()
    fold = FoldData(
        task="classification",
        x_train=frame[:100],
        y_train=y[:100],
        x_test=frame[100:],
        labels=LABELS,
    )
    first, again = (EXTENSION.run_fold(model, fold, seed=3) for _ in range(2))
    assert first.failure is None, first.failure.traceback
    np.testing.assert_array_equal(first.probabilities, again.probabilities)
    best = np.array(first.probability_labels)[np.asarray(first.probabilities).argmax(axis=1)]
    assert (best == first.predictions).all()
    truth = np.array(LABELS)[codes[100:]]
    assert (first.predictions == truth).mean() > 0.6
