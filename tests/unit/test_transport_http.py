"""What goes out and what comes in when all is well."""

import gzip
import hashlib
import io
import os
import pickle
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from openml_client.errors import OfflineError, TransportError
from openml_client.transport import FilePart, HttpTransport, Request
from tests.unit.transport_server import KEY, reply, serving, settings

GET = Request(method="GET", path="api/v1/xml/data/61")


def test_send_gives_status_headers_body_and_address():
    with (
        serving(reply("<a/>", status="412 Precondition Failed")) as server,
        HttpTransport(settings(server.url)) as transport,
    ):
        response = transport.send(GET)
    assert response.status == 412
    assert response.headers["content-type"] == "text/xml"
    assert response.content_type == "text/xml"
    assert response.body == b"<a/>"
    assert response.url == f"{server.url}/api/v1/xml/data/61"
    assert response.attempts == 1


@pytest.mark.parametrize("path", ["x", "/x"])
def test_paths_lie_below_the_base_path_of_the_server(path):
    with serving(reply()) as server, HttpTransport(settings(f"{server.url}/openml")) as transport:
        transport.send(Request(method="GET", path=path, params={"a": "b c"}))
    assert server.targets == ["/openml/x?a=b+c"]


def test_one_connection_serves_many_requests():
    with serving(reply("<a/>")) as server, HttpTransport(settings(server.url)) as transport:
        for _ in range(5):
            transport.send(GET)
    assert (len(server.requests), server.n_connections) == (5, 1)


def test_threads_share_at_most_sixteen_connections():
    with (
        serving(reply("<a/>")) as server,
        HttpTransport(settings(server.url)) as transport,
        ThreadPoolExecutor(24) as pool,
    ):
        bodies = list(pool.map(lambda _: transport.send(GET).body, range(96)))
    assert bodies == [b"<a/>"] * 96
    assert server.n_connections <= 16


def test_a_form_without_files_is_sent_urlencoded():
    request = Request(method="POST", path="data/tag", form={"data_id": "1", "tag": "a b"})
    with serving(reply()) as server, HttpTransport(settings(server.url)) as transport:
        transport.send(request)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert b"application/x-www-form-urlencoded" in head
    assert body == b"data_id=1&tag=a+b"


def test_file_parts_are_sent_as_multipart_with_their_names_and_types():
    parts = (FilePart("description", "d.xml", b"<d/>", "text/xml"), FilePart("note", None, b"hi"))
    with serving(reply()) as server, HttpTransport(settings(server.url)) as transport:
        transport.send(Request(method="POST", path="data", files=parts, form={"a": "b"}))
    body = server.requests[0].partition(b"\r\n\r\n")[2]
    assert b'name="description"; filename="d.xml"\r\nContent-Type: text/xml\r\n\r\n<d/>' in body
    assert b'name="note"\r\n\r\nhi' in body
    assert b'name="a"\r\n\r\nb' in body


def test_a_large_upload_arrives_whole():
    content = os.urandom(3_000_000)
    part = FilePart("dataset", "d.arff", content)
    with serving(reply()) as server, HttpTransport(settings(server.url)) as transport:
        transport.send(Request(method="POST", path="data", files=(part,)))
    assert content in server.requests[0]


def test_a_slow_upload_is_not_held_to_the_time_for_connecting():
    part = FilePart("dataset", "d.arff", bytes(6_000_000))
    with (
        serving(reply("<a/>"), reads_slowly=True) as server,
        HttpTransport(settings(server.url, connect_timeout_s=0.2)) as transport,
    ):
        started = time.monotonic()
        assert transport.send(Request(method="POST", path="data", files=(part,))).body == b"<a/>"
    assert time.monotonic() - started > 0.4, "the server did not read slowly"


def test_gzip_is_asked_for_and_decoded():
    packed = reply(gzip.compress(b"<a/>"), headers=("Content-Encoding: gzip",))
    with serving(packed) as server, HttpTransport(settings(server.url)) as transport:
        assert transport.send(GET).body == b"<a/>"
    assert b"Accept-Encoding: gzip\r\n" in server.requests[0]


def test_chunked_bodies_are_joined():
    chunked = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n<a\r\n2\r\n/>\r\n0\r\n\r\n"
    )
    with serving(chunked) as server, HttpTransport(settings(server.url)) as transport:
        assert [transport.send(GET).body for _ in range(2)] == [b"<a/>", b"<a/>"]


def test_head_gives_the_headers_alone():
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 4601\r\n\r\n"
    with serving(head) as server, HttpTransport(settings(server.url)) as transport:
        response = transport.send(Request(method="HEAD", path="data/v1/download/1"))
    assert (response.body, response.headers["Content-Length"]) == (b"", "4601")


