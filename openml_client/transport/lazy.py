"""A transport that is made when something is sent: what the cache has needs no HTTP library."""

from __future__ import annotations

import threading
from typing import IO, TYPE_CHECKING, NoReturn, Self

from openml_client.transport.message import (
    DOWNLOAD_CAP_BYTES,
    METADATA_CAP_BYTES,
    DownloadInfo,
    Request,
    Response,
    TransportSettings,
)

if TYPE_CHECKING:
    from openml_client.transport.http import HttpTransport


class LazyTransport:
    """An `HttpTransport` of these settings, which is made on first use; see ``Transport``."""

    def __init__(self, settings: TransportSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._made: HttpTransport | None = None
        self._origin_of_pool: LazyTransport | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._settings.server!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a transport holds sockets: make one in each process")

    @property
    def base_url(self) -> str:
        """Address below which relative paths lie."""
        return self._transport.base_url

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return self._transport.origin

    def send(self, request: Request, *, max_bytes: int = METADATA_CAP_BYTES) -> Response:
        """The answer to a request; raises as ``Transport.send`` says."""
        return self._transport.send(request, max_bytes=max_bytes)

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
        return self._transport.download(
            url, sink, max_bytes=max_bytes, expected_md5=expected_md5, needs_key=needs_key
        )

    def with_settings(self, settings: TransportSettings) -> Self:
        """A transport with another key or other limits, and the same pool, once there is one."""
        sibling = type(self)(settings)
        sibling._origin_of_pool = self
        return sibling

    def close(self) -> None:
        """Nothing; all connections are closed. Using the transport again opens new ones."""
        if self._made is not None:
            self._made.close()

    @property
    def _transport(self) -> HttpTransport:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made

    def _make(self) -> HttpTransport:
        if self._origin_of_pool is not None:
            return self._origin_of_pool._transport.with_settings(self._settings)
        from openml_client.transport.http import HttpTransport

        return HttpTransport(self._settings)
