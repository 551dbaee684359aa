"""Parts to modules: all inside one outermost module are made in the order of their making."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import nn

from openml_client.errors import FlowError
from openml_client.extension.codec import Decoder
from openml_client.extension.tree import PART, objects
from openml_client_torch.arguments import accepted, construct
from openml_client_torch.containers import gather, is_container
from openml_client_torch.patches import apply
from openml_client_torch.values import DEVICE, DRY

if TYPE_CHECKING:
    from openml_client.extension.identity import Json


BUILDING: Final = "building"
"""Where a decoder's memo holds the modules that are being made."""


class Building:
    """The modules inside one outermost module."""

    def __init__(self, tree: Json) -> None:
        self.made: dict[int, nn.Module] = {}
        """By their order."""
        self._parts: dict[int, tuple[str, Json]] = {}
        for path, tag, payload in objects(tree):
            if tag == PART and payload["kind"] != "shared":
                order = _order(payload)
                if order in self._parts:
                    raise ValueError(f"two modules are number {order}")
                place = ".".join(step for step in path if step not in _SILENT)
                self._parts[order] = (place, payload)
        self._turn: int | None = None
        """Order of the part that is being made."""
        self._unfilled: list[tuple[nn.Module, Json]] = []

    def root(self, payload: Json, decoder: Decoder) -> nn.Module:
        """The outermost module, once all inside it are made."""
        self.make(decoder)
        for container, part in self._unfilled:
            gather(container, {name: self._child(part, name) for name in _names(part)})
        return self.made[_order(payload)]

    def make(self, decoder: Decoder, failures: list[FlowError] | None = None) -> None:
        """Make all parts in their order; where failures are gathered, all that can be made."""
        default = torch.get_default_dtype()
        torch.set_default_dtype(torch.float32)  # a flow depends on nothing that a process has set
        try:
            for order, (place, part) in sorted(self._parts.items()):
                self._turn = order
                try:
                    decoder.child(place or None, {PART: part})
                except FlowError as error:
                    if failures is None:
                        raise
                    failures.append(error)
        finally:
            torch.set_default_dtype(default)

    def part(self, payload: Json, decoder: Decoder) -> nn.Module:
        """The module of a part: the one that is there, or a new one if it is its turn."""
        order = _order(payload)
        if order in self.made:
            return self.made[order]
        if order != self._turn:
            raise ValueError(f"it needs module {order}, which contains it or is made later")
        self._turn = None
        _, part = self._parts[order]
        self.made[order] = self._make(part, decoder)
        return self.made[order]

    def _make(self, payload: Json, decoder: Decoder) -> nn.Module:
        params = payload["params"]
        if payload["kind"] == "module":
            cls: type[nn.Module] = decoder.load("module", payload["class"])
            make = self._gathered if is_container(cls) else self._called
            return make(cls, payload, decoder)
        module: nn.Module = decoder.child(None, params["of"])
        match payload["kind"]:
            case "copied":
                return copy.deepcopy(module)
            case "inner":
                return self._inner(module, payload)
        replaced = params.get("replaced", {}).items()
        apply(module, {k: decoder.child(k, v) for k, v in replaced}, payload["extra"], decoder)
        return module

    def _inner(self, maker: nn.Module, payload: Json) -> nn.Module:
        return maker.get_submodule(payload["extra"]["path"])

    def _called(self, cls: type[nn.Module], payload: Json, decoder: Decoder) -> nn.Module:
        params = accepted(cls, payload, decoder)
        given = {name: decoder.child(name, value) for name, value in params.items()}
        if DRY in decoder.memo:
            given = {name: _without_device(value) for name, value in given.items()}
        try:
            made: nn.Module = construct(cls, given)
        except (RuntimeError, AssertionError) as error:  # as torch refuses arguments
            raise FlowError(
                f"{decoder.path}: {payload['class']} refuses these arguments: {error}"
            ) from error
        return made

    def _gathered(self, cls: type[nn.Module], payload: Json, decoder: Decoder) -> nn.Module:
        """A container with what is there; it gets its other modules when they are."""
        container = cls()
        order, children, is_complete = _order(payload), {}, True
        for name in _names(payload):
            child = payload["params"][name]
            if child is not None and _order(child[PART]) > order:
                is_complete = False
            else:
                children[name] = decoder.child(name, child)
        gather(container, children)
        if not is_complete:
            self._unfilled.append((container, payload))
        return container

    def _child(self, payload: Json, name: str) -> nn.Module | None:
        child = payload["params"][name]
        return None if child is None else self.made[_order(child[PART])]


_SILENT: Final = frozenset({PART, "params"})


def _order(payload: Json) -> int:
    order = payload["extra"]["order"]
    if type(order) is not int:
        raise ValueError(f"no place in an order: {order!r}")
    return order


def _names(payload: Json) -> list[str]:
    """Names of what a container holds, in its order."""
    names = payload["extra"].get("names")
    if names is None:
        return [str(n) for n in range(len(payload["params"]))]
    if sorted(names) != sorted(payload["params"]):
        raise ValueError(f"the names {names!r} are not those of the modules")
    return [*names]


def _without_device(value: Any) -> Any:
    """An argument that asks for no memory on a device."""
    if isinstance(value, str) and DEVICE.fullmatch(value):
        return "meta"
    return [_without_device(item) for item in value] if type(value) is list else value
