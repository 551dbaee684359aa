"""What scikit-learn has taken back: values, parameters and their last defaults.

A flow of openml-python does not tell the constructors' defaults of its time, so that those of
parameters which are gone must be known here.  Such a parameter is dropped only at its default.

Source: scikit-learn's change logs of 0.18 to 1.9.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openml_client.extension.identity import Json

_NOT_GIVEN = "deprecated"
"""Default by which constructors notice that a parameter was not given."""

_MEANT: dict[tuple[str, str], Json] = {
    ("cv", "warn"): 3,
    ("n_estimators", "warn"): 10,
    ("n_init", "warn"): 10,
    ("dual", "warn"): True,
    ("return_train_score", "warn"): True,
    ("solver", "warn"): "liblinear",
    ("multi_class", "warn"): "ovr",
    ("gamma", "auto_deprecated"): "auto",
    ("error_score", "raise-deprecating"): "raise",
}
"""What the defaults of some versions stood for that announced another default."""

_TREES = ("DecisionTree", "ExtraTree", "GradientBoosting", "RandomForest")
"""Beginnings of the names of classes whose ``max_features`` could be ``auto``."""

_MISSING = {"NaN": {"$float": "nan"}}
"""How ``Imputer`` named missing values."""

_SPELLINGS: dict[tuple[str, str], Json] = {
    ("criterion", "mse"): "squared_error",
    ("criterion", "mae"): "absolute_error",
    ("loss", "deviance"): "log_loss",
    ("loss", "ls"): "squared_error",
    ("loss", "lad"): "absolute_error",
    ("loss", "least_squares"): "squared_error",
    ("loss", "least_absolute_deviation"): "absolute_error",
    ("loss", "squared_loss"): "squared_error",
    ("loss", "absolute_loss"): "absolute_error",
    ("loss", "log"): "log_loss",
}
"""Values that were renamed without a change of meaning, in 1.0 to 1.3."""

_LAST_DEFAULTS: dict[str, tuple[Json, ...]] = {
    "affinity": ("euclidean",),
    "algorithm": ("SAMME.R",),
    "base_estimator": (None,),
    "behaviour": ("old",),
    "criterion": ("friedman_mse",),
    "categorical_features": ("all", None),
    "compute_importances": (None,),
    "copy": (True,),
    "copy_X": (True,),
    "fit_params": (None,),
    "force_int_remainder_cols": (True,),
    "iid": (True, "warn"),
    "min_density": (None,),
    "min_impurity_split": (None, 1e-07),
    "multi_class": ("ovr", "auto"),
    "n_alphas": (100,),
    "n_iter": (None,),
    "n_jobs": (None, 1),
    "n_values": ("auto", None),
    "normalize": (False,),
    "pass_y": (False,),
    "penalty": ("l2",),
    "precompute_distances": ("auto",),
    "presort": ("auto", False),
    "probability": (False,),
    "residual_metric": (None,),
    "store_covariances": (False,),
    "store_cv_values": (False,),
    "verbose": (0,),
}
"""Defaults of parameters that some class has no more or will lose, where alone they count."""

_TUPLES = frozenset({"ngram_range", "feature_range", "quantile_range", "patch_size"})
"""Parameters for which scikit-learn refuses a list; openml-python wrote their tuples as lists."""


def modern(reference: str, name: str, value: Json) -> tuple[tuple[Json] | None, str | None]:
    """Value of a parameter in today's spelling, and a note if that is another.

    None in the place of the value if the parameter was not given, so that today's default holds.
    """
    if not reference.startswith("sklearn.") or not isinstance(value, str):
        return (value,), None
    if (name, value) in _MEANT:
        meant = _MEANT[name, value]
        return (meant,), f"the default {value!r} of that version stood for {meant!r}"
    if value == _NOT_GIVEN:
        return None, None
    new = _SPELLINGS.get((name, value))
    if (name, value) == ("max_features", "auto"):
        new = _all_features(reference.rpartition(":")[2])
    if new is not None:
        return (new,), f"{value!r} is now called {new!r}"
    return (value,), None


def modern_class(reference: str, params: dict[str, Json]) -> tuple[str, dict[str, Json]]:
    """Class and parameters in place of an ``Imputer`` of columns, which became another class.

    All others stay as they are: classes that have moved are found when they are built.
    """
    module, _, cls = reference.partition(":")
    is_imputer = module.startswith("sklearn.preprocessing") and cls == "Imputer"
    if not is_imputer or params.get("axis", 0) != 0:
        return reference, params
    kept: dict[str, Json] = {
        key: params[key] for key in ("missing_values", "strategy", "copy") if key in params
    }
    missing = kept.get("missing_values", "NaN")
    if isinstance(missing, str):
        kept["missing_values"] = _MISSING.get(missing, missing)
    return "sklearn.impute:SimpleImputer", kept


def _all_features(cls: str) -> Json:
    """What ``max_features="auto"`` meant for a class; None if it had no such value."""
    if not cls.startswith(_TREES):
        return None
    return "sqrt" if cls.endswith("Classifier") else 1.0


def known_defaults(reference: str, params: Mapping[str, Json]) -> dict[str, Json]:
    """The parameters that are at a default of former times, which is gone or refused now."""
    if not reference.startswith("sklearn."):
        return {}
    return {
        name: value
        for name, value in params.items()
        if any(
            value == known and type(value) is type(known) for known in _LAST_DEFAULTS.get(name, ())
        )
    }


def as_tuples(key: str, value: Json, note: Callable[[str], None]) -> Json:
    """The value with tuples in the place of lists, for parameters that must have them.

    ``key`` may also be the key of a grid, as ``tfidf__ngram_range``; its values are candidates.
    """
    name = key.rpartition("__")[2]
    if name not in _TUPLES or not isinstance(value, list) or not value:
        return value
    note(f"{key} was a tuple, which openml-python wrote as a list; it is a tuple again")
    if all(isinstance(item, list) for item in value):
        return [{"$tuple": item} for item in value]
    return {"$tuple": value}
