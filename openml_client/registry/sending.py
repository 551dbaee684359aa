"""How contents are sent, and to whom private ones."""

from __future__ import annotations

from flask import Response, request, send_file
from werkzeug.wrappers import Response as AnyResponse

from openml_client.errors import IntegrityError
from openml_client.registry.auth import authenticate
from openml_client.registry.blobs import missing
from openml_client.registry.calls import Refusal, Services
from openml_client.registry.store.users import User

SANDBOX = "default-src 'none'; sandbox"
"""A file that was uploaded may be a page with a script; no browser shall run it."""


def reader(services: Services) -> User | None:
    """The user whose key was sent; a wrong key counts as none, as files are not of the API."""
    try:
        return authenticate(services.store, request)
    except Refusal:
        return None


def send(
    services: Services,
    sha256: str,
    what: str,
    *,
    mimetype: str,
    keep_as: str | None = None,
) -> AnyResponse:
    """Send a blob; parts of it and only what is newer can be asked for, as it never changes.

    Parameters
    ----------
    what
        What it is, for errors.
    keep_as
        The name by which a browser shall keep it; None if it shall show it.

    Raises
    ------
    IntegrityError
        If it is not there.
    """
    path = services.blobs.path(sha256)
    try:
        source = path if path is not None and path.is_file() else services.blobs.open(sha256)
    except IntegrityError as error:
        raise missing(what) from error
    response = send_file(
        source,
        mimetype=mimetype,
        as_attachment=keep_as is not None,
        download_name=keep_as,
        conditional=True,
        etag=sha256,
    )
    if keep_as is None:
        # The real server says nothing then; what the file itself is called is no name for people.
        response.headers.pop("Content-Disposition", None)
    response.headers["Content-Security-Policy"] = SANDBOX
    return response


def redirect(url: str) -> AnyResponse:
    """Send to an address elsewhere, without a page that repeats it."""
    return Response(status=302, mimetype="text/html", headers={"Location": url})
