"""Who carries a request: the pool for the server itself, or the one for everybody else.

They differ in what they may connect to: the server is where the user said, but the addresses
that it names (data files, redirects) are strangers' words. A public server that names a private
address would make this client a tool against the user's own network.
"""

from __future__ import annotations

import os
import threading
from functools import cached_property
from typing import Any

import requests
from requests.adapters import BaseAdapter

from openml_client.transport.addresses import (
    host_of,
    is_private_host,
    is_public_address,
    lookup_limited,
    origin_of,
    private_address_refused,
)
from openml_client.transport.connections import PacedAdapter, PublicAdapter


class Sessions:
    """Two pooled sessions, opened when needed and again after a fork or a close.

    Parameters
    ----------
    adapter
        Answers for the server's own origin instead of the network.
    lookup_s
        Limit of one name lookup.
    """

    def __init__(
        self,
        base_url: str,
        *,
        adapter: BaseAdapter | None,
        allow_private: bool | None,
        lookup_s: float,
    ) -> None:
        self._host = host_of(base_url)
        self._origin = origin_of(base_url)
        self._adapter = adapter
        self._allow_private = allow_private
        self._lookup_s = lookup_s
        self._open: dict[bool, requests.Session] = {}
        self._lock = threading.Lock()
        self._process_id = os.getpid()

    def uses_network(self, url: str) -> bool:
        """Whether a request to this address would leave the process."""
        return self._adapter is None or not self._is_home(url)

    def check_privacy(self, url: str) -> None:
        """Nothing, if this address of somebody else may be asked.

        Names that turn out to have a private address are refused when they are connected to.

        Raises
        ------
        TransportError
            If it is a private address and the server is a public one.
        """
        if is_private_host(host_of(url)) and not self._may_be_private:
            raise private_address_refused(host_of(url))

    def send(
        self, prepared: requests.PreparedRequest, *, timeout: tuple[float, float]
    ) -> requests.Response:
        """The answer, of which only the head was read; redirects are not followed."""
        url = str(prepared.url)
        session = self._session_for(url)
        options: dict[str, Any] = {"stream": True, "proxies": {}}
        if self.uses_network(url):
            # Proxies and certificates of the environment.
            options = dict(session.merge_environment_settings(url, {}, True, None, None))
        return session.send(prepared, **options, timeout=timeout, allow_redirects=False)

    def close(self) -> None:
        """Nothing; all connections are closed."""
        with self._lock:
            for session in self._open.values():
                session.close()
            self._open.clear()

    def _is_home(self, url: str) -> bool:
        return origin_of(url) == self._origin

    def _session_for(self, url: str) -> requests.Session:
        if self._process_id != os.getpid():
            # After a fork the sockets, and perhaps a held lock, belong to the parent.
            self._process_id, self._lock, self._open = os.getpid(), threading.Lock(), {}
        is_home = self._is_home(url)
        with self._lock:
            if is_home not in self._open:
                self._open[is_home] = self._new_session(is_home=is_home)
            return self._open[is_home]

    def _new_session(self, *, is_home: bool) -> requests.Session:
        adapter = self._adapter if is_home else None
        if adapter is None:
            adapter = PacedAdapter() if is_home or self._may_be_private else PublicAdapter()
        session = _Session()
        session.close()  # closes the two adapters that requests makes and we replace
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        return session

    @cached_property
    def _may_be_private(self) -> bool:
        """Whether others may have private addresses: asked for, or the server has one itself."""
        if self._allow_private is not None:
            return self._allow_private
        if self._adapter is not None or is_private_host(self._host):
            return True
        try:
            found = lookup_limited(self._host, 443, within_s=self._lookup_s)
        except OSError:
            return False
        return not all(is_public_address(address) for address in found)


class _Session(requests.Session):
    """A session that leaves redirects alone.

    requests reads the body of a redirect whole, even when it is told not to follow: an endless
    one would be read for ever.
    """

    def get_redirect_target(self, resp: requests.Response) -> None:
        """No target, ever."""
