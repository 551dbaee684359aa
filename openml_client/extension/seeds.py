"""Seeds: all derived from one root seed, by hashing what each is for.

Nothing depends on the order in which seeds are asked for, and no two purposes share one.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from openml_client.extension.description import Description
from openml_client.extension.identity import Json, canonical, digest
from openml_client.extension.tree import places, tagged

_BITS = 31
"""Positive in the signed 32-bit integers that most libraries take."""


def derive(seed: int, purpose: str, *place: str | int) -> int:
    """Seed in [0, 2**31) for one purpose at one place, as ``(path, repeat, fold, sample)``."""
    number = int(digest([int(seed), purpose, *place])[:16], 16)
    return number % (1 << _BITS)


def seed_description(
    description: Description, seed: int, parameters: frozenset[str] = frozenset({"random_state"})
) -> Description:
    """The same model with an integer in place of each seed that was left open.

    Arguments of nodes and calls with one of these names that are None get a seed each, by
    their place; seeds that the caller has set stay.
    """
    tree = json.loads(canonical(description.tree))
    seen: Counter[tuple[str, ...]] = Counter()
    for path, arguments in _arguments(tree, ()):
        for name in sorted(parameters & arguments.keys()):
            place = (*path, name)
            if arguments[name] is None:
                # Of several objects in one step, each has a seed of its own.
                arguments[name] = derive(seed, "parameter", *place, seen[place])
            seen[place] += 1
    return description.with_tree(tree)


def takes_seeds(arguments: Mapping[str, Json], *, kind: object) -> bool:
    """Whether a call of a kind, with these named arguments, lacks the seeds that are open.

    Splitters refuse a seed that they would not use, and so may any other object: what it draws
    without one comes from the global generators, which are seeded.
    """
    return kind != "object" and arguments.get("shuffle") is not False


def _arguments(tree: Json, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Json]]:
    """Named arguments of all nodes and calls, with their places."""
    tag, payload = tagged(tree) or (None, tree)
    if tag in ("$node", "$part"):
        yield path, payload["params"]
        yield from _arguments(payload["params"], path)  # not in what the defaults hold
    elif tag == "$call":
        if takes_seeds(payload["kwargs"], kind=payload["kind"]):
            yield path, payload["kwargs"]
        yield from _arguments(payload["kwargs"], path)
        yield from _arguments(payload["args"], path)
    elif isinstance(payload, dict):
        for key in sorted(payload):
            yield from _arguments(payload[key], (*path, key))
    elif isinstance(payload, list):
        for inner, item in zip(places(path, payload), payload, strict=True):
            yield from _arguments(item, inner)


@contextmanager
def seeded_generators(seed: int) -> Iterator[None]:
    """Seed the global generators of Python, numpy and torch, and give them back as they were.

    Torch's only if it is loaded: what does not load it does not draw from it.
    """
    import numpy as np

    python_state, numpy_state = random.getstate(), np.random.get_state()
    random.seed(derive(seed, "python"))
    np.random.seed(derive(seed, "numpy"))  # what models without a seed draw from
    try:
        with _seeded_torch(derive(seed, "torch")):
            yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)


@contextmanager
def _seeded_torch(seed: int) -> Iterator[None]:
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    with torch.random.fork_rng():  # all devices that it has
        torch.manual_seed(seed)
        yield
