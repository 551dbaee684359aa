"""What is changed after a module was made is described as well, or refused."""

from __future__ import annotations

import copy
import types
from collections.abc import Callable
from typing import Any

import nets
import pytest
import torch
from openml_client_torch.codec import CODEC
from openml_client_torch.modules import rebuilt
from recipe_nets import Spectrum
from test_modules import same_bits
from torch import nn
from torch.nn import functional
from torch.nn.utils import prune

from openml_client.errors import NotSerializableError


def changed(change: Callable[[Any], Any], make: Callable[[], Any] = nets.Backbone) -> Any:
    """A maker of a model that is changed after it was made."""

    def made() -> nn.Module:
        model = make()
        again = change(model)
        return again if isinstance(again, nn.Module) else model

    return made


def replace_fc(model: Any) -> None:
    model.fc = nn.Linear(8, 3)


def replace_by_equal(model: Any) -> None:
    model.fc = nn.Linear(8, 5)


def wrap_fc(model: Any) -> None:
    model.fc = nn.Sequential(nn.Dropout(0.2), model.fc)


def freeze_body(model: Any) -> None:
    model.body.requires_grad_(False)


def on_a_changed_backbone(model: Any) -> nn.Module:
    model.fc.in_features = 8
    model.body = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8))
    model.body[1].momentum = 0.3
    return nets.OnTop(model)


def change_afterwards(model: Any) -> nn.Module:
    top = nets.OnTop(model)
    top.backbone.fc = nn.Linear(8, 8)
    top.backbone.body.requires_grad_(False)
    return top


def swap(model: Any) -> None:
    model.encoder, model.decoder = model.decoder, model.encoder


def tie(model: Any) -> None:
    model.decoder.weight = model.encoder.weight


def tie_in_a_container(model: Any) -> None:
    model[2].weight = model[0].weight


def add(model: Any) -> None:
    model.extra = nn.Linear(2, 2)
    model.register_buffer("mask", torch.tensor([1, 0]), persistent=False)
    model.register_parameter("scale", nn.Parameter(torch.tensor([2.0])))


def fill_places(model: Any) -> None:
    model.before = nn.LayerNorm(3)
    model.shift = nn.Parameter(torch.ones(3))
    model.act = nn.PReLU()


def remove(model: Any) -> None:
    del model.fc
    model.body[0].bias = None


def set_plainly(model: Any) -> None:
    model.act = functional.gelu
    model.sizes = (1, [2.5])


def fill_table(model: Any) -> None:
    model[0].table.fill_(7.0)


def change_all(model: Any) -> None:
    model.fc = nets.Block(8, 3)
    model.fc.drop.p = 0.7
    model.fc.linear.weight.requires_grad_(False)
    model.double()
    model.body[1].eps = 0.1


def take_out(model: Any) -> nn.Module:
    return nn.Sequential(*list(model.children())[:-1], nn.Linear(8, 2))


def take_out_and_keep(model: Any) -> nn.Module:
    return nn.Sequential(model.fc, nn.Tanh(), model)


def take_out_of_what_was_changed(model: Any) -> nn.Module:
    model.body[0].weight.requires_grad_(False)
    return nn.Sequential(model.body, nn.Linear(8, 2))


def copies(model: Any) -> nn.Module:
    return nn.ModuleList([copy.deepcopy(model) for _ in range(3)])


def copies_before(model: Any) -> nn.Module:
    return nn.Sequential(*[copy.deepcopy(model.fc) for _ in range(2)], model.fc)


def changed_copies(model: Any) -> nn.Module:
    twins = nn.ModuleList([model, copy.deepcopy(model)])
    twins[1].fc = nn.Linear(8, 2)
    return twins


def copy_inside(model: Any) -> None:
    model.fc2 = copy.deepcopy(model.fc)
    model.fc2.requires_grad_(False)


def in_a_list(model: Any) -> nn.Module:
    net = nets.Branches([model, copy.deepcopy(model)])
    net.parts[0].body[2] = nn.Tanh()
    return net


def two_in_a_block(model: Any) -> nn.Module:
    return nn.Sequential(model.body[0], nn.ReLU(), model.body[0], model.body[1])


