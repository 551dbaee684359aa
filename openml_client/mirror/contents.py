"""The contents of files: fetched, checked, and put into the blobs of a registry."""

from __future__ import annotations

from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from openml_client.errors import IntegrityError, OfflineError, OpenMLError, TransportError
from openml_client.registry.blobs import Blobs
from openml_client.registry.importing.files import ImportedFile, id_in, name_in

if TYPE_CHECKING:
    from openml_client.client import Client

SPOOL_BYTES = 16 * 2**20
"""A file that is larger is kept on the disk, not in memory, while it is fetched."""

GONE = frozenset({404, 410})
"""Statuses of a server that does not have the file."""

_OCTETS = "application/octet-stream"


@dataclass(frozen=True)
class Contents:
    """Fetches files of a server into blobs; threads may share it."""

    client: Client
    blobs: Blobs
    lost: dict[str, OpenMLError] = field(default_factory=dict)
    """Why there is no content, by the file's address."""

    def fetch(
        self,
        url: str,
        *,
        name: str,
        file_id: int | None = None,
        md5: str | None = None,
        private: bool = False,
    ) -> ImportedFile:
        """A file whose content is in the blobs.

        Parameters
        ----------
        name
            What it is called if its address does not tell.
        file_id
            Its id; without it the address may tell.

        Raises
        ------
        TransportError
            If it can't be had.
        IntegrityError
            If it does not match ``md5``.
        """
        with SpooledTemporaryFile(max_size=SPOOL_BYTES) as sink:
            try:
                info = self.client.download(url, sink, md5=md5, private=private)
            except OfflineError as error:
                if not self._is_elsewhere(url):
                    raise
                raise TransportError(error.message, hint=error.hint) from error
            sink.seek(0)
            blob = self.blobs.put(sink)
        return ImportedFile(
            id=id_in(url) if file_id is None else file_id,
            name=name_in(url, name),
            content_type=info.content_type.partition(";")[0].strip() or _OCTETS,
            sha256=blob.sha256,
            md5=blob.md5,
            size_bytes=blob.size_bytes,
            is_private=private,
        )

    def fetch_if_there(
        self, url: str, *, name: str, file_id: int | None = None, md5: str | None = None
    ) -> ImportedFile:
        """A file, which is known by its address alone if its content is lost.

        It is lost if the server does not have it, if another host that had it can't be asked, or
        if it does not match its checksum.
        """
        try:
            return self.fetch(url, name=name, file_id=file_id, md5=md5)
        except TransportError as error:
            if error.status not in GONE and not self._is_elsewhere(url):
                raise
            self.lost[url] = error
        except IntegrityError as error:
            self.lost[url] = error
        return ImportedFile(
            id=id_in(url) if file_id is None else file_id,
            name=name_in(url, name),
            content_type=_OCTETS,
            url=url,
            md5=md5,
        )

    def _is_elsewhere(self, url: str) -> bool:
        """Whether a file lies on another host than the server."""
        server = self.client.settings
        return not server.is_local and urlsplit(url).netloc != urlsplit(server.server).netloc
