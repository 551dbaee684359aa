"""What can't be learned is refused before the first step, and what fails later says where."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from openml_client_torch import N_CLASSES, N_FEATURES
from openml_client_torch.models import describe
from recipe_nets import Distracted, Logarithm, mlp, numbers, recipe, regressor
from torch import nn

from openml_client.errors import FlowError

LABELS = np.arange(120) % 2


@pytest.mark.parametrize(
    ("n_outputs", "changes", "complaint"),
    [
        (
            N_CLASSES,
            {"loss": nn.NLLLoss},
            r"add up to 1, and .* nn.LogSoftmax\(1\), or .*CrossEntropy",
        ),
        (1, {"loss": nn.BCELoss}, r"probabilities, from 0 to 1, and .* from -.* nn.Sigmoid\(\)"),
        (
            N_CLASSES,
            {"loss": nn.functional.mse_loss, "output": "probabilities"},
            "asks for probabilities",
        ),
    ],
    ids=["log-probabilities", "one probability", "by output"],
)
def test_outputs_of_another_meaning_than_the_recipes_are_refused(
    n_outputs: int, changes: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        recipe(mlp(n_outputs=n_outputs), **changes).fit(numbers(), LABELS)


def test_the_logarithm_of_an_impossible_class_is_no_fault() -> None:
    certain = nn.Sequential(mlp(), nn.Softmax(1), nn.Threshold(0.5, 0.0), Logarithm())
    with pytest.raises(ValueError, match="add up to 1"):  # it was not refused for infinities
        recipe(certain, loss=nn.NLLLoss).fit(numbers(), LABELS)


@pytest.mark.parametrize(
    "loss", [nn.CrossEntropyLoss, partial(nn.NLLLoss), nn.BCELoss(), nn.functional.cross_entropy]
)
def test_a_regressor_refuses_losses_of_classes(loss: Any) -> None:
    complaint = r"loss: \w+ is for classes, .* give nn.MSELoss"
    with pytest.raises(TypeError, match=complaint):
        regressor(loss=loss).fit(numbers(), np.arange(120.0))
    with pytest.raises(FlowError, match=complaint):
        describe(regressor(loss=loss))


def test_a_loss_that_takes_something_else_is_named() -> None:
    with pytest.raises(ValueError, match=r"loss can't take outputs \(120, 1\).*TypeError.*'var'"):
        regressor(loss=nn.GaussianNLLLoss, batch_size=120).fit(numbers(), LABELS)


def test_outputs_that_are_no_numbers_before_the_first_step_are_not_the_learning_rates() -> None:
    complaint = r"no numbers for \d+ of 120 rows before its first step, so it is not the learning"
    with pytest.raises(ValueError, match=complaint):
        regressor(nn.Sequential(nn.Linear(N_FEATURES, 1), Logarithm())).fit(numbers(), LABELS)
    wide = nn.Sequential(nn.Linear(N_FEATURES, 999), nn.Linear(999, N_CLASSES))
    with pytest.raises(ValueError, match=complaint):
        recipe(wide, preprocessing=None).fit(np.full((120, 3), 3e38), LABELS)


def test_a_first_loss_that_is_no_number_is_not_the_learning_rates() -> None:
    module = nn.Sequential(nn.Linear(N_FEATURES, 1), Logarithm(is_always=False))
    with pytest.raises(FloatingPointError, match="first batch is nan, before any step"):
        regressor(module).fit(numbers(), LABELS)


def test_a_validation_after_a_step_too_far_is_the_learning_rates() -> None:
    far = partial(torch.optim.SGD, lr=1e38)
    module = nn.Sequential(nn.BatchNorm1d(N_FEATURES), nn.Linear(N_FEATURES, N_CLASSES))
    with pytest.raises(FloatingPointError, match=r"validation loss is nan .* rate of 1e\+38"):
        recipe(module, optimizer=far, validation_fraction=0.2).fit(numbers(), LABELS)


def test_a_layer_that_fails_in_training_only_is_named_with_epoch_and_batch() -> None:
    module = nn.Sequential(nn.Linear(N_FEATURES, 4), Distracted(), nn.Linear(4, N_CLASSES))
    complaint = (
        r"epoch 1, batch 2 of 3 \(50 rows\), in its layer '1' \(Distracted\): KeyError\('noise'\)"
    )
    with pytest.raises(RuntimeError, match=complaint) as caught:
        recipe(module, batch_size=50).fit(numbers(), LABELS)
    assert isinstance(caught.value.__cause__, KeyError)
