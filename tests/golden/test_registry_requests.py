"""The registry understands the recorded requests, and answers as the real server did."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from openml_client.registry import Registry
from openml_client.wire import json, xml
from openml_client.wire.codec import Rows, encode
from openml_client.wire.routes import RUN_GET, Route
from openml_client.wire.vocabulary import ERROR, ErrorAnswer

from .replay import Replayed, document, exchanges, replay, uploads
from .test_wire import first_difference, normal
from .transcripts import Exchange, load, names

pytestmark = pytest.mark.shared

OTHER_STATE = {
    # what later issues do to things: edited, tagged, forked, deactivated, deleted
    "data_features_surv_after_target": "after an edit",
    "data_features_with_ontology": "after an edit",
    "data_get_after_edit": "after an edit",
    "data_get_fork": "after a fork",
    "data_list_status_deactivated": "after a deactivation",
    "data_qualities_surv_after_target": "after an edit",
    "double_slash": "after a tag",
    "es_down_data_get": "after a tag",
    "evaluation_list_study": "after a study was made",
    "run_get_deleted": "after a deletion",
    "setup_list_tag": "after a tag",
    "task_get_surv_json": "of a dataset that was edited",
    "task_inputs_surv": "of a dataset that was edited",
    "task_upload_err_623_inactive": "after a deactivation",
    "task_upload_survival": "of a dataset that was edited",
    # what the real engine had not done yet, and ours does at once
    "data_get_unprocessed": "before the engine ran",
    "data_qualities_err_363": "before the engine ran",
    "evaluation_list_err_542_none_yet": "before the engine ran",
    "run_get_before_evaluation": "before the engine ran",
    # what was uploaded by requests that were not recorded, or by the engine's own routes
    "data_features_manual": "of a dataset that is not there",
    "data_get_mixed_json": "of a dataset with another file",
    "data_list_manual_in_preparation": "of a dataset that is not there",
    "data_qualities_manual": "of a dataset that is not there",
    "run_get_manual_evaluation": "of a run that is not there",
    "run_trace_get_manual": "of a run that is not there",
    "setup_list_json": "of a run that is not there",
    "setup_list_limit_offset": "of a run that is not there",
    "task_get_ep25": "of a task that is not there",
    "task_get_ep25_json": "of a task that is not there",
    "task_get_with_tag": "of a task that is not there",
    "task_inputs_ep25": "of a task that is not there",
    # what was there before the recording
    "data_features_err_273_never": "of a dataset that is not there",
    "data_list_data_name_version": "of a dataset that is not there",
    "data_list_data_name_version_status": "of a dataset that is not there",
    "data_list_limit": "begins with datasets that are not there",
    "data_list_odd_segments": "begins with datasets that are not there",
    "data_list_trailing_slash": "begins with datasets that are not there",
    "data_list_uploader_multi": "the real server mistakes two uploaders for one",
    "flow_list_json": "begins with flows that are not there",
    "flow_list_limit_offset": "begins with flows that are not there",
    "no_format_segment": "of a dataset that is not there",
    "run_upload_err_208_no_quality": "of a task that is not there",
    "task_get_seed_1": "of a task that is not there",
    "task_list_limit": "begins with tasks that are not there",
    "task_list_limit_json": "begins with tasks that are not there",
    "task_list_status_all": "begins with tasks that are not there",
    "task_list_type": "begins with tasks that are not there",
    # what only the real server can be
    "data_upload_err_130_too_big": "ours takes larger files",
    "data_upload_over_post_max_size": "ours takes larger files",
    "err_107_database_down": "the database is up",
    "err_107_database_down_json": "the database is up",
    # orders and pages that the real server's database made up
    "evaluation_list_function_limit": "unordered, and cut",
    "evaluation_list_uploader": "unordered, and cut",
    "run_list_limit": "unordered, and cut",
    "run_list_limit_offset": "unordered, and cut",
    "setup_list_limit": "unordered, and cut",
}
"""Transcripts that were recorded in another state, with the reason."""


@pytest.fixture(scope="module")
def replayed(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replayed]:
    result = replay(tmp_path_factory.mktemp("registry"), shared / "golden")
    yield result
    result.registry.close()


def told(shared: Path) -> Iterator[tuple[str, Exchange, Route]]:
    """The transcripts but the uploads, in the state that the registry is in."""
    sent = {name for name, *_ in uploads(shared / "golden")}
    for name, exchange, route in exchanges(shared / "golden"):
        if name not in sent and name not in OTHER_STATE:
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
    assert len(replayed.uploads) >= 45


def test_every_refusal_has_the_status_the_code_and_the_format(
    replayed: Replayed, shared: Path
) -> None:
    count = 0
    for name, exchange, _ in told(shared):
        wanted = exchange.response
        if wanted.status == 200:
            continue
        answer = replayed.send(exchange)
        assert answer.status_code == wanted.status, name
        assert answer.mimetype == wanted.headers.get_content_type(), name
        if wanted.body and not wanted.body.lstrip().startswith(b"<!"):
            assert error(answer.data).code == error(wanted.body).code, name
            assert error(answer.data).message == error(wanted.body).message, name
        count += 1
    assert count > 70


def error(body: bytes) -> ErrorAnswer:
    module = json if body.lstrip()[:1] == b"{" else xml
    answer: ErrorAnswer = module.read(ERROR, body, source="")
    return answer


INFORMATION = (
    "data_list_err_370|data_list_err_371|limit_negative|data_qualities_surv|run_list_err_514|"
    "flow_upload_err_171.*|task_upload_err_61[46789].*|task_upload_err_621.*|"
    "task_upload_err_622_(ep|target)|task_upload_err_623.*|run_upload_err_(201|216|217).*|"
    "setup_exists_err_58[16]|setup_list_err_67[12]|err_104.*"
)
"""Refusals whose further information is the same, word for word."""


def test_refusals_give_the_real_servers_information(replayed: Replayed, shared: Path) -> None:
    count = 0
    for name, exchange, _ in told(shared):
        if not re.fullmatch(INFORMATION, name):
            continue
        ours, theirs = error(replayed.send(exchange).data), error(exchange.response.body)
        assert (ours.additional_information or "").strip() == (
            theirs.additional_information or ""
        ).strip(), name
        count += 1
    assert count >= 20


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

LANDMARKERS = re.compile(r"(CfsSubset|DecisionStump|J48|kNN1N|NaiveBayes|REPTree|RandomTree).*")
"""Qualities that rest on Weka's learners, which a later issue brings."""

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
        if name == "run_get_clustering":  # the real engine complains of an address
            assert ours.pop("error") == "Task not providing datasplits."
            theirs.pop("error")
        if isinstance(theirs, list):
            ours = [row for row in ours if key_of(row) in set(map(key_of, theirs))]
        if not alike(ours, theirs):
            problems.append(f"{name}: {first_difference(theirs, ours)}")
        count += 1
    assert not problems, "\n".join(problems)
    assert count > 100


