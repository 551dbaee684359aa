"""Writes docs/coverage.md from what ``make coverage-models`` and ``coverage-versions`` kept.

``python -m coverage_models.write_page`` writes it again; a test holds that it is what the results
say.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "latest.json"
PAGE = HERE.parent / "docs" / "coverage.md"

LONGEST = 160
"""Characters of a reason; what a flow sets can be long."""

HEAD = """\
# Which models are flows

<!-- Written by `make coverage-models` and `coverage-versions` from coverage_models/results. -->

What was measured with scikit-learn {version}. A model counts if it comes back from its flow and its
settings, as they are stored, with the exact type of every parameter, and if describing it has left
it as it was. Classes that a fitted model is a parameter of (`FrozenEstimator`) are refused.

| models | come back | of |
|---|---|---|
"""
FIDELITY = """\

## The same predictions

On the first fold of tasks of the embedded registry: the classifiers or regressors that can be
fitted there, with their defaults and as scikit-learn's own common tests construct them. The rebuilt
model counts if its predictions and probabilities are those of the original, bit by bit, where the
original was given the same seeds in place, and if the caller's model is as it was. Models of
penguins and cpu stand behind a preprocessing of columns by their type.

| task | identical | of |
|---|---|---|
"""
TORCH = """\

## Modules of torch

What was measured with torch {version}. A fresh process with another hash seed rebuilds each module
from its description alone. It counts if it has the same bits under the same seed, the same bits
after three steps of AdamW with dropout, and the same predictions, and is described as before (22 of
torch's constructions refuse their inputs of `float32`; these have to refuse them alike). Torch's
own database of modules is that of its tests (`module_db`); the composed models are in
[`composed_models.py`](../extensions/torch/tests/composed_models.py).

| models | come back | of |
|---|---|---|
"""
VERSIONS = """\

## Across versions

Every estimator, and the compositions, described with one version of scikit-learn and rebuilt with
another. *Valid* are those whose parameters the rebuilding version takes (`_validate_params`), of
those that the describing version takes. `exact` refuses what another version has written, by its
rule.

| written with | read with | models | mode | rebuilt | of | valid | of | with notes |
|---|---|---|---|---|---|---|---|---|
"""
WHY = """\

What is refused in the mode `semantic`, and what is refused or not valid in the mode `adapt`:

"""


def page(kept: Mapping[str, Any]) -> str:
    """The whole page."""
    parts = [
        HEAD.format(version=kept["scikit_learn"]),
        *_counts(kept["round_trips"]),
        FIDELITY,
        *_counts(kept["fidelity"]),
    ]
    if "torch_modules" in kept:
        parts += [TORCH.format(version=kept["torch"]), *_counts(kept["torch_modules"])]
    if kept.get("versions"):
        parts += [VERSIONS, *_pairs(kept["versions"])]
        reasons = list(_reasons(kept["versions"]))
        parts += [WHY, *reasons] if reasons else []
    return "".join(parts)


def _counts(counts: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for what, count in counts.items():
        yield f"| {what} | {count['good']} | {count['n']} |\n"
    faults = [(what, *fault) for what, count in counts.items() for fault in count["faults"].items()]
    if faults:
        yield "\nAt fault:\n\n"
    for what, name, fault in faults:
        yield f"- {what}: {name}: {fault}\n"


def _pairs(pairs: list[Mapping[str, Any]]) -> Iterator[str]:
    for pair in pairs:
        for kind, modes in pair["kinds"].items():
            for mode, found in modes.items():
                figures = [found[key] for key in ("rebuilt", "n", "valid", "n_valid", "noted")]
                cells = (pair["written"], pair["read"], kind, f"`{mode}`", *map(str, figures))
                yield f"| {' | '.join(cells)} |\n"


def _reasons(pairs: list[Mapping[str, Any]]) -> Iterator[str]:
    for pair in pairs:
        for modes in pair["kinds"].values():
            found = {
                "semantic": modes["semantic"]["refused"],
                "adapt": {**modes["adapt"]["refused"], **modes["adapt"]["invalid"]},
            }
            for mode, faults in found.items():
                for name, why in faults.items():
                    said = why if len(why) <= LONGEST else f"{why[:LONGEST]}…"
                    yield f"- {pair['written']} to {pair['read']}, `{mode}`: {name}: {said}\n"


def current() -> str:
    """The page of the results that are kept."""
    return page(json.loads(RESULTS.read_text("utf-8")))


def write() -> None:
    """Write the page of the results that are kept."""
    PAGE.write_text(current(), "utf-8")


if __name__ == "__main__":
    write()
