"""The same numbers each time: seeds, settings of torch, and a hash of what was trained."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from threading import RLock
from typing import Any, TypeVar

import torch

from openml_client.extension.seeds import seeded_generators

_T = TypeVar("_T")

_CUBLAS = "CUBLAS_WORKSPACE_CONFIG"
_ALONE = RLock()
"""Generators and settings are those of the process: of several threads, one trains at a time."""


def device_of(name: str) -> torch.device:
    """Device that a recipe asks for; ``auto`` is CUDA where there is some.

    Raises
    ------
    ValueError
        If this machine has no such device.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(name)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ValueError(
            f"device={name!r}, but torch sees {torch.cuda.device_count()} CUDA devices here; "
            "device='auto' takes the CPU where there is none"
        )
    return device


@contextmanager
def reproducible(seed: int, *, threads: int, device: torch.device) -> Iterator[None]:
    """Seed all generators and let torch calculate the same each time; afterwards all is as before.

    More threads add the same numbers in another order, and so do CUDA's faster algorithms.
    """
    with ExitStack() as stack:
        stack.enter_context(_ALONE)
        stack.enter_context(seeded_generators(seed))
        stack.enter_context(torch.enable_grad())
        for read, write, value in _settings(threads):
            stack.enter_context(_set(read, write, value))
        if device.type == "cuda":
            stack.enter_context(_fixed_workspace())
        yield


def _settings(threads: int) -> Iterator[tuple[Callable[[], Any], Callable[[Any], Any], Any]]:
    """How to read and write each setting, and what it is to be."""
    yield torch.get_num_threads, torch.set_num_threads, threads
    yield torch.get_default_dtype, torch.set_default_dtype, torch.float32
    yield torch.get_deterministic_debug_mode, torch.set_deterministic_debug_mode, "error"
    backends: Any = torch.backends
    yield _attribute(backends.cudnn, "benchmark", False)  # it takes what is fastest at the moment
    yield _attribute(backends.cudnn, "deterministic", True)
    # TF32 and bfloat16 round the factors of float32 products where the machine can.
    yield _attribute(backends.mkldnn.matmul, "fp32_precision", "ieee")
    yield _attribute(backends.cuda.matmul, "fp32_precision", "ieee")
    yield _attribute(backends.cudnn.conv, "fp32_precision", "ieee")
    yield _attribute(backends.cudnn.rnn, "fp32_precision", "ieee")


def _attribute(
    owner: Any, name: str, value: object
) -> tuple[Callable[[], Any], Callable[[Any], Any], Any]:
    return lambda: getattr(owner, name), lambda new: setattr(owner, name, new), value


@contextmanager
def _set(read: Callable[[], _T], write: Callable[[_T], Any], value: _T) -> Iterator[None]:
    before = read()
    write(value)
    try:
        yield
    finally:
        write(before)


@contextmanager
def _fixed_workspace() -> Iterator[None]:
    """Give cuBLAS workspaces of a fixed size: torch refuses deterministic products without.

    Source: cuBLAS, "Results reproducibility".  A size that the user has set stays.
    """
    if _CUBLAS in os.environ:
        yield
        return
    os.environ[_CUBLAS] = ":4096:8"
    try:
        yield
    finally:
        del os.environ[_CUBLAS]


def state_hash(state: Mapping[str, Any]) -> str:
    """SHA-256 of the tensors of a state dict: names, dtypes, shapes and bytes, sorted by name."""
    digest = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name]
        if isinstance(tensor, torch.Tensor):
            values = tensor.detach().cpu().contiguous().reshape(-1)
            digest.update(f"{name}:{values.dtype}:{list(tensor.shape)}\n".encode())
            digest.update(values.view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
