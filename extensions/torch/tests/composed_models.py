"""Composed models: each with what it is trained on. ``make coverage-models`` measures them."""

from __future__ import annotations

import copy
import functools
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

import nets
import torch
import user_nets as own
from torch import nn
from torch.nn import functional

ROWS = (6, 4)
SEQUENCES = (3, 5, 8)
IMAGES = (3, 1, 8, 8)
TRUSTED = ("nets", "user_nets")
"""The user's packages."""


class Composed(NamedTuple):
    """A maker of a model, and the shape of its data."""

    make: Callable[[], nn.Module]
    shape: tuple[int, ...] = ROWS


def changed(model: Any, change: Callable[[Any], Any]) -> Any:
    change(model)
    return model


def layer(**more: Any) -> nn.TransformerEncoderLayer:
    return nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, **more)


def appended() -> nn.Module:
    model = nn.Sequential(nn.Linear(4, 8))
    for _ in range(3):
        model.append(nn.Linear(8, 8))
        model.append(nn.Dropout(0.1))
    return model


def siamese() -> nn.Module:
    tower = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
    return nn.Sequential(tower, nn.Dropout(0.3), tower, nn.Linear(4, 2))


def head_first() -> nn.Module:
    head = nn.Linear(8, 2)
    return nn.Sequential(OrderedDict(body=nn.Linear(4, 8), act=nn.ReLU(), head=head))


def with_a_new_head(model: Any) -> None:
    model.fc = nn.Sequential(nn.Dropout(0.4), nn.Linear(model.fc.in_features, 2))


def fine_tuned(model: Any) -> None:
    model.requires_grad_(False)
    model.fc = nn.Linear(8, 2)


def features(model: Any) -> nn.Module:
    return nn.Sequential(*list(model.children())[:-1], nn.Flatten(), nn.Linear(8, 2))


def tied(model: Any) -> None:
    model.decoder.weight = model.encoder.weight


def shared_experts() -> nn.Module:
    expert = nets.Block(4, 3)
    return own.Mixture([expert, nets.Block(4, 3, nn.Tanh), expert], 4, own.Pooling.MAX)


def grown() -> nn.Module:
    """A container that grows after it was given away."""
    head = nn.Sequential(nn.Linear(6, 6))
    model = nets.Residual([4, 6], 2, head=head)
    head.append(nn.Linear(6, 2))
    return model


def with_a_buffer(model: Any) -> None:
    model.register_buffer("prior", torch.tensor([0.2, 0.8]))


