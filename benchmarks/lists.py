"""Pages of long lists, as the server writes them: of datasets, evaluations and users."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.loopback import Answer

QUALITIES = (
    "MajorityClassSize",
    "MaxNominalAttDistinctValues",
    "MinorityClassSize",
    "NumberOfClasses",
    "NumberOfFeatures",
    "NumberOfInstances",
    "NumberOfInstancesWithMissingValues",
    "NumberOfMissingValues",
    "NumberOfNumericFeatures",
    "NumberOfSymbolicFeatures",
)
N_UPLOADERS = 50
NO_RESULT = {"data": 372, "evaluation": 542}
"""Code of the answer beyond the end of a list.  Source: openml_client/wire/codes.tsv."""
NAMESPACE = 'xmlns:oml="http://openml.org/openml"'

Record = Mapping[str, Any]


def dataset(n: int) -> Record:
    """A row of the list of datasets; it is made up of its number."""
    return {
        "did": n,
        "name": f"made-up-dataset-{n % 977}",
        "version": n // 977 + 1,
        "uploader": n % N_UPLOADERS + 1,
        "status": "active",
        "format": "Sparse_ARFF" if n % 13 == 0 else "ARFF",
        "file_id": n + 7,
        "quality": {name: float(n * (k + 3) % 1009) for k, name in enumerate(QUALITIES)},
    }


def evaluation(n: int) -> Record:
    """A row of the list of evaluations; it is made up of its number."""
    return {
        "run_id": n,
        "uploader": n % N_UPLOADERS + 1,
        "task_id": n % 311 + 1,
        "setup_id": n % 4001 + 1,
        "flow_id": n % 503 + 1,
        "flow_name": f"sklearn.pipeline.Pipeline(step=sklearn.tree.Tree{n % 503})({n % 7 + 1})",
        "data_id": n % 311 + 2,
        "data_name": f"made-up-dataset-{n % 311}",
        "evaluation_engine_id": 1,
        "function": "predictive_accuracy",
        "upload_time": f"2024-{n % 12 + 1:02}-{n % 28 + 1:02} {n % 24:02}:{n % 60:02}:05",
        "value": n * 7919 % 1_000_003 / 1_000_003,
    }


def pages(n_datasets: int, n_evaluations: int) -> Callable[[str, str], Answer]:
    """Answers to the requests for these lists."""
    lists: dict[str, tuple[int, Callable[[int], Record]]] = {
        "data": (n_datasets, dataset),
        "evaluation": (n_evaluations, evaluation),
    }

    @functools.cache
    def page(path: str) -> Answer:
        _, _, _, language, kind, _, *filters = path.partition("?")[0].split("/")
        if kind == "user":
            return Answer(200, "text/xml", _users())
        if kind not in lists:
            return Answer(404, "text/plain", b"only lists are served here")
        given = dict(zip(filters[::2], filters[1::2], strict=False))
        start = int(given.get("offset", 0))
        n_rows, make = lists[kind]
        end = min(n_rows, start + int(given.get("limit", n_rows)))
        if start >= end:
            said = f"<oml:code>{NO_RESULT[kind]}</oml:code><oml:message>No results</oml:message>"
            return Answer(412, "text/xml", f"<oml:error {NAMESPACE}>{said}</oml:error>".encode())
        rows = [make(n) for n in range(start + 1, end + 1)]
        if language == "json":
            return Answer(200, "application/json", _json(kind, rows))
        return Answer(200, "text/xml", _xml(kind, rows))

    return lambda path, _: page(path)


def _xml(kind: str, rows: Sequence[Record]) -> bytes:
    root, item = ("data", "dataset") if kind == "data" else ("evaluations", "evaluation")
    lines = [f"<oml:{root} {NAMESPACE}>"]
    for row in rows:
        lines.append(f"  <oml:{item}>")
        lines += [f"    <oml:{k}>{v}</oml:{k}>" for k, v in row.items() if k != "quality"]
        lines += [
            f'    <oml:quality name="{name}">{value}</oml:quality>'
            for name, value in row.get("quality", {}).items()
        ]
        lines.append(f"  </oml:{item}>")
    return "\n".join([*lines, f"</oml:{root}>", ""]).encode()


_LEFT_OUT = {
    "data": {"uploader"},
    "evaluation": {"uploader", "data_id", "evaluation_engine_id"},
}
"""What the server's JSON lacks."""


def _json(kind: str, rows: Sequence[Record]) -> bytes:
    root, item = ("data", "dataset") if kind == "data" else ("evaluations", "evaluation")
    made = [{k: v for k, v in row.items() if k not in _LEFT_OUT[kind]} for row in rows]
    for row in made:
        if "quality" in row:
            row["quality"] = [{"name": k, "value": str(v)} for k, v in row["quality"].items()]
    return json.dumps({root: {item: made}}, separators=(",", ":")).encode()


def _users() -> bytes:
    users = "".join(
        f"<oml:user><oml:id>{n}</oml:id><oml:username>user{n}</oml:username></oml:user>"
        for n in range(1, N_UPLOADERS + 1)
    )
    return f"<oml:users {NAMESPACE}>{users}</oml:users>".encode()
