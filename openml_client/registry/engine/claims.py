"""What the uploader of a run says it is worth, held against what the engine computed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from openml_client.model.run import RunEvaluation

# A value that the uploader gave may be off by this much without a warning.
_TOLERANCE = 1e-6


def compare_claims(
    claimed: Sequence[RunEvaluation], computed: Sequence[RunEvaluation]
) -> tuple[str | None, tuple[RunEvaluation, ...]]:
    """A warning, or None if all claims hold; and those that the engine has no value for."""
    values = {_key(evaluation): evaluation.value for evaluation in computed}
    warning = ""
    added = []
    for claim in claimed:
        if _key(claim) not in values:
            added.append(claim)
            continue
        value = values[_key(claim)]
        if claim.value is None or value is None:
            continue
        difference = abs(claim.value - value)
        if difference >= _TOLERANCE:
            warning += (
                f"Inconsistent Evaluation score: {claim.measure} - [{_place(claim)}] "
                f"(off by {_java_text(difference)})"
            )
    return warning or None, tuple(added)


def _key(evaluation: RunEvaluation) -> tuple[str, int | None, int | None, int | None]:
    return (evaluation.measure, evaluation.repeat, evaluation.fold, evaluation.sample)


def _place(evaluation: RunEvaluation) -> str:
    indices = {
        "repeat": evaluation.repeat,
        "fold": evaluation.fold,
        "sample": evaluation.sample,
    }
    return ", ".join(f"{k} {v}" for k, v in indices.items() if v is not None) or "GLOBAL"


def _java_text(value: float) -> str:
    """A positive number as Java writes it: ``0.001``, but ``1.0E-4`` and ``1.0E7``."""
    if 1e-3 <= value < 1e7:
        return repr(value)
    number = Decimal(repr(value)).normalize()
    first, *rest = number.as_tuple().digits
    return f"{first}.{''.join(map(str, rest)) or '0'}E{number.adjusted()}"
