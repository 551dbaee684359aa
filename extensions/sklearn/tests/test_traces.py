"""What a search tried, one row per candidate."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from openml_client_sklearn import EXTENSION
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna_integration import OptunaSearchCV
from sklearn.ensemble import VotingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401  # makes it importable
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, RandomizedSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from openml_client.extension.protocol import FoldData
from openml_client.extension.trust import Trust, untrusted
from openml_client.model.trace import TraceIteration


def trace(model: Any, **place: int) -> tuple[TraceIteration, ...]:
    draws = np.random.RandomState(0)
    frame = pd.DataFrame(draws.randn(90, 3), columns=["a", "b", "c"])
    y = pd.Series(np.where(frame["a"] + frame["b"] > 0, "yes", "no"))
    fold = FoldData(
        task="classification",
        x_train=frame[:60],
        y_train=y[:60],
        x_test=frame[60:],
        labels=("yes", "no"),
        **place,
    )
    result = EXTENSION.run_fold(model, fold, seed=1)
    assert result.failure is None, result.failure.traceback
    return result.trace


GRID = {"C": [0.001, 1.0, 10.0]}


def test_a_model_that_does_not_search_has_no_trace() -> None:
    assert trace(SVC()) == ()


def test_each_candidate_is_a_row_and_one_is_selected() -> None:
    rows = trace(GridSearchCV(SVC(), GRID), repeat=2, fold=3)
    assert [(r.repeat, r.fold, r.iteration) for r in rows] == [(2, 3, 0), (2, 3, 1), (2, 3, 2)]
    assert [json.loads(r.setup_string or "") for r in rows] == [
        {"parameter_C": value} for value in GRID["C"]
    ]
    (selected,) = [r for r in rows if r.selected]
    assert selected.evaluation == max(r.evaluation or 0 for r in rows)


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(StandardScaler(), GridSearchCV(SVC(), GRID)),
        Pipeline([("outer", Pipeline([("search", RandomizedSearchCV(SVC(), GRID, n_iter=3))]))]),
        VotingClassifier([("search", GridSearchCV(SVC(), GRID)), ("other", SVC())]),
    ],
    ids=["pipeline", "nested", "vote"],
)
def test_a_search_is_found_wherever_it_stands(model: Any) -> None:
    rows = trace(model)
    assert len(rows) == 3
    assert sum(r.selected for r in rows) == 1
    assert all("parameter_C" in json.loads(r.setup_string or "") for r in rows)


def test_two_searches_are_told_apart_by_their_places() -> None:
    searches = [(name, GridSearchCV(SVC(), GRID)) for name in ("one", "two")]
    rows = trace(VotingClassifier(searches))
    assert [r.iteration for r in rows] == list(range(6))
    assert sum(r.selected for r in rows) == 2
    assert len({r.setup_string for r in rows}) == 6


def test_of_several_measures_the_one_that_selects_is_told() -> None:
    search = GridSearchCV(SVC(), GRID, scoring=["neg_log_loss", "accuracy"], refit="accuracy")
    search.set_params(estimator=LogisticRegression())
    rows = trace(search)
    assert all(0 <= (r.evaluation or 0) <= 1 for r in rows)
    assert sum(r.selected for r in rows) == 1


def test_halving_tells_all_its_rounds() -> None:
    rows = trace(HalvingGridSearchCV(LogisticRegression(), GRID, factor=2, min_resources=20))
    assert len(rows) > 3
    assert sum(r.selected for r in rows) == 1


@pytest.mark.filterwarnings("ignore:.*non-finite.*:UserWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
def test_a_candidate_that_failed_has_no_evaluation() -> None:
    rows = trace(GridSearchCV(SVC(), {"C": [-1.0, 1.0]}))
    assert [r.evaluation is None for r in rows] == [True, False]


def test_a_text_that_would_be_too_long_is_shortened() -> None:
    grid = {"class_weight": [{f"label{n}": 1.0 for n in range(200)} | {"yes": 1, "no": 2}]}
    grid["C"] = [1.0]  # type: ignore[list-item]
    (row,) = trace(GridSearchCV(SVC(), grid))
    assert len(row.setup_string or "") <= 1024
    found = json.loads(row.setup_string or "")
    assert found["parameter_C"] == 1.0
    assert "$sha256" in found["parameter_class_weight"]


OF_OPTUNA = ("ignore:OptunaSearchCV is experimental", "ignore:.optuna.terminator. module has been")
"""What Optuna warns its users of."""


@pytest.mark.filterwarnings(*OF_OPTUNA)
@pytest.mark.parametrize("is_inside", [False, True])
def test_each_trial_of_optuna_is_a_row(is_inside: bool) -> None:
    space = {
        "C": FloatDistribution(0.1, 10.0, log=True),
        "degree": IntDistribution(2, 4),
        "kernel": CategoricalDistribution(("linear", "poly")),
    }
    search = OptunaSearchCV(SVC(), space, n_trials=3, cv=3)
    rows = trace(make_pipeline(StandardScaler(), search) if is_inside else search)
    assert [row.iteration for row in rows] == [0, 1, 2]
    for row in rows:
        values = json.loads(row.setup_string or "")
        assert values.keys() == {"parameter_C", "parameter_degree", "parameter_kernel"}
        assert 0.1 <= values["parameter_C"] <= 10
    (selected,) = [row for row in rows if row.selected]
    assert selected.evaluation == max(row.evaluation or 0 for row in rows)


@pytest.mark.filterwarnings(*OF_OPTUNA)
def test_a_search_of_optuna_is_rebuilt_where_it_is_trusted() -> None:
    space = {"C": FloatDistribution(0.1, 1.0, step=0.1), "degree": IntDistribution(2, 4)}
    description = EXTENSION.describe(OptunaSearchCV(SVC(), space, n_trials=3))
    assert set(untrusted(description, EXTENSION.policy)) == {
        "optuna_integration:OptunaSearchCV",
        "optuna.distributions:FloatDistribution",
        "optuna.distributions:IntDistribution",
    }
    trust = Trust.of_strangers(EXTENSION.policy, ["optuna", "optuna_integration"])
    again = EXTENSION.build(description, trust=trust)
    assert again.param_distributions == space
