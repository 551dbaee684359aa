"""The API key goes to its server, where it is needed, and is seen nowhere else (rows 13, 14)."""

import io
import logging
import pickle
import traceback

import pytest
import responses

from openml_client.errors import OpenMLError, TransportError
from openml_client.transport import FilePart, HttpTransport, Request
from openml_client.transport.connections import PublicAdapter
from openml_client.transport.secrecy import hide_key
from tests.unit.transport_server import IMPATIENT, KEY, FakeTime, reply, serving, settings

PUBLIC = "https://registry.example.org"


def keyed(url, **values):
    return HttpTransport(settings(url, key=KEY, **values), clock=FakeTime().clock)


# Where it goes.


@pytest.mark.fault(13)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_the_key_of_a_get_and_a_delete_stands_in_the_query(method):
    with serving(reply()) as server, keyed(server.url) as transport:
        transport.send(Request(method=method, path="data/1", params={"a": "b"}, needs_key=True))
    assert server.targets == [f"/data/1?a=b&api_key={KEY}"]


@pytest.mark.fault(13)
@pytest.mark.parametrize("files", [(), (FilePart("description", "d.xml", b"<d/>"),)])
def test_the_key_of_a_post_stands_in_the_form(files):
    request = Request(method="POST", path="data", form={"a": "b"}, files=files, needs_key=True)
    with serving(reply()) as server, keyed(server.url) as transport:
        transport.send(request)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert KEY.encode() in body
    assert KEY.encode() not in head


@pytest.mark.fault(13)
def test_a_request_that_needs_no_key_gets_none():
    with serving(reply()) as server, keyed(server.url) as transport:
        transport.send(Request(method="GET", path="data/1"))
        transport.download(f"{server.url}/d.arff", io.BytesIO())
    assert KEY.encode() not in b"".join(server.requests)


@pytest.mark.fault(13)
def test_a_download_of_a_private_file_from_the_server_itself_gets_the_key():
    with serving(reply()) as server, keyed(server.url) as transport:
        transport.download(f"{server.url}/d.arff", io.BytesIO(), needs_key=True)
    assert server.targets == [f"/d.arff?api_key={KEY}"]


@pytest.mark.fault(13)
def test_another_host_never_gets_the_key():
    with serving(reply()) as server, serving(reply()) as other, keyed(server.url) as transport:
        transport.download(f"{other.url}/d.arff", io.BytesIO(), needs_key=True)
    assert other.targets == ["/d.arff"]
    assert server.requests == []


@pytest.mark.fault(13)
def test_a_redirect_to_another_host_leaves_the_key_behind_even_where_the_server_echoes_it():
    with serving(reply()) as other:
        moved = reply(status="302 Found", headers=(f"Location: {other.url}/d?a=b&api_key={KEY}",))
        with serving(moved) as server, keyed(server.url) as transport:
            transport.send(Request(method="GET", path="data/1", needs_key=True))
    assert other.targets == ["/d?a=b"]


@pytest.mark.fault(13)
def test_a_redirect_there_and_back_does_not_bring_the_key_again():
    with serving(b"") as server, serving(b"") as other, keyed(server.url) as transport:
        server._answers[:] = [
            reply(status="302 Found", headers=(f"Location: {other.url}/a",)),
            reply("<a/>"),
        ]
        other._answers[:] = [reply(status="302 Found", headers=(f"Location: {server.url}/b",))]
        transport.send(Request(method="GET", path="data/1", needs_key=True))
    assert server.targets == [f"/data/1?api_key={KEY}", "/b"]


@pytest.mark.fault(13)
def test_a_redirect_on_the_server_itself_keeps_the_key():
    moved = reply(status="302 Found", headers=("Location: /there",))
    with serving(moved, reply()) as server, keyed(server.url) as transport:
        transport.send(Request(method="GET", path="data/1", needs_key=True))
    assert server.targets[1] == f"/there?api_key={KEY}"


@pytest.mark.fault(13)
def test_a_redirect_with_the_key_in_its_path_is_refused():
    with (
        serving(reply(status="302 Found", headers=(f"Location: http://[::1]:1/{KEY}",))) as server,
        keyed(server.url) as transport,
        pytest.raises(TransportError, match="holds the API key"),
    ):
        transport.send(Request(method="GET", path="data/1", needs_key=True))


@pytest.mark.fault(13)
@responses.activate
def test_a_redirect_from_https_to_http_is_refused():
    plain = "http://registry.example.org/data/1"
    responses.get(f"{PUBLIC}/data/1", status=302, headers={"Location": plain})
    with (
        keyed(PUBLIC) as transport,
        pytest.raises(TransportError, match="leaving https for http was refused"),
    ):
        transport.send(Request(method="GET", path="data/1", needs_key=True))
    assert len(responses.calls) == 1


# Where it must not be seen.


def seen(error):
    """All that a debugger or a crash reporter could print of an error."""
    trace = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join(trace.format()) + repr(error) + repr(pickle.dumps(error))


def drop(connection):
    connection.reset()


