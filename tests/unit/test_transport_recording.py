"""Recorded servers: exchanges are answered as they were, and written without the key."""

import io

import pytest

from openml_client.config import ApiKey
from openml_client.errors import TransportError
from openml_client.transport import HttpTransport, RecordedTransport, Request
from openml_client.transport.connections import PacedAdapter
from openml_client.transport.recording import Exchange, Recorder, read_exchanges
from tests.unit.transport_server import KEY, reply, serving, settings


def exchange(request_line, body, *, name="x", date=None):
    headers = (f"Date: {date}",) if date else ()
    return Exchange(name, f"{request_line} HTTP/1.1\r\n\r\n".encode(), reply(body, headers=headers))


def recorded(*exchanges):
    return RecordedTransport(exchanges, settings("http://unused"))


def test_a_request_is_answered_as_it_was():
    transport = recorded(exchange("GET /data/1", "<a/>"), exchange("GET /data/2", "<b/>"))
    response = transport.send(Request(method="GET", path="data/2"))
    assert (response.status, response.body) == (200, b"<b/>")


def test_the_key_and_the_order_of_the_query_make_no_difference():
    transport = recorded(exchange("GET /d?b=2&a=1&api_key=old", "<a/>"))
    request = Request(method="GET", path="d", params={"a": "1", "b": "2"})
    assert transport.send(request).body == b"<a/>"


def test_method_and_query_make_a_difference():
    transport = recorded(exchange("GET /d?a=1", "<a/>"))
    for request in (
        Request(method="DELETE", path="d", params={"a": "1"}),
        Request(method="GET", path="d", params={"a": "2"}),
    ):
        with pytest.raises(TransportError, match="was not recorded\nRecorded are: GET /d"):
            transport.send(request)


def test_repeated_requests_are_answered_in_order_and_the_last_answer_stays():
    transport = recorded(exchange("POST /tag", "<a/>"), exchange("POST /tag", "<b/>"))
    bodies = [transport.send(Request(method="POST", path="tag")).body for _ in range(3)]
    assert bodies == [b"<a/>", b"<b/>", b"<b/>"]


def test_chunked_answers_are_joined():
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    transport = recorded(Exchange("x", b"GET /d HTTP/1.1\r\n\r\n", chunked))
    assert transport.download("d", io.BytesIO()).n_bytes == 3


def test_exchanges_of_a_folder_come_in_the_order_of_their_dates(tmp_path):
    for name, second in (("b", 1), ("a", 2), ("c", 0)):
        one = exchange("GET /d", name, date=f"Mon, 23 Nov 2026 19:54:0{second} GMT")
        (tmp_path / f"{name}.request.txt").write_bytes(one.request)
        (tmp_path / f"{name}.response.txt").write_bytes(one.response)
    assert [one.name for one in read_exchanges(tmp_path)] == ["c", "b", "a"]
    assert [one.name for one in read_exchanges(tmp_path, ["a", "c"])] == ["a", "c"]


def test_what_a_recorder_writes_is_answered_again_and_holds_no_key(tmp_path):
    answer = reply(
        f"<a>{KEY}</a>", headers=("Content-Type: text/xml", "Set-Cookie: ci_session=secret")
    )
    requests = (
        Request(method="GET", path="data/1", params={"a": "b"}, needs_key=True),
        Request(method="POST", path="data/tag", form={"data_id": "1"}, needs_key=True),
    )
    with serving(answer) as server:
        recorder = Recorder(PacedAdapter(), tmp_path, api_key=ApiKey(KEY, "test"))
        with HttpTransport(settings(server.url, key=KEY), adapter=recorder) as transport:
            live = [transport.send(request) for request in requests]
    assert [path.name for path in sorted(tmp_path.iterdir())] == [
        "0001_get_data_1.request.txt",
        "0001_get_data_1.response.txt",
        "0002_post_data_tag.request.txt",
        "0002_post_data_tag.response.txt",
    ]
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert KEY.encode() not in written
    assert b"ci_session" not in written
    assert b"data_id=1" in written
    again = RecordedTransport(read_exchanges(tmp_path), settings("http://unused"))
    for request, before in zip(requests, live, strict=True):
        after = again.send(request)
        assert (after.status, after.content_type) == (before.status, before.content_type)
        assert after.body == b"<a>" + b"*" * 32 + b"</a>"


@pytest.mark.shared
def test_every_recorded_exchange_of_the_real_server_is_answered(shared):
    exchanges = read_exchanges(shared / "golden")
    assert len(exchanges) > 500
    for one in exchanges:
        with recorded(one) as transport:
            # 30 is a redirect to another host, 107 is repeated; both have their own tests.
            if b"302 Found" in one.response or b"Database connection" in one.response:
                continue
            response = transport.send(Request(method=one.method, path=one.target))
        head, _, body = one.response.partition(b"\r\n\r\n")
        assert response.status == int(head.split(b" ")[1])
        if b"chunked" not in head.lower():
            assert response.body == (b"" if one.method == "HEAD" else body)


@pytest.mark.shared
def test_a_recorded_download_has_its_recorded_size(shared):
    names = ["data_download", "run_download_predictions"]
    exchanges = read_exchanges(shared / "golden", names)
    with recorded(*exchanges) as transport:
        sizes = [transport.download(one.target, io.BytesIO()).n_bytes for one in exchanges]
    assert sizes[0] == 4601  # golden/INDEX.md
    assert sizes[1] > 1000
