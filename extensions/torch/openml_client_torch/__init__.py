"""The torch extension of openml_client, found by entry point.

Importing it does not import torch; the first use of a recipe or of a symbol's module does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openml_client_torch._version import __version__
from openml_client_torch.dimensions import (
    CARDINALITIES,
    N_CLASSES,
    N_FEATURES,
    N_NUMERIC,
    N_STEPS,
    STEPS_PER_EPOCH,
)
from openml_client_torch.extension import TorchExtension
from openml_client_torch.starting import record_from_now_on

if TYPE_CHECKING:
    from openml_client_torch.categories import EmbedCategories
    from openml_client_torch.recipe import TorchClassifier, TorchRegressor

EXTENSION = TorchExtension()

__all__ = [
    "CARDINALITIES",
    "EXTENSION",
    "N_CLASSES",
    "N_FEATURES",
    "N_NUMERIC",
    "N_STEPS",
    "STEPS_PER_EPOCH",
    "EmbedCategories",
    "TorchClassifier",
    "TorchExtension",
    "TorchRegressor",
    "__version__",
]

record_from_now_on()  # not only from the first recipe on


def __getattr__(name: str) -> Any:
    if name in ("TorchClassifier", "TorchRegressor"):
        from openml_client_torch import recipe

        return getattr(recipe, name)
    if name == "EmbedCategories":
        from openml_client_torch.categories import EmbedCategories

        return EmbedCategories
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
