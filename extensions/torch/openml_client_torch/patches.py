"""What was changed after a module was made, as data; and the same change made again.

The part of a changed module stands inside a part of the kind ``patched``, which holds:

``params.replaced``   modules by path that stand in the place of others, or are new; null for none
``extra.removed``     paths of modules that are gone
``extra.tensors``     parameters and buffers by path that are new or of another shape, and buffers
                      that hold something else
``extra.dtypes``      names of dtypes by path of a parameter or buffer; the empty path is all
``extra.tied``        by path of a parameter, the path of the one that it is
``extra.frozen``, ``extra.thawed``   paths of parameters, by whether they take a gradient now; or
                      of modules with all parameters inside
``extra.attributes``  plain attributes by path
``extra.children``    names of all modules in one, in their order, by path
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from openml_client.extension.codec import Decoder, Encoder
from openml_client.extension.tree import is_wiring
from openml_client_torch.facts import INTERNAL, Fact
from openml_client_torch.values import dtype_of

if TYPE_CHECKING:
    from openml_client.extension.identity import Json

_SHOWN: Final = 5
"""How many of the differences a message lists."""


class Patch:
    """The payload of a patched part, to write into."""

    def __init__(self, payload: dict[str, Any]) -> None:
        self.params: dict[str, Json] = payload["params"]
        self.extra: dict[str, Any] = payload["extra"]

    def put(self, kind: str, path: str, value: Json) -> None:
        """Note a change of one thing."""
        self.extra.setdefault(kind, {})[path] = value

    def add(self, kind: str, path: str) -> None:
        """Note a change that all of its kind have in common."""
        paths = self.extra.setdefault(kind, [])
        if path not in paths:
            paths.append(path)
            paths.sort()


def differences(mine: Mapping[Fact, Any], theirs: Mapping[Fact, Any]) -> list[Fact]:
    """Facts that hold of one only, from the outside to the inside.

    Where a module is another, what is inside it is not compared.
    """
    every = sorted({*mine, *theirs}, key=lambda fact: (fact.path.count("."), fact.path, fact.kind))
    differ = [fact for fact in every if mine.get(fact, _NONE) != theirs.get(fact, _NONE)]
    others = [fact.path for fact in differ if fact.kind == "module"]
    return [
        fact for fact in differ if not any(is_below(fact.path, path, fact.kind) for path in others)
    ]


_NONE: Final = object()


def is_below(path: str, above: str, kind: str = "module") -> bool:
    """Whether a fact is about something inside the module at a path, or about more of it."""
    return path.startswith(f"{above}.") or (path == above and kind != "module")


class Changes:
    """Turns the differences of one module from its twin into a patch."""

    def __init__(
        self,
        module: nn.Module,
        mine: Mapping[Fact, Any],
        theirs: Mapping[Fact, Any],
        encoder: Encoder,
    ) -> None:
        self._module = module
        self._mine = mine
        self._theirs = theirs
        self._encoder = encoder
        self._kinds: dict[str, Callable[[str, Patch], bool]] = {
            "module": self._replaced,
            "tensor": self._tensor,
            "values": self._values,
            "tied": self._tied,
            "attribute": self._attribute,
        }
        self._last = {"children": self._children}

    def write(self, differ: list[Fact], payload: dict[str, Any]) -> None:
        """Write all differences that are data into the payload of a patched part.

        Raises
        ------
        NotSerializableError
            With a list of the others.
        """
        # Children follow from the modules, but for their order, and memory from the tensors;
        # what a hook has made of the tensors can't be described.
        hooks = [fact for fact in differ if fact.kind == "hooks"]
        first = hooks or [fact for fact in differ if fact.kind in self._kinds]
        patch, known = Patch(payload), self._kinds if first else self._last
        left = [
            fact
            for fact in first or differ
            if fact.kind not in known or not known[fact.kind](fact.path, patch)
        ]
        _shorten(patch.extra, self._module)
        if left:
            lines = [self._line(fact) for fact in left]
            more = f"; and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
            raise self._encoder.refusal(
                f"this {type(self._module).__name__} was changed after it was made, in a way that "
                f"a flow can't hold: {'; '.join(lines[:_SHOWN])}{more}",
                "Make the change inside the constructor of a module class, out of its arguments.",
            )

    def _line(self, fact: Fact) -> str:
        place = fact.path or "itself"
        if fact.kind == "hooks":
            return f"hooks of {place}: {self._mine.get(fact)}"
        return f"{fact.kind} {place}: {self._theirs.get(fact)} -> {self._mine.get(fact)}"

    def _replaced(self, path: str, patch: Patch) -> bool:
        if not path:
            return False
        if Fact("module", path) not in self._mine:
            patch.add("removed", path)
            return True
        owner, name = _owner(self._module, path)
        replaced = patch.params.setdefault("replaced", {})
        replaced[path] = self._encoder.child(path, owner._modules[name])
        return True

    def _children(self, path: str, patch: Patch) -> bool:
        fact = Fact("children", path)
        mine, theirs = self._mine.get(fact, ()), self._theirs.get(fact, ())
        if sorted(mine) != sorted(theirs):
            return False
        patch.put("children", path, [*mine])
        return True

    def _tensor(self, path: str, patch: Patch) -> bool:
        fact = Fact("tensor", path)
        mine, theirs = self._mine.get(fact), self._theirs.get(fact)
        if mine is None:
            return False
        owner, name = _owner(self._module, path)
        kind, is_kept, outline = mine
        if theirs is None or outline is None or theirs[2] is None or outline[0] != theirs[2][0]:
            if theirs is not None and theirs[:2] != mine[:2]:
                return False
            value = self._encoder.child(path, getattr(owner, name))
            patch.put("tensors", path, {"is_kept": is_kept, "kind": kind, "value": value})
            return True
        if theirs[:2] != mine[:2]:
            return False
        if outline[1] != theirs[2][1]:
            patch.put("dtypes", path, outline[1].removeprefix("torch."))
        if outline[2] != theirs[2][2]:
            patch.add("thawed" if outline[2] else "frozen", path)
        return True

    def _values(self, path: str, patch: Patch) -> bool:
        owner, name = _owner(self._module, path)
        kind, is_kept, _ = self._mine[Fact("tensor", path)]
        value = self._encoder.child(path, getattr(owner, name))
        patch.put("tensors", path, {"is_kept": is_kept, "kind": kind, "value": value})
        return True

    def _tied(self, path: str, patch: Patch) -> bool:
        other = self._mine.get(Fact("tied", path))
        if other is None or Fact("tied", path) in self._theirs:
            return False
        patch.put("tied", path, other)
        return True

    def _attribute(self, path: str, patch: Patch) -> bool:
        owner, name = _owner(self._module, path)
        if name not in owner.__dict__:  # a tensor may stand in its place, which is a fact itself
            return Fact("tensor", path) in self._mine
        value = self._encoder.child(path, owner.__dict__[name])
        if is_wiring(value):
            return False
        patch.put("attributes", path, value)
        return True


def _shorten(extra: dict[str, Any], module: nn.Module) -> None:
    """Name a module where all parameters inside it changed alike."""
    floating = {
        path: tensor
        for named in (module.named_parameters, module.named_buffers)
        for path, tensor in named()
        if not is_lazy(tensor) and tensor.is_floating_point()
    }
    dtypes = extra.get("dtypes", {})
    if dtypes.keys() == floating.keys() and len({*dtypes.values()}) == 1:
        extra["dtypes"] = {"": next(iter(dtypes.values()))}
    for kind in ("frozen", "thawed"):
        paths = set(extra.get(kind, ()))
        for above, inner in module.named_modules():
            below = {f"{above}.{name}".lstrip(".") for name, _ in inner.named_parameters()}
            if len(below) > 1 and below <= paths:
                paths = (paths - below) | {above}
        if paths:
            extra[kind] = sorted(paths)


def _owner(module: nn.Module, path: str) -> tuple[nn.Module, str]:
    parent, _, name = path.rpartition(".")
    return module.get_submodule(parent), name


def apply(
    module: nn.Module, replaced: Mapping[str, nn.Module | None], extra: Json, decoder: Decoder
) -> None:
    """Change a module as a patch says."""
    _change_modules(module, replaced, extra)
    for path, tensor in extra.get("tensors", {}).items():
        _set_tensor(*_owner(module, path), tensor, decoder)
    for path, name in extra.get("dtypes", {}).items():
        _set_dtype(module, path, dtype_of(name))
    for path, other in extra.get("tied", {}).items():
        owner, name = _owner(module, path)
        setattr(owner, name, module.get_parameter(other))
    for kind in ("frozen", "thawed"):
        for path in extra.get(kind, ()):
            _at(module, path).requires_grad_(kind == "thawed")
    for path, value in extra.get("attributes", {}).items():
        owner, name = _owner(module, path)
        if not name.isidentifier() or name.startswith("__") or name in INTERNAL:
            raise ValueError(f"{path!r} is no attribute that a patch may set")
        owner.__dict__[name] = decoder.child(path, value)


def _change_modules(
    module: nn.Module, replaced: Mapping[str, nn.Module | None], extra: Json
) -> None:
    for path, child in sorted(replaced.items(), key=lambda item: item[0].count(".")):
        owner, name = _owner(module, path)
        _make_way(owner, name)
        nn.Module.add_module(owner, name, child)
    for path in extra.get("removed", ()):
        owner, name = _owner(module, path)
        del owner._modules[name]
    for path, names in extra.get("children", {}).items():
        owner = module.get_submodule(path)
        if sorted(names) != sorted(owner._modules):
            raise ValueError(f"{names!r} are not the modules in {path!r}")
        owner._modules.update([(name, owner._modules.pop(name)) for name in names])


def _at(module: nn.Module, path: str) -> nn.Module | nn.Parameter:
    """The parameter at a path, or the module, which stands for all parameters inside it."""
    owner, name = _owner(module, path)
    parameter = owner._parameters.get(name)
    return module.get_submodule(path) if parameter is None else parameter


def _make_way(owner: nn.Module, name: str) -> None:
    """Remove a plain attribute, as setting a module or a tensor in its place does."""
    if name not in INTERNAL:
        owner.__dict__.pop(name, None)


def _set_tensor(owner: nn.Module, name: str, payload: Json, decoder: Decoder) -> None:
    value = decoder.child(name, payload["value"])
    _make_way(owner, name)
    if payload["kind"] == "parameter":
        owner.register_parameter(name, value)
    else:
        owner.register_buffer(name, value, persistent=bool(payload["is_kept"]))


def _set_dtype(module: nn.Module, path: str, dtype: torch.dtype) -> None:
    if not path:  # of a module with complex weights, too, these stay as they are
        cast: Any = module._apply
        cast(lambda t: t.to(dtype) if t.is_floating_point() else t)
        return
    owner, name = _owner(module, path)
    tensor: torch.Tensor | None = getattr(owner, name)
    if isinstance(tensor, nn.Parameter):
        tensor.data = tensor.data.to(dtype)
    elif isinstance(tensor, torch.Tensor):
        owner._buffers[name] = tensor.to(dtype)
