"""HTTP: one pool of connections, limits on every wait, and a key that stays at home.

The API key is put in where the request is written (protocol note, section 1.1: query parameter
of GET and DELETE, form field of POST) and nowhere else: ``Request`` never holds it, redirects
are followed by hand, and no exception of a library that quotes an address is let through.
"""

from __future__ import annotations

import contextlib
import io
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import IO, NoReturn, Self, TypeVar

import requests
from requests.adapters import BaseAdapter
from urllib3.exceptions import HTTPError

from openml_client._version import __version__
from openml_client.errors import OfflineError, OpenMLError, TransportError
from openml_client.transport.addresses import check_address, host_of, origin_of, redirect_target
from openml_client.transport.body import copy_body, read_body, read_excerpt
from openml_client.transport.faults import error_from, fault_from
from openml_client.transport.message import (
    DOWNLOAD_CAP_BYTES,
    METADATA_CAP_BYTES,
    DownloadInfo,
    Request,
    Response,
    TransportSettings,
)
from openml_client.transport.policy import (
    ANNOUNCE_AFTER_S,
    BUSY_STATUSES,
    Clock,
    Fault,
    FaultKind,
    RetryPolicy,
    is_database_down,
    is_page,
    retry_after_s,
)
from openml_client.transport.secrecy import guard_logs, hide_key
from openml_client.transport.sessions import Sessions
from openml_client.wire.xml import first_line

MAX_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
EXCERPT_BYTES = 64 * 1024
"""What is read of an answer that is not the file: enough for any error page."""
STREAMED_UPLOAD_BYTES = 64 * 1024
"""Larger bodies are sent in blocks: a socket's timeout covers one ``sendall``, so that a large
upload in one piece would have to be through within the connect timeout."""

_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")

T = TypeVar("T")

_logger = logging.getLogger("openml_client")


@dataclass(frozen=True)
class _Redirect:
    url: str
    """Where to, without the key."""


