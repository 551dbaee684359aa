"""The bare work of talking to a server and of running models, done as fast as is known."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.parsers import expat

import numpy as np
import pandas as pd
import pyarrow as pa
import urllib3

from benchmarks.limit import parse
from benchmarks.lists import QUALITIES

Work = Callable[[], Any]

PAGE = 10_000
"""Rows that the server gives at most."""
XML = "api/v1/xml"


def _with(work: Work, **attributes: Callable[..., Any]) -> Work:
    """The work with its ``extra`` or its ``comparable``; see side.py."""
    for name, value in attributes.items():
        setattr(work, name, value)
    return work


def _pool(address: str, size: int) -> Any:
    place = urlsplit(address)
    return urllib3.HTTPConnectionPool(place.hostname or "", place.port, maxsize=size, block=True)


def load_counted(address: str, id: int, path: str, warm: int) -> Work:
    """Two round trips: the description and the features together, then the file."""
    from benchmarks.counting import counted

    pool = _pool(address, 2)
    threads = ThreadPoolExecutor(2)

    def get(place: str) -> bytes:
        body: bytes = pool.request("GET", place).data
        return body

    def work() -> Any:
        places = (f"/{XML}/data/{id}", f"/{XML}/data/features/{id}")
        description, _ = threads.map(get, places)
        url = re.search(rb"<oml:url>[a-z]+://[^/]+([^<]+)</oml:url>", description)
        assert url is not None
        return parse(get(url[1].decode()), path)

    parse(Path(path).read_bytes(), path)
    return _with(work, extra=counted(address))


def metadata(address: str, ids: list[int], warm: int, workers: int) -> Work:
    """The bodies only, over as many connections as workers."""
    from benchmarks.counting import counted

    pool = _pool(address, workers)
    threads = ThreadPoolExecutor(workers)
    kinds = ("data", "data/features", "data/qualities")
    places = [f"/{XML}/{kind}/{id_}" for id_ in ids for kind in kinds]

    def work() -> Any:
        return list(threads.map(lambda place: pool.request("GET", place).data, places))

    def comparable(bodies: Sequence[bytes]) -> list[list[Any]]:
        name = re.compile(rb"<oml:name>([^<]+)</oml:name>")
        return [
            [
                id_,
                name.findall(bodies[3 * n])[0].decode(),
                bodies[3 * n + 1].count(b"<oml:feature>"),
                bodies[3 * n + 2].count(b"<oml:quality>"),
            ]
            for n, id_ in enumerate(ids)
        ]

    return _with(work, extra=counted(address), comparable=comparable)


def _bodies(address: str, path: str) -> Any:
    """The pages of a list, over one connection."""
    pool = _pool(address, 1)
    for start in range(0, 10**9, PAGE):
        answer = pool.request("GET", f"/{path}/limit/{PAGE}/offset/{start}")
        if answer.status != 200:
            return
        yield answer.data


class _Columns:
    """Texts of the elements of rows, column by column, as expat comes upon them."""

    def __init__(self, row: str) -> None:
        self.row = f"oml:{row}"
        self.texts: dict[str, list[str]] = {}
        self.n_rows = 0

    def read(self, body: bytes) -> None:
        texts, row, quality = self.texts, self.row, ""
        said: list[str] = []

        def start(_: str, attributes: dict[str, str]) -> None:
            nonlocal quality
            quality = attributes.get("name", "") if attributes else ""
            said.clear()

        def end(name: str) -> None:
            if name == row:
                self.n_rows += 1
            elif said:
                texts.setdefault(quality or name[4:], []).append(said[0])
                said.clear()

        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = start, end
        parser.CharacterDataHandler = said.append
        parser.Parse(body, True)

    def frame(self, numbers: Sequence[str], floats: Sequence[str]) -> Any:
        """These rows have all columns."""
        types = dict.fromkeys(numbers, int) | dict.fromkeys(floats, float)
        columns = {
            name: np.array(list(map(types[name], texts))) if name in types else self.text(texts)
            for name, texts in self.texts.items()
            if len(texts) == self.n_rows
        }
        return pd.DataFrame(columns)

    def text(self, texts: list[str]) -> list[str]:
        return texts


class _Fast(_Columns):
    """The same where no element has an attribute: expat's events go into a list without a call.

    Blanks before an element come with its text, and only texts mind them.
    """

    def text(self, texts: list[str]) -> list[str]:
        return list(map(str.lstrip, texts))

    def read(self, body: bytes) -> None:
        events: list[str] = []
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.CharacterDataHandler = parser.EndElementHandler = events.append
        parser.Parse(body, True)
        before = ""
        texts = self.texts
        for event in events:
            if event.startswith("oml:"):
                if event == self.row:
                    self.n_rows += 1
                else:
                    texts.setdefault(event[4:], []).append(before)
            before = event


def list_datasets(address: str) -> Work:
    """By expat, column-wise."""
    from benchmarks.digests import listed_datasets

    def work() -> Any:
        columns = _Columns("dataset")
        for body in _bodies(address, f"{XML}/data/list"):
            columns.read(body)
        return columns.frame(("did", "version", "uploader", "file_id"), QUALITIES)

    return _with(work, comparable=lambda frame: listed_datasets(frame, {}))


def list_datasets_json(address: str) -> Work:
    """By the standard library's json; it lacks the uploader."""
    from benchmarks.digests import listed_datasets

    names = ("did", "name", "version", "status", "format", "file_id")

    def work() -> Any:
        rows: list[Any] = []
        for body in _bodies(address, "api/v1/json/data/list"):
            rows += json.loads(body)["data"]["dataset"]
        columns: dict[str, list[Any]] = {name: [row[name] for row in rows] for name in names}
        for place, name in enumerate(QUALITIES):
            columns[name] = [float(row["quality"][place]["value"]) for row in rows]
        return pd.DataFrame(columns)

    return _with(work, comparable=lambda frame: listed_datasets(frame, {}))