@pytest.mark.fault(13)
@pytest.mark.parametrize("method", ["GET", "DELETE", "POST"])
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(drop, id="reset"),
        pytest.param(lambda c: c.stay_silent(), id="silent"),
        pytest.param(reply(b"abc", length=9, headers=("Connection: close",)), id="short"),
        pytest.param(lambda c: c.send(b"no http\r\n"), id="no http"),
        pytest.param(reply(status="302 Found", headers=("Location: ftp://x/y",)), id="redirect"),
    ],
)
def test_no_error_holds_the_key(answer, method):
    with (
        serving(answer) as server,
        keyed(server.url, retries=0, **IMPATIENT) as transport,
        pytest.raises(OpenMLError) as caught,
    ):
        transport.send(Request(method=method, path="data/1", needs_key=True))
    assert KEY in server.requests[0].decode()
    assert KEY not in seen(caught.value)


ECHOES = {
    "query": reply(status="302 Found", headers=(f"Location: ftp://x/y?api_key={KEY}",)),
    "path": reply(status="302 Found", headers=(f"Location: http://x/{KEY}",)),
    "body": reply(f"no file d?api_key={KEY}", status="404 Not Found"),
}


@pytest.mark.fault(13)
@pytest.mark.parametrize("echo", ECHOES)
def test_no_error_holds_a_key_that_the_server_echoed(echo):
    with (
        serving(ECHOES[echo]) as server,
        keyed(server.url) as transport,
        pytest.raises(OpenMLError) as caught,
    ):
        transport.download("d", io.BytesIO(), needs_key=True)
    assert KEY not in seen(caught.value)


@pytest.mark.fault(13)
def test_the_error_of_an_unreachable_server_does_not_hold_the_key():
    with (
        keyed("http://nosuch.invalid", retries=0) as transport,
        pytest.raises(OpenMLError) as caught,
    ):
        transport.send(Request(method="GET", path="data/1", needs_key=True))
    assert KEY not in seen(caught.value)


@pytest.mark.fault(13)
def test_no_log_record_holds_the_key(caplog):
    caplog.set_level(logging.DEBUG)
    busy = reply(status="503 Service Unavailable", headers=("Retry-After: 5",))
    with serving(drop, busy, reply()) as server, keyed(server.url) as transport:
        transport.send(Request(method="GET", path="data/1", needs_key=True))
    assert KEY in server.targets[0]
    assert 'GET /data/1?api_key=*** HTTP/1.1" 200' in caplog.text, "urllib3's log came too"
    assert KEY not in caplog.text


@pytest.mark.fault(13)
def test_an_answer_that_echoes_the_key_is_masked():
    with (
        serving(reply(f"no page /x?api_key={KEY}", status="404 Not Found")) as server,
        keyed(server.url) as transport,
    ):
        response = transport.send(Request(method="GET", path="x", needs_key=True))
    assert response.body == b"no page /x?api_key=***"
    assert KEY not in repr(response)
    assert KEY not in response.url


@pytest.mark.fault(13)
def test_a_transport_does_not_show_the_key():
    transport = keyed(PUBLIC)
    assert KEY not in repr(transport)
    assert KEY not in repr(vars(transport))


@pytest.mark.fault(13)
def test_hide_key_masks_the_parameter_and_the_secret():
    assert hide_key(f"/a?api_key={KEY}&b=1") == "/a?api_key=***&b=1"
    assert hide_key(f"key {KEY}", KEY) == "key ***"


# Row 14: addresses that a server names.


@pytest.mark.fault(14)
@pytest.mark.parametrize(
    "address",
    ["file:///etc/passwd", "ftp://example.org/d", "javascript:alert(1)", "gopher://example.org"],
)
def test_only_http_addresses_are_asked(address):
    with (
        keyed(PUBLIC) as transport,
        pytest.raises(TransportError, match="only http and https addresses are asked"),
    ):
        transport.download(address, io.BytesIO())


@pytest.mark.fault(14)
def test_a_public_server_that_names_a_private_address_is_not_followed():
    with (
        serving(reply(b"secret")) as inner,
        keyed(PUBLIC) as transport,
        pytest.raises(TransportError, match=r"the private address 127\.0\.0\.1"),
    ):
        transport.download(f"{inner.url}/admin", io.BytesIO())
    assert inner.n_connections == 0


@pytest.mark.fault(14)
def test_a_private_address_is_asked_when_that_is_wanted():
    wanted = HttpTransport(settings(PUBLIC), allow_private=True)
    with serving(reply(b"data")) as inner, wanted as transport:
        assert transport.download(f"{inner.url}/d", io.BytesIO()).n_bytes == 4


@pytest.mark.fault(14)
def test_a_private_server_may_name_private_addresses():
    with (
        serving(reply()) as server,
        serving(reply(b"data")) as store,
        keyed(server.url) as transport,
    ):
        assert transport.download(f"{store.url}/d", io.BytesIO()).n_bytes == 4


@pytest.mark.fault(14)
def test_a_name_that_turns_out_to_be_private_gets_no_request():
    """As after DNS rebinding: the connection itself says where it ended."""
    with serving(reply(b"secret")) as inner:
        import requests

        with requests.Session() as session:
            session.mount("http://", PublicAdapter())
            with pytest.raises(TransportError, match=r"private address 127\.0\.0\.1"):
                session.get(inner.url)
    assert inner.requests == []
