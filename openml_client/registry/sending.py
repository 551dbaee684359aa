"""How contents are sent, and to whom private ones."""

from __future__ import annotations

from flask import request, send_file
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
    name: str,
    mimetype: str,
    as_attachment: bool = True,
) -> AnyResponse:
    """Send a blob; parts of it and only what is newer can be asked for, as it never changes.

    Parameters
    ----------
    what
        What it is, for errors.
    name
        What a browser shall call it.
    as_attachment
        Whether a browser shall keep it, not show it.

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
        as_attachment=as_attachment,
        download_name=name,
        conditional=True,
        etag=sha256,
    )
    response.headers["Content-Security-Policy"] = SANDBOX
    return response
