"""Nets of skorch for the tests, in a module that other processes can import."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
from skorch import NeuralNetBinaryClassifier, NeuralNetClassifier, NeuralNetRegressor
from skorch.callbacks import (
    Callback,
    EarlyStopping,
    EpochScoring,
    GradientNormClipping,
    Initializer,
    LRScheduler,
)
from skorch.dataset import ValidSplit
from torch import Tensor, nn


class Small(nn.Module):
    """One hidden layer for any number of inputs."""

    def __init__(self, width: int = 4, n_classes: int = 3) -> None:
        super().__init__()
        self.inner = nn.LazyLinear(width)
        self.drop = nn.Dropout(0.2)
        self.head = nn.Linear(width, n_classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.drop(self.inner(x).relu()))


class OwnNet(NeuralNetClassifier):
    """Somebody's own kind of net, with a parameter of its own."""

    def __init__(self, *args: Any, penalty: float = 0.0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.penalty = penalty

    def get_loss(self, y_pred: Tensor, y_true: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        loss = super().get_loss(y_pred, y_true, *args, **kwargs)
        return loss + self.penalty * self.module_.head.weight.norm()


class Rounding(Callback):
    """Somebody's own callback."""

    def __init__(self, digits: int = 3) -> None:
        self.digits = digits

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        net.history.record("rounded", round(net.history[-1, "train_loss"], self.digits))


class Hiding(Callback):
    """One that does not keep its argument under its name."""

    def __init__(self, digits: int = 3) -> None:
        self._n = digits


def instance(n_outputs: int, n_inputs: int = 2) -> nn.Module:
    hidden = nn.Linear(n_inputs, 8)
    return nn.Sequential(hidden, nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, n_outputs))


def filled(net: Any) -> Pipeline:
    """A net whose rows are filled, and are float32."""
    return make_pipeline(SimpleImputer(), FunctionTransformer(np.float32), net)


def net(module: Any = Small, kind: Any = NeuralNetClassifier, **changes: Any) -> Any:
    options: dict[str, Any] = {
        "criterion": nn.CrossEntropyLoss,
        "optimizer": torch.optim.Adam,
        "lr": 0.02,
        "max_epochs": 5,
        "batch_size": 16,
        "iterator_train__shuffle": True,
        "train_split": ValidSplit(0.25, stratified=True),
        "verbose": 0,
    }
    return kind(module, **{**options, **changes})


def by_class(patience: int = 2) -> Pipeline:
    callbacks = [
        EarlyStopping(patience=patience, sink=silent),
        ("rate", LRScheduler("StepLR", gamma=0.5, step_size=2)),
        GradientNormClipping(1.0),
        Rounding(digits=4),
    ]
    made = net(callbacks=callbacks, module__width=8, optimizer__weight_decay=1e-4)
    return filled(made)


def by_instance() -> Pipeline:
    return filled(net(instance(3), callbacks=[Initializer("*.bias", fn=nn.init.zeros_)]))


def own() -> Pipeline:
    return filled(net(kind=OwnNet, penalty=0.01, module__width=8, criterion=nn.CrossEntropyLoss()))


def searched() -> GridSearchCV:
    grid = {"ownnet__module__width": [4, 8], "ownnet__penalty": [0.0, 0.1]}
    return GridSearchCV(filled(net(kind=OwnNet, lr=0.05)), grid, cv=2)


def binary() -> Pipeline:
    scoring = EpochScoring("f1", lower_is_better=False, name="f1")
    options = {"criterion": nn.BCEWithLogitsLoss, "callbacks": [scoring]}
    return filled(net(instance(1), kind=NeuralNetBinaryClassifier, **options))


def regression() -> Pipeline:
    stopping = EarlyStopping(patience=2, load_best=True, sink=silent)
    options = {"criterion": nn.MSELoss, "train_split": ValidSplit(3), "callbacks": [stopping]}
    return filled(net(instance(1), kind=NeuralNetRegressor, max_epochs=20, **options))


def silent(*args: object) -> None:
    """Print nothing."""


CLASSIFIERS: dict[str, Callable[[], Any]] = {
    "by class": by_class,
    "by instance": by_instance,
    "own": own,
    "searched": searched,
}
