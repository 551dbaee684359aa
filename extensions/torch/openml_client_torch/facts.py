"""What can be told of a module and of all inside it, so that two can be compared."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import torch
from torch import nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.parameter import is_lazy

from openml_client.errors import NotSerializableError
from openml_client.extension.codec import Codec, Encoder, Handler
from openml_client.extension.identity import canonical
from openml_client.extension.values import codec
from openml_client_torch.recording import KEY, Call, call_of, is_copy
from openml_client_torch.values import VALUE_HANDLERS

if TYPE_CHECKING:
    from openml_client.extension.identity import Json

Places = Mapping[tuple[int, int], int]
"""Number of a part by the key of its call."""

INTERNAL: Final = frozenset(nn.Module().__dict__) | {
    KEY,
    "training",
    "__orig_class__",  # as Net[int](2) sets it, after the constructor
    "_flat_weights",  # of recurrent layers, which are the parameters once more
    "_flat_weight_refs",
    "_flat_weights_names",
}
"""Attributes of all modules, which are looked at as what they stand for or not at all."""


_WITHOUT_TENSORS: Final = (bool, int, float, str, type(None), type, FunctionType)
"""Types of most attributes."""
_TENSOR_HOOKS: Final = ("_backward_hooks", "_post_accumulate_grad_hooks")


class _Told(Handler):
    """Modules and tensors inside attributes: told of, not described."""

    def __init__(self, places: Places, *, with_values: bool = False) -> None:
        self._places = places
        self._with_values = with_values

    def accepts(self, value: object) -> bool:
        return isinstance(value, (nn.Module, torch.Tensor))

    def encode(self, value: Any, encoder: Encoder) -> Json:
        what: Any = None
        if not isinstance(value, torch.Tensor):
            what = _identity(value, self._places)
        elif self._with_values and not (is_lazy(value) or value.is_meta):
            what = (*_outline(value), _digest(value))
        else:
            what = _outline(value)
        return f"{type(value).__name__} {what}"


def attributes_codec(places: Places) -> Codec:
    """Make the codec that tells of attributes."""
    return codec((_Told(places), *VALUE_HANDLERS))


class Fact(NamedTuple):
    """A kind of fact and the path that it is about."""

    kind: str
    """``module``, ``children``, ``hooks``, ``attribute``, ``tensor``, ``tied``, ``storage``; for
    buffers ``values`` too."""
    path: str


def facts(module: nn.Module, places: Places, telling: Codec) -> dict[Fact, Any]:
    """All facts about a module, which is at the empty path, and those inside it.

    The values of weights are no facts, nor is whether the module is training.
    """
    found: dict[Fact, Any] = {}
    loose: list[str] = []
    for path, inner in module.named_modules(remove_duplicate=False):
        if any(path.startswith(f"{above}.") for above in loose):
            continue
        found[Fact("module", path)] = _identity(inner, places)
        if _is_lazy(inner):
            loose.append(path)  # what it has become depends on the data
            continue
        found[Fact("children", path)] = list(inner._modules)
        for name, child in inner._modules.items():
            if child is None:
                found[Fact("module", _joined(path, name))] = None
        if hooks := _hooks(inner.__dict__):
            found[Fact("hooks", path)] = hooks
        for name, value in inner.__dict__.items():
            if name not in INTERNAL and not isinstance(value, nn.Module):
                found[Fact("attribute", _joined(path, name))] = _text(value, telling)
        found.update(_tensors(path, inner))
    found.update(_aliases(module, found))
    return found


def values(module: nn.Module) -> dict[Fact, str]:
    """What is in the buffers, and in tensors that are plain attributes.

    The statistics of normalizations come from data.
    """
    found = {}
    telling, plain = codec((_Told({}, with_values=True), *VALUE_HANDLERS)), attributes_codec({})
    for path, inner in module.named_modules(remove_duplicate=False):
        if isinstance(inner, _NormBase) or _is_lazy(inner):
            continue
        for name, buffer in inner._buffers.items():
            if buffer is not None and not is_lazy(buffer) and not buffer.is_meta:
                found[Fact("values", _joined(path, name))] = _digest(buffer)
        for name, value in inner.__dict__.items():
            if name not in INTERNAL and not _is_plain(value):
                text = _text(value, telling)
                if text != _text(value, plain):
                    found[Fact("attribute", _joined(path, name))] = text
    return found


def _is_plain(value: object) -> bool:
    """Whether an attribute needn't be searched for tensors, as most."""
    items = value if isinstance(value, (list, tuple)) else (value,)
    return isinstance(value, nn.Module) or all(isinstance(i, _WITHOUT_TENSORS) for i in items)


