"""Writes docs/performance.md from what ``make bench`` kept.

``python -m benchmarks.write_page`` writes it again, as after a change of benchmarks/notes.md; a
test holds that it is what the results say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.judging import limits, ratio

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "latest.json"
NOTES = HERE / "notes.md"
PAGE = HERE.parent / "docs" / "performance.md"

BUSY = 2.5
"""Load above which the times of a case are of little worth on two cores."""
UNITS = {
    "wall_s": "s",
    "cpu_s": "s CPU",
    "files_left": "files",
    "held_bytes": "bytes",
    "memory_ratio": "x the Arrow size",
    "connections": "connections",
}
HEADER = (
    "| row | work | ours | peer | limit | ours / peer | ours / limit | goal | peak MiB |",
    "|---|---|---|---|---|---|---|---|---|",
)
HEAD = """\
# Performance

<!-- Written by `make bench` from benchmarks/results and benchmarks/notes.md. -->

What `make bench` measured on {cores} cores ({processor}) with {versions}.
`make bench ROWS="2 3"` measures some rows.

The peer is {peer} with its defaults, in an environment of its own; the limit is the
fastest known way to do the bare work, without checks. Every measurement is a process of its own,
the sides take turns, the figures are medians of
{rounds}, and no time counts before the results of all sides were
found equal. Machines differ, so the ratios matter.

