"""An existing cache of openml-python: its files become entries of our own, once they are verified.

Nothing in it is trusted.  A document is taken if it decodes and has the id of its folder, a data
file if its md5 is that of the description, splits and predictions if they read as such.  Pickles
and what comes with them are never opened, and no link is followed out of the folder.

Source: openml-python 0.15.1, ``config.get_cache_directory`` and the functions ``_get_cached_*``:
``datasets/ID/{description,features,qualities}.xml|dataset.arff|dataset_ID.pq``,
``tasks/ID/task.xml|datasplits.arff``, ``flows/ID/flow.xml``, ``runs/ID/description.xml`` and
``setups/ID/description.xml``.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from openml_client.errors import ConfigError, IntegrityError, OpenMLError
from openml_client.model.dataset import Dataset
from openml_client.model.run import Run
from openml_client.resources.caller import document_key, name_key
from openml_client.resources.loading import file_key
from openml_client.resources.run_documents import PREDICTIONS
from openml_client.resources.run_files import run_file_key
from openml_client.resources.tasks import splits_key
from openml_client.wire import xml
from openml_client.wire.route import Route
from openml_client.wire.routes import every as routes

if TYPE_CHECKING:
    from openml_client.cache import Cache
    from openml_client.config import Settings

_DOCUMENTS: Mapping[str, Mapping[str, Route]] = {
    "datasets": {
        "description.xml": routes.DATASET_GET,
        "features.xml": routes.DATASET_FEATURES,
        "qualities.xml": routes.DATASET_QUALITIES,
    },
    "tasks": {"task.xml": routes.TASK_GET},
    "flows": {"flow.xml": routes.FLOW_GET},
    "setups": {"description.xml": routes.SETUP_GET},
    "runs": {"description.xml": routes.RUN_GET},
}
"""By folder, the names of the documents of one thing.  The first says what it is."""

_ID = re.compile(r"[1-9][0-9]{0,17}")
_PICKLES = re.compile(r"\.(pkl|pickle|feather)(\.|$)")


@dataclass(frozen=True, kw_only=True)
class NotTaken:
    """A file that was left out, and why."""

    path: Path
    reason: str


@dataclass(kw_only=True)
class Imported:
    """What came of the import of a cache."""

    folder: Path
    taken: list[str] = field(default_factory=list)
    """Keys of the entries that are new."""
    present: list[str] = field(default_factory=list)
    """Keys of the entries that were there, and stayed."""
    left_out: list[NotTaken] = field(default_factory=list)


def find_folder(settings: Settings, given: Path | None = None) -> Path:
    """The folder in which openml-python keeps what it had from the server of the settings.

    Parameters
    ----------
    given
        That folder, or the one of its cache for all servers; looked for in its documented places
        if this is None.

    Raises
    ------
    ConfigError
        If it is not there, is of another server, or the server is an embedded registry.
    """
    host = urlsplit(settings.server).netloc
    if settings.is_local or not host:
        raise ConfigError(
            f"openml-python has no cache of {settings.server}, which is an embedded registry",
            hint="Name the server: openml-client --server https://www.openml.org cache import",
        )
    below = Path(*reversed(host.split(".")))
    if given is None:
        looked_at = [root / below for root in _usual_roots(settings)]
    else:
        given = given.expanduser().absolute()
        _check_server(given, below, settings.server)
        looked_at = [given / below, given]
    for folder in looked_at:
        if any((folder / kind).is_dir() for kind in _DOCUMENTS):
            return folder
    raise ConfigError(
        f"there is no cache of openml-python for {settings.server} in "
        + " or ".join(map(str, looked_at)),
        hint="Name its folder: openml-client cache import FOLDER",
    )


def _usual_roots(settings: Settings) -> Iterator[Path]:
    """Where openml-python keeps its cache.  Source: openml-python 0.15.1, ``config.py``."""
    # OPENML_CACHE_DIR and the cachedir of its configuration file are settings of ours, too.
    yield settings.cache_dir
    home = Path(os.path.expanduser("~"))  # noqa: PTH111  (never raises)
    if sys.platform.startswith("linux"):
        xdg = os.environ.get("XDG_CACHE_HOME")
        if xdg:
            yield Path(xdg) / "openml"
            yield Path(xdg)
        else:
            yield home / ".cache" / "openml"
    yield home / ".openml"


def _check_server(folder: Path, below: Path, server: str) -> None:
    """Refuse the folder of another server of the same domain: its ids mean other things here."""
    *domain, host = below.parts
    tail = folder.parts[-len(below.parts) :]
    if domain and tail[:-1] == tuple(domain) and tail[-1] != host:
        other = ".".join(reversed(tail))
        raise ConfigError(
            f"{folder} is openml-python's cache of {other}, not of {server}",
            hint=f"Name that server: openml-client --server https://{other} cache import FOLDER",
        )


def import_cache(folder: Path, cache: Cache) -> Imported:
    """Take into a cache what openml-python has of the same server; what is there stays.

    Parameters
    ----------
    folder
        As `find_folder` gives it.
    """
    return _Import(folder, cache).run()


class _Import:
    """One import: where from, where to, and what came of it so far."""

    def __init__(self, folder: Path, cache: Cache) -> None:
        self._root = folder.resolve()
        self._cache = cache
        self._result = Imported(folder=folder)

    def run(self) -> Imported:
        for kind in _DOCUMENTS:
            for folder in self._listed(self._root / kind):
                if folder.name.startswith("."):
                    continue
                if _ID.fullmatch(folder.name) and folder.is_dir():
                    self._take_thing(kind, folder)
                else:
                    self._leave_out(folder, "it is no folder of a thing, which is named by its id")
        return self._result

    def _take_thing(self, kind: str, folder: Path) -> None:
        id_ = int(folder.name)
        names = {path.name for path in self._listed(folder) if not path.name.startswith(".")}
        (main, route), *others = _DOCUMENTS[kind].items()
        thing = self._document(folder / main, route, id_) if main in names else None
        handled = {main}
        for name, other in others:
            if name in names and thing is not None:
                handled.add(name)
                self._document(folder / name, other, id_)
        if thing is not None:
            handled |= self._take_files(kind, folder, id_, thing, names)
        for name in sorted(names - handled):
            self._leave_out(folder / name, _reason(name, is_known=thing is not None, main=main))

    def _take_files(
        self, kind: str, folder: Path, id_: int, thing: Any, names: set[str]
    ) -> set[str]:
        """Take the files of a thing that are no documents; gives the names of those it knows."""
        from openml_client.formats.predictions import read_predictions
        from openml_client.formats.splits import read_splits

        if kind == "datasets" and "dataset.arff" in names:
            self._data_file(folder / "dataset.arff", thing)
            return {"dataset.arff"}
        if kind == "tasks" and "datasplits.arff" in names:
            self._file(folder / "datasplits.arff", splits_key(id_), read_splits)
            return {"datasplits.arff"}
        if kind == "runs" and PREDICTIONS in names:
            self._predictions(folder / PREDICTIONS, thing, read_predictions)
            return {PREDICTIONS}
        return set()

    def _document(self, path: Path, route: Route, id_: int) -> Any:
        """The thing that a document describes, as the cache has it from now on; or None."""
        key = document_key(route, id_)

        def check(content: bytes) -> Any:
            found = xml.read(route.response, content, source=path.name)
            told = getattr(found, "id", id_)
            if told != id_:
                raise IntegrityError(f"it is of the id {told}")
            return found

        content = self._file(path, key, check)
        if content is None:
            return None
        found = xml.read(route.response, content, source=key)
        if isinstance(found, Dataset):  # the version of a name is a fact, the newest one is not
            version = name_key(route, found.name, found.version)
            if self._cache.read(version) is None:
                self._cache.write(version, str(id_).encode())
        return found

    def _data_file(self, path: Path, dataset: Dataset) -> None:
        md5 = dataset.md5
        if md5 is None:
            self._leave_out(path, "the description has no md5 to verify it by")
            return

        def check(content: bytes) -> None:
            found = hashlib.md5(content, usedforsecurity=False).hexdigest()
            if found != md5.lower():
                raise IntegrityError(f"its md5 is {found}, and the description says {md5}")

        self._file(path, file_key(dataset, "arff"), check)

    def _predictions(self, path: Path, run: Run, check: Callable[[bytes], object]) -> None:
        file = run.file(PREDICTIONS.partition(".")[0])
        if file is None:
            self._leave_out(path, "the run has no predictions")
            return
        self._file(path, run_file_key(run, file, PREDICTIONS), check)

    def _file(self, path: Path, key: str, check: Callable[[bytes], object]) -> bytes | None:
        """Content of an entry that is there, or that a file becomes if it passes the check."""
        kept = self._cache.read(key)
        if kept is not None:
            self._result.present.append(key)
            return kept
        try:
            content = self._read(path)
            check(content)
        except OpenMLError as error:
            self._leave_out(path, error.message)
            return None
        except OSError as error:
            self._leave_out(path, error.strerror or str(error))
            return None
        self._cache.write(key, content)
        if self._cache.read(key) is None:
            self._leave_out(path, "it could not be kept")
            return None
        self._result.taken.append(key)
        return content

    def _read(self, path: Path) -> bytes:
        real = path.resolve()
        if not real.is_relative_to(self._root):
            raise IntegrityError("it is a link that leads out of the folder")
        if not real.is_file():
            raise IntegrityError("it is no file")
        return real.read_bytes()

    def _listed(self, folder: Path) -> list[Path]:
        """What is in a folder; nothing if there is none."""
        if not folder.resolve().is_relative_to(self._root):
            self._leave_out(folder, "it is a link that leads out of the folder")
            return []
        try:
            return sorted(folder.iterdir(), key=lambda path: (len(path.name), path.name))
        except FileNotFoundError:
            return []
        except OSError as error:
            self._leave_out(folder, error.strerror or str(error))
            return []

    def _leave_out(self, path: Path, reason: str) -> None:
        self._result.left_out.append(NotTaken(path=path, reason=reason))


def _reason(name: str, *, is_known: bool, main: str) -> str:
    """Why a file is left out that nobody looked into."""
    if _PICKLES.search(name):
        return "pickles and what comes with them are never opened"
    if not is_known:
        return f"there is no usable {main} beside it"
    if name.endswith((".pq", ".parquet")):
        return "the server tells no checksum of Parquet files to verify it by"
    return "it is none of the files that are used here"
