"""Categories as vectors that are learned: the first layer of a network on mixed columns."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

_WIDEST = 50
"""Width of the vectors of a column with many categories.  Source: Guo and Berkhahn, "Entity
embeddings of categorical variables", and fastai's rule after it."""


class EmbedCategories(nn.Module):
    """Numbers as they are, then one vector for the category of each other column.

    It takes what ``preprocessing="ordinal"`` gives, and what follows has as many inputs as
    `n_outputs` says; ``nn.LazyLinear`` finds out by itself.

    Parameters
    ----------
    n_numeric
        Columns of numbers, which come first: `N_NUMERIC`.
    cardinalities
        How many codes each other column has: `CARDINALITIES`.
    width
        Length of the vectors; None takes half the number of codes, at most 50.
    """

    def __init__(
        self, n_numeric: int, cardinalities: Sequence[int], *, width: int | None = None
    ) -> None:
        super().__init__()
        self.n_numeric = int(n_numeric)
        widths = [width or min(_WIDEST, (codes + 1) // 2) for codes in cardinalities]
        self.embeddings = nn.ModuleList(
            nn.Embedding(codes, size) for codes, size in zip(cardinalities, widths, strict=True)
        )
        self.n_outputs = self.n_numeric + sum(widths)

    def forward(self, rows: Tensor) -> Tensor:
        """Columns of numbers and vectors, shape ``(n_rows, n_outputs)``."""
        numbers, codes = rows[:, : self.n_numeric], rows[:, self.n_numeric :].long()
        vectors = [embed(codes[:, n]) for n, embed in enumerate(self.embeddings)]
        return torch.cat([numbers, *vectors], dim=1)
