"""What a stored run holds: its measures, its files, and what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openml_client.errors import NoResultError, NotFoundError
from openml_client.model.run import Run, RunDraft, RunFile
from openml_client.model.trace import Trace
from openml_client.resources.ids import as_id
from openml_client.resources.run_documents import (
    PREDICTIONS,
    TRAINING_LOG,
    predictions_frame,
    read_training_log,
)
from openml_client.resources.things import Kind, Things
from openml_client.wire.routes import runs as routes

if TYPE_CHECKING:
    import pandas as pd

    from openml_client.formats.splits import Key

RUNS = Kind(name="run", tag=routes.RUN_TAG, untag=routes.RUN_UNTAG, delete=routes.RUN_DELETE)


class RunFiles(Things):
    """The part of ``client.runs`` that reads one stored run."""

    _kind = RUNS
    _documents = (routes.RUN_GET,)

    def get(self, id: Any) -> Run:
        """The run of this id, with its measures.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        run: Run = self._caller.get_cached(routes.RUN_GET, as_id(id, "run"))
        return run

    def predictions(self, run: Any) -> pd.DataFrame:
        """The published predictions of a run, one row per prediction.

        Columns are ``repeat``, ``fold``, ``row_id``, ``prediction``, ``truth`` where the run
        has it, and ``confidence.LABEL`` for each class.

        Raises
        ------
        NoResultError
            If the run has no predictions.
        """
        from openml_client.formats.predictions import read_predictions

        content = self._predictions_file(self._as_run(run))
        return predictions_frame(read_predictions(content))

    def trace(self, run: Any) -> Trace:
        """What the search of a run tried.

        Raises
        ------
        NoResultError
            If the run has no trace.
        """
        trace: Trace = self._caller.call(routes.RUN_TRACE, id=as_id(run, "run"))
        return trace

    def training_log(self, run: Any) -> dict[Key, dict[str, Any]]:
        """How the training of each fold went, by ``(repeat, fold, sample)``.

        What a log holds is the extension's; torch's has the history by epoch.

        Parameters
        ----------
        run
            A run or its id, or a draft that is not published yet.

        Raises
        ------
        NoResultError
            If the run has no log of its training.
        FormatError
            If its log is damaged.
        """
        if isinstance(run, RunDraft):
            content, what = run.files.get(TRAINING_LOG), "the draft"
        else:
            run = self._as_run(run)
            content, what = self._file(run, TRAINING_LOG), f"run {run.id}"
        if content is None:
            raise NoResultError(
                f"{what} has no log of its training",
                hint="Extensions of frameworks that train in epochs, as torch's, give one.",
            )
        return read_training_log(content)

    def download(self, run: Any, name: str) -> bytes:
        """A file of a run, as it was uploaded.

        Parameters
        ----------
        run
            A run or its id; ``run.files`` lists what it has.
        name
            As ``predictions``, ``description`` or ``environment``; an extension after it does
            not matter.

        Raises
        ------
        NotFoundError
            If there is no such run, or it has no such file.
        """
        run = self._as_run(run)
        content = self._file(run, name)
        if content is None:
            raise NotFoundError(
                f"run {run.id} has no file {name!r}",
                hint=f"It has {', '.join(file.name for file in run.files) or 'none'}.",
            )
        return content

    def reset(self, run: Any) -> None:
        """Forget how a run was evaluated, so that the server does it again.

        Raises
        ------
        NotFoundError
            If there is no such run.
        NotAuthorizedError
            If it is somebody else's.
        AuthenticationError
            Without an API key, or with a wrong one.
        """
        id_ = self._target(run)
        with self._changing(id_):
            self._caller.call(routes.RUN_RESET, id=id_)

    def _as_run(self, run: Any) -> Run:
        return run if isinstance(run, Run) else self.get(run)

    def _predictions_file(self, run: Run) -> bytes:
        content = self._file(run, PREDICTIONS)
        if content is None:
            raise NoResultError(f"run {run.id} has no predictions")
        return content

    def _file(self, run: Run, filename: str) -> bytes | None:
        """Content of a run's file, or None if the run has no such file."""
        file = run.file(filename.partition(".")[0])
        if file is None:
            return None
        return self._caller.cache.get_or_fetch(
            run_file_key(run, file, filename),
            lambda sink: self._caller.download(file.url, sink),
        )


def run_file_key(run: Run, file: RunFile, filename: str) -> str:
    """Where the cache has a file of a run."""
    return f"run/files/{run.id}/{file.file_id}-{filename}"
