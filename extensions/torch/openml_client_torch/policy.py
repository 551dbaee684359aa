"""What this extension vouches for in the flows of others, beside what scikit-learn's does.

The names alone decide before anything is imported; the kind of what was imported is checked
after.
"""

from __future__ import annotations

import contextlib
import types
from collections.abc import Iterator
from dataclasses import is_dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from openml_client_sklearn.policy import POLICY as SKLEARN
from openml_client_sklearn.policy import SEEDS

from openml_client.extension.callables import NAMESPACES
from openml_client.extension.tree import MAX_VALUES, tagged
from openml_client.extension.trust import Hazard, Policy, Rule, scalars
from openml_client_torch.dimensions import SYMBOLS, Sizes, evaluate
from openml_client_torch.skorch import POLICY as SKORCH
from openml_client_torch.values import DEVICE

if TYPE_CHECKING:
    from openml_client.extension.identity import Json

_MAX_LAYERS: Final = 1_000
"""Each is a module; networks of a hundred layers are deep."""
_MAX_UNNAMED: Final = 10_000
"""What an argument without a name would be is not known, so it might be a number of layers."""
_MAX_SIZE: Final = 10_000_000
"""As for the parameters of scikit-learn; weights have a limit of their own."""
_ORDINARY: Final = 100
"""What symbols stand for where formulas are judged: features, classes and steps of a small task."""
_MAX_THREADS: Final = 256
"""Processors of a large machine; where the system refuses more, OpenMP ends the process."""

_FUNCTIONS: Final = """
abs absolute acos acosh add addcmul amax amin arccos arccosh arcsin arcsinh arctan arctan2 arctanh
argmax argmin asin asinh atan atan2 atanh bmm cat cdist ceil celu clamp clip concat
cosine_similarity cos cosh cumprod cumsum deg2rad dist div divide dot einsum erf erfc erfinv exp
exp2 expm1 flatten flip floor fmax fmin frac hypot ldexp lerp lgamma log log10 log1p log2
log_softmax logaddexp logaddexp2 logcumsumexp logit logsumexp matmul max maximum mean median min
minimum mm movedim mul multiply nan_to_num nanmean nansum neg negative norm outer
pairwise_distance permute pow prelu prod rad2deg reciprocal relu relu_ reshape round rrelu rsqrt
selu sigmoid sign sin sinc sinh softmax sqrt square squeeze stack std sub subtract sum swapaxes
tan tanh threshold transpose trunc unsqueeze var xlogy
"""
_FUNCTION_HOMES: Final = ("torch.nn.functional", "torch.nn.init", "torch.functional")
"""Where functions of torch that calculate are defined, if they are not written in C."""
_SPECIAL: Final = """
digamma entr erf erfc erfcx erfinv exp2 expit expm1 gammainc gammaincc gammaln i0 i0e i1 i1e log1p
log_ndtr log_softmax logit logsumexp multigammaln ndtr ndtri polygamma psi round sinc softmax
xlog1py xlogy zeta
"""


def _names(module: str, names: str) -> frozenset[str]:
    return frozenset(f"{module}:{name}" for name in names.split())


def _is_in(value: object, *packages: str) -> bool:
    home = getattr(value, "__module__", None) or ""
    return any(f"{home}.".startswith(f"{package}.") for package in packages)


def _not_a_module(value: object) -> str | None:
    from torch import nn

    if not (isinstance(value, type) and issubclass(value, nn.Module)):
        return "not a module"
    if _is_ours(value, "EmbedCategories") or _is_in(value, "torch.nn.modules"):
        return None
    return "a module that was not defined in torch.nn"


def _not_a_part(value: object) -> str | None:
    """Classes that recipes take: of modules, optimizers and schedulers."""
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

    kinds = (Optimizer, LRScheduler)
    if isinstance(value, type) and issubclass(value, kinds) and _is_in(value, "torch.optim"):
        return None
    return _not_a_module(value) and "not a class of a module, an optimizer or a scheduler"


def _not_options(value: object) -> str | None:
    is_data = isinstance(value, type) and (is_dataclass(value) or issubclass(value, Enum))
    return None if is_data and _is_in(value, "torch.nn") else "not options of a module of torch"


def _not_a_recipe(value: object) -> str | None:
    is_recipe = _is_ours(value, "TorchClassifier") or _is_ours(value, "TorchRegressor")
    return None if is_recipe else "not a recipe of this extension"


def _is_ours(value: object, name: str) -> bool:
    return getattr(value, "__name__", "") == name and _is_in(value, "openml_client_torch")


