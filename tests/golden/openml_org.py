"""A server that answers what openml.org answered: the recorded chains, at their own ids.

Documents are sent as they were recorded, but for the addresses in them, which lead here.  What was
not recorded is not there: lists of datasets, features, setups and most files of runs and flows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openml_client.model.run import Run, RunSummary
from openml_client.wire import xml
from openml_client.wire.codec import Document
from openml_client.wire.dataset import DATASET
from openml_client.wire.run import RUN, RUNS
from openml_client.wire.task import TASK
from openml_client.wire.vocabulary import ERROR, ErrorAnswer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_HOST = re.compile(rb"https?://(?:www\.openml\.org|test\.openml\.org|capa\.win\.tue\.nl)/+")
_NO_FUNCTION = 100
_NOT_RECORDED = {"data/list/": 372, "data/features/": 272, "data/qualities/": 362, "setup/": 281}
_NO_RUNS = 512


class OpenmlOrg:
    """A WSGI application below ``address`` that knows the chains of one folder.

    Parameters
    ----------
    moved_flows
        Recorded flows by the ids by which recorded runs know them: the server has given one of
        them another id in between.
    """

    def __init__(
        self, folder: Path, address: str, *, moved_flows: dict[int, int] | None = None
    ) -> None:
        self._address = address
        self._documents: dict[str, bytes] = {}
        self._files: dict[str, bytes] = {}
        self._runs: list[Run] = []
        for place in sorted(folder.glob("datasets/*")):
            self.add_dataset(place)
        for place in sorted(folder.glob("tasks/*")):
            self._add_task(place)
        for place in sorted(folder.glob("runs/*")):
            self._add_run(place)
        for place in sorted(folder.glob("flows/*")):
            self._documents[f"flow/{place.name}"] = self._read(place / "flow.xml")
        for id_, recorded in (moved_flows or {}).items():
            document = self._documents[f"flow/{recorded}"]
            old, new = f"<oml:id>{recorded}<".encode(), f"<oml:id>{id_}<".encode()
            self._documents[f"flow/{id_}"] = document.replace(old, new)

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        path = re.sub("/+", "/", environ["PATH_INFO"])
        status, body = self._answer(path)
        start(status, [("Content-Type", "text/xml"), ("Content-Length", str(len(body)))])
        return [body]

    def _answer(self, path: str) -> tuple[str, bytes]:
        asked = path.removeprefix("/api/v1/xml/")
        if asked in self._documents:
            return "200 OK", self._documents[asked]
        if asked.startswith("run/list/"):
            found = list(self._listed(asked))
            return ("200 OK", xml.write(RUNS, found)) if found else _refusal(_NO_RUNS)
        if path.startswith("/api/"):
            codes = (code for start, code in _NOT_RECORDED.items() if asked.startswith(start))
            return _refusal(next(codes, _NO_FUNCTION))
        if path in self._files:
            return "200 OK", self._files[path]
        return "404 Not Found", b"There is no such file."

    def _listed(self, asked: str) -> Iterator[RunSummary]:
        """The runs on a task, all of them on the first page."""
        match = re.search(r"task/(\d+)", asked)
        if match is None or not re.search(r"offset/0(/|$)", asked):
            return
        for run in self._runs:
            if run.task_id == int(match[1]):
                yield RunSummary(
                    id=run.id,
                    task_id=run.task_id,
                    setup_id=run.setup_id or 0,
                    flow_id=run.flow_id,
                    uploader_id=run.uploader_id or 0,
                )

    def add_dataset(self, place: Path) -> None:
        """Answer also what a folder of one dataset holds."""
        dataset = self._add(DATASET, "data", place / "description.xml")
        for name in ("features", "qualities"):
            if (place / f"{name}.xml").exists():
                self._documents[f"data/{name}/{dataset.id}"] = self._read(place / f"{name}.xml")
        self._files[self._path(dataset.url)] = (place / "dataset.arff").read_bytes()

    def _add_task(self, place: Path) -> None:
        task = self._add(TASK, "task", place / "task.xml")
        splits = (place / "datasplits.arff").read_bytes()
        self._files[self._path(task.procedure.data_splits_url)] = splits

    def _add_run(self, place: Path) -> None:
        run = self._add(RUN, "run", place / "run.xml")
        self._runs.append(run)
        self._files[self._path(run.file("predictions").url)] = (
            place / "predictions.arff"
        ).read_bytes()

    def _add(self, document: Document, kind: str, path: Path) -> Any:
        body = self._read(path)
        thing = xml.read(document, body, source=path.name)
        self._documents[f"{kind}/{thing.id}"] = body
        return thing

    def _read(self, path: Path) -> bytes:
        return _HOST.sub(f"{self._address}/".encode(), path.read_bytes())

    def _path(self, url: str) -> str:
        return url.removeprefix(self._address)


def _refusal(code: int) -> tuple[str, bytes]:
    error = ErrorAnswer(code=code, message="It was not recorded.")
    return "412 Precondition Failed", xml.write(ERROR, error)
