"""All rows of PERFORMANCE.md that are measured here; 17 has tests of its own."""

from __future__ import annotations

from benchmarks import rows_calls, rows_files, rows_loads, rows_models

_ALL = (*rows_files.ROWS, *rows_loads.ROWS, *rows_calls.ROWS, *rows_models.ROWS)
ROWS = {row.number: row for row in sorted(_ALL, key=lambda row: row.number)}
