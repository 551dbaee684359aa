"""Arguments of constructors by name: as they were given, and as the installed class takes them."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from torch import nn

from openml_client.errors import FlowError, NotSerializableError
from openml_client.extension.callables import default_of
from openml_client.extension.codec import Codec, Decoder
from openml_client.extension.tree import is_wiring

if TYPE_CHECKING:
    from openml_client.extension.identity import Json

VARIABLE: Final = "*args"
"""Under which name variable positional arguments stand."""

_RNN = ("input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout")
_RECURRENT: Final[Mapping[type[nn.Module], tuple[str, ...]]] = {
    nn.RNN: (*_RNN[:3], "nonlinearity", *_RNN[3:], "bidirectional", "device", "dtype"),
    nn.GRU: (*_RNN, "bidirectional", "device", "dtype"),
    nn.LSTM: (*_RNN, "bidirectional", "proj_size", "device", "dtype"),
}
"""Names of arguments that torch's signatures hide behind ``*args``."""


class Signature(NamedTuple):
    """What a constructor takes."""

    positional: tuple[str, ...]
    """Names of the arguments that can be given by position."""
    unnamed: frozenset[str]
    """Those of them that can be given by position only."""
    defaults: Mapping[str, Any]
    """By name, of all; ``inspect.Parameter.empty`` where there is none."""
    takes_more: bool
    """Whether it has ``*args``."""
    takes_any: bool
    """Whether it has ``**kwargs``."""


@lru_cache(maxsize=1024)
def signature(cls: Any) -> Signature:
    """Arguments of a class's constructor."""
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    kinds = inspect.Parameter
    positional = (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD)
    named = (*positional, kinds.KEYWORD_ONLY)
    return Signature(
        positional=_RECURRENT.get(cls) or tuple(p.name for p in parameters if p.kind in positional),
        unnamed=frozenset(p.name for p in parameters if p.kind is kinds.POSITIONAL_ONLY),
        defaults={p.name: default_of(p) for p in parameters if p.kind in named},
        takes_more=any(p.kind is kinds.VAR_POSITIONAL for p in parameters),
        takes_any=any(p.kind is kinds.VAR_KEYWORD for p in parameters),
    )


def by_name(cls: type, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of a call by name; those beyond the named ones as ``*args``."""
    names = signature(cls).positional
    given = dict(zip(names, args, strict=False))
    if len(args) > len(names):
        given[VARIABLE] = list(args[len(names) :])
    return {**given, **kwargs}


@lru_cache(maxsize=1024)
def encoded_defaults(cls: Any, codec: Codec) -> Mapping[str, Json]:
    """Defaults of a constructor as typed JSON; one that has no description counts as none."""
    found = {}
    for name, default in signature(cls).defaults.items():
        if default is not inspect.Parameter.empty:
            with contextlib.suppress(NotSerializableError):
                encoded = codec.encode(default, name)
                if not is_wiring(encoded):
                    found[name] = encoded
    return found


def accepted(cls: type, payload: Json, decoder: Decoder) -> dict[str, Json]:
    """Typed JSON of the arguments that the installed class takes."""
    taken = signature(cls)
    params, defaults = payload["params"], payload["defaults"]
    kept = {}
    for name, value in params.items():
        if name in taken.defaults or taken.takes_any or (name == VARIABLE and taken.takes_more):
            kept[name] = value
        elif decoder.compat != "exact" and name in defaults and defaults[name] == value:
            decoder.note(f"{name} no longer exists; it was at its default, {value!r}")
        else:
            raise FlowError(
                f"{decoder.path}: the installed {payload['class']} has no parameter {name!r}, "
                f"which the flow sets to {value!r}",
                hint="Install the version that the flow's dependencies name.",
            )
    return kept


def construct(cls: type, given: Mapping[str, Any]) -> Any:
    """What the class makes of arguments by name."""
    taken = signature(cls)
    named = dict(given)
    more = named.pop(VARIABLE, None)
    by_position = taken.positional if more else [n for n in taken.positional if n in taken.unnamed]
    args = [named.pop(name) for name in by_position if name in named]
    return cls(*args, *(more or ()), **named)
