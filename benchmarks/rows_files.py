"""Rows on files: ARFF read and written, predictions, splits."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.cases import Case, Goal, Plan, Row, Side
from benchmarks.servers import download_splits, filled, served, task_of

MEMORY = Goal("", 2.2, "memory_ratio")
"""Loading a table takes at most so many times its size in Arrow.  Source: PERFORMANCE.md."""

KEY_BYTES = 200
"""What a fold's key and its place in a mapping take, beside 4 bytes for each row and repeat."""


def _read(path: str, *, is_dense: bool) -> dict[str, Side]:
    """Ours and the limits: which of these is the fastest depends on cores and memory."""
    given = {"path": path}
    sides = {
        "ours": Side("ours", "arff_to_pandas", given),
        "limit, pyarrow.csv": Side("limit", "arff_to_pandas", given),
        "limit, split blocks": Side("limit", "arff_to_pandas", {**given, "splits_blocks": True}),
        "limit, one thread": Side("limit", "arff_to_pandas", {**given, "threads": False}),
    }
    if is_dense:
        # pandas' fast reading of numbers rounds the last digit of some.
        sides["limit, pandas"] = Side("limit", "pandas_c", given, is_equal=False)
    return sides


def _dense(plan: Plan) -> Iterator[Case]:
    path = str(plan.scratch.dense(plan.size(100_000), 100))
    sides = _read(path, is_dense=True)
    sides["peer"] = Side("peer", "arff_to_pandas", {"path": path})
    yield Case("to pandas", sides, [Goal("limit", 1.25)])
    arrow = {"ours": Side("ours", "arff_to_arrow", {"path": path}, is_equal=False)}
    yield Case("memory over Arrow size", arrow, [MEMORY])


def _dense_grown(plan: Plan) -> Iterator[Case]:
    path = str(plan.scratch.dense(plan.size(100_000), 100))
    yield Case("to pandas", _read(path, is_dense=True))


def _mixed(plan: Plan) -> Iterator[Case]:
    path = str(plan.scratch.mixed(plan.size(100_000)))
    sides = _read(path, is_dense=False)
    sides["peer"] = Side("peer", "arff_to_pandas", {"path": path})
    yield Case("to pandas", sides, [Goal("limit", 1.5), Goal("peer", 1 / 25)])
    arrow = {"ours": Side("ours", "arff_to_arrow", {"path": path}, is_equal=False)}
    yield Case("memory over Arrow size", arrow, [MEMORY])


def _mixed_grown(plan: Plan) -> Iterator[Case]:
    yield Case("to pandas", _read(str(plan.scratch.mixed(plan.size(100_000))), is_dense=False))


def _three(function: str, **given: object) -> dict[str, Side]:
    """The same function of ours, of the peer and of the limit."""
    return {
        "ours": Side("ours", function, given),
        "peer": Side("peer", function, given),
        "limit": Side("limit", function, given),
    }


def _sparse(plan: Plan) -> Iterator[Case]:
    sizes = (plan.size(10_000), 20_000, plan.size(1_000_000))
    sides = _three("sparse_arff", path=str(plan.scratch.sparse(*sizes)))
    yield Case("to a sparse matrix", sides, [Goal("limit", 1.3)])


def _writing(plan: Plan) -> Iterator[Case]:
    path = str(plan.scratch.dense(plan.size(100_000), 100))
    yield Case("from pandas", _three("write_arff", path=path), [Goal("limit", 1.3)])


def _predictions(plan: Plan) -> Iterator[Case]:
    sides = _three("write_predictions", n_rows=plan.size(1_000_000))
    # 0.75 s where the limit took 0.61 s: as a ratio, for machines differ.
    yield Case("from arrays", sides, [Goal("limit", 0.75 / 0.61)])


def _splits(plan: Plan) -> Iterator[Case]:
    n_rows = plan.size(10_000)
    path = str(plan.scratch.splits(n_rows))
    yield Case("parsed", _three("read_splits", path=path), [Goal("limit", 1.5)])
    held = Side("ours", "held_splits", {"path": path}, rounds=1, is_equal=False)
    yield Case(
        "bytes that stay",
        {"ours": held},
        [Goal("", 4 * n_rows * 10 + KEY_BYTES * 100, "held_bytes")],
    )
    files = {"labelled": plan.scratch.labelled(n_rows)}
    folder, ids = filled(plan.scratch, "tasks", files, "label")
    task = task_of(plan.scratch, folder, ids["labelled"], target="label", procedure=3)
    with served(folder) as address:
        given = {"address": address, "id": task, "cache": plan.cache("splits-ours")}
        kept = {"path": str(plan.scratch.folder / f"splits-{n_rows}.npy"), "n_rows": n_rows}
        same = plan.scratch.file(
            f"splits-of-{task}.arff", lambda path: download_splits(address, task, path)
        )
        sides = {
            "ours": Side("ours", "task_splits", given),
            "peer": Side("peer", "read_splits", {"path": str(same), "keeps_pickle": True}),
            "limit": Side("limit", "mapped_splits", kept, is_equal=False),
        }
        yield Case("from the cache", sides, [Goal("", 0.002)])
    made = Side("ours", "make_splits", {"n_rows": n_rows}, is_equal=False)
    yield Case("made by the registry", {"ours": made})


def _splits_grown(plan: Plan) -> Iterator[Case]:
    given = {"path": str(plan.scratch.splits(plan.size(10_000)))}
    sides = {
        "ours": Side("ours", "read_splits", given),
        "limit": Side("limit", "read_splits", given),
    }
    yield Case("parsed", sides)


CSV = "pyarrow.csv on the data section, on all cores, on one, with split blocks"
ROWS = (
    Row(2, "Dense ARFF, 100,000 x 100 (90 MB)", f"{CSV}; pandas' C parser", _dense, _dense_grown),
    Row(3, "Mixed ARFF, 100,000 x 30 (29 MB)", CSV, _mixed, _mixed_grown),
    Row(
        4,
        "Sparse ARFF, 10,000 x 20,000, 10^6 entries",
        "commas made line feeds, pyarrow.csv on the pairs",
        _sparse,
    ),
    Row(5, "ARFF written, 100,000 x 100", "pyarrow.csv.write_csv", _writing),
    Row(
        13,
        "Predictions written, 1,000,000 x 9",
        "Arrow's join of the columns' texts",
        _predictions,
    ),
    Row(
        14,
        "Splits, 10 x 10 on 10,000 rows (1,000,000 lines)",
        "pyarrow.csv and one stable argsort; a mapped int32 npy from the cache",
        _splits,
        _splits_grown,
    ),
)
