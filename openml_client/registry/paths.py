"""Paths as the real server takes them.  Source: protocol note, section 1."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from openml_client.registry.pages import bad_path

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_ALLOWED = re.compile(r"[a-zA-Z0-9~%.:_\-(), /]*")
"""In a path as it was sent, still percent-encoded."""


class TidyPaths:
    """A WSGI application behind which doubled and trailing slashes mean nothing."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Pass the request on, unless its path has characters that the server refuses."""
        sent = environ.get("REQUEST_URI") or environ.get("RAW_URI")
        if sent is not None and not _ALLOWED.fullmatch(_path(sent)):
            return bad_path()(environ, start)
        path = re.sub(r"/{2,}", "/", environ.get("PATH_INFO", ""))
        environ["PATH_INFO"] = path.rstrip("/") or "/"
        return self._app(environ, start)


def _path(target: str) -> str:
    """The path of a request's target, which may be a whole address."""
    path = target.partition("?")[0]
    scheme, separator, rest = path.partition("://")
    if separator and "/" not in scheme:
        path = "/" + rest.partition("/")[2]
    return path
