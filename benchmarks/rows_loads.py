"""Rows on imports and on loading datasets from a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.cases import Case, Goal, Plan, Row, Side
from benchmarks.rows_files import MEMORY
from benchmarks.servers import delay, filled, served, served_slowly

WARM = "warm"
"""Name of the dataset that is loaded first, so that all is imported."""
SIZES = {"150 x 30": 150, "100,000 x 30": 100_000, "1,000,000 x 10": 1_000_000}


def _imports(plan: Plan) -> Iterator[Case]:
    yield Case(
        "import",
        {
            "ours": Side("ours", program="import openml_client"),
            "peer": Side("peer", program="import openml"),
            "limit, bare Python": Side("limit", program="pass"),
        },
        [Goal("limit", 1, "cpu_s", plus=0.040), Goal("", 0, "files_left")],
    )
    yield Case(
        "Client()",
        {
            "ours": Side("ours", program="import openml_client; openml_client.Client()"),
            "peer": Side("peer", program="import openml"),
            "limit, requests": Side("limit", program="import requests"),
        },
        [Goal("peer", 1 / 12)],
    )
    files = {"small": plan.scratch.mixed(150)}
    folder, ids = filled(plan.scratch, "loads", files)
    kept = plan.scratch.file("whole.arrow", lambda path: _write_arrow(files["small"], path))
    with served(folder) as address:
        for view, times in (("to_pandas", 3), ("to_arrow", 8)):
            cache, foreign = plan.cache("whole-ours"), plan.cache("whole-peer")
            ours = (
                "from openml_client import Client\n"
                f"client = Client({address!r}, cache_dir={cache!r})\n"
                f"client.datasets.load({ids['small']}).{view}()"
            )
            peer = (
                f"import openml\nopenml.config.server = '{address}/api/v1/xml'\n"
                f"openml.config.set_root_cache_directory({foreign!r})\n"
                f"openml.datasets.get_dataset({ids['small']}, download_data=True).get_data()"
            )
            sides = {"ours": Side("ours", program=ours), "peer": Side("peer", program=peer)}
            limit = (
                "import pyarrow as pa\n"
                f"table = pa.ipc.open_file(pa.memory_map({str(kept)!r})).read_all()\n"
                f"{'table.to_pandas()' if view == 'to_pandas' else ''}"
            )
            sides["limit"] = Side("limit", program=limit)
            yield Case(f"whole process, cached set, {view}", sides, [Goal("peer", 1 / times)])


def _write_arrow(arff: Path, path: Path) -> None:
    import pyarrow as pa

    from openml_client.formats.arff import read_arff
    from openml_client.formats.table import Table

    table = Table.from_arff(read_arff(arff)).to_arrow()
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def _loaded(plan: Plan) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Name, place and path of each dataset, on a server that has all of them."""
    sizes = {name: plan.size(n) for name, n in SIZES.items()}
    files = {
        name: plan.scratch.dense(n, 10) if name.endswith("x 10") else plan.scratch.mixed(n)
        for name, n in sizes.items()
    }
    folder, ids = filled(plan.scratch, "loads", files | {WARM: plan.scratch.mixed(101)})
    with served(folder) as address:
        for name, path in files.items():
            yield name, {"address": address, "id": ids[name], "warm": ids[WARM]}, str(path)


def _first_load(plan: Plan) -> Iterator[Case]:
    for name, given, path in _loaded(plan):
        bare = {"url": f"{given['address']}/data/v1/download/{given['id']}", "path": path}
        sides = {
            "ours": Side("ours", "load", {**given, "format": "arff"}),
            "peer": Side("peer", "load", given),
            # It guesses other types.
            "fetch_openml": Side("peer", "fetch_openml", given, is_equal=False),
            "limit": Side("limit", "download_and_parse", bare),
        }
        goals = [Goal("peer", 1 / 10), Goal("fetch_openml", 1 / 1.5)]
        yield Case(f"ARFF, {name}", sides, goals)
        sides = {
            "ours": Side("ours", "load", {**given, "format": "parquet"}),
            "peer": Side("peer", "load", {**given, "parquet": True}),
        }
        yield Case(f"Parquet, {name}", sides, [Goal("peer", 1)])
        if not name.startswith("150 "):  # so little that what Python itself takes counts
            for format_ in ("arff", "parquet"):
                side = Side("ours", "load_arrow", {**given, "format": format_}, is_equal=False)
                yield Case(f"memory over Arrow size, {format_}, {name}", {"ours": side}, [MEMORY])


def _first_load_grown(plan: Plan) -> Iterator[Case]:
    path = plan.scratch.mixed(plan.size(100_000))
    folder, ids = filled(plan.scratch, "loads", {"grown": path, WARM: plan.scratch.mixed(101)})
    with served(folder) as address:
        given = {"address": address, "id": ids["grown"], "warm": ids[WARM]}
        bare = {"url": f"{address}/data/v1/download/{ids['grown']}", "path": str(path)}
        sides = {
            "ours": Side("ours", "load", {**given, "format": "arff"}),
            "ours, Parquet": Side("ours", "load", {**given, "format": "parquet"}),
            "limit": Side("limit", "download_and_parse", bare),
        }
        yield Case("100,000 x 30", sides)


def _second_load(plan: Plan) -> Iterator[Case]:
    for name, given, path in _loaded(plan):
        cache, foreign = plan.cache("second-ours"), plan.cache("second-peer")
        mapped = {"path": str(plan.scratch.folder / f"{Path(path).stem}.arrow"), "arff": path}
        # The first process of each, which checks the results, fills the caches.
        sides = {
            "ours": Side("ours", "load", {**given, "cache": cache, "format": "arff"}),
            "peer": Side("peer", "load", {**given, "cache": foreign}),
            "pickle": Side("peer", "load_pickle", {"cache": foreign}),
            "limit": Side("limit", "mapped", mapped),
        }
        yield Case(name, sides, [Goal("limit", 1.3), Goal("pickle", 1)])


def _slow(plan: Plan) -> Iterator[Case]:
    path = plan.scratch.mixed(150)
    folder, ids = filled(plan.scratch, "loads", {"small": path, WARM: plan.scratch.mixed(101)})
    with served_slowly(folder) as address:
        for request_ms, connection_ms in ((50, 0), (50, 100)):
            delay(address, request_ms, connection_ms)
            given = {"address": address, "id": ids["small"], "warm": ids[WARM]}
            sides = {
                "ours": Side("ours", "load_counted", given),
                "peer": Side("peer", "load_counted", given),
                "limit": Side("limit_calls", "load_counted", {**given, "path": str(path)}),
            }
            more = f", {connection_ms} ms per new connection" if connection_ms else ""
            yield Case(f"{request_ms} ms per request{more}", sides, [Goal("limit", 1.15)])


ROWS = (
    Row(
        1,
        "Import, `Client()`, and a whole process",
        "Python alone; importing requests; a mapped Arrow file",
        _imports,
    ),
    Row(
        6,
        "First `load`, over loopback",
        "the body by requests, then pyarrow.csv",
        _first_load,
        _first_load_grown,
    ),
    Row(7, "Second `load`, in a fresh process", "a mapped Arrow file", _second_load),
    Row(
        8,
        "A small dataset from a slow server",
        "two round trips over pooled connections, then pyarrow.csv",
        _slow,
    ),
)