def _digest(tensor: torch.Tensor) -> str:
    """SHA-256 of what is in a tensor."""
    bits = tensor.detach().cpu().resolve_conj().resolve_neg().contiguous()
    data = bits.reshape(-1).view(torch.uint8).numpy().tobytes() if bits.numel() else b""
    return hashlib.sha256(data).hexdigest()


def retouched(module: nn.Module, twin: nn.Module) -> Iterator[tuple[int, str]]:
    """Parameters that were written to or replaced after the constructor, by identity and path.

    Of copies and of what takes its shape from the data this can't be told.
    """
    theirs = dict(twin.named_modules())
    for path, inner in module.named_modules():
        again = theirs.get(path)
        if again is None or is_copy(inner) or is_copy(again) or _is_lazy(inner):
            continue
        for name, mine in inner._parameters.items():
            other = again._parameters.get(name)
            if mine is not None and other is not None and mine._version != other._version:
                yield id(mine), _joined(path, name)


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _is_lazy(module: nn.Module) -> bool:
    """Whether a module takes its shape from the data, or has taken it."""
    call = call_of(module)
    return call is not None and issubclass(call.cls, LazyModuleMixin)


def _identity(module: nn.Module, places: Places) -> tuple[str, Any]:
    """Class of a module, and where it was made: by which part, and as the how manyth there."""
    cls, call = type(module), call_of(module)
    if call is not None and _is_lazy(module):
        cls = call.cls
    return f"{cls.__module__}:{cls.__qualname__}", origin(call, places)


def origin(call: Call | None, places: Places) -> tuple[int, int] | None:
    """Number of the part in whose constructor a call was made, and the place there."""
    maker = call
    while call is not None and maker is not None:
        if maker.key in places:
            return places[maker.key], call.rank - maker.rank
        maker = Call(*maker.maker) if maker.maker else None
    return None


def _tensors(path: str, module: nn.Module) -> Iterator[tuple[Fact, Any]]:
    for kind, tensors in (("parameter", module._parameters), ("buffer", module._buffers)):
        for name, tensor in tensors.items():
            is_kept = kind == "parameter" or name not in module._non_persistent_buffers_set
            outline = None if tensor is None else _outline(tensor)
            yield Fact("tensor", _joined(path, name)), (kind, is_kept, outline)
            if hooks := _hooks({key: getattr(tensor, key, None) for key in _TENSOR_HOOKS}):
                yield Fact("hooks", _joined(path, name)), hooks


def _hooks(attributes: Mapping[str, Any]) -> dict[str, list[str]]:
    """Names of the hooks of a module or a tensor, by their kind."""
    return {
        key: [_name_of(hook) for hook in value.values()]
        for key, value in attributes.items()
        if key.endswith("_hooks") and value
    }


def _name_of(hook: Any) -> str:
    hook = getattr(hook, "hook", hook)  # torch wraps some; copies of the wrapper have no name
    return str(getattr(hook, "__qualname__", type(hook).__qualname__))


def _outline(tensor: torch.Tensor) -> tuple[Any, ...]:
    shape = None if is_lazy(tensor) else tuple(tensor.shape)
    return shape, str(tensor.dtype), tensor.requires_grad


def _aliases(module: nn.Module, found: Mapping[Fact, Any]) -> Iterator[tuple[Fact, str]]:
    """First path of each tensor that stands at several, or shares its memory with others."""
    first: dict[int, str] = {}
    of_storage: dict[int, str] = {}
    named = (module.named_parameters, module.named_buffers)
    for path, tensor in (pair for names in named for pair in names(remove_duplicate=False)):
        if Fact("tensor", path) not in found or is_lazy(tensor):
            continue
        if first.setdefault(id(tensor), path) != path:
            yield Fact("tied", path), first[id(tensor)]
        elif of_storage.setdefault(tensor.untyped_storage()._cdata, path) != path:
            yield Fact("storage", path), of_storage[tensor.untyped_storage()._cdata]


def _text(value: Any, telling: Codec) -> str:
    """What can be told of an attribute: all where it has a description, else its type."""
    kind = type(value)
    if kind in (list, tuple):
        return f"{kind.__name__}[{','.join(_text(item, telling) for item in value)}]"
    try:
        return canonical(telling.encode(value))
    except NotSerializableError:
        return str(getattr(value, "__qualname__", f"{kind.__module__}:{kind.__qualname__}"))
