"""A reproduction as JSON, both ways, and as a page of HTML that needs nothing else."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from html import escape
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from openml_client.errors import FormatError

if TYPE_CHECKING:
    from openml_client.running.reproduce import Reproduction

T = TypeVar("T")

SHOWN_ROWS = 200
"""Differing rows on a page; the JSON has all."""

_COLOURS = {
    "identical": "#1a7f37",
    "within_tolerance": "#1a7f37",
    "different": "#b35900",
    "not_runnable": "#b3261e",
}

_STYLE = """
.omlr { font: 14px/1.5 system-ui, sans-serif; max-width: 60rem; }
.omlr h2 { font-size: 1.3em; margin: 0 0 .3em; }
.omlr h3 { font-size: 1em; margin: 1.4em 0 .4em; }
.omlr .verdict { color: #fff; border-radius: .3em; padding: .1em .5em; font-weight: 600; }
.omlr table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.omlr th, .omlr td { text-align: left; padding: .2em .9em .2em 0;
  border-bottom: 1px solid rgba(128, 128, 128, .3); }
.omlr td.number, .omlr th.number { text-align: right; }
.omlr tr.differs td { font-weight: 600; color: #b35900; }
.omlr summary { cursor: pointer; color: #57606a; margin: .4em 0; }
"""

_NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_FLOAT = "$float"
_CLASS = " class='number'"

_Row = tuple[bool, list[object]]
"""Whether it shows a difference, and its cells."""


def to_json(result: Reproduction) -> str:
    """The reproduction as a JSON object; numbers that JSON lacks are ``{"$float": "nan"}``."""
    return json.dumps(_plain(asdict(result)), indent=1, allow_nan=False)


def from_json(text: str | bytes) -> Reproduction:
    """The reproduction that `to_json` wrote.

    Raises
    ------
    FormatError
        If the text is anything else.
    """
    from openml_client.running.reproduce import DifferingRow, Reproduction, Verdict
    from openml_client.running.scores import MeasureComparison

    try:
        document = _lively(json.loads(text))
        result = _made(
            Reproduction,
            {
                **document,
                "rows": tuple(_made(DifferingRow, row) for row in document["rows"]),
                "measures": tuple(_made(MeasureComparison, m) for m in document["measures"]),
                "environment": {
                    str(name): (wanted, found)
                    for name, (wanted, found) in document["environment"].items()
                },
                "notes": tuple(str(note) for note in document["notes"]),
                "states": None if document.get("states") is None else _pair(document["states"]),
            },
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise FormatError(f"this is no report of a reproduction: {error!r}") from error
    if result.verdict not in get_args(Verdict):
        raise FormatError(f"this is no report of a reproduction: its verdict {result.verdict!r}")
    return result


def _made(cls: type[T], document: Mapping[str, Any]) -> T:
    """A dataclass of a JSON object; what a newer version adds is passed over."""
    known = {field.name for field in fields(cls)}  # type: ignore[arg-type]
    return cls(**{name: value for name, value in document.items() if name in known})


def _pair(value: Any) -> tuple[int, int]:
    one, other = value
    return int(one), int(other)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {_FLOAT: str(float(value))}
    return value


def _lively(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {_FLOAT}:
            return _NOT_FINITE[value[_FLOAT]]
        return {key: _lively(item) for key, item in value.items()}
    return [_lively(item) for item in value] if isinstance(value, list) else value


def to_page(result: Reproduction) -> str:
    """A page of HTML, with its style and without scripts."""
    return (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width'>"
        f"<title>Run {result.run_id}: {escape(result.verdict)}</title>"
        "<style>:root { color-scheme: light dark; } body { margin: 2rem; }</style></head>\n"
        f"<body>{to_fragment(result)}</body></html>\n"
    )


def to_fragment(result: Reproduction) -> str:
    """The same for a notebook, to stand among other things."""
    title = (
        f"<h2>Run {result.run_id} <span class='verdict' style='background:"
        f"{_COLOURS[result.verdict]}'>{escape(result.verdict)}</span></h2>"
        f"<p>{escape(result.reason)}</p>"
    )
    where = "the environment that the run recorded" if result.isolated else "this environment"
    parts = [
        title,
        f"<p>{escape(result.states_text)}</p>" if result.states else "",
        f"<p>Executed again in {where}.</p>" if result.verdict != "not_runnable" else "",
        _notes(result),
        _measures(result),
        _rows(result),
        _environment(result),
    ]
    return (
        f"<div class='omlr'><style>{_STYLE}</style>\n" + "\n".join(filter(None, parts)) + "</div>"
    )


def _notes(result: Reproduction) -> str:
    if not result.notes:
        return ""
    items = "".join(f"<li>{escape(note)}</li>" for note in result.notes)
    return f"<h3>Notes</h3><ul>{items}</ul>"


def _measures(result: Reproduction) -> str:
    columns = ("published", "recomputed", "again")

    def rows(*, per_fold: bool) -> list[_Row]:
        return [
            (
                measure.recomputed != measure.again,
                [
                    measure.measure,
                    *([measure.repeat, measure.fold] if per_fold else []),
                    *(getattr(measure, name) for name in columns),
                ],
            )
            for measure in result.measures
            if per_fold == (measure.repeat is not None)
        ]

    overall, folds = rows(per_fold=False), rows(per_fold=True)
    html = f"<h3>Measures</h3>{_table(('measure', *columns), overall)}" if overall else ""
    if folds:
        table = _table(("measure", "repeat", "fold", *columns), folds)
        html += f"<details><summary>by fold</summary>{table}</details>"
    return html


def _rows(result: Reproduction) -> str:
    if not result.rows:
        return ""
    count = f"{len(result.rows)} of {result.n_rows} predictions differ"
    if len(result.rows) > SHOWN_ROWS:
        count += f", the first {SHOWN_ROWS}"
    names = ("repeat", "fold", "sample", "row_id", "published", "again", "confidence_difference")
    shown = [
        (row.published != row.again, [getattr(row, name) for name in names])
        for row in result.rows[:SHOWN_ROWS]
    ]
    titles = [name.replace("_", " ") for name in names]
    table = _table(titles, shown)
    close = f"<p>{escape(result.agreement_text.capitalize())}.</p>"
    return f"<h3>Predictions</h3>{close}<details open><summary>{count}</summary>{table}</details>"


def _environment(result: Reproduction) -> str:
    if not result.environment:
        return ""
    pairs = sorted(result.environment.items(), key=lambda item: item[1][0] == item[1][1])
    rows: list[_Row] = [
        (wanted != found, [name, wanted, "not installed" if found is None else found])
        for name, (wanted, found) in pairs
    ]
    differ = len(result.environment_differences)
    head = f"{differ} of {len(rows)} versions differ"
    state = " open" if differ else ""
    table = _table(("", "the run had", "here"), rows)
    return f"<h3>Environment</h3><details{state}><summary>{head}</summary>{table}</details>"


def _table(titles: Sequence[str], rows: Sequence[_Row]) -> str:
    """A table whose titles stand over numbers as these do, to the right."""
    first = rows[0][1] if rows else [None] * len(titles)
    head = "".join(
        f"<th{_CLASS if _is_number(cell) else ''}>{escape(title)}</th>"
        for title, cell in zip(titles, first, strict=True)
    )
    body = "".join(
        f"<tr{' class=differs' if differs else ''}>{''.join(map(_cell, cells))}</tr>"
        for differs, cells in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: object) -> str:
    if value is None:
        return "<td>–</td>"
    if isinstance(value, int | float):
        return f"<td{_CLASS}>{value:.6g}</td>"
    return f"<td>{escape(str(value))}</td>"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)
