"""Users of a registry, as they are shown to others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, kw_only=True)
class User:
    """A user of a registry."""

    kinds: ClassVar[tuple[str, ...]] = ("user",)
    """What its ``id`` is an id of."""
    id: int
    name: str | None = None

    def __repr__(self) -> str:
        return f"<User {self.id}: {self.name}>"