class HttpTransport:
    """A ``Transport`` over HTTP; see there for its guarantees.

    Parameters
    ----------
    base_url
        Instead of the server of the settings.
    adapter
        Answers for the server's own origin instead of the network.
    allow_private
        Whether private addresses are asked that the server names; without it, those that a
        private server names are.
    """

    def __init__(
        self,
        settings: TransportSettings,
        *,
        base_url: str | None = None,
        adapter: BaseAdapter | None = None,
        allow_private: bool | None = None,
        retry: RetryPolicy | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.base_url = (base_url or settings.server).rstrip("/")
        self.origin = origin_of(self.base_url)
        self._settings = settings
        self._retry = retry or RetryPolicy()
        self._clock = clock or Clock()
        self._sessions = Sessions(
            self.base_url,
            adapter=adapter,
            allow_private=allow_private,
            lookup_s=settings.connect_timeout_s / 2,
        )
        guard_logs()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a transport holds sockets: make one in each process")

    def with_settings(self, settings: TransportSettings) -> Self:
        """A transport to the same server with another key or other limits, and the same pool."""
        sibling = object.__new__(type(self))
        vars(sibling).update(vars(self), _settings=settings)
        return sibling

    def close(self) -> None:
        """Nothing; all connections are closed. Using the transport again opens new ones."""
        self._sessions.close()

    def send(self, request: Request, *, max_bytes: int = METADATA_CAP_BYTES) -> Response:
        """The answer to a request, of any status; raises as ``Transport.send`` says."""
        give_up_at = self._clock.monotonic() + self._settings.deadline_s

        def receive(answer: requests.Response) -> Response | Fault:
            body = read_body(
                answer.raw,
                max_bytes=max_bytes,
                is_late=lambda: self._clock.monotonic() > give_up_at,
            )
            if isinstance(body, Fault):
                return body
            response = _response(answer, self._without_key(request, body))
            return _busy_fault(response) or response

        outcome, attempts, elapsed_s = self._repeat(request, receive)
        if isinstance(outcome, Fault):
            if outcome.response is None:
                raise self._error(outcome, request, attempts, elapsed_s)
            outcome = outcome.response
        return replace(outcome, attempts=attempts, elapsed_s=elapsed_s)

    def download(
        self,
        url: str,
        sink: IO[bytes],
        *,
        max_bytes: int = DOWNLOAD_CAP_BYTES,
        expected_md5: str | None = None,
        needs_key: bool = False,
    ) -> DownloadInfo:
        """Facts about a file, after it was written to ``sink``; raises as in ``Transport``."""
        request = Request(method="GET", path=url, needs_key=needs_key)
        start = sink.tell()

        def check_start(piece: bytes) -> Fault | None:
            if is_database_down(piece):
                return Fault(FaultKind.BUSY, "its database is overloaded (code 107)")
            if not expected_md5 and is_page(piece):
                shown = first_line(self._without_key(request, piece))
                return Fault(FaultKind.PAGE, f"it answered with an HTML page: {shown}")
            return None

        def receive(answer: requests.Response) -> DownloadInfo | Fault:
            sink.seek(start)
            sink.truncate()
            if answer.status_code != requests.codes.ok:
                return self._no_file_fault(request, answer)
            copied = copy_body(
                answer.raw,
                sink,
                max_bytes=max_bytes,
                check_start=check_start,
                needs_md5=expected_md5 is not None,
            )
            if isinstance(copied, Fault):
                return copied
            if expected_md5 and copied.md5 != expected_md5.lower():
                return Fault(
                    FaultKind.DAMAGED, f"its md5 is {copied.md5}, not {expected_md5.lower()}"
                )
            return DownloadInfo(
                n_bytes=copied.n_bytes,
                md5=copied.md5,
                content_type=answer.headers.get("Content-Type", ""),
                url=hide_key(str(answer.url)),
            )

        outcome, attempts, elapsed_s = self._repeat(request, receive)
        if isinstance(outcome, Fault):
            raise self._error(outcome, request, attempts, elapsed_s)
        return outcome

    def _repeat(
        self, request: Request, receive: Callable[[requests.Response], T | Fault]
    ) -> tuple[T | Fault, int, float]:
        """What the last attempt gave, the number of attempts and the seconds they took."""
        started = self._clock.monotonic()
        attempt = 1
        while True:
            outcome = self._attempt(request, receive)
            elapsed_s = self._clock.monotonic() - started
            if not isinstance(outcome, Fault):
                return outcome, attempt, elapsed_s
            wait_s = self._retry.wait_s(
                outcome,
                retries=self._settings.retries,
                attempt=attempt,
                repeatable=request.is_repeatable,
                elapsed_s=elapsed_s,
                deadline_s=self._settings.deadline_s,
            )
            if wait_s is None:
                return outcome, attempt, elapsed_s
            announce = _logger.warning if wait_s > ANNOUNCE_AFTER_S else _logger.debug
            announce("%s: %s; asking again in %.1f s", outcome.host, outcome.detail, wait_s)
            self._clock.sleep(wait_s)
            attempt += 1

    def _attempt(
        self, request: Request, receive: Callable[[requests.Response], T | Fault]
    ) -> T | Fault:
        """One attempt, through its redirects."""
        asked, url, came_from = self._asked(request), self._address(request), None
        # Once a redirect has left the server, the key stays out of the rest.
        with_key = request.needs_key
        for _ in range(MAX_REDIRECTS + 1):
            is_home = self._check(url, came_from)
            with_key = with_key and is_home
            outcome = self._exchange(request, url, receive, with_key=with_key)
            if not isinstance(outcome, _Redirect):
                return outcome
            if request.method not in ("GET", "HEAD"):
                # Following would send it as a GET (RFC 9110, section 15.4.2) and lose the form.
                raise TransportError(
                    f"{asked} was redirected to {outcome.url}, which only a GET may follow",
                    hint=f"Use the address of that server: {origin_of(outcome.url)}",
                )
            came_from, url = url, outcome.url
            request = replace(request, params={})  # the new address has its own
        raise TransportError(
            f"{asked} ended after {MAX_REDIRECTS} redirects, the last to {hide_key(url)}"
        )

    def _address(self, request: Request) -> str:
        is_absolute = _SCHEME.match(request.path)
        return request.path if is_absolute else f"{self.base_url}/{request.path.lstrip('/')}"

    def _asked(self, request: Request) -> str:
        """Method and address, for messages."""
        return f"{request.method} {hide_key(self._address(request))}"

    def _check(self, url: str, came_from: str | None) -> bool:
        """Whether the address is on the server itself; raises if it may not be asked."""
        check_address(url, came_from=came_from)
        is_home = origin_of(url) == self.origin
        if self._settings.offline and self._sessions.uses_network(url):
            raise OfflineError(
                f"offline mode: {host_of(url)} was not asked for {hide_key(url)}",
                hint="Unset OPENML_OFFLINE, or in Python use Client(offline=False), to fetch it.",
            )
        if not is_home:
            self._sessions.check_privacy(url)
        return is_home

    def _exchange(
        self,
        request: Request,
        url: str,
        receive: Callable[[requests.Response], T | Fault],
        *,
        with_key: bool,
    ) -> T | Fault | _Redirect:
        """What one address answered. Exceptions of the libraries end here."""
        host = host_of(url)
        try:
            answer = self._sessions.send(
                self._prepare(request, url, with_key=with_key),
                timeout=(self._settings.connect_timeout_s, self._settings.read_timeout_s),
            )
        except (requests.RequestException, HTTPError) as error:
            return replace(fault_from(error), host=host)
        with contextlib.closing(answer):
            location = answer.headers.get("Location")
            if answer.status_code in REDIRECTS and location:
                return self._redirect(request, url, location)
            outcome = receive(answer)
        return replace(outcome, host=host) if isinstance(outcome, Fault) else outcome

    def _redirect(self, request: Request, url: str, location: str) -> _Redirect | Fault:
        """Where to ask next. Errors are raised elsewhere, for a server may echo the key here."""
        target = redirect_target(url, location)
        secret = self._secret(request)
        if secret and secret in target:
            detail = "it redirects to an address that holds the API key"
            return Fault(FaultKind.MALFORMED, detail, host=host_of(url))
        return _Redirect(target)

    def _no_file_fault(self, request: Request, answer: requests.Response) -> Fault:
        """The fault of a download that was answered with another status than 200."""
        excerpt = read_excerpt(answer.raw, n_bytes=EXCERPT_BYTES)
        if isinstance(excerpt, Fault):
            return excerpt
        response = _response(answer, self._without_key(request, excerpt))
        detail = f"it answered with status {response.status}: {first_line(response.body)}"
        return _busy_fault(response) or Fault(FaultKind.NO_FILE, detail, response=response)

    def _prepare(self, request: Request, url: str, *, with_key: bool) -> requests.PreparedRequest:
        """The request as it goes out, with the key if asked. No netrc, no cookies."""
        params, form = dict(request.params), dict(request.form)
        if with_key and (secret := self._secret(request)):
            place = form if request.method == "POST" else params
            place["api_key"] = secret
        prepared = requests.Request(
            method=request.method,
            url=url,
            params=params,
            data=form,
            files=[
                (part.name, (part.filename, part.content, part.content_type))
                for part in request.files
            ],
            headers={
                "User-Agent": f"openml_client/{__version__}",
                "Accept": "*/*",
                "Accept-Encoding": "gzip",
            },
        ).prepare()
        if isinstance(prepared.body, bytes) and len(prepared.body) > STREAMED_UPLOAD_BYTES:
            # requests' stub forgets the files that its adapter takes.
            prepared.body = io.BytesIO(prepared.body)  # type: ignore[assignment]
        return prepared

    def _secret(self, request: Request) -> str | None:
        key = self._settings.api_key
        return key.reveal() if key is not None and request.needs_key else None

    def _without_key(self, request: Request, body: bytes) -> bytes:
        """The body, with the key masked where an error page echoes the address."""
        secret = (self._secret(request) or "").encode()
        return body.replace(secret, b"***") if secret and secret in body else body

    def _error(
        self, fault: Fault, request: Request, attempts: int, elapsed_s: float
    ) -> OpenMLError:
        times = "once" if attempts == 1 else f"{attempts} times"
        return error_from(
            fault,
            asked=self._asked(request),
            tried=f"tried {times} in {elapsed_s:.1f} s",
            repeatable=request.is_repeatable,
            read_timeout_s=self._settings.read_timeout_s,
        )


def _response(answer: requests.Response, body: bytes) -> Response:
    return Response(
        status=answer.status_code,
        headers=answer.headers,
        body=body,
        url=hide_key(str(answer.url)),
    )


def _busy_fault(response: Response) -> Fault | None:
    """The fault of a server that says: not now."""
    if is_database_down(response.body):
        detail = "its database is overloaded (code 107)"
    elif response.status in BUSY_STATUSES:
        detail = f"it answered with status {response.status}"
    else:
        return None
    wait_s = retry_after_s(response.headers.get("Retry-After"))
    return Fault(FaultKind.BUSY, detail, retry_after_s=wait_s, response=response)
