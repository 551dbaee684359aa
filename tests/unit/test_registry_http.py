"""The registry's door: keys, formats, paths, methods, pages, sizes."""

from __future__ import annotations

import io
import json
import logging
import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import event
from werkzeug.test import Client

from openml_client.registry import Registry
from openml_client.registry.handlers import HANDLERS
from openml_client.wire.codes import codes
from openml_client.wire.routes.every import ROUTES

from .registry_client import IRIS, Api, code, dataset, flow, id_of, information, texts


def test_every_route_of_the_table_has_a_handler() -> None:
    assert set(HANDLERS) == {route.name for route in ROUTES}


def test_every_code_that_a_route_may_answer_is_in_the_table() -> None:
    for route in ROUTES:
        numbers = [*route.codes.values()]
        if route.list_codes is not None:
            given = vars(route.list_codes)
            numbers += [n for name, n in given.items() if type(n) is int and name != "max_limit"]
        for number in numbers:
            assert number in codes(), route.name


def test_the_same_is_told_in_xml_and_in_json(api: Api) -> None:
    api.publish_dataset()
    for root in ("", "xml/"):
        answer = api.get(f"{root}data/1")
        assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
        assert texts(answer, "name") == ["flowers"]
    answer = api.get("json/data/1")
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert json.loads(answer.data)["data_set_description"]["name"] == "flowers"


def test_refusals_come_in_the_format_that_was_asked_for(api: Api) -> None:
    assert json.loads(api.get("json/data/7").data) == {
        "error": {"code": "111", "message": "Unknown dataset"}
    }
    assert api.get("data/7").mimetype == "text/xml"
    assert api.get("json/nosuch").mimetype == "application/json"


@pytest.mark.parametrize(
    "path", ["data/1/", "/api/v1/xml//data/1", "/api//v1/data//1//", "xml/data/1?x=1"]
)
def test_doubled_and_trailing_slashes_mean_nothing(api: Api, path: str) -> None:
    api.publish_dataset()
    assert texts(api.get(path), "id") == ["1"]


@pytest.mark.parametrize(
    "path", ["nosuch", "data", "data/abc", "data/1/2/3", "flow/exists", "/api/v1", "task/tag"]
)
def test_unknown_functions_are_refused_with_code_100(api: Api, path: str) -> None:
    answer = api.get(path)
    assert (answer.status_code, code(answer)) == (412, 100)


@pytest.mark.parametrize("root", ["", "xml/", "json/"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "votes/up/list"),
        ("POST", "votes/up/d/1"),
        ("POST", "votes/down/d/1/3"),
        ("DELETE", "votes/up/d/1"),
        ("GET", "downloads/list"),
        ("POST", "downloads/d/1"),
        ("GET", "gamification/reach/user/2"),
        ("GET", "badges/list/1"),
    ],
)
def test_the_web_sites_affairs_are_refused_with_code_100(
    api: Api, root: str, method: str, path: str
) -> None:
    api.publish_dataset()
    answer = api.get(f"{root}{path}", key=api.key, method=method)
    error = json.loads(answer.data)["error"] if root == "json/" else {"code": str(code(answer))}
    assert (answer.status_code, error["code"]) == (412, "100")


