"""How large the modules of others may be; nothing is made in memory to find out."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import torch
from torch.nn.parameter import is_lazy

from openml_client.errors import FlowError
from openml_client.extension.codec import Decoder
from openml_client.extension.seeds import seeded_generators
from openml_client.extension.tree import PART, node_classes, objects, tagged
from openml_client_torch.arguments import VARIABLE
from openml_client_torch.building import BUILDING, Building
from openml_client_torch.policy import is_number_of_layers
from openml_client_torch.values import DRY, SIZES

if TYPE_CHECKING:
    from openml_client.extension.identity import Json

MAX_WEIGHTS: Final = 1_000_000_000
"""Of a model in the flow of others: 4 GB of memory, before anything is trained."""
MAX_MODULES: Final = 20_000
"""Of the same; each takes a tenth of a millisecond to make, and copies of copies grow fast."""


def require_moderate(payload: Json, decoder: Decoder) -> None:
    """Refuse a model of others that asks for too much memory or time.

    Raises
    ------
    FlowError
        If the model has more than `MAX_WEIGHTS` weights or `MAX_MODULES` modules, or can't be made.
    """
    n_modules = _count_modules(payload)
    if n_modules > MAX_MODULES:
        raise _too_large(decoder, f"{n_modules:,} modules", MAX_MODULES)
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
        raise _too_large(decoder, f"{n_weights:,} weights", MAX_WEIGHTS)


@contextmanager
def unnoticed(seed: int = 0) -> Iterator[None]:
    """Make modules for a look at them: the generators stay, and nobody is warned once more."""
    with seeded_generators(seed), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _too_large(decoder: Decoder, has: str, limit: int) -> FlowError:
    return FlowError(
        f"{decoder.path}: the model has {has}; the flows of others may ask for {limit:,}",
        hint="Make the model yourself if you want one of this size.",
    )


def _count_modules(root: Json) -> int:
    """How many modules would be made at most, with all that copies and stacked layers make."""
    parts = [payload for _, tag, payload in objects({PART: root}) if tag == PART]
    by_order = {part["extra"]["order"]: part for part in parts if part["kind"] != "shared"}
    counts: dict[int, int] = {}
    for order in sorted(by_order):  # what a part needs was made before it
        params = by_order[order]["params"]
        held = sum(counts.get(part["extra"]["order"], 0) for part in _direct(params))
        stacked = [n for name, n in params.items() if is_number_of_layers(name) and type(n) is int]
        is_torchs = by_order[order]["class"].startswith("torch.")
        unnamed = params.get(VARIABLE, ()) if is_torchs else ()
        layers = max([1, *stacked])
        more = max([0, *(n for n in unnamed if type(n) is int)])
        counts[order] = layers * (1 + held) + more
    return counts[root["extra"]["order"]]


def _direct(params: Json) -> Iterator[Json]:
    """Parts among the arguments of a part; not those inside these."""
    stack = [params]
    while stack:
        tag, value = tagged(item := stack.pop()) or (None, item)
        if tag == PART:
            yield value
        elif isinstance(value, dict):
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)
