"""A transport that is made when something is sent."""

import io
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from openml_client import Client
from openml_client.transport import LazyTransport, Request
from tests.unit.transport_server import KEY, reply, serving, settings

GET = Request(method="GET", path="api/v1/xml/data/61")


def test_it_sends_and_downloads_as_the_transport_that_it_becomes():
    with serving(reply("<a/>"), reply("data")) as server:
        transport = LazyTransport(settings(server.url))
        sink = io.BytesIO()
        assert transport.send(GET).body == b"<a/>"
        assert transport.download(f"{server.url}/file", sink).n_bytes == 4
        assert sink.getvalue() == b"data"
        assert (transport.base_url, transport.origin) == (server.url, server.url)
        transport.close()


def test_siblings_have_one_pool_and_keys_of_their_own():
    with serving(reply("<a/>")) as server:
        transport = LazyTransport(settings(server.url))
        sibling = transport.with_settings(settings(server.url, key=KEY))
        with_key = Request(method="GET", path="a", needs_key=True)
        sibling.send(with_key)
        transport.send(with_key)
        transport.close()
    assert [KEY in target for target in server.targets] == [True, False]
    assert server.n_connections == 1


def test_threads_that_send_at_once_make_one_pool():
    with serving(reply("<a/>")) as server:
        transport = LazyTransport(settings(server.url))
        with ThreadPoolExecutor(8) as pool:
            bodies = {answer.body for answer in pool.map(transport.send, [GET] * 8)}
        made = {id(transport._transport) for _ in range(2)}
        transport.close()
    assert bodies == {b"<a/>"}
    assert len(made) == 1


def test_it_is_closed_before_it_was_made_and_does_not_pickle():
    transport = LazyTransport(settings("http://127.0.0.1:1"))
    transport.close()
    assert repr(transport) == "LazyTransport('http://127.0.0.1:1')"
    with pytest.raises(TypeError, match="make one in each process"):
        pickle.dumps(transport)


def test_what_the_cache_has_needs_no_http_library(loopback: str, tmp_path: Path):
    with Client(loopback, cache_dir=tmp_path) as client:
        client.datasets.load("iris")
    code = (
        "import sys\n"
        "from openml_client import Client\n"
        f"with Client({loopback!r}, cache_dir={str(tmp_path)!r}, offline=True) as client:\n"
        "    assert client.datasets.load('iris').to_arrow().num_rows == 150\n"
        "print({'requests', 'urllib3', 'pandas', 'openml_client.model.run'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
