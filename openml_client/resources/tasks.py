"""Tasks: find, list and publish them, and get their splits."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from numbers import Integral
from typing import TYPE_CHECKING, Any

from openml_client.errors import (
    DuplicateError,
    FormatError,
    TaskError,
    TransportError,
    ValidationError,
)
from openml_client.model.many import Many
from openml_client.model.page import Listing
from openml_client.model.task import Task, TaskInputs, TaskSummary
from openml_client.model.task_draft import TaskDraft
from openml_client.model.task_type import EstimationProcedure, TaskType, TaskTypeId
from openml_client.resources.at_once import fetch_each
from openml_client.resources.ids import as_id
from openml_client.resources.things import Kind, Things, runs_by
from openml_client.resources.writing import check_draft, write_once
from openml_client.wire.routes import tasks as routes
from openml_client.wire.xml import first_line

if TYPE_CHECKING:
    from openml_client.formats.splits import Splits

_logger = logging.getLogger("openml_client")

NO_SPLITS = 412
"""Status of the answer in place of a splits file.  Source: protocol note, section 3.3."""


TASKS = Kind(
    name="task",
    tag=routes.TASK_TAG,
    untag=routes.TASK_UNTAG,
    delete=routes.TASK_DELETE,
    dependants=runs_by("tasks"),
)

_PROBLEMATIC = re.compile(r"problematic input: \[?(\w+)")


class Tasks(Things):
    """``client.tasks``."""

    _kind = TASKS
    _documents = (routes.TASK_GET,)

    def get(self, id: Any) -> Task:
        """The task of this id, in the class of its type.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        task: Task = self._caller.get_cached(routes.TASK_GET, as_id(id, "task"))
        return task

    def get_many(
        self, ids: Iterable[Any], *, workers: int = 8, progress: bool = True
    ) -> Many[Task]:
        """The tasks of these ids, in their order; one that fails does not stop the others.

        What fails is left out, stands in ``errors`` by its id, and is warned of; ``or_raise()``
        raises the first of these errors.  An id that is given twice is fetched once.

        Parameters
        ----------
        ids
            Or things that have them, as the rows of a list.
        workers
            Requests that are under way at once; from 16 on more make no difference.
        progress
            Show a bar, on a terminal.

        Raises
        ------
        ValidationError
            If one is no id, or there are no workers; then nothing is fetched.
        AuthenticationError
            If the API key is wrong.
        OfflineError
            If nothing came because the server is out of reach, or the client offline.
        """
        asked = [as_id(value, "task") for value in ids]
        done, errors = fetch_each(
            self._caller,
            asked,
            lambda caller, id_: Tasks(caller).get(id_),
            workers=workers,
            title="tasks",
            progress=progress,
        )
        tasks = Many(tuple(done[id_] for id_ in asked if id_ in done), errors, "tasks")
        if errors:
            _logger.warning("%s: %s", self._caller.host, tasks.complaint())
        return tasks

    def inputs(self, id: Any) -> TaskInputs:
        """The raw inputs of a task, by which it was published; without its tags.

        Raises
        ------
        NotFoundError
            If there is no such task.
        """
        answer: TaskInputs = self._caller.call(routes.TASK_INPUTS_GET, id=as_id(id, "task"))
        return answer

    def list(self, **filters: Any) -> Listing[TaskSummary]:
        """All tasks that pass the filters, lazily, in the order of their ids.

        Parameters
        ----------
        **filters
            ``type`` (number of a task type), ``ids``, ``datasets`` (ids), ``dataset_name``,
            ``tag``, ``data_tag``, ``status`` (of the dataset), ``limit``, ``offset``; and the
            sizes of the dataset as for `Datasets.list`.

        Raises
        ------
        ValidationError
            If a filter does not exist or takes no such value.
        """
        return self._caller.listing(routes.TASK_LIST, filters, key=("id",), title="tasks")

    def splits(self, task: Any) -> Splits:
        """The training and test rows of each fold, as ``splits[repeat, fold, sample]``.

        Raises
        ------
        TaskError
            If tasks of this type have no splits, or the splits are unusable.
        """
        from openml_client.formats.splits import VERSION, read_splits, write_splits

        task = task if isinstance(task, Task) else self.get(task)
        url = task.procedure.data_splits_url if task.procedure else None
        if url is None:
            raise TaskError(f"task {task.id} ({task.type}) has no splits")
        key, cache = splits_key(task.id), self._caller.cache
        stored = self._stored_splits(key)
        if stored is not None:
            return stored
        try:
            content = cache.get_or_fetch(key, lambda sink: self._caller.download(url, sink))
        except TransportError as error:
            if error.status != NO_SPLITS:
                raise
            raise TaskError(
                f"task {task.id} ({task.type}) has no splits: the server says "
                f"{first_line(error.body)!r}"
            ) from error
        splits = read_splits(content)
        cache.keep_derived(f"{key}.npy", VERSION, lambda sink: write_splits(splits, sink))
        return splits

    def _stored_splits(self, key: str) -> Splits | None:
        """What was made of a splits file when it was read, mapped; None if it must be read."""
        from openml_client.formats.splits import VERSION, open_splits

        file = self._caller.cache.open_derived(f"{key}.npy", VERSION)
        if file is None:
            return None
        with file:
            try:
                return open_splits(file)
            except FormatError as error:  # of a machine with another order of bytes, say
                _logger.debug("%s is read again: %s", key, error.message)
                return None

    def publish(self, draft: TaskDraft) -> Task:
        """The stored task of a draft; the one that is there already if it is the same.

        Raises
        ------
        AuthenticationError
            Without an API key, or with a wrong one.
        ValidationError
            If an input is missing, unknown or takes no such value.
        DuplicateError
            If the same task exists and the server does not say which it is.
        """
        check_draft(
            draft,
            TaskDraft,
            "what a task shall be is said by a TaskDraft",
            hint="TaskDraft.classification(dataset, target), say, makes one.",
        )
        self._caller.check(routes.TASK_UPLOAD, draft, also=_complaints_of_type(draft.type_id))
        try:
            # No two tasks are the same, so asking again is looking up.
            id_ = write_once(
                lambda: int(self._caller.call(routes.TASK_UPLOAD, body=draft).id),
                look_up=lambda: None,
            )
        except DuplicateError as error:
            if error.existing_id is None:
                raise
            id_ = error.existing_id
        except ValidationError as error:
            _name_input(error, draft)
            raise
        return self.get(id_)

    def types(self) -> tuple[TaskType, ...]:
        """The types of tasks that the server knows."""
        answer: tuple[TaskType, ...] = self._caller.call(routes.TASK_TYPE_LIST)
        return answer

    def estimation_procedures(self) -> tuple[EstimationProcedure, ...]:
        """The estimation procedures that the server knows, of all task types."""
        answer: tuple[EstimationProcedure, ...] = self._caller.call(routes.PROCEDURE_LIST)
        return answer


def splits_key(task_id: int) -> str:
    """Where the cache has the splits file of a task."""
    return f"task/splits/{task_id}.arff"


def _name_input(error: ValidationError, draft: TaskDraft) -> None:
    """Say which value of a draft was refused; the server tells its name alone."""
    match = _PROBLEMATIC.search(error.message)
    if match is not None and match[1] in draft.inputs:
        error.hint = f"The draft says {match[1]} = {draft.inputs[match[1]]!r}."


def _complaints_of_type(type_id: object) -> Iterator[str]:
    """Say that there is no such type of task; a server would find fault with the inputs."""
    if isinstance(type_id, Integral) and type_id not in set(TaskTypeId):
        yield f"type_id = {type_id!r} is none of {', '.join(str(int(one)) for one in TaskTypeId)}"
