"""Servers that misbehave: each fault ends in an answer or in one clear error, in time.

The rows are those of the reliability battery.
"""

import gzip
import io
import logging
import socket
import threading
import time
import tracemalloc
import zlib
from types import SimpleNamespace

import pytest

from openml_client.errors import (
    IntegrityError,
    OfflineError,
    ServerTimeoutError,
    TransportError,
)
from openml_client.transport import HttpTransport, Request, RetryPolicy
from openml_client.transport import connections as connections_module
from tests.unit.transport_server import IMPATIENT, FakeTime, reply, serving, settings

GET = Request(method="GET", path="api/v1/xml/data/61")
POST = Request(method="POST", path="api/v1/xml/data/tag", form={"data_id": "61"})
CODE_107 = b"<oml:error xmlns:oml='x'>\n\t<oml:code>107</oml:code>\n</oml:error>"
DATABASE_DOWN = b"Database connection error. Usually due to high server load. Please wait N seconds"


def reset(connection):
    connection.reset()


def hang_up(connection):
    """Close without a word."""


def transport_to(url, time_=None, **values):
    return HttpTransport(
        settings(url, **values), clock=(time_ or FakeTime()).clock, retry=RetryPolicy()
    )


@pytest.fixture
def closed_url():
    """An address where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return f"http://127.0.0.1:{port}"


# Row 1: no DNS, connection refused.


@pytest.mark.fault(1)
def test_a_refused_connection_is_told_within_three_seconds(closed_url):
    started = time.monotonic()
    with (
        HttpTransport(settings(closed_url, retries=10)) as transport,
        pytest.raises(OfflineError) as caught,
    ):
        transport.send(GET)
    assert time.monotonic() - started < 3
    message = str(caught.value)
    assert "127.0.0.1 can't be reached: no connection (Connection refused)" in message
    assert f"GET {closed_url}/api/v1/xml/data/61; tried" in message
    assert "times in" in message
    for way_out in ("OPENML_OFFLINE=1", "registry serve", "openml-client doctor"):
        assert way_out in message
    assert message.count("\n") < 6


@pytest.mark.fault(1)
def test_an_unknown_name_is_told_within_three_seconds():
    started = time.monotonic()
    with (
        HttpTransport(settings("https://nosuch.invalid", retries=10)) as transport,
        pytest.raises(OfflineError, match=r"nosuch\.invalid can't be reached: the name is unknown"),
    ):
        transport.send(GET)
    assert time.monotonic() - started < 3


@pytest.mark.fault(1)
def test_a_resolver_that_does_not_answer_is_left_after_half_the_connect_timeout(monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: over.wait(10) and [])
    try:
        with (
            transport_to("https://slow.invalid", connect_timeout_s=0.2, retries=0) as transport,
            pytest.raises(OfflineError, match="no connection in time"),
        ):
            transport.send(GET)
    finally:
        over.set()


@pytest.mark.fault(1)
def test_a_refused_post_is_repeated_because_it_never_left(closed_url):
    time_ = FakeTime()
    with (
        transport_to(closed_url, time_, retries=2) as transport,
        pytest.raises(OfflineError, match="tried 3 times"),
    ):
        transport.send(POST)


# Row 2: silence and slow drip.


@pytest.mark.fault(2)
def test_a_silent_server_is_given_up_and_the_way_to_wait_longer_is_named():
    with (
        serving(lambda c: c.stay_silent()) as server,
        transport_to(server.url, **IMPATIENT) as transport,
        pytest.raises(ServerTimeoutError) as caught,
    ):
        transport.send(GET)
    message = str(caught.value)
    assert "127.0.0.1 gave no usable answer: no answer in time; GET http://127" in message
    assert "The limit is 0.3 s. Raise it with OPENML_TIMEOUT=SECONDS" in message
    assert len(server.requests) == 1


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.fault(2)
@pytest.mark.parametrize(
    ("at_once", "dripped"),
    [
        pytest.param(b"", HEAD + b"x" * 1000, id="head"),
        pytest.param(HEAD, b"x" * 1000, id="body"),
        pytest.param(CHUNKED, b"0" * 1000, id="length of a chunk"),
        pytest.param(CHUNKED, b"1\r\nx\r\n" * 200, id="chunks"),
    ],
)
@pytest.mark.parametrize("what", ["metadata", "data file"])
def test_a_dripping_server_is_given_up(at_once, dripped, what):
    def answer(connection):
        connection.send(at_once)
        connection.drip(dripped, every_s=0.02)

    started = time.monotonic()
    with (
        serving(answer) as server,
        transport_to(server.url, **IMPATIENT) as transport,
        pytest.raises(ServerTimeoutError, match="OPENML_TIMEOUT"),
    ):
        transport.send(GET) if what == "metadata" else transport.download("d", io.BytesIO())
    assert time.monotonic() - started < 3


@pytest.mark.fault(2)
def test_a_head_without_end_is_given_up():
    def answer(connection):
        while True:
            connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    with (
        serving(answer) as server,
        transport_to(server.url, **IMPATIENT) as transport,
        pytest.raises(ServerTimeoutError),
    ):
        transport.send(GET)


@pytest.mark.fault(2)
def test_a_fast_server_may_pause_up_to_the_limit():
    def answer(connection):
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + bytes(1000))
        for _ in range(2):
            connection.pause(0.6)  # of 1 s: two pauses are longer than the limit
            connection.send(bytes(2000))

    with serving(answer) as server, transport_to(server.url, read_timeout_s=1.0) as transport:
        assert len(transport.send(GET).body) == 5000


@pytest.mark.fault(2)
def test_a_slow_reader_is_not_taken_for_a_slow_server(monkeypatch):
    lost_s = [0.0]
    fake = SimpleNamespace(monotonic=lambda: time.monotonic() + lost_s[0])
    monkeypatch.setattr(connections_module, "time", fake)

    class SlowSink(io.BytesIO):
        def write(self, content):
            lost_s[0] += 60
            return super().write(content)

    with (
        serving(reply(bytes(10 * 2**20))) as server,
        transport_to(server.url, **IMPATIENT) as transport,
    ):
        assert transport.download("d", SlowSink()).n_bytes == 10 * 2**20
    assert lost_s[0] > 60


@pytest.mark.fault(2)
def test_metadata_must_be_complete_within_the_deadline():
    def answer(connection):
        connection.send(CHUNKED)
        connection.drip(b"8\r\n12345678\r\n" * 10_000, every_s=0)

    with (
        serving(answer) as server,
        transport_to(server.url, deadline_s=0.05) as transport,
        pytest.raises(ServerTimeoutError, match="bytes came in time"),
    ):
        transport.send(GET)


@pytest.mark.fault(2)
def test_a_long_silence_is_announced_once(monkeypatch, caplog):
    monkeypatch.setattr(connections_module, "ANNOUNCE_AFTER_S", 0.1)
    with (
        serving(lambda c: c.stay_silent()) as server,
        transport_to(server.url, **IMPATIENT) as transport,
        pytest.raises(ServerTimeoutError),
    ):
        transport.send(GET)
    told = [record.getMessage() for record in caplog.records if record.name == "openml_client"]
    assert told == ["still waiting for 127.0.0.1, up to 0.3 s"]


@pytest.mark.fault(2)
def test_a_post_that_was_not_answered_is_sent_once_and_may_be_taken():
    with (
        serving(lambda c: c.stay_silent()) as server,
        transport_to(server.url, **IMPATIENT) as transport,
        pytest.raises(ServerTimeoutError, match="look before you send it again") as caught,
    ):
        transport.send(POST)
    assert caught.value.maybe_taken
    assert len(server.requests) == 1


# Row 3: passing faults are repeated, waits obeyed and announced.


@pytest.mark.fault(3)
@pytest.mark.parametrize(
    "fault",
    [
        reset,
        hang_up,
        reply(status="502 Bad Gateway"),
        reply(status="503 Service Unavailable"),
        reply(status="504 Gateway Timeout"),
        reply(status="429 Too Many Requests"),
        reply(CODE_107, status="412 Precondition Failed"),
        reply(DATABASE_DOWN),
    ],
)
def test_a_passing_fault_is_met_by_another_attempt(fault):
    with serving(fault, reply("<a/>")) as server, transport_to(server.url) as transport:
        response = transport.send(GET)
    assert (response.body, response.attempts) == (b"<a/>", 2)


@pytest.mark.fault(3)
@pytest.mark.parametrize("fault", [reset, hang_up])
def test_a_post_is_never_repeated_after_it_was_sent(fault):
    with (
        serving(fault, reply("<a/>")) as server,
        transport_to(server.url) as transport,
        pytest.raises(TransportError) as caught,
    ):
        transport.send(POST)
    assert caught.value.maybe_taken
    assert len(server.requests) == 1


@pytest.mark.fault(3)
@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_a_refused_post_is_answered_to_the_caller(status):
    with serving(reply("<b/>", status=status)) as server, transport_to(server.url) as transport:
        assert transport.send(POST).body == b"<b/>"
    assert len(server.requests) == 1


@pytest.mark.fault(3)
def test_a_post_declared_idempotent_is_repeated():
    request = Request(method="POST", path="flow/exists", idempotent=True)
    with serving(reset, reply("<a/>")) as server, transport_to(server.url) as transport:
        assert transport.send(request).body == b"<a/>"


@pytest.mark.fault(3)
def test_retry_after_is_obeyed_and_announced_once(caplog):
    busy = reply(status="503 Service Unavailable", headers=("Retry-After: 7",))
    time_ = FakeTime()
    with serving(busy, reply("<a/>")) as server, transport_to(server.url, time_) as transport:
        transport.send(GET)
    assert time_.waits_s == [7.0]
    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert told == ["127.0.0.1: it answered with status 503; asking again in 7.0 s"]


@pytest.mark.fault(3)
def test_short_waits_are_not_announced(caplog):
    with serving(reset, reply()) as server, transport_to(server.url) as transport:
        transport.send(GET)
    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []


@pytest.mark.fault(3)
def test_the_last_answer_of_a_busy_server_is_given_with_the_number_of_attempts():
    busy = reply("<html>busy</html>", status="503 Service Unavailable")
    time_ = FakeTime()
    with serving(busy) as server, transport_to(server.url, time_, retries=2) as transport:
        response = transport.send(GET)
    assert (response.status, response.attempts, len(server.requests)) == (503, 3, 3)
    assert response.elapsed_s >= sum(time_.waits_s) > 0


@pytest.mark.fault(3)
def test_no_retries_means_one_attempt():
    with (
        serving(reset) as server,
        transport_to(server.url, retries=0) as transport,
        pytest.raises(TransportError, match="tried once"),
    ):
        transport.send(GET)
    assert len(server.requests) == 1


# Row 4: the database is down.


@pytest.mark.fault(4)
@pytest.mark.parametrize(
    "down", [reply(DATABASE_DOWN), reply(CODE_107, status="412 Precondition Failed")]
)
def test_a_download_is_repeated_while_the_database_is_down(down):
    sink = io.BytesIO()
    with serving(down, reply(b"@relation r")) as server, transport_to(server.url) as transport:
        transport.download("d.arff", sink)
    assert sink.getvalue() == b"@relation r"


@pytest.mark.fault(4)
def test_the_text_of_a_database_that_stays_down_is_never_taken_for_data():
    sink = io.BytesIO()
    with (
        serving(reply(DATABASE_DOWN)) as server,
        transport_to(server.url) as transport,
        pytest.raises(TransportError, match=r"database is overloaded \(code 107\)"),
    ):
        transport.download("d.arff", sink)
    assert sink.getvalue() == b""


@pytest.mark.fault(4)
def test_a_database_that_stays_down_gives_its_error_document():
    down = reply(CODE_107, status="412 Precondition Failed")
    with serving(down) as server, transport_to(server.url) as transport:
        assert transport.send(GET).body == CODE_107


# Rows 5 and 6: answers that are something else, short or damaged.


@pytest.mark.fault(6)
@pytest.mark.parametrize("page", [b"<!DOCTYPE html><html>portal", b"\n\n<HTML lang='en'>portal"])
def test_a_page_is_never_taken_for_a_file(page):
    sink = io.BytesIO()
    with (
        serving(reply(page, status="200 OK")) as server,
        transport_to(server.url) as transport,
        pytest.raises(TransportError, match=r"HTML page: .*portal") as caught,
    ):
        transport.download("d.arff", sink)
    assert sink.getvalue() == b""
    assert "captive portal" in str(caught.value)


@pytest.mark.fault(6)
def test_a_download_that_is_refused_shows_status_and_first_line():
    page = reply("\n<html>Forbidden\nmore", status="403 Forbidden")
    with (
        serving(page) as server,
        transport_to(server.url) as transport,
        pytest.raises(TransportError, match="status 403: <html>Forbidden;") as caught,
    ):
        transport.download("secret.arff", io.BytesIO())
    assert (caught.value.status, caught.value.body) == (403, b"\n<html>Forbidden\nmore")
    assert not caught.value.maybe_taken


@pytest.mark.fault(6)
def test_something_that_is_no_http_is_told():
    with (
        serving(lambda c: c.send(b"SSH-2.0-OpenSSH_9\r\n")) as server,
        transport_to(server.url) as transport,
        pytest.raises(TransportError, match="the connection broke"),
    ):
        transport.send(GET)


SHORT = {
    "length known": reply(b"abc", length=5, headers=("Connection: close",)),
    "chunks": CHUNKED.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") + b"3\r\nabc\r\n",
    "gzip": reply(
        gzip.compress(b"abcde")[:-9],
        length=len(gzip.compress(b"abcde")),
        headers=("Content-Encoding: gzip", "Connection: close"),
    ),
}


@pytest.mark.fault(6)
@pytest.mark.parametrize("short", SHORT.values(), ids=SHORT)
def test_a_body_cut_short_once_is_fetched_again(short):
    sink = io.BytesIO()
    with serving(short, reply(b"abcde")) as server, transport_to(server.url) as transport:
        info = transport.download("d.arff", sink)
    assert (sink.getvalue(), info.n_bytes) == (b"abcde", 5)


@pytest.mark.fault(6)
@pytest.mark.parametrize("short", SHORT.values(), ids=SHORT)
def test_a_body_that_is_always_cut_short_is_an_integrity_error(short):
    with serving(short) as server, transport_to(server.url) as transport:
        with pytest.raises(IntegrityError, match="ended before it was complete"):
            transport.download("d.arff", io.BytesIO())
        with pytest.raises(IntegrityError, match="ended before it was complete"):
            transport.send(GET)


@pytest.mark.fault(6)
def test_a_wrong_md5_is_fetched_once_more_and_then_told():
    md5 = "900150983cd24fb0d6963f7d28e17f72"  # of abc  Source: RFC 1321, A.5
    with serving(reply(b"abd"), reply(b"abc")) as server, transport_to(server.url) as transport:
        assert transport.download("d", io.BytesIO(), expected_md5=md5.upper()).md5 == md5
    with (
        serving(reply(b"abd")) as server,
        transport_to(server.url, retries=5) as transport,
        pytest.raises(IntegrityError, match=f"its md5 is [0-9a-f]{{32}}, not {md5}"),
    ):
        transport.download("d", io.BytesIO(), expected_md5=md5)
    assert len(server.requests) == 2


@pytest.mark.fault(6)
def test_nothing_of_a_bad_attempt_stays_in_the_sink():
    md5 = "900150983cd24fb0d6963f7d28e17f72"  # of abc
    sink = io.BytesIO()
    with (
        serving(reply(b"a longer body"), reply(b"abc")) as server,
        transport_to(server.url) as transport,
    ):
        transport.download("d", sink, expected_md5=md5)
    assert sink.getvalue() == b"abc"


@pytest.mark.fault(6)
def test_a_damaged_gzip_body_is_an_integrity_error():
    damaged = reply(b"\x1f\x8bnot gzip at all", headers=("Content-Encoding: gzip",))
    with (
        serving(damaged) as server,
        transport_to(server.url) as transport,
        pytest.raises(IntegrityError, match="compressed body is damaged"),
    ):
        transport.send(GET)


@pytest.mark.fault(6)
def test_a_post_whose_answer_was_cut_short_may_be_taken():
    with (
        serving(SHORT["length known"]) as server,
        transport_to(server.url) as transport,
        pytest.raises(TransportError, match="look before you send it again") as caught,
    ):
        transport.send(POST)
    assert caught.value.maybe_taken


# Row 12: too much.


def endless(connection):
    connection.send(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.send(bytes(65536))


@pytest.mark.fault(12)
def test_endless_metadata_ends_at_its_cap():
    with (
        serving(endless) as server,
        transport_to(server.url) as transport,
        pytest.raises(TransportError, match="the answer is larger than 64 MB"),
    ):
        transport.send(GET)
    assert len(server.requests) == 1


@pytest.mark.fault(12)
def test_a_gzip_bomb_is_unpacked_no_further_than_the_cap():
    squeeze = zlib.compressobj(9, wbits=31)
    packed = b"".join(squeeze.compress(bytes(2**20)) for _ in range(100)) + squeeze.flush()
    assert len(packed) < 200_000
    bomb = reply(packed, headers=("Content-Encoding: gzip",))
    with serving(bomb) as server, transport_to(server.url) as transport:
        tracemalloc.start()
        try:
            with pytest.raises(TransportError, match="the answer is larger than 10 MB"):
                transport.send(GET, max_bytes=10 * 2**20)
            _, peak_bytes = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak_bytes < 15 * 2**20


@pytest.mark.fault(12)
def test_a_download_ends_at_the_cap_of_the_caller():
    with (
        serving(endless) as server,
        transport_to(server.url) as transport,
        pytest.raises(TransportError, match="larger than 1000 bytes"),
    ):
        transport.download("d", io.BytesIO(), max_bytes=1000)


@pytest.mark.fault(12)
def test_the_endless_body_of_a_redirect_is_not_read():
    def answer(connection):
        connection.send(b"HTTP/1.1 302 Found\r\nLocation: /there\r\n\r\n")
        while True:
            connection.send(bytes(65536))

    with serving(answer, reply("<a/>")) as server, transport_to(server.url) as transport:
        assert transport.send(GET).body == b"<a/>"