COMPOSED: dict[str, Composed] = {
    "a perceptron": Composed(
        lambda: nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 3))
    ),
    "named layers, the head made first": Composed(head_first),
    "nested containers": Composed(
        lambda: nn.Sequential(
            nn.Sequential(nn.Linear(4, 8), nn.SELU()),
            nn.Sequential(nn.Sequential(nn.Linear(8, 8), nn.AlphaDropout(0.1)), nn.Linear(8, 2)),
        )
    ),
    "an appended container": Composed(appended),
    "shared towers": Composed(siamese),
    "normalized": Composed(
        lambda: nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 8), nn.LayerNorm(8), nn.Mish())
    ),
    "a subclass of Sequential": Composed(lambda: own.Stack(4, 3)),
    "a residual network": Composed(lambda: nets.Residual([4, 8, 8], 3, p=0.2)),
    "a class as an argument": Composed(lambda: nets.Residual([4, 8], 3, act=nn.ELU)),
    "a module as an argument": Composed(lambda: nets.Residual([4, 8], 3, head=nn.Linear(8, 5))),
    "a partial as an argument": Composed(
        lambda: nets.Residual([4, 8], 3, act=functools.partial(nn.LeakyReLU, 0.3))
    ),
    "arguments without names": Composed(lambda: nets.Wide(4, 3, True, scale=0.5)),
    "a function": Composed(lambda: nn.Sequential(nn.Linear(4, 3), nets.Act(functional.relu))),
    "a function in C": Composed(lambda: nn.Sequential(nn.Linear(4, 3), nets.Act(torch.tanh))),
    "a factory": Composed(lambda: nn.Sequential(nn.Linear(4, 3), nets.Act(nets.leaky(0.1, 2.0)))),
    "a partial of a function": Composed(
        lambda: nn.Sequential(
            nn.Linear(4, 3), nets.Act(functools.partial(functional.softmax, dim=-1))
        )
    ),
    "a dataclass": Composed(lambda: own.Configured(4, 3, own.Config(depth=3, act=nn.SiLU))),
    "a default dataclass": Composed(lambda: own.Configured(4, 3)),
    "lazy layers": Composed(
        lambda: nn.Sequential(nn.LazyLinear(8), nn.ReLU(), nn.LazyBatchNorm1d(), nn.LazyLinear(2))
    ),
    "a GRU with a lazy head": Composed(lambda: own.Recurrent(4, 8)),
    "an LSTM of two layers": Composed(
        lambda: own.Recurrent(4, 8, "LSTM", num_layers=2, dropout=0.3, bidirectional=True)
    ),
    "an RNN": Composed(lambda: own.Recurrent(4, 8, "RNN", nonlinearity="relu")),
    "a transformer": Composed(
        lambda: nn.TransformerEncoder(layer(activation="gelu", norm_first=True), 2, None, False),
        SEQUENCES,
    ),
    "a transformer with a function": Composed(
        lambda: nn.TransformerEncoder(layer(activation=functional.silu), 2, nn.LayerNorm(8)),
        SEQUENCES,
    ),
    "a frozen layer, copied": Composed(
        lambda: nn.Sequential(
            nn.Linear(8, 8),
            nn.TransformerEncoder(layer().requires_grad_(False), 2),
        ),
        SEQUENCES,
    ),
    "copies by another's constructor": Composed(lambda: own.Attention(layer(), 2), SEQUENCES),
    "layers taken out of a transformer": Composed(
        lambda: nn.Sequential(*nn.TransformerEncoder(layer(), 3).layers[1:], nn.Linear(8, 2)),
        SEQUENCES,
    ),
    "columns of categories": Composed(lambda: own.Tabular(2, [3, 5], None)),
    "columns of categories, transformed": Composed(
        lambda: own.Tabular(2, [3, 5], nn.TransformerEncoder(layer(), 1))
    ),
    "a residual network of convolutions": Composed(own.ResNet, IMAGES),
    "its features": Composed(lambda: features(own.ResNet([1, 2])), IMAGES),
    "it with a new head": Composed(lambda: changed(own.ResNet(), with_a_new_head), IMAGES),
    "it, fine-tuned": Composed(lambda: changed(own.ResNet(), fine_tuned), IMAGES),
    "temporal convolutions": Composed(lambda: own.TemporalConv([8, 6, 4]), SEQUENCES),
    "an autoencoder that ties its memory": Composed(lambda: own.AutoEncoder(4, 3)),
    "weights tied afterwards": Composed(lambda: changed(nets.Tied(4, 4), tied)),
    "a language model": Composed(lambda: own.Language(6, 8)),
    "by name": Composed(
        lambda: own.ByName({"z": nn.Linear(4, 5), "a": nn.PReLU(), "m": nn.Linear(5, 2)})
    ),
    "parametrized inside": Composed(lambda: own.Normed(4, 3)),
    "functions that initialize": Composed(
        lambda: own.Initialized(4, 3, own.orthogonal, functools.partial(nn.init.uniform_, a=-1))
    ),
    "shared experts": Composed(shared_experts),
    "what draws while it runs": Composed(lambda: own.Variational(4)),
    "lists of parameters": Composed(lambda: own.Ensemble(4, 3, 2, own.scaled(1.5))),
    "what needs memory": Composed(lambda: own.Remembering(4, 2)),
    "a head that is taken off": Composed(lambda: nets.OnTop(nets.Backbone())),
    "a wrapped head": Composed(lambda: changed(nets.Backbone(), with_a_new_head)),
    "a frozen body": Composed(
        lambda: changed(nets.Backbone(), lambda m: m.body.requires_grad_(False))
    ),
    "another dropout": Composed(
        lambda: changed(nets.Block(4, 3), lambda m: setattr(m.drop, "p", 0.6))
    ),
    "a new buffer": Composed(lambda: changed(nets.Backbone(n_out=2), with_a_buffer)),
    "in double precision": Composed(lambda: nn.Sequential(own.Double(), nets.Backbone().double())),
    "copies of a block": Composed(
        lambda: nn.Sequential(*(copy.deepcopy(b) for b in [nets.Block(4, 4)] * 3), nn.Linear(4, 2))
    ),
    "a container that grows": Composed(grown),
    "a plain list of modules": Composed(
        lambda: nets.Branches([nn.Linear(4, 2), nets.Block(4, 2, nn.Tanh)])
    ),
}
