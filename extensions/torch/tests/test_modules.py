"""Modules are described by the calls that made them, and made again with the same bits."""

from __future__ import annotations

import argparse
import copy
import functools
import gc
import pickle
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

import nets
import pytest
import torch
import torch.fx
import user_nets
from openml_client_torch.codec import CODEC
from openml_client_torch.dimensions import CARDINALITIES, N_CLASSES, N_FEATURES
from openml_client_torch.modules import rebuilt
from openml_client_torch.policy import POLICY
from openml_client_torch.recording import call_of
from torch import nn
from torch.nn import functional

from openml_client.errors import FlowError, NotSerializableError
from openml_client.extension.codec import Compat, Note
from openml_client.extension.tree import objects
from openml_client.extension.trust import Trust


def shared_layer() -> nn.Module:
    layer = nn.Linear(4, 4)
    return nn.Sequential(layer, nn.ReLU(), layer, nn.Linear(4, 2), layer)


def appended() -> nn.Module:
    model = nn.Sequential()
    model.append(nn.Linear(4, 3))
    model.add_module("drop", nn.Dropout(0.5))
    model.append(nn.Linear(3, 2))
    return model


def out_of_order() -> nn.Module:
    head = nn.Linear(8, 2)
    body = nn.Linear(4, 8)
    return nn.Sequential(OrderedDict(body=body, act=nn.ReLU(), head=head))


def filled_afterwards() -> nn.Module:
    """What was put into a container was made after what took the container."""
    inner = nn.Sequential(nn.Linear(4, 4))
    model = nets.Residual([4, 6], 2, head=inner)
    inner.append(nn.Linear(4, 3))
    return model


def reused_configuration() -> nn.Module:
    sizes = nets.Sizes(2)
    model = nets.Growing(sizes)
    sizes.width = 64
    return model


MODELS: dict[str, Callable[[], nn.Module]] = {
    "a shared layer": shared_layer,
    "an appended container": appended,
    "out of order": out_of_order,
    "filled afterwards": filled_afterwards,
    "a list that is changed": lambda: nets.Residual([4, 6, 8], 3, p=0.2, act=nn.Tanh),
    "arguments without names": lambda: nets.Wide(4, 3, False, scale=0.5),
    "an argument by position only": lambda: nets.ByPosition(4),
    "a function": lambda: nets.Act(functional.relu),
    "a function in C": lambda: nets.Act(torch.tanh),
    "a function of functional in C": lambda: nets.Act(functional.gelu),
    "a partial": lambda: nets.Act(functools.partial(functional.leaky_relu, negative_slope=0.3)),
    "an importable factory": lambda: nets.Act(nets.leaky(0.2, 1.0)),
    "a partial of a class": lambda: nets.Block(4, 4, functools.partial(nn.LeakyReLU, 0.2)),
    "an LSTM": lambda: nn.LSTM(4, 8, 2, batch_first=True, dropout=0.1, bidirectional=True),
    "an RNN": lambda: nn.RNN(4, 8, 1, "relu"),
    "a transformer": lambda: nn.TransformerEncoder(
        nn.TransformerEncoderLayer(8, 2, 16, activation="gelu", batch_first=True), 2
    ),
    "a whole transformer": lambda: nn.Transformer(8, 2, 1, 1, 16, batch_first=True),
    "a dictionary": lambda: nn.ModuleDict({"b": nn.Linear(2, 2), "a": nn.Linear(2, 3)}),
    "a list": lambda: nn.ModuleList([nn.Linear(2, n) for n in (3, 1, 2)]),
    "a generator": lambda: nn.ModuleList(nn.Linear(2, n) for n in (3, 1, 2)),
    "a plain list of modules": lambda: nets.Branches([nn.Linear(4, 2), nn.Linear(4, 2)]),
    "a container of another name": lambda: nets.Nameless(nn.Linear(4, 2), nn.ReLU()),
    "a tensor": lambda: nn.CrossEntropyLoss(weight=torch.tensor([1.0, float("nan")])),
    "a dtype": lambda: nn.Linear(4, 2, dtype=torch.float64),
    "a device": lambda: nn.Linear(4, 2, device=torch.device("cpu")),
    "a lazy layer": lambda: nn.Sequential(nn.LazyLinear(3), nn.ReLU(), nn.LazyLinear(2)),
    "a head that is taken off": lambda: nets.OnTop(nets.Backbone()),
    "no memory on meta": nets.NeedsMemory,
    "hidden modules": lambda: nets.Hiding(3),
    "nothing": lambda: nn.Sequential(None, nn.Linear(2, 2)),  # type: ignore[arg-type]
    "a dataclass": lambda: nets.AsData(4),
    "a dataclass with all its fields": lambda: nets.AsData(4, widths=[3]),
    "a mark as a default": nets.Marked,
    "a configuration that calculates": lambda: nets.Act(nets.Derived(3)),  # type: ignore[arg-type]
    "a configuration that is changed inside": lambda: nets.Growing(nets.Sizes(3)),
    "a configuration that is changed later": reused_configuration,
    "what argparse gives": lambda: nets.Growing(argparse.Namespace(width=3, more=[])),
    "a plain tensor that is drawn": lambda: nets.Masked(3),
    "a generic class": lambda: nets.Typed[int](4, 2),
    "twenty layers": lambda: nn.Sequential(*[nn.Linear(3, 3) for _ in range(20)]),
}


