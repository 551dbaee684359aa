"""``python -m coverage_models``: measures, keeps it as JSON, and writes the page of it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sklearn

from coverage_models import fidelity, round_trips, versions
from coverage_models.round_trips import Count
from coverage_models.write_page import RESULTS, write


def main(arguments: list[str] | None = None) -> int:
    """1 if any model is at fault, else 0; of versions, figures are only kept."""
    given = _parser().parse_args(arguments)
    kept: dict[str, Any] = json.loads(given.out.read_text("utf-8")) if given.out.exists() else {}
    faults: dict[str, Any] = {}
    if given.versions:
        kept["versions"] = versions.measure(given.versions)
    else:
        measured = {"torch_modules": _of_torch(kept)}
        if not given.torch:
            measured |= {"round_trips": round_trips.measure(), "fidelity": fidelity.measure()}
            kept["scikit_learn"] = sklearn.__version__
        kept |= measured
        faults = {
            f"{what}: {name}": found
            for counts in measured.values()
            for what, count in counts.items()
            for name, found in count["faults"].items()
        }
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    if given.out == RESULTS:
        write()
    return _tell(faults)


def _of_torch(kept: dict[str, Any]) -> dict[str, Count]:
    import torch

    from coverage_models import torch_modules

    kept["torch"] = torch.__version__.partition("+")[0]
    return torch_modules.measure()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m coverage_models", description=__doc__)
    parser.add_argument(
        "--versions",
        type=Path,
        nargs="*",
        default=[],
        metavar="PYTHON",
        help="across these environments, instead of in this one",
    )
    parser.add_argument("--torch", action="store_true", help="only modules of torch")
    parser.add_argument("--out", type=Path, default=RESULTS, help="JSON that the figures go to")
    return parser


def _tell(faults: Mapping[str, str]) -> int:
    for name, fault in faults.items():
        print(f"FAULT: {name}: {fault}", file=sys.stderr)
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
