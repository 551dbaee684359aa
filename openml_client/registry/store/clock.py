"""The time that the store writes beside everything."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The current second, aware: the protocol shows no fractions."""
    return datetime.now(UTC).replace(microsecond=0)
