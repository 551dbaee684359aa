"""What can't be described is refused with its place, the reason and a remedy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import joblib
import numpy as np
import pytest
import scipy.sparse
import scipy.stats
import user_models
from openml_client_sklearn import EXTENSION
from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, ShuffleSplit
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from openml_client.errors import NotSerializableError


class MySplitter:
    def __init__(self, n: int) -> None:
        self._n = n

    def split(self, x: Any, y: Any = None, groups: Any = None) -> Any: ...

    def get_n_splits(self, x: Any = None, y: Any = None, groups: Any = None) -> int:
        return self._n


class MyNorm(scipy.stats.rv_continuous):
    """A distribution that scipy does not have."""


def local_class() -> Any:
    class Mine(SVC): ...

    return Mine()


REFUSED: dict[str, tuple[Callable[[], Any], str, str, str]] = {
    "lambda": (
        lambda: make_pipeline(FunctionTransformer(lambda x: x), SVC()),
        "Pipeline.steps.functiontransformer.func",
        "a lambda",
        "top level",
    ),
    "local class": (local_class, "Mine", "inside a function", "top level"),
    "bound method": (
        lambda: FunctionTransformer(StandardScaler().fit_transform),
        "FunctionTransformer.func",
        "bound to an object of type StandardScaler",
        "function",
    ),
    "fitted": (
        lambda: Pipeline([("scale", StandardScaler().fit([[1.0], [2.0]])), ("svc", SVC())]),
        "Pipeline.steps.scale",
        "is fitted (it has mean_",
        "clone",
    ),
    "frozen": (lambda: FrozenEstimator(SVC()), "FrozenEstimator", "fitted model", "bare"),
    "random state": (
        lambda: SVC(random_state=np.random.RandomState(0)),
        "SVC.random_state",
        "a RandomState has a state",
        "an integer",
    ),
    "random state of a splitter": (
        lambda: GridSearchCV(SVC(), {}, cv=ShuffleSplit(random_state=np.random.RandomState(0))),
        "GridSearchCV.cv.random_state",
        "a RandomState has a state",
        "an integer",
    ),
    "generator of folds": (
        lambda: GridSearchCV(SVC(), {}, cv=(fold for fold in [])),
        "GridSearchCV.cv",
        "read once",
        "a list",
    ),
    "splitter that hides": (
        lambda: GridSearchCV(SVC(), {}, cv=MySplitter(3)),
        "GridSearchCV.cv",
        "does not keep its argument 'n'",
        "self.n = n",
    ),
    "large array": (
        lambda: SVC(kernel=np.zeros((400, 400))),
        "SVC.kernel",
        "1,280,000 bytes",
        "when it is fitted",
    ),
    "sparse matrix": (
        lambda: SVC(kernel=scipy.sparse.eye(3)),
        "SVC.kernel",
        "has no description",
        "arrays",
    ),
    "cache": (
        lambda: Pipeline([("svc", SVC())], memory=joblib.Memory(None)),
        "Pipeline.memory",
        "joblib.memory.Memory has no description",
        "numbers",
    ),
    "distribution": (
        lambda: GridSearchCV(SVC(), {"C": MyNorm(name="mine")()}),
        "GridSearchCV.param_grid.C",
        "a MyNorm is not among the distributions",
        "scipy.stats",
    ),
    "changed by the constructor": (
        lambda: make_pipeline(user_models.Forgetful(3), SVC()),
        "Pipeline.steps.forgetful.size",
        "does not keep this as it was given",
        "unchanged",
    ),
    "arguments by position alone": (
        lambda: make_pipeline(user_models.Positional(3), SVC()),
        "Pipeline.steps.positional",
        "this can't be made anew: the installed user_models:Positional has no parameter 'size'",
        "by its name",
    ),
    "an inner object that refuses what it keeps": (
        lambda: make_pipeline(FunctionTransformer(kw_args={"a": user_models.Narrow().widened()})),
        "Pipeline.steps.functiontransformer.kw_args.a",
        "this can't be made anew: $call can't be rebuilt: ValueError: too wide",
        "by its name",
    ),
    "kwargs that nobody tells": (
        lambda: make_pipeline(StandardScaler(), user_models.Hushed(2, shade="red")),
        "Pipeline.steps.hushed",
        "does not tell the **kwargs that make up options",
        "Name all arguments",
    ),
    "arguments without a name": (
        lambda: user_models.Greedy(1, 2),
        "Greedy",
        "get_params of Greedy fails",
        "named arguments",
    ),
    "class": (lambda: SVC, "SVC", "SVC is a class", "an instance"),
    "no estimator": (lambda: 3, "int", "no estimator", "methods fit"),
    "columns": (
        lambda: ColumnTransformer([("a", StandardScaler(), [object()])]),
        "ColumnTransformer.transformers.a.columns.0",
        "has no description",
        "numbers",
    ),
}


@pytest.mark.parametrize(("make", "path", "why", "remedy"), REFUSED.values(), ids=REFUSED.keys())
def test_a_refusal_tells_place_reason_and_remedy(
    make: Callable[[], Any], path: str, why: str, remedy: str
) -> None:
    with pytest.raises(NotSerializableError) as caught:
        EXTENSION.describe(make())
    assert caught.value.path == path
    assert why in caught.value.why
    assert remedy in caught.value.remedy


def test_a_model_of_many_levels_is_refused() -> None:
    model: Any = SVC()
    for _ in range(100):
        model = Pipeline([("p", model)])
    with pytest.raises(NotSerializableError, match="nested deeper"):
        EXTENSION.describe(model)


def test_kwargs_that_nobody_gave_lose_nothing() -> None:
    description = EXTENSION.describe(user_models.Hushed(2).set_output(transform="pandas"))
    assert description.parameters == {"depth": 2}
