"""Checks of trust: what a stranger's description can make an extension do."""

from __future__ import annotations

from openml_client.testing.checks import Checks, demand
from openml_client.testing.hostile import refusals
from openml_client.testing.processes import answers


class TrustChecks(Checks):
    """What must hold of descriptions that others wrote."""

    def test_hostile_descriptions_are_refused_with_nothing_imported(self) -> None:
        """In a process of their own, where every import and effect is noticed."""
        complaints = answers(refusals, type(self), {})
        shown = [f"{name}: {'; '.join(found)}" for name, found in list(complaints.items())[:20]]
        demand(
            not complaints,
            "\n".join([f"{len(complaints)} descriptions were not refused as they must be", *shown])
            + "\nCall trust.require(description) before anything else, and import by decoder.load.",
        )
