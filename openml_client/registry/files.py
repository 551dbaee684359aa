"""What is served beside the API: data files, splits files, and the front page.

Source: protocol note, sections 3.3 and 9.1.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Response, redirect, request, send_file
from sqlalchemy import Table, func, select
from werkzeug.wrappers import Response as AnyResponse

from openml_client.errors import IntegrityError, TaskError
from openml_client.registry import pages
from openml_client.registry.auth import authenticate
from openml_client.registry.blobs import missing
from openml_client.registry.calls import MAX_ID, Refusal, Services
from openml_client.registry.store import files, schema
from openml_client.registry.store.files import StoredFile
from openml_client.registry.store.users import User

_ID = f"int(max={MAX_ID})"
_TEXT = "text/plain"
_SANDBOX = "default-src 'none'; sandbox"
"""A file that was uploaded may be a page with a script; no browser shall run it."""


def add_rules(app: Flask, services: Services) -> None:
    """Add the addresses to an application."""

    def download(file_id: int, name: str = "") -> AnyResponse:
        return _download(services, file_id)

    def splits(task_id: int, name: str = "") -> AnyResponse:
        return _splits(services, task_id)

    def parquet(key: str) -> AnyResponse:
        return _no_parquet()

    def front() -> AnyResponse:
        return _front(services)

    views: dict[str, Callable[..., AnyResponse]] = {
        f"/data/v1/download/<{_ID}:file_id>": download,
        f"/data/download/<{_ID}:file_id>": download,
        f"/api_splits/get/<{_ID}:task_id>": splits,
        "/datasets/<path:key>": parquet,
        "/": front,
    }
    for rule, view in views.items():
        app.add_url_rule(rule, rule, view, methods=["GET", "HEAD"])
        if view in {download, splits}:
            app.add_url_rule(f"{rule}/<name>", rule, view, methods=["GET", "HEAD"])


def _download(services: Services, file_id: int) -> AnyResponse:
    user = _reader(services)
    with services.store.read() as connection:
        file = files.find(connection, file_id)
    if file is None:
        return pages.not_found(status=404)
    if file.is_private and not _owns(user, file.uploader_id):
        return pages.forbidden()
    if file.sha256 is None:
        return redirect(file.url or "/")
    what = f"file {file.id}"
    return _send(services, file.sha256, what, name=file.name, mimetype=_mimetype(file))


def _reader(services: Services) -> User | None:
    """The user whose key was sent; a wrong key counts as none, as files are not of the API."""
    try:
        return authenticate(services.store, request)
    except Refusal:
        return None


def _owns(user: User | None, uploader_id: int) -> bool:
    return user is not None and (user.is_admin or user.id == uploader_id)


def _mimetype(file: StoredFile) -> str:
    return _TEXT if file.name.lower().endswith(".arff") else file.content_type


def _send(services: Services, sha256: str, what: str, *, name: str, mimetype: str) -> AnyResponse:
    """Send a blob; parts of it and only what is newer can be asked for, as it never changes."""
    path = services.blobs.path(sha256)
    try:
        source = path if path is not None and path.is_file() else services.blobs.open(sha256)
    except IntegrityError as error:
        raise missing(what) from error
    response = send_file(
        source,
        mimetype=mimetype,
        as_attachment=True,
        download_name=name,
        conditional=True,
        etag=sha256,
    )
    response.headers["Content-Security-Policy"] = _SANDBOX
    return response


def _splits(services: Services, task_id: int) -> AnyResponse:
    # Heavy with numpy, and only needed here.
    from openml_client.registry.publishing.splits import NO_SPLITS, splits_file

    try:
        sha256 = splits_file(services, task_id)
    except TaskError as error:
        if error.message == NO_SPLITS:
            # The server says so in a page, if one without any markup.
            return Response(NO_SPLITS, status=412, mimetype="text/html")
        text = f"failed to perform action generate_folds. {error.message}"
        return Response(text, status=412, mimetype=_TEXT)
    what = f"the splits of task {task_id}"
    return _send(services, sha256, what, name=f"Task_{task_id}_splits.arff", mimetype=_TEXT)


def _no_parquet() -> AnyResponse:
    """Say what an object store says; clients take it as a hint to fetch the ARFF file."""
    text = "<Error><Code>NoSuchKey</Code><Message>There is no such object.</Message></Error>"
    return Response(text, status=404, content_type="application/xml")


def _front(services: Services) -> AnyResponse:
    def count(table: Table) -> int:
        return connection.scalar(select(func.count()).select_from(table)) or 0

    tables = (schema.datasets, schema.tasks, schema.flows, schema.runs)
    with services.store.read() as connection:
        counts = {table.name: count(table) for table in tables}
    return pages.front(counts)
