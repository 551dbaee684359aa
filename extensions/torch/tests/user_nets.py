"""Networks as people write them, each for what it does that is hard to describe."""

from __future__ import annotations

import enum
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


def orthogonal(module: nn.Module) -> None:
    """Initialization for ``apply``."""
    if isinstance(module, nn.Linear):
        nn.init.orthogonal_(module.weight)


def scaled(factor: float) -> Callable[[Tensor], Tensor]:
    """Factory of a function whose variable is not its argument's name."""

    def act(x: Tensor) -> Tensor:
        return torch.tanh(x) * factor

    return act


class Pooling(enum.Enum):
    """How to pool."""

    MEAN = "mean"
    MAX = "max"


@dataclass(frozen=True)
class Config:
    """A configuration as an argument."""

    width: int = 16
    depth: int = 2
    dropout: float = 0.1
    act: type[nn.Module] = nn.GELU
    sizes: tuple[int, ...] = field(default=(8, 4))


class Configured(nn.Module):
    """Takes all that it is from a dataclass."""

    def __init__(self, d_in: int, n_out: int, config: Config = Config()) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(config.depth):
            layers += [nn.Linear(d_in, config.width), config.act(), nn.Dropout(config.dropout)]
            d_in = config.width
        self.layers = nn.Sequential(*layers, nn.Linear(d_in, n_out))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class BasicBlock(nn.Module):
    """Of a residual network of convolutions."""

    def __init__(self, c_in: int, c_out: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(c_in, c_out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(c_out)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(c_out)
        self.down = None if c_in == c_out else nn.Conv2d(c_in, c_out, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x)))))
        return functional.relu(y + (x if self.down is None else self.down(x)))


class ResNet(nn.Module):
    """Keeps a width while it builds, and draws all weights again at the end."""

    def __init__(
        self, layers: Sequence[int] = (1, 1), n_out: int = 3, block: type[nn.Module] = BasicBlock
    ) -> None:
        super().__init__()
        self.width = 4
        self.stem = nn.Conv2d(1, 4, 3, padding=1, bias=False)
        self.layer1 = self._layer(block, 4, layers[0])
        self.layer2 = self._layer(block, 8, layers[1], stride=2)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8, n_out)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def _layer(self, block: Any, width: int, n: int, stride: int = 1) -> nn.Sequential:
        blocks = []
        for _ in range(n):
            blocks.append(block(self.width, width, stride))
            self.width, stride = width, 1
        return nn.Sequential(*blocks)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.pool(self.layer2(self.layer1(self.stem(x)))).flatten(1))


class Tabular(nn.Module):
    """Embeddings of categories, a token for the class, a transformer that it is given."""

    def __init__(
        self, n_numeric: int, cats: Sequence[int], encoder: nn.Module | None, n_out: int = 3
    ) -> None:
        super().__init__()
        self.embeddings = nn.ModuleList(nn.Embedding(n, 8) for n in cats)
        self.numeric = nn.Linear(n_numeric, 8)
        self.encoder = encoder
        self.token = nn.Parameter(torch.randn(1, 1, 8))
        self.register_buffer("scale", torch.full((8,), 0.5))
        self.out = nn.Linear(8, n_out)

    def forward(self, x: Tensor) -> Tensor:
        n = len(self.embeddings)
        codes = [e(x[:, i].abs().long().clamp(0, 1)) for i, e in enumerate(self.embeddings)]
        tokens = torch.stack([*codes, self.numeric(x[:, n:])], 1) * self.scale
        tokens = torch.cat([self.token.expand(len(x), -1, -1), tokens], 1)
        return self.out(tokens.mean(1) if self.encoder is None else self.encoder(tokens)[:, 0])


class AutoEncoder(nn.Module):
    """Ties its weights itself, by a transposed copy of the memory."""

    def __init__(self, d: int, h: int) -> None:
        super().__init__()
        self.encoder = nn.Linear(d, h, bias=False)
        self.decoder = nn.Linear(h, d, bias=False)
        self.decoder.weight = nn.Parameter(self.encoder.weight.t())

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(torch.relu(self.encoder(x)))


class Language(nn.Module):
    """Ties its output to its embedding."""

    def __init__(self, n_words: int, d: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(n_words, d)
        self.position = Position(d)
        self.out = nn.Linear(d, n_words, bias=False)
        self.out.weight = self.embedding.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.position(self.embedding(x.abs().long().clamp(0, 5)))).mean(1)


class Position(nn.Module):
    """A buffer that is calculated, and not kept in the state."""

    def __init__(self, d: int, longest: int = 32) -> None:
        super().__init__()
        place = torch.arange(longest)[:, None] / 10_000 ** (torch.arange(0, d, 2) / d)
        table = torch.stack([place.sin(), place.cos()], -1).flatten(1)
        self.register_buffer("table", table, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[: x.shape[1]]


class Recurrent(nn.Module):
    """Picks a class by its name; its head is lazy."""

    def __init__(self, d: int, h: int, cell: str = "GRU", n_out: int = 2, **more: Any) -> None:
        super().__init__()
        self.cell = getattr(nn, cell)(d, h, batch_first=True, **more)
        self.out = nn.LazyLinear(n_out)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.cell(x[:, None])[0][:, -1])


