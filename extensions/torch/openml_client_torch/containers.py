"""Containers of modules, which are what they hold now: ``append`` and the like change them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from openml_client_torch.recording import CONTAINERS


def is_container(cls: Any) -> bool:
    """Whether a class is one of torch's containers, or one with the constructor of one."""
    return cls.__init__ in CONTAINERS


def children_of(container: nn.Module) -> dict[str, nn.Module | None]:
    """What a container holds, by name and in its order; one module may stand there twice."""
    return dict(container._modules)  # named_children leaves out what stands there again


def gather(container: nn.Module, children: Mapping[str, nn.Module | None]) -> None:
    """Let a container hold these, and nothing else."""
    container._modules.clear()
    for name, child in children.items():
        nn.Module.add_module(container, name, child)