@pytest.mark.parametrize("path", ["/nosuch", "/api/v2/data/1", "/api", "/%3Cscript%3Ealert(1)"])
def test_other_addresses_answer_a_page(api: Api, path: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 200
    assert answer.mimetype == "text/html"
    assert "Page Not Found" in answer.get_data(as_text=True)
    assert b"<script" not in answer.data
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["data/1;2", "data/list/tag/a+b", "data/'1'", "data/a@b", "/<b>"])
def test_paths_with_other_characters_are_bad_requests(api: Api, path: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 400
    assert "disallowed characters" in answer.get_data(as_text=True)


def test_a_path_is_taken_percent_encoded(api: Api) -> None:
    api.publish_flow("a=b", version="x:y")
    assert texts(api.get("flow/exists/a%3Db/x%3Ay"), "id") == ["1"]
    api.publish_dataset()
    assert texts(api.get("data/list/data_id/1%2C2"), "did") == ["1"]


def test_the_front_page_counts_what_is_there(api: Api) -> None:
    api.publish_dataset()
    assert "1 datasets" in api.get("/").get_data(as_text=True)


def test_addresses_are_those_of_whoever_asks(api: Api) -> None:
    api.publish_dataset()
    answer = Client(api.registry.wsgi_app).get("/api/v1/data/1", base_url="https://data.test:8443")
    assert texts(answer, "url")[0].startswith("https://data.test:8443/data/v1/download/")
    assert texts(answer, "parquet_url") == [
        "https://data.test:8443/datasets/0000/0001/dataset_1.pq"
    ]


def test_what_is_got_can_be_posted_for_too(api: Api) -> None:
    api.publish_dataset()
    assert texts(api.post("data/1"), "id") == ["1"]
    assert code(api.post("data/1", key=None)) == 102


@pytest.mark.parametrize(
    ("method", "number"), [("HEAD", None), ("OPTIONS", 102), ("DELETE", 102), ("PUT", 100)]
)
def test_other_methods_are_writes(api: Api, method: str, number: int | None) -> None:
    answer = api.get("data/1", method=method)
    assert answer.status_code == 412
    assert number is None or code(answer) == number


def test_head_of_a_file_has_its_size_and_no_content(api: Api) -> None:
    api.publish_dataset()
    answer = api.get("/data/download/1/x.arff", method="HEAD")
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(IRIS))


def test_a_part_of_a_file_can_be_asked_for(api: Api) -> None:
    api.publish_dataset()
    answer = Client(api.registry.wsgi_app).get(
        "/data/v1/download/1", headers={"Range": "bytes=1-8"}, buffered=True
    )
    assert (answer.status_code, answer.data) == (206, IRIS[1:9])


def test_files_that_are_not_there_are_missed(api: Api) -> None:
    assert api.get("/data/v1/download/9/x.arff").status_code == 404
    assert "Page Not Found" in api.get(f"/data/v1/download/{2**70}").get_data(as_text=True)


def test_no_browser_runs_an_uploaded_file(api: Api) -> None:
    id_ = id_of(api.post("flow", flow(), source=("page.html", b"<script>alert(1)</script>")))
    answer = api.get(f"/data/v1/download/{id_}/page.html")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_writes_need_a_key_that_is_known_and_may_write(api: Api) -> None:
    reader = api.registry.add_user("reader", group="read-only")
    assert code(api.post("flow", flow(), key=None)) == 102
    assert code(api.post("flow", flow(), key="f" * 32)) == 103
    answer = api.post("flow", flow(), key=reader)
    assert code(answer) == 104
    assert information(answer)
    assert code(api.get("flow/list")) == 500


def test_reads_need_no_key_but_a_wrong_one_is_refused(api: Api) -> None:
    api.publish_flow()
    assert texts(api.get("flow/1"), "id") == ["1"]
    assert texts(api.get("flow/1?api_key="), "id") == ["1"]
    assert texts(api.get("flow/1", key=api.key.upper()), "id") == ["1"]
    assert code(api.get("flow/1", key="nobody's")) == 103


def test_a_key_may_stand_in_the_query_of_a_post(api: Api) -> None:
    assert api.post(f"flow?api_key={api.key}", flow(), key=None).status_code == 200


def test_a_key_in_the_body_of_a_deletion_is_not_read(api: Api) -> None:
    answer = Client(api.registry.wsgi_app).delete("/api/v1/flow/1", data={"api_key": api.key})
    assert code(answer) == 102


