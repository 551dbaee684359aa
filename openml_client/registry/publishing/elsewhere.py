"""Data that lies elsewhere: it is fetched once, and the engine works on that copy."""

from __future__ import annotations

import io
from dataclasses import dataclass

from openml_client.errors import OpenMLError, RegistryError
from openml_client.registry.calls import Fetch
from openml_client.transport import HttpTransport
from openml_client.transport.addresses import host_of, is_private_host

MAX_BYTES = 1024**3
"""As of an upload."""


@dataclass(frozen=True)
class _Settings:
    """Who asks, and how patiently: somebody waits for the answer."""

    server: str = "https://registry.invalid"
    api_key: None = None
    offline: bool = False
    connect_timeout_s: float = 5.0
    read_timeout_s: float = 20.0
    deadline_s: float = 60.0
    retries: int = 1


def content_at(url: str, fetch: Fetch) -> bytes:
    """The content at an address.

    Raises
    ------
    RegistryError
        If it can't be reached, is too large, or lies where this registry does not fetch from.
    """
    host = host_of(url)
    if fetch == "public" and is_private_host(host):
        raise RegistryError(
            f"{host} is a private address, from which this registry fetches nothing"
        )
    sink = io.BytesIO()
    try:
        with HttpTransport(_Settings(), allow_private=fetch == "any") as transport:
            transport.download(url, sink, max_bytes=MAX_BYTES)
    except OpenMLError as error:
        raise RegistryError(error.message) from error
    return sink.getvalue()
