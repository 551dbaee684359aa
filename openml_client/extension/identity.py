"""Canonical JSON: one text for one value, in every process."""

from __future__ import annotations

import hashlib
import json
from typing import Any, TypeAlias

Json: TypeAlias = Any
"""JSON as ``json.loads`` gives it.  ``tree.check`` holds it to the grammar of descriptions."""

_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
)


def canonical(value: Json) -> str:
    """Text of a JSON value: sorted keys, no blanks, ASCII only.

    Numbers are written so that they read back equal and with the same type.

    Raises
    ------
    ValueError
        If the value holds NaN or an infinity, which JSON does not have.
    """
    return _ENCODER.encode(value)


def digest(value: Json) -> str:
    """SHA-256 of the canonical text, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value).encode("ascii")).hexdigest()
