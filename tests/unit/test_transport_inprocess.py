"""A WSGI application in this process, asked like a server."""

import io
import os
import socket

import flask
import pytest

from openml_client.errors import IntegrityError, OfflineError
from openml_client.transport import FilePart, InProcessTransport, Request
from tests.unit.transport_server import KEY, FakeTime, settings


@pytest.fixture
def heard():
    """What the application of these tests was asked last."""
    return {}


@pytest.fixture
def app(heard):
    app = flask.Flask("probe")

    @app.route("/echo/<path:rest>", methods=["GET", "POST", "DELETE", "HEAD"])
    def echo(rest):
        request = flask.request
        heard.update(
            path=request.path,
            host=request.host,
            args=request.args.to_dict(),
            form=request.form.to_dict(),
            files={name: file.read() for name, file in request.files.items()},
        )
        return "<a/>"

    @app.get("/bytes")
    def stream():
        return flask.Response((bytes([i]) * 1000 for i in range(200)), mimetype="text/plain")

    return app


@pytest.fixture
def transport(app):
    with InProcessTransport(app, settings("local", key=KEY), clock=FakeTime().clock) as transport:
        yield transport


def test_path_query_and_host_arrive(transport, heard):
    response = transport.send(
        Request(method="GET", path="echo/caf%C3%A9%20a%2Fb", params={"q": "ü&="})
    )
    assert heard["path"] == "/echo/café a/b"
    assert heard["args"] == {"q": "ü&="}
    assert heard["host"] == "local"
    assert response.url.startswith("http://local/echo/")


def test_forms_files_and_the_key_arrive(transport, heard):
    content = os.urandom(200_000)
    parts = (FilePart("dataset", "d.arff", content),)
    transport.send(
        Request(method="POST", path="echo/x", form={"a": "b"}, files=parts, needs_key=True)
    )
    assert heard["form"] == {"a": "b", "api_key": KEY}
    assert heard["files"] == {"dataset": content}


def test_a_get_brings_its_key_in_the_query_as_over_http(transport, heard):
    transport.send(Request(method="GET", path="echo/x", needs_key=True))
    assert heard["args"] == {"api_key": KEY}


def test_bodies_are_streamed(transport):
    sink = io.BytesIO()
    info = transport.download("http://local/bytes", sink)
    assert sink.getvalue() == b"".join(bytes([i]) * 1000 for i in range(200))
    assert info.n_bytes == 200_000


def test_head_gives_no_body(transport):
    response = transport.send(Request(method="HEAD", path="echo/x"))
    assert (response.status, response.body) == (200, b"")


def test_unknown_paths_give_the_answer_of_the_application(transport):
    assert transport.send(Request(method="GET", path="nothing")).status == 404


def test_no_socket_is_opened(transport, monkeypatch):
    def refuse(*args, **options):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert transport.send(Request(method="GET", path="echo/x")).status == 200


def test_it_works_offline_but_other_hosts_are_not_asked(app):
    with InProcessTransport(app, settings("local", offline=True)) as transport:
        assert transport.send(Request(method="GET", path="echo/x")).status == 200
        with pytest.raises(OfflineError, match=r"data\.example\.org was not asked"):
            transport.download("https://data.example.org/d.arff", io.BytesIO())


def test_a_failing_application_answers_500(caplog):
    def app(environ, start_response):
        raise RuntimeError("out of order")

    with InProcessTransport(app, settings("local", retries=0)) as transport:
        response = transport.send(Request(method="GET", path="x"))
    assert response.status == 500
    assert response.body == b"The application failed: RuntimeError: out of order"
    assert "out of order" in caplog.text


def test_an_application_that_fails_within_its_answer_gives_no_half_file():
    def app(environ, start_response):
        start_response("200 OK", [])
        yield b"half"
        raise RuntimeError("out of order")

    with (
        InProcessTransport(app, settings("local", retries=0)) as transport,
        pytest.raises(IntegrityError, match="ended before it was complete"),
    ):
        transport.download("d.arff", io.BytesIO())


def test_a_body_shorter_than_its_length_is_noticed():
    def app(environ, start_response):
        start_response("200 OK", [("Content-Length", "5")])
        return [b"abc"]

    with (
        InProcessTransport(app, settings("local", retries=0)) as transport,
        pytest.raises(IntegrityError, match="ended before it was complete"),
    ):
        transport.download("d.arff", io.BytesIO())


def test_the_application_is_told_when_its_answer_is_done_with():
    class Body:
        closed = 0

        def __iter__(self):
            return iter([b"", b"abc", b"", b"d"])

        def close(self):
            Body.closed += 1

    def app(environ, start_response):
        start_response("200 OK", [])
        return Body()

    with InProcessTransport(app, settings("local")) as transport:
        assert transport.send(Request(method="GET", path="x")).body == b"abcd"
    assert Body.closed == 1


def test_a_busy_application_is_asked_again():
    statuses = iter(["503 Service Unavailable", "200 OK"])

    def app(environ, start_response):
        start_response(next(statuses), [])
        return [b"done"]

    with InProcessTransport(app, settings("local"), clock=FakeTime().clock) as transport:
        assert transport.send(Request(method="GET", path="x")).attempts == 2


def test_ten_thousand_bytes_of_every_value_survive(app):
    content = os.urandom(10_000)

    def echo(environ, start_response):
        start_response("200 OK", [("Content-Type", "application/octet-stream")])
        return [environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))]

    with InProcessTransport(echo, settings("local")) as transport:
        part = FilePart("f", "f", content)
        answer = transport.send(Request(method="POST", path="x", files=(part,)))
    assert content in answer.body
