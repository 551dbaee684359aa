"""All rows of PERFORMANCE.md that are measured here; 15 and 17 have tests of their own."""

from __future__ import annotations

from benchmarks import rows_calls, rows_files, rows_loads

_ALL = (*rows_files.ROWS, *rows_loads.ROWS, *rows_calls.ROWS)
ROWS = {row.number: row for row in sorted(_ALL, key=lambda row: row.number)}
