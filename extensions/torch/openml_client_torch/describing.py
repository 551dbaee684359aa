"""Modules to parts: what is known of the modules inside one module while it is described.

First every module that an argument leads to becomes a part, by its call.  Then all is made again
without memory, and each module is compared with its twin; where they differ, a patch says how.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin

from openml_client.extension.codec import Encoder
from openml_client.extension.references import reference_to
from openml_client.extension.tree import PART
from openml_client_torch.arguments import by_name, encoded_defaults, signature
from openml_client_torch.containers import children_of, is_container
from openml_client_torch.ordering import Made, Numbering
from openml_client_torch.recording import Call, call_of

if TYPE_CHECKING:
    from openml_client.extension.identity import Json

Key = tuple[int, int]
_COMPILED = ("torch.jit", "torch._dynamo", "torch.fx")


class Describing:
    """The modules inside one outermost module."""

    def __init__(self) -> None:
        self.numbering = Numbering()
        self.placed: dict[Key, tuple[Made, str, nn.Module]] = {}
        """Modules that a part's constructor made, and where in the part they stand."""
        self._of_module: dict[int, Made | None] = {}
        """By identity of the module; None while it is being described."""
        self._of_key: dict[Key, Made] = {}
        self._kept: list[nn.Module] = []
        """What identities stand for must live as long as they do."""

    def root(self, module: nn.Module, encoder: Encoder) -> Json:
        """Part of the outermost module, with what was changed since the modules were made."""
        from openml_client_torch.verifying import verify

        tree = self.part(module, encoder)
        verify(self, tree, encoder)
        return tree

    def part(self, module: nn.Module, encoder: Encoder) -> Json:
        """Part of a module; where it is met again, it is only referred to."""
        if id(module) in self._of_module:
            made = self._of_module[id(module)]
            if made is None:
                raise encoder.refusal(
                    f"this {type(module).__name__} contains itself", "Make a model without circles."
                )
            return self._shared(made)
        call = recorded(module, encoder)
        self._of_module[id(module)] = None
        self._kept.append(module)
        known = self._of_key.get(call.key)
        if known is not None and known.module is None:
            known.module = module
            self._of_module[id(module)] = known
            return self._shared(known)
        return self._add(self._payload(module, call, encoder), call, module)

    def _payload(self, module: nn.Module, call: Call, encoder: Encoder) -> dict[str, Any]:
        known = self._of_key.get(call.key)
        if known is not None:
            return _derived("copied", self._shared(known), known.payload["class"])
        if call.key in self.placed:
            maker, path, original = self.placed[call.key]
            payload = _derived("inner", self._shared(maker), reference(call, encoder), path=path)
            if original is module:
                return payload
            return _derived("copied", self._add(payload, call, original), payload["class"])
        if call.maker is not None:
            return self._taken(call, Call(*call.maker), encoder)
        return _gathered(module, encoder) if is_container(call.cls) else _called(call, encoder)

    def _taken(self, call: Call, maker: Call, encoder: Encoder) -> dict[str, Any]:
        """Payload of a module that another's constructor made."""
        known = self._of_key.get(maker.key)
        place = call.rank - maker.rank
        if known is not None:
            of = self._shared(known)
        elif maker.key in self.placed:
            of = self.part(self.placed[maker.key][2], encoder)
        elif maker.args is None or is_container(maker.cls):
            raise encoder.refusal(
                f"this {call.cls.__name__} was made inside a {maker.cls.__name__} whose arguments "
                "are not known",
                f"Make it on its own, or give the whole {maker.cls.__name__}.",
            )
        else:
            its = None if maker.maker is None else Call(*maker.maker)
            payload = _called(maker, encoder) if its is None else self._taken(maker, its, encoder)
            of = self._add(payload, maker, None)
        return _derived("inner", of, reference(call, encoder), place=place)

    def patched(self, made: Made) -> dict[str, Any]:
        """Payload around that of a part, which takes its changes."""
        if made.around is not None:
            return made.around
        around, inside = made.payload, dict(made.payload)
        made.payload, made.around = inside, around
        self.numbering.add(made)
        around.clear()
        around.update(_derived("patched", {PART: inside}, inside["class"]))
        self.numbering.add(Made(around, made.call, None, draws=False))
        return around

    def _add(self, payload: dict[str, Any], call: Call, module: nn.Module | None) -> Json:
        draws = payload["kind"] == "module" and not is_container(call.cls)
        made = Made(payload, call, module, draws=draws)
        self.numbering.add(made)
        self._of_key.setdefault(call.key, made)
        if module is not None:
            self._of_module[id(module)] = made
        return {PART: payload}

    def _shared(self, made: Made) -> Json:
        payload = _payload("shared", made.payload["class"], {}, {})
        self.numbering.refer(payload, made)
        return {PART: payload}


