"""Weights as files of safetensors, which are data and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from openml_client.errors import FlowError, IntegrityError

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS: Final = "weights"
"""Kind of the artefact."""

_TIED: Final = "tied"
"""Metadata: names of tensors that are another one, with that one's name, as JSON."""
_PAIRS: Final = "pairs"
"""Metadata: names of tensors that are complex numbers of 128 bits, as JSON; the format has none, so
they are written as pairs of real numbers."""


def write_weights(net: Any) -> bytes:
    """Weights and buffers of a trained net; tied ones are written once.

    Raises
    ------
    FlowError
        If its state holds something else than tensors.
    """
    import torch
    from safetensors.torch import save

    from openml_client_torch.determinism import state_hash

    state = net.module_.state_dict()
    tensors: dict[str, Tensor] = {}
    names: dict[tuple[object, ...], str] = {}
    tied = {}
    for name, tensor in state.items():
        place = _place(name, tensor)
        if place in names:
            tied[name] = names[place]
        else:
            names[place] = name
            tensors[name] = tensor.detach().cpu().contiguous().clone()
    pairs = sorted(name for name, tensor in tensors.items() if tensor.dtype == torch.complex128)
    tensors |= {name: torch.view_as_real(tensors[name]) for name in pairs}
    metadata = {"state": state_hash(state), _TIED: json.dumps(tied, sort_keys=True)}
    if pairs:
        metadata[_PAIRS] = json.dumps(pairs)
    return save(tensors, metadata)


def _place(name: str, tensor: object) -> tuple[object, ...]:
    """Where a tensor lies: those of the same place are one."""
    import torch

    if not isinstance(tensor, torch.Tensor):
        raise FlowError(
            f"the module's state has {name!r}, a {type(tensor).__name__}, which is no tensor",
            hint="Make it a buffer, or run the model without artefacts=['weights'].",
        )
    if not tensor.numel():
        return (name,)
    start = tensor.untyped_storage().data_ptr()
    return start, tensor.storage_offset(), tensor.dtype, tensor.shape, tensor.stride()


def read_weights(content: bytes) -> Mapping[str, Tensor]:
    """State dict out of a file that `write_weights` made.

    Raises
    ------
    IntegrityError
        If the file is damaged.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        state, metadata = load(content), _metadata(content)
        for name in json.loads(metadata.get(_PAIRS, "[]")):
            state[name] = torch.view_as_complex(state[name])
        tied = json.loads(metadata.get(_TIED, "{}"))
        return {**state, **{str(name): state[other] for name, other in tied.items()}}
    except (
        SafetensorError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RuntimeError,
    ) as error:
        raise IntegrityError(f"the weights are no file of safetensors: {error}") from error


def _metadata(content: bytes) -> dict[str, str]:
    # The format begins with the length of a header of JSON, in 8 bytes; it was checked by now.
    length = int.from_bytes(content[:8], "little")
    found: dict[str, str] = json.loads(content[8 : 8 + length]).get("__metadata__") or {}
    return found
