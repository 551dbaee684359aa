"""In which order the modules of one model are made again.

What constructors draw depends on it, so it is the order in which the user made them.  Parts that
only gather or change what is there draw nothing: each is made once all that it needs is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from openml_client.extension.tree import PART, objects, tagged

if TYPE_CHECKING:
    from torch import nn

    from openml_client.extension.identity import Json
    from openml_client_torch.recording import Call


@dataclass(eq=False)
class Made:
    """What is known of one part while it is described."""

    payload: dict[str, Any]
    call: Call
    module: nn.Module | None
    """None for a module that others were taken out of, and for a patched one."""
    draws: bool
    """Whether it is made by its call, so that it may draw; others gather what was made before."""
    around: dict[str, Any] | None = None
    """Payload of the part that patches it."""

    @property
    def order(self) -> int:
        """Its place, once all are numbered."""
        order: int = self.payload["extra"]["order"]
        return order


class Numbering:
    """The parts of one tree; they go by the identity of their payloads."""

    def __init__(self) -> None:
        self._made: dict[int, Made] = {}
        self._shared: dict[int, tuple[dict[str, Any], Made]] = {}

    def add(self, made: Made) -> None:
        """Take a new part, or one that has a new payload."""
        self._made[id(made.payload)] = made

    def refer(self, payload: dict[str, Any], made: Made) -> None:
        """Take a part that stands for one that is elsewhere."""
        self._shared[id(payload)] = (payload, made)

    def number(self, tree: Json) -> list[Made]:
        """Write the order of making into the parts of a tree, from 0 on; gives them in it."""
        payloads = [payload for _, tag, payload in objects(tree) if tag == PART]
        parts = [self._made[id(p)] for p in payloads if id(p) in self._made]
        limits = self.limits(parts)
        keys: dict[int, tuple[int, int, int]] = {}
        for part in parts:
            self._key(part, limits, keys)
        parts.sort(key=lambda part: keys[id(part)])
        for order, part in enumerate(parts):
            part.payload["extra"]["order"] = order
        for payload in payloads:
            if id(payload) in self._shared:
                payload["extra"]["order"] = self._shared[id(payload)][1].order
        return parts

    def needs(self, part: Made) -> Iterator[Made]:
        """Parts among the arguments of a part; not those inside these."""
        stack: list[Json] = [part.payload["params"]]
        while stack:
            value = stack.pop()
            tag, inner = tagged(value) or (None, value)
            if tag == PART:
                known = self._made.get(id(inner))
                yield self._shared[id(inner)][1] if known is None else known
            elif isinstance(inner, dict):
                stack.extend(inner.values())
            elif isinstance(inner, list):
                stack.extend(inner)

    def limits(self, parts: list[Made]) -> Mapping[int, int]:
        """Rank of the first constructor that each part was given to, by identity of the part.

        What was put into a container, or in the place of a module, afterwards was not there then.
        """
        limits: dict[int, int] = {}
        for taker in parts:
            reached = list(self.needs(taker)) if taker.draws else []
            while reached:
                part = reached.pop()
                if taker.call.rank < limits.get(id(part), taker.call.rank + 1):
                    limits[id(part)] = taker.call.rank
                    reached.extend(() if part.draws else self.needs(part))
        return limits

    def _key(
        self, part: Made, limits: Mapping[int, int], keys: dict[int, tuple[int, int, int]]
    ) -> tuple[int, int, int]:
        """Sort key: rank of the latest that it needs, levels above that, own rank."""
        rank = part.call.rank
        if id(part) not in keys:
            keys[id(part)] = (rank, 0, rank)
            if not part.draws:
                limit = limits.get(id(part))
                inner = [self._key(need, limits, keys)[:2] for need in self.needs(part)]
                used = [key for key in inner if limit is None or key[0] < limit]
                latest, height = max([(rank, 0), *used])
                keys[id(part)] = (latest, height + 1, rank)
        return keys[id(part)]
