"""Compares a model with what its description makes, and notes what was changed since."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import nn

from openml_client.errors import FlowError
from openml_client.extension.codec import Decoder, Encoder
from openml_client.extension.description import Description
from openml_client.extension.protocol import API
from openml_client.extension.tree import PART
from openml_client.extension.trust import Trust
from openml_client_torch.building import BUILDING, Building
from openml_client_torch.facts import (
    Fact,
    Places,
    attributes_codec,
    facts,
    origin,
    retouched,
    values,
)
from openml_client_torch.limits import unnoticed
from openml_client_torch.patches import Changes, differences, is_below
from openml_client_torch.recording import Call, call_of

if TYPE_CHECKING:
    from openml_client.extension.identity import Json
    from openml_client_torch.describing import Describing
    from openml_client_torch.ordering import Made

_LOG = logging.getLogger("openml_client_torch")
_SHOWN: Final = 3
_MAX_PASSES: Final = 50
"""A change inside a changed module inside another takes a pass each."""


def verify(describing: Describing, tree: Json, encoder: Encoder) -> None:
    """Number the parts of a tree, and patch those that differ from what would be made of them.

    Raises
    ------
    NotSerializableError
        With a list, if there are differences that a patch can't hold.
    """
    for _ in range(_MAX_PASSES):
        parts = describing.numbering.number(tree)
        twins = _twins(tree, encoder)
        if _Pass(describing, parts, twins, encoder).run():
            continue
        if not any(values(part.module) for part in parts if part.module is not None):
            break
        # What is in a buffer shows in memory only; what differs by the seed is drawn.
        twins, others = (_in_memory(tree, encoder, seed) for seed in (0, 1))
        if not _Pass(describing, parts, twins, encoder, others).run():
            break
    else:
        raise encoder.refusal(
            "this model has changes inside changes", "Make them inside the constructors of modules."
        )
    if _retouched(parts, twins):  # without memory, constructors may write less often
        _tell_of_weights(_retouched(parts, _in_memory(tree, encoder, 0)), encoder)


def _retouched(parts: list[Made], twins: Mapping[int, nn.Module]) -> list[str]:
    """Paths of parameters that were written to after the constructor."""
    found = [
        pair
        for part in parts
        if part.module is not None
        for pair in retouched(part.module, twins[part.order])
    ]
    longest = dict(sorted(found, key=lambda pair: len(pair[1])))
    return sorted(longest.values())


def _tell_of_weights(names: list[str], encoder: Encoder) -> None:
    """Tell of weights that were set after the constructor: they are no part of a description.

    They have been written to another number of times than the constructor writes.
    """
    if not names:
        return
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    _LOG.warning(
        "%s: the weights %s%s were set after the constructor, which a flow does not hold: each "
        "training draws new ones. To start from these, set them inside a constructor.",
        *(encoder.path, ", ".join(names[:_SHOWN]), more),
    )


def _twins(tree: Json, encoder: Encoder) -> Mapping[int, nn.Module]:
    """All modules of a tree by their order, made without memory where that is possible."""
    try:
        with torch.device("meta"):
            return _made(tree, encoder)
    except FlowError:
        pass  # a constructor that looks at values needs memory
    return _in_memory(tree, encoder, 0)


def _in_memory(tree: Json, encoder: Encoder, seed: int) -> Mapping[int, nn.Module]:
    try:
        return _made(tree, encoder, seed)
    except FlowError as error:
        raise encoder.refusal(
            f"it can't be made again out of its arguments: {error}",
            "Let each constructor depend on nothing but its arguments.",
        ) from error


def _made(tree: Json, encoder: Encoder, seed: int = 0) -> Mapping[int, nn.Module]:
    from openml_client_torch.policy import POLICY

    described = Description(extension="torch", api=API, frameworks={}, tree=tree)
    trust = Trust.of_own(POLICY, described)
    decoder = Decoder(encoder.codec, trust, "semantic", [], encoder.path)
    building = decoder.memo[BUILDING] = _Twins(tree)
    with unnoticed(seed):
        building.root(tree[PART], decoder)
    return building.made


class _Twins(Building):
    """Knows modules that were taken out of others by their place, and finds their paths."""

    def _inner(self, maker: nn.Module, payload: Json) -> nn.Module:
        extra = payload["extra"]
        if "place" in extra:
            start = _called(maker)
            places = {
                call.rank - start.rank: path
                for path, module in reversed(list(maker.named_modules(remove_duplicate=False)))
                if (call := call_of(module)) is not None
            }
            if extra["place"] not in places:
                raise FlowError(f"{payload['class']} is not found in the module that made it")
            extra["path"] = places[extra.pop("place")]
        return super()._inner(maker, payload)


def _called(module: nn.Module) -> Call:
    call = call_of(module)
    if call is None:
        raise FlowError(f"a {type(module).__name__} was made without its constructor")
    return call


class _Pass:
    """One comparison of all parts, in their order.

    A part that needs one that was patched is left to the next pass.
    """

    def __init__(
        self,
        describing: Describing,
        parts: list[Made],
        twins: Mapping[int, nn.Module],
        encoder: Encoder,
        others: Mapping[int, nn.Module] | None = None,
    ) -> None:
        self._describing = describing
        self._parts = parts
        self._twins = twins
        self._others = others
        self._encoder = encoder
        self._limits = describing.numbering.limits(parts)
        own = [part for part in reversed(parts) if part.payload["kind"] != "patched"]
        self._mine: Places = {part.call.key: part.order for part in own}
        self._theirs: Places = {_called(twins[part.order]).key: part.order for part in own}

    def run(self) -> bool:
        """Whether anything was patched."""
        touched: set[int] = set()
        for part in self._parts:
            needs_touched = any(id(n) in touched for n in self._describing.numbering.needs(part))
            if needs_touched or (part.module is not None and self._patch(part, part.module)):
                touched.add(id(part))
        return bool(touched)

    def _patch(self, part: Made, module: nn.Module) -> bool:
        if _has_circle(module, set()):
            raise self._encoder.refusal(
                f"this {type(module).__name__} holds a module that holds it",
                "Keep the outer module in a list of the inner one, which torch does not look into.",
            )
        twin = self._twins[part.order]
        self._refuse_shared(module, twin)
        mine = facts(module, self._mine, attributes_codec(self._mine))
        theirs = facts(twin, self._theirs, attributes_codec(self._theirs))
        if self._others is not None:
            drawn = values(self._others[part.order])
            made = values(twin)
            constant = {fact: what for fact, what in made.items() if drawn.get(fact) == what}
            theirs |= constant
            mine |= {f: what for f, what in values(module).items() if f in constant}
        self._place(part, module, mine, theirs)
        differ = self._without_later(part, module, differences(mine, theirs))
        if differ:
            changes = Changes(module, mine, theirs, self._encoder)
            with self._encoder.within(self._paths[id(module)] or None):
                changes.write(differ, self._describing.patched(part))
        return bool(differ)

    def _refuse_shared(self, module: nn.Module, twin: nn.Module) -> None:
        """Refuse weights that a constructor takes from elsewhere: they would be trained on."""
        mine = {id(parameter): path for path, parameter in module.named_parameters()}
        shared = sorted(mine[id(p)] for p in twin.parameters() if id(p) in mine)
        if shared:
            raise self._encoder.refusal(
                f"the constructor of this {type(module).__name__} takes weights that are there "
                f"already, as {shared[0]!r}, so that each training would go on with those of the "
                "one before",
                "Make them inside the constructor, or give them as an argument.",
            )

    @cached_property
    def _paths(self) -> Mapping[int, str]:
        """Path of each module by its identity: the longest inside any part."""
        paths: dict[int, str] = {}
        for part in self._parts:
            for path, inner in part.module.named_modules() if part.module is not None else ():
                paths[id(inner)] = max(path, paths.get(id(inner), ""), key=len)
        return paths

    def _place(
        self, part: Made, module: nn.Module, mine: Mapping[Fact, Any], theirs: Mapping[Fact, Any]
    ) -> None:
        """Note which modules stand where the part's constructor has put them."""
        for fact, what in mine.items():
            if fact.kind != "module" or not fact.path or theirs.get(fact) != what or what is None:
                continue
            inner = module.get_submodule(fact.path)
            call = call_of(inner)
            made_by = origin(call, self._mine)
            if call is not None and made_by is not None and made_by[0] == part.order:
                self._describing.placed.setdefault(call.key, (part, fact.path, inner))

    def _without_later(self, part: Made, module: nn.Module, differ: list[Fact]) -> list[Fact]:
        """Leave changes out that were made after the part was given to a constructor.

        They are found again where they show in what that constructor made.
        """
        limit = self._limits.get(id(part))
        later = []
        for fact in differ if limit is not None else ():
            if fact.kind == "module" and fact.path:
                inner = _inside(module, fact.path)
                call = None if inner is None else call_of(inner)
                if call is not None and limit is not None and call.rank > limit:
                    later.append(fact.path)
        owners = {path.rpartition(".")[0] for path in later}
        return [
            fact
            for fact in differ
            if not (fact.kind == "children" and fact.path in owners)
            and not any(fact.path == path or is_below(fact.path, path) for path in later)
        ]


def _inside(module: nn.Module, path: str) -> nn.Module | None:
    """The module at a path, or None."""
    return dict(module.named_modules(remove_duplicate=False)).get(path)


def _has_circle(module: nn.Module, above: set[int]) -> bool:
    """Whether a module is held by one that is inside it."""
    if id(module) in above:
        return True
    above = above | {id(module)}
    return any(_has_circle(child, above) for child in module.children())
