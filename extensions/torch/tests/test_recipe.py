"""Recipes are estimators of scikit-learn, give the same bits twice, and leave all as it was."""

from __future__ import annotations

import copy
import json
import os
import pickle
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from openml_client_torch import (
    CARDINALITIES,
    N_CLASSES,
    N_FEATURES,
    N_NUMERIC,
    EmbedCategories,
    TorchClassifier,
    TorchRegressor,
)
from openml_client_torch.models import REBUILDER
from recipe_nets import Flat, FocalLoss, Pair, labels_of, mlp, table
from scipy import sparse
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.compose import make_column_transformer
from sklearn.exceptions import NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.random_projection import GaussianRandomProjection
from sklearn.utils.estimator_checks import check_estimator
from torch import nn

from openml_client.extension.identity import canonical

FAST = partial(torch.optim.AdamW, lr=0.03)
gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device")


def recipe(module: nn.Module | None = None, **changes: Any) -> TorchClassifier:
    settings = {"optimizer": FAST, "max_epochs": 15, "random_state": 0, "device": "cpu"}
    return TorchClassifier(module or mlp(), **{**settings, **changes})


def regressor(module: nn.Module | None = None, **changes: Any) -> TorchRegressor:
    settings = {"optimizer": FAST, "max_epochs": 15, "random_state": 0, "device": "cpu"}
    return TorchRegressor(module or mlp(n_outputs=1), **{**settings, **changes})


def numbers(n_rows: int = 120) -> Any:
    return np.random.RandomState(0).randn(n_rows, 3)


# As estimators


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


# Targets and outputs


@pytest.mark.parametrize(
    "labels",
    [["b", "a", "c"], [2, 0, 1], [0.0, 2.0, 1.0], pd.Categorical(["b", "a", "c"]), [True, False]],
    ids=["texts", "numbers", "floats", "categories", "truth"],
)
def test_classes_are_sorted_and_predictions_are_labels(labels: Any) -> None:
    x = numbers()
    kinds = (x[:, 0] > 0).astype(int) if len(labels) == 2 else np.digitize(x[:, 0], [-0.5, 0.5])
    y = np.asarray(labels)[kinds]
    model = recipe(max_epochs=40).fit(x, pd.Series(y, index=range(7, 127)))
    assert model.classes_.tolist() == sorted(set(y.tolist()))
    assert (model.predict(x) == y).mean() > 0.9
    assert np.array_equal(model.classes_[model.predict_proba(x).argmax(1)], model.predict(x))


