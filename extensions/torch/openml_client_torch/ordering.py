"""In which order the modules of one model are made again.

What constructors draw depends on it, so that it is the order in which the user made them.
Containers draw nothing: each is made again with what it holds, once all of that is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from openml_client.extension.tree import PART, objects, tagged

if TYPE_CHECKING:
    from openml_client.extension.identity import Json

SHARED = "shared"


@dataclass(frozen=True, eq=False)
class Made:
    """What is known of one part while it is described."""

    payload: dict[str, Any]
    rank: int
    """Place of its constructor call."""
    is_gathered: bool
    """Whether it only gathers what was made before, as containers do."""


def number(tree: Json, made: Mapping[int, Made], shared: Mapping[int, Made]) -> None:
    """Write the order of making into the parts of a tree, from 0 on.

    ``made`` and ``shared`` go by the identity of the payload; what ``shared`` gives is the part
    that is met once more.
    """
    parts = [made[id(payload)] for payload in _parts(tree) if id(payload) in made]
    keys = _keys(parts, made)
    parts.sort(key=lambda part: keys[id(part.payload)])
    for order, part in enumerate(parts):
        part.payload["extra"]["order"] = order
    for payload in _parts(tree):
        if id(payload) in shared:
            payload["extra"]["order"] = shared[id(payload)].payload["extra"]["order"]


def _parts(tree: Json) -> Iterator[dict[str, Any]]:
    for _, tag, payload in objects(tree):
        if tag == PART:
            yield payload


def _keys(parts: list[Made], made: Mapping[int, Made]) -> dict[int, tuple[int, int, int]]:
    """Sort keys by identity of the payload: rank, height of gathering, own rank."""
    limits = _limits(parts, made)
    keys: dict[int, tuple[int, int, int]] = {}

    def key(part: Made) -> tuple[int, int, int]:
        name = id(part.payload)
        if name not in keys:
            latest = (part.rank, 0)
            if part.is_gathered:
                keys[name] = (*latest, part.rank)  # for one that is met again below itself
                limit = limits.get(name)
                inner = [key(made[id(p)])[:2] for p in _direct(part.payload) if id(p) in made]
                used = [k for k in inner if limit is None or k[0] < limit]
                rank, height = max((latest, *used))
                latest = (rank, height + 1)
            keys[name] = (*latest, part.rank)
        return keys[name]

    for part in parts:
        key(part)
    return keys


def _limits(parts: list[Made], made: Mapping[int, Made]) -> dict[int, int]:
    """Rank of the first constructor that was given a container, by identity of its payload.

    What was put into the container afterwards was made after that call, not before it.
    """
    limits: dict[int, int] = {}
    for part in parts:
        if part.is_gathered:
            continue
        reached = list(_direct(part.payload))
        while reached:
            payload = reached.pop()
            inner = made.get(id(payload))
            if inner is not None and inner.is_gathered:
                limit = limits.get(id(payload))
                if limit is None or part.rank < limit:
                    limits[id(payload)] = part.rank
                    reached.extend(_direct(payload))
    return limits


def _direct(payload: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Parts among the arguments of a part; not those inside these."""
    stack: list[Json] = [payload["params"]]
    while stack:
        value = stack.pop()
        tag, inner = tagged(value) or (None, value)
        if tag == PART:
            yield inner
        elif isinstance(inner, dict):
            stack.extend(inner.values())
        elif isinstance(inner, list):
            stack.extend(inner)
