"""How the models show themselves: short lines, and small HTML tables for notebooks."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape


def shorten(text: str, width: int) -> str:
    """Text on one line, cut at ``width`` characters with an ellipsis."""
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1].rstrip() + "…"


def html_table(rows: Mapping[str, object]) -> str:
    """An HTML table of two columns; empty values are left out, everything is escaped."""
    cells = "".join(
        f"<tr><th style='text-align:left'>{escape(name)}</th>"
        f"<td style='text-align:left'>{escape(str(value))}</td></tr>"
        for name, value in rows.items()
        if value not in (None, "", ())
    )
    return f"<table>{cells}</table>"
