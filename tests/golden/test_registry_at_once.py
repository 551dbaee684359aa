"""What the embedded engine finds at once is what the real one found later.

The recorded uploads are sent to a registry with its engine; `test_registry_scenario` has a
registry without.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from openml_client.wire.codec import Rows, encode
from openml_client.wire.route import Route
from openml_client.wire.routes import every as routes

from .comparison import TOLERANCE
from .replay import Replayed, document, exchanges, replay, uploads
from .transcripts import Exchange

pytestmark = pytest.mark.shared

JUDGED = {
    route.name
    for route in (
        routes.DATASET_FEATURES,
        routes.DATASET_QUALITIES,
        routes.RUN_GET,
        routes.RUN_TRACE,
        routes.EVALUATION_LIST,
        routes.EVALUATION_SETUP_LIST,
    )
}
"""Routes that tell what an engine found."""

OTHER_STATE = {
    "data_features_surv_after_target": "after an edit",
    "data_features_with_ontology": "after an edit",
    "data_qualities_surv_after_target": "after an edit",
    "evaluation_list_study": "after a study was made",
    "data_features_manual": "of a dataset that is not there",
    "data_qualities_manual": "of a dataset that is not there",
    "run_get_before_evaluation": "before the engine ran",
    "run_get_manual_evaluation": "of a run that is not there",
    "run_trace_get_manual": "of a run that is not there",
    "task_upload_survival": "of a dataset that was edited",
}
"""Transcripts that were recorded in another state, with the reason."""


@pytest.fixture(scope="module")
def replayed(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replayed]:
    result = replay(tmp_path_factory.mktemp("registry"), shared / "golden")
    yield result
    result.registry.close()


def told(shared: Path) -> Iterator[tuple[str, Exchange, Route]]:
    """The transcripts of these routes, in the state that the registry is in."""
    for name, exchange, route in exchanges(shared / "golden"):
        if route.name in JUDGED and name not in OTHER_STATE:
            yield name, exchange, route


def test_every_upload_is_taken_and_gets_its_id(replayed: Replayed, shared: Path) -> None:
    problems = []
    for name, _, route, id_ in uploads(shared / "golden"):
        answer = replayed.uploads[name]
        if name in OTHER_STATE:
            continue
        if answer.status_code != 200:
            problems.append(f"{name}: {answer.status_code} {answer.get_data(as_text=True)}")
        elif document(route, answer.data).id != id_:
            problems.append(f"{name}: got the id {document(route, answer.data).id}, not {id_}")
    assert not problems, "\n".join(problems)
    assert len(replayed.uploads) == 50


NOT_COMPARED = {
    "upload_date": "the time of this test",
    "upload_time": "the time of this test",
    "processing_date": "the time of this test",
    "parquet_url": "the real server has another address for it",
    "data_splits_url": "the real server doubles a slash in some",
    "url": "compared by the test of addresses",
    "source_url": "compared by the test of addresses",
    "file_id": "other uploads came between",
    "version": "there were other datasets of this name",
    "setup_id": "there were other runs between",
    "uploader": "hand-made JSON of the real server leaves it out",
    "data_id": "hand-made JSON of the real server leaves it out",
    "evaluation_engine_id": "hand-made JSON of the real server leaves it out",
    "creator": "the real server's list joins them to one text",
}
"""Elements whose values differ for good reasons."""

TREES = re.compile(r"(J48|REPTree|RandomTree).*")
"""Qualities that rest on Weka's trees, for which others stand in here."""

NOT_COMPUTED = {"MaxNominalAttDistinctValues"}
"""A quality in lists that the real engine had not computed for two of the sets."""


def test_every_answer_says_what_the_real_server_said(replayed: Replayed, shared: Path) -> None:
    problems = []
    count = 0
    for name, exchange, route in told(shared):
        if exchange.response.status != 200:
            continue
        answer = replayed.send(exchange)
        if answer.status_code != 200:
            problems.append(f"{name}: {answer.get_data(as_text=True)}")
            continue
        assert answer.mimetype == exchange.response.headers.get_content_type(), name
        theirs = comparable(route, exchange.response.body)
        ours = comparable(route, answer.data)
        if name == "run_get_clustering":  # the real engine got no splits; ours miss 49 repeats
            assert ours.pop("error").startswith("Prediction count does not match: Repeat 1 fold 0")
            theirs.pop("error")
        if isinstance(theirs, list):
            ours = [row for row in ours if key_of(row) in set(map(key_of, theirs))]
        if not alike(ours, theirs):
            problems.append(f"{name}: {first_difference(theirs, ours)}")
        count += 1
    assert not problems, "\n".join(problems)
    assert count == 33


