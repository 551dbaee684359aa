"""A recorded session of openml-python 0.15.1, sent to the registry from its first request on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from openml_client.wire import xml

from .replay import TABLES, Replayed, document, exchanges, move_ids, replay
from .test_wire import first_difference, normal

pytestmark = pytest.mark.shared

OTHER_STATE = {
    "0060_GET_api_v1_xml_run_list_limit_10000_offset_0_task_1328_setup_12": "another setup id",
    "0135_GET_api_v1_xml_setup_17": "another setup id",
}
"""Requests for ids that things got there because of requests that were not recorded."""


@pytest.fixture(scope="module")
def replayed(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replayed]:
    result = replay(tmp_path_factory.mktemp("session"), shared / "golden")
    yield result
    result.registry.close()


def test_every_request_of_the_session_is_answered_alike(replayed: Replayed, shared: Path) -> None:
    problems = []
    count = 0
    for name, exchange, route in exchanges(shared / "golden_openml_python"):
        wanted = exchange.response
        is_upload = route.name in TABLES and wanted.status == 200
        id_ = document(route, wanted.body).id if is_upload else None
        if id_ is not None:
            move_ids(replayed.registry, TABLES[route.name], id_)
        answer = replayed.send(exchange)
        count += 1
        if name in OTHER_STATE:
            continue
        if answer.status_code != wanted.status:
            problems.append(f"{name}: {answer.status_code} {answer.get_data(as_text=True)[:200]}")
        elif id_ is not None and document(route, answer.data).id != id_:
            problems.append(f"{name}: got the id {document(route, answer.data).id}, not {id_}")
        elif route.name == "flow.get":
            ours, theirs = structure(answer.data), structure(wanted.body)
            if ours != theirs:
                problems.append(f"{name}: {first_difference(theirs, ours)}")
    assert not problems, "\n".join(problems)
    assert count > 90


def structure(body: bytes) -> Any:
    """What an answer says of a flow and of all flows inside it, but of when it was published."""
    return undated(normal(xml.parse(body, source="")[1]))


def undated(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {k: undated(v) for k, v in tree.items() if k != "upload_date"}
    return [undated(item) for item in tree] if isinstance(tree, list) else tree
