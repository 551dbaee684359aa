"""Modules, losses and rows that the tests of recipes train with."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from openml_client_torch import N_CLASSES, N_FEATURES, TorchClassifier, TorchRegressor
from torch import Tensor, nn
from torch.nn.utils import prune


def table(n_rows: int = 120) -> pd.DataFrame:
    """Numbers, one missing; texts, some missing; categories."""
    draws = np.random.RandomState(0)
    frame = pd.DataFrame(draws.randn(n_rows, 3), columns=["a", "b", "c"])
    frame.loc[1, "a"] = np.nan
    frame["word"] = pd.Categorical.from_codes(draws.randint(0, 3, n_rows), ["x", "ü", "z"])
    frame["text"] = np.where(draws.rand(n_rows) > 0.5, "yes", None)
    return frame


def labels_of(frame: pd.DataFrame) -> Any:
    """Three classes that the columns b and c tell."""
    return np.array(["zebra", "ant", "mole"])[
        (frame["b"] > 0).astype(int) + (frame["c"] > 0.8).astype(int)
    ]


def mlp(width: int = 16, n_outputs: int = N_CLASSES) -> nn.Module:
    """A network with something random in it."""
    return nn.Sequential(
        nn.Linear(N_FEATURES, width), nn.ReLU(), nn.Dropout(0.2), nn.Linear(width, n_outputs)
    )


FAST = partial(torch.optim.AdamW, lr=0.03)


def recipe(module: nn.Module | None = None, **changes: Any) -> TorchClassifier:
    """A classifier that learns the table in a few epochs."""
    settings = {"optimizer": FAST, "max_epochs": 15, "random_state": 0, "device": "cpu"}
    return TorchClassifier(module or mlp(), **{**settings, **changes})


def regressor(module: nn.Module | None = None, **changes: Any) -> TorchRegressor:
    """The same for a number."""
    settings = {"optimizer": FAST, "max_epochs": 15, "random_state": 0, "device": "cpu"}
    return TorchRegressor(module or mlp(n_outputs=1), **{**settings, **changes})


def numbers(n_rows: int = 120) -> Any:
    """Three columns of numbers."""
    return np.random.RandomState(0).randn(n_rows, 3)


class Flat(nn.Module):
    """Gives one number per row, in one dimension."""

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.linear = nn.Linear(n_features, 1)

    def forward(self, rows: Tensor) -> Tensor:
        return self.linear(rows)[:, 0]


class Pair(nn.Module):
    """Gives two tensors, as recurrent networks do."""

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.linear = nn.Linear(n_features, 2)

    def forward(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        return self.linear(rows), rows


class Refusing(nn.Module):
    """Fails in its own way when it is called."""

    def forward(self, rows: Tensor) -> Tensor:
        raise KeyError("no forward today")


class Narrow(nn.Module):
    """Can be made for two columns only."""

    def __init__(self, n_features: int) -> None:
        super().__init__()
        if n_features > 2:
            raise ValueError("takes 2 columns")
        self.linear = nn.Linear(n_features, 3)

    def forward(self, rows: Tensor) -> Tensor:
        return self.linear(rows)


class Counting(nn.Module):
    """Counts the batches that it trained on in a buffer."""

    def __init__(self, n_features: int, n_outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(n_features, n_outputs)
        self.register_buffer("sizes", torch.zeros(0))

    def forward(self, rows: Tensor) -> Tensor:
        if self.training:
            self.sizes = torch.cat([self.sizes, torch.tensor([float(len(rows))])])
        return self.linear(rows)


class FocalLoss(nn.Module):
    """A loss that this extension does not know."""

    def __init__(self, gamma: float = 2.0) -> None:
        super().__init__()
        self.gamma = gamma

    def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
        loss = nn.functional.cross_entropy(outputs, targets, reduction="none")
        return ((1 - torch.exp(-loss)) ** self.gamma * loss).mean()


class LearnedLoss(nn.Module):
    """A loss with a weight of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return nn.functional.mse_loss(outputs * self.scale, targets)


class Logarithm(nn.Module):
    """Gives numbers for positive rows only; in training alone if it is told to."""

    def __init__(self, *, is_always: bool = True) -> None:
        super().__init__()
        self.is_always = is_always

    def forward(self, rows: Tensor) -> Tensor:
        return rows.log() if self.training or self.is_always else rows


class Distracted(nn.Module):
    """Fails in training only, and then in the second batch."""

    def __init__(self) -> None:
        super().__init__()
        self.batches = 0

    def forward(self, rows: Tensor) -> Tensor:
        self.batches += self.training
        if self.batches > 1:
            raise KeyError("noise")
        return rows


class CalculatedWeights(nn.Module):
    """Has a weight that is calculated, which torch refuses to copy."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = prune.identity(nn.Linear(3, 3), "weight")

    def forward(self, rows: Tensor) -> Tensor:
        return self.linear(rows)


class Spectrum(nn.Module):
    """Weighs frequencies, by complex weights."""

    def __init__(self, n_features: int, n_outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_features // 2 + 1, dtype=torch.complex64))
        self.drop = nn.Dropout(0.2)
        self.out = nn.Linear(n_features, n_outputs)

    def forward(self, rows: Tensor) -> Tensor:
        filtered = torch.fft.irfft(torch.fft.rfft(rows) * self.weight, n=rows.shape[1])
        return self.out(self.drop(filtered))
