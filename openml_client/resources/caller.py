"""Calls of the protocol: a row of the route table in, a model out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from numbers import Integral
from threading import BoundedSemaphore
from typing import IO, TYPE_CHECKING, Any, Self

from openml_client.config import Settings
from openml_client.errors import (
    AuthenticationError,
    NoResultError,
    NotFoundError,
    OfflineError,
    ProtocolError,
    TransportError,
    ValidationError,
)
from openml_client.model.columns import Columns
from openml_client.model.page import Listing
from openml_client.resources.ids import plain_filter
from openml_client.wire import columns, xml
from openml_client.wire.codes import NO_KEY, error_for
from openml_client.wire.complaints import complaints
from openml_client.wire.route import Auth, Route
from openml_client.wire.vocabulary import ERROR

if TYPE_CHECKING:
    from openml_client.cache import Cache
    from openml_client.transport import DownloadInfo, FilePart, Request, Response, Transport

API_PATH = "api/v1/xml/"
"""XML holds every field; the JSON of some lists leaves fields out (protocol note, 1.4)."""

PAGE_SIZE = 10_000
"""Rows asked for at once, where the route does not say less."""

SHOWN_CHARACTERS = 80
"""Of what was sent in a form, in messages."""

SMALLEST_LIMIT_BYTES = 8 * 2**20
"""Of uploads, among the servers that are known.  Source: protocol note, section 1.3."""

MAX_COMPLAINTS = 4
"""Of a document that breaks many limits, this many are told: errors have six lines at most."""

ASKED_AGAIN_AFTER = timedelta(days=1)
"""What loading data needs to know of a dataset is taken from the cache for so long."""

_PAGING = ("limit", "offset")

STATUSES = ("active", "deactivated", "in_preparation", "all")
"""What lists can be filtered by.  Source: protocol note, section 2."""


@dataclass(frozen=True)
class Caller:
    """Sends the requests of all namespaces of one client."""

    settings: Settings
    transport: Transport
    cache: Cache
    is_offline: bool
    """Whether the server is not asked, but the cache alone."""
    slots: AbstractContextManager[object] = field(default_factory=nullcontext)
    """Held while a document is asked for."""

    def at_most(self, n_requests: int) -> Self:
        """The same, with this many documents asked for at a time by all threads that share it."""
        return replace(self, slots=BoundedSemaphore(n_requests))

    @property
    def host(self) -> str:
        """The server, for messages."""
        return self.settings.server

    def call(
        self,
        route: Route,
        *,
        body: Any = None,
        files: Sequence[FilePart] = (),
        form: Mapping[str, str] | None = None,
        filters: Mapping[str, Any] | None = None,
        read: Callable[..., Any] = xml.read,
        **places: object,
    ) -> Any:
        """Answer of a route, as the model of its response document.

        Parameters
        ----------
        read
            Makes the model of a document and a body.

        Raises
        ------
        OfflineError
            If the client is offline.
        ServerError
            Of the class that ``wire/codes.tsv`` gives to the server's code.
        TransportError
            If no usable answer came.
        ProtocolError
            If the answer is not what the protocol says.
        """
        path = route.url_path(filters, **places)
        self._require_online(f"{route.name} ({path})")
        request = self._request(route, path, body, files, form or {})
        response = self.transport.send(request)
        said = ", ".join(
            f"{name} {value[:SHOWN_CHARACTERS]}" for name, value in (form or {}).items()
        )
        try:
            return self._read(route, f"{path} ({said})" if said else path, response, read=read)
        except AuthenticationError as error:
            n_bytes = sum(len(part.content) for part in request.files)
            if error.code == NO_KEY and n_bytes > SMALLEST_LIMIT_BYTES:
                error.hint = (
                    f"The upload has {n_bytes / 2**20:.1f} MB. A server that takes less drops the "
                    f"key with the rest, and answers so. {error.hint or ''}"
                )
            raise

    def get_cached(self, route: Route, id_: int | str) -> Any:
        """Answer of a route for one id or alias; offline, the last one that was received.

        Raises
        ------
        OfflineError
            If the client is offline and this was never fetched, or was changed since.
        """
        path = route.path_of(id_)
        if self.is_offline:
            return self._kept(route, id_, path)
        with self.slots:
            response = self.transport.send(self._request(route, path, None, (), {}))
        try:
            answer = self._read(route, path, response, read=columns.read)
        except NotFoundError:
            self.forget(route, id_)
            raise
        answer = answer.rows if isinstance(answer, Columns) else answer
        found: Any = getattr(answer, "id", id_)
        if isinstance(id_, str):
            self.keep_name(route, id_, None, found)
        elif found != id_:
            raise ProtocolError(f"{path} of {self.host}: asked for {id_}, got {found}")
        self.cache.write(document_key(route, found), response.body)
        return answer

    def get_recent(self, route: Route, id_: int) -> Any:
        """The same, but what a public server said not long ago is not asked for again.

        Others are asked every time: a registry on this machine or in a private network may be made
        anew under the same address, with other things under the same ids.
        """
        if not self.is_offline and self._is_public:
            kept = self.cache.read_recent(document_key(route, id_), ASKED_AGAIN_AFTER)
            if kept is not None:
                return xml.read(route.response, kept, source=route.path_of(id_))
        return self.get_cached(route, id_)

    @cached_property
    def _is_public(self) -> bool:
        from openml_client.transport.addresses import host_of, is_private_host

        return not self.settings.is_local and not is_private_host(host_of(self.settings.server))

    def forget(self, route: Route, id_: int | str) -> None:
        """Drop what the cache has of a thing that was changed, or of an alias."""
        key = name_key(route, id_, None) if isinstance(id_, str) else document_key(route, id_)
        self.cache.remove(key)

    def keep_name(self, route: Route, name: str, version: object, id_: int | None) -> None:
        """Keep which thing the server has under a name, for use offline.

        Parameters
        ----------
        version
            Of the thing, or None where the name was asked for without one.
        id_
            None says that there is none: what was kept before is dropped.
        """
        key = name_key(route, name, version)
        if id_ is None:
            self.cache.remove(key)
        else:
            self.cache.write(key, str(id_).encode())

    def named(self, route: Route, name: str, version: object = None) -> Any:
        """What the cache has of the thing that a name stood for when the server was asked last.

        Raises
        ------
        OfflineError
            If that name was never asked for, or what it stands for is not in the cache.
        """
        known = self.cache.read(name_key(route, name, version))
        if known is None:
            which = f"{name!r}" if version is None else f"{name!r}, version {version}"
            raise self._offline_error(f"{route.name} {which} (the name is not in the cache)")
        return self._kept(route, int(known), route.path_of(int(known)))

    def _kept(self, route: Route, id_: int | str, path: str) -> Any:
        if isinstance(id_, str):
            return self.named(route, id_)
        kept = self.cache.read(document_key(route, id_))
        if kept is None:
            raise self._offline_error(f"{route.name} {id_} (not in the cache)")
        return xml.read(route.response, kept, source=path)

    def listing(
        self,
        route: Route,
        filters: Mapping[str, Any],
        *,
        key: Sequence[str],
        title: str,
        explain_none: Callable[[], object] = lambda: None,
    ) -> Listing[Any]:
        """Make a lazy list of a route; bad filters are refused at once.

        Parameters
        ----------
        key
            The fields that tell rows apart.
        title
            What the rows are, in the plural.
        explain_none
            Called where the list turns out to be empty; raises if that is the caller's mistake.
        """
        values = {
            name: plain_filter(title if name == "ids" else name, value)
            for name, value in filters.items()
            if value is not None
        }
        limit, offset = (_n_rows(route, name, values.pop(name, None)) for name in _PAGING)
        self._check_status(route, values.get("status"))
        route.url_path(values)

        pages = any(item.key == "limit" for item in route.filters)

        def fetch(start: int, count: int) -> Sequence[Any]:
            page = {**values, "limit": count, "offset": start} if pages else values
            try:
                rows: Sequence[Any] = self.call(route, filters=page, read=columns.read)
            except NoResultError:
                rows = ()
            if not rows and start == (offset or 0):
                explain_none()
            return rows

        size = route.list_codes.max_limit if route.list_codes else None
        return Listing(
            fetch,
            page_size=(size or PAGE_SIZE) if pages else sys.maxsize,
            limit=limit,
            offset=offset or 0,
            key=key,
            title=title,
        )

    def _check_status(self, route: Route, status: Any) -> None:
        # A server answers an unknown word with an empty list.
        if status is not None and status not in STATUSES:
            raise ValidationError(
                f"{route.name}: there is no status {status!r}",
                route=route.name,
                hint=f"Give one of {', '.join(STATUSES)}.",
            )

    def download(
        self, url: str, sink: IO[bytes], *, md5: str | None = None, private: bool = False
    ) -> DownloadInfo:
        """Write the file at an address to ``sink``.

        Raises
        ------
        OfflineError
            If the client is offline.
        IntegrityError
            If the content does not match ``md5``.
        """
        self._require_online(url)
        return self.transport.download(url, sink, expected_md5=md5, needs_key=private)

    def _request(
        self,
        route: Route,
        path: str,
        body: Any,
        files: Sequence[FilePart],
        form: Mapping[str, str],
    ) -> Request:
        from openml_client.transport import FilePart, Request

        parts = list(files)
        if body is not None and route.request is not None:
            self.check(route, body)
            parts.insert(
                0,
                FilePart(
                    name=route.request_part,
                    filename=f"{route.request_part}.xml",
                    content=xml.write(route.request, body),
                    content_type="text/xml",
                ),
            )
        if route.auth.is_required and self.settings.api_key is None:
            raise AuthenticationError(
                f"{route.name} of {self.host} needs an API key, and there is none",
                route=route.name,
                hint="Set OPENML_API_KEY, pass api_key= to Client, or run `openml-client login`.",
            )
        return Request(
            method=route.method,
            path=API_PATH + path,
            form=dict(form),
            files=tuple(parts),
            # Private things are readable with the key only, and nothing tells before that a
            # thing is private: reads of routes that may be private carry the key if there is one.
            needs_key=route.auth is not Auth.NONE and self.settings.api_key is not None,
            idempotent=route.method == "GET",
        )

    def check(self, route: Route, body: Any, *, also: Iterable[str] = ()) -> None:
        """Refuse what the server would refuse of a document that is to be uploaded.

        Parameters
        ----------
        also
            What else is wrong with it, told first.

        Raises
        ------
        ValidationError
            With the first faults, each with its place.
        """
        found = [*also, *(complaints(route.request, body) if route.request is not None else ())]
        if found:
            name = getattr(body, "name", None)
            what = type(body).__name__ + (f" {name!r}" if name else "")
            more = "\n".join([" Also:", *found[1:MAX_COMPLAINTS]]) if found[1:] else ""
            raise ValidationError(
                f"{route.name}: {what}: {found[0]}",
                route=route.name,
                hint=f"The server would refuse this, so nothing was sent.{more}",
            )

    def _read(
        self,
        route: Route,
        path: str,
        response: Response,
        *,
        read: Callable[..., Any] = xml.read,
    ) -> Any:
        from openml_client.transport.policy import is_page

        body = response.body.lstrip()
        asked = f"{path} of {self.host}"
        if _is_error_document(body):
            answer = xml.read(ERROR, body, source=path)
            error = error_for(answer, route=route.name, asked=asked)
            source = self.settings.api_key.source if self.settings.api_key else None
            if isinstance(error, AuthenticationError) and source:
                error.hint = f"The key came from {source}."
            raise error
        if response.status == 404:
            raise NotFoundError(f"{asked}: the server answered 404", route=route.name)
        if response.status != 200:
            raise TransportError(
                f"{asked}: the server answered {response.status}: {xml.first_line(body)!r}",
                status=response.status,
                body=body,
            )
        if not body:
            raise ProtocolError(f"{asked}: the answer is empty")
        if is_page(body):
            raise ProtocolError(
                f"{asked}: the answer is an HTML page, not a document: {xml.first_line(body)!r}",
                hint="Is this the address of an OpenML server? A proxy or a captive portal may "
                "have answered instead.",
            )
        return read(route.response, body, source=path)

    def _require_online(self, what: str) -> None:
        if self.is_offline:
            raise self._offline_error(what)

    def _offline_error(self, what: str) -> OfflineError:
        return OfflineError(
            f"the client is offline and {what} was asked of {self.host}",
            hint=self.settings.way_online,
        )


def _n_rows(route: Route, name: str, value: Any) -> int | None:
    if value is None:
        return None
    is_number = isinstance(value, Integral) and value is not True and value is not False
    if not is_number or int(value) < 0:
        raise ValidationError(
            f"{route.name}: {name} is a number of rows, 0 or more, not {value!r}",
            route=route.name,
        )
    return int(value)


def document_key(route: Route, id_: int) -> str:
    """Where the cache has the document of a thing."""
    return f"{route.name.replace('.', '/')}/{id_}.xml"


def name_key(route: Route, name: str, version: object) -> str:
    """Where the id of a name is kept: no version is another question than any of them."""
    folder = "alias" if version is None else f"version/{version}"
    return f"{route.name.replace('.', '/')}/{folder}/{name}"


def _is_error_document(body: bytes) -> bool:
    head = body[:200]
    return head.startswith((b"<oml:error", b"<error")) or (
        head.startswith(b"<?xml") and b"<oml:error" in head
    )
