"""The pipeline that row 15 describes, in the words that all versions of scikit-learn know."""

from __future__ import annotations

from typing import Any


def of_eight_components() -> Any:
    """Eight estimators in a pipeline; no class twice, which openml-python refuses."""
    from sklearn.decomposition import PCA
    from sklearn.ensemble import BaggingClassifier
    from sklearn.feature_selection import SelectKBest, VarianceThreshold
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier(max_depth=4, min_samples_leaf=3)
    return Pipeline(
        [
            ("impute", SimpleImputer(strategy="median")),
            ("vary", VarianceThreshold(threshold=0.01)),
            ("powers", PolynomialFeatures(degree=3, interaction_only=True)),
            ("scale", StandardScaler(with_mean=False)),
            ("reduce", PCA(n_components=0.9, whiten=True)),
            ("best", SelectKBest(k=7)),
            ("bag", BaggingClassifier(tree, max_samples=0.7)),
        ]
    )


def settings(model: Any) -> list[list[str]]:
    """Classes and set values of such a pipeline: what is equal whatever its version is."""
    set_here = {
        "impute__strategy",
        "vary__threshold",
        "powers__degree",
        "powers__interaction_only",
        "scale__with_mean",
        "reduce__n_components",
        "reduce__whiten",
        "best__k",
        "best__score_func",
        "bag__max_samples",
        "bag__estimator__max_depth",
        "bag__estimator__min_samples_leaf",
    }
    params = model.get_params(deep=True)
    steps = [[name, type(step).__qualname__] for name, step in model.steps]
    values = [[n, getattr(params[n], "__name__", repr(params[n]))] for n in sorted(set_here)]
    return steps + values
