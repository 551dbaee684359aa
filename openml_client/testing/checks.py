"""What all checks of the kit share: the models, and what may not change."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from openml_client.extension import Description, Trust
from openml_client.testing.cases import Case, Suite
from openml_client.testing.states import state

if TYPE_CHECKING:
    from openml_client.extension import Compat, Note


def demand(claim: bool, message: str) -> None:
    """Fail the check with a message that says what to do, unless the claim holds."""
    __tracebackhide__ = True
    if not claim:
        raise AssertionError(message)


class Checks(Suite):
    """The models of a suite, described and rebuilt; two hooks for what only a framework knows."""

    def state(self, model: object) -> object:
        """All that makes up a model, which nothing may change; equal for equal models.

        Override it where a model's attributes do not tell, or tell of caches that do not count.
        """
        return state(model)

    def generators(self) -> object:
        """State of the global generators; a framework with one of its own adds that one's."""
        return random.getstate(), state(np.random.get_state())

    @property
    def suite(self) -> Any:
        """The subclass, for which some things are worked out once only."""
        return type(self)

    def case(self, name: str) -> Case:
        """The case of this name."""
        return self.cases[name]

    def describe(self, model: object) -> Description:
        """Description of a model."""
        return self.extension.describe(model)

    def build(
        self,
        description: Description,
        *,
        compat: Compat = "semantic",
        notes: list[Note] | None = None,
    ) -> object:
        """Model of the caller's own description."""
        trust = Trust.of_own(self.extension.policy, description)
        return self.extension.build(
            description, trust=trust, compat=compat, notes=[] if notes is None else notes
        )

    @contextmanager
    def unchanged(self, *models: object) -> Iterator[None]:
        """Demand that the block leaves models and global generators as they are."""
        random.seed(5)
        np.random.seed(5)  # the legacy generator is the one that is global
        before, generators = [self.state(model) for model in models], self.generators()
        yield
        demand(
            self.generators() == generators,
            "a global generator was used or seeded; run the model inside "
            "openml_client.extension.seeded_generators, which gives them back as they were",
        )
        for model, then in zip(models, before, strict=True):
            demand(
                self.state(model) == then,
                f"the caller's {type(model).__qualname__} was changed; what runs is to be rebuilt "
                "from its description, never the caller's object",
            )