class Stack(nn.Sequential):
    """A Sequential with a constructor of its own."""

    def __init__(self, width: int, depth: int) -> None:
        super().__init__(*[nn.Linear(width, width) for _ in range(depth)], nn.Linear(width, 3))


class ByName(nn.Module):
    """Looks at what it holds by name."""

    def __init__(self, parts: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.parts = nn.ModuleDict(parts)

    def forward(self, x: Tensor) -> Tensor:
        for part in self.parts.values():
            x = part(x)
        return x


class Normed(nn.Module):
    """Parametrizes a layer in its constructor."""

    def __init__(self, d: int, n_out: int) -> None:
        super().__init__()
        self.hidden = nn.utils.parametrizations.weight_norm(nn.Linear(d, 8))
        self.out = nn.utils.parametrizations.orthogonal(nn.Linear(8, n_out))

    def forward(self, x: Tensor) -> Tensor:
        return self.out(functional.silu(self.hidden(x)))


class Initialized(nn.Module):
    """Takes functions that draw its weights."""

    def __init__(
        self, d: int, n_out: int, init: Callable[[nn.Module], None], bias: Callable[..., Any]
    ) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(d, 8), nn.ReLU(), nn.Linear(8, n_out))
        self.apply(init)
        bias(self.layers[2].bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Mixture(nn.Module):
    """Experts that it is given, some of them shared, and a gate."""

    def __init__(self, experts: Sequence[nn.Module], d: int, pooling: Pooling) -> None:
        super().__init__()
        self.experts = nn.ModuleList(experts)
        self.gate = nn.Linear(d, len(experts))
        self.pooling = pooling

    def forward(self, x: Tensor) -> Tensor:
        out = torch.stack([expert(x) for expert in self.experts], 1)
        out = out * self.gate(x).softmax(-1)[..., None]
        return out.mean(1) if self.pooling is Pooling.MEAN else out.amax(1)


class Variational(nn.Module):
    """Draws while it runs."""

    def __init__(self, d: int, latent: int = 3) -> None:
        super().__init__()
        self.mean, self.log_std = nn.Linear(d, latent), nn.Linear(d, latent)
        self.out = nn.Linear(latent, d)

    def forward(self, x: Tensor) -> Tensor:
        mean, std = self.mean(x), self.log_std(x).exp()
        return self.out(mean + std * torch.randn_like(std))


class Ensemble(nn.Module):
    """Parameters in lists and dictionaries, with a function of a factory."""

    def __init__(self, d: int, n: int, n_out: int, act: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.weights = nn.ParameterList(nn.Parameter(torch.randn(d, n_out)) for _ in range(n))
        self.more = nn.ParameterDict({"shift": nn.Parameter(torch.zeros(n_out))})
        self.act = act

    def forward(self, x: Tensor) -> Tensor:
        return (
            self.act(sum(x @ w for w in self.weights) / math.sqrt(len(self.weights)))
            + (self.more["shift"])
        )


class Attention(nn.Module):
    """Copies the layer that it is given."""

    def __init__(self, layer: nn.Module, n: int) -> None:
        super().__init__()
        self.layers = nn.modules.transformer._get_clones(layer, n)
        self.query = nn.Parameter(torch.zeros(1, 1, 8))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return functional.scaled_dot_product_attention(self.query, x, x)[:, 0]


class Remembering(nn.Module):
    """Keeps what depends on the drawn weights, so that it needs memory when it is made."""

    def __init__(self, d: int, n_out: int) -> None:
        super().__init__()
        self.out = nn.Linear(d, n_out)
        self.n_large = int((self.out.weight.abs() >= 0).sum().item())

    def forward(self, x: Tensor) -> Tensor:
        return self.out(x) / self.n_large


class TemporalConv(nn.Module):
    """Causal convolutions whose dilation grows."""

    def __init__(self, channels: list[int], kernel: int = 3) -> None:
        super().__init__()
        pairs = itertools.pairwise(channels)
        self.convs = nn.ModuleList(
            nn.Conv1d(a, b, kernel, dilation=2**i, padding=2**i * (kernel - 1))
            for i, (a, b) in enumerate(pairs)
        )
        self.scale = nn.Parameter(torch.full((channels[-1], 1), 1e-2))

    def forward(self, x: Tensor) -> Tensor:
        x = x.transpose(1, 2)
        for conv in self.convs:
            x = functional.gelu(conv(x))[..., : x.shape[-1]]
        return (x * self.scale).mean(-1)


class Double(nn.Module):
    """Makes numbers of double precision."""

    def forward(self, x: Tensor) -> Tensor:
        return x.double()
