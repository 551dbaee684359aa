"""Servers behind TLS: who can't prove who they are get nothing."""

import io
import shutil
import ssl
import subprocess

import pytest

from openml_client.errors import ServerTimeoutError, TransportError
from openml_client.transport import HttpTransport, Request
from tests.unit.transport_server import IMPATIENT, KEY, FakeTime, reply, serving, settings

GET = Request(method="GET", path="data/1", needs_key=True)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that it signed itself, made for this run."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return folder


@pytest.fixture
def tls(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "certificate.pem", certificate / "key.pem")
    return context


@pytest.fixture
def trusted(certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate / "certificate.pem"))


def test_an_unknown_certificate_is_refused_at_once_and_nothing_is_sent(tls):
    with (
        serving(reply("<a/>"), tls=tls) as server,
        HttpTransport(settings(server.url, key=KEY)) as transport,
        pytest.raises(TransportError, match=r"no trusted TLS connection .*; tried once") as caught,
    ):
        transport.send(Request(method="POST", path="data", needs_key=True))
    assert server.requests == []
    assert not caught.value.maybe_taken
    assert "REQUESTS_CA_BUNDLE" in str(caught.value)


def test_certificates_of_the_environment_are_trusted(tls, trusted):
    with (
        serving(reply(bytes(3_000_000)), tls=tls) as server,
        HttpTransport(settings(server.url)) as transport,
    ):
        assert len(transport.send(GET).body) == 3_000_000
        assert transport.download("d", io.BytesIO()).n_bytes == 3_000_000
    assert server.n_connections == 1


def test_a_dripping_server_is_given_up_behind_tls_too(tls, trusted):
    def answer(connection):
        connection.drip(reply(bytes(1000)), every_s=0.02)

    with (
        serving(answer, tls=tls) as server,
        HttpTransport(settings(server.url, **IMPATIENT)) as transport,
        pytest.raises(ServerTimeoutError),
    ):
        transport.send(GET)


def test_a_server_without_tls_is_told():
    with (
        serving(reply()) as server,
        HttpTransport(
            settings(server.url.replace("http", "https"), **IMPATIENT), clock=FakeTime().clock
        ) as transport,
        pytest.raises(TransportError, match=r"the connection broke|no answer in time"),
    ):
        transport.send(GET)


def test_leaving_https_for_http_is_refused_before_anything_is_sent(tls, trusted):
    with serving(reply()) as plain:
        moved = reply(status="302 Found", headers=(f"Location: {plain.url}/data/1",))
        with (
            serving(moved, tls=tls) as server,
            HttpTransport(settings(server.url, key=KEY)) as transport,
            pytest.raises(TransportError, match="leaving https for http was refused"),
        ):
            transport.send(GET)
    assert plain.n_connections == 0