CHANGES: dict[str, Callable[[], nn.Module]] = {
    "another head": changed(replace_fc),
    "an equal head": changed(replace_by_equal),
    "a wrapped head": changed(wrap_fc),
    "a frozen body": changed(freeze_body),
    "a changed argument": changed(on_a_changed_backbone),
    "an argument changed afterwards": changed(change_afterwards),
    "two that change places": changed(swap, nets.Tied),
    "tied weights": changed(tie, nets.Tied),
    "weights tied in a container": changed(
        tie_in_a_container, lambda: nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3))
    ),
    "what is new": changed(add),
    "what was None or a function": changed(fill_places, nets.Optional),
    "what is gone": changed(remove),
    "plain attributes": changed(set_plainly),
    "a small tensor": changed(lambda model: setattr(model, "x", torch.tensor([1.0, 2.0]))),
    "double": changed(lambda model: model.double()),
    "double beside complex weights": changed(lambda m: m.double(), lambda: Spectrum(3, 2)),
    "one part in half": changed(lambda model: model.fc.half() and None),
    "a filled buffer": changed(
        fill_table,
        lambda: nn.Sequential(nets.Buffers(), nn.BatchNorm1d(2)),
    ),
    "a filled plain tensor": changed(
        lambda model: setattr(model.masks[0], "data", torch.zeros(2)), lambda: nets.Masked(2)
    ),
    "another plain tensor": changed(
        lambda model: setattr(model, "masks", [torch.zeros(2)]), lambda: nets.Masked(2)
    ),
    "many changes": changed(change_all),
    "taken out": changed(take_out),
    "taken out and kept": changed(take_out_and_keep),
    "taken out of what was changed": changed(take_out_of_what_was_changed),
    "copies": changed(copies),
    "copies before the first": changed(copies_before),
    "changed copies": changed(changed_copies),
    "a copy inside": changed(copy_inside),
    "in a plain list": changed(in_a_list),
    "one taken out twice": changed(two_in_a_block),
    "a dropout": changed(lambda model: setattr(model.drop, "p", 0.9), lambda: nets.Block(2, 2)),
    "layers of a transformer": changed(
        lambda model: nn.Sequential(*model.layers),
        lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2, None, False),
    ),
    "a frozen layer in a transformer": changed(
        lambda layer: nn.TransformerEncoder(layer.requires_grad_(False), 2, None, False),
        lambda: nn.TransformerEncoderLayer(8, 2, 16),
    ),
}


def outline(model: nn.Module) -> list[Any]:
    tensors = (*model.named_parameters(remove_duplicate=False), *model.named_buffers())
    first: dict[int, str] = {}
    return [
        (n, tuple(t.shape), t.dtype, t.requires_grad, first.setdefault(id(t), n))
        for n, t in tensors
    ]


@pytest.mark.parametrize("make", CHANGES.values(), ids=CHANGES.keys())
def test_a_changed_module_comes_back_with_the_same_bits(make: Callable[[], nn.Module]) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        model = make()
        original = copy.deepcopy(model)
        tree = CODEC.encode(model)
        torch.manual_seed(3)
        again = rebuilt(model, {})
    assert str(again) == str(model)
    assert outline(again) == outline(original)
    assert same_bits(again, original)
    assert CODEC.encode(again) == tree
    assert CODEC.encode(original) == tree


def patch_of(model: nn.Module) -> Any:
    return CODEC.encode(model)["$part"]["extra"]


def test_a_patch_names_a_module_where_all_inside_it_changed_alike() -> None:
    assert patch_of(changed(freeze_body)())["frozen"] == ["body"]
    assert patch_of(nets.Backbone().requires_grad_(False))["frozen"] == [""]
    assert patch_of(nets.Backbone().double())["dtypes"] == {"": "float64"}
    frozen = nets.Backbone()
    frozen.body[0].weight.requires_grad_(False)
    assert patch_of(frozen)["frozen"] == ["body.0.weight"]


def test_a_changed_plain_tensor_is_in_the_description() -> None:
    model = nets.Masked(2)
    tree = CODEC.encode(model)
    model.masks[0][1] = 0.0
    assert CODEC.encode(model) != tree
    assert rebuilt(model, {}).masks[0].tolist() == [1.0, 0.0]


