"""Nets of skorch and their callbacks: as data, rebuilt, and what their training tells.

Nothing here imports skorch or torch: whoever has a net has done so, and so does the loading of a
name that passed the audit.
"""

from __future__ import annotations

import os
import re
import types
from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from openml_client_sklearn.estimators import EstimatorHandler

from openml_client.errors import FlowError
from openml_client.extension.codec import Codec, Decoder, Encoder, NodeHandler
from openml_client.extension.references import home_of, reference_to
from openml_client.extension.tree import NODE, PART, objects
from openml_client.extension.trust import Hazard, Policy, Rule, scalars
from openml_client_torch.nets import is_callback, is_skorch

if TYPE_CHECKING:
    from openml_client.extension.identity import Json

_NOTES: Final = "_params_to_validate"
"""Where a net notes which settings it was given; it is among the parameters, but is none."""
_LOADER: Final = {"$class": "torch.utils.data:DataLoader"}
"""Left out where it is the default, so that nothing of torch.utils must be vouched for."""
_SETTING: Final = re.compile(r"[a-z]\w*?__\w+")
"""Arguments for a part of a net, as ``module__width``."""

_LIVE: Final = frozenset(
    {"MlflowLogger", "NeptuneLogger", "SacredLogger", "TensorBoard", "WandbLogger"}
)
"""Callbacks of skorch that hold a connection to another program."""

_HARMLESS: Final = """
BatchScoring EarlyStopping EpochScoring EpochTimer Freezer GradientNormClipping Initializer
InputShapeSetter LRScheduler ParamMapper PassthroughScoring PrintLog ProgressBar Unfreezer
"""
"""Callbacks that touch no file and nothing outside the process, but for the lines they print."""


class NetHandler(EstimatorHandler):
    """A net, by its parameters and by the settings of its parts."""

    kind = "net"

    def accepts(self, value: object) -> bool:
        """Whether the value is a net of skorch; nothing is if skorch is not loaded."""
        return is_skorch(value)

    def encode(self, value: Any, encoder: Encoder) -> Json:
        """Node of a net."""
        cls: Any = type(value)
        tree = super().encode(value, encoder)
        payload = tree[NODE]
        params = payload["params"]
        params.pop(_NOTES, None)
        defaults = _all_defaults(cls, encoder.codec)
        for name in [name for name in params if params[name] == defaults.get(name) == _LOADER]:
            del params[name]
        payload["defaults"] = {name: defaults[name] for name in params if name in defaults}
        if any(tag == "$dim" for _, tag, _ in objects(params)):
            raise encoder.refusal(
                "only the recipes of openml_client_torch fill in symbols as N_FEATURES",
                "Give numbers or layers as torch.nn.LazyLinear, or train the module by a "
                "TorchClassifier or TorchRegressor.",
            )
        return tree

    def decode(self, payload: Json, decoder: Decoder) -> Any:
        """Net that a node describes."""
        cls = decoder.load(self.kind, payload["class"])
        kept = {}
        for name, value in payload["params"].items():
            if name in _names(cls) or _SETTING.fullmatch(name):
                kept[name] = value
            elif decoder.compat != "exact" and payload["defaults"].get(name, ...) == value:
                decoder.note(f"{name} no longer exists; it was at its default, {value!r}")
            else:  # skorch would keep it as an attribute, in the place of a method maybe
                raise FlowError(
                    f"{decoder.path}: the installed {payload['class']} has no parameter {name!r}",
                    hint="Install the version that the flow's dependencies name.",
                )
        return super().decode({**payload, "params": kept}, decoder)


