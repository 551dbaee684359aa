"""Compositions that are rarer: what nests, repeats, or holds values of unusual types."""

from __future__ import annotations

import collections
import functools
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import scipy.spatial.distance
import scipy.special
import scipy.stats
import sklearn
import user_models
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import AgglomerativeClustering, FeatureAgglomeration, KMeans
from sklearn.compose import (
    ColumnTransformer,
    TransformedTargetRegressor,
    make_column_selector,
    make_column_transformer,
)
from sklearn.covariance import OAS
from sklearn.decomposition import NMF, PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.experimental import (  # noqa: F401  # make these importable
    enable_halving_search_cv,
    enable_iterative_imputer,
)
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.feature_selection import (
    RFE,
    SelectFromModel,
    SelectKBest,
    SelectPercentile,
    chi2,
    mutual_info_classif,
)
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import (
    RBF,
    ConstantKernel,
    DotProduct,
    ExpSineSquared,
    PairwiseKernel,
    RationalQuadratic,
    WhiteKernel,
)
from sklearn.impute import IterativeImputer, KNNImputer, MissingIndicator, SimpleImputer
from sklearn.kernel_approximation import Nystroem
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import (
    ElasticNetCV,
    Lasso,
    LogisticRegression,
    LogisticRegressionCV,
    RANSACRegressor,
    Ridge,
    RidgeCV,
    SGDClassifier,
)
from sklearn.metrics import (
    fbeta_score,
    get_scorer,
    make_scorer,
    mean_pinball_loss,
    recall_score,
)
from sklearn.metrics.pairwise import cosine_distances, rbf_kernel
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    GroupShuffleSplit,
    HalvingGridSearchCV,
    KFold,
    LeaveOneGroupOut,
    LeaveOneOut,
    LeavePOut,
    PredefinedSplit,
    RandomizedSearchCV,
    RepeatedKFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    StratifiedShuffleSplit,
    TimeSeriesSplit,
    TunedThresholdClassifierCV,
)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, RegressorChain
from sklearn.naive_bayes import CategoricalNB, GaussianNB
from sklearn.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    KNeighborsTransformer,
    NearestCentroid,
)
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.svm import SVC, SVR, LinearSVC, NuSVC
from sklearn.tree import DecisionTreeClassifier


def search_in_a_search() -> GridSearchCV:
    inner = RandomizedSearchCV(
        make_pipeline(StandardScaler(), SVC()),
        {"svc__C": scipy.stats.loguniform(1e-2, 1e2), "svc__kernel": ["rbf", "linear"]},
        n_iter=3,
        random_state=7,
    )
    return GridSearchCV(inner, {"n_iter": [2, 3], "cv": [KFold(3), StratifiedKFold(2), 4]}, cv=3)


def steps_as_grid_values() -> GridSearchCV:
    model = Pipeline([("reduce", "passthrough"), ("scale", None), ("clf", LogisticRegression())])
    return GridSearchCV(
        model,
        [
            {"reduce": ["passthrough", PCA(2), SelectKBest(chi2, k=2), make_union(PCA(1), NMF(1))]},
            {"scale": [None, StandardScaler(with_mean=False)], "clf": [SVC(), GaussianNB()]},
        ],
    )


def vote_of_bags_of_rests() -> VotingClassifier:
    rest = OneVsRestClassifier(LogisticRegression(C=0.5))
    return VotingClassifier(
        [
            ("bag", BaggingClassifier(rest, n_estimators=3, max_samples=0.7)),
            ("pairs", OneVsOneClassifier(LinearSVC())),
            ("codes", OutputCodeClassifier(DecisionTreeClassifier(), code_size=1.5)),
            ("gone", "drop"),
        ],
        flatten_transform=False,
    )


def one_instance_twice() -> ColumnTransformer:
    scaler = StandardScaler()
    return ColumnTransformer([("a", scaler, [0]), ("b", scaler, [1]), ("c", "drop", [2])])


def stack_over_everything() -> StackingClassifier:
    return StackingClassifier(
        [
            ("knn", make_pipeline(StandardScaler(), KNeighborsClassifier())),
            ("nb", GaussianNB()),
            ("stack", StackingClassifier([("a", GaussianNB()), ("b", SVC())], GaussianNB())),
            ("gone", "drop"),
        ],
        final_estimator=make_pipeline(StandardScaler(), LogisticRegression()),
        passthrough=True,
        stack_method="predict_proba",
    )


