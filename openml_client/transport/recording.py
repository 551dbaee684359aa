"""Recorded exchanges: a server that answers from files, and a recorder that writes them.

An exchange is two files, ``NAME.request.txt`` and ``NAME.response.txt``, each with the bytes as
they were on the wire (bodies may be chunked).
"""

from __future__ import annotations

import http.client
import io
import re
import threading
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

from openml_client.errors import TransportError
from openml_client.transport.http import HttpTransport
from openml_client.transport.message import Secret, TransportSettings
from openml_client.transport.secrecy import hide_key

RECORDED_URL = "http://recorded"
"""Address of a recorded server; it never reaches the network."""
_UNSPOKEN_HEADERS = frozenset({"set-cookie", "transfer-encoding", "content-length"})
"""Not written down: a session's cookie is a secret, and the body is written whole."""


@dataclass(frozen=True)
class Exchange:
    """One request and its answer, as bytes on the wire."""

    name: str
    request: bytes
    response: bytes

    @property
    def method(self) -> str:
        """In capitals."""
        return self.request.split(b" ", 1)[0].decode("ascii")

    @property
    def target(self) -> str:
        """Path and query."""
        return self.request.split(b" ", 2)[1].decode("latin-1")

    @property
    def answered_at(self) -> float:
        """Seconds of the answer's ``Date``, 0 without one."""
        date = http.client.parse_headers(io.BytesIO(self.response.partition(b"\n")[2]))["Date"]
        return parsedate_to_datetime(date).timestamp() if date else 0.0


def read_exchanges(folder: Path, names: Iterable[str] | None = None) -> list[Exchange]:
    """Exchanges of a folder in the order in which they happened, or those named, in that order.

    Raises
    ------
    FileNotFoundError
        If one of the names has no files.
    """
    suffix = ".request.txt"
    chosen = names
    if chosen is None:
        chosen = (path.name.removesuffix(suffix) for path in sorted(folder.glob(f"*{suffix}")))
    exchanges = [
        Exchange(
            name,
            (folder / f"{name}{suffix}").read_bytes(),
            (folder / f"{name}.response.txt").read_bytes(),
        )
        for name in chosen
    ]
    return exchanges if names else sorted(exchanges, key=lambda one: one.answered_at)


class RecordedTransport(HttpTransport):
    """A ``Transport`` to a recorded server."""

    def __init__(
        self,
        exchanges: Iterable[Exchange],
        settings: TransportSettings,
        *,
        base_url: str = RECORDED_URL,
    ) -> None:
        super().__init__(settings, base_url=base_url, adapter=RecordedAdapter(exchanges))


class RecordedAdapter(HTTPAdapter):
    """Answers from exchanges with the same method, path and query, whatever their key.

    Exchanges with the same request are answered in their order; the last one stays. A request
    that was not recorded raises TransportError with the paths that come nearest.
    """

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._waiting: dict[tuple[Any, ...], list[Exchange]] = defaultdict(list)
        for exchange in exchanges:
            self._waiting[_identity(exchange.method, exchange.target)].append(exchange)

    def send(
        self, request: requests.PreparedRequest, *args: Any, **options: Any
    ) -> requests.Response:
        """The recorded answer."""
        method = str(request.method)
        identity = _identity(method, request.path_url)
        with self._lock:
            waiting = self._waiting.get(identity)
            if not waiting:
                raise self._unknown(method, request.path_url)
            exchange = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        wire = http.client.HTTPResponse(_Wire(exchange.response), method=method)  # type: ignore[arg-type]  # a socket is more than is used
        wire.begin()
        raw = HTTPResponse(
            body=wire,
            headers=HTTPHeaderDict(wire.getheaders()),
            status=wire.status,
            reason=wire.reason,
            preload_content=False,
            original_response=wire,
            request_method=method,
        )
        return self.build_response(request, raw)

    def _unknown(self, method: str, target: str) -> TransportError:
        from difflib import get_close_matches

        recorded = [f"{known[0]} {known[1]}" for known in self._waiting]
        path = unquote(urlsplit(target).path)
        near = get_close_matches(f"{method} {path}", recorded, n=3) or recorded[:3]
        return TransportError(
            f"{method} {hide_key(target)} was not recorded",
            hint="Recorded are: " + ", ".join(near),
        )


class _Wire:
    """As much of a socket as http.client reads an answer from."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, mode: str) -> IO[bytes]:
        return io.BytesIO(self._content)


class Recorder(BaseAdapter):
    """Passes requests on to another adapter and writes each exchange into a folder.

    The key is written as asterisks, of the same length, so that the bytes still parse.
    """

    def __init__(self, adapter: BaseAdapter, folder: Path, *, api_key: Secret | None) -> None:
        super().__init__()
        self._adapter = adapter
        self._folder = folder
        self._api_key = api_key
        self._lock = threading.Lock()
        self._n_written = 0

    def send(
        self, request: requests.PreparedRequest, *args: Any, **options: Any
    ) -> requests.Response:
        """The answer of the other adapter."""
        body = request.body
        content = body.read() if hasattr(body, "read") else body  # type: ignore[union-attr]
        request.body = content
        answer = self._adapter.send(request, *args, **options)
        received = answer.raw.read(decode_content=False)
        self._write(request, answer, received)
        answer.raw = HTTPResponse(
            body=io.BytesIO(received),
            headers=HTTPHeaderDict(answer.raw.headers),
            status=answer.status_code,
            reason=answer.reason,
            preload_content=False,
            request_method=request.method,
        )
        return answer

    def close(self) -> None:
        """Nothing; the other adapter is closed."""
        self._adapter.close()

    def _write(
        self, request: requests.PreparedRequest, answer: requests.Response, body: bytes
    ) -> None:
        sent = request.body or b""
        sent = sent.encode() if isinstance(sent, str) else sent
        host = urlsplit(str(request.url)).netloc
        asked = _message(
            f"{request.method} {request.path_url} HTTP/1.1",
            [("Host", host), *request.headers.items()],
            sent,
        )
        headers = [
            (name, value)
            for name, value in answer.raw.headers.items()
            if name.lower() not in _UNSPOKEN_HEADERS
        ]
        answered = _message(
            f"HTTP/1.1 {answer.status_code} {answer.reason}",
            [*headers, ("Content-Length", str(len(body)))],
            body,
        )
        path = re.sub("[^A-Za-z0-9]+", "_", unquote(urlsplit(request.path_url).path)).strip("_")
        with self._lock:
            self._n_written += 1
            name = f"{self._n_written:04d}_{str(request.method).lower()}_{path[:80]}"
        (self._folder / f"{name}.request.txt").write_bytes(self._masked(asked))
        (self._folder / f"{name}.response.txt").write_bytes(self._masked(answered))

    def _masked(self, content: bytes) -> bytes:
        secret = self._api_key.reveal().encode() if self._api_key else b""
        return content.replace(secret, b"*" * len(secret)) if secret else content


def _message(first_line: str, headers: list[tuple[str, str]], body: bytes) -> bytes:
    lines = [first_line, *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def _identity(method: str, target: str) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """What makes two requests the same: not the key, nor how characters are escaped."""
    parts = urlsplit(target)
    query = parse_qsl(parts.query, keep_blank_values=True)
    rest = tuple(sorted((name, value) for name, value in query if name != "api_key"))
    return method, unquote(parts.path), rest
