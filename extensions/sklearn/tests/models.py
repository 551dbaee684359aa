"""Ordinary compositions of models, and how two are compared."""

from __future__ import annotations

import functools
import operator
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import scipy.stats
import sklearn
import user_models
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.experimental import (  # noqa: F401  # make these importable
    enable_halving_search_cv,
    enable_iterative_imputer,
)
from sklearn.feature_selection import RFECV, SelectKBest, SequentialFeatureSelector, f_classif
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, CompoundKernel, Matern, WhiteKernel
from sklearn.impute import IterativeImputer, SimpleImputer
from sklearn.linear_model import BayesianRidge, LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, fbeta_score, get_scorer, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    PredefinedSplit,
    RandomizedSearchCV,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedKFold,
)
from sklearn.multioutput import ClassifierChain
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier


def by_column_type() -> ColumnTransformer:
    """An imputer in both branches."""
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    words = make_pipeline(
        SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")
    )
    return ColumnTransformer(
        [
            ("numbers", numbers, make_column_selector(dtype_include="number")),
            ("words", words, make_column_selector(dtype_include=["category", object])),
        ]
    )


def by_column_name() -> ColumnTransformer:
    return ColumnTransformer(
        [
            ("list", StandardScaler(), ["größe", "b c"]),
            ("none", "drop", [0, 1]),
            ("slice", "passthrough", slice(0, 3)),
            ("one", OneHotEncoder(), "x"),
            ("mask", StandardScaler(), np.array([True, False])),
        ],
        remainder=StandardScaler(),
    )


def with_outputs() -> Pipeline:
    model = make_pipeline(SimpleImputer(), StandardScaler(), SVC()).set_output(transform="pandas")
    model.steps[0][1].set_output(transform="default")
    return model


def with_requests() -> Pipeline:
    with sklearn.config_context(enable_metadata_routing=True):
        last = LogisticRegression().set_fit_request(sample_weight=True)
        return make_pipeline(StandardScaler(), last.set_score_request(sample_weight="weight"))


def with_requests_of_parameters() -> GridSearchCV:
    with sklearn.config_context(enable_metadata_routing=True):
        splitter = GroupKFold(3).set_split_request(groups=True)
        scorer = make_scorer(accuracy_score).set_score_request(sample_weight=True)
    return GridSearchCV(SVC(), {"C": [1]}, cv=splitter, scoring=scorer)


def several_measures() -> GridSearchCV:
    return GridSearchCV(
        SVC(),
        [{"C": [1, 10.0, np.float64(3)], "kernel": ["rbf"]}, {"gamma": np.logspace(-3, 3, 7)}],
        scoring={"acc": "accuracy", "f": make_scorer(fbeta_score, average="macro", beta=2)},
        refit="acc",
        cv=RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=1),
    )


def over_estimators() -> GridSearchCV:
    return GridSearchCV(
        Pipeline([("clf", SVC())]),
        [
            {"clf": [SVC(), LogisticRegression()], "clf__C": [1, 2]},
            {"clf": [RandomForestClassifier()], "clf__max_depth": [None, 3]},
        ],
    )


def random_search() -> RandomizedSearchCV:
    distributions = {
        "C": scipy.stats.loguniform(1e-3, 1e3),
        "gamma": scipy.stats.uniform(loc=0, scale=1),
        "coef0": scipy.stats.expon,
        "kernel": ["rbf"],
    }
    return RandomizedSearchCV(SVC(), distributions, cv=ShuffleSplit(3, test_size=0.2))