def comparable(route: Route, body: bytes) -> Any:
    """What an answer says of things that both servers have, in an order of its own."""
    tree = normal(encode(route.response, document(route, body)))
    if route.name.startswith("tasktype"):
        tree = without(tree, {"description"})  # ours are in other words
    tree = without(tree, set(NOT_COMPARED))
    if isinstance(route.response, Rows):
        key = route.response.key
        rows = tree.get(key, [])
        rows = rows if isinstance(rows, list) else [rows]
        return sorted((sorted_values(r) for r in rows if is_known(route, r)), key=repr)
    return in_order(tree)


def is_known(route: Route, row: Mapping[str, Any]) -> bool:
    """Whether a row is of a thing that was uploaded here, too."""
    if route.name.startswith("data.qualities"):
        return TREES.fullmatch(row["name"]) is None
    if route.name == "setup.list":
        return bool(row["flow_id"] == 16.0)
    things = {"did": DATASETS, "task_id": TASKS, "run_id": RUNS}
    if route.name == "flow.list":
        things = {"id": FLOWS}
    return all(row[key] in ids for key, ids in things.items() if key in row)


DATASETS = frozenset(range(132, 141))
TASKS = frozenset(range(1306, 1328)) - {1313, 1321}
FLOWS = frozenset(range(16, 22))
RUNS = frozenset(range(1, 19)) - {3, 12, 15}
"""Ids of what was uploaded."""


def key_of(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """What tells rows apart, whatever else they say.

    The real server's lists were recorded at several times: ours may have more rows.
    """
    keys = ("did", "task_id", "run_id", "id", "setup_id", "function", "index", "name")
    return tuple(row.get(key) for key in keys)


def without(tree: Any, keys: set[str]) -> Any:
    if isinstance(tree, dict):
        return {k: without(v, keys) for k, v in tree.items() if k not in keys}
    if isinstance(tree, list):
        return [without(v, keys) for v in tree if not is_named(v, NOT_COMPUTED)]
    return tree


def is_named(value: Any, names: set[str]) -> bool:
    return isinstance(value, dict) and value.get("name") in names


def in_order(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {k: in_order(v) for k, v in tree.items()}
    if isinstance(tree, list) and tree and isinstance(tree[0], dict):
        return sorted((in_order(v) for v in tree), key=place)
    return tree


def sorted_values(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A row whose values per fold are sorted: the real server gives them as they came."""
    return {k: sorted(v) if k == "values" else v for k, v in row.items()}


def place(item: Mapping[str, Any]) -> str:
    return repr([item.get(key) for key in ("name", "repeat", "fold", "identifier", "index")])


def alike(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return set(ours) == set(theirs) and all(alike(ours[k], theirs[k]) for k in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(alike, ours, theirs))
    if isinstance(ours, float) and isinstance(theirs, float):
        return math.isclose(ours, theirs, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return bool(ours == theirs)


def normal(tree: Any) -> Any:
    """A tree that our codec made, with numbers as numbers and without what is empty."""
    if isinstance(tree, dict):
        content = {
            "value" if key == "#text" else key.removeprefix("@"): normal(value)
            for key, value in tree.items()
        }
        return {key: value for key, value in content.items() if value not in (None, "", [], {})}
    if isinstance(tree, list):
        items = [normal(item) for item in tree]
        return items[0] if len(items) == 1 else items
    return number_or_text(tree.strip()) if isinstance(tree, str) else tree


def number_or_text(text: str) -> Any:
    """The number or the list of numbers that a text is, or the text."""
    try:
        if text.startswith("[") and text.endswith("]"):
            return [float(value) for value in text[1:-1].split(",")]
        return text if text.lower() in {"nan", "inf", "-inf"} else float(text)
    except ValueError:
        return text


def first_difference(left: Any, right: Any, path: str = "") -> str:
    if isinstance(left, dict) and isinstance(right, dict):
        for key in [*left, *right]:
            if left.get(key) != right.get(key):
                return first_difference(left.get(key), right.get(key), f"{path}/{key}")
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for n, (a, b) in enumerate(zip(left, right, strict=True)):
            if a != b:
                return first_difference(a, b, f"{path}[{n}]")
    return f"{path}: {str(left)[:200]} became {str(right)[:200]}"
