"""The transport to a WSGI application in this process: the same HTTP, without a socket.

Only the adapter differs: keys, retries, caps and redirects are those of ``HttpTransport``, so
that what works here works over the network.
"""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

from openml_client.transport.http import HttpTransport
from openml_client.transport.message import TransportSettings
from openml_client.transport.policy import Clock, RetryPolicy
from openml_client.transport.secrecy import hide_key

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]

LOCAL_URL = "http://local"
"""Address of an application that has none; it never reaches the network."""

_logger = logging.getLogger("openml_client")


class InProcessTransport(HttpTransport):
    """A ``Transport`` to a WSGI application."""

    def __init__(
        self,
        app: WSGIApplication,
        settings: TransportSettings,
        *,
        base_url: str = LOCAL_URL,
        retry: RetryPolicy | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(
            settings, base_url=base_url, adapter=WsgiAdapter(app), retry=retry, clock=clock
        )


class WsgiAdapter(HTTPAdapter):
    """A requests adapter that calls a WSGI application.  Source: PEP 3333.

    An exception of the application becomes an answer with status 500, as a server would
    make it, and is logged with its traceback.
    """

    def __init__(self, app: WSGIApplication) -> None:
        super().__init__()
        self._app = app

    def send(
        self, request: requests.PreparedRequest, *args: Any, **options: Any
    ) -> requests.Response:
        """The answer of the application; time limits, proxies and certificates mean nothing."""
        head = _Head()
        body: Iterable[bytes] = ()
        try:
            body = self._app(_environ(request), head.start)
            pieces = iter(body)
            # An application may start its answer as late as with its first piece.
            first = next(pieces, b"")
        except Exception as error:
            _logger.exception("the application failed at %s", hide_key(str(request.url)))
            _close(body)
            text = f"The application failed: {type(error).__name__}: {error}"
            head.start("500 Internal Server Error", [("Content-Type", "text/plain")])
            return self._answer(request, head, io.BytesIO(text.encode()))
        return self._answer(request, head, io.BufferedReader(_BodyStream(first, pieces, body)))

    def _answer(
        self, request: requests.PreparedRequest, head: _Head, body: io.BufferedIOBase
    ) -> requests.Response:
        code, _, reason = head.status.partition(" ")
        raw = HTTPResponse(
            body=body,
            headers=HTTPHeaderDict(head.headers),
            status=int(code),
            reason=reason,
            preload_content=False,
            request_method=request.method,
        )
        return self.build_response(request, raw)


class _Head:
    """What the application says before the body."""

    def __init__(self) -> None:
        self.status = "500 The application started no answer"
        self.headers: list[tuple[str, str]] = []

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: _ExcInfo | None = None
    ) -> Callable[[bytes], object]:
        """Nothing of use; the status and the headers are kept."""
        self.status, self.headers = status, headers
        return _refuse_write


def _refuse_write(data: bytes) -> None:
    raise NotImplementedError("write() is the old way of WSGI; return an iterable instead")


class _BodyStream(io.RawIOBase):
    """The pieces of a body as a file that ends with them."""

    def __init__(self, first: bytes, pieces: Iterator[bytes], body: Iterable[bytes]) -> None:
        self._waiting = memoryview(first)
        self._pieces = pieces
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._waiting:
            try:
                piece = next(self._pieces, None)
            except Exception as error:
                _logger.exception("the application failed within its answer")
                # What a server does then: it closes the connection.
                raise ConnectionResetError("the application failed") from error
            if piece is None:
                return 0
            self._waiting = memoryview(piece)
        n_bytes = min(len(buffer), len(self._waiting))
        buffer[:n_bytes] = self._waiting[:n_bytes]
        self._waiting = self._waiting[n_bytes:]
        return n_bytes

    def close(self) -> None:
        if not self.closed:
            _close(self._body)
        super().close()


def _close(body: Iterable[bytes]) -> None:
    """Nothing; the application is told that its answer is done with (PEP 3333)."""
    close = getattr(body, "close", None)
    if close is not None:
        close()


def _environ(request: requests.PreparedRequest) -> dict[str, Any]:
    """The WSGI environment of a request."""
    parts = urlsplit(str(request.url))
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    headers = {name.upper().replace("-", "_"): value for name, value in request.headers.items()}
    content_type = headers.pop("CONTENT_TYPE", "")
    content_length = headers.pop("CONTENT_LENGTH", "0")
    return {f"HTTP_{name}": value for name, value in headers.items()} | {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        # PEP 3333: bytes of the decoded path as characters of latin-1.
        "PATH_INFO": unquote_to_bytes(parts.path).decode("latin-1") or "/",
        "QUERY_STRING": parts.query,
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": content_length,
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": parts.netloc,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": _body_file(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def _body_file(body: Any) -> Any:
    """The body of a prepared request as a file."""
    if hasattr(body, "read"):
        return body
    return io.BytesIO(body.encode() if isinstance(body, str) else body or b"")
