"""Rows on lists, on many requests, on running models, and on the registry in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.cases import Case, Goal, Plan, Row, Side
from benchmarks.servers import delay, filled, served, served_lists, served_slowly, task_of

WORKERS = 16


def _many(plan: Plan) -> Iterator[Case]:
    n_sets = 200 if plan.times >= 1 else 20
    files = {f"set{n}": plan.scratch.mixed(50 + n, 6) for n in range(n_sets + 1)}
    folder, (warm, *ids) = _ids(filled(plan.scratch, "many", files))
    with served_slowly(folder) as address:
        delay(address, 50, 0)
        given = {"address": address, "ids": ids, "warm": warm, "workers": WORKERS}
        sides = {
            "ours": Side("ours", "metadata", given),
            "peer": Side("peer", "metadata", given),
            "limit": Side("limit_calls", "metadata", given),
        }
        goals = [
            Goal("limit", 1.1),
            Goal("", WORKERS, "connections"),
            Goal("peer", 0.5, "cpu_s"),
        ]
        yield Case(f"{len(ids)} datasets, {WORKERS} workers", sides, goals)


def _ids(found: tuple[Path, dict[str, int]]) -> tuple[Path, list[int]]:
    return found[0], list(found[1].values())


def _lists(kind: str, address: str, *, has_peer: bool = True) -> dict[str, Side]:
    given = {"address": address}
    sides = {"ours": Side("ours", f"list_{kind}", given)}
    if has_peer:
        sides["peer"] = Side("peer", f"list_{kind}", given)
    sides["limit, expat"] = Side("limit_calls", f"list_{kind}", given)
    if kind == "datasets":
        sides["limit, JSON"] = Side("limit_calls", f"list_{kind}_json", given)
    elif has_peer:
        # Of fewer fields, so that it is no limit of a list that has all.
        sides["JSON"] = Side("limit_calls", f"list_{kind}_json", given, is_equal=False)
    return sides


def _datasets(plan: Plan) -> Iterator[Case]:
    with served_lists(plan.size(20_000), 0) as address:
        # 0.40 s where the fastest way took 0.33 s: as a ratio, for machines differ.
        yield Case("to pandas", _lists("datasets", address), [Goal("limit", 0.40 / 0.33)])


def _datasets_grown(plan: Plan) -> Iterator[Case]:
    with served_lists(plan.size(20_000), 0) as address:
        yield Case("to pandas", _lists("datasets", address, has_peer=False))


def _evaluations(plan: Plan) -> Iterator[Case]:
    with served_lists(0, plan.size(100_000)) as address:
        yield Case("to pandas", _lists("evaluations", address), [Goal("limit", 1.2)])


def _models(plan: Plan) -> Iterator[Case]:
    yield from _executed(plan, {"10 folds": 1, "10 x 10 folds": 3}, has_peer=True)


def _models_grown(plan: Plan) -> Iterator[Case]:
    yield from _executed(plan, {"10 folds": 1}, has_peer=False)


def _executed(plan: Plan, procedures: dict[str, int], *, has_peer: bool) -> Iterator[Case]:
    n_rows = plan.size(10_000)
    files = {"rows": plan.scratch.labelled(n_rows, 21), "few": plan.scratch.labelled(100, 21)}
    folder, ids = filled(plan.scratch, "tasks", files, "label")
    tasks = {
        (name, procedure): task_of(
            plan.scratch, folder, ids[name], target="label", procedure=procedure
        )
        for name in files
        for procedure in procedures.values()
    }
    with served(folder) as address:
        for name, procedure in procedures.items():
            task = tasks["rows", procedure]
            kept = plan.scratch.folder / f"task-{task}"
            kept.mkdir(exist_ok=True)
            bare = {"address": address, "task": task, "kept": str(kept)}
            given = {"address": address, "task": task, "small_task": tasks["few", procedure]}
            ours, foreign = plan.cache("run-ours"), plan.cache("run-peer")
            sides = {
                "ours": Side("ours", "execute", {**given, "cache": ours}),
                "limit": Side("limit_calls", "execute", bare),
            }
            if has_peer:
                sides["peer, Parquet"] = Side(
                    "peer", "execute", {**given, "cache": foreign, "parquet": True}
                )
                arff = {**given, "cache": plan.cache("run-peer-arff")}
                sides["peer, ARFF"] = Side("peer", "execute", arff)
                sides["loop alone"] = Side("limit_calls", "execute", {**bare, "is_loaded": True})
            n_predictions = n_rows * (10 if procedure == 3 else 1)
            yield Case(name, sides, [Goal("limit", 1.10, plus=n_predictions * 1e-6)])


def _registry(plan: Plan) -> Iterator[Case]:
    files = {f"set{n}": plan.scratch.mixed(100 + n, 3) for n in range(11)}
    folder, _ = filled(plan.scratch, "eleven", files)
    got = Side("ours", "registry_get", {"folder": str(folder)}, is_equal=False)
    # 3 ms each.
    yield Case("`get` of ten datasets", {"ours": got}, [Goal("", 10 * 0.003, "cpu_s")])
    files = {"labelled": plan.scratch.labelled(1000)}
    folder, ids = filled(plan.scratch, "publish", files, "label")
    task = task_of(plan.scratch, folder, ids["labelled"], target="label", procedure=1)
    given = {"folder": str(folder), "task": task}
    published = Side("ours", "registry_publish", given, is_equal=False)
    goals = [Goal("", 0.060, "cpu_s")]
    yield Case("`publish` of a run of 1,000 predictions", {"ours": published}, goals)


ROWS = (
    Row(
        9,
        "Metadata of 200 datasets, 50 ms per request",
        "the 600 bodies over 16 pooled connections",
        _many,
    ),
    Row(
        10,
        "List of 20,000 datasets",
        "column-wise expat; the standard library's json",
        _datasets,
        _datasets_grown,
    ),
    Row(11, "List of 100,000 evaluations", "column-wise expat", _evaluations),
    Row(
        12,
        "A DummyClassifier on 10,000 x 20",
        "scikit-learn in a loop over the folds, from mapped files",
        _models,
        _models_grown,
    ),
    Row(16, "The registry in this process", "", _registry),
)
