"""The registry as an object: opened from a folder, called as a WSGI application, or served."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from openml_client.errors import RegistryError
from openml_client.registry import folder as layout
from openml_client.registry.app import make_app
from openml_client.registry.blobs import FolderBlobs
from openml_client.registry.calls import Fetch, Services
from openml_client.registry.store import users
from openml_client.registry.store.database import Store
from openml_client.registry.store.users import OWNER_ID, Group

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from flask import Flask

MAX_PORT = 65535

_MAKING = threading.Lock()
"""Held while an application is made: Werkzeug parses a syntax tree for each address, which threads
of CPython 3.11 can't do at once.  Source: CPython issue 106905, "AST constructor recursion depth
mismatch"."""


class Registry:
    """An OpenML registry in a folder; a context manager, safe to use from many threads.

    Many processes may have the same folder open.
    """

    def __init__(
        self, folder: Path, store: Store, *, has_engine: bool = True, fetch: Fetch = "public"
    ) -> None:
        self.folder = folder
        self.store = store
        blobs = FolderBlobs(folder / layout.BLOBS)
        self.services = Services(store=store, blobs=blobs, has_engine=has_engine, fetch=fetch)
        with _MAKING:
            self.app: Flask = make_app(self.services)

    @classmethod
    def open(
        cls,
        folder: Path | str,
        *,
        create: bool = True,
        has_engine: bool = True,
        fetch: Fetch = "public",
    ) -> Registry:
        """Open the registry of a folder; without one it is made, unless ``create`` is False.

        A registry of an older version is brought up to date, after a copy of its database.

        Parameters
        ----------
        has_engine
            Process datasets and evaluate runs as they are published. Without it they wait for
            an evaluation engine that comes as an administrator, as on the real server.
        fetch
            From where data is fetched that is published by its address: ``public`` addresses,
            ``any`` (those of private networks and of this machine, too), or ``none``. It is
            processed then; data that is not fetched waits as without an engine.

        Raises
        ------
        RegistryError
            If the folder is something else, or its database is damaged, can't be written or was
            made by a newer version.
        """
        folder = Path(folder).expanduser().absolute()
        store = layout.open_store(folder, create=create)
        return cls(folder, store, has_engine=has_engine, fetch=fetch)

    @property
    def wsgi_app(self) -> WSGIApplication:
        """The application, for any WSGI server and for calls without a socket."""
        return self.app

    @property
    def key_file(self) -> Path:
        """Where the owner's API key is."""
        return self.folder / layout.OWNER_KEY

    @property
    def local_key(self) -> str:
        """API key of the folder's owner; whoever may read the folder's files is its owner.

        Raises
        ------
        RegistryError
            If this user may not read it.
        """
        key = layout.read_key(self.folder)
        return key if key is not None else self._renew_key()

    def _renew_key(self) -> str:
        """Make a new key for the owner in place of one that was lost."""
        with FileLock(self.folder / layout.LOCK):
            key = layout.read_key(self.folder)
            if key is None:
                key = users.new_key()
                with self.store.write() as connection:
                    users.set_key(connection, OWNER_ID, key)
                layout.write_key(self.folder, key)
        return key

    def add_user(self, name: str, *, group: str = Group.NORMAL) -> str:
        """Add a user and give the API key, which is kept nowhere: note it now.

        Parameters
        ----------
        group
            ``admin``, ``normal`` or ``read-only``.

        Raises
        ------
        RegistryError
            If there is a user of this name already.
        ValueError
            If there is no such group.
        """
        key = users.new_key()
        with self.store.write() as connection:
            users.add(connection, name, group=Group(group), key=key)
        return key

    def serve(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 8080,
        threads: int = 8,
        on_ready: Callable[[str], None] | None = None,
    ) -> None:
        """Serve over HTTP until interrupted.

        Parameters
        ----------
        port
            0 takes any that is free.
        on_ready
            Called with the address once connections are taken, as ``http://127.0.0.1:8080``.
            It is one that this machine can reach, also where ``host`` means all addresses.

        Raises
        ------
        RegistryError
            If the address is in use, is none of this machine, or may not be used.
        """
        import waitress
        from waitress import wasyncore

        from openml_client.registry.app import MAX_UPLOAD_BYTES

        sockets: dict[int, Any] = {}
        try:
            server = waitress.create_server(
                self.app,
                map=sockets,
                host=host,
                port=port,
                threads=threads,
                ident=None,
                max_request_body_size=MAX_UPLOAD_BYTES,
            )
        except (OSError, ValueError) as error:
            wasyncore.close_all(sockets)  # waitress leaves those open that it had made
            raise _not_bound(error, host, port) from error
        try:
            if on_ready is not None:
                on_ready(_address(host, _port_of(server)))
            server.run()
        finally:
            server.close()

    def close(self) -> None:
        """Close the database; what was written is there already."""
        self.store.close()

    def __enter__(self) -> Registry:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


_ALL_ADDRESSES = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (nothing is bound here)
"""Hosts that mean all addresses of a machine, and the one by which it reaches itself."""


def _address(host: str, port: int) -> str:
    name = _ALL_ADDRESSES.get(host, host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def _port_of(server: Any) -> int:
    # A name like localhost may stand for several addresses, and waitress binds them all.
    ports = getattr(server, "effective_listen", None) or [(None, server.effective_port)]
    return int(ports[0][1])


def _not_bound(error: OSError | ValueError, host: str, port: int) -> RegistryError:
    """Explain why waitress can't listen; a host that it can't look up is a ValueError to it."""
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.EADDRINUSE:
        # A free port is likely right above, as the ports that people choose are.
        other = port + 1 if port < MAX_PORT else port - 1
        return RegistryError(
            f"{host}:{port} is in use by another program",
            hint=f"Choose another port: --port {other}",
        )
    if number in {errno.EACCES, errno.EPERM}:
        return RegistryError(
            f"this user may not listen on {host}:{port}",
            hint="Ports below 1024 are the administrator's. Choose another: --port 8081",
        )
    why = getattr(error, "strerror", None) or "no such host"
    return RegistryError(
        f"can't listen on {host}:{port}: {why}",
        hint="The host must be an address of this machine: --host 127.0.0.1",
    )
