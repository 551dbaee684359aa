"""The conformance kit, run on this extension."""

from __future__ import annotations

import numpy as np
import user_models
from openml_client_sklearn import EXTENSION
from sklearn.cluster import KMeans
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
    VotingClassifier,
)
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC, LinearSVC
from test_hostile import HOSTILE, described

from openml_client.testing import Case, ExtensionConformance, Refusal

BOTH = frozenset({"missing", "text"})


CASES = {
    "probabilities": Case(make=LogisticRegression, other=lambda: LogisticRegression(C=3.0)),
    "forest": Case(
        make=lambda: RandomForestClassifier(n_estimators=5),
        other=lambda: RandomForestClassifier(n_estimators=6, criterion="entropy"),
    ),
    "gradient boosting": Case(
        make=lambda: HistGradientBoostingClassifier(max_iter=5, categorical_features="from_dtype"),
        takes=frozenset({"missing", "text"}),
    ),
    "a pipeline": Case(
        make=lambda: make_pipeline(StandardScaler(), SVC(C=1.0)),
        other=lambda: make_pipeline(StandardScaler(with_mean=False), SVC(C=2.0)),
    ),
    "columns": Case(
        make=lambda: make_pipeline(
            make_column_transformer(
                (OneHotEncoder(), make_column_selector(dtype_include="category")),
                remainder="passthrough",
                sparse_threshold=0.0,
            ),
            LogisticRegression(),
        ),
        takes=frozenset({"text"}),
    ),
    "scores": Case(make=LinearSVC),
    "neither": Case(make=RidgeClassifier),
    "labels only": Case(make=lambda: DummyClassifier(strategy="stratified"), learns=False),
    "the global generator": Case(make=user_models.Noisy, learns=False, takes=BOTH),
    "an order of its own": Case(make=user_models.Majority, learns=False, takes=BOTH),
    "a network": Case(
        make=lambda: MLPClassifier((8, 4), solver="lbfgs", max_iter=1000),
        other=lambda: MLPClassifier((4, 8), solver="lbfgs", max_iter=1000),
    ),
    "a search": Case(
        make=lambda: GridSearchCV(SVC(), {"C": [0.1, np.float64(1)]}),
        other=lambda: GridSearchCV(SVC(), {"C": [0.1, 2]}, cv=3),
    ),
    "a random search": Case(
        make=lambda: RandomizedSearchCV(
            RandomForestClassifier(n_estimators=2), {"max_depth": [1, 2, 3, None]}, n_iter=2
        ),
    ),
    "two searches": Case(
        make=lambda: VotingClassifier(
            [(name, GridSearchCV(LinearSVC(), {"C": [0.1, 1.0]}, cv=2)) for name in ("a", "b")]
        ),
    ),
    "clusters": Case(
        make=lambda: KMeans(n_clusters=3, init="random", n_init=1, max_iter=1),
        other=lambda: KMeans(n_clusters=2),
        task="clustering",
    ),
    "regression": Case(make=LinearRegression, task="regression"),
    "a forest of numbers": Case(
        make=lambda: RandomForestRegressor(n_estimators=5), task="regression"
    ),
}
REFUSED = {
    "a lambda": Refusal(
        make=lambda: make_pipeline(FunctionTransformer(lambda x: x), SVC()), place=".func"
    ),
    "a generator": Refusal(
        make=lambda: RandomForestClassifier(random_state=np.random.RandomState(0)),
        place="random_state",
    ),
    "fitted": Refusal(
        make=lambda: LogisticRegression().fit([[0.0], [1.0]], [0, 1]),
        place="LogisticRegression",
    ),
    "a changed argument": Refusal(make=lambda: user_models.Forgetful(3), place="size"),
}
STRANGERS = {name: described(tree) for name, tree in HOSTILE.items()}


class TestSklearn(ExtensionConformance):
    extension = EXTENSION
    cases = CASES
    refused = REFUSED
    hostile = STRANGERS
    failing = Case(make=user_models.Broken)
