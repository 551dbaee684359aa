"""Setups: a flow with the values of its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, kw_only=True)
class SetupParameter:
    """The value of one parameter in a setup."""

    id: int
    flow_id: int
    """The component that has the parameter."""
    flow_name: str
    full_name: str
    """``flow(version)_parameter``."""
    name: str
    data_type: str | None = None
    default_value: str | None = None
    value: str | None = None


@dataclass(frozen=True, kw_only=True)
class Setup:
    """A flow with the values of its parameters."""

    kinds: ClassVar[tuple[str, ...]] = ("setup",)
    """What its ``id`` is an id of."""
    id: int
    flow_id: int
    parameters: tuple[SetupParameter, ...] = ()

    def as_row(self) -> dict[str, object]:
        """The row of a table: a column per parameter, named ``flow(version)_parameter``."""
        values = {parameter.full_name: parameter.value for parameter in self.parameters}
        return {"id": self.id, "flow_id": self.flow_id, **values}

    def __repr__(self) -> str:
        values = ", ".join(f"{p.name}={p.value}" for p in self.parameters[:4])
        more = ", …" if len(self.parameters) > 4 else ""
        return f"<Setup {self.id}: flow {self.flow_id}, {values}{more}>"
