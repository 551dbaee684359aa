"""Measures the sides of a case: each measurement a process of its own, the sides in turns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.cases import SIZES, Case, Plan, Row, Side
from benchmarks.judging import exponent, judged, summed

HERE = Path(__file__).parent
REPOSITORY = HERE.parent
MIB_OF_KIB = 1024
LONGEST_S = 900.0
"""What takes longer hangs: the slowest side, the peer with row 9, takes less than a minute."""
LAST_CHARACTERS = 200


class SideError(Exception):
    """A side could not do the work."""


class UnavailableError(Exception):
    """A side lacks what the work needs."""


class TooLongError(Exception):
    """A side took longer than it may."""


@dataclass(frozen=True)
class Bench:
    """Measures for one plan."""

    plan: Plan
    peer: Path
    """Python of the environment of openml-python."""
    cap_s: float = 60.0
    """A side that takes longer at 10 times the size is given up."""

    def row(self, row: Row, tell: Callable[[str], None]) -> dict[str, Any]:
        """What the cases of a row cost."""
        cases = []
        for case in row.cases(self.plan):
            tell(case.name)
            cases.append(self.case(case))
        return {"title": row.title, "limit": row.limit, "cases": cases}

    def profiles(self, row: Row) -> Iterator[tuple[str, str]]:
        """Name of each case of a row, and where ours spends its time."""
        for case in row.cases(self.plan):
            ours = case.sides["ours"]
            if ours.program is None:
                self._once(ours, longest_s=LONGEST_S)  # fills its cache
                said = self._once(ours, longest_s=LONGEST_S, wants="profile")
                yield case.name, said["profile"]

    def growth(self, row: Row, tell: Callable[[str], None]) -> dict[str, Any] | None:
        """Exponents of the wall time of ours and of the limit over the sizes, if it has any."""
        if row.grown is None:
            return None
        walls: dict[str, dict[float, float]] = {}
        notes: list[str] = []
        for size in SIZES:
            plan = Plan(self.plan.scratch, min(3, self.plan.repeats), self.plan.times * size)
            bench = Bench(plan, self.peer, self.cap_s)
            for case in row.grown(plan):
                tell(f"{case.name}, {size:g} times the size")
                found = bench.case(case, longest_s=self.cap_s if size > 1 else LONGEST_S)
                if "sides" not in found:
                    notes.append(f"{case.name} at {size:g} times: {_why_not(found)}")
                    continue
                for name, wall in _fastest(found["sides"]).items():
                    walls.setdefault(f"{case.name}: {name}", {})[size] = wall
        return {
            "walls": {name: list(of.items()) for name, of in walls.items()},
            "exponents": {
                name: exponent(list(of), list(of.values()))
                for name, of in walls.items()
                if len(of) > 1
            },
            "notes": notes,
        }

    def case(self, case: Case, *, longest_s: float = LONGEST_S) -> dict[str, Any]:
        """What each side cost, once their results are known to be equal; or why there is none.

        ``error`` says that a side failed or results differ, ``unavailable`` that ours can't do it
        yet, ``too_long`` that ours or the limit took longer than it may.
        """
        sides = {
            name: side
            for name, side in case.sides.items()
            if self.plan.has_peer or side.module != "peer"
        }
        try:
            self._check_equal(sides, longest_s)
            taken: dict[str, list[dict[str, Any]]] = {name: [] for name in sides}
            for turn in range(self.plan.repeats):
                for name, side in sides.items():
                    if side.rounds is None or turn < side.rounds:
                        taken[name].append(self._once(side, longest_s=longest_s))
        except UnavailableError as error:
            return {"name": case.name, "unavailable": str(error)}
        except TooLongError as error:
            return {"name": case.name, "too_long": str(error)}
        except SideError as error:
            return {"name": case.name, "error": str(error)}
        found = {name: summed(rounds) for name, rounds in taken.items()}
        goals = [judged(goal, found) for goal in case.goals]
        return {
            "name": case.name,
            "load": round(os.getloadavg()[0], 2),
            "sides": found,
            "goals": [goal for goal in goals if goal is not None],
        }

    def _check_equal(self, sides: Mapping[str, Side], longest_s: float) -> None:
        """Run each side once, which also fills caches."""
        digests: dict[str, Any] = {}
        for name, side in sides.items():
            try:
                said = self._once(
                    side, longest_s=longest_s, wants="digest" if side.is_equal else ""
                )
            except (SideError, TooLongError) as error:
                raise type(error)(f"{name}: {error}") from error
            if "digest" in said:
                digests[name] = said["digest"]
        if not digests:
            return
        first, wanted = next(iter(digests.items()))
        for name, digest in digests.items():
            if digest != wanted:
                raise SideError(
                    f"the results of {name} and {first} differ: {_difference(digest, wanted)}"
                )

    def _once(self, side: Side, *, longest_s: float, wants: str = "") -> dict[str, Any]:
        is_peer = side.module == "peer"
        python = str(self.peer) if is_peer else sys.executable
        with tempfile.TemporaryDirectory(dir=self.plan.scratch.folder, prefix="home-") as home:
            environment = _environment(home, is_peer=is_peer)
            if side.program is not None:
                return _whole([python, "-c", side.program + _TELL_PEAK], environment)
            given = json.dumps({**side.given, **({f"wants_{wants}": True} if wants else {})})
            try:
                result = subprocess.run(
                    [python, str(HERE / "side.py"), side.module, side.function, given],
                    env=environment,
                    capture_output=True,
                    text=True,
                    check=False,
                    timeout=longest_s,
                )
            except subprocess.TimeoutExpired:
                raise TooLongError(f"longer than {longest_s:g} s") from None
        if result.returncode:
            raise SideError(_last_line(result.stderr) or "it was killed")
        said: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
        if "unavailable" in said:
            raise UnavailableError(said["unavailable"])
        return said


def _difference(theirs: Any, ours: Any) -> str:
    """Where two digests differ, in a few words."""
    if not (isinstance(theirs, dict) and isinstance(ours, dict)):
        return f"{str(theirs)[:LAST_CHARACTERS]} and {str(ours)[:LAST_CHARACTERS]}"
    differing = [key for key in theirs | ours if theirs.get(key) != ours.get(key)]
    if differing == ["columns"]:
        return f"columns {_difference(theirs['columns'], ours['columns'])}"
    return ", ".join(f"{key} ({theirs.get(key)}, {ours.get(key)})" for key in differing)


def _fastest(sides: Mapping[str, Any]) -> dict[str, float]:
    """Wall times by side, with the limits as one, of which the fastest counts."""
    found: dict[str, float] = {}
    for name, side in sides.items():
        shown = "limit" if name.startswith("limit") else name
        found[shown] = min(side["wall_s"], found.get(shown, side["wall_s"]))
    return found


def _why_not(found: Mapping[str, Any]) -> str:
    return str(found.get("error") or found.get("too_long") or found.get("unavailable"))


def _environment(home: str, *, is_peer: bool) -> dict[str, str]:
    """Nothing of the user's own, and our sources for ourselves only."""
    found = {"PATH": os.defpath, "HOME": home, "TMPDIR": home}
    if not is_peer:
        extensions = (REPOSITORY / "extensions" / name for name in ("sklearn", "torch"))
        sources = (REPOSITORY, *extensions)
        found["PYTHONPATH"] = os.pathsep.join(map(str, sources))
    return found


_TELL_PEAK = """
import sys
with open("/proc/self/status") as status:
    sys.stderr.write("\\n" + status.read().partition("VmHWM:")[2].split()[0])
"""
"""Ends a program; ``ru_maxrss`` would be at least what this process had itself."""


def _whole(command: Sequence[str], environment: Mapping[str, str]) -> dict[str, Any]:
    """What a whole process costs, with its start; and what it leaves in an empty home."""
    home = Path(environment["HOME"])
    start = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=home, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = status
    errors = process.stderr.read().decode() if process.stderr else ""
    if status:
        raise SideError(_last_line(errors))
    return {
        "wall_s": wall,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_mib": int(errors.split()[-1]) / MIB_OF_KIB,
        "extra": {"files_left": len(list(home.rglob("*")))},
    }


def _last_line(text: str) -> str:
    """The last line of a traceback, without the places of this machine."""
    lines = text.strip().splitlines() or [""]
    return lines[-1].replace(str(REPOSITORY), "")[-LAST_CHARACTERS:]
