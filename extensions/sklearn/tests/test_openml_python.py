"""Flows as openml-python wrote them become models, by way of the one loader."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openml_client_sklearn import EXTENSION
from scipy.stats import expon
from sklearn.feature_selection import f_classif
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC
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

from openml_client.errors import FlowError, UntrustedError
from openml_client.extension.description import Description
from openml_client.extension.identity import Json
from openml_client.extension.trust import Trust, untrusted
from openml_client.model.flow import Flow

PLAIN = [0, -3, 0.5, True, False, "a", "1", "null", [1, [2.0, "b"]], {"b": 1, "a": [None]}]


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_json_is_taken_as_it_is(value: Json) -> None:
    found = value_of({"C": value})["C"]
    assert (repr(found), type(found)) == (repr(value), type(value))


def test_numbers_that_json_lacks_are_read() -> None:
    low, high, none = value_of({"C": [-np.inf, np.inf, np.nan]})["C"]
    assert (low, high) == (-np.inf, np.inf)
    assert np.isnan(none)


def test_a_text_that_is_no_json_is_taken_as_it_is() -> None:
    model, _ = rebuild(flow(SVC_NAME, {"kernel": "linear"}), {((), "kernel"): "poly"})
    assert model.kernel == "poly"


TYPES = {
    "float": float,
    "int": int,
    "np.float": float,
    "np.int": int,
    "np.float32": np.float32,
    "np.float64": np.float64,
    "np.int32": np.int32,
    "np.int64": np.int64,
}


@pytest.mark.parametrize("name", TYPES)
def test_a_type_is_found(name: str) -> None:
    written = flow("sklearn.preprocessing._encoders.OneHotEncoder", {"dtype": marked("type", name)})
    model, _ = rebuild(written)
    assert type(model) is OneHotEncoder
    assert model.dtype is TYPES[name]


def test_a_function_is_found_by_its_public_name() -> None:
    name = "sklearn.feature_selection._univariate_selection.f_classif"
    assert value_of({"f": [marked("function", name)]})["f"] == [f_classif]


@pytest.mark.parametrize("name", ["str.lower", "builtins.str.lower"])
def test_a_methoddescriptor_is_found(name: str) -> None:
    assert value_of({"f": marked("methoddescriptor", name)})["f"] is str.lower


def test_a_frozen_distribution_is_made_again() -> None:
    content = {
        "dist": "scipy.stats._continuous_distns.expon_gen",
        "a": 0.0,
        "b": np.inf,
        "args": [],
        "kwds": {"scale": 100},
    }
    found = value_of({"C": marked("rv_frozen", content)})["C"]
    assert found.dist.name == "expon"
    assert found.rvs(5, random_state=1).tolist() == (
        expon(scale=100).rvs(5, random_state=1).tolist()
    )


def test_a_splitter_is_made_again() -> None:
    found = value_of({"cv": splitter(n_splits="4", random_state="7", shuffle="true")})["cv"]
    assert type(found) is StratifiedKFold
    assert (found.n_splits, found.random_state, found.shuffle) == (4, 7, True)


def test_the_seed_of_a_splitter_that_does_not_shuffle_is_left_out() -> None:
    # openml-python seeds it all the same, and scikit-learn refuses to make such a splitter.
    cv = splitter(n_splits="4", random_state="7", shuffle="false")
    reference = marked("component_reference", {"key": "estimator", "step_name": None})
    written = flow(
        "sklearn.model_selection._search.GridSearchCV",
        {"cv": cv, "estimator": reference, "param_grid": {"C": [1.0]}},
        {"estimator": flow(SVC_NAME, {"C": 2.0})},
    )
    model, notes = rebuild(written)
    assert type(model) is GridSearchCV
    assert (model.cv.random_state, model.estimator.C) == (None, 2.0)
    assert notes == ["cv: the splitter does not shuffle, so its seed is left out"]


def test_steps_are_tuples_of_names_and_components() -> None:
    written = flow(
        PIPELINE,
        {"steps": [step("scale"), step("not", kind="composition_step_constant"), step("svc")]},
        {
            "scale": flow("sklearn.preprocessing.data.StandardScaler"),
            "not": flow(None, name="passthrough"),
            "svc": flow(SVC_NAME, {"C": 3.0}),
        },
    )
    model, notes = rebuild(written, {(("svc",), "C"): "4.0"})
    assert type(model) is Pipeline
    assert [(name, type(part)) for name, part in model.steps] == [
        ("scale", StandardScaler),
        ("not", str),
        ("svc", SVC),
    ]
    assert model.steps[1][1] == "passthrough"
    assert model.steps[2][1].C == 4.0
    assert notes == [
        "Pipeline.steps.scale: sklearn.preprocessing.data:StandardScaler is now "
        "sklearn.preprocessing:StandardScaler"
    ]


def test_the_mark_of_former_times_is_read() -> None:
    step = {
        "oml:serialized_object": "component_reference",
        "value": {"key": "svc", "step_name": "svc"},
    }
    model, _ = rebuild(flow(PIPELINE, {"steps": [step]}, {"svc": flow(SVC_NAME)}))
    assert type(model[-1]) is SVC


def test_columns_stand_beside_their_transformers() -> None:
    written = flow(
        "sklearn.compose._column_transformer.ColumnTransformer",
        {"transformers": [step("a", ["x", "y"]), step("b", [0, 2])], "remainder": "drop"},
        {"a": flow("sklearn.preprocessing._data.StandardScaler"), "b": flow(None, name="drop")},
    )
    model, _ = rebuild(written)
    (a, b) = model.transformers
    assert (a[0], type(a[1]), a[2]) == ("a", StandardScaler, ["x", "y"])
    assert b == ("b", "drop", [0, 2])


def test_a_component_that_no_parameter_names_is_an_argument() -> None:
    name = "sklearn.ensemble.bagging.BaggingClassifier"
    model, notes = rebuild(flow(name, {"n_estimators": 3}, {"base_estimator": flow(SVC_NAME)}))
    assert type(model.estimator) is SVC
    assert "BaggingClassifier: base_estimator is now called estimator" in notes


def test_a_class_may_stand_in_the_name_only() -> None:
    written = flow(None, {"C": 2.0}, name="sklearn.svm.classes.SVC(kernel=x)")
    assert rebuild(written)[0].C == 2.0


def test_a_value_that_openml_python_left_out_is_asked_for() -> None:
    name = "sklearn.neural_network._multilayer_perceptron.MLPClassifier"
    written = flow(name, {"hidden_layer_sizes": None, "alpha": 0.1})
    with pytest.raises(FlowError, match="does not tell its parameters hidden_layer_sizes"):
        rebuild(written)
    model, _ = rebuild(written, {((), "hidden_layer_sizes"): "[]"})
    assert model.hidden_layer_sizes == []
    description = translate(written, given={((), "hidden_layer_sizes"): {"$tuple": [4, 2]}})
    trust = Trust.of_strangers(EXTENSION.policy)
    built: Any = EXTENSION.build(description, trust=trust)
    assert built.hidden_layer_sizes == (4, 2)


def test_a_setting_of_no_parameter_is_refused() -> None:
    with pytest.raises(FlowError, match="no parameter svc__C, which is set"):
        translate(flow(SVC_NAME, {"C": 1.0}), {(("svc",), "C"): "2.0"})


BROKEN = {
    "an unknown kind": marked("pickle", "x"),
    "no value": {"oml-python:serialized_object": "type"},
    "an unknown type": marked("type", "os.mkdir"),
    "a component that is not there": step("nobody"),
    "a key that is no text": marked("component_reference", {"key": [], "step_name": None}),
    "arguments that are none": marked("rv_frozen", {"dist": "x", "args": 1, "kwds": {}}),
    "an argument that is left out": splitter(n_splits=None),
}


@pytest.mark.parametrize("value", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_malformed_is_refused_with_its_place(value: Json) -> None:
    with pytest.raises(FlowError, match=r"^kernel ") as caught:
        translate(flow(SVC_NAME, {"kernel": value}))
    assert caught.value.hint


KINDS = ["component_reference", "type", "function", "rv_frozen", "cv_object", "methoddescriptor"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "$node", "$call", "args", "name"]), inner)
        | st.builds(marked, st.sampled_from(KINDS), inner)
        | st.builds(
            lambda kind, **value: marked(kind, value),
            st.sampled_from(KINDS),
            key=st.just("svc"),
            dist=st.just("scipy.stats.x_gen"),
            args=inner,
            kwds=inner,
            name=st.just("a.b"),
            parameters=inner,
            step_name=inner,
        )
    ),
    max_leaves=9,
)


@settings(max_examples=200, deadline=None)
@given(value=VALUES)
def test_whatever_is_written_gives_a_description_or_a_refusal(value: Json) -> None:
    written = flow(PIPELINE, {"steps": value}, {"svc": flow(SVC_NAME)})
    with contextlib.suppress(FlowError):
        description = translate(written, is_complete=False)
        assert Description.from_bytes(description.to_bytes()) == description


def test_what_is_nested_too_deep_is_refused() -> None:
    deep = flow(SVC_NAME)
    for _ in range(2000):
        deep = flow(SEARCH, {}, {"estimator": deep})
    with pytest.raises(FlowError, match="nested"):
        translate(deep)


HOSTILE = {
    "a class": flow("planted.Model"),
    "a class of os": flow("os.mkdir", {"path": "x"}),
    "a private class": flow("sklearn.svm._classes._Planted"),
    "a function": flow(SVC_NAME, {"kernel": marked("function", "planted.run")}),
    "a builtin": flow(SVC_NAME, {"kernel": marked("methoddescriptor", "eval")}),
    "a method": flow(SVC_NAME, {"kernel": marked("methoddescriptor", "planted.Model.run")}),
    "a splitter": flow(
        SVC_NAME, {"kernel": marked("cv_object", {"name": "planted.Split", "parameters": {}})}
    ),
    "a distribution": flow(
        SVC_NAME, {"C": marked("rv_frozen", {"dist": "planted.x_gen", "args": [], "kwds": {}})}
    ),
    "a cache on disk": flow(
        PIPELINE, {"memory": "planted", "steps": [step("a")]}, {"a": flow(SVC_NAME)}
    ),
}


@pytest.mark.parametrize("written", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_flow_is_refused_with_nothing_imported(
    written: Flow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "planted.py").write_text("raise SystemExit('imported')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    description = translate(written, is_complete=False)
    assert untrusted(description, EXTENSION.policy) != ()
    with pytest.raises(UntrustedError, match="nothing was imported"):
        EXTENSION.build(description, trust=Trust.of_strangers(EXTENSION.policy))
    assert "planted" not in sys.modules


@pytest.mark.parametrize("value", ["a", "x" * 100_000], ids=["short", "long"])
def test_components_that_are_referred_to_again_and_again_are_refused_in_time(value: str) -> None:
    reference = marked("component_reference", {"key": "a", "step_name": None})
    written = flow(SVC_NAME, {"kernel": value})
    for _ in range(20):
        written = flow(PIPELINE, {"steps": [reference] * 20}, {"a": written})
    with pytest.raises(FlowError, match="again and again"):
        translate(written)


def test_a_parameter_that_is_no_name_is_refused() -> None:
    with pytest.raises(FlowError, match=r"parameter '\$node', which is no name"):
        translate(flow(SVC_NAME, {"$node": 1}))


def test_a_long_external_version_is_read_in_time() -> None:
    description = translate(replace(flow(SVC_NAME), external_version="a" * 1_000_000))
    assert description.frameworks == {}


@pytest.mark.parametrize("name", ["", "svm", "os;system.x", "a..b", ".a.b", "__main__", "1.x"])
def test_a_flow_that_names_no_class_is_refused(name: str) -> None:
    with pytest.raises(FlowError, match="names no class"):
        translate(flow(name))


def test_a_class_of_a_trusted_package_is_built() -> None:
    with pytest.raises(UntrustedError, match="user_models:Majority"):
        rebuild(flow("user_models.Majority"))
    model, _ = rebuild(flow("user_models.Majority"), trusted=("user_models",))
    assert type(model).__module__ == "user_models"
