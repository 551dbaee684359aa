"""Callbacks of skorch's nets, as the calls of their constructors."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from openml_client.extension.callables import call
from openml_client.extension.codec import Encoder, Handler
from openml_client.extension.references import reference_to

if TYPE_CHECKING:
    from openml_client.extension.identity import Json


class _Callback(Handler):
    """Only encodes: as a ``$call``, which the core decodes.

    No policy vouches for callbacks, of which some write files: in flows of others skorch needs
    the caller's trust, as the nets themselves do.
    """

    def accepts(self, value: object) -> bool:
        """Whether the value is a callback; nothing is if skorch is not loaded."""
        loaded = sys.modules.get("skorch.callbacks")
        return loaded is not None and isinstance(value, loaded.Callback)

    def encode(self, value: Any, encoder: Encoder) -> Json:
        """Call that makes the callback; by skorch's rule its attributes are its arguments."""
        name = reference_to(type(value), encoder.path)
        return call("object", name, encoder, kwargs=value.get_params(deep=False))


CALLBACK_HANDLERS: tuple[Handler, ...] = (_Callback(),)
