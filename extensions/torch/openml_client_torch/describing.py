"""Modules to parts: what is known of the modules inside one module while it is described."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin

from openml_client.extension.codec import Encoder
from openml_client.extension.references import reference_to
from openml_client.extension.tree import PART
from openml_client_torch.arguments import by_name, encoded_defaults, signature
from openml_client_torch.containers import children_of, is_container
from openml_client_torch.ordering import Made, number
from openml_client_torch.recording import Call, call_of

if TYPE_CHECKING:
    from openml_client.extension.identity import Json


class Describing:
    """The modules inside one outermost module."""

    def __init__(self) -> None:
        self._met: dict[int, Made | None] = {}
        """By identity of the module; None while it is being described."""
        self._made: dict[int, Made] = {}
        self._shared: dict[int, Made] = {}
        self._kept: list[object] = []
        """What identities stand for must live as long as they do."""

    def root(self, module: nn.Module, encoder: Encoder) -> Json:
        """Part of the outermost module."""
        tree = self.part(module, encoder)
        number(tree, self._made, self._shared)
        return tree

    def part(self, module: nn.Module, encoder: Encoder) -> Json:
        """Part of a module, by its call; where it is met again, it is only referred to."""
        if id(module) in self._met:
            return self._again(module, encoder)
        self._met[id(module)] = None
        self._kept.append(module)
        call = recorded(module, encoder)
        gathers = is_container(call.cls)
        payload = _gathered(module, encoder) if gathers else _called(call, encoder)
        made = Made(payload, call.rank, gathers)
        self._made[id(payload)] = self._met[id(module)] = made
        return {PART: payload}

    def _again(self, module: nn.Module, encoder: Encoder) -> Json:
        made = self._met[id(module)]
        if made is None:
            raise encoder.refusal(
                f"this {type(module).__name__} contains itself", "Make a model without circles."
            )
        payload = _payload("shared", made.payload["class"], {}, {})
        self._shared[id(payload)] = made
        self._kept.append(payload)
        return {PART: payload}


def recorded(module: nn.Module, encoder: Encoder) -> Call:
    """The constructor call of a module.

    Raises
    ------
    NotSerializableError
        If there is none, or the module has changed its class.
    """
    call = call_of(module)
    kind: Any = type(module)
    if kind.__module__.startswith("torch.jit"):
        raise encoder.refusal(
            "a module of TorchScript is compiled code, which a flow can't hold",
            "Give the module that it was compiled from.",
        )
    if call is None:
        raise encoder.refusal(
            f"the constructor call of this {kind.__name__} is not known",
            "Make it by calling its class, after "
            "`from openml_client_torch import TorchClassifier`; not by loading it from a file.",
        )
    if call.cls is not kind and not is_materialized(module, call):
        raise encoder.refusal(
            f"this {kind.__name__} was made as a {call.cls.__name__}",
            "Change it inside the constructor of a module class of your own, as with "
            "torch.nn.utils.parametrize.",
        )
    if "__new__" in vars(kind) and not (call.args or call.kwargs) and signature(kind).defaults:
        raise encoder.refusal(
            f"{kind.__name__} has a __new__ of its own, which hides its arguments",
            "Do in __init__ what it does in __new__.",
        )
    return call


def is_materialized(module: nn.Module, call: Call) -> bool:
    """Whether a lazy module has seen data, and so has become one of another class."""
    becomes = getattr(call.cls, "cls_to_become", None)
    return issubclass(call.cls, LazyModuleMixin) and type(module) in (call.cls, becomes)


def _gathered(module: nn.Module, encoder: Encoder) -> dict[str, Any]:
    """Payload of a container, by what it holds now."""
    children = children_of(module)
    reference = reference_to(type(module), encoder.path)
    params = {name: encoder.child(name, child) for name, child in children.items()}
    payload = _payload("module", reference, params, {})
    if [*children] != [str(n) for n in range(len(children))]:
        payload["extra"]["names"] = [*children]
    return payload


def _called(call: Call, encoder: Encoder) -> dict[str, Any]:
    """Payload of a module that its arguments make."""
    reference = reference_to(call.cls, encoder.path)
    cls: Any = call.cls
    given = by_name(cls, call.args, call.kwargs)
    encoded = {name: encoder.child(name, given[name]) for name in sorted(given)}
    defaults = encoded_defaults(cls, encoder.codec)
    return _payload("module", reference, {**defaults, **encoded}, dict(defaults))


def _payload(kind: str, reference: str, params: Json, defaults: Json) -> dict[str, Any]:
    return {
        "kind": kind,
        "class": reference,
        "params": params,
        "defaults": defaults,
        "extra": {"order": 0},
    }
