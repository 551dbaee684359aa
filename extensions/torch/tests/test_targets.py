"""Classes and numbers are learned as the loss takes them, and read back by their label."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from openml_client_torch import (
    N_CLASSES,
    N_FEATURES,
)
from recipe_nets import (
    Flat,
    FocalLoss,
    Narrow,
    Pair,
    Refusing,
    labels_of,
    mlp,
    numbers,
    recipe,
    regressor,
    table,
)
from torch import nn


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


@pytest.mark.parametrize(
    ("labels", "dtype"),
    [
        ([2, 0], np.int64),
        ([True, False], np.bool_),
        ([np.int8(2), 7], np.int64),
        ([0.0, 1.0], float),
    ],
)
def test_labels_that_are_objects_of_one_kind_are_labels_of_it(labels: Any, dtype: Any) -> None:
    y = np.array([labels[n % 2] for n in range(120)], dtype=object)
    model = recipe(max_epochs=1).fit(numbers(), y)
    assert (model.classes_.tolist(), model.classes_.dtype) == (sorted(labels), dtype)
    nullable = recipe(max_epochs=1).fit(numbers(), pd.Series(y).convert_dtypes())
    assert nullable.classes_.tolist() == sorted(labels)


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
        (
            nn.Sequential(nn.Linear(N_FEATURES, 4), nn.Linear(5, N_CLASSES)),
            r"in its layer '1' \(Linear\): mat1.*each other as many as it is given",
        ),
        (Refusing(), r"rows of 7 features: KeyError\('no forward today'\)"),
        (nn.Embedding(2, 3), "rows of 7 features: .*embed only codes"),
        (
            Narrow(N_FEATURES),
            r"can't be made for this task \(n_features=7.*takes 2 columns.*\nMake it smaller",
        ),
        (Pair(N_FEATURES), "gives tuple for 2 rows; it must give one tensor"),
        (nn.Sequential(nn.Linear(N_FEATURES, 3), nn.Flatten(0)), r"gives \(6,\) for 2 rows"),
    ],
    ids=["few outputs", "inputs", "hidden", "raises", "codes", "constructor", "tuple", "rows"],
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
        (np.array([1, "1", 1], dtype=object), "of the kinds int, str; give texts or"),
        (np.array([1, True, 0], dtype=object), "of the kinds bool, int; give texts or"),
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
    with pytest.raises(ValueError, match=r"no number \(.*'a'.*; a TorchClassifier learns classes"):
        regressor().fit(x, ["a"] * 120)
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
