"""The nets in a model: recipes, and skorch's, alone or inside pipelines, searches and ensembles."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any


def is_module(value: object) -> bool:
    """Whether the value is a module of torch; nothing is if torch is not loaded."""
    return _is_instance(value, "torch.nn", "Module")


def is_recipe(value: object) -> bool:
    """Whether the value is a recipe of this extension."""
    names = ("TorchClassifier", "TorchRegressor")
    return any(_is_instance(value, "openml_client_torch.recipe", name) for name in names)


def is_skorch(value: object) -> bool:
    """Whether the value is a net of skorch."""
    return _is_instance(value, "skorch", "NeuralNet")


def is_callback(value: object) -> bool:
    """Whether the value is a callback of skorch, not a class of callbacks."""
    return _is_instance(value, "skorch.callbacks", "Callback")


def _is_instance(value: object, module: str, name: str) -> bool:
    """Whether the value is of a class; a module that is not loaded has no instances."""
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(value, getattr(loaded, name, ()))


def holds_net(model: object) -> bool:
    """Whether a model is a net, or an estimator that has one among its parameters."""
    if "torch" not in sys.modules:
        return False
    return next(_nets(model, set(), parameters=True), None) is not None


def fitted_nets(model: object) -> list[Any]:
    """The nets in a fitted model that were trained, in the order in which it holds them."""
    nets = _nets(model, set(), parameters=False)
    return [net for net in nets if hasattr(net, "module_")]


def last_net(model: object) -> Any:
    """The net that a model is, or that its pipeline ends in; None if it is anything else."""
    while _is_instance(model, "sklearn.pipeline", "Pipeline"):
        steps: Any = getattr(model, "steps", ())
        model = steps[-1][1] if steps else None
    return model if is_recipe(model) or is_skorch(model) else None


def only_net(model: object) -> Any:
    """The net that is fitted to the target as it is given: alone, in a pipeline, in a search."""
    inner = getattr(model, "estimator", None)
    while inner is not None and last_net(model) is None:
        model, inner = inner, getattr(inner, "estimator", None)
    return last_net(model)


def _nets(value: Any, seen: set[int], *, parameters: bool) -> Iterator[Any]:
    """Nets in parameters as they were given, or in all attributes of what was fitted."""
    if id(value) in seen or isinstance(value, (str, bytes, type)):
        return
    seen.add(id(value))
    if is_recipe(value) or is_skorch(value):
        yield value
        return
    inner: Any = ()
    if isinstance(value, (list, tuple)):
        inner = value
    elif isinstance(value, dict):
        inner = value.values()
    elif hasattr(value, "get_params") and hasattr(value, "fit"):
        inner = (value.get_params(deep=False) if parameters else vars(value)).values()
    for item in inner:
        yield from _nets(item, seen, parameters=parameters)
