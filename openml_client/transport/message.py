"""What is asked and what is answered: plain values that hold no secret and no socket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, Protocol

METADATA_CAP_BYTES = 64 * 2**20
"""Largest decoded body of ``send``.  Source: reliability battery, row 12."""
DOWNLOAD_CAP_BYTES = 16 * 2**30
"""Largest decoded file of ``download`` unless the caller says otherwise: an endless body ends."""


@dataclass(frozen=True)
class FilePart:
    """One part of a multipart form."""

    name: str
    filename: str | None
    """None sends a plain text field."""
    content: bytes = field(repr=False)
    content_type: str | None = None


@dataclass(frozen=True, kw_only=True)
class Request:
    """One call. The API key is no part of it: the transport puts it in where it belongs."""

    method: str
    path: str
    """Below the server's base address, percent-encoded; or an absolute http(s) address."""
    params: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    files: tuple[FilePart, ...] = ()
    needs_key: bool = False
    """Writes, and reads of private things. The key still goes to the server's own origin only."""
    idempotent: bool | None = None
    """Whether sending it twice does no harm; None means GET and HEAD do none."""

    @property
    def is_repeatable(self) -> bool:
        """Whether it may be sent again after the server has seen it."""
        return self.method in ("GET", "HEAD") if self.idempotent is None else self.idempotent


@dataclass(frozen=True, kw_only=True)
class Response:
    """A whole answer, whatever its status; what it means is for the layers above."""

    status: int
    headers: Mapping[str, str]
    """Names compare without case."""
    body: bytes = field(repr=False)
    """Decoded: no gzip, no chunks."""
    url: str
    """Where it came from after redirects, without the key."""
    attempts: int = 1
    """How often the request was sent."""
    elapsed_s: float = 0.0
    """Time from the first attempt, waits included."""

    @property
    def content_type(self) -> str:
        """Media type in lower case without its parameters, empty if none was sent."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, kw_only=True)
class DownloadInfo:
    """What a download wrote into its sink."""

    n_bytes: int
    md5: str | None
    """Of the bytes written, in hexadecimal; None if no checksum was asked to be met."""
    content_type: str
    url: str
    """Where it came from after redirects, without the key."""


class Secret(Protocol):
    """An API key, as ``config.ApiKey`` is one."""

    def reveal(self) -> str:
        """The key itself."""


class TransportSettings(Protocol):
    """What a transport needs to know, as ``config.Settings`` says it."""

    @property
    def server(self) -> str:
        """Origin and base path of the server."""

    @property
    def api_key(self) -> Secret | None:
        """None asks without a key."""

    @property
    def offline(self) -> bool:
        """Whether every call that would use the network raises OfflineError."""

    @property
    def connect_timeout_s(self) -> float:
        """Limit of making a connection; half of it for the lookup of the name."""

    @property
    def read_timeout_s(self) -> float:
        """Limit for the head of an answer, and for each silence within its body."""

    @property
    def deadline_s(self) -> float:
        """Limit of a whole ``send``, attempts and waits included; downloads have a minimum
        speed instead.
        """

    @property
    def retries(self) -> int:
        """How often a request is repeated after a passing fault."""


class Transport(Protocol):
    """A way to a server. All of it may be used by many threads at once.

    Guarantees
    ----------
    - Every call ends: in an answer, or in one of the errors named here.
    - The API key goes to ``origin`` only, and into no error, log or response.
    - What is not repeatable is sent again only when it never left this machine.
    """

    @property
    def base_url(self) -> str:
        """Address below which relative paths lie, without a slash at its end."""

    @property
    def origin(self) -> str:
        """Scheme, host and port: ``https://www.openml.org``."""

    def send(self, request: Request, *, max_bytes: int = METADATA_CAP_BYTES) -> Response:
        """The answer to a request, of any status.

        Raises
        ------
        OfflineError
            If the server can't be reached, or offline mode forbids asking.
        ServerTimeoutError
            If it stayed silent or answered too slowly.
        IntegrityError
            If the answer was cut short again and again.
        TransportError
            For everything else; ``maybe_taken`` says whether the server may have acted.
        """

    def download(
        self,
        url: str,
        sink: IO[bytes],
        *,
        max_bytes: int = DOWNLOAD_CAP_BYTES,
        expected_md5: str | None = None,
        needs_key: bool = False,
    ) -> DownloadInfo:
        """Facts about a file, after its decoded bytes were written to a seekable ``sink``.

        The sink is written from where it stands, and cut back to there before another attempt.
        Raises as ``send`` does, and TransportError with ``status`` and ``body`` if the server
        answered anything but the file; IntegrityError if the md5 differs twice.
        """

    def with_settings(self, settings: TransportSettings) -> Transport:
        """A transport to the same server with another key or other limits, and the same pool."""

    def close(self) -> None:
        """Nothing; all connections are closed. Using the transport again opens new ones."""
