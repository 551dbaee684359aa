"""How a request reaches a server and what comes back: bytes, never meaning.

Importing this package loads no HTTP library; the transports are loaded when they are named.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from openml_client.transport.message import (
    DownloadInfo,
    FilePart,
    Request,
    Response,
    Secret,
    Transport,
    TransportSettings,
)
from openml_client.transport.policy import Clock, RetryPolicy

if TYPE_CHECKING:
    from openml_client.transport.http import HttpTransport
    from openml_client.transport.inprocess import InProcessTransport
    from openml_client.transport.lazy import LazyTransport
    from openml_client.transport.recording import RecordedTransport

__all__ = [
    "Clock",
    "DownloadInfo",
    "FilePart",
    "HttpTransport",
    "InProcessTransport",
    "LazyTransport",
    "RecordedTransport",
    "Request",
    "Response",
    "RetryPolicy",
    "Secret",
    "Transport",
    "TransportSettings",
]

_MODULES = {
    "HttpTransport": "http",
    "InProcessTransport": "inprocess",
    "LazyTransport": "lazy",
    "RecordedTransport": "recording",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
