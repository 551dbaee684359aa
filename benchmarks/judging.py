"""From measurements to a verdict: medians, goals, and how cost grows."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.cases import Goal

COSTS = ("wall_s", "cpu_s", "peak_mib", "grown_mib")
DIGITS = 5


def summed(rounds: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Medians of the rounds of one side, and the least and most of its times."""
    first = rounds[0]
    found: dict[str, Any] = {
        name: _median(row[name] for row in rounds) for name in COSTS if name in first
    }
    for name in ("wall_s", "cpu_s"):
        values = [float(row[name]) for row in rounds]
        found[f"least_{name}"] = round(min(values), DIGITS)
        found[f"most_{name}"] = round(max(values), DIGITS)
    found["rounds"] = len(rounds)
    extras = first.get("extra", {})
    found["extra"] = {name: _median(row["extra"][name] for row in rounds) for name in extras}
    return found


def _median(values: Iterable[float]) -> float:
    return round(float(statistics.median(values)), DIGITS)


def limits(sides: Mapping[str, Any], of: str) -> list[str]:
    """Names of the sides that a goal compares with: ``limit`` and, say, ``limit, one thread``."""
    return [name for name in sides if name == of or name.startswith(f"{of}, ")]


def ratio(sides: Mapping[str, Mapping[str, Any]], of: str, what: str = "wall_s") -> float | None:
    """Ours divided by the cheapest of the sides of a name; None without such a side."""
    least = min((_value(sides[name], what) for name in limits(sides, of)), default=0.0)
    return _value(sides["ours"], what) / least if least else None


def judged(goal: Goal, sides: Mapping[str, Mapping[str, Any]]) -> dict[str, Any] | None:
    """What a goal wants, what was reached, and whether it is met; None without its side.

    The medians decide.  Other people's work on the machine comes and goes, and can only make
    things slower: where the least values say otherwise, ``is_sure`` is false.
    """
    if goal.of and not limits(sides, goal.of):
        return None
    share = _share(goal, sides, least=False)
    least = _share(goal, sides, least=True)
    return {
        "of": goal.of,
        "what": goal.what,
        "at_most": round(goal.at_most, DIGITS),
        "plus": round(goal.plus, DIGITS),
        "share": round(share, 3) if share < math.inf else None,
        "verdict": "met" if share <= 1 else "missed",
        "is_sure": (share <= 1) == (least <= 1),
    }


def _share(goal: Goal, sides: Mapping[str, Mapping[str, Any]], *, least: bool) -> float:
    """Ours as a share of what the goal allows."""
    what = f"least_{goal.what}" if least and goal.what in {"wall_s", "cpu_s"} else goal.what
    ours = _value(sides["ours"], what)
    allowed = goal.plus
    if not goal.of:
        allowed += goal.at_most
    else:
        allowed += goal.at_most * min(_value(sides[name], what) for name in limits(sides, goal.of))
    if not allowed:
        return 1.0 if not ours else math.inf
    return ours / allowed


def _value(side: Mapping[str, Any], what: str) -> float:
    return float(side[what] if what in side else side["extra"][what])


def exponent(sizes: Sequence[float], times: Sequence[float]) -> float:
    """The slope of time over size on logarithmic scales, by least squares.

    It is 1 where ten times the rows take ten times as long, and less where fixed costs weigh in.
    """
    return round(statistics.linear_regression(_logs(sizes), _logs(times)).slope, 2)


def _logs(values: Sequence[float]) -> list[float]:
    return [math.log10(value) for value in values]