def reference(call: Call, encoder: Encoder) -> str:
    """Name of the class of a call."""
    return reference_to(call.cls, encoder.path)


def recorded(module: nn.Module, encoder: Encoder) -> Call:
    """The constructor call of a module.

    Raises
    ------
    NotSerializableError
        If there is none, or the module has changed its class.
    """
    call = call_of(module)
    kind: Any = type(module)
    if kind.__module__.startswith(_COMPILED) or "_compiled_call_impl" in vars(module):
        raise encoder.refusal(
            f"this {kind.__name__} is compiled code, which a flow can't hold",
            "Give the module that it was compiled from; a recipe compiles it with compile=True.",
        )
    if kind.__module__.startswith("torch.ao.nn.quantized"):
        raise encoder.refusal(
            f"this {kind.__name__} is quantised, as trained modules are",
            "Give the module that it was made from.",
        )
    if kind.__module__.startswith("torch.nn.parallel"):
        raise encoder.refusal(
            f"a {kind.__name__} distributes a module over devices, which is no matter of a flow",
            "Give the module inside it.",
        )
    if call is None:
        raise encoder.refusal(
            f"the constructor call of this {kind.__name__} is not known",
            "Make it by calling its class, after "
            "`from openml_client_torch import TorchClassifier`; not by loading it from a file.",
        )
    if call.cls is not kind and not is_materialized(module, call):
        raise encoder.refusal(
            f"this {kind.__name__} was made as a {call.cls.__name__}",
            "Change it inside the constructor of a module class of your own, as with "
            "torch.nn.utils.parametrize.",
        )
    if "__new__" in vars(kind) and not (call.args or call.kwargs) and signature(kind).defaults:
        raise encoder.refusal(
            f"{kind.__name__} has a __new__ of its own, which hides its arguments",
            "Do in __init__ what it does in __new__.",
        )
    return call


def is_materialized(module: nn.Module, call: Call) -> bool:
    """Whether a lazy module has seen data, and so has become one of another class."""
    becomes = getattr(call.cls, "cls_to_become", None)
    return issubclass(call.cls, LazyModuleMixin) and type(module) in (call.cls, becomes)


def _gathered(module: nn.Module, encoder: Encoder) -> dict[str, Any]:
    """Payload of a container, by what it holds now."""
    children = children_of(module)
    params = {name: encoder.child(name, child) for name, child in children.items()}
    payload = _payload("module", reference_to(type(module), encoder.path), params, {})
    if [*children] != [str(n) for n in range(len(children))]:
        payload["extra"]["names"] = [*children]
    return payload


def _called(call: Call, encoder: Encoder) -> dict[str, Any]:
    """Payload of a module that its arguments make."""
    cls: Any = call.cls
    # All that the class makes would share the weights of a module that is a default.
    shared = {n: d for n, d in signature(cls).defaults.items() if _has_tensors(d)}
    given = {**shared, **by_name(cls, call.args, call.kwargs)}
    if str(given.get("device")) == "meta":
        raise encoder.refusal(
            f"this {cls.__name__} is made on the meta device, where weights have no values, as "
            "skip_init does",
            "Leave the device out: a recipe draws the weights of each training anew.",
        )
    encoded = {name: encoder.child(name, given[name]) for name in sorted(given)}
    defaults = encoded_defaults(cls, encoder.codec)
    return _payload("module", reference(call, encoder), {**defaults, **encoded}, dict(defaults))


def _has_tensors(value: object) -> bool:
    return isinstance(value, nn.Module) and bool(
        [*value._parameters, *value._buffers] or any(map(_has_tensors, value.children()))
    )


def _payload(kind: str, reference: str, params: Json, defaults: Json) -> dict[str, Any]:
    return {
        "kind": kind,
        "class": reference,
        "params": params,
        "defaults": defaults,
        "extra": {"order": 0},
    }


def _derived(kind: str, of: Json, name: str, **extra: Json) -> dict[str, Any]:
    payload = _payload(kind, name, {"of": of}, {})
    payload["extra"].update(extra)
    return payload
