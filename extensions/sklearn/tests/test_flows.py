"""Flows of scikit-learn models, as a server holds them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from models import MODELS
from openml_client_sklearn import EXTENSION
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV, KFold, ShuffleSplit
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from openml_client.errors import FlowError
from openml_client.extension.flows import description_from_flow, flow_from_description
from openml_client.extension.seeds import seed_description
from openml_client.extension.trust import Trust
from openml_client.model.flow import FlowDraft


def draft_of(model: object) -> FlowDraft:
    return flow_from_description(EXTENSION.describe(model), EXTENSION)


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS.keys())
def test_every_value_has_one_address(make: Callable[[], Any]) -> None:
    draft = draft_of(make())
    flows = dict(draft.walk())
    addresses = [(flows[s.path].name.lower(), s.name.lower()) for s in draft.settings]
    assert len(set(addresses)) == len(addresses)
    declared = {(f.name.lower(), p.name.lower()) for f in flows.values() for p in f.parameters}
    assert set(addresses) == declared


def test_components_are_the_estimators_by_the_names_of_the_steps() -> None:
    draft = draft_of(Pipeline([("impute", SimpleImputer()), ("svc", SVC())]))
    assert [c.identifier for c in draft.components] == ["impute", "svc"]
    assert [p.name for p in draft.parameters] == ["memory", "transform_input", "verbose"]


def test_the_same_imputer_in_two_branches_has_two_names() -> None:
    names = [flow.name for _, flow in draft_of(MODELS["imputers in both branches"]()).walk()]
    imputers = [name for name in names if name.startswith("sklearn.SimpleImputer")]
    assert [name.partition(":")[2] for name in imputers] == [
        "columntransformer:numbers:simpleimputer",
        "columntransformer:words:simpleimputer",
    ]


def test_columns_by_name_are_values_and_selectors_are_structure() -> None:
    def transformer(columns: Any) -> ColumnTransformer:
        return ColumnTransformer([("num", StandardScaler(), columns)])

    assert draft_of(transformer(["a"])).name == draft_of(transformer([0, 1])).name
    settings = {s.name: s.value for s in draft_of(transformer(["a"])).settings}
    assert settings["transformers.num.columns"] == '["a"]'
    selecting = MODELS["imputers in both branches"]().steps[0][1]
    assert not any("columns" in s.name for s in draft_of(selecting).settings)


def test_a_stored_flow_is_the_model_at_its_defaults() -> None:
    model = make_pipeline(SimpleImputer(strategy="median"), SVC(C=3.0))
    description = description_from_flow(draft_of(model).source or b"")
    built: Any = EXTENSION.build(
        description, trust=Trust.of_strangers(EXTENSION.policy), compat="semantic", notes=[]
    )
    assert (built[0].strategy, built[1].C) == ("mean", 1.0)


def test_a_grid_has_no_default_and_must_be_given() -> None:
    source = draft_of(make_pipeline(GridSearchCV(SVC(), {"C": [1]}))).source or b""
    with pytest.raises(FlowError, match="gridsearchcv__param_grid"):
        description_from_flow(source)
    description_from_flow(source, {(("gridsearchcv",), "param_grid"): '{"C":[1,2]}'})


def test_open_seeds_are_written_into_the_values() -> None:
    model = Pipeline(
        [
            ("search", GridSearchCV(SVC(), {"C": [1]}, cv=ShuffleSplit(3))),
            ("forest", RandomForestClassifier(random_state=7)),
        ]
    )
    seeded = seed_description(EXTENSION.describe(model), 1, frozenset({"random_state"}))
    built: Any = EXTENSION.build(seeded, trust=Trust.of_strangers(EXTENSION.policy))
    seeds = [built[0].estimator.random_state, built[0].cv.random_state]
    assert all(type(seed) is int for seed in seeds)
    assert len(set(seeds)) == 2
    assert built[1].random_state == 7
    assert draft_of(built).name == draft_of(model).name


def test_a_splitter_that_would_refuse_a_seed_gets_none() -> None:
    model = GridSearchCV(SVC(), {"C": [1]}, cv=KFold(3))
    seeded = seed_description(EXTENSION.describe(model), 1, frozenset({"random_state"}))
    built: Any = EXTENSION.build(seeded, trust=Trust.of_strangers(EXTENSION.policy))
    assert built.cv.random_state is None


def test_a_description_for_another_extension_is_refused() -> None:
    source = (draft_of(SVC()).source or b"").replace(
        b'"extension":"sklearn"', b'"extension":"torch"'
    )
    with pytest.raises(FlowError, match="for the extension 'torch'"):
        EXTENSION.build(description_from_flow(source), trust=Trust.of_strangers(EXTENSION.policy))