def _not_a_calculation(value: object) -> str | None:
    if isinstance(value, types.BuiltinFunctionType):
        is_torchs = _is_in(value, "torch") or type(value.__self__).__module__.startswith("torch")
    else:
        is_torchs = isinstance(value, types.FunctionType) and _is_in(value, *_FUNCTION_HOMES)
    return None if is_torchs else "not a function of torch that calculates"


def _needs_a_device(parameter: str, value: Json) -> str | None:
    if parameter != "device":
        return None
    for name in scalars(value):
        is_known = (
            name is None or name == "auto" or (isinstance(name, str) and DEVICE.fullmatch(name))
        )
        if not is_known:
            return f"it asks for the device {name!r}"
    return None


def _wants_more_threads(parameter: str, value: Json) -> str | None:
    many = [n for n in numbers(value) if n > _MAX_THREADS] if parameter == "threads" else []
    return f"it asks for {many[0]:,} threads" if many else None


def is_number_of_layers(parameter: str) -> bool:
    """Whether an argument of this name says how many layers there are."""
    return parameter.startswith("num_") and parameter.endswith("layers")


def numbers(value: Json, sizes: Sizes | None = None) -> Iterator[int | float]:
    """Numbers inside an argument, and those that formulas inside it come to with some sizes."""
    yield from (n for n in scalars(value) if type(n) in (int, float))
    for payload in _payloads(value, "$dim"):
        with contextlib.suppress(TypeError, ValueError, ArithmeticError):  # none can be built
            made = evaluate(payload, sizes or {})
            yield from made if isinstance(made, tuple) else (made,)


def _payloads(value: Json, wanted: str) -> Iterator[Json]:
    """Payloads of a tag inside an argument; parts inside it are looked at on their own."""
    stack = [value]
    while stack:
        tag, payload = tagged(item := stack.pop()) or (None, item)
        if tag == wanted:
            yield payload
        elif tag in ("$node", "$part", "$call"):
            continue
        elif isinstance(payload, (dict, list)):
            stack.extend(payload.values() if isinstance(payload, dict) else payload)


def _is_long_range(parameter: str, value: Json) -> str | None:
    # Constructors may make a list of it, or a layer of each of its numbers.
    ends = (abs(n) for payload in _payloads(value, "$range") for n in numbers(payload))
    furthest = max(ends, default=0)
    return f"it counts up to {furthest:,}" if furthest > MAX_VALUES else None


def _comes_to_a_huge_size(parameter: str, value: Json) -> str | None:
    if parameter in SEEDS:
        return None
    sizes = dict.fromkeys(SYMBOLS, _ORDINARY)
    huge = [n for n in numbers(value, sizes) if type(n) is int and abs(n) > _MAX_SIZE]
    return f"it comes to a size of {huge[0]:,}" if huge else None


def _has_too_many_layers(parameter: str, value: Json) -> str | None:
    if parameter == "*args":
        limit = _MAX_UNNAMED
    elif is_number_of_layers(parameter):
        limit = _MAX_LAYERS
    else:
        return None
    many = [n for n in numbers(value) if abs(n) > limit]
    return f"it asks for {many[0]:,} layers, or of something" if many else None


_MODULE = Rule(
    names=frozenset({"openml_client_torch:EmbedCategories"}),
    modules=frozenset({"torch.nn"}),
    packages=frozenset({"torch.nn.modules"}),
    complaint=_not_a_module,
)

OWN = Policy(
    rules={
        "estimator": Rule(
            names=_names("openml_client_torch", "TorchClassifier TorchRegressor"),
            complaint=_not_a_recipe,
        ),
        "module": _MODULE,
        **dict.fromkeys(("shared", "copied", "inner", "patched"), _MODULE),
        "data": Rule(modules=frozenset({"torch.nn"}), complaint=_not_options),
        "object": Rule(names=NAMESPACES),
        "class": Rule(
            names=_MODULE.names,
            modules=_MODULE.modules | {"torch.optim", "torch.optim.lr_scheduler"},
            packages=_MODULE.packages,
            complaint=_not_a_part,
        ),
        "function": Rule(
            names=_names("torch", _FUNCTIONS) | _names("torch.special", _SPECIAL),
            modules=frozenset({"torch.nn.functional", "torch.nn.init"}),
            complaint=_not_a_calculation,
        ),
    },
    hazards=tuple(
        map(
            Hazard,
            (
                _needs_a_device,
                _has_too_many_layers,
                _is_long_range,
                _comes_to_a_huge_size,
                _wants_more_threads,
            ),
        )
    ),
)
"""What this extension vouches for of torch, and of its own."""

POLICY = SKLEARN | OWN | SKORCH
"""What both extensions vouch for."""

__all__ = ["POLICY", "SEEDS"]
