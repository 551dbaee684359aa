"""``python -m benchmarks``: measures rows, prints them, and keeps them as JSON and as a page."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.cases import Plan
from benchmarks.data import Scratch
from benchmarks.measuring import REPOSITORY, Bench
from benchmarks.rows import ROWS
from benchmarks.write_page import HEADER, RESULTS, lines, write

QUICK_TIMES = 0.01
"""Of a row's size: enough to see that all sides work and agree."""
PEER = "openml-python 0.15.1"
"""As tests/foreign/requirements.txt has it."""


def main(arguments: list[str] | None = None) -> int:
    """1 if a side failed or results differ, else 0; a goal that is missed is no failure."""
    given = _parser().parse_args(arguments)
    numbers = [int(number) for number in re.findall(r"\d+", given.rows)] or list(ROWS)
    if unknown := [number for number in numbers if number not in ROWS]:
        raise SystemExit(f"there is no row {unknown[0]}; there are {', '.join(map(str, ROWS))}")
    if not (given.without_peer or given.profile or given.peer.exists()):
        raise SystemExit(f"{given.peer} is absent: `make bench` makes it, or say --without-peer")
    repeats, times = (1, QUICK_TIMES) if given.quick else (given.repeats, 1.0)
    plan = Plan(Scratch(given.scratch), repeats, times, has_peer=not given.without_peer)
    bench = Bench(plan, given.peer, given.cap)
    if given.profile:
        for number in numbers:
            for name, text in bench.profiles(ROWS[number]):
                print(f"row {number}: {name}\n{text}", flush=True)
        return 0
    out = given.out or (given.scratch / "quick.json" if given.quick else RESULTS)
    kept = json.loads(out.read_text("utf-8")) if out.exists() else {"rows": {}}
    has_failed = False
    print("\n".join(HEADER))
    for number in numbers:
        row = ROWS[number]
        found = {**bench.row(row, _tell(number)), "measured_with": _versions()}
        if not given.without_growth:
            found["growth"] = bench.growth(row, _tell(number))
        print("\n".join(lines({str(number): found})), flush=True)
        failures = [case for case in found["cases"] if "error" in case]
        for case in failures:
            print(f"FAILED: row {number}, {case['name']}: {case['error']}", file=sys.stderr)
        has_failed = has_failed or bool(failures)
        kept["machine"] = _machine()
        kept["rows"][str(number)] = found
        kept["rows"] = dict(sorted(kept["rows"].items(), key=lambda item: int(item[0])))
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
        if out == RESULTS:
            write()
    return int(has_failed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rows", default="", help="numbers, as '2 3'; all without it")
    parser.add_argument("--repeats", type=int, default=5, help="medians are of so many")
    parser.add_argument("--without-growth", action="store_true", help="at the row's size only")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="once, and at a hundredth of the size, to see that all works; keeps nothing",
    )
    parser.add_argument(
        "--profile", action="store_true", help="only show where ours spends its time"
    )
    parser.add_argument("--without-peer", action="store_true", help="measure no openml-python")
    parser.add_argument(
        "--cap", type=float, default=60.0, help="seconds that a side may take at 10 times the size"
    )
    parser.add_argument(
        "--peer",
        type=Path,
        default=REPOSITORY / ".venv-foreign/bin/python",
        help="Python that has openml-python",
    )
    parser.add_argument(
        "--scratch",
        type=Path,
        default=REPOSITORY / ".bench",
        help="folder of the files that are measured",
    )
    parser.add_argument("--out", type=Path, help="JSON that the rows go to")
    return parser


def _tell(number: int) -> Any:
    def tell(what: str) -> None:
        print(f"row {number}: {what} ...", file=sys.stderr, flush=True)

    return tell


def _machine() -> dict[str, Any]:
    """In words that name no machine."""
    models = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text("utf-8"))
    return {
        "cores": os.cpu_count(),
        "processor": models[0] if models else platform.machine(),
        "peer": PEER,
    }


def _versions() -> dict[str, str]:
    names = ("numpy", "pandas", "pyarrow", "scikit-learn")
    return {"python": platform.python_version(), **{name: version(name) for name in names}}


if __name__ == "__main__":
    sys.exit(main())
