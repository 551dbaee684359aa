"""The report of a reproduction: JSON both ways, and pages that hold what others wrote."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from openml_client.errors import FormatError
from openml_client.running.report import SHOWN_ROWS
from openml_client.running.reproduce import DifferingRow, Reproduction
from openml_client.running.scores import MeasureComparison

EVIL = "<script>alert('x')</script>&\"'"
ROW = DifferingRow(
    repeat=0, fold=1, sample=0, row_id=17, published="a", again=EVIL, confidence_difference=0.5
)
FULL = Reproduction(
    run_id=7,
    verdict="different",
    reason=f"1 of 6 predictions differ {EVIL}",
    rows=(ROW,),
    n_rows=6,
    measures=(
        MeasureComparison(measure="kappa", published=1.0, recomputed=1.0, again=0.125),
        MeasureComparison(
            measure=EVIL, repeat=0, fold=1, published=None, recomputed=0.5, again=math.inf
        ),
    ),
    environment={"numpy": ("1.26.0", "2.4.6"), "same": ("1", "1"), EVIL: ("3", None)},
    notes=(EVIL,),
    isolated=True,
)


class Reader(HTMLParser):
    """Collects the elements and the text of a page, and checks that what opens closes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        self.elements.append(tag)
        assert not {name for name, _ in attributes} & {"src", "href"}, "needs another file"
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.mark.parametrize(
    "report", [FULL, Reproduction(run_id=1, verdict="not_runnable", reason="")]
)
def test_what_was_written_as_json_is_read_again(report: Reproduction) -> None:
    assert Reproduction.from_json(report.to_json()) == report
    assert Reproduction.from_json(report.to_json().encode()) == report


def test_the_json_is_strict_and_has_numbers_that_json_lacks() -> None:
    def refuse(constant: str) -> None:
        pytest.fail(constant)

    row = replace(ROW, published=math.nan, again=-math.inf)
    text = replace(FULL, rows=(row,)).to_json()
    json.loads(text, parse_constant=refuse)
    (again,) = Reproduction.from_json(text).rows
    assert math.isnan(float(again.published))
    assert again.again == -math.inf


def test_what_a_newer_version_adds_is_passed_over() -> None:
    document = {**json.loads(FULL.to_json()), "mood": "good"}
    assert Reproduction.from_json(json.dumps(document)) == FULL


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        "[" * 100_000,
        FULL.to_json().replace('"different"', '"fine"'),
        FULL.to_json().replace('"rows": [', '"rows": [3,'),
        FULL.to_json().replace('"inf"', '"eternal"'),
        b"\xff",
    ],
)
def test_what_is_no_report_is_a_format_error(text: str | bytes) -> None:
    with pytest.raises(FormatError, match="no report of a reproduction"):
        Reproduction.from_json(text)


def test_the_page_is_whole_and_escapes_what_others_wrote() -> None:
    reader = Reader(FULL.to_html())
    assert {"html", "body", "table", "details"} <= set(reader.elements)
    assert "script" not in reader.elements
    text = " ".join(reader.texts)
    for part in ("Run 7", "different", EVIL, "kappa", "0.125", "17", "2.4.6", "not installed"):
        assert part in text
    assert "2 of 3 versions differ" in text
    assert "the environment that the run recorded" in text


def test_reports_tell_how_close_predictions_that_differ_are() -> None:
    close = replace(FULL, label_agreement=5 / 6)
    told = "83.33% of the labels agree, the largest difference is 0.5"
    assert f"1 of 6 predictions differ ({told}), the first:" in close.to_text()
    assert f"{told}." in close.to_html()
    assert "The largest difference is 0.5." in FULL.to_html()


def test_a_notebook_gets_the_same_without_the_frame_of_a_page() -> None:
    fragment = Reader(FULL._repr_html_())
    assert not {"html", "body", "script"} & set(fragment.elements)
    assert "1 of 6 predictions differ" in " ".join(fragment.texts)


def test_a_page_shows_the_first_of_many_rows_and_says_so() -> None:
    many = replace(FULL, rows=(ROW,) * (SHOWN_ROWS + 50), n_rows=1000)
    page = many.to_html()
    assert f"{SHOWN_ROWS + 50} of 1000 predictions differ, the first {SHOWN_ROWS}" in page
    assert page.count("<td class='number'>17</td>") == SHOWN_ROWS
    assert len(Reproduction.from_json(many.to_json()).rows) == SHOWN_ROWS + 50