class CallbackHandler(NodeHandler):
    """A callback that was not used yet, by the arguments of its constructor."""

    tag = PART
    kind: ClassVar[str] = "callback"

    def accepts(self, value: object) -> bool:
        """Whether the value is a callback of skorch; nothing is if skorch is not loaded."""
        return is_callback(value)

    def encode(self, value: Any, encoder: Encoder) -> Json:
        """Part of a callback: its arguments are parameters of the net's flow."""
        from openml_client_torch.arguments import encoded_defaults

        cls: type = type(value)
        if cls.__name__ in _LIVE and _is_skorchs(cls):
            raise encoder.refusal(
                f"a {cls.__name__} holds a connection to another program, which a flow can't",
                "Leave it out: the run keeps a row per epoch in its trace and its log.",
            )
        params = value.get_params(deep=False)
        self._refuse_changed(value, params, encoder)
        defaults = encoded_defaults(cls, encoder.codec)
        payload = {
            "kind": self.kind,
            "class": reference_to(cls, encoder.path),
            "params": {name: encoder.child(name, params[name]) for name in sorted(params)},
            "defaults": {name: defaults[name] for name in sorted(params) if name in defaults},
        }
        return {PART: payload}

    def decode(self, payload: Json, decoder: Decoder) -> Any:
        """Callback that a part describes."""
        from openml_client_torch.arguments import accepted

        cls = decoder.load(self.kind, payload["class"])
        params = accepted(cls, payload, decoder)
        hidden = [name for name in params if name not in _names(cls) and hasattr(cls, name)]
        if hidden:
            raise ValueError(f"{hidden[0]!r} is a method, not a parameter")
        return cls(**{name: decoder.child(name, value) for name, value in params.items()})

    def _refuse_changed(self, value: Any, params: Mapping[str, Any], encoder: Encoder) -> None:
        """Refuse what its arguments do not tell: a use in a training, and other attributes."""
        from openml_client_torch.arguments import signature

        cls: type = type(value)
        if any(_owner(item) is value for item in params.values()):
            raise encoder.refusal(
                f"this {cls.__name__} was used in a training, which changed it",
                "Make a new one for each net.",
            )
        taken = signature(cls)
        others = [name for name in params if name not in taken.defaults and not taken.takes_any]
        lost = [name for name in taken.defaults if name not in params]
        if others or lost:
            raise encoder.refusal(
                f"{cls.__name__} takes {[*taken.defaults]} and keeps {sorted(params)}",
                "Let its constructor set each argument to an attribute of its name, and let "
                "the names of all other attributes end with an underscore.",
            )


NET_HANDLERS: Final = (NetHandler(), CallbackHandler())


def _owner(value: Any) -> object:
    """What a method is bound to, or the method that a partial calls."""
    while isinstance(value, partial):
        value = value.func
    return value.__self__ if isinstance(value, types.MethodType) else None


def _constructors(cls: type) -> Iterator[type]:
    """A class and its bases that have a constructor: nets hand on what they do not name."""
    return (base for base in cls.__mro__ if base is not object and "__init__" in vars(base))


@lru_cache(maxsize=256)
def _names(cls: type) -> frozenset[str]:
    """What the constructors of a class and its bases name."""
    from openml_client_torch.arguments import signature

    return frozenset(name for base in _constructors(cls) for name in signature(base).defaults)


@lru_cache(maxsize=256)
def _all_defaults(cls: type, codec: Codec) -> Mapping[str, Json]:
    """Typed JSON of the defaults of a net's parameters, those of its bases too."""
    from openml_client_torch.arguments import encoded_defaults

    found: dict[str, Json] = {}
    for base in reversed([*_constructors(cls)]):
        found.update(encoded_defaults(base, codec))
    return found


def _is_skorchs(value: object) -> bool:
    return home_of(value).partition(".")[0] == "skorch"


def _not_skorchs(value: object) -> str | None:
    return None if isinstance(value, type) and _is_skorchs(value) else "defined elsewhere"


def _touches_files(parameter: str, value: Json) -> str | None:
    if parameter != "dirname" and not parameter.startswith("f_"):
        return None
    names = [name for name in scalars(value) if isinstance(name, str) and name]
    return f"it writes or reads the file {names[0]!r}" if names else None


def _reads_pickles(parameter: str, value: Json) -> str | None:
    if parameter != "weights_only" or all(item is not False for item in scalars(value)):
        return None
    return "it reads pickles, which may run anything"


def _wants_more_workers(parameter: str, value: Json) -> str | None:
    if parameter != "num_workers":
        return None
    have = os.cpu_count() or 1
    wanted = [n for n in scalars(value) if type(n) is int and n > have]
    return f"it asks for {wanted[0]} processes on {have} processors" if wanted else None


def _in(module: str, names: str) -> frozenset[str]:
    return frozenset(f"{module}:{name}" for name in names.split())


_CALLBACKS: Final = _in("skorch.callbacks", _HARMLESS)

POLICY: Final = Policy(
    rules={
        "net": Rule(
            names=_in(
                "skorch",
                "NeuralNet NeuralNetBinaryClassifier NeuralNetClassifier NeuralNetRegressor",
            ),
            complaint=_not_skorchs,
        ),
        "callback": Rule(names=_CALLBACKS, complaint=_not_skorchs),
        "object": Rule(names=_in("skorch.dataset", "ValidSplit"), complaint=_not_skorchs),
        "class": Rule(
            names=_CALLBACKS
            | _in("skorch.callbacks", "WarmRestartLR")
            | _in("skorch.dataset", "Dataset")
        ),
        "function": Rule(
            names=_in("skorch.utils", "freeze_parameter noop to_numpy unfreeze_parameter")
            | _in("builtins", "print")
        ),
    },
    hazards=tuple(map(Hazard, (_touches_files, _reads_pickles, _wants_more_workers))),
)
"""What this extension vouches for of skorch."""
