"""Recipes for the tests of folds, in a module that other processes can import."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch
from openml_client_torch import N_CLASSES, N_FEATURES, TorchClassifier, TorchRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from torch import Tensor, nn

FAST = partial(torch.optim.AdamW, lr=0.02)


class Tied(nn.Module):
    """Two layers that have their weights in common, and a buffer that training changes."""

    def __init__(self, n_features: int, n_classes: int, width: int = 8) -> None:
        super().__init__()
        self.first = nn.Linear(n_features, width)
        self.norm = nn.BatchNorm1d(width)
        self.second = nn.Linear(width, width)
        self.third = nn.Linear(width, width)
        self.third.weight = self.second.weight
        self.head = nn.Linear(width, n_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.first(x).relu())
        return self.head(self.third(self.second(x).relu()).relu())


class Broken(nn.Module):
    """Fails when it is called."""

    def forward(self, x: Tensor) -> Tensor:
        raise RuntimeError("no forward today")


def net(n_outputs: int, width: int = 16) -> nn.Sequential:
    """A small network with dropout."""
    return nn.Sequential(
        nn.Linear(N_FEATURES, width), nn.ReLU(), nn.Dropout(0.1), nn.Linear(width, n_outputs)
    )


def classifier(module: Any = None, **changes: Any) -> TorchClassifier:
    options = {"optimizer": FAST, "max_epochs": 12, "batch_size": 16, **changes}
    return TorchClassifier(net(N_CLASSES) if module is None else module, **options)


def regressor(**changes: Any) -> TorchRegressor:
    options = {"optimizer": FAST, "max_epochs": 12, "batch_size": 16, **changes}
    return TorchRegressor(net(1), **options)


def pipeline(**changes: Any) -> Pipeline:
    return make_pipeline(SimpleImputer(), classifier(preprocessing=None, **changes))


def skorch_net(**changes: Any) -> Pipeline:
    """A net of skorch with callbacks, which takes single precision only."""
    from skorch import NeuralNetClassifier
    from skorch.callbacks import EarlyStopping, EpochScoring, Freezer, LRScheduler

    callbacks = [
        ("stopping", EarlyStopping(patience=4)),
        ("lr", LRScheduler(policy=torch.optim.lr_scheduler.StepLR, step_size=5)),
        ("frozen", Freezer("0.bias")),
        EpochScoring("f1_macro", name="f1", lower_is_better=False),
    ]
    options = {"max_epochs": 20, "lr": 0.2, "batch_size": 16, "callbacks": callbacks, **changes}
    net = NeuralNetClassifier(
        nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 3)),
        criterion=nn.CrossEntropyLoss,
        verbose=0,
        **options,
    )
    return make_pipeline(StandardScaler(), FunctionTransformer(np.float32), net)