def named_outputs() -> Pipeline:
    model = make_pipeline(
        make_column_transformer(
            (TargetEncoder(smooth=10.0), make_column_selector("^c_")),
            (make_pipeline(KNNImputer(), PowerTransformer()), make_column_selector("^n_")),
            remainder="passthrough",
            verbose_feature_names_out=False,
        ),
        HistGradientBoostingClassifier(categorical_features="from_dtype"),
    )
    return model.set_output(transform="polars")


def routed() -> VotingClassifier:
    with sklearn.config_context(enable_metadata_routing=True):
        return VotingClassifier(
            [
                ("yes", LogisticRegression().set_fit_request(sample_weight=True)),
                ("no", SGDClassifier().set_fit_request(sample_weight=False, coef_init="c")),
                ("default", SVC()),
            ]
        )


def routed_transformer() -> Pipeline:
    with sklearn.config_context(enable_metadata_routing=True):
        scaler = (
            StandardScaler().set_fit_request(sample_weight="w").set_transform_request(copy=True)
        )
        return make_pipeline(scaler, RidgeCV(scoring=get_scorer("r2")))


def odd_keys() -> SVC:
    return SVC(
        class_weight={
            1: 2,
            2.5: 1.0,
            True and "t": np.float32(0.1),
            None: 3,
            (1, "a"): 1,
            np.int64(7): 1,
        }
    )


def typed_grid() -> GridSearchCV:
    grid = {
        "C": np.array([1, 10], dtype=np.float32),
        "gamma": [np.float64(0.1), 0.1, np.float16(0.5), "scale"],
        "degree": range(2, 5),
        "kernel": ("rbf", rbf_kernel),
        "class_weight": [None, "balanced", {0: 1.0, 1: 2}],
        "tol": np.logspace(-4, -2, 3),
        "shrinking": np.array([True, False]),
    }
    return GridSearchCV(SVC(), grid, scoring=["accuracy", "f1_macro"], refit=False)


def pinball() -> GridSearchCV:
    scorer = make_scorer(mean_pinball_loss, alpha=0.95, greater_is_better=False)
    return GridSearchCV(
        HistGradientBoostingRegressor(loss="quantile", quantile=0.95), {}, scoring=scorer
    )


