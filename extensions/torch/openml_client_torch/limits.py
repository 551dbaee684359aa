"""How large the modules of others may be; nothing is made in memory to find out."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

import torch
from torch.nn.parameter import is_lazy

from openml_client.errors import FlowError
from openml_client.extension.codec import Decoder
from openml_client.extension.seeds import seeded_generators
from openml_client.extension.tree import PART, node_classes, objects, references, tagged
from openml_client_torch.arguments import VARIABLE
from openml_client_torch.building import BUILDING, Building
from openml_client_torch.policy import is_number_of_layers, numbers
from openml_client_torch.recording import noticing
from openml_client_torch.values import DRY, SIZES

if TYPE_CHECKING:
    from openml_client.extension.identity import Json

MAX_WEIGHTS: Final = 1_000_000_000
"""Of a model in the flow of others: 4 GB of memory, before anything is trained."""
MAX_MODULES: Final = 20_000
"""Of the same; each takes a tenth of a millisecond to make, and copies of copies grow fast."""
_SPENT: Final = "spent"
"""Where a decoder's memo counts what all modules of one flow come to."""


def require_moderate(payload: Json, decoder: Decoder) -> None:
    """Refuse a model of others that asks for too much memory or time.

    Raises
    ------
    FlowError
        If the model has more than `MAX_WEIGHTS` weights or `MAX_MODULES` modules, or can't be made.
    """
    spent: Counter[str] = decoder.memo.setdefault(_SPENT, Counter())

    def spend(what: str, number: int, limit: int) -> None:
        """Add to what the flow has had so far."""
        spent[what] += number
        if spent[what] > limit:
            raise FlowError(
                f"{decoder.path}: the model has at least {spent[what]:,} {what}; the flows of "
                f"others may ask for {limit:,}",
                hint="Make the model yourself if you want one of this size.",
            )

    spend("places of modules", _count_places(payload), MAX_MODULES)
    _import_all(payload, decoder)
    dry = Decoder(decoder.codec, decoder.trust, decoder.compat, [], decoder.path)
    dry.memo.update({SIZES: decoder.memo.get(SIZES, {}), DRY: True})
    building = dry.memo[BUILDING] = Building({PART: payload})
    failures: list[FlowError] = []
    noticed = noticing(lambda: spend("modules", 1, MAX_MODULES))
    with unnoticed(), torch.device("meta"), noticed:
        building.make(dry, failures)
    spend("modules", 0, MAX_MODULES)  # some constructors go on after an error
    # Modules of packages that the caller trusts may need real memory.
    if failures and all(name.startswith("torch.") for name in node_classes({PART: payload})):
        raise failures[0]
    tensors = {
        id(tensor): tensor
        for module in building.made.values()
        for tensor in (*module.parameters(), *module.buffers())
    }
    n_weights = sum(tensor.numel() for tensor in tensors.values() if not is_lazy(tensor))
    spend("weights", n_weights, MAX_WEIGHTS)


def _import_all(payload: Json, decoder: Decoder) -> None:
    """Import what a model names, so that no package is imported first while nothing has memory.

    Tensors that packages make when they are imported stay, and must have their values.
    """
    for kind, name, _ in references({PART: payload}):
        with suppress(FlowError):  # it comes up again where the name stands, with the place
            decoder.load(kind, name)


@contextmanager
def unnoticed(seed: int = 0) -> Iterator[None]:
    """Make modules for a look at them: the generators stay, and nobody is warned once more."""
    with seeded_generators(seed), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _count_places(root: Json) -> int:
    """In how many places modules would stand: one that is shared counts in each."""
    parts = [payload for _, tag, payload in objects({PART: root}) if tag == PART]
    by_order = {part["extra"]["order"]: part for part in parts if part["kind"] != "shared"}
    counts: dict[int, int] = {}
    for order in sorted(by_order):  # what a part needs was made before it
        params = by_order[order]["params"]
        held = sum(counts.get(part["extra"]["order"], 0) for part in _direct(params))
        stacked = [n for k, v in params.items() if is_number_of_layers(k) for n in numbers(v)]
        is_torchs = by_order[order]["class"].startswith("torch.")
        unnamed = params.get(VARIABLE, ()) if is_torchs else ()
        layers = max([1, *stacked])
        more = max([0, *numbers(unnamed)])
        counts[order] = int(layers * (1 + held) + more)
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