def comparable(route: Route, body: bytes) -> Any:
    """What an answer says of things that both servers have, in an order of its own."""
    tree = normal(encode(route.response, document(route, body)), route.response.root)
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
        return LANDMARKERS.fullmatch(row["name"]) is None
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
        return math.isclose(ours, theirs, rel_tol=1e-6, abs_tol=1e-6)
    return bool(ours == theirs)


def test_addresses_are_those_of_the_real_server(replayed: Replayed, shared: Path) -> None:
    for name in ("data_get_mixed", "data_get_sparse", "data_get_reg", "data_get_private_owner"):
        theirs = load(shared / "golden", name)
        ours = xml.parse(replayed.send(theirs).data, source=name)[1]
        assert ours["url"] == xml.parse(theirs.response.body, source=name)[1]["url"], name
        path = "datasets/" + theirs.response.text.partition("/datasets/")[2].partition("<")[0]
        assert ours.get("parquet_url", "datasets/").endswith(path), name


def test_splits_files_are_the_real_servers(replayed: Replayed, shared: Path) -> None:
    count = 0
    for name in names(shared / "golden", "splits_.*"):
        exchange = load(shared / "golden", name)
        answer = replayed.send(exchange)
        assert answer.status_code == exchange.response.status, name
        if exchange.response.status == 200:
            assert answer.data == exchange.response.body, name
            count += 1
        elif name != "splits_surv":  # a task that could not be made here
            start = exchange.response.text.partition(". Evaluation")[0]
            assert answer.get_data(as_text=True).startswith(start), name
    assert count >= 6


def test_files_are_served_as_from_the_real_server(replayed: Replayed, shared: Path) -> None:
    count = 0
    for name in names(shared / "golden", "data_(download|get_csv|view).*"):
        exchange = load(shared / "golden", name)
        answer, wanted = replayed.send(exchange), exchange.response
        assert answer.status_code == wanted.status, name
        assert answer.headers.get("Location") == wanted.headers.get("Location"), name
        if wanted.status != 302:
            assert answer.mimetype == wanted.headers.get_content_type(), name
        if wanted.status == 200:
            compare_content(answer, exchange)
            count += 1
    assert count >= 8


def test_predictions_are_served_as_from_the_real_server(replayed: Replayed, shared: Path) -> None:
    told = replayed.send(load(shared / "golden", "run_get_cls"))
    run = xml.read(RUN_GET.response, told.data, source="run_get_cls")
    # Other uploads came between, so the file has another id here.
    (id_,) = (file.file_id for file in run.files if file.name == "predictions")
    for name in names(shared / "golden", "run_download.*"):
        exchange = load(shared / "golden", name)
        target = re.sub(r"/download/\d+", f"/download/{id_}", exchange.request.target)
        exchange = replace(exchange, request=replace(exchange.request, target=target))
        compare_content(replayed.send(exchange), exchange)


def compare_content(answer: TestResponse, exchange: Exchange) -> None:
    """The same file, of the same type and name."""
    wanted = exchange.response
    assert answer.data == wanted.body
    assert answer.mimetype == wanted.headers.get_content_type()
    name = wanted.headers.get("Content-Disposition")
    assert name in {None, answer.headers["Content-Disposition"]}


def test_datasets_are_not_merged_either(replayed: Replayed, shared: Path) -> None:
    exchange = load(shared / "golden", "merge_datasets")
    start = exchange.response.text.partition("Evaluation Engine")[0]
    assert replayed.send(exchange).text.startswith(start)


def test_what_the_registry_keeps_outlives_it(replayed: Replayed, shared: Path) -> None:
    exchange = load(shared / "golden", "run_get_cls")
    before = replayed.send(exchange).data
    with Registry.open(replayed.registry.folder, create=False) as again:
        assert Replayed(again, {}).send(exchange).data == before