def test_cookies_of_the_server_are_not_sent_back():
    cookie = reply(headers=("Set-Cookie: ci_session=x; path=/",))
    with serving(cookie) as server, HttpTransport(settings(server.url)) as transport:
        transport.send(GET)
        transport.send(GET)
    assert b"ci_session" not in server.requests[1]


def test_download_writes_the_file_and_tells_size_md5_type_and_address():
    sink = io.BytesIO()
    md5 = hashlib.md5(b"abc" * 99_999).hexdigest()
    with (
        serving(reply(b"abc" * 99_999)) as server,
        HttpTransport(settings(server.url)) as transport,
    ):
        info = transport.download(f"{server.url}/d.arff", sink, expected_md5=md5.upper())
        unchecked = transport.download(f"{server.url}/d.arff", io.BytesIO())
    assert sink.getvalue() == b"abc" * 99_999
    assert info.n_bytes == 299_997
    assert (info.md5, unchecked.md5) == (md5, None)
    assert (info.content_type, info.url) == ("text/xml", f"{server.url}/d.arff")


def test_download_writes_where_the_sink_stands():
    sink = io.BytesIO(b"kept")
    sink.seek(0, io.SEEK_END)
    with serving(reply(b"new")) as server, HttpTransport(settings(server.url)) as transport:
        transport.download("d.arff", sink)
    assert sink.getvalue() == b"keptnew"


def test_a_sink_that_fails_is_no_fault_of_the_network():
    class Full(io.BytesIO):
        def write(self, content):
            raise OSError(28, "No space left on device")

    with (
        serving(reply(b"abc")) as server,
        HttpTransport(settings(server.url)) as transport,
        pytest.raises(OSError, match="No space left"),
    ):
        transport.download("d.arff", Full())
    assert len(server.requests) == 1


def test_redirects_of_a_get_are_followed():
    there = reply(status="302 Found", headers=("Location: /there?x=1",))
    with serving(there, reply("<a/>")) as server, HttpTransport(settings(server.url)) as transport:
        response = transport.send(Request(method="GET", path="here", params={"y": "2"}))
    assert server.targets == ["/here?y=2", "/there?x=1"]
    assert response.body == b"<a/>"
    assert response.url == f"{server.url}/there?x=1"


def test_endless_redirects_end():
    again = reply(status="302 Found", headers=("Location: /again",))
    with (
        serving(again) as server,
        HttpTransport(settings(server.url)) as transport,
        pytest.raises(TransportError, match="after 5 redirects, the last to"),
    ):
        transport.send(GET)


def test_a_redirected_post_is_refused_with_the_address_to_use():
    moved = reply(
        status="301 Moved", headers=("Location: https://www.example.org/api/v1/xml/data",)
    )
    with (
        serving(moved) as server,
        HttpTransport(settings(server.url)) as transport,
        pytest.raises(TransportError, match=r"server: https://www.example.org$") as caught,
    ):
        transport.send(Request(method="POST", path="api/v1/xml/data"))
    assert not caught.value.maybe_taken


def test_offline_sends_nothing_and_says_what_it_did_not_ask():
    with (
        serving(reply()) as server,
        HttpTransport(settings(server.url, offline=True)) as transport,
        pytest.raises(OfflineError, match=r"offline mode: 127.0.0.1 was not asked.*/data/61"),
    ):
        transport.send(GET)
    assert server.n_connections == 0


def test_a_sibling_has_its_own_key_and_the_same_connections():
    with serving(reply()) as server, HttpTransport(settings(server.url)) as transport:
        transport.send(GET)
        sibling = transport.with_settings(settings(server.url, key=KEY))
        sibling.send(Request(method="GET", path="x", needs_key=True))
    assert server.n_connections == 1
    assert server.targets[1] == f"/x?api_key={KEY}"


def test_a_transport_can_be_used_again_after_close():
    with serving(reply("<a/>")) as server, HttpTransport(settings(server.url)) as transport:
        transport.send(GET)
        transport.close()
        assert transport.send(GET).body == b"<a/>"


def test_the_package_is_imported_without_an_http_library():
    code = "import sys, openml_client.transport; print({'requests', 'urllib3'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_a_transport_does_not_pickle():
    with pytest.raises(TypeError, match="make one in each process"):
        pickle.dumps(HttpTransport(settings("http://127.0.0.1:1")))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_does_not_use_the_sockets_of_its_parent():
    with serving(reply("<a/>")) as server, HttpTransport(settings(server.url)) as transport:
        transport.send(GET)
        child = os.fork()
        if child == 0:
            try:
                os._exit(0 if transport.send(GET).body == b"<a/>" else 1)
            finally:
                os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        transport.send(GET)
    assert server.n_connections == 2
