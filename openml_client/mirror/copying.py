"""Copies one kind of thing after the other, many of a kind at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from openml_client.errors import (
    AuthenticationError,
    NoResultError,
    NotFoundError,
    OfflineError,
    ProtocolError,
    ServerError,
    TransportError,
    ValidationError,
)
from openml_client.mirror.contents import Contents
from openml_client.mirror.pool import Pool
from openml_client.model.dataset import Dataset, DescriptionVersion, Feature, md5_of
from openml_client.model.mirror import Mirrored
from openml_client.model.run import Run, RunSummary
from openml_client.model.setup import Setup
from openml_client.model.study import Study
from openml_client.model.task import Task, TaskInputs
from openml_client.model.trace import TraceIteration
from openml_client.registry import Registry, blobs
from openml_client.registry.importing import (
    datasets,
    files,
    flows,
    runs,
    setups,
    studies,
    tasks,
    users,
)
from openml_client.registry.importing.base import transaction
from openml_client.registry.importing.files import ImportedFile, LostFile
from openml_client.registry.store.datasets import PUBLIC
from openml_client.resources.ids import as_id
from openml_client.resources.tasks import NO_SPLITS

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from openml_client.client import Client

IDS_AT_ONCE = 100
"""A list of so many ids of nine digits is an address of 1,000 characters; servers take 2,000."""

NO_ROUTE = frozenset({400, 403, 405, 410, 500, 501})
"""Statuses that a server without a route may have for it, beside 404 and the answers that say so;
those of a server that may answer later are not among them."""

T = TypeVar("T")


@dataclass(frozen=True)
class SourceDataset:
    """What a server tells of a dataset beside its description."""

    features: Sequence[Feature]
    qualities: Mapping[str, float | None]
    uploader_id: int | None
    descriptions: Sequence[DescriptionVersion]
    """All texts that it was described by, the one of today among them."""


@dataclass(frozen=True)
class SourceTask:
    """A task as its server tells it."""

    task: Task
    inputs: TaskInputs
    dataset_ids: tuple[int, ...]
    """Of all datasets that it is on."""


class Copier:
    """Copies from a server into a registry, and keeps the tally."""

    def __init__(self, source: Client, registry: Registry, *, workers: int, progress: bool) -> None:
        self._source = source
        self._registry = registry
        self._store = registry.store
        self._blobs = registry.services.blobs
        self._pool = Pool(workers, progress)
        self._contents = Contents(source, self._blobs)
        self._writing = Lock()

    def copy(
        self,
        *,
        datasets: Sequence[Any],
        tasks: Sequence[Any],
        suites: Sequence[Any],
        studies: Sequence[Any],
        runs_of_tasks: Sequence[Any],
    ) -> Mirrored:
        """Copy what is asked for and what it needs, first what others need."""
        with_runs = [as_id(task, "task") for task in runs_of_tasks]
        wanted = [*(as_id(task, "task") for task in tasks), *with_runs]
        collections = self._read_studies(suites, studies)
        wanted += [id_ for study in collections for id_ in study.task_ids]
        found = self._read_tasks(wanted)
        needed = [id_ for task in found.values() for id_ in task.dataset_ids]
        self._copy_all("dataset", [*self._dataset_ids(datasets), *needed], self._copy_dataset)
        self._copy_all("task", found, lambda id_: self._copy_task(found[id_]))
        rows = self._runs_of_tasks([id_ for id_ in with_runs if id_ in found])
        self._copy_runs([*rows, *self._runs_of_studies(collections)])
        self._copy_studies(collections)
        self._name_users()
        return self._pool.tally.result(self._source.settings.server, str(self._registry.folder))

    # Datasets

    def _dataset_ids(self, given: Sequence[Any]) -> list[int]:
        """Ids of datasets that were given by id or by name."""
        names = [item for item in given if isinstance(item, str) and not item.strip().isdecimal()]
        ids = [as_id(item, "dataset") for item in given if item not in names]
        named = self._pool.each("dataset", names, lambda name: self._source.datasets.get(name).id)
        return [*ids, *named.values()]

    def _copy_dataset(self, id_: int) -> bool:
        dataset = self._source.datasets.get(id_)
        with self._store.read() as connection:
            if datasets.is_here(connection, dataset):
                return False
        found = self._read_dataset(dataset)
        file = self._data_file(dataset)
        with self._write(f"dataset {id_}") as connection:
            if datasets.is_here(connection, dataset):
                return False
            datasets.add(
                connection,
                dataset,
                file=file,
                features=found.features,
                qualities=found.qualities,
                uploader_id=found.uploader_id,
                descriptions=found.descriptions,
            )
        return True

    def _read_dataset(self, dataset: Dataset) -> SourceDataset:
        """What the description of a dataset does not tell."""
        source = self._source.datasets
        features: tuple[Feature, ...] = _if_any(lambda: source.features(dataset), ())
        qualities: dict[str, float | None] = _if_any(lambda: source.qualities(dataset), {})
        row = _if_any(source.list(ids=[dataset.id], status="all").first, None)
        return SourceDataset(
            features, qualities, None if row is None else row.uploader_id, self._texts(dataset)
        )

    def _texts(self, dataset: Dataset) -> tuple[DescriptionVersion, ...]:
        """All texts that a dataset was described by, or none of a server that does not tell."""
        try:
            return self._source.datasets.descriptions(dataset)
        except AuthenticationError:
            raise
        except (ServerError, ProtocolError):
            return ()
        except TransportError as error:
            if error.status not in NO_ROUTE:
                raise
            return ()

    def _data_file(self, dataset: Dataset) -> ImportedFile:
        if dataset.url is None:
            raise NotFoundError(f"dataset {dataset.id} ({dataset.name}) has no data file")
        return self._contents.fetch(
            dataset.url,
            name=f"{dataset.name}.arff",
            file_id=dataset.file_id,
            md5=dataset.md5,
            private=dataset.visibility not in {None, PUBLIC},
        )

    # Tasks

    def _read_tasks(self, ids: Iterable[int]) -> dict[int, SourceTask]:
        return self._pool.each("task", ids, self._read_task, title="reading tasks")

    def _read_task(self, id_: int) -> SourceTask:
        task = self._source.tasks.get(id_)
        tasks.check_known(task)
        try:
            inputs = self._source.tasks.inputs(id_).inputs
        except (NotFoundError, ValidationError):
            inputs = tasks.inputs_of(task).inputs  # a server that does not show them
        raw = TaskInputs(
            task_id=id_,
            type_id=int(task.type_id),
            inputs={name: value or "" for name, value in inputs.items()},
            tags=task.tags,
        )
        return SourceTask(task, raw, tasks.datasets_of(raw))

    def _copy_task(self, source: SourceTask) -> bool:
        inputs = source.inputs
        with self._store.read() as connection:
            if tasks.is_here(connection, inputs):
                return False
        for dataset_id in source.dataset_ids:
            self._pool.tally.require("dataset", dataset_id)
        sha256 = self._splits(source.task)
        with self._write(f"task {source.task.id}") as connection:
            if tasks.is_here(connection, inputs):
                return False
            tasks.add(connection, inputs, splits_sha256=sha256)
        return True

    def _splits(self, task: Task) -> str | None:
        """Blob of the splits file as the source has it, or None if the task has none."""
        from openml_client.formats.arff import read_arff

        url = task.procedure.data_splits_url if task.procedure else None
        if url is None:
            return None
        try:
            file = self._contents.fetch(url, name=f"Task_{task.id}_splits.arff")
        except TransportError as error:
            if error.status == NO_SPLITS:
                return None
            raise
        if file.sha256 is not None:
            # No server tells a checksum of splits; an error page at least is no such file.
            read_arff(blobs.read(self._blobs, file.sha256))
        return file.sha256

    # Runs

    def _runs_of_tasks(self, task_ids: Iterable[int]) -> list[RunSummary]:
        lists = self._pool.each(
            "runs of task",
            task_ids,
            lambda id_: list(self._source.runs.list(tasks=id_, show_errors=True)),
            title="reading lists of runs",
        )
        return [row for rows in lists.values() for row in rows]

    def _runs_of_studies(self, collections: Iterable[Study]) -> list[RunSummary]:
        runs_of = {study.id: study.run_ids for study in collections if not study.is_suite}
        lists = self._pool.each(
            "runs of study",
            runs_of,
            lambda id_: [
                row
                for ids in _chunks(runs_of[id_])
                for row in self._source.runs.list(runs=ids, show_errors=True)
            ],
            title="reading runs of studies",
        )
        return [row for rows in lists.values() for row in rows]

    def _copy_runs(self, listed: Iterable[RunSummary]) -> None:
        """Copy runs with the flows and setups of those that are not here."""
        rows = {row.id: row for row in listed}
        with self._store.read() as connection:
            here = runs.all_here(connection, rows)
        new = [row for id_, row in rows.items() if id_ not in here]
        self._copy_all("flow", [row.flow_id for row in new], self._copy_flow)
        self._copy_all("setup", [row.setup_id for row in new], self._copy_setup)
        self._copy_all("run", rows, lambda id_: self._copy_run(rows[id_]))
        self._restore_lost()

    def _copy_flow(self, id_: int) -> bool:
        flow = self._source.flows.get(id_)
        with self._store.read() as connection:
            missing = flows.missing(connection, flow)
        if flow.id not in {part.id for part in missing}:
            return False
        found: dict[tuple[int, str], ImportedFile] = {}
        for part in missing:
            for kind, url, md5 in (
                ("source", part.source_url, part.source_md5),
                ("binary", part.binary_url, part.binary_md5),
            ):
                if url is not None:
                    found[part.id, kind] = self._contents.fetch_if_there(
                        url, name=kind, md5=md5_of(md5)
                    )
        with self._write(f"flow {id_}") as connection:
            if flows.is_here(connection, flow):
                return False
            flows.add(connection, flow, found)
        return True

    def _copy_setup(self, id_: int) -> bool | None:
        setup: Setup | None = _if_any(lambda: self._source.setups.get(id_), None)
        if setup is None:
            return None  # lost at the source: the runs tell its values
        self._pool.tally.require("flow", setup.flow_id)
        with self._write(f"setup {id_}") as connection:
            if setups.is_here(connection, setup):
                return False
            setups.add(connection, setup)
        return True

    def _copy_run(self, row: RunSummary) -> bool:
        with self._store.read() as connection:
            if runs.is_here(connection, row):
                return False
        for kind, id_ in (("task", row.task_id), ("flow", row.flow_id), ("setup", row.setup_id)):
            self._pool.tally.require(kind, id_)
        run = self._source.runs.get(row.id)
        found = {
            file.name: self._contents.fetch_if_there(file.url, name=file.name, file_id=file.file_id)
            for file in run.files
        }
        trace = self._trace(run)
        with self._write(f"run {run.id}") as connection:
            if runs.is_here(connection, run):
                return False
            runs.add(connection, run, uploaded_at=row.uploaded_at, files=found, trace=trace)
        return True

    def _trace(self, run: Run) -> Sequence[TraceIteration]:
        if run.file("trace") is None:
            return ()
        return _if_any(lambda: self._source.runs.trace(run.id).iterations, ())

    def _restore_lost(self) -> None:
        """Ask again for the contents that earlier calls could not have."""
        with self._store.read() as connection:
            lost = {file.owner: file for file in files.lost(connection)}
        self._pool.each("file", lost, lambda owner: self._restore(lost[owner]), title="lost files")

    def _restore(self, file: LostFile) -> None:
        known = self._contents.lost.get(file.url)
        if known is not None:
            raise known  # this very call has asked for it
        found = self._contents.fetch(file.url, name=file.name, md5=file.md5)
        with self._write(file.owner) as connection:
            files.restore(connection, file.id, found)

    # Suites and studies

    def _read_studies(self, suites: Sequence[Any], studies: Sequence[Any]) -> list[Study]:
        """What was asked for, and the suites that the studies belong to; suites first."""
        client = self._source
        plain = self._pool.each("study", studies, client.studies.get, title="reading studies")
        needed = [s.benchmark_suite_id for s in plain.values() if s.benchmark_suite_id is not None]
        wanted = [*suites, *needed]
        found = self._pool.each("study", wanted, client.suites.get, title="reading suites")
        return list({study.id: study for study in (*found.values(), *plain.values())}.values())

    def _copy_studies(self, collections: Sequence[Study]) -> None:
        known = {study.id: study for study in collections}
        for is_suite in (True, False):
            ids = [study.id for study in collections if study.is_suite is is_suite]
            title = "suites" if is_suite else "studies"
            self._copy_all("study", ids, lambda id_: self._copy_study(known[id_]), title=title)

    def _copy_study(self, study: Study) -> bool:
        with self._write(f"study {study.id}") as connection:
            is_new = not studies.is_here(connection, study)
            if is_new:
                studies.add(connection, study)
            missing = studies.attach(connection, study)
        if missing:
            self._pool.tally.leave_out_of(study.id, studies.holds(study), missing)
        return is_new

    def _name_users(self) -> None:
        """Ask for the names of users of whom no run told them; not all servers tell."""
        with self._store.read() as connection:
            unnamed = users.unnamed(connection)
        for ids in _chunks(unnamed):
            try:
                found = list(self._source.users.list(ids=ids))
            except (ServerError, TransportError, OfflineError):
                return  # the next call asks again
            with self._write("names of users") as connection:
                for user in found:
                    users.keep(connection, user.id, user.name)

    # All of a kind

    def _copy_all(
        self,
        kind: str,
        ids: Iterable[int],
        copy: Callable[[int], bool | None],
        *,
        title: str | None = None,
    ) -> None:
        """Copy things of one kind, and count what was new and what was there."""
        for id_, is_new in self._pool.each(kind, ids, copy, title=title).items():
            if is_new is not None:
                self._pool.tally.note(kind, id_, is_new=is_new)

    @contextmanager
    def _write(self, what: str) -> Iterator[Connection]:
        """Write one thing while no other thread of this mirror does."""
        with self._writing, transaction(self._store, what) as connection:
            yield connection


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Ids in parts that an address has room for."""
    for start in range(0, len(ids), IDS_AT_ONCE):
        yield ids[start : start + IDS_AT_ONCE]


def _if_any(read: Callable[[], T], otherwise: T) -> T:
    """What the server has, or something else if it has nothing of the kind."""
    try:
        return read()
    except (NoResultError, NotFoundError):
        return otherwise
