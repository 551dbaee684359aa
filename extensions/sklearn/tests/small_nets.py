"""A network that skorch trains, in a module that can be imported."""

from __future__ import annotations

from typing import Any

import torch


class Small(torch.nn.Module):
    """One hidden layer for any number of inputs."""

    def __init__(self, width: int = 4, n_classes: int = 3) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.LazyLinear(width),
            torch.nn.ReLU(),
            torch.nn.Linear(width, n_classes),
            torch.nn.Softmax(dim=-1),
        )

    def forward(self, x: Any) -> Any:
        return self.layers(x.float())
