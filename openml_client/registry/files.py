"""What is served beside the API: data files, splits files, and the front page.

Source: protocol note, sections 3.3 and 9.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import PurePath
from typing import BinaryIO

from flask import Flask, Response
from sqlalchemy import Table, func, select
from werkzeug.wrappers import Response as AnyResponse

from openml_client.errors import IntegrityError, TaskError
from openml_client.registry import objects, pages
from openml_client.registry.blobs import missing
from openml_client.registry.calls import Services
from openml_client.registry.sending import SANDBOX, reader, redirect, send
from openml_client.registry.store import datasets, files, schema
from openml_client.registry.store.files import StoredFile
from openml_client.registry.store.rows import MAX_ID
from openml_client.registry.store.users import may_change

_ID = f"int(max={MAX_ID})"
_TEXT = "text/plain"


def add_rules(app: Flask, services: Services) -> None:
    """Add the addresses to an application."""
    named: dict[str, Callable[..., AnyResponse]] = {
        f"/api_splits/get/<{_ID}:task_id>": partial(_splits, services),
        f"/api_splits/merge_datasets/<{_ID}:task_id>": _merged,
    }
    for verb, answer in (("download", _download), ("view", _view), ("get_csv", _csv)):
        for root in ("/data/v1", "/data"):
            named[f"{root}/{verb}/<{_ID}:file_id>"] = partial(_of_file, services, answer)
    views = named | {f"{rule}/<name>": view for rule, view in named.items()}
    views["/datasets"] = partial(objects.bucket, services)
    views["/datasets/<path:key>"] = partial(objects.get, services)
    views["/"] = partial(_front, services)
    for rule, view in views.items():
        app.add_url_rule(rule, rule, view, methods=["GET", "HEAD"])


def _of_file(
    services: Services,
    answer: Callable[[Services, StoredFile], AnyResponse],
    file_id: int,
    name: str = "",
) -> AnyResponse:
    """Answer about a file, if it is there and whoever asks may see it; its name is for people."""
    with services.store.read() as connection:
        file = files.find(connection, file_id)
    if file is None:
        return pages.not_found(status=404)
    if file.is_private and not may_change(reader(services), file.uploader_id):
        return pages.forbidden()
    return answer(services, file)


def _download(services: Services, file: StoredFile) -> AnyResponse:
    if file.url is not None or file.sha256 is None:  # a copy is there for the engine alone
        return redirect(file.url or "/")
    mimetype = _TEXT if _is_arff(file) else file.content_type
    return send(services, file.sha256, f"file {file.id}", mimetype=mimetype, keep_as=file.name)


def _view(services: Services, file: StoredFile) -> AnyResponse:
    if file.url is not None or file.sha256 is None:  # a copy is there for the engine alone
        return redirect(file.url or "/")
    return send(services, file.sha256, f"file {file.id}", mimetype=file.content_type)


def _is_arff(file: StoredFile) -> bool:
    return file.name.lower().endswith(".arff")


def _csv(services: Services, file: StoredFile) -> AnyResponse:
    """The data lines of a processed dataset's ARFF file below the names of its features."""
    with services.store.read() as connection:
        dataset_id = files.dataset_of(connection, file.id)
        features = datasets.features_of(connection, dataset_id) if dataset_id else ()
    if file.sha256 is None or not _is_arff(file) or not features:
        return pages.not_found(status=404)
    try:
        stream = services.blobs.open(file.sha256)
    except IntegrityError as error:
        raise missing(f"file {file.id}") from error
    response = Response(_csv_lines(stream, [f.name for f in features]), mimetype=_TEXT)
    response.call_on_close(stream.close)
    name = f"{PurePath(file.name).stem}.csv"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Content-Security-Policy"] = SANDBOX
    return response


def _csv_lines(stream: BinaryIO, names: Sequence[str]) -> Iterator[bytes]:
    quoted = ['"' + name.replace('"', '""') + '"' for name in names]
    yield (",".join(quoted) + "\n").encode()
    for line in stream:
        if line.strip().lower() == b"@data":
            break
    for line in stream:
        if not line.startswith(b"%"):
            yield line


def _splits(services: Services, task_id: int, name: str = "") -> AnyResponse:
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
    return send(services, sha256, f"the splits of task {task_id}", mimetype=_TEXT)


def _merged(task_id: int, name: str = "") -> AnyResponse:
    """Say that there is no such file: the real server's engine fails to make it, too."""
    text = (
        f"failed to perform action merge_datasets. This registry keeps the datasets of task "
        f"{task_id} apart: download each by itself."
    )
    return Response(text, status=412, mimetype=_TEXT)


def _front(services: Services) -> AnyResponse:
    def count(table: Table) -> int:
        return connection.scalar(select(func.count()).select_from(table)) or 0

    tables = (schema.datasets, schema.tasks, schema.flows, schema.runs)
    with services.store.read() as connection:
        counts = {table.name: count(table) for table in tables}
    return pages.front(counts)
