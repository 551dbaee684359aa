"""Recipes are estimators of scikit-learn, on columns of any kind."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from openml_client_torch import (
    CARDINALITIES,
    N_CLASSES,
    N_NUMERIC,
    EmbedCategories,
)
from recipe_nets import CalculatedWeights, labels_of, mlp, numbers, recipe, regressor, table
from scipy import sparse
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.compose import make_column_transformer
from sklearn.exceptions import NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.estimator_checks import check_estimator
from sklearn.utils.validation import has_fit_parameter
from torch import nn


def test_a_recipe_learns_and_is_an_estimator_of_its_kind() -> None:
    frame = table()
    y = labels_of(frame)
    assert recipe().fit(frame, y).score(frame, y) > 0.85
    assert is_classifier(recipe())
    assert is_regressor(regressor())


def test_parameters_are_kept_as_they_were_given() -> None:
    module = mlp()
    groups = {"0.*": {"lr": 0.1}}
    model = recipe(module, param_groups=groups, threads=np.int64(1))
    assert model.get_params()["module"] is module
    assert model.get_params()["param_groups"] is groups
    assert type(model.threads) is np.int64


def test_a_clone_trains_to_the_same_weights() -> None:
    frame = table()
    y = labels_of(frame)
    assert clone(recipe()).fit(frame, y).state_hash_ == recipe().fit(frame, y).state_hash_


def test_cross_validation_and_searches_work() -> None:
    frame = table()
    y = labels_of(frame)
    assert cross_val_score(recipe(), frame, y, cv=3).mean() > 0.75
    search = GridSearchCV(recipe(max_epochs=2), {"batch_size": [16, 64]}, cv=2).fit(frame, y)
    assert search.best_params_["batch_size"] in (16, 64)


def test_parameters_inside_an_optimizer_are_none_and_those_of_a_transformer_are() -> None:
    model = recipe(preprocessing=SimpleImputer()).set_params(preprocessing__strategy="median")
    assert model.preprocessing.strategy == "median"
    complaint = (
        r"no parameter 'optimizer__lr'; give another optimizer with its own lr, as a functools"
    )
    with pytest.raises(ValueError, match=complaint):
        GridSearchCV(recipe(), {"optimizer__lr": [0.1]}, cv=2).fit(numbers(), np.arange(120) % 2)
    with pytest.raises(ValueError, match="Invalid parameter 'nothing'"):
        recipe().set_params(nothing__lr=1)
    with pytest.raises(ValueError, match="Invalid parameter 'lr'"):
        recipe().set_params(lr=1)


def test_a_recipe_may_be_the_last_step_of_a_pipeline() -> None:
    frame = table()
    y = labels_of(frame)
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), ["a", "b", "c"]),
        (OneHotEncoder(), ["word"]),
    )
    model = make_pipeline(columns, recipe(preprocessing=None)).fit(frame, y)
    assert model.score(frame, y) > 0.85
    assert model.predict_proba(frame).shape == (120, 3)


def test_weights_of_rows_are_refused_wherever_they_come_from() -> None:
    x, y, ones = numbers(), np.arange(120) % 2, np.ones(120)
    complaint = "fit of a TorchClassifier takes no sample_weight: all rows weigh the same"
    with pytest.raises(TypeError, match=complaint):
        recipe().fit(x, y, sample_weight=ones)
    with pytest.raises(TypeError, match=complaint):
        make_pipeline(recipe()).fit(x, y, torchclassifier__sample_weight=ones)
    with pytest.raises(ValueError, match=complaint):
        cross_val_score(recipe(), x, y, params={"sample_weight": ones}, cv=2)
    assert not has_fit_parameter(recipe(), "sample_weight")


@pytest.mark.conformance
@pytest.mark.filterwarnings("ignore")  # which the checks provoke
@pytest.mark.parametrize("kind", [recipe, regressor])
def test_scikit_learns_own_checks_pass(kind: Any) -> None:
    settings: dict[str, Any] = {"batch_size": 16, "max_epochs": 40}
    # It compares the hashes of pickles, and those of a module and its copy differ in any case.
    expected = {"check_estimators_overwrite_params": "modules have no stable hash"}
    done = check_estimator(kind(**settings), expected_failed_checks=expected, on_fail=None)
    assert [one["check_name"] for one in done if one["status"] == "failed"] == []
    assert sum(one["status"] == "passed" for one in done) > 40


def test_a_fitted_recipe_pickles() -> None:
    frame = table()
    model = recipe(preprocessing="ordinal").fit(frame, labels_of(frame))
    again = pickle.loads(pickle.dumps(model))
    assert np.array_equal(again.predict_proba(frame), model.predict_proba(frame))


def test_predicting_before_fitting_is_refused() -> None:
    with pytest.raises(NotFittedError):
        recipe().predict(numbers())


def test_other_columns_than_in_training_are_refused() -> None:
    frame = table()
    model = recipe(max_epochs=1).fit(frame, labels_of(frame))
    with pytest.raises(ValueError, match=r"X has 4 features, but .* is expecting 5"):
        model.predict(frame.drop(columns="a"))
    with pytest.raises(ValueError, match=r"the columns are .* unlike in training"):
        model.predict(frame[frame.columns[::-1]])
    model.fit(numbers(), labels_of(frame))
    assert not hasattr(model, "feature_names_in_")


def test_rows_and_targets_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        recipe().fit(numbers(10), np.arange(9) % 2)


def test_categories_are_embedded() -> None:
    frame = table()
    y = (frame["word"] == "x") & (frame["b"] > 0)
    module = nn.Sequential(
        EmbedCategories(N_NUMERIC, CARDINALITIES), nn.LazyLinear(16), nn.ReLU(),
        nn.LazyBatchNorm1d(), nn.Linear(16, N_CLASSES),
    )  # fmt: skip
    model = recipe(module, preprocessing="ordinal", max_epochs=40).fit(frame, y)
    assert model.score(frame, y) > 0.9
    assert model.sizes_["cardinalities"] == (4, 2)
    new = frame.assign(word="never seen", text=None)
    assert model.predict(new).shape == (120,)


def test_sizes_are_those_of_the_training_rows() -> None:
    frame = table()
    model = recipe(max_epochs=2, batch_size=50).fit(frame, labels_of(frame))
    assert model.sizes_ == {
        "n_features": 7,
        "n_numeric": 7,
        "cardinalities": (),
        "n_classes": 3,
        "n_steps": 6,
        "steps_per_epoch": 3,
    }
    assert model.module_[0].in_features == 7


def test_sparse_rows_train_to_the_same_weights() -> None:
    x = np.where(numbers() > 0.5, numbers(), 0)
    y = np.arange(120) % 2
    dense = recipe(max_epochs=2).fit(x, y)
    thin = recipe(max_epochs=2).fit(sparse.csr_matrix(x), y)
    assert dense.state_hash_ == thin.state_hash_


@pytest.mark.parametrize(
    "make",
    [lambda: nn.Sequential(nn.LazyBatchNorm1d(), nn.LazyLinear(3)), CalculatedWeights],
)
def test_a_recipe_of_a_module_that_torch_cannot_copy_is_cloned(make: Any) -> None:
    y = np.arange(120) % 3
    model = recipe(make(), max_epochs=1)
    again = clone(clone(model))
    assert again.fit(numbers(), y).state_hash_ == model.fit(numbers(), y).state_hash_
    assert not hasattr(clone(model), "module_")