OUTPUTS = {
    "logits": (nn.Identity(), nn.CrossEntropyLoss, N_CLASSES),
    "log probabilities": (nn.LogSoftmax(1), nn.NLLLoss, N_CLASSES),
    "one logit": (nn.Identity(), nn.BCEWithLogitsLoss, 1),
    "one probability": (nn.Sigmoid(), nn.BCELoss, 1),
    "a logit per class": (nn.Identity(), nn.BCEWithLogitsLoss, N_CLASSES),
    "a probability per class": (nn.Sigmoid(), nn.BCELoss, N_CLASSES),
    "scores": (nn.Identity(), nn.MultiMarginLoss, N_CLASSES),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_outputs_are_read_by_the_loss(name: str) -> None:
    last, loss, n_outputs = OUTPUTS[name]
    x = numbers()
    y = np.where(x[:, 0] > 0, "a", "b")
    module = nn.Sequential(nn.Linear(N_FEATURES, n_outputs), last)
    model = recipe(module, loss=loss, batch_size=16).fit(x, y)
    assert model.score(x, y) > 0.9
    if name == "scores":
        assert not hasattr(model, "predict_proba")
        decisions = model.decision_function(x)
        assert decisions.shape == (120,)
        assert np.array_equal(decisions > 0, model.predict(x) == "b")
    else:
        assert not hasattr(model, "decision_function")
        probabilities = model.predict_proba(x)
        assert np.allclose(probabilities.sum(1), 1)
        assert np.array_equal(probabilities.argmax(1), (model.predict(x) == "b").astype(int))


def test_scores_of_three_classes_have_a_column_each() -> None:
    frame = table()
    y = labels_of(frame)
    model = recipe(loss=nn.MultiMarginLoss()).fit(frame, y)
    scores = model.decision_function(frame)
    assert scores.shape == (120, 3)
    assert np.array_equal(model.classes_[scores.argmax(1)], model.predict(frame))


def test_a_module_may_give_one_number_per_row_in_one_dimension() -> None:
    x = numbers()
    y = x[:, 0] > 0
    assert recipe(Flat(N_FEATURES), loss=nn.BCEWithLogitsLoss).fit(x, y).score(x, y) > 0.9
    assert regressor(Flat(N_FEATURES), max_epochs=60).fit(x, x[:, 0]).score(x, x[:, 0]) > 0.9


def test_a_loss_of_the_users_needs_to_say_what_it_takes() -> None:
    frame = table()
    y = labels_of(frame)
    with pytest.raises(ValueError, match=r"FocalLoss.*give output='logits'"):
        recipe(loss=FocalLoss).fit(frame, y)
    loss = partial(FocalLoss, gamma=1.0)
    assert recipe(loss=loss, output="logits").fit(frame, y).score(frame, y) > 0.85
    function = nn.functional.cross_entropy
    assert recipe(loss=function, output="logits").fit(frame, y).score(frame, y) > 0.85


@pytest.mark.parametrize(
    ("module", "complaint"),
    [
        (
            nn.Linear(N_FEATURES, 2),
            r"outputs of shape \(2, 2\) for 2 rows, and there are 3 classes",
        ),
        (nn.Linear(9, N_CLASSES), "can't take rows of 7 features.*\nLet its first layer have N_F"),
        (Pair(N_FEATURES), "gives tuple for 2 rows; it must give one tensor"),
        (nn.Sequential(nn.Linear(N_FEATURES, 3), nn.Flatten(0)), r"gives \(6,\) for 2 rows"),
    ],
    ids=["few outputs", "inputs", "tuple", "rows"],
)
def test_a_module_that_does_not_fit_is_refused_before_training(
    module: nn.Module, complaint: str
) -> None:
    frame = table()
    with pytest.raises(ValueError, match=f"(?s){complaint}"):
        recipe(module).fit(frame, labels_of(frame))


def test_one_output_is_too_few_for_losses_that_take_one_per_class() -> None:
    with pytest.raises(ValueError, match="or one for two classes with BCEWithLogitsLoss"):
        recipe(nn.Linear(N_FEATURES, 1)).fit(numbers(), np.arange(120) % 2)


def test_a_fold_may_lack_classes_that_the_module_has_outputs_for() -> None:
    x = numbers()
    y = np.where(x[:, 0] > 0, "a", "c")
    model = recipe(nn.Linear(N_FEATURES, 5), class_weight={"a": 2, "b": 9}).fit(x, y)
    assert model.predict_proba(x).shape == (120, 2)
    assert np.allclose(model.predict_proba(x).sum(1), 1)
    assert model.score(x, y) > 0.85


@pytest.mark.parametrize("name", OUTPUTS)
def test_one_class_is_predicted_always(name: str) -> None:
    last, loss, n_outputs = OUTPUTS[name]
    module = nn.Sequential(nn.Linear(N_FEATURES, n_outputs), last)
    model = recipe(module, loss=loss, max_epochs=2).fit(numbers(9), ["only"] * 9)
    assert model.predict(numbers(5)).tolist() == ["only"] * 5
    if name == "scores":
        assert model.decision_function(numbers(5)).shape == (5,)
    else:
        assert model.predict_proba(numbers(5)).tolist() == [[1.0]] * 5


@pytest.mark.parametrize("n_rows", [1, 2, 3])
def test_a_few_rows_are_enough(n_rows: int) -> None:
    frame = table(9)[:n_rows]
    for how in ("auto", "ordinal"):
        model = recipe(preprocessing=how, max_epochs=2).fit(frame, [*"aba"][:n_rows])
        assert len(model.predict(table(9))) == 9
    assert (
        len(regressor(max_epochs=2).fit(frame, [1.0, 2.0, 4.0][:n_rows]).predict(frame)) == n_rows
    )


def test_class_weights_change_what_is_learned() -> None:
    x = numbers(300)
    y = np.where(x[:, 0] + np.random.RandomState(1).randn(300) > 1.2, "rare", "often")

    def found(weight: Any, **changes: Any) -> int:
        model = recipe(class_weight=weight, **changes).fit(x, y)
        return int((model.predict(x) == "rare").sum())

    assert found(None) < found("balanced") < found({"rare": 1000.0})
    binary: dict[str, Any] = {"module": nn.Linear(N_FEATURES, 1), "loss": nn.BCEWithLogitsLoss}
    assert found(None, **binary) < found("balanced", **binary) < found({"rare": 1000.0}, **binary)


@pytest.mark.parametrize(
    ("changes", "error", "complaint"),
    [
        ({"class_weight": {0: 2.0}}, ValueError, r"names \[0\], and the classes are \['ant'"),
        (
            {"class_weight": "balanced", "loss": nn.CrossEntropyLoss(weight=torch.ones(3))},
            TypeError,
            "has a weight already",
        ),
        (
            {"class_weight": "balanced", "loss": nn.BCEWithLogitsLoss},
            TypeError,
            "needs two classes and one output",
        ),
        (
            {"class_weight": "balanced", "loss": FocalLoss, "output": "logits"},
            TypeError,
            "FocalLoss takes no class_weight",
        ),
    ],
)
def test_class_weights_that_would_do_nothing_are_refused(
    changes: dict[str, Any], error: type[Exception], complaint: str
) -> None:
    frame = table()
    with pytest.raises(error, match=complaint):
        recipe(**changes).fit(frame, labels_of(frame))


@pytest.mark.parametrize(
    ("y", "complaint"),
    [
        (["a", None, "b"], "the target is missing in some rows"),
        ([0.5, 1.5, 2.5], "Unknown label type"),
        ([[0, 1], [1, 0], [1, 1]], "y should be a 1d array"),
    ],
)
def test_targets_that_are_no_classes_are_refused(y: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        recipe().fit(numbers(3), y)


def test_regression_learns_targets_of_any_size() -> None:
    x = numbers()
    y = 1e6 + 1e4 * x[:, 0]
    assert regressor(max_epochs=60).fit(x, y).score(x, y) > 0.9
    assert regressor(max_epochs=60, scale_target=False).fit(x, y).score(x, y) < 0
    assert np.allclose(regressor(max_epochs=2).fit(x, np.full(120, 5.0)).predict(x), 5, atol=2)
    with pytest.raises(ValueError, match="infinite numbers"):
        regressor().fit(x, np.full(120, np.inf))
    with pytest.raises(ValueError, match="let its last layer have one output"):
        regressor(mlp(n_outputs=2)).fit(x, y)


def test_regression_is_validated_by_r2() -> None:
    x = numbers()
    model = regressor(validation_fraction=0.3, max_epochs=60).fit(x, x[:, 0] * 100)
    assert 0.8 < model.history_[-1]["valid_score"] < 1


@pytest.mark.parametrize("kind", [recipe, regressor])
def test_rows_that_overflow_are_refused_when_predicted(kind: Any) -> None:
    x = numbers()
    wide = nn.Sequential(nn.Linear(N_FEATURES, 999), nn.Linear(999, 1 if kind is regressor else 2))
    model = kind(wide, preprocessing=None, max_epochs=1).fit(x, np.arange(120) % 2)
    x[:2] = 3e38
    with pytest.raises(FloatingPointError, match="gives no numbers for 2 of 120 rows"):
        model.predict(x)


# Columns


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


# The same again, and nothing else touched


PROGRAM = """
import hashlib, json, sys
import recipe_nets
from openml_client.extension.description import Description
from openml_client.extension.trust import Trust
from openml_client_torch.models import REBUILDER
from openml_client_torch.policy import POLICY

frame = recipe_nets.table()
for tree in json.loads(sys.stdin.read()):
    description = Description(extension="torch", api=REBUILDER.api, frameworks={}, tree=tree)
    model = REBUILDER.build(description, trust=Trust(POLICY, trusted=("recipe_nets",)))
    probabilities = model.fit(frame, recipe_nets.labels_of(frame)).predict_proba(frame)
    print(model.state_hash_, hashlib.sha256(probabilities.tobytes()).hexdigest())
"""


def in_a_fresh_process(models: list[TorchClassifier], hash_seed: int) -> list[str]:
    places = [*sys.path, str(Path(__file__).parent)]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps([REBUILDER.describe(model).tree for model in models]),
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "PYTHONHASHSEED": str(hash_seed),
            "PYTHONPATH": os.pathsep.join(places),
        },
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_fresh_processes_give_the_same_bits() -> None:
    frame = table()
    y = labels_of(frame)
    layers = [nn.LazyLinear(16), nn.BatchNorm1d(16), nn.Dropout(0.5), nn.GELU()]
    deep = nn.Sequential(
        EmbedCategories(N_NUMERIC, CARDINALITIES), *layers, nn.Linear(16, N_CLASSES)
    )
    models = [
        recipe(),
        recipe(deep, preprocessing="ordinal", validation_fraction=0.2, patience=2, batch_size=16),
    ]
    one, other = (in_a_fresh_process(models, hash_seed) for hash_seed in (1, 2))
    assert one == other
    for model, line in zip(models, one, strict=True):
        assert line.split()[0] == model.fit(frame, y).state_hash_


def test_restored_weights_predict_the_same() -> None:
    frame = table()
    y = labels_of(frame)
    model = recipe(validation_fraction=0.2).fit(frame, y)
    again = recipe(validation_fraction=0.2).restore(frame, y, model.module_.state_dict())
    assert np.array_equal(again.predict_proba(frame), model.predict_proba(frame))
    assert again.state_hash_ == model.state_hash_
    assert (again.history_, again.best_epoch_) == ([], None)


def test_seeds_are_drawn_from_numpy_where_none_is_given() -> None:
    frame = table()
    y = labels_of(frame)

    def trained() -> TorchClassifier:
        return recipe(random_state=None, max_epochs=1).fit(frame, y)

    np.random.seed(3)
    one, other = trained(), trained()
    np.random.seed(3)
    assert trained().state_hash_ == one.state_hash_ != other.state_hash_
    assert recipe(random_state=one.seed_, max_epochs=1).fit(frame, y).state_hash_ == one.state_hash_


def test_a_transformer_without_a_seed_is_governed_by_the_recipes() -> None:
    how = GaussianRandomProjection(2)
    hashes = {
        recipe(preprocessing=how, max_epochs=1).fit(numbers(), np.arange(120) % 2).state_hash_
        for _ in range(2)
    }
    assert len(hashes) == 1


def surroundings() -> dict[str, Any]:
    backends: Any = torch.backends
    return {
        "python": random.getstate(),
        "numpy": np.random.get_state()[1].tolist(),
        "torch": torch.get_rng_state().tolist(),
        "threads": torch.get_num_threads(),
        "deterministic": torch.get_deterministic_debug_mode(),
        "benchmark": backends.cudnn.benchmark,
        "tf32": (backends.cudnn.allow_tf32, torch.get_float32_matmul_precision()),
        "dtype": torch.get_default_dtype(),
        "gradients": torch.is_grad_enabled(),
        "environment": dict(os.environ),
    }


@pytest.mark.parametrize("fails", [False, True])
def test_the_callers_things_stay_as_they_were(fails: bool) -> None:
    frame = table()
    y = labels_of(frame)
    module = mlp()
    before = copy.deepcopy((frame, y, module.state_dict(), module.training))
    torch.set_num_threads(2)
    torch.set_float32_matmul_precision("medium")
    try:
        around = surroundings()
        model = recipe(module, max_epochs=1, threads=1)
        if fails:
            exploding = partial(torch.optim.SGD, lr=1e30)
            with pytest.raises(FloatingPointError):
                model.set_params(optimizer=exploding, max_epochs=9).fit(frame, y)
        else:
            model.fit(frame, y).predict(frame)
        assert surroundings() == around
    finally:
        torch.set_num_threads(1)
        torch.set_float32_matmul_precision("highest")
    pd.testing.assert_frame_equal(frame, before[0])
    assert np.array_equal(y, before[1])
    assert all(torch.equal(module.state_dict()[name], before[2][name]) for name in before[2])
    assert module.training == before[3]


def test_surroundings_do_not_change_what_is_learned() -> None:
    frame = table()
    y = labels_of(frame)
    model = recipe(max_epochs=2)
    plain = model.fit(frame, y).state_hash_
    torch.set_default_dtype(torch.float64)
    try:
        with torch.no_grad():
            other = model.fit(frame, y).state_hash_
    finally:
        torch.set_default_dtype(torch.float32)
    assert other == plain


def test_threads_that_train_at_once_do_not_disturb_each_other() -> None:
    frame = table()
    y = labels_of(frame)

    def trained(seed: int) -> str:
        return recipe(random_state=seed, max_epochs=5).fit(frame, y).state_hash_

    alone = [trained(seed) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(trained, range(4))) == alone


def test_recipes_describe_to_plain_json_and_back() -> None:
    model = recipe(param_groups={"0.*": {"lr": 0.1}}, preprocessing=StandardScaler())
    tree = REBUILDER.describe(model).tree
    assert json.loads(canonical(tree)) == tree


# GPU


@pytest.mark.gpu
@gpu
@pytest.mark.parametrize("amp", [None, "bfloat16", "float16"])
def test_cuda_gives_the_same_bits_twice(amp: Any) -> None:
    frame = table()
    y = labels_of(frame)
    one, other = (recipe(device="cuda", amp=amp).fit(frame, y) for _ in range(2))
    assert one.device_.startswith("cuda")
    assert one.state_hash_ == other.state_hash_
    assert np.array_equal(one.predict_proba(frame), other.predict_proba(frame))


@pytest.mark.gpu
@gpu
def test_cuda_begins_with_the_weights_of_the_cpu() -> None:
    frame = table()
    y = labels_of(frame)
    still = partial(torch.optim.SGD, lr=0.0)
    states = [
        recipe(device=device, optimizer=still, max_epochs=1).fit(frame, y).state_hash_
        for device in ("cpu", "auto")
    ]
    assert states[0] == states[1]


@pytest.mark.gpu
@gpu
def test_cuda_leaves_the_callers_generator() -> None:
    before = torch.cuda.get_rng_state()
    frame = table()
    recipe(device="cuda", max_epochs=1).fit(frame, labels_of(frame))
    assert torch.equal(torch.cuda.get_rng_state(), before)
    assert "CUBLAS_WORKSPACE_CONFIG" not in os.environ
