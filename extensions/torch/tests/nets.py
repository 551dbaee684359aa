"""Modules and functions of a user, as they would stand in a package of theirs."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import openml_client_torch  # noqa: F401  # records the calls of modules that are defaults
import torch
from torch import Tensor, nn
from torch.nn import functional

T = TypeVar("T")


def leaky(slope: float, shift: float = 0.0) -> Callable[[Tensor], Tensor]:
    """Factory of an activation."""

    def act(x: Tensor) -> Tensor:
        return functional.leaky_relu(x, slope) + shift

    return act


class Act(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


class Block(nn.Module):
    """Keeps none of its arguments; takes a class."""

    def __init__(
        self, d_in: int, d_out: int, act: Callable[[], nn.Module] = nn.ReLU, p: float = 0.1
    ) -> None:
        super().__init__()
        self.linear = nn.Linear(d_in, d_out)
        self.act = act()
        self.drop = nn.Dropout(p)

    def forward(self, x: Tensor) -> Tensor:
        return self.drop(self.act(self.linear(x)))


class Residual(nn.Module):
    """Changes the list that it is given, and hands arguments on."""

    def __init__(
        self,
        sizes: list[int],
        n_out: int,
        *,
        block: type[nn.Module] = Block,
        head: nn.Module | None = None,
        **more: Any,
    ) -> None:
        super().__init__()
        width = sizes.pop(0)
        self.blocks = nn.ModuleList()
        for size in sizes:
            self.blocks.append(block(width, size, **more))
            width = size
        self.head = head if head is not None else nn.Linear(width, n_out)

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x)
        return self.head(x)


class Wide(nn.Linear):
    """Hides its arguments behind ``*args``."""

    def __init__(self, *args: Any, scale: float = 2.0, **more: Any) -> None:
        super().__init__(*args, **more)
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * self.scale


class Backbone(nn.Module):
    """With a head that others take off."""

    def __init__(self, d_in: int = 4, width: int = 8, n_out: int = 5) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(d_in, width), nn.BatchNorm1d(width), nn.ReLU())
        self.fc = nn.Linear(width, n_out)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.body(x))


class OnTop(nn.Module):
    """Takes the head off a backbone that it is given."""

    def __init__(self, backbone: nn.Module, n_out: int = 2) -> None:
        super().__init__()
        width = backbone.fc.in_features
        backbone.fc = nn.Identity()
        self.backbone = backbone
        self.head = nn.Linear(width, n_out)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.backbone(x))


class Tied(nn.Module):
    """Two layers whose weights may be tied afterwards."""

    def __init__(self, n: int = 6, width: int = 6) -> None:
        super().__init__()
        self.encoder = nn.Linear(n, width, bias=False)
        self.decoder = nn.Linear(width, n, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(torch.relu(self.encoder(x)))


class Branches(nn.Module):
    """Holds modules in a plain list as well."""

    def __init__(self, parts: list[nn.Module]) -> None:
        super().__init__()
        self.parts = parts
        self.registered = nn.ModuleList(parts)

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([part(x) for part in self.parts]).sum(0)


class Nameless(nn.Sequential):
    """A container of another name."""


class ByPosition(nn.Module):
    """Takes one argument by position only."""

    def __init__(self, width: int, /, n_out: int = 2) -> None:
        super().__init__()
        self.fc = nn.Linear(width, n_out)


class WithDefault(nn.Module):
    """All instances share the modules that are defaults; one of them has a weight."""

    def __init__(
        self,
        width: int,
        act: nn.Module = nn.PReLU(),  # noqa: B008
        drop: nn.Module = nn.Dropout(0.3),  # noqa: B008
    ) -> None:
        super().__init__()
        self.fc = nn.Linear(width, width)
        self.act = act
        self.drop = drop

    def forward(self, x: Tensor) -> Tensor:
        return self.drop(self.act(self.fc(x)))


class Inheriting(WithDefault):
    """Leaves the default to another constructor."""

    def __init__(self) -> None:
        super().__init__(3)


VECTORS = torch.linspace(-1.0, 1.0, 9).reshape(3, 3)


class Pretrained(nn.Module):
    """Begins with numbers that stand elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Parameter(VECTORS)
        self.fc = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x @ self.mix)


class Buffers(nn.Module):
    """One that is calculated, and one that is drawn."""

    def __init__(self, width: int = 2) -> None:
        super().__init__()
        self.register_buffer("table", torch.arange(width, dtype=torch.float32), persistent=False)
        self.register_buffer("drawn", torch.randn(width))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.table + self.drawn


class Holder:
    """Keeps its argument, and nothing else."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module


class Hiding(nn.Module):
    """Hides modules where torch does not look."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc = nn.Linear(width, width)
        self.by_number = {1: self.fc, 2: nn.Linear(width, width)}
        self.held = Holder(nn.Linear(width, 2))
        self.partial = functools.partial(self.fc)
        self.backwards = [self, lambda x: x]

    def forward(self, x: Tensor) -> Tensor:
        return self.held.module(self.partial(self.by_number[2](x)))


class NeedsMemory(nn.Module):
    """Can't be made on the meta device."""

    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.fc = nn.Linear(width, 2)
        nn.init.constant_(self.fc.weight, float(self.fc.weight.std().item()))
        self.fc.bias.data.normal_()


@dataclass(eq=False)
class AsData(nn.Module):
    """A dataclass, with a list that each object has its own of."""

    d_in: int
    widths: list[int] = field(default_factory=lambda: [4, 2])

    def __post_init__(self) -> None:
        super().__init__()
        sizes = [self.d_in, *self.widths]
        self.layers = nn.Sequential(*[nn.Linear(a, b) for a, b in itertools.pairwise(sizes)])


class _Unset:
    """Class of a mark that is told by its identity."""


UNSET = _Unset()


class Marked(nn.Module):
    """Tells by a mark whether it was given an argument."""

    def __init__(self, bias: Any = UNSET) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 2 if bias is UNSET else 3)


class Masked(nn.Module):
    """Has tensors that are plain attributes: one that is calculated, one that is drawn."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layer = nn.Linear(width, width)
        self.masks = [torch.ones(width)]
        self.drawn = torch.randn(width)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x * self.masks[0]) + self.drawn


@dataclass
class Sizes:
    """A configuration."""

    width: int = 4
    more: list[int] = field(default_factory=list)


class Growing(nn.Module):
    """Changes the configuration that it is given."""

    def __init__(self, sizes: Any) -> None:
        super().__init__()
        self.first = nn.Linear(sizes.width, sizes.width * 2)
        sizes.width *= 2
        sizes.more.append(sizes.width)
        self.second = nn.Linear(sizes.width, 2)


class Typed(nn.Linear, Generic[T]):
    """Takes a type in square brackets, which sets an attribute after the constructor."""


class AttrDict(dict[str, Any]):
    """A dictionary that gives its items as attributes, as many people have one."""

    __getattr__ = dict.__getitem__


@dataclass
class Derived:
    """A configuration with something that follows from the rest."""

    width: int = 4
    double: int = field(init=False)

    def __post_init__(self) -> None:
        self.double = self.width * 2


class Optional(nn.Module):
    """Has places for parts that may be there."""

    def __init__(self) -> None:
        super().__init__()
        self.before = None
        self.shift = None
        self.act = functional.relu
        self.layer = nn.Linear(3, 3)