def bits(model: nn.Module) -> list[tuple[str, Any]]:
    return [
        (name, None if nn.parameter.is_lazy(value) else value.detach().clone())
        for name, value in (*model.named_parameters(), *model.named_buffers())
    ]


def same_bits(one: nn.Module, other: nn.Module) -> bool:
    return [name for name, _ in bits(one)] == [name for name, _ in bits(other)] and all(
        a is b or torch.equal(a.nan_to_num(9), b.nan_to_num(9))
        for (_, a), (_, b) in zip(bits(one), bits(other), strict=True)
    )


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS.keys())
def test_a_rebuilt_module_begins_with_the_same_bits(make: Callable[[], nn.Module]) -> None:
    torch.manual_seed(3)
    model = make()
    original = copy.deepcopy(model)
    tree = CODEC.encode(model)
    torch.manual_seed(3)
    again = rebuilt(model, {})
    assert str(again) == str(model)
    assert same_bits(again, original)
    assert CODEC.encode(again) == tree


@pytest.fixture(autouse=True)
def _generators() -> Iterator[None]:
    with torch.random.fork_rng():
        yield


def test_shared_modules_stay_shared() -> None:
    again = rebuilt(shared_layer(), {})
    assert again[0] is again[2] is again[4]
    assert again[0] is not again[3]


def test_a_shared_part_names_the_order_of_the_module() -> None:
    tree = CODEC.encode(shared_layer())
    parts = [payload for _, tag, payload in objects(tree) if tag == "$part"]
    shared = [p["extra"]["order"] for p in parts if p["kind"] == "shared"]
    assert shared == [0, 0]
    made = sorted(p["extra"]["order"] for p in parts if p["kind"] == "module")
    assert made == list(range(len(made)))


def test_sizes_are_filled_in() -> None:
    model = nn.Sequential(
        nn.Linear(N_FEATURES, N_FEATURES * 2 + 1), nn.Linear(N_FEATURES * 2 + 1, N_CLASSES)
    )
    again = rebuilt(model, {"n_features": 7, "n_classes": 3})
    assert [tuple(p.shape) for p in again.parameters()] == [(15, 7), (15,), (3, 15), (3,)]
    assert rebuilt(model, {})[0].weight.shape == (5, 2)


def test_sizes_of_categories_are_filled_in() -> None:
    again = rebuilt(functools.partial(nn.EmbeddingBag, CARDINALITIES), {"cardinalities": (3, 4)})
    assert again.args == ((3, 4),)


def test_a_description_is_the_same_after_a_copy_and_a_pickle() -> None:
    model = nets.Residual([4, 6], 2, head=nn.Linear(6, 2))
    tree = CODEC.encode(model)
    assert CODEC.encode(copy.deepcopy(model)) == tree
    once = pickle.loads(pickle.dumps(model))
    assert CODEC.encode(once) == tree
    assert CODEC.encode(pickle.loads(pickle.dumps(once))) == tree
    assert CODEC.encode(copy.copy(model)) == tree


