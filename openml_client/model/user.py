"""Users of a registry, as they are shown to others."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class User:
    """A user of a registry."""

    id: int
    name: str | None = None

    def __repr__(self) -> str:
        return f"<User {self.id}: {self.name}>"