def list_evaluations(address: str) -> Work:
    """By expat, column-wise."""
    from benchmarks.digests import listed_evaluations

    numbers = ("run_id", "task_id", "setup_id", "flow_id", "data_id", "uploader")

    def work() -> Any:
        columns = _Fast("evaluation")
        for body in _bodies(address, f"{XML}/evaluation/list/function/predictive_accuracy"):
            columns.read(body)
        return columns.frame((*numbers, "evaluation_engine_id"), ("value",))

    return _with(work, comparable=lambda frame: listed_evaluations(frame, {}))


def list_evaluations_json(address: str) -> Work:
    """By the standard library's json; it lacks the dataset's id and the uploader."""
    path = "api/v1/json/evaluation/list/function/predictive_accuracy"

    def work() -> Any:
        rows: list[Any] = []
        for body in _bodies(address, path):
            rows += json.loads(body)["evaluations"]["evaluation"]
        return pd.DataFrame({name: [row[name] for row in rows] for name in rows[0]})

    return work


def execute(address: str, task: int, kept: str, is_loaded: bool = False) -> Work:
    """The loop over folds, from files that are mapped into memory; or with all in memory."""
    from sklearn.base import clone
    from sklearn.dummy import DummyClassifier

    folder = _kept(address, task, Path(kept))
    model = DummyClassifier()
    model.fit(np.zeros((4, 1)), [0, 1, 0, 1]).predict_proba(np.zeros((1, 1)))

    def read() -> Any:
        with pa.memory_map(str(folder / "data.arrow")) as source:
            frame = pa.ipc.open_file(source).read_all().to_pandas(split_blocks=True)
        splits = np.load(folder / "splits.npy", mmap_mode="r")
        bounds = np.load(folder / "bounds.npy").tolist()
        return frame.iloc[:, :-1], frame.iloc[:, -1], splits, bounds

    memory = read() if is_loaded else None

    def work() -> Any:
        x, y, rows, bounds = memory or read()
        labels = np.asarray(y.cat.categories)
        parts = []
        for repeat, fold, start, middle, end in bounds:
            train, test = rows[start:middle], rows[middle:end]
            fitted = clone(model).fit(x.iloc[train], y.iloc[train])
            some = x.iloc[test]
            said = np.searchsorted(labels, fitted.predict(some))
            parts.append((repeat, fold, test, said, fitted.predict_proba(some)))
        return labels, parts

    return _with(work, comparable=_predictions)


def _predictions(result: Any) -> Any:
    from benchmarks.digests import predictions

    labels, parts = result
    sizes = [len(part[2]) for part in parts]
    return predictions(
        labels,
        repeat=np.repeat([part[0] for part in parts], sizes),
        fold=np.repeat([part[1] for part in parts], sizes),
        row=np.concatenate([part[2] for part in parts]),
        prediction=np.concatenate([part[3] for part in parts]),
        confidence=np.concatenate([part[4] for part in parts]),
    )


def _kept(address: str, task: int, folder: Path) -> Path:
    """Data and splits of a task in files that can be mapped, made once."""
    from openml_client import Client

    if (folder / "bounds.npy").exists():
        return folder
    with Client(address, cache_dir=tempfile.mkdtemp(prefix="bench-cache-")) as client:
        splits = client.tasks.splits(task)
        table = client.datasets.load(client.tasks.get(task).dataset_id).to_arrow()
    kept = str(folder / "data.arrow")
    with pa.OSFile(kept, "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    bounds, rows, start = [], [], 0
    for (repeat, fold, _), part in splits.items():
        middle, end = start + len(part.train), start + len(part.train) + len(part.test)
        bounds.append((repeat, fold, start, middle, end))
        rows += [part.train, part.test]
        start = end
    np.save(folder / "splits.npy", np.concatenate(rows).astype(np.int32))
    np.save(folder / "bounds.npy", np.array(bounds))
    return folder