def test_a_copy_of_a_parametrized_module_is_described_alike() -> None:
    model = user_nets.Normed(4, 2)
    assert CODEC.encode(copy.deepcopy(model)) == CODEC.encode(model)


def test_arguments_that_cannot_be_copied_break_neither_copies_nor_pickles() -> None:
    class Taker(nn.Module):
        def __init__(self, items: Any) -> None:
            super().__init__()

    nets.Taker = Taker  # type: ignore[attr-defined]
    Taker.__module__, Taker.__qualname__ = "nets", "Taker"
    try:
        model = Taker(n for n in range(3))
        for again in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
            with pytest.raises(NotSerializableError, match="is not known"):
                CODEC.encode(again)
    finally:
        del nets.Taker  # type: ignore[attr-defined]


def test_a_record_keeps_no_module_alive() -> None:
    model = nets.Residual([4, 6], 2, head=nn.Linear(6, 2))
    watched = weakref.ref(model)
    CODEC.encode(model)
    del model
    gc.collect()
    assert watched() is None


def test_describing_and_rebuilding_leave_the_module_as_it_is() -> None:
    model = nets.OnTop(nets.Backbone())
    before = copy.deepcopy(model)
    rebuilt(model, {})
    assert same_bits(model, before)
    assert vars(model).keys() == vars(before).keys()


def test_describing_leaves_the_generators_as_they_are() -> None:
    state = torch.get_rng_state()
    CODEC.encode(nets.NeedsMemory())
    CODEC.encode(nets.OnTop(nets.Backbone()))
    torch.set_rng_state(state)
    model = nets.NeedsMemory()
    state = torch.get_rng_state()
    CODEC.encode(model)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_description_does_not_depend_on_the_default_dtype() -> None:
    tree = CODEC.encode(nn.Linear(2, 2))
    torch.set_default_dtype(torch.float64)
    try:
        assert CODEC.encode(nn.Linear(2, 2)) == CODEC.encode(nn.Linear(2, 2).float().double())
        assert rebuilt(nn.Linear(2, 2), {}).weight.dtype is torch.float64
        assert CODEC.encode(nn.Linear(2, 2).float()) == tree
    finally:
        torch.set_default_dtype(torch.float32)
    assert torch.get_default_dtype() is torch.float32


def test_a_module_as_a_default_is_left_to_the_class() -> None:
    model = nets.WithDefault(3)
    tree = CODEC.encode(model)
    assert "drop" not in tree["$part"]["params"]
    assert rebuilt(model, {}).drop is model.drop


def test_a_module_with_weights_as_a_default_is_made_anew() -> None:
    model = nets.WithDefault(3)
    assert rebuilt(model, {}).act.weight is not model.act.weight
    two = nn.Sequential(nets.WithDefault(3), nets.WithDefault(3))
    again = rebuilt(two, {})
    assert again[0].act is again[1].act


def described(**params: Any) -> Any:
    tree = CODEC.encode(nn.Linear(2, 3))
    tree["$part"]["params"].update(params)
    return tree


def decoded(tree: Any, compat: Compat) -> tuple[Any, list[str]]:
    notes: list[Note] = []
    model = CODEC.decode(tree, Trust.of_strangers(POLICY), compat=compat, notes=notes)
    return model, [str(note) for note in notes]


def test_an_argument_that_is_gone_is_dropped_if_it_was_at_its_default() -> None:
    tree = described(former=1)
    tree["$part"]["defaults"]["former"] = 1
    model, notes = decoded(tree, "semantic")
    assert model.weight.shape == (3, 2)
    assert notes == ["value: former no longer exists; it was at its default, 1"]
    with pytest.raises(FlowError, match="no parameter 'former'"):
        decoded(tree, "exact")
    tree["$part"]["params"]["former"] = 2
    with pytest.raises(FlowError, match="which the flow sets to 2"):
        decoded(tree, "semantic")


def itself() -> nn.Module:
    model = nn.Sequential(nn.Linear(2, 2))
    model.append(model)
    return model


def compiled_in_place() -> nn.Module:
    model = nn.Linear(2, 2)
    model.compile()
    return model


