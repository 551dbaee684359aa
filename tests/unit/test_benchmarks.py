"""What the benchmark makes of its measurements; and that it measures."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmarks import digests
from benchmarks.__main__ import main
from benchmarks.cases import Case, Goal, Plan, Side
from benchmarks.data import Scratch
from benchmarks.judging import exponent, judged, ratio, summed
from benchmarks.lists import pages
from benchmarks.measuring import Bench, UnavailableError
from benchmarks.rows import ROWS
from benchmarks.write_page import lines, page, read_notes

MACHINE = {"cores": 2, "processor": "any", "peer": "openml-python"}


def a_round(wall: float, cpu: float = 1.0, **extra: float) -> dict[str, Any]:
    return {"wall_s": wall, "cpu_s": cpu, "peak_mib": 100.0, "grown_mib": 10.0, "extra": extra}


def sides(**walls: float) -> dict[str, Any]:
    return {name.replace("_", ", "): summed([a_round(wall)]) for name, wall in walls.items()}


def kept(*cases: dict[str, Any], **more: Any) -> dict[str, Any]:
    row = {"title": "Work", "limit": "bare", "cases": list(cases), "measured_with": {}, **more}
    return {"machine": MACHINE, "rows": {"7": row}}


def test_of_rounds_the_median_counts_and_the_least_and_most_are_kept() -> None:
    found = summed([a_round(wall) for wall in (5.0, 1.0, 2.0)])
    assert (found["wall_s"], found["least_wall_s"], found["most_wall_s"]) == (2.0, 1.0, 5.0)
    assert found["rounds"] == 3


def test_what_a_side_counts_is_kept_beside_its_costs() -> None:
    found = summed([a_round(1.0, connections=n) for n in (16, 16, 17)])
    assert found["extra"] == {"connections": 16}


def test_the_exponent_is_the_slope_between_logarithms() -> None:
    assert exponent([0.1, 1, 10], [0.2, 2, 20]) == 1
    assert exponent([0.1, 1, 10], [0.01, 1, 100]) == 2
    assert exponent([1, 10], [3, 3]) == 0


def test_of_several_limits_the_fastest_counts() -> None:
    assert ratio(sides(ours=3, limit=3, limit_threads=2, peer=1), "limit") == 1.5


def test_there_is_no_ratio_to_a_side_that_was_not_measured() -> None:
    assert ratio(sides(ours=3), "peer") is None
    assert judged(Goal("peer", 1), sides(ours=3)) is None


def test_a_goal_is_met_up_to_its_bound_and_missed_beyond() -> None:
    met = judged(Goal("limit", 1.5), sides(ours=3, limit=2))
    missed = judged(Goal("limit", 1.25), sides(ours=3, limit=2))
    assert met is not None
    assert missed is not None
    assert (met["verdict"], met["share"]) == ("met", 1.0)
    assert (missed["verdict"], missed["share"]) == ("missed", 1.2)


def test_a_goal_may_allow_something_beside_the_ratio() -> None:
    goal = judged(Goal("limit", 1, plus=1.0), sides(ours=3, limit=2))
    assert goal is not None
    assert goal["verdict"] == "met"


def test_a_goal_about_a_count_is_about_ours_alone() -> None:
    found = {"ours": summed([a_round(1.0, files_left=1)])}
    goal = judged(Goal("", 0, "files_left"), found)
    assert goal is not None
    assert (goal["verdict"], goal["share"]) == ("missed", None)


def test_a_verdict_that_the_least_values_contradict_is_not_sure() -> None:
    found = {
        "ours": summed([a_round(wall) for wall in (1.0, 4.0, 4.0)]),
        "limit": summed([a_round(1.0)]),
    }
    goal = judged(Goal("limit", 2), found)
    assert goal is not None
    assert (goal["verdict"], goal["is_sure"]) == ("missed", False)


def test_the_page_says_by_how_much_a_goal_is_missed() -> None:
    found = sides(ours=3, limit_fast=2, peer=6)
    goals = [judged(Goal("limit", 1.25), found), judged(Goal("peer", 0.5), found)]
    (line,) = lines(kept({"name": "loading", "sides": found, "goals": goals})["rows"])
    assert "| 7 | loading | 3.00 s | 6.00 s | 2.00 s | 0.5 | 1.5 |" in line
    assert "1.25 x limit: **missed** by 20 % (1.5 x); 2 x faster than peer: met" in line


def test_the_page_says_what_was_not_measured_and_why() -> None:
    cases = ({"name": "a", "unavailable": "no such call"}, {"name": "b", "error": "results differ"})
    first, second = lines(kept(*cases)["rows"])
    assert "not available: no such call" in first
    assert "**FAILED**: results differ" in second


def test_the_page_has_the_notes_and_the_growth_of_a_row() -> None:
    growth = {
        "walls": {"loading: ours": [[0.1, 0.1], [1.0, 1.0]]},
        "exponents": {"loading: ours": 1.0},
        "notes": ["loading at 10 times: longer than 60 s"],
    }
    notes = read_notes("# Notes\n\n## 7\nMost is\nhashing.\n\n## 8\n\nNothing.\n")
    text = page(
        kept({"name": "loading", "sides": sides(ours=1), "goals": []}, growth=growth), notes
    )
    assert "- **7. Work.** Limit: bare.\n  Most is hashing." in text
    assert "| 7 | loading: ours | 100 ms | 1.00 s | – | 1.0 |" in text
    assert "Row 7: loading at 10 times: longer than 60 s." in text


def test_equal_values_have_equal_digests_whatever_holds_them() -> None:
    texts = pd.Series(["a", None], dtype=object)
    labels = pd.Series(["a", None], dtype="category")
    first = pd.DataFrame({"x": [1, 2], "y": texts})
    second = pd.DataFrame({"x": [1.0, 2.0], "y": labels})
    assert digests.digest(first) == digests.digest(second)
    assert digests.digest(first) != digests.digest(first.assign(x=[1, math.nan]))


def test_pages_of_lists_end_as_the_server_ends_them() -> None:
    answer = pages(15, 0)
    first = answer("/api/v1/xml/data/list/limit/10/offset/10", "").body
    beyond = answer("/api/v1/xml/data/list/limit/10/offset/20", "")
    assert first.count(b"<oml:dataset>") == 5
    assert (beyond.status, b"<oml:code>372</oml:code>" in beyond.body) == (412, True)


def test_results_that_differ_fail_the_case_and_nothing_is_timed(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path)
    given = {"path": str(scratch.dense(20, 2))}
    wrong = {"path": str(scratch.dense(21, 2))}
    case = Case(
        "reading",
        {
            "ours": Side("limit", "arff_to_pandas", given),
            "limit": Side("limit", "arff_to_pandas", wrong),
        },
    )
    found = Bench(Plan(scratch, repeats=1), Path(sys.executable)).case(case)
    assert "sides" not in found
    assert found["error"].startswith("the results of limit and ours differ: shape")


def test_a_side_that_is_not_there_yet_leaves_the_case_unmeasured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def once(*_: Any, **__: Any) -> Any:
        raise UnavailableError("`get_many` is not there yet")

    monkeypatch.setattr(Bench, "_once", once)
    bench = Bench(Plan(Scratch(tmp_path)), Path(sys.executable))
    found = bench.case(Case("many", {"ours": Side("ours", "metadata")}))
    assert found == {"name": "many", "unavailable": "`get_many` is not there yet"}


@pytest.mark.timeout(200)
def test_two_rows_are_measured_without_the_peer(tmp_path: Path) -> None:
    out = tmp_path / "results.json"
    given = ["--quick", "--without-peer", "--scratch", str(tmp_path / "files"), "--out", str(out)]
    assert main(["--rows", "4 13", *given]) == 0
    rows = json.loads(out.read_text("utf-8"))["rows"]
    assert list(rows) == ["4", "13"]
    for row in rows.values():
        (case,) = row["cases"]
        assert set(case["sides"]) == {"ours", "limit"}
        assert case["sides"]["ours"]["peak_mib"] > 1
        assert case["goals"][0]["of"] == "limit"


def test_a_row_that_does_not_exist_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="there is no row 17; there are 1, 2,"):
        main(["--rows", "17", "--without-peer", "--scratch", str(tmp_path)])


def test_the_rows_are_those_of_the_list() -> None:
    assert list(ROWS) == [*range(1, 17), 18]
    assert {number for number, row in ROWS.items() if row.grown} == {2, 3, 6, 10, 12, 14}
