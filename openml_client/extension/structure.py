"""A description divided into structure and values, and put together again.

Structure is what a flow is: classes, wiring, references, defaults.  Values are what a setup
is: the leaf parameters, each addressed by the path of its component and its name there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from openml_client.errors import FlowError
from openml_client.extension.identity import Json, canonical, digest
from openml_client.extension.tree import (
    LEAF,
    NODE,
    PART,
    is_wiring,
    places,
    tagged,
)

Address = tuple[tuple[str, ...], str]
"""Identifiers of the components from the root, and the name of a parameter there."""

MAX_IDENTIFIER = 128
"""Source: XSD openml.implementation.upload, ``system_string128``."""
MAX_PARAMETER_NAME = 1024
"""Source: protocol note, section 1.3."""


@dataclass(frozen=True, eq=False)
class Slot:
    """Where a leaf stands in a tree, or would stand."""

    owner: Any
    """Payload of the node, the part or the ``$leaf``."""
    key: str | None
    """Name of the parameter; None for a ``$leaf``."""

    @property
    def has_default(self) -> bool:
        """Whether the constructor has a default."""
        return self.key is not None and self.key in self.owner["defaults"]

    @property
    def default(self) -> Json:
        """The constructor's default; only if there is one."""
        return self.owner["defaults"][self.key]

    def take(self) -> Json:
        """Remove and return the value."""
        if self.key is None:
            return self.owner.pop()
        if not self.has_default:
            self.owner["required"].append(self.key)
        return self.owner["params"].pop(self.key)

    def fill(self, value: Json) -> None:
        """Put a value into the empty place."""
        if self.key is None:
            self.owner.append(value)
        else:
            self.owner["params"][self.key] = value


@dataclass(eq=False)
class Component:
    """One node of a tree: a flow."""

    path: tuple[str, ...]
    """Identifiers from the root."""
    payload: dict[str, Any]
    """The node."""
    slots: dict[str, Slot] = field(default_factory=dict)
    """Its leaves by name, those of the parts inside it included."""
    parts: list[dict[str, Any]] = field(default_factory=list)
    """The node itself and the parts inside it."""
    children: dict[str, Component] = field(default_factory=dict)
    """By identifier, in the order of the wiring."""
    _taken: set[str] = field(default_factory=set)
    """Parameters' names in lower case: the server's database tells no case apart."""

    def walk(self) -> Iterator[Component]:
        """Iterate over this component and all inside it, parents first."""
        yield self
        for child in self.children.values():
            yield from child.walk()

    def add_parameters(self, payload: dict[str, Any], place: tuple[str, ...]) -> None:
        """Lay out the parameters of the node or of a part inside it."""
        self.parts.append(payload)
        params = payload["params"]
        for name in sorted({*params, *payload["defaults"], *payload.get("required", ())}):
            if name in params and is_wiring(params[name]):
                self._add_wiring(params[name], (*place, name))
            else:
                self._add_slot(Slot(payload, name), (*place, name))

    def _add_slot(self, slot: Slot, place: tuple[str, ...]) -> None:
        name = _unique(".".join(place), "_.,():-", MAX_PARAMETER_NAME, self._taken)
        self._taken.add(name.lower())
        self.slots[name] = slot

    def _add_wiring(self, value: Json, place: tuple[str, ...]) -> None:
        tag, payload = tagged(value) or (None, value)
        if tag == NODE:
            self._add_child(payload, place)
        elif tag == PART:
            self.add_parameters(payload, place)
        elif tag == LEAF:
            self._add_slot(Slot(payload, None), (*place, payload[0]))
        elif isinstance(payload, list):
            for inner, item in zip(places(place, payload), payload, strict=True):
                self._add_wiring(item, inner)
        elif isinstance(payload, dict):
            for key in sorted(payload):
                self._add_wiring(payload[key], (*place, key))

    def _add_child(self, payload: dict[str, Any], place: tuple[str, ...]) -> None:
        # The steps of a pipeline go by their own names, as users know them.
        is_step = len(place) == 2 and not place[1].isdigit()
        wanted = place[1] if is_step else ".".join(place)
        taken = {identifier.lower() for identifier in self.children}
        identifier = _unique(wanted, "_.-", MAX_IDENTIFIER, taken)
        child = Component((*self.path, identifier), payload)
        self.children[identifier] = child
        child.add_parameters(payload, ())


def layout(tree: Json) -> Component:
    """Components and leaves of a tree, of a description or of a structure alike."""
    match tagged(tree):
        case (tag, payload) if tag == NODE:
            root = Component((), payload)
            root.add_parameters(payload, ())
            return root
    raise FlowError("the description has no node at its root, so it is no flow")


def split(tree: Json) -> tuple[Json, dict[Address, Json]]:
    """Structure and values of a description's tree; `join` puts them together again."""
    structure = _copy(tree)
    values = {}
    for component in layout(structure).walk():
        for part in component.parts:
            part["required"] = []
        for name, slot in component.slots.items():
            values[component.path, name] = slot.take()
    return structure, values


def join(structure: Json, values: Mapping[Address, Json], *, is_complete: bool = True) -> Json:
    """Tree of a description out of a structure; leaves without a value take their defaults.

    Leaves with neither become null unless the tree is to be complete.

    Raises
    ------
    FlowError
        Naming the leaves that have neither value nor default, or the values without a leaf.
    """
    tree = _copy(structure)
    missing, known = [], set()
    for component in layout(tree).walk():
        for name, slot in component.slots.items():
            address = (component.path, name)
            known.add(address)
            if address in values:
                slot.fill(values[address])
            elif slot.has_default:
                slot.fill(_copy(slot.default))
            elif is_complete:
                missing.append(address)
            else:
                slot.fill(None)
        for part in component.parts:
            del part["required"]
    if unknown := [address for address in values if address not in known]:
        raise FlowError(
            f"the flow has no parameter {_shown(unknown)}",
            hint=f"It has {_shown(sorted(known))}.",
        )
    if missing:
        raise FlowError(
            f"the flow's parameters {_shown(missing)} have no default and were not given",
            hint="Give them as parameters, or rebuild the model from a run or a setup.",
        )
    return tree


def _shown(addresses: list[Address]) -> str:
    names = ["__".join((*path, name)) for path, name in addresses[:20]]
    more = f" and {len(addresses) - 20} more" if len(addresses) > 20 else ""
    return ", ".join(names) + more


def _unique(wanted: str, punctuation: str, limit: int, taken: Container[str]) -> str:
    """Name of the alphabet that the server takes, told apart from those that are taken.

    Depends on nothing but the order in which the names come, which is that of the tree.
    """
    name = re.sub(rf"[^A-Za-z0-9{re.escape(punctuation)}]", "_", wanted) or "_"
    if len(name) > limit:
        name = f"{name[: limit - 17]}.{digest(wanted)[:16]}"
    number, free = 1, name
    while free.lower() in taken:
        number += 1
        free = f"{name[: limit - 8]}.{number}"
    return free


def _copy(tree: Json) -> Json:
    return json.loads(canonical(tree))
