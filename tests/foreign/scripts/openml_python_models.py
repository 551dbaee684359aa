"""Runs of models of many kinds: ``openml_python_models.py ADDRESS KEY TASKS`` prints their ids.

``TASKS`` is a JSON object of task ids by dataset.  It knows nothing of openml_client; it runs in
the environment of ``tests/foreign``.
"""

from __future__ import annotations

import json
import sys
import warnings
from typing import Any

import numpy as np
import openml
from scipy.stats import randint, uniform
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.feature_selection import SelectKBest, chi2
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, RandomizedSearchCV, StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

SEED = 7
NUMBERS = ["culmen_length_mm", "culmen_depth_mm", "body_mass_g"]


def of_columns() -> Any:
    """A type, columns by name, a text in the place of a step, and open seeds."""
    columns = ColumnTransformer(
        [
            ("nominal", OneHotEncoder(dtype=np.float32, handle_unknown="ignore"), ["island"]),
            ("numeric", SimpleImputer(strategy="median"), NUMBERS),
            ("sex", "drop", ["sex"]),
        ]
    )
    return make_pipeline(columns, RandomForestClassifier(n_estimators=5))


def models() -> dict[str, tuple[Any, str]]:
    """Models by name, each with the dataset of its task; most leave their seeds open."""
    tree = DecisionTreeClassifier
    depths = {"max_depth": [1, 2, 3]}
    return {
        "columns": (of_columns(), "penguins"),
        "grid": (GridSearchCV(tree(), depths, cv=StratifiedKFold(3, shuffle=True)), "iris"),
        "unshuffled": (GridSearchCV(tree(), depths, cv=KFold(3)), "iris"),
        "random": (
            RandomizedSearchCV(
                tree(),
                {"ccp_alpha": uniform(0, 0.05), "min_samples_leaf": randint(1, 9)},
                n_iter=3,
                cv=3,
            ),
            "iris",
        ),
        "vote": (
            VotingClassifier(
                [("tree", tree()), ("bayes", GaussianNB()), ("gone", "drop")], voting="soft"
            ),
            "iris",
        ),
        "union": (
            Pipeline(
                [
                    ("both", FeatureUnion([("a", StandardScaler()), ("b", "drop")])),
                    ("nothing", "passthrough"),
                    ("near", KNeighborsClassifier()),
                ]
            ),
            "iris",
        ),
        "function": (
            make_pipeline(MinMaxScaler((0, 2)), SelectKBest(chi2, k=2), tree()),
            "iris",
        ),
        "bag": (BaggingClassifier(tree(max_depth=2), n_estimators=3), "iris"),
        "vector": (SVC(), "iris"),
        "gone": (LogisticRegression(max_iter=500), "iris"),
        "layers": (MLPClassifier((4, 3), max_iter=5), "iris"),
        "changed": (AdaBoostClassifier(tree(max_depth=2), n_estimators=3), "iris"),
        "regression": (DecisionTreeRegressor(max_depth=3, splitter="random"), "diabetes"),
        "curve": (tree(max_features=2), "curve"),
    }


def main(address: str, key: str, tasks: dict[str, int]) -> dict[str, int]:
    openml.config.server = f"{address}/api/v1/xml"
    openml.config.apikey = key
    warnings.simplefilter("ignore")  # some models do not converge
    published = {}
    for name, (model, dataset) in models().items():
        task = openml.tasks.get_task(tasks[dataset])
        run = openml.runs.run_model_on_task(model, task, avoid_duplicate_runs=False, seed=SEED)
        published[name] = run.publish().run_id
    return published


if __name__ == "__main__":
    json.dump(main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3])), sys.stdout)