def test_no_key_is_in_the_database_nor_in_the_log(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    key = api.registry.add_user("somebody")
    api.post("flow", flow(), key=key)
    assert api.get("flow/1", key=key).status_code == 200
    api.registry.close()
    content = b"".join(path.read_bytes() for path in api.registry.folder.glob("registry.sqlite3*"))
    assert key.encode() not in content
    assert key not in caplog.text


def test_an_upload_that_is_too_large_is_refused_before_it_is_read(api: Api) -> None:
    environ = {"CONTENT_LENGTH": str(2**40), "CONTENT_TYPE": "multipart/form-data; boundary=x"}
    answer = Client(api.registry.wsgi_app).open(
        "/api/v1/data", method="POST", input_stream=io.BytesIO(), environ_overrides=environ
    )
    assert answer.status_code == 413


def test_a_busy_database_is_told_as_one_in_xml(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from openml_client.registry import core
    from openml_client.registry.store.database import Store

    database = api.registry.folder / "registry.sqlite3"
    store = Store.at(database, busy_timeout_s=0.05)
    monkeypatch.setattr(core.layout, "open_store", lambda *_, **__: store)
    with Registry.open(api.registry.folder) as hasty, closing(sqlite3.connect(database)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = Client(hasty.wsgi_app).post(
            "/api/v1/json/flow",
            data={"api_key": api.key, "description": flow()},
        )
    assert (answer.status_code, code(answer)) == (412, 107)


def test_a_full_disk_of_the_database_is_told_as_one(api: Api) -> None:
    def fill(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")  # it may not grow

    with api.registry.services.store.read() as connection:
        event.listen(connection.engine, "checkout", fill)
    answers = [api.post("flow", flow(f"probe{i}")) for i in range(100)]
    statuses = [answer.status_code for answer in answers]
    last = statuses.index(507)
    text = answers[last].get_data(as_text=True)
    assert "disk is full: No space left on device. Nothing" in text
    assert statuses[:last] == [200] * last
    assert api.get(f"flow/{last}").status_code == 200
    assert code(api.get(f"flow/{last + 1}")) == 181


def test_a_file_that_was_lost_is_told_with_the_way_out(api: Api) -> None:
    api.publish_dataset()
    for path in (api.registry.folder / "blobs").glob("*/*"):
        path.unlink()
    answer = api.get("/data/v1/download/1")
    assert answer.status_code == 500
    assert "registry check" in answer.get_data(as_text=True)


def test_a_damaged_database_is_told_with_the_way_out(api: Api) -> None:
    api.publish_dataset()
    api.registry.close()
    database = api.registry.folder / "registry.sqlite3"
    size = database.stat().st_size
    database.write_bytes(database.read_bytes()[:200] + b"\xff" * (size - 200))
    answer = api.get("data/1")
    assert answer.status_code == 500
    assert "can't use its database: " in answer.get_data(as_text=True)
    assert str(database.parent) not in answer.get_data(as_text=True)
    assert "registry check" in answer.get_data(as_text=True)


def test_a_dataset_may_be_named_by_no_path(api: Api) -> None:
    for name in ("../../etc/passwd", "..%2f..%2fetc", "a\0b"):
        answer = api.post("data", dataset(), dataset=(name, IRIS))
        assert answer.status_code == 200
    outside = [p for p in api.registry.folder.parent.iterdir() if p != api.registry.folder]
    assert outside == []


def test_words_of_refusals_are_written_for_browsers(api: Api) -> None:
    answer = api.get("evaluation/list/task/1/per_fold/x")
    assert b"to value &amp;quot;true&amp;quot; or &amp;quot;false&amp;quot;." in answer.data
    as_json = api.get("json/evaluation/list/task/1/per_fold/x")
    assert as_json.json == {
        "error": {
            "code": "547",
            "message": "Per fold can only be set to value &quot;true&quot; or &quot;false&quot;.",
            "additional_information": "Filters with illegal values:",
        }
    }


def test_texts_lose_the_space_around_them_in_json(api: Api) -> None:
    api.publish_dataset(description=" For \n this test.\n")
    assert b'"description":"For \\n this test."' in api.get("json/data/1").data
