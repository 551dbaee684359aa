"""Modules in the flows of strangers are audited before anything is imported, and held to a size."""

from __future__ import annotations

import json
import subprocess
import sys
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from openml_client_torch.codec import CODEC
from openml_client_torch.policy import POLICY
from torch import nn

from openml_client.errors import FlowError, UntrustedError
from openml_client.extension.description import Description
from openml_client.extension.identity import Json
from openml_client.extension.trust import Trust, untrusted


def part(cls: str, kind: str = "module", order: int = 0, **params: Json) -> Json:
    payload = {"kind": kind, "class": cls, "params": params, "defaults": {}}
    return {"$part": {**payload, "extra": {"order": order}}}


def container(*parts: Json, order: int | None = None, cls: str = "torch.nn:Sequential") -> Json:
    named = {str(n): item for n, item in enumerate(parts)}
    return part(cls, order=len(parts) if order is None else order, **named)


def patched(of: Json, order: int = 1, replaced: Json = None, **extra: Json) -> Json:
    tree = part("torch.nn:Linear", "patched", order, of=of, replaced=replaced or {})
    tree["$part"]["extra"].update(extra)
    return tree


def act(name: str) -> Json:
    return part("torch.nn:TransformerEncoderLayer", d_model=8, nhead=2, activation=named(name))


def named(function: str) -> Json:
    return {"$function": function}


def stacked(layer: Json, order: int) -> Json:
    return part("torch.nn:TransformerEncoder", order=order, encoder_layer=layer, num_layers=200)


LINEAR = part("torch.nn:Linear", in_features=2, out_features=2)
LATER = part("torch.nn:Linear", order=3, in_features=2, out_features=2)

SQUARED = ["*", "n_features", "n_features"]

HOSTILE = {
    "a module elsewhere": part("os:mkdir", path="x"),
    "torch.load": part("torch:load", f="x"),
    "torch.load as a function": act("torch:load"),
    "torch.save": act("torch:save"),
    "torch.hub.load": act("torch.hub:load"),
    "torch.hub by a kind": part("torch.hub:load", repo_or_dir="x", model="y"),
    "torch.jit.load": act("torch.jit:load"),
    "torch.jit.CompilationUnit": part("torch.jit:CompilationUnit", lang="x"),
    "torch.compile": act("torch:compile"),
    "torch.from_file": act("torch:from_file"),
    "torch.ops": act("torch:ops.load_library"),
    "torch.classes": act("torch:classes.load_library"),
    "torch.utils.cpp_extension": act("torch.utils.cpp_extension:load_inline"),
    "torch.utils.data": {"$class": "torch.utils.data:DataLoader"},
    "torch.serialization": act("torch.serialization:load"),
    "torch.multiprocessing": act("torch.multiprocessing:spawn"),
    "torch.distributed": act("torch.distributed:init_process_group"),
    "torch.package": part("torch.package:PackageImporter", file_or_buffer="x"),
    "torch.nn.utils": act("torch.nn.utils:clip_grad_norm_"),
    "torch.nn.parallel": part("torch.nn.parallel:DistributedDataParallel", module=LINEAR),
    "torch.testing": act("torch.testing._internal.common_utils:run_tests"),
    "quantized": part("torch.ao.nn.quantized:Linear", in_features=2, out_features=2),
    "set_default_device": act("torch:set_default_device"),
    "a method": act("torch:Tensor.apply_"),
    "a factory": {"$call": {"kind": "factory", "name": "os:getcwd", "args": [], "kwargs": {}}},
    "a private module": part("torch.nn.modules._functions:SyncBatchNorm"),
    "a walk by dunders": part("torch.nn:Linear.__init__.__globals__"),
    "a similar name": part("torch_evil.nn:Linear", in_features=2, out_features=2),
    "a shared stranger": part("os:mkdir", "shared"),
    "a patched stranger": part("os:mkdir", "patched", of=LINEAR),
    "a copy of a stranger": part("os:mkdir", "copied", of=LINEAR),
    "a stranger in a patch": patched(LINEAR, replaced={"x": part("os:mkdir", order=2)}),
    "a function in a patch": patched(LINEAR, attributes={"forward": named("os:system")}),
    "something else of ours": part("openml_client_torch:EXTENSION"),
    "another kind": part("torch.nn:Linear", "modul", in_features=2, out_features=2),
    "10^12 features": part("torch.nn:Linear", in_features=10**12, out_features=1),
    "10^12 features by a formula": part(
        "torch.nn:Linear", in_features={"$dim": ["*", "n_features", 10**12]}, out_features=1
    ),
    "a million layers": part("torch.nn:GRU", input_size=1, hidden_size=1, num_layers=10**6),
    "a million layers without a name": part("torch.nn:GRU", **{"*args": [1, 1, 10**6]}),
    "a million layers by a formula": part(
        "torch.nn:GRU", input_size=1, hidden_size=1, num_layers={"$dim": ["*", 1000, 1000]}
    ),
    "a million layers by a formula without a name": part(
        "torch.nn:GRU", **{"*args": [1, 1, {"$dim": ["*", 1000, 1000]}]}
    ),
    "a layer for each of a million numbers": part(
        "openml_client_torch:EmbedCategories", n_numeric=0, cardinalities={"$range": [1, 10**6, 1]}
    ),
    "a hundred thousand threads": {
        "$node": {
            "kind": "estimator",
            "class": "openml_client_torch:TorchClassifier",
            "params": {"module": LINEAR, "threads": 100_000},
            "defaults": {},
        }
    },
    "10^12 outputs without weights": part(
        "torch.nn:AdaptiveAvgPool1d", output_size={"$dim": ["*", 10**6, 10**6]}
    ),
    "10^12 outputs of a task of a hundred features": part(
        "torch.nn:AdaptiveAvgPool1d",
        output_size={"$dim": ["*", SQUARED, ["*", SQUARED, SQUARED]]},
    ),
    "10^12 epochs by a formula": {
        "$node": {
            "kind": "estimator",
            "class": "openml_client_torch:TorchClassifier",
            "params": {"module": LINEAR, "max_epochs": {"$dim": ["*", 10**6, 10**6]}},
            "defaults": {},
        }
    },
    "10^12 outputs by a patch": patched(LINEAR, attributes={"output_size": 10**12}),
    "an odd device": part("torch.nn:Linear", in_features=1, out_features=1, device="vulkan"),
    "an odd device as a number": part("torch.nn:Linear", in_features=1, out_features=1, device=7),
}


