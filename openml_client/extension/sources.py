"""The code that a description names and no extension vouches for: its text, for people to read."""

from __future__ import annotations

import hashlib
import inspect
import sys
from typing import TYPE_CHECKING

from openml_client.extension.references import home_of
from openml_client.extension.trust import untrusted

if TYPE_CHECKING:
    from openml_client.extension.description import Description
    from openml_client.extension.trust import Trust


def sources(description: Description, trust: Trust) -> dict[str, str]:
    """Text by module, for the modules that define what somebody would have to trust.

    What these modules import in turn is not looked at.  Modules without a text, as those that
    were compiled, are left out.

    Parameters
    ----------
    trust
        Covers all that the description names: it is imported.
    """
    foreign = frozenset(untrusted(description, trust.policy))
    names = {(n.kind, n.name) for n in description.references() if n.name in foreign}
    homes = {home_of(trust.load(kind, name)) for kind, name in names}
    texts = {module: _text(module) for module in sorted(homes & sys.modules.keys())}
    return {module: text for module, text in texts.items() if text is not None}


def text_hash(text: str) -> str:
    """SHA-256 of a module's text, as hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _text(module: str) -> str | None:
    try:
        return inspect.getsource(sys.modules[module])
    except (OSError, TypeError):
        return None
