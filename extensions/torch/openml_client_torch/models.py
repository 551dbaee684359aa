"""Recipes to descriptions and back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from openml_client_sklearn.models import refuse_others

from openml_client.errors import FlowError, NotSerializableError
from openml_client.extension.description import Description
from openml_client.extension.protocol import API
from openml_client.extension.rebuilding import Rebuilder
from openml_client_torch.codec import CODEC
from openml_client_torch.nets import is_module, is_recipe, last_net
from openml_client_torch.policy import POLICY

NAME = "torch"
ONE_AT_A_TIME = threading.RLock()
"""Generator, threads and settings of torch belong to the process: folds that run in threads would
change each other's.  Recipes have a lock of their own, since a search inside a fold may train them
in threads of its own."""


@contextmanager
def _kept_generator() -> Iterator[None]:
    """Leave the generator as it is: modules draw their first weights from it."""
    import torch

    with ONE_AT_A_TIME, torch.random.fork_rng(devices=[]):
        yield


REBUILDER = Rebuilder(extension=NAME, api=API, codec=CODEC, policy=POLICY, around=_kept_generator)


def describe(model: object) -> Description:
    """Describe an unfitted recipe, and make sure that it can be rebuilt and trained.

    Raises
    ------
    FlowError
        If it can't be described, or its settings are none that any rows could be learned with.
    """
    if is_module(model):
        kind = type(model).__name__
        raise NotSerializableError(
            kind,
            "a module does not say how it is trained",
            f"Give a recipe: openml_client_torch.TorchClassifier({kind}(...)), or TorchRegressor.",
        )
    refuse_others(model)
    description = REBUILDER.describe(model)
    net = last_net(model)
    if is_recipe(net):
        _require_usable(net)
    return description


def _require_usable(recipe: Any) -> None:
    """Refuse a recipe that would fail in each fold; a search may still change those inside it."""
    from openml_client_torch.fitting import check_recipe

    try:
        check_recipe(recipe)
    except (TypeError, ValueError) as error:
        raise FlowError(f"{type(recipe).__name__}: {error}") from error
