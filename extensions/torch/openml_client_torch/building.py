"""Parts to modules: all inside one outermost module are made in the order of their making."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from torch import nn
from torch.nn.parameter import is_lazy

from openml_client.errors import FlowError
from openml_client.extension.codec import Decoder
from openml_client.extension.seeds import seeded_generators
from openml_client.extension.tree import PART, node_classes, objects
from openml_client_torch.arguments import accepted, construct
from openml_client_torch.containers import gather, is_container
from openml_client_torch.patches import apply
from openml_client_torch.values import DEVICE, DRY, SIZES

if TYPE_CHECKING:
    from openml_client.extension.identity import Json

MAX_WEIGHTS: Final = 1_000_000_000
"""Of a model in the flow of others: 4 GB of memory, before anything is trained."""


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
        self._begun: set[int] = set()
        self._unfilled: list[tuple[nn.Module, Json]] = []

    def root(self, payload: Json, decoder: Decoder) -> nn.Module:
        """The outermost module, once all inside it are made."""
        for _, (place, part) in sorted(self._parts.items()):
            decoder.child(place or None, {PART: part})
        for container, part in self._unfilled:
            gather(container, {name: self._child(part, name) for name in _names(part)})
        return self.made[_order(payload)]

    def part(self, payload: Json, decoder: Decoder) -> nn.Module:
        """The module of a part: the one that is there, or a new one."""
        order = _order(payload)
        if order in self.made:
            return self.made[order]
        if order in self._begun:
            raise ValueError("a module that contains itself")
        self._begun.add(order)
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


@contextmanager
def unnoticed() -> Iterator[None]:
    """Make modules for a look at them: the generators stay, and nobody is warned once more."""
    with seeded_generators(0), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def require_moderate(payload: Json, decoder: Decoder) -> None:
    """Refuse a model of others that asks for too much memory; none is taken to find out.

    Raises
    ------
    FlowError
        If the model has more than `MAX_WEIGHTS` weights, or can't be made.
    """
    import torch

    dry = Decoder(decoder.codec, decoder.trust, decoder.compat, [], decoder.path)
    dry.memo.update({SIZES: decoder.memo.get(SIZES, {}), DRY: True})
    building = dry.memo[BUILDING] = Building({PART: payload})
    with unnoticed(), torch.device("meta"):
        try:
            building.root(payload, dry)
        except FlowError:
            if all(name.startswith("torch.") for name in node_classes({PART: payload})):
                raise
            return  # modules of packages that the caller trusts may need real memory
    tensors = {
        id(tensor): tensor
        for module in building.made.values()
        for tensor in (*module.parameters(), *module.buffers())
    }
    n_weights = sum(tensor.numel() for tensor in tensors.values() if not is_lazy(tensor))
    if n_weights > MAX_WEIGHTS:
        raise FlowError(
            f"{decoder.path}: the model has {n_weights:,} weights; the flows of others may ask "
            f"for {MAX_WEIGHTS:,}",
            hint="Make the model yourself if you want one of this size.",
        )
