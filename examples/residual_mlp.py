"""A residual network for tables, in a module that can be imported.

A flow names classes, and whoever runs it imports them: a class of a script (``__main__``) or of a
notebook has no name that another process could import.
"""

from __future__ import annotations

from torch import Tensor, nn


class Residual(nn.Module):
    """Rows of a width, and what two layers add to them."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.change = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(width, width),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.change(x)


class ResidualMLP(nn.Module):
    """Some residual blocks between two linear layers.

    Parameters
    ----------
    n_features
        Columns of the prepared data.
    n_outputs
        As many as there are classes, or one for a number.
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        *,
        width: int = 64,
        n_blocks: int = 2,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.inputs = nn.Linear(n_features, width)
        self.blocks = nn.Sequential(*(Residual(width, dropout) for _ in range(n_blocks)))
        self.outputs = nn.Sequential(nn.LayerNorm(width), nn.ReLU(), nn.Linear(width, n_outputs))

    def forward(self, x: Tensor) -> Tensor:
        outputs: Tensor = self.outputs(self.blocks(self.inputs(x)))
        return outputs