def described(tree: Json) -> Description:
    return Description(extension="torch", api=1, frameworks={}, tree=tree)


@pytest.mark.parametrize("tree", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_module_is_refused_with_nothing_imported(tree: Json) -> None:
    before = set(sys.modules)
    with pytest.raises(UntrustedError) as caught:
        Trust.of_strangers(POLICY).require(described(tree))
    assert set(sys.modules) == before
    assert caught.value.names


def test_hostile_modules_are_refused_in_a_process_that_never_imports_torch() -> None:
    script = (
        "import json, sys\n"
        "from openml_client.extension.description import Description\n"
        "from openml_client.extension.trust import untrusted\n"
        "from openml_client_torch.codec import CODEC\n"
        "from openml_client_torch.policy import POLICY\n"
        "for tree in json.load(sys.stdin):\n"
        "    d = Description(extension='torch', api=1, frameworks={}, tree=tree)\n"
        "    assert untrusted(d, POLICY), tree\n"
        "print([m for m in ('torch', 'numpy', 'sklearn', 'torch_evil') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps([*HOSTILE.values()]),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def build(tree: Json, *trusted: str) -> Any:
    trust = Trust.of_strangers(POLICY, trusted)
    trust.require(described(tree))
    return CODEC.decode(tree, trust)


FALSE = {
    "DataParallel": part("torch.nn:DataParallel", module=LINEAR),
    "no module": part("torch.nn:Parameter"),
    "a function as a module": part("torch.nn:factory_kwargs", kwargs={}),
    "a class of parameters": {"$class": "torch.nn:Parameter"},
    "an import of functional": act("torch.nn.functional:handle_torch_function"),
    "an import of init": act("torch.nn.init:deprecated"),
    "a decorator of functional": act("torch.nn.functional:boolean_dispatch"),
    "an import of the schedulers": {"$class": "torch.optim.lr_scheduler:Counter"},
}


@pytest.mark.parametrize("tree", FALSE.values(), ids=FALSE.keys())
def test_a_name_must_lead_to_what_its_kind_says(tree: Json) -> None:
    with pytest.raises(FlowError):
        build(tree)


BROKEN = {
    "no order": {
        "$part": {"kind": "module", "class": "torch.nn:ReLU", "params": {}, "defaults": {}}
    },
    "an order that is no number": {"$part": {**LINEAR["$part"], "extra": {"order": "0"}}},
    "two of an order": container(LINEAR, LINEAR),
    "names of nothing": {
        "$part": {**container(LINEAR)["$part"], "extra": {"order": 1, "names": ["x"]}}
    },
    "shared with nothing": container(part("torch.nn:Linear", "shared", 7)),
    "shared alone": part("torch.nn:Linear", "shared", 7),
    "a circle": container(part("torch.nn:Sequential", "shared", 0), order=0),
    "a circle of copies": part(
        "torch.nn:Linear", "copied", 0, of=part("torch.nn:Linear", "shared", 0)
    ),
    "a module that is made later": stacked(stacked(stacked(LATER, 2), 1), 0),
    "an argument that does not exist": part("torch.nn:Linear", a=1),
    "arguments that do not fit": part("torch.nn:Linear", in_features=-2, out_features=3),
    "an assertion": part("torch.nn:MultiheadAttention", embed_dim=3, num_heads=2),
    "no module in a container": container(3),
    "a path to nothing": patched(LINEAR, frozen=["a.b"]),
    "a patch of internals": patched(LINEAR, attributes={"_parameters": {}}),
    "a patch of a dunder": patched(LINEAR, attributes={"__class__": {"$class": "torch.nn:ReLU"}}),
    "a tensor of another size": part(
        "torch.nn:CrossEntropyLoss",
        weight={"$tensor": {"data": "AAAA", "dtype": "float32", "shape": [9], "requires_grad": 0}},
    ),
    "a tensor of integers that takes a gradient": {
        "$tensor": {"data": "AA==", "dtype": "uint8", "shape": [1], "requires_grad": 1}
    },
    "a tensor of fewer values than it says": {
        "$tensor": {"data": "AA==", "dtype": "uint8", "shape": [3], "requires_grad": 0}
    },
    "a dtype that is none": part(
        "torch.nn:Linear", in_features=1, out_features=1, dtype={"$torch.dtype": "load"}
    ),
    "a device that is none": part(
        "torch.nn:Linear", in_features=1, out_features=1, dtype={"$torch.device": "x"}
    ),
    "a size that is none": part("torch.nn:Linear", in_features={"$dim": "n"}, out_features=1),
    "an operation that is none": part(
        "torch.nn:Linear", in_features={"$dim": ["**", "n_features", 2]}, out_features=1
    ),
}


@pytest.mark.parametrize("tree", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_description_is_refused(tree: Json) -> None:
    with pytest.raises(FlowError):
        build(tree)


LARGE = {
    "a layer": part("torch.nn:Linear", in_features=100_000, out_features=100_000),
    "a layer on the CPU": part(
        "torch.nn:Linear", in_features=100_000, out_features=100_000, device="cpu"
    ),
    "a layer on a device": part(
        "torch.nn:Linear",
        in_features=100_000,
        out_features=100_000,
        device={"$torch.device": "cpu"},
    ),
    "a table": part("torch.nn:Embedding", num_embeddings=10**7, embedding_dim=10**4),
    "without names": part("torch.nn:GRU", **{"*args": [9_999, 9_999, 9, True, False, 0.0, "cpu"]}),
    "as an argument": part(
        "torch.nn:TransformerEncoder",
        order=1,
        encoder_layer=part(
            "torch.nn:TransformerEncoderLayer", d_model=10_000, nhead=1, dim_feedforward=10_000
        ),
        num_layers=10,
    ),
    "taken out": part(
        "torch.nn:Linear",
        "inner",
        1,
        of=part("torch.nn:Bilinear", in1_features=9_999, in2_features=9_999, out_features=99),
    ),
}


@pytest.mark.parametrize("tree", LARGE.values(), ids=LARGE.keys())
def test_a_model_of_more_than_a_billion_weights_is_refused_without_memory(tree: Json) -> None:
    with pytest.raises(FlowError):
        build(tree)


def doubled(n: int) -> Json:
    tree: Json = part("torch.nn:ReLU")
    for order in range(1, n):
        tree = container(tree, part("torch.nn:ReLU", "shared", order - 1), order=order)
    return tree


def copied(n: int) -> Json:
    tree: Json = part("torch.nn:ReLU")
    for order in range(2, 2 * n, 2):
        of = part("torch.nn:ReLU", "shared", max(order - 2, 0))
        tree = container(tree, part("torch.nn:ReLU", "copied", order - 1, of=of), order=order)
    return tree


def transformer(order: int) -> Json:
    sizes = {"d_model": 2, "nhead": 1, "dim_feedforward": 1}
    layers = {"num_encoder_layers": 600, "num_decoder_layers": 600}
    return part("torch.nn:Transformer", order=order, **sizes, **layers)


MANY = {
    "stacks of stacks": stacked(stacked(part("torch.nn:ReLU"), 1), 2),
    "what is shared again and again": doubled(40),
    "copies of copies": copied(40),
    "what a constructor makes of numbers": part(
        "torch.nn:AdaptiveLogSoftmaxWithLoss",
        in_features=1,
        n_classes=10_000,
        cutoffs=[*range(1, 7_000)],
        div_value=1.0,
    ),
    "layers of a dozen modules": container(*map(transformer, range(2))),
}


@pytest.mark.parametrize("tree", MANY.values(), ids=MANY.keys())
def test_a_model_of_very_many_modules_is_refused_before_it_is_made(tree: Json) -> None:
    with pytest.raises(FlowError, match="modules; the flows of others"):
        build(tree)


def test_all_modules_of_a_flow_count_together(monkeypatch: pytest.MonkeyPatch) -> None:
    from openml_client_torch import limits

    monkeypatch.setattr(limits, "MAX_WEIGHTS", 9)
    assert build([LINEAR]) is not None
    with pytest.raises(FlowError, match="12 weights"):
        build([LINEAR, LINEAR])


def test_a_module_that_needs_real_memory_hides_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from openml_client_torch import limits

    text = "from torch import nn, ones\nclass Net(nn.Module):\n"
    text += "    def __init__(self):\n        super().__init__()\n        ones(1).item()\n"
    (tmp_path / "net_of_ours.py").write_text(text, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(limits, "MAX_WEIGHTS", 9)
    wide = part("torch.nn:Linear", order=1, in_features=9, out_features=9)
    net = part("net_of_ours:Net")
    assert build(net, "net_of_ours") is not None
    with pytest.raises(FlowError, match="90 weights"):
        build(container(net, wide), "net_of_ours")


def test_a_package_that_is_imported_for_a_look_at_the_size_keeps_its_tensors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "import torch\nSCALE = torch.tensor([2.0])\nclass Scaled(torch.nn.Linear):\n"
    text += "    def forward(self, x):\n        return super().forward(x) * SCALE\n"
    (tmp_path / "scaled_net_of_ours.py").write_text(text, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    net = part("scaled_net_of_ours:Scaled", in_features=2, out_features=3)
    model = build(net, "scaled_net_of_ours")
    assert model(torch.ones(1, 2)).shape == (1, 3)
    assert sys.modules["scaled_net_of_ours"].SCALE.tolist() == [2.0]


def test_a_large_model_of_the_callers_own_is_none_of_our_business(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from openml_client_torch import limits, modules

    model = nn.Linear(10, 10)
    monkeypatch.setattr(limits, "MAX_WEIGHTS", 50)
    assert modules.rebuilt(model, {}).weight.shape == (10, 10)
    with pytest.raises(FlowError, match="110 weights"):
        build(CODEC.encode(model))


ORDINARY: Mapping[str, Any] = {
    "a network": nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 2)),
    "a recurrent one": nn.LSTM(4, 8, 2, batch_first=True),
    "a loss": nn.CrossEntropyLoss(label_smoothing=0.1),
    "an optimizer": torch.optim.AdamW,
    "a scheduler": torch.optim.lr_scheduler.OneCycleLR,
    "a plateau": torch.optim.lr_scheduler.ReduceLROnPlateau,
    "an activation": nn.GELU,
    "a function": nn.functional.gelu,
    "a function of torch": torch.tanh,
    "an initialization": nn.init.xavier_uniform_,
    "a namespace": types.SimpleNamespace(width=3),
}


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_values_need_no_trust(name: str) -> None:
    tree = CODEC.encode(ORDINARY[name])
    assert untrusted(described(tree), POLICY) == ()
    assert build(tree) is not None


def test_building_for_a_look_at_the_size_draws_nothing() -> None:
    tree = CODEC.encode(ORDINARY["a network"])
    with torch.random.fork_rng():
        torch.manual_seed(1)
        once = build(tree)[0].weight
        torch.manual_seed(1)
        assert torch.equal(nn.Linear(4, 8).weight, once)
