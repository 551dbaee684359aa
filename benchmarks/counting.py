"""What a server of loopback.py counted; it needs the standard library only."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from typing import Any


def counted(address: str) -> Callable[..., dict[str, int]]:
    """A function that gives what the server counted since now."""

    def counts(*_: Any) -> dict[str, int]:
        with urllib.request.urlopen(f"{address}/_counts") as answer:
            found: dict[str, int] = json.loads(answer.read())
        return found

    counts()
    return counts
