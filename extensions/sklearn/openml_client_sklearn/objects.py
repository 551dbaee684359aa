"""What stands in the parameters of estimators: splitters, kernels, scorers, selectors,
distributions.  Each is described by the call that makes it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, ClassVar

from openml_client.extension.callables import CallHandler, call
from openml_client.extension.codec import Decoder, Encoder, Handler
from openml_client.extension.references import reference_to
from openml_client_sklearn.estimators import signature
from openml_client_sklearn.requests import RequestsHandler, with_requests

if TYPE_CHECKING:
    from openml_client.extension.identity import Json


_ADDED: dict[tuple[str, str], Json] = {
    ("sklearn.model_selection:GroupKFold", "random_state"): None,
    ("sklearn.model_selection:GroupKFold", "shuffle"): False,
}
"""Arguments that splitters have since a later version than some that are supported, with the value
at which they split as before.  Source: scikit-learn's change log of 1.6."""

_BY_NAME = frozenset({"selector", "splitter"})
"""Kinds of calls whose harmful arguments are known by their names."""


def _is_instance(value: object, module: str, *names: str) -> bool:
    """Whether the value is of a class of a module; one that is not loaded has no instances."""
    loaded = sys.modules.get(module)
    return loaded is not None and any(isinstance(value, getattr(loaded, name)) for name in names)


class _Made(Handler):
    """Only encodes: as a ``$call``."""


class _Splitter(_Made):
    """Cross-validators, of scikit-learn or any class with the same methods."""

    def accepts(self, value: object) -> bool:
        methods, kind = ("split", "get_n_splits"), type(value)
        return all(hasattr(kind, method) for method in methods) and not (
            isinstance(value, type) or hasattr(kind, "fit")
        )

    def encode(self, value: Any, encoder: Encoder) -> Json:
        # Repeated splitters keep some arguments for the splitter that they repeat.
        cls: type = type(value)
        kept = {**vars(value), **getattr(value, "cvargs", {})}
        kwargs = {}
        for name in signature(cls).defaults:
            if name not in kept:
                raise encoder.refusal(
                    f"{cls.__qualname__} does not keep its argument {name!r}",
                    f"Set self.{name} = {name} in its constructor.",
                )
            kwargs[name] = kept[name]
        name = reference_to(cls, encoder.path)
        return with_requests(value, call("splitter", name, encoder, kwargs=kwargs), encoder)


class _CallOfOtherVersion(CallHandler):
    """Only decodes: splitters without what they don't have yet, where that changes nothing."""

    def decode(self, payload: Json, decoder: Decoder) -> object:
        """What the call gives with the arguments that are there."""
        if payload["kind"] in _BY_NAME and payload["args"]:
            raise ValueError(
                f"a {payload['kind']} takes arguments by name, so that they are judged"
            )
        if payload["kind"] == "splitter" and decoder.compat != "exact":
            payload = {**payload, "kwargs": _taken(payload, decoder)}
        return super().decode(payload, decoder)


def _taken(payload: Json, decoder: Decoder) -> dict[str, Json]:
    """The arguments that the installed splitter takes, and those that it must refuse."""
    kwargs: dict[str, Json] = payload["kwargs"]
    known = signature(decoder.load(payload["kind"], payload["name"])).defaults
    kept = {}
    for name, value in kwargs.items():
        place = (payload["name"], name)
        if name not in known and place in _ADDED and value is _ADDED[place]:
            decoder.note(f"{name} does not exist here yet; at {value!r} it changes nothing")
        else:
            kept[name] = value
    return kept


class _Kernel(_Made):
    def accepts(self, value: object) -> bool:
        return _is_instance(value, "sklearn.gaussian_process.kernels", "Kernel")

    def encode(self, value: Any, encoder: Encoder) -> Json:
        name = reference_to(type(value), encoder.path)
        return call("kernel", name, encoder, kwargs=value.get_params(deep=False))


class _ByAttributes(_Made):
    """What keeps the arguments of its constructor in attributes of their names."""

    kind: ClassVar[str]

    def encode(self, value: Any, encoder: Encoder) -> Json:
        cls: type = type(value)
        name = reference_to(cls, encoder.path)
        kwargs = {key: getattr(value, key) for key in signature(cls).defaults}
        return call(self.kind, name, encoder, kwargs=kwargs)


class _Selector(_ByAttributes):
    kind = "selector"

    def accepts(self, value: object) -> bool:
        return _is_instance(value, "sklearn.compose", "make_column_selector")


class _SearchedDistribution(_ByAttributes):
    """Distributions of Optuna, which its searches draw from."""

    kind = "distribution"

    def accepts(self, value: object) -> bool:
        return _is_instance(value, "optuna.distributions", "BaseDistribution")


class _Scorer(_Made):
    """What ``make_scorer`` and ``get_scorer`` give."""

    def accepts(self, value: object) -> bool:
        return _is_instance(value, "sklearn.metrics._scorer", "_Scorer")

    def encode(self, value: Any, encoder: Encoder) -> Json:
        # A scorer keeps its arguments in private attributes, and has no other way to tell.
        kwargs = {
            **value._kwargs,
            "greater_is_better": value._sign > 0,
            "response_method": value._response_method,
        }
        score = value._score_func
        tree = call("scorer", "sklearn.metrics:make_scorer", encoder, (score,), kwargs)
        return with_requests(value, tree, encoder)


class _Distribution(_Made):
    """Distributions of ``scipy.stats``, with their arguments or without."""

    def accepts(self, value: object) -> bool:
        return _is_instance(value, "scipy.stats._distn_infrastructure", "rv_frozen", "rv_generic")

    def encode(self, value: Any, encoder: Encoder) -> Json:
        import scipy.stats

        is_frozen = hasattr(value, "dist")
        family = value.dist if is_frozen else value
        short = family.name
        if getattr(scipy.stats, short, None).__class__ is not family.__class__:
            raise encoder.refusal(
                f"a {type(family).__qualname__} is not among the distributions of scipy.stats",
                "Use one that scipy.stats has by name.",
            )
        name = f"scipy.stats:{short}"
        if not is_frozen:
            return {"$function": name}
        return call("distribution", name, encoder, tuple(value.args), value.kwds)


OBJECT_HANDLERS: tuple[Handler, ...] = (
    RequestsHandler(),
    _CallOfOtherVersion(),
    _Kernel(),
    _Selector(),
    _Scorer(),
    _Distribution(),
    _SearchedDistribution(),
    _Splitter(),
)
