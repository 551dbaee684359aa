"""Mirrors: what was copied from a server into a registry, and what was not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from openml_client.model.text import html_table

KINDS = ("dataset", "task", "flow", "setup", "run", "study")
"""What is copied, in this order, as each needs those before it."""


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """Something that was not copied."""

    kind: str
    """One of `KINDS`; ``file``, of a run or a flow that was copied without it; or ``runs of
    task``, where the server did not list them."""
    id: int | str
    """Or the name of what was asked for by name, or of the file."""
    reason: str
    is_private: bool = False
    """Whether the key may not see it."""

    def __str__(self) -> str:
        return f"{self.kind} {self.id}: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class Mirrored:
    """What a mirror holds now of what it was asked to hold."""

    source: str
    """The server."""
    folder: str
    """The folder of the registry."""
    copied: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Ids of what this call copied, by kind."""
    present: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Ids of what was there already, by kind."""
    left_out: tuple[LeftOut, ...] = ()

    @property
    def failed(self) -> tuple[LeftOut, ...]:
        """What could not be copied, without what the key may not see."""
        return tuple(item for item in self.left_out if not item.is_private)

    @property
    def is_complete(self) -> bool:
        """Whether all that may be seen is there."""
        return not self.failed

    def __str__(self) -> str:
        return "\n".join([repr(self), *(f"  {item}" for item in self.left_out)])

    def __repr__(self) -> str:
        parts = [f"{_counted(self.copied) or 'nothing'} copied"]
        if self.present:
            parts.append(f"{_counted(self.present)} there before")
        if self.left_out:
            parts.append(f"{len(self.left_out)} left out")
        return f"<Mirrored {self.source} to {self.folder}: {'; '.join(parts)}>"

    def _repr_html_(self) -> str:
        return html_table(
            {
                "Source": self.source,
                "Folder": self.folder,
                "Copied": _counted(self.copied),
                "There before": _counted(self.present),
                "Left out": "; ".join(map(str, self.left_out)),
            }
        )


_PLURALS = {"study": "studies"}


def _counted(ids: Mapping[str, tuple[int, ...]]) -> str:
    """As ``2 datasets, 1 task``."""
    counts = {kind: len(ids.get(kind, ())) for kind in KINDS}
    return ", ".join(
        f"{n} {kind if n == 1 else _PLURALS.get(kind, f'{kind}s')}"
        for kind, n in counts.items()
        if n
    )