MODELS: dict[str, Callable[[], Any]] = {
    "imputers in both branches": lambda: make_pipeline(by_column_type(), SVC()),
    "columns by name": by_column_name,
    "two of a kind in a vote": lambda: VotingClassifier(
        [("a", LogisticRegression()), ("b", LogisticRegression(C=3.0))], weights=[1, 2]
    ),
    "two equal ones in a vote": lambda: VotingClassifier(
        [("a", LogisticRegression()), ("b", LogisticRegression())]
    ),
    "stack": lambda: StackingClassifier(
        [("svc", make_pipeline(StandardScaler(), LinearSVC())), ("rf", RandomForestClassifier())],
        LogisticRegression(),
        cv=StratifiedKFold(5, shuffle=True),
    ),
    "union": lambda: FeatureUnion(
        [("pca", PCA(n_components=0.9)), ("best", SelectKBest(f_classif, k=3))],
        transformer_weights={"pca": 2.0, "best": 1},
    ),
    "ufuncs": lambda: FunctionTransformer(np.log1p, inverse_func=np.expm1),
    "partial": lambda: FunctionTransformer(functools.partial(np.clip, a_min=0, a_max=1)),
    "arguments out of order": lambda: FunctionTransformer(np.mean, kw_args={"b": 1, "a": 2}),
    "target": lambda: TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1),
    "kernels": lambda: GaussianProcessClassifier(1.0 * RBF(1.0) + WhiteKernel() ** 2),
    "compound kernel": lambda: GaussianProcessRegressor(CompoundKernel([RBF(), Matern(nu=np.inf)])),
    "several measures": several_measures,
    "grid over estimators": over_estimators,
    "random search": random_search,
    "halving": lambda: HalvingGridSearchCV(SVC(), {"C": [1, 2]}),
    "random halving": lambda: HalvingRandomSearchCV(
        RandomForestClassifier(),
        {"max_depth": [3, None], "min_samples_split": scipy.stats.randint(2, 11)},
    ),
    "scorer by name": lambda: GridSearchCV(SVC(), {"C": [1]}, scoring=get_scorer("roc_auc_ovr")),
    "folds by list": lambda: GridSearchCV(
        SVC(), {"C": range(1, 3)}, cv=[(np.arange(3), np.arange(3, 5))]
    ),
    "predefined folds": lambda: RFECV(SVC(kernel="linear"), cv=PredefinedSplit([0, 1, 0, 1])),
    "search in a pipeline": lambda: make_pipeline(
        StandardScaler(), GridSearchCV(SVC(), {"C": [0.1, 1, 10]})
    ),
    "integer keys": lambda: LogisticRegression(class_weight={0: 1, 1: 5}),
    "text keys": lambda: LogisticRegression(class_weight={"b": 1, "a": 5.0}),
    "priors": lambda: GaussianNB(priors=[0.2, 0.8]),
    "priors as an array": lambda: GaussianNB(priors=np.array([0.2, 0.8])),
    "tuple": lambda: MLPClassifier(hidden_layer_sizes=(64, 32)),
    "list": lambda: MLPClassifier(hidden_layer_sizes=[64, 32]),
    "categories": lambda: OneHotEncoder(
        categories=[np.array(["a", "b"], dtype=object), ["x"]], dtype=np.float32
    ),
    "dtype": lambda: OneHotEncoder(dtype=np.dtype("f4")),
    "nan": lambda: SimpleImputer(missing_values=float("nan")),
    "empty text": lambda: SimpleImputer(fill_value=""),
    "outputs": with_outputs,
    "requests": with_requests,
    "requests of parameters": with_requests_of_parameters,
    "calibration": lambda: CalibratedClassifierCV(SVC()),
    "bagging": lambda: BaggingClassifier(DecisionTreeClassifier(max_depth=2)),
    "boosting": lambda: AdaBoostClassifier(DecisionTreeClassifier(max_depth=1)),
    "chain": lambda: ClassifierChain(LogisticRegression(), order=[1, 0]),
    "imputer with a model": lambda: IterativeImputer(estimator=BayesianRidge()),
    "sequential selection": lambda: SequentialFeatureSelector(
        SVC(), tol=0.1, scoring=make_scorer(user_models.accuracy)
    ),
    "no estimator inside": lambda: Pipeline([("nothing", "passthrough")]),
    "odd names": lambda: Pipeline([("größe", StandardScaler()), ("b c", SVC())]),
    "long value": lambda: SVC(class_weight={n: n / 7 for n in range(300)}),
    "nested deep": lambda: functools.reduce(lambda m, _: Pipeline([("p", m)]), range(14), SVC()),
    "metric of the user": lambda: KNeighborsClassifier(metric=user_models.accuracy),
    "estimator of the user": lambda: user_models.Majority(
        user_models.Options(3, ("a",)), inner=SVC()
    ),
    "factory of the user": lambda: FunctionTransformer(user_models.scaled_by(3.0)),
    "duck": lambda: user_models.Duck(depth=3),
}
"""By what is special about each."""


def same(one: Any, other: Any) -> bool:  # noqa: C901  # one case for each kind of value
    """Whether two models, or values of their parameters, are equal with all their types."""
    if type(one) is not type(other):
        return False
    if isinstance(one, (type, types.BuiltinFunctionType, np.ufunc)):
        return one is other
    if isinstance(one, types.FunctionType):
        cells = [[c.cell_contents for c in f.__closure__ or ()] for f in (one, other)]
        return one.__code__ is other.__code__ and cells[0] == cells[1]
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return same(list(one.items()), list(other.items()))
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and same(
            [*one.shape, *one.flat], [*other.shape, *other.flat]
        )
    if isinstance(one, (pd.Index, pd.Series)):
        return one.dtype == other.dtype and same(
            [one.name, one.tolist(), getattr(one, "index", None)],
            [other.name, other.tolist(), getattr(other, "index", None)],
        )
    if isinstance(one, (operator.attrgetter, operator.itemgetter)):
        return same(one.__reduce__()[1], other.__reduce__()[1])
    if one is pd.NA:
        return True
    if isinstance(one, functools.partial):
        parts = [(p.func, p.args, p.keywords) for p in (one, other)]
        return same(*parts)
    if isinstance(one, float) and np.isnan(one):
        return bool(np.isnan(other))
    if type(one).__name__ == "MetadataRequest":
        return str(one) == str(other)
    if type(one).__name__ == "rv_frozen" or hasattr(one, "dist"):
        # Keyword arguments mean the same in any order.
        ours, theirs = ((d.args, sorted(d.kwds.items())) for d in (one, other))
        return same(ours, theirs) and one.dist.name == other.dist.name
    if hasattr(one, "__dict__") and not hasattr(one, "rvs"):
        return same(vars(one), vars(other))
    return bool(one == other)