def test_buffers_that_are_drawn_or_counted_are_no_part_of_a_description() -> None:
    model = nn.Sequential(nets.Buffers(), nn.BatchNorm1d(2))
    tree = CODEC.encode(model)
    model[0].drawn.fill_(3.0)
    model(torch.ones(4, 2))
    assert CODEC.encode(model) == tree
    assert CODEC.encode(nn.Sequential(nets.Buffers(), nn.BatchNorm1d(2))) == tree


def zero_biases(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.zeros_(module.bias)


@pytest.mark.parametrize(
    "change",
    [
        lambda model: model.apply(zero_biases),
        lambda model: model.load_state_dict(nets.Backbone().state_dict()),
        lambda model: setattr(model.fc, "bias", nn.Parameter(torch.zeros(5))),
    ],
)
def test_weights_that_are_set_after_the_constructor_are_told_of(
    change: Callable[[Any], Any], caplog: pytest.LogCaptureFixture
) -> None:
    model = nets.Backbone()
    tree = CODEC.encode(model)
    assert not caplog.messages
    change(model)
    assert CODEC.encode(model, "net") == tree
    (message,) = caplog.messages
    assert message.startswith("net: the weights ")
    assert ".bias" in message


@pytest.mark.parametrize("make", CHANGES.values(), ids=CHANGES.keys())
def test_other_changes_are_not_told_of_as_weights(
    make: Callable[[], nn.Module], caplog: pytest.LogCaptureFixture
) -> None:
    CODEC.encode(make())
    assert not caplog.messages


def hook(model: Any) -> None:
    model.fc.register_forward_hook(lambda *_: None)


def method(model: Any) -> None:
    model.forward = types.MethodType(lambda self, x: x, model)


def share_memory(model: Any) -> None:
    model.decoder.weight = nn.Parameter(model.encoder.weight.t())


def other_weights(model: Any) -> None:
    model.fc.weight = nn.Parameter(torch.ones(500, 500))


def other_class(model: Any) -> None:
    model.fc.__class__ = nets.Wide


REFUSED: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "a hook": (changed(hook), "hooks of fc"),
    "a hook of weights": (
        changed(lambda model: model.fc.weight.register_hook(print)),
        "hooks of fc.weight",
    ),
    "a hook of gradients": (
        changed(lambda model: model.fc.weight.register_post_accumulate_grad_hook(print)),
        "hooks of fc.weight",
    ),
    "a pruned layer": (
        changed(lambda model: prune.l1_unstructured(model.fc, "weight", 0.5)),
        "hooks of itself: .*L1Unstructured",
    ),
    "a large tensor": (changed(lambda model: setattr(model, "x", torch.ones(99_999))), "65,536"),
    "a method": (changed(method), "bound"),
    "an odd attribute": (changed(lambda model: setattr(model, "lock", object())), "lock"),
    "a list of modules": (
        changed(lambda model: setattr(model, "more", [nn.Linear(2, 2)])),
        "attribute more",
    ),
    "shared memory": (changed(share_memory, nets.Tied), "storage decoder.weight"),
    "a large buffer": (
        changed(lambda model: model.table.fill_(7.0), lambda: nets.Buffers(99_999)),
        "65,536",
    ),
    "a circle": (changed(lambda m: setattr(m.fc, "outer", m)), "holds a module that holds it"),
    "a hidden module": (
        changed(lambda m: setattr(m.held, "module", nn.Linear(3, 3)), lambda: nets.Hiding(3)),
        "attribute held",
    ),
    "large weights": (changed(other_weights), "65,536"),
    "another class": (changed(other_class), "was made as a Linear"),
    "another class at the top": (
        changed(lambda model: setattr(model, "__class__", nets.Tied)),
        "was made as a Backbone",
    ),
}


def test_a_refusal_names_the_place_in_the_whole_model() -> None:
    model = nn.Sequential(nn.ReLU(), nn.Sequential(nn.ReLU(), nn.Linear(2, 2)))
    model[1][1].register_forward_hook(print)
    with pytest.raises(NotSerializableError) as caught:
        CODEC.encode(model, "net")
    assert caught.value.path == "net.1.1"


@pytest.mark.parametrize(("make", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_other_changes_are_refused_with_a_list_and_a_remedy(
    make: Callable[[], nn.Module], why: str
) -> None:
    with pytest.raises(NotSerializableError, match=why) as caught:
        CODEC.encode(make())
    assert caught.value.hint
