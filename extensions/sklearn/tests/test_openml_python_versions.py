"""What openml-python wrote with other versions, and how it seeded."""

from __future__ import annotations

import numpy as np
import pytest
from openml_client_sklearn import EXTENSION
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from written_flows import (
    PIPELINE,
    SEARCH,
    SVC_NAME,
    flow,
    marked,
    rebuild,
    splitter,
    step,
    translate,
    value_of,
)

from openml_client.errors import FlowError
from openml_client.extension.description import Description
from openml_client.extension.trust import Trust


def test_open_seeds_are_drawn_by_the_rule_of_openml_python() -> None:
    search = {
        "cv": splitter(n_splits="3", random_state="null", shuffle="true"),
        "estimator": marked("component_reference", {"key": "estimator", "step_name": None}),
        "param_distributions": {"C": [1.0]},
        "random_state": None,
    }
    written = flow(
        PIPELINE,
        {"steps": [step("b"), step("a")]},
        {
            "b": flow("sklearn.ensemble._forest.RandomForestClassifier", {"random_state": 5}),
            "a": flow(SEARCH, search, {"estimator": flow(SVC_NAME, {"random_state": None})}),
        },
    )
    settings = {
        (("a",), "random_state"): "null",
        (("a", "estimator"), "random_state"): "null",
        ((), "openml_seed"): "42",
    }
    model, notes = rebuild(written, settings)
    generator = np.random.RandomState(42)
    drawn = [generator.randint(0, 2**16) for _ in range(3)]
    found = model.get_params()
    assert notes == []
    # In the order of the names; the last one is drawn for the forest, whose seed is set.
    assert [
        found["a__cv"].random_state,
        found["a__estimator__random_state"],
        found["a__random_state"],
    ] == drawn
    assert found["b__random_state"] == 5


def test_a_seed_that_a_run_does_not_tell_is_noted() -> None:
    written = flow("sklearn.ensemble.forest.RandomForestClassifier", {"random_state": 1})
    model, notes = rebuild(written, {((), "random_state"): "null"})
    assert type(model) is RandomForestClassifier
    assert notes[0] == "random_state: the run does not tell this seed, so it stays open"
    with pytest.raises(FlowError, match="the seed of the run is 'x'"):
        rebuild(written, {((), "openml_seed"): "x"})


LOGISTIC = "sklearn.linear_model._logistic.LogisticRegression"


@pytest.mark.parametrize("value", ["auto", "ovr", "deprecated", "warn"])
def test_a_parameter_that_is_gone_is_dropped_at_its_last_default(value: str) -> None:
    model, _ = rebuild(flow(LOGISTIC, {"multi_class": value, "C": 3.0}))
    assert type(model) is LogisticRegression
    assert model.C == 3.0


def test_a_parameter_that_is_gone_is_refused_where_the_first_model_had_set_it() -> None:
    # The value stands in the place of the default, because the first model had it.
    if "multi_class" in LogisticRegression().get_params():
        pytest.skip("the installed scikit-learn has the parameter")
    with pytest.raises(FlowError, match="no parameter 'multi_class'"):
        rebuild(flow(LOGISTIC, {"multi_class": "multinomial"}))


def test_values_of_former_times_are_spelled_as_today() -> None:
    name = "sklearn.ensemble.gradient_boosting.GradientBoostingClassifier"
    model, notes = rebuild(flow(name, {"loss": "deviance", "min_impurity_split": 1e-07}))
    assert model.loss == "log_loss"
    assert "loss: 'deviance' is now called 'log_loss'" in notes
    assert any("min_impurity_split no longer exists" in note for note in notes)
    model, notes = rebuild(flow(SVC_NAME, {"gamma": "auto_deprecated"}))
    assert model.gamma == "auto"
    assert notes == ["gamma: the default 'auto_deprecated' of that version stood for 'auto'"]


FEATURES = {
    "sklearn.ensemble.forest.RandomForestClassifier": "sqrt",
    "sklearn.ensemble.forest.ExtraTreesRegressor": 1.0,
    "sklearn.tree.tree.DecisionTreeClassifier": "sqrt",
    "sklearn.ensemble.gradient_boosting.GradientBoostingRegressor": 1.0,
}


@pytest.mark.parametrize("name", FEATURES)
def test_automatic_features_are_those_that_they_were(name: str) -> None:
    model, notes = rebuild(flow(name, {"max_features": "auto"}))
    assert model.max_features == FEATURES[name]
    assert f"max_features: 'auto' is now called {FEATURES[name]!r}" in notes


IMPUTER = "sklearn.preprocessing.imputation.Imputer"


def test_an_imputer_of_columns_is_a_simple_imputer() -> None:
    parameters = {"missing_values": "NaN", "strategy": "median", "axis": 0, "verbose": 0}
    model, notes = rebuild(flow(IMPUTER, parameters))
    assert type(model) is SimpleImputer
    assert (model.strategy, repr(model.missing_values)) == ("median", "nan")
    assert notes == [
        "flow: sklearn.preprocessing.imputation:Imputer is now sklearn.impute:SimpleImputer"
    ]
    assert rebuild(flow(IMPUTER, {"missing_values": 0}))[0].missing_values == 0


def test_an_imputer_of_rows_is_refused() -> None:
    with pytest.raises(FlowError, match="Imputer does not exist in the installed version"):
        rebuild(flow(IMPUTER, {"axis": 1}))


def test_an_encoder_of_former_times_has_todays_names() -> None:
    parameters = {"n_values": "auto", "categorical_features": "all", "sparse": False}
    model, notes = rebuild(flow("sklearn.preprocessing.data.OneHotEncoder", parameters))
    assert model.sparse_output is False
    assert "OneHotEncoder: sparse is now called sparse_output" in notes


def test_tuples_are_tuples_again_where_lists_are_refused() -> None:
    name = "sklearn.feature_extraction.text.TfidfVectorizer"
    model, notes = rebuild(flow(name, {"ngram_range": [1, 2]}))
    assert model.ngram_range == (1, 2)
    assert notes == [
        "ngram_range: ngram_range was a tuple, which openml-python wrote as a list; it is a "
        "tuple again"
    ]
    grid = value_of({"tfidf__ngram_range": [[1, 1], [1, 2]]})
    assert grid == {"tfidf__ngram_range": [(1, 1), (1, 2)]}


def test_the_versions_of_the_flow_hold_in_exact_mode() -> None:
    description = translate(flow(SVC_NAME, {"C": 1.0}))
    assert description.frameworks == {"sklearn": "scikit-learn==1.5.2"}
    trust = Trust.of_strangers(EXTENSION.policy)
    other = Description(
        extension="sklearn",
        api=1,
        frameworks={"sklearn": "scikit-learn==0.1"},
        tree=description.tree,
    )
    with pytest.raises(FlowError, match=r"the flow was made with scikit-learn==0\.1"):
        EXTENSION.build(other, trust=trust, compat="exact")
