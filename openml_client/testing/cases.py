"""What a third party gives to the kit: its models, and what must be refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openml_client.extension import Description, Extension, TaskKind

Burden = Literal["missing", "text"]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A model, and what it is good for."""

    make: Callable[[], object]
    """Gives an unfitted model: a new one with each call, and always an equal one."""
    other: Callable[[], object] | None = None
    """The same structure with another value: another setup of the same flow."""
    task: TaskKind = "classification"
    takes: frozenset[Burden] = frozenset()
    """What it takes in the data: ``missing`` values, ``text`` in nominal columns.  What it does
    not take it must refuse with a reason."""
    learns: bool = True
    """Whether it gets most of the kit's rows right, which are easy; False for a model that
    looks at the labels only."""


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A model that has no description."""

    make: Callable[[], object]
    place: str
    """What the error's path must contain, as ``Pipeline.steps.svc.kernel`` or ``kernel``."""


class Suite:
    """What a subclass of the kit declares."""

    extension: ClassVar[Extension]
    cases: ClassVar[Mapping[str, Case]]
    """By a name for the reports; at least one for each kind of task that the extension claims,
    and one that shows each capability."""
    refused: ClassVar[Mapping[str, Refusal]]
    """Models that can't be described: with a lambda, fitted, and so on."""
    hostile: ClassVar[Mapping[str, Description]] = {}
    """Descriptions that must be refused, beyond those that the kit makes of the cases: above
    all parameters that do harm by their value."""
    failing: ClassVar[Case]
    """A model that can be described, and raises when it is fitted."""
    is_installed: ClassVar[bool] = True
    """Whether an entry point leads to the extension; False while it is not yet packaged."""