STRANGE: dict[str, Callable[[], Any]] = {
    "search in a search": search_in_a_search,
    "steps as grid values": steps_as_grid_values,
    "vote of bags of rests": vote_of_bags_of_rests,
    "one instance twice": one_instance_twice,
    "stack over everything": stack_over_everything,
    "named outputs": named_outputs,
    "routed": routed,
    "routed transformer": routed_transformer,
    "odd keys": odd_keys,
    "typed grid": typed_grid,
    "pinball": pinball,
    "union with drop": lambda: FeatureUnion(
        [("pca", PCA()), ("gone", "drop"), ("same", "passthrough")], verbose=True
    ),
    "target encoder": lambda: make_pipeline(
        TargetEncoder(categories=[["a", "b"], [1, 2]], target_type="binary", cv=3), Ridge()
    ),
    "target by a transformer": lambda: TransformedTargetRegressor(
        regressor=make_pipeline(StandardScaler(), Lasso()),
        transformer=QuantileTransformer(output_distribution="normal"),
    ),
    "target by functions of numpy": lambda: TransformedTargetRegressor(
        RandomForestRegressor(), func=np.sqrt, inverse_func=np.square, check_inverse=False
    ),
    "target by functions of scipy": lambda: TransformedTargetRegressor(
        Ridge(), func=scipy.special.logit, inverse_func=scipy.special.expit
    ),
    "target by the user's functions": lambda: TransformedTargetRegressor(
        Ridge(), func=user_models.double, inverse_func=functools.partial(np.multiply, 0.5)
    ),
    "chain with an array": lambda: ClassifierChain(
        LogisticRegression(), order=np.array([2, 0, 1]), cv=StratifiedKFold(3)
    ),
    "chain of regressors": lambda: RegressorChain(Ridge(), order="random", random_state=3),
    "calibrated pipeline": lambda: CalibratedClassifierCV(
        make_pipeline(StandardScaler(), LinearSVC(dual=False)),
        method="isotonic",
        cv=StratifiedShuffleSplit(4, test_size=0.25, random_state=1),
        ensemble=False,
    ),
    "fixed threshold": lambda: FixedThresholdClassifier(
        CalibratedClassifierCV(SVC()),
        threshold=0.3,
        pos_label="yes",
        response_method="predict_proba",
    ),
    "tuned threshold": lambda: TunedThresholdClassifierCV(
        LogisticRegression(),
        scoring=make_scorer(fbeta_score, beta=2, pos_label=1),
        thresholds=np.linspace(0, 1, 7),
        cv=0.3,
        random_state=0,
    ),
    "numpy integers": lambda: RandomForestClassifier(
        n_estimators=np.int64(7), max_depth=np.int32(3), random_state=np.int64(1)
    ),
    "numpy floats": lambda: SVC(C=np.float64(2.5), gamma=np.float32(0.1), tol=np.float16(0.01)),
    "numpy truth": lambda: StandardScaler(with_mean=np.bool_(False), with_std=np.True_),
    "numpy text": lambda: SVC(kernel=np.str_("rbf")),
    "arrays of all kinds": lambda: make_pipeline(
        KMeans(2, init=np.array([[0.0, 1.0], [2.0, -0.0]])),
        CategoricalNB(min_categories=np.array([2, 3]), class_prior=np.array([0.1, 0.9])),
    ),
    "fortran order": lambda: KMeans(2, init=np.asfortranarray(np.arange(6.0).reshape(2, 3))),
    "empty array": lambda: OneHotEncoder(categories=[np.array([], dtype=object)]),
    "alphas": lambda: RidgeCV(alphas=np.logspace(-3, 3, 13), cv=LeaveOneOut()),
    "alphas as a tuple": lambda: RidgeCV(alphas=(0.1, 1, np.float64(10))),
    "bounds": lambda: IterativeImputer(
        estimator=RandomForestRegressor(n_estimators=2),
        min_value=np.array([0.0, -np.inf]),
        max_value=np.array([1.0, np.inf]),
        missing_values=np.nan,
    ),
    "pandas missing": lambda: SimpleImputer(missing_values=pd.NA, strategy="most_frequent"),
    "numpy missing": lambda: SimpleImputer(missing_values=np.float64("nan"), fill_value=-1),
    "missing none": lambda: SimpleImputer(missing_values=None, strategy="constant", fill_value="?"),
    "missing indicators": lambda: make_union(
        MissingIndicator(missing_values=-1, features="all"), SimpleImputer(add_indicator=True)
    ),
    "unknown nan": lambda: OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=-2
    ),
    "zeros of both signs": lambda: NearestCentroid(shrink_threshold=-0.0),
    "infinite": lambda: KNNImputer(missing_values=-math.inf),
    "class of numbers": lambda: OneHotEncoder(dtype=int, sparse_output=False),
    "class of numpy": lambda: CountVectorizer(dtype=np.float32, ngram_range=(1, 2)),
    "dtype of small integers": lambda: OrdinalEncoder(dtype=np.dtype("int16")),
    "vectorizer with functions": lambda: TfidfVectorizer(
        preprocessor=str.lower,
        tokenizer=str.split,
        token_pattern=None,
        stop_words=["a", "the"],
        vocabulary={"b": 0, "a": 1},
    ),
    "vocabulary as a set": lambda: CountVectorizer(vocabulary={"b", "a", "c"}),
    "stop words as a frozen set": lambda: CountVectorizer(stop_words=frozenset({"x", "y"})),
    "metric of sklearn": lambda: KNeighborsClassifier(metric=cosine_distances),
    "metric of scipy": lambda: KNeighborsRegressor(
        metric=scipy.spatial.distance.canberra, metric_params={"w": np.ones(3)}
    ),
    "metric with parameters": lambda: KNeighborsTransformer(
        metric="minkowski", p=3, metric_params={"w": [1, 2]}
    ),
    "weights by a function": lambda: KNeighborsClassifier(weights=user_models.double),
    "kernel by a partial": lambda: SVC(kernel=functools.partial(rbf_kernel, gamma=0.1)),
    "kernel with parameters": lambda: KernelRidge(kernel="chi2", kernel_params={"gamma": 0.5}),
    "nystroem": lambda: make_pipeline(Nystroem(kernel=rbf_kernel, kernel_params={}), Ridge()),
    "kernels of all kinds": lambda: GaussianProcessRegressor(
        ConstantKernel(1.0, (1e-3, np.float64(1e3))) * RBF([1.0, 2.0], length_scale_bounds="fixed")
        + RationalQuadratic(alpha=0.3)
        + ExpSineSquared(periodicity_bounds=(1, 10)) * DotProduct(sigma_0=0)
        + PairwiseKernel(metric="laplacian")
        + WhiteKernel(np.array(0.1)),
        alpha=np.array([0.1, 0.2]),
    ),
    "grid of kernels": lambda: GridSearchCV(
        GaussianProcessClassifier(), {"kernel": [RBF(n) for n in (1, 2.0)] + [None]}
    ),
    "selector by a function": lambda: SelectPercentile(
        functools.partial(mutual_info_classif, random_state=0), percentile=20
    ),
    "selection from a model": lambda: SelectFromModel(
        ExtraTreesClassifier(), threshold="1.25*mean", max_features=np.int64(3)
    ),
    "selection by an attribute": lambda: RFE(
        TransformedTargetRegressor(Ridge()),
        n_features_to_select=0.5,
        importance_getter="regressor_.coef_",
    ),
    "selection by a function": lambda: SelectFromModel(
        Ridge(), max_features=len, importance_getter=operator.attrgetter("coef_")
    ),
    "distances and distributions": lambda: RandomizedSearchCV(
        SVC(),
        [
            {"C": scipy.stats.reciprocal(0.1, 10), "degree": scipy.stats.randint(low=1, high=5)},
            {"C": scipy.stats.truncnorm(a=0, b=np.inf, loc=1.0, scale=np.float64(2))},
            {"gamma": scipy.stats.gamma(2), "coef0": scipy.stats.norm()},
        ],
    ),
    "halving over a pipeline": lambda: HalvingGridSearchCV(
        make_pipeline(PCA(), SVC()),
        {"pca__n_components": [1, 0.5, "mle", None]},
        resource="svc__max_iter",
        min_resources=10,
        max_resources=100,
        factor=2.5,
    ),
    "splitters": lambda: GridSearchCV(
        Ridge(),
        {
            "alpha": [1],
        },
        cv=TimeSeriesSplit(n_splits=3, max_train_size=10, gap=1),
    ),
    "splitters of groups": lambda: GridSearchCV(
        LogisticRegressionCV(cv=StratifiedGroupKFold(3), Cs=[0.1, 1]),
        {"cv": [GroupShuffleSplit(2, random_state=1), LeaveOneGroupOut(), LeavePOut(2)]},
        cv=RepeatedKFold(n_splits=2, n_repeats=3, random_state=np.int32(5)),
    ),
    "predefined array": lambda: ElasticNetCV(
        l1_ratio=[0.1, np.float32(0.5), 1], cv=PredefinedSplit(np.array([-1, 0, 1, 0, 1]))
    ),
    "folds of lists": lambda: GridSearchCV(SVC(), {}, cv=[([0, 1], [2]), ([1, 2], [0])]),
    "search by a function": lambda: GridSearchCV(
        SVC(), {"C": [1]}, scoring=user_models.double, refit=user_models.double
    ),
    "search with several scorers": lambda: GridSearchCV(
        SVC(),
        {"C": [1]},
        scoring={
            "b": make_scorer(recall_score, average=None, labels=[1], zero_division=np.nan),
            "a": get_scorer("neg_log_loss"),
            "c": make_scorer(fbeta_score, beta=1, response_method=("predict_proba", "predict")),
        },
        refit="a",
        error_score=np.nan,
    ),
    "ransac": lambda: RANSACRegressor(
        Ridge(), is_data_valid=user_models.double, loss="squared_error", min_samples=0.5
    ),
    "vote of regressors": lambda: VotingRegressor(
        [("a", SVR()), ("b", BaggingRegressor(Ridge(), max_features=np.int64(2)))],
        weights=np.array([0.3, 0.7]),
    ),
    "stack of regressors": lambda: StackingRegressor(
        [("a", Ridge()), ("b", Pipeline([("s", StandardScaler()), ("r", Ridge())]))], cv="prefit"
    ),
    "boosting from a model": lambda: GradientBoostingClassifier(
        init=make_pipeline(StandardScaler(), LogisticRegression())
    ),
    "boosting from zero": lambda: GradientBoostingClassifier(init="zero"),
    "constraints": lambda: HistGradientBoostingRegressor(
        monotonic_cst={"a": 1, "b": -1},
        interaction_cst=[{0, 1}, {2}],
        categorical_features=np.array([True, False, False]),
    ),
    "constraints by position": lambda: HistGradientBoostingRegressor(
        interaction_cst=[(0, 1), [2]], monotonic_cst=np.array([0, 1, -1], dtype=np.int8)
    ),
    "agglomeration": lambda: make_pipeline(
        FeatureAgglomeration(2, pooling_func=np.median), AgglomerativeClustering()
    ),
    "covariance": lambda: LinearDiscriminantAnalysis(solver="lsqr", covariance_estimator=OAS()),
    "self training": lambda: SelfTrainingClassifier(NuSVC(probability=True), threshold=0.7),
    "many outputs": lambda: MultiOutputClassifier(
        RandomForestClassifier(class_weight=[{0: 1, 1: 2}, {"a": 1.0, "b": np.float64(3)}])
    ),
    "class weight in another order": lambda: LogisticRegression(
        class_weight=collections.OrderedDict([("z", 1), ("a", 2)])
    ),
    "batches": lambda: MLPClassifier((5,), learning_rate_init=1, batch_size=np.int64(10)),
    "splines and bins": lambda: make_union(
        SplineTransformer(knots=np.array([[0.0], [1.0], [2.0]])),
        KBinsDiscretizer(n_bins=np.array([2, 3]), strategy="uniform", subsample=None),
        PolynomialFeatures(degree=(1, 3)),
    ),
    "functions of functions": lambda: FunctionTransformer(
        functools.partial(user_models.scaled_by(2.0)),
        feature_names_out="one-to-one",
        check_inverse=False,
    ),
    "names by a function": lambda: FunctionTransformer(
        np.log1p, feature_names_out=user_models.double, kw_args={"where": True}
    ),
    "partial of a partial": lambda: FunctionTransformer(
        functools.partial(functools.partial(np.clip, a_min=0), a_max=np.float32(1))
    ),
    "array function": lambda: FunctionTransformer(np.nan_to_num, kw_args={"nan": np.nan}),
    "columns by a function": lambda: ColumnTransformer(
        [("f", StandardScaler(), user_models.double), ("e", OneHotEncoder(), [])],
        transformer_weights={"f": np.float64(0.5), "e": 2},
        sparse_threshold=0,
    ),
    "columns of all kinds": lambda: ColumnTransformer(
        [
            ("index", StandardScaler(), pd.Index(["a", "b"])),
            ("text slice", StandardScaler(), slice("a", "c")),
            ("minus", StandardScaler(), -1),
            ("masks", StandardScaler(), [True, False]),
            ("array", StandardScaler(), np.array(["a", "ü"])),
            ("tuple", StandardScaler(), ("a", 1)),
            ("mask of pandas", StandardScaler(), pd.Series({"a": 1, "b": "x"}) == 1),
            ("range of pandas", StandardScaler(), pd.DataFrame([[1, 2]]).columns),
            ("numbers of pandas", StandardScaler(), pd.Index([0, 2], name="n")),
        ]
    ),
    "a user's class with any arguments": lambda: user_models.Open(
        depth=3, inner=SVC(), deep={"a": [1, (2,)]}, eta=0.1
    ),
    "a user's class with keywords only": lambda: user_models.Keyed(size=np.int64(3), model=SVC()),
    "a user's class in a class": lambda: user_models.Outer.Inner(size=2),
    "a user's subclass of a pipeline": lambda: user_models.MyPipeline(
        [("a", StandardScaler()), ("b", SVC())], note="x"
    ),
    "a user's named tuple": lambda: user_models.Majority(user_models.Point(1, 2.0)),
    "a user's nested data": lambda: user_models.Majority(
        user_models.Options(2, (("a", 1), user_models.Options(1))),
        mode=None,
        inner=[SVC(), {"m": SVC()}],
    ),
    "an enum of numbers": lambda: user_models.Majority(user_models.Level.HIGH),
    "estimators in mappings": lambda: user_models.Majority(
        {"b": SVC(), "a": GaussianNB(), 1: Ridge()}
    ),
    "an estimator's class": lambda: user_models.Majority(RandomForestClassifier, inner=SVC),
    "names with dunders and dots": lambda: Pipeline([("a.b", StandardScaler()), ("$x", SVC())]),
    "long names": lambda: Pipeline([("n" * 300, StandardScaler()), ("m" * 300, SVC())]),
    "many steps": lambda: Pipeline(
        [(f"s{n}", FunctionTransformer(np.log1p)) for n in range(60)] + [("svc", SVC())]
    ),
    "control characters": lambda: SimpleImputer(strategy="constant", fill_value="\x00\t\u2028😀"),
    "lone surrogate": lambda: SimpleImputer(strategy="constant", fill_value="\ud800"),
    "large numbers": lambda: SVC(random_state=2**32 - 1, max_iter=10**30, cache_size=5e-324),
}
"""By what is special about each."""
