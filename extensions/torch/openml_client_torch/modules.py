"""Modules as parts: each by the call that made it, in the order in which they were made.

What the modules hold in their weights is no part of a description: a module whose weights were
loaded or trained is described as it was when it was made.  The same holds for ``train`` and
``eval``.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, ClassVar, Final

from openml_client.extension.codec import Decoder, Encoder, NodeHandler
from openml_client.extension.description import Description
from openml_client.extension.protocol import API
from openml_client.extension.tree import PART
from openml_client.extension.trust import Trust
from openml_client_torch.values import SIZES

if TYPE_CHECKING:
    from torch import nn

    from openml_client.extension.identity import Json
    from openml_client_torch.building import Building
    from openml_client_torch.describing import Describing
    from openml_client_torch.dimensions import Sizes

_DESCRIBING: Final = "describing"


class ModuleHandler(NodeHandler):
    """A module, by its constructor call."""

    tag = PART
    kind: ClassVar[str] = "module"

    def accepts(self, value: object) -> bool:
        """Whether the value is a module; nothing is if torch is not loaded."""
        torch = sys.modules.get("torch.nn")
        return torch is not None and isinstance(value, torch.Module)

    def encode(self, value: nn.Module, encoder: Encoder) -> Json:
        """Part of a module; the outermost is numbered when all inside it are known."""
        from openml_client_torch.describing import Describing

        describing: Describing | None = encoder.memo.get(_DESCRIBING)
        if describing is not None:
            return describing.part(value, encoder)
        describing = encoder.memo[_DESCRIBING] = Describing()
        try:
            return describing.root(value, encoder)
        finally:
            del encoder.memo[_DESCRIBING]

    def decode(self, payload: Json, decoder: Decoder) -> nn.Module:
        """Module that a part describes; the outermost makes all inside it in their order."""
        from openml_client_torch.building import BUILDING, Building
        from openml_client_torch.limits import require_moderate

        building: Building | None = decoder.memo.get(BUILDING)
        if building is not None:
            return building.part(payload, decoder)
        if decoder.trust.own is None:
            require_moderate(payload, decoder)
        building = decoder.memo[BUILDING] = Building({PART: payload})
        try:
            return building.root(payload, decoder)
        finally:
            del decoder.memo[BUILDING]


class _Shared(ModuleHandler):
    """Only decodes, as the following: a module that is met again in the same outermost module."""

    kind = "shared"

    def accepts(self, value: object) -> bool:
        return False


class _Copied(_Shared):
    """A deep copy of a module of the same outermost module."""

    kind = "copied"


class _Inner(_Shared):
    """A module that another one's constructor made."""

    kind = "inner"


class _Patched(_Shared):
    """A module that was changed after it was made."""

    kind = "patched"


MODULE_HANDLERS = (ModuleHandler(), _Shared(), _Copied(), _Inner(), _Patched())


def rebuilt(value: Any, sizes: Sizes) -> Any:
    """A fresh copy of a value from its own description, with the task's sizes filled in.

    It may be a module, a partial of an optimizer, or anything else that has a description.

    Raises
    ------
    NotSerializableError
        If the value has no description.
    FlowError
        If it can't be made with these sizes.
    """
    from openml_client_torch.codec import CODEC
    from openml_client_torch.policy import POLICY

    path = type(value).__name__
    tree = CODEC.encode(value, path)
    described = Description(extension="torch", api=API, frameworks={}, tree=tree)
    decoder = Decoder(CODEC, Trust.of_own(POLICY, described), "semantic", [], path)
    decoder.memo[SIZES] = sizes
    return decoder.decode(tree)
