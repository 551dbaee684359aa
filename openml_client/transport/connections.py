"""Connections that end in time and, where asked, reach public addresses only.

A socket's timeout starts anew with each byte, so that a server that drips one byte a second
holds a reader for hours: in the head, in the length line of a chunk, in the body. Here the
reading itself keeps the time: the head must be complete within the read timeout, and the body
must come at ``MIN_BYTES_PER_S`` or more, measured over each read timeout of waiting.
"""

from __future__ import annotations

import http.client
import io
import logging
import socket
import time
from typing import Any, ClassVar

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError
from urllib3.response import HTTPResponse
from urllib3.util import wait_for_read

from openml_client.transport.addresses import (
    is_public_address,
    lookup_limited,
    private_address_refused,
)
from openml_client.transport.policy import ANNOUNCE_AFTER_S

MIN_BYTES_PER_S = 1000
"""Slower than a modem of 1990 (9,600 bit/s gives 1,200) is no network, but a trap."""
POOL_SIZE = 16
"""Connections per host; further threads wait for one.  Source: performance table, row 9."""

_logger = logging.getLogger("openml_client")
_known_names: set[tuple[str, int]] = set()
"""Names that this process has resolved once; they are trusted to resolve in time again."""


class _PacedReader(io.RawIOBase):
    """The raw stream of a socket, which raises TimeoutError when the server is too slow.

    Within a body only time spent waiting for the server counts, not what the caller takes
    between reads.
    """

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock
        self._window_s = sock.gettimeout()
        self._head_started: float | None = time.monotonic()
        self._waited_s = 0.0
        self._n_bytes = 0

    def start_body(self) -> None:
        """Nothing; the head is complete and the measuring of the speed starts."""
        self._head_started = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        started = time.monotonic()
        if self._window_s is not None:
            self._sock.settimeout(self._patience_s(self._window_s, started))
        n_bytes = self._raw.readinto(buffer)
        if self._head_started is None:
            self._waited_s += time.monotonic() - started
            self._n_bytes += n_bytes or 0
        return n_bytes

    def _patience_s(self, window_s: float, now: float) -> float:
        """How long the next bytes may take."""
        if self._head_started is not None:
            left_s = self._head_started + window_s - now
            if left_s <= 0:
                raise TimeoutError("the head of the answer has no end")
            return left_s
        if self._waited_s >= window_s:
            # Bytes that came this late came fast enough: a slow body timed out before.
            self._waited_s, self._n_bytes = 0.0, 0
        is_fast = self._n_bytes >= MIN_BYTES_PER_S * window_s
        return window_s if is_fast else window_s - self._waited_s

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _PacedResponse(http.client.HTTPResponse):
    """An answer that is read at a pace."""

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self._reader = _PacedReader(self.fp.detach(), sock)
        self.fp = io.BufferedReader(self._reader)

    def begin(self) -> None:
        super().begin()
        self._reader.start_body()


class _Paced(HTTPConnection):
    """A connection with a limited name lookup and paced answers."""

    response_class = _PacedResponse

    def connect(self) -> None:
        name = (self._dns_host, self.port)
        if name not in _known_names:
            limit_s = self.timeout / 2 if isinstance(self.timeout, int | float) else 2.5
            try:
                lookup_limited(*name, within_s=limit_s)
            except TimeoutError as error:
                raise ConnectTimeoutError(self, str(error)) from error
            except socket.gaierror as error:
                raise NameResolutionError(self.host, self, error) from error
            _known_names.add(name)
        super().connect()

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        # urllib3 overrides http.client's method in the same way, with its own response.
        sock, timeout = self.sock, self.timeout
        is_long = isinstance(timeout, int | float) and timeout > ANNOUNCE_AFTER_S
        if sock is not None and is_long and not wait_for_read(sock, ANNOUNCE_AFTER_S):
            _logger.warning("still waiting for %s, up to %g s", self.host, timeout)
        return super().getresponse()


class _PublicOnly(HTTPConnection):
    """A connection that is closed unused when its other end has a private address.

    The address is that of the connection itself, so a name that resolves to something else
    each time (DNS rebinding) gains nothing. A proxy resolves names itself and is not judged.
    """

    def connect(self) -> None:
        super().connect()
        if self.proxy is None and not is_public_address(self.sock.getpeername()[0]):
            self.close()
            raise private_address_refused(self.host)


class _Http(_Paced, HTTPConnection):
    pass


class _Https(_Paced, HTTPSConnection):
    pass


class _PublicHttp(_PublicOnly, _Paced, HTTPConnection):
    pass


class _PublicHttps(_PublicOnly, _Paced, HTTPSConnection):
    pass


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


class _PublicHttpPool(HTTPConnectionPool):
    ConnectionCls = _PublicHttp


class _PublicHttpsPool(HTTPSConnectionPool):
    ConnectionCls = _PublicHttps


class PacedAdapter(HTTPAdapter):
    """requests' adapter over paced connections."""

    pools: ClassVar[Any] = {"http": _HttpPool, "https": _HttpsPool}

    def __init__(self) -> None:
        super().__init__(
            pool_connections=POOL_SIZE, pool_maxsize=POOL_SIZE, max_retries=0, pool_block=True
        )

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Nothing; the pools for direct connections are ours."""
        super().init_poolmanager(*args, **options)
        manager: PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = self.pools

    def proxy_manager_for(self, proxy: str, **options: Any) -> ProxyManager:
        """The pools for one proxy, ours too."""
        manager: ProxyManager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = self.pools
        return manager


class PublicAdapter(PacedAdapter):
    """The same, for addresses that a public server named: public ones only."""

    pools: ClassVar[Any] = {"http": _PublicHttpPool, "https": _PublicHttpsPool}