A goal says what ours may cost at most. Beside `missed` stands by how much; `about` marks a verdict
that the least of the measured values contradict, as other work on the machine disturbed them.
Peak memory is that of the whole process, of ours, the peer and the limit.
"""


def page(kept: Mapping[str, Any], notes: Mapping[int, str]) -> str:
    """The whole page."""
    rows = kept["rows"]
    versions = dict(next(iter(rows.values()))["measured_with"]) if rows else {}
    said = ", ".join(f"{name} {number}" for name, number in versions.items())
    head = HEAD.format(versions=said, rounds=_rounds(rows), **kept["machine"])
    written = [head, *HEADER, *lines(rows)]
    if any(row.get("growth") for row in rows.values()):
        written += ["", *_growth(rows)]
    written += ["", *_rows_in_words(rows, notes)]
    return "\n".join(written).rstrip() + "\n"


def _rounds(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """Of how many rounds the medians are."""
    cases = (case for row in rows.values() for case in row["cases"])
    counts = {side["rounds"] for case in cases for side in case.get("sides", {}).values()} - {1}
    said = " or ".join(map(str, sorted(counts))) or "1"
    return f"{said} rounds" + (
        " (provisional: five are wanted)" if min(counts, default=1) < 5 else ""
    )


def lines(rows: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """A line of the table per case."""
    for number, row in rows.items():
        for case in row["cases"]:
            yield "| " + " | ".join([number, case["name"], *_cells(case)]) + " |"


def _cells(case: Mapping[str, Any]) -> list[str]:
    if "sides" not in case:
        return [*[""] * 5, _nothing(case), ""]
    sides = case["sides"]
    shown = [_cheapest(sides, name) for name in ("ours", "peer", "limit")]
    times = [_seconds(sides[name]["wall_s"]) if name else "" for name in shown]
    ratios = [ratio(sides, name) for name in ("peer", "limit")]
    said = [f"{value:.3g}" if value is not None else "" for value in ratios]
    peaks = [f"{sides[name]['peak_mib']:.0f}" if name else "–" for name in shown]
    goals = [_goal(goal, sides) for goal in case["goals"]]
    if case.get("load", 0) > BUSY:
        goals.append("the machine was busy")
    return [*times, *said, "; ".join(goals), " / ".join(peaks)]


def _nothing(case: Mapping[str, Any]) -> str:
    if "unavailable" in case:
        return f"not available: {case['unavailable']}"
    return f"**FAILED**: {case.get('error', case.get('too_long'))}"


def _cheapest(sides: Mapping[str, Any], name: str) -> str | None:
    """The fastest of the sides of this name, as of some limits."""
    return min(limits(sides, name), key=lambda side: float(sides[side]["wall_s"]), default=None)


def _seconds(value: float) -> str:
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.3g} ms"


def _goal(goal: Mapping[str, Any], sides: Mapping[str, Any]) -> str:
    unit = UNITS[goal["what"]]
    said = f"{_figure(goal['at_most'])} {unit}" if not goal["of"] else _times(goal)
    if goal["of"] and goal["plus"]:
        said += f" + {goal['plus']:.3g} s"
    about = "" if goal["is_sure"] else "about "
    if goal["verdict"] == "met":
        return f"{said}: {about}met"
    reached = _reached(goal, sides)
    return f"{said}: **{about}missed**{_by_how_much(goal['share'])} ({reached})"


def _by_how_much(share: float | None) -> str:
    """Beyond what the goal allows; None where it allows nothing."""
    if share is None:
        return ""
    return f" by {100 * (share - 1):.0f} %" if share < 2 else f", {share:.1f} times the goal"


def _figure(value: float) -> str:
    """Whole numbers with their digits, others with three."""
    return f"{value:,.0f}" if value >= 100 or value == round(value) else f"{value:.3g}"


def _times(goal: Mapping[str, Any]) -> str:
    kind = " CPU" if goal["what"] == "cpu_s" else ""
    if goal["at_most"] < 1 and not kind:
        return f"{1 / goal['at_most']:.3g} x faster than {goal['of']}{kind}"
    return f"{goal['at_most']:.3g} x {goal['of']}{kind}"


def _reached(goal: Mapping[str, Any], sides: Mapping[str, Any]) -> str:
    if goal["of"]:
        reached = ratio(sides, goal["of"], goal["what"]) or 0.0
        is_faster = goal["at_most"] < 1 and goal["what"] != "cpu_s"
        return f"{1 / reached:.3g} x" if is_faster else f"{reached:.3g} x"
    ours = sides["ours"]
    value = ours.get(goal["what"], ours["extra"].get(goal["what"]))
    return f"{_figure(value)} {UNITS[goal['what']]}"


def _growth(rows: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """A line per side of the rows that were measured at three sizes."""
    yield "## How cost grows\n"
    yield "Wall time at 1/10, 1 and 10 times the size; an exponent of 1 is ten times the time for"
    yield "ten times the size.\n"
    yield "| row | work and side | 1/10 | 1 | 10 | exponent |"
    yield "|---|---|---|---|---|---|"
    notes = []
    for number, row in rows.items():
        growth = row.get("growth") or {"exponents": {}, "walls": {}, "notes": []}
        for name, walls in growth["walls"].items():
            times = {f"{size:g}": _seconds(wall) for size, wall in walls}
            cells = [times.get(size, "–") for size in ("0.1", "1", "10")]
            slope = growth["exponents"].get(name, "–")
            yield f"| {number} | {name} | {' | '.join(cells)} | {slope} |"
        notes += [f"Row {number}: {note}." for note in growth["notes"]]
    if notes:
        yield "\n" + "\n".join(notes)


def _rows_in_words(
    rows: Mapping[str, Mapping[str, Any]], notes: Mapping[int, str]
) -> Iterator[str]:
    yield "## The rows\n"
    for number, row in rows.items():
        limit = f" Limit: {row['limit']}." if row["limit"] else ""
        yield f"- **{number}. {row['title']}.**{limit}"
        if int(number) in notes:
            yield f"  {notes[int(number)]}"
    yield ""


def read_notes(text: str) -> dict[int, str]:
    """What is said of each row: the paragraphs under the headings ``## 6``."""
    parts = re.split(r"^## (\d+)\n", text, flags=re.MULTILINE)
    return {
        int(number): " ".join(said.split())
        for number, said in zip(parts[1::2], parts[2::2], strict=True)
    }


def current() -> str:
    """The page of the results that are kept."""
    kept = json.loads(RESULTS.read_text("utf-8"))
    return page(kept, read_notes(NOTES.read_text("utf-8")))


def write() -> None:
    """Write the page of the results that are kept."""
    PAGE.write_text(current(), "utf-8")


if __name__ == "__main__":
    write()
