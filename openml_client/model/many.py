"""Things that were asked for together: those that came, and the errors of those that did not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Self, TypeVar, overload

from openml_client.errors import OpenMLError
from openml_client.model.dataset import Dataset, Feature

T = TypeVar("T")

SHOWN_ERRORS = 3
"""In messages, which have six lines at most."""


@dataclass(frozen=True, eq=False, repr=False)
class Many(Sequence[T], Generic[T]):
    """The things that came, in the order in which they were asked for.

    One that failed is left out and stands in ``errors``; one asked for twice stands twice.
    """

    found: tuple[T, ...]
    errors: Mapping[int, OpenMLError]
    """By id, in the order of the ids."""
    title: str = "things"

    def __len__(self) -> int:
        return len(self.found)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...
    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        return self.found[index]

    def or_raise(self) -> Self:
        """The same, if nothing failed.

        Raises
        ------
        OpenMLError
            The error of the first that failed, of its own class.
        """
        for error in self.errors.values():
            raise error
        return self

    def complaint(self) -> str:
        """What failed, in words; empty if nothing did."""
        if not self.errors:
            return ""
        shown = "; ".join(
            f"{id_}: {error.message}" for id_, error in list(self.errors.items())[:SHOWN_ERRORS]
        )
        more = "; …" if len(self.errors) > SHOWN_ERRORS else ""
        return f"{len(self.errors)} {self.title} left out ({shown}{more})"

    def __repr__(self) -> str:
        left_out = f", {self.complaint()}" if self.errors else ""
        return f"<{len(self)} {self.title}{left_out}>"


@dataclass(frozen=True, eq=False, repr=False)
class ManyDatasets(Many[Dataset]):
    """Datasets, and what else was asked for with them."""

    features: Mapping[int, tuple[Feature, ...]] = field(default_factory=dict)
    """By id, if asked for; those that the server has not processed are missing."""
    qualities: Mapping[int, Mapping[str, float | None]] = field(default_factory=dict)
    """The same."""