def quantised() -> nn.Module:
    from torch.ao.nn.quantized import dynamic

    return dynamic.Linear(2, 2)


def changed_configuration() -> Any:
    config = nets.Derived(3)
    config.double = 7
    return config


def unrecorded() -> nn.Module:
    model = nn.Linear(2, 2)
    del model.__dict__["_openml_client_call"]
    return model


def parametrized() -> nn.Module:
    model = nn.Linear(2, 2)
    nn.utils.parametrizations.weight_norm(model)
    return model


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "contains itself": (itself, "contains itself"),
    "no record": (unrecorded, "from openml_client_torch import TorchClassifier"),
    "parametrized": (parametrized, "inside the constructor"),
    "a lambda": (lambda: nets.Act(lambda x: x), "lambda"),
    "a large tensor": (lambda: nn.CrossEntropyLoss(weight=torch.ones(99_999)), "65,536"),
    "a large parameter": (lambda: nn.ParameterList([torch.ones(99_999)]), "65,536"),
    "a dictionary with attributes": (
        lambda: nets.Act(nets.AttrDict(width=3)),  # type: ignore[arg-type]
        "type nets.AttrDict has no description",
    ),
    "a changed configuration": (lambda: nets.Act(changed_configuration()), "else in double"),
    "weights that are there already": (nets.Inheriting, "as 'act.weight'"),
    "a calculated tensor": (
        lambda: nn.CrossEntropyLoss(weight=torch.ones(2, requires_grad=True) * 2),
        "the result of a calculation",
    ),
    "a sparse tensor": (lambda: nn.CrossEntropyLoss(weight=torch.eye(2).to_sparse()), "dense"),
    "a generator": (lambda: nets.Act(torch.Generator()), "global generator"),
    "a bound method": (lambda: nets.Act(nn.Linear(2, 2).forward), "bound"),
    "TorchScript": (lambda: torch.jit.freeze(torch.jit.script(nn.ReLU().eval())), "compiled"),
    "a compiled module": (lambda: torch.compile(nn.Linear(2, 2)), "compile=True"),
    "compiled in place": (compiled_in_place, "compile=True"),
    "quantised": (quantised, "quantised"),
    "made without values": (lambda: nn.utils.skip_init(nn.Linear, 2, 2), "skip_init"),
    "a traced graph": (lambda: torch.fx.symbolic_trace(nn.ReLU()), "compiled"),
    "an optimizer": (lambda: torch.optim.SGD(nn.Linear(2, 2).parameters()), "Give the class, SGD"),
    "DataParallel": (lambda: nn.DataParallel(nn.Linear(2, 2)), "distributes"),
}


@pytest.mark.parametrize(("make", "why"), REFUSED.values(), ids=REFUSED.keys())
@pytest.mark.filterwarnings("ignore:`torch.jit", "ignore:torch.quantize_per_tensor")
def test_what_cannot_be_described_is_refused_with_a_remedy(
    make: Callable[[], Any], why: str
) -> None:
    with pytest.raises(NotSerializableError, match=why) as caught:
        CODEC.encode(make())
    assert caught.value.hint


def test_what_a_local_class_has_made_can_be_pickled() -> None:
    class Local(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(2, 2)

    again = pickle.loads(pickle.dumps(Local().fc))
    assert again.weight.shape == (2, 2)
    with pytest.raises(NotSerializableError, match="Make it on its own"):
        CODEC.encode(again)


class Lasting:
    """A value whose state is a lambda."""

    def __init__(self) -> None:
        self.function = lambda x: x


@pytest.mark.parametrize(
    ("value", "is_kept"),
    [
        ({"a": [1, (2.5, None)]}, True),
        (functools.partial(functional.leaky_relu, negative_slope=0.1), True),
        (torch.float64, True),
        (torch.tanh, True),
        (nn.Linear, True),
        (N_FEATURES, True),
        (lambda x: x, False),
        (functools.partial(lambda x: x), False),
        ([Lasting()], False),
        ((n for n in range(3)), False),
    ],
)
def test_a_record_travels_if_its_arguments_can(value: Any, *, is_kept: bool) -> None:
    model = nn.Identity(value)
    again = pickle.loads(pickle.dumps(model))
    assert (call_of(again) is not None) is is_kept
