"""An extension for tests: things are flows, and their parts have no flow of their own.

It stands for a framework that the core has never heard of; the parts are as the modules of a
network, which a recipe holds in a flat list.
"""

from __future__ import annotations

from typing import Any

from openml_client.extension.codec import (
    Compat,
    Decoder,
    Encoder,
    Leaf,
    NodeHandler,
    Note,
)
from openml_client.extension.description import Description
from openml_client.extension.identity import Json
from openml_client.extension.protocol import API, Capabilities, FoldData, FoldResult
from openml_client.extension.references import reference_to
from openml_client.extension.tree import NODE, PART
from openml_client.extension.trust import Policy, Rule, Trust
from openml_client.extension.values import codec


class Thing:
    def __init__(self, size: Any = 1, name: Any = "a", inner: Any = None, seed: Any = None) -> None:
        self.size, self.name, self.inner, self.seed = size, name, inner, seed


class Needy:
    def __init__(self, needed: Any, inner: Any = ()) -> None:
        self.needed, self.inner = needed, inner


class Part:
    def __init__(self, width: Any, bias: Any = True) -> None:
        self.width, self.bias = width, bias


DEFAULTS: dict[type, dict[str, object]] = {
    Thing: {"size": 1, "name": "a", "inner": None, "seed": None},
    Needy: {"inner": ()},
    Part: {"bias": True},
}


class ThingHandler(NodeHandler):
    tag = NODE
    kind = "thing"
    classes: tuple[type, ...] = (Thing, Needy)

    def accepts(self, value: object) -> bool:
        return isinstance(value, self.classes)

    def encode(self, value: Any, encoder: Encoder) -> Json:
        params = {k: encoder.child(k, v) for k, v in vars(value).items()}
        defaults = {k: encoder.codec.encode(v) for k, v in DEFAULTS[type(value)].items()}
        name = reference_to(type(value), encoder.path)
        payload = {"kind": self.kind, "class": name, "params": params, "defaults": defaults}
        return {self.tag: payload}

    def decode(self, payload: Json, decoder: Decoder) -> Any:
        cls = decoder.load(self.kind, payload["class"])
        return cls(**{k: decoder.child(k, v) for k, v in payload["params"].items()})


class PartHandler(ThingHandler):
    tag = PART
    kind = "part"
    classes = (Part,)


CODEC = codec((ThingHandler(), PartHandler()))
HERE = frozenset({__name__})
POLICY = Policy({"thing": Rule(modules=HERE), "part": Rule(modules=HERE)})


class ToyExtension:
    name = "toy"
    api = API
    policy = POLICY
    codec = CODEC
    capabilities = Capabilities(
        tasks=frozenset({"classification"}), seed_parameters=frozenset({"seed"})
    )

    def can_describe(self, model: object) -> bool:
        return isinstance(model, (Thing, Needy))

    def describe(self, model: object) -> Description:
        tree = CODEC.encode(model, type(model).__name__)
        return Description(extension="toy", api=API, frameworks={"tests": "toys==1.0"}, tree=tree)

    def build(
        self, description: Description, *, trust: Trust, compat: Compat, notes: list[Note]
    ) -> object:
        trust.require(description)
        return CODEC.decode(description.tree, trust, compat=compat, notes=notes)

    def run_fold(self, model: object, fold: FoldData, *, seed: int) -> FoldResult:
        return FoldResult()


TOY = ToyExtension()


def columns(value: object) -> Leaf:
    """A value inside the wiring that belongs to the setup."""
    return Leaf("columns", value)
