"""The registry as an object: opened from a folder, called as a WSGI application, or served."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from filelock import FileLock

from openml_client.registry import folder as layout
from openml_client.registry.app import make_app
from openml_client.registry.blobs import FolderBlobs
from openml_client.registry.calls import Services
from openml_client.registry.store import users
from openml_client.registry.store.database import Store
from openml_client.registry.store.users import Group

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from flask import Flask

OWNER_ID = 1
"""The owner is the first user."""


class Registry:
    """An OpenML registry in a folder; a context manager, safe to use from many threads.

    Many processes may have the same folder open.
    """

    def __init__(self, folder: Path, store: Store) -> None:
        self.folder = folder
        self.store = store
        self.app: Flask = make_app(Services(store=store, blobs=FolderBlobs(folder / layout.BLOBS)))

    @classmethod
    def open(cls, folder: Path | str, *, create: bool = True) -> Registry:
        """Open the registry of a folder; without one it is made, unless ``create`` is False.

        A registry of an older version is brought up to date, after a copy of its database.

        Raises
        ------
        RegistryError
            If the folder is something else, or its database is damaged, can't be written or was
            made by a newer version.
        """
        folder = Path(folder).expanduser().absolute()
        return cls(folder, layout.open_store(folder, create=create))

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

    def serve(self, *, host: str = "127.0.0.1", port: int = 8080, threads: int = 8) -> None:
        """Serve over HTTP until interrupted."""
        import waitress

        from openml_client.registry.app import MAX_UPLOAD_BYTES

        waitress.serve(
            self.app,
            host=host,
            port=port,
            threads=threads,
            ident=None,
            max_request_body_size=MAX_UPLOAD_BYTES,
        )

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
