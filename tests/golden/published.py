"""Compares evaluations that were computed here with those that openml.org published long ago."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from openml_client.model.run import RunEvaluation

Key = tuple[str, int | None, int | None, int | None]

# What the engine of 2014 called or counted otherwise: it took the precision of a class that is
# never predicted for zero, summed the information over the rows, and took the entropy of the
# prior for what is missing.
OLD_MEANINGS = {"precision", "f_measure", "kb_relative_information_score", "prior_entropy"}
OLD_NAMES = {"recall": "weighted_recall"}


def by_key(evaluations: Sequence[RunEvaluation]) -> dict[Key, RunEvaluation]:
    """Evaluations by their measure and place."""
    return {(e.measure, e.repeat, e.fold, e.sample): e for e in evaluations}


def judge_old(computed: Sequence[RunEvaluation], published: Sequence[RunEvaluation]) -> int:
    """How many of the published values were found again; fails at one that was not."""
    ours = by_key(computed)
    judged = 0
    for (measure, *place), evaluation in by_key(published).items():
        if measure not in OLD_MEANINGS:
            found = ours[OLD_NAMES.get(measure, measure), *place]
            # The old server showed six decimals.
            assert found.value == pytest.approx(evaluation.value, abs=1e-6), (measure, place)
            if evaluation.per_class is not None:
                assert found.per_class == pytest.approx(evaluation.per_class, abs=1e-6)
            judged += 1
    return judged
