"""Executing a described model on the folds of a task.

What runs is always rebuilt from the description, in every fold.  A fold is a job of its own: it
may run in this process or in any `concurrent.futures.Executor`, with the same result.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from openml_client.errors import TaskError
from openml_client.extension.discovery import get_extension
from openml_client.extension.identity import canonical
from openml_client.extension.protocol import (
    Compat,
    FoldData,
    FoldFailure,
    FoldResult,
    TaskKind,
)
from openml_client.extension.seeds import derive
from openml_client.extension.trust import Trust
from openml_client.formats.splits import Fold, Key, Splits
from openml_client.formats.table import Table
from openml_client.model.run import Predictions, RunEvaluation
from openml_client.model.task import (
    ClassificationTask,
    ClusteringTask,
    LearningCurveTask,
    RegressionTask,
    Task,
)
from openml_client.model.trace import TraceIteration

if TYPE_CHECKING:
    import pandas as pd

    from openml_client.extension.description import Description
    from openml_client.extension.identity import Json

RUNNABLE = (ClassificationTask, RegressionTask, LearningCurveTask, ClusteringTask)
"""Task types that can be executed."""


_AHEAD = 32
"""Folds that are handed to an executor ahead of the one that is waited for."""

_GATHERED = 1 << 26
"""Bytes up to which the columns of a task are put into one array, of which each fold takes rows."""


@dataclass(frozen=True, eq=False)
class TaskData:
    """The rows of a task's dataset, ready for models."""

    kind: TaskKind
    x: pd.DataFrame
    y: pd.Series | None
    """None for clustering."""
    labels: tuple[str, ...] | None
    """Class labels in the order that the data file declares; None where there are no classes."""
    categorical: tuple[str, ...]
    truth: NDArray[np.int32] | NDArray[np.float64]
    """Positions in ``labels``, or numbers; -1 or NaN where the target is missing."""

    def fold(
        self,
        rows: Fold,
        key: Key,
        *,
        artefacts: frozenset[str] = frozenset(),
        progress: bool = False,
    ) -> FoldData:
        """The rows of one fold; those whose target is missing are not trained on."""
        train = rows.train
        if self.y is not None:
            train = train[self.y.iloc[train].notna().to_numpy()]
        repeat, fold, sample = key
        return FoldData(
            task=self.kind,
            x_train=self.x.iloc[train],
            y_train=None if self.y is None else self.y.iloc[train],
            x_test=self.x.iloc[rows.test],
            labels=self.labels or (),
            categorical=self.categorical,
            repeat=repeat,
            fold=fold,
            sample=sample,
            artefacts=artefacts,
            progress=progress,
        )


@dataclass(frozen=True, eq=False)
class FoldJob:
    """All that one fold needs, wherever it runs."""

    key: Key
    description: Description
    trust: Trust
    data: FoldData
    test: NDArray[np.int32]
    seed: int
    compat: Compat


@dataclass(frozen=True, eq=False)
class FoldOutcome:
    """What came of one fold."""

    key: Key
    test: NDArray[np.int32]
    result: FoldResult


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of all folds."""

    predictions: Predictions
    evaluations: tuple[RunEvaluation, ...]
    trace: tuple[TraceIteration, ...]
    artefacts: dict[str, bytes]
    failures: dict[Key, FoldFailure]
    """What the model raised in the folds that failed."""
    logs: dict[Key, Mapping[str, Json]]
    """How the training of each fold went, where the extension tells."""


def task_data(task: Task, table: Table) -> TaskData:
    """The rows of a task.

    Raises
    ------
    TaskError
        If tasks of this type can't be executed, or the target is of the wrong kind.
    """
    if not isinstance(task, RUNNABLE):
        names = ", ".join(sorted(f"{int(cls.type_id)} {cls.__name__}" for cls in RUNNABLE))
        raise TaskError(
            f"task {task.id} is of the type {int(task.type_id)} ({task.type}), which can't be run",
            hint=f"Types that can be run: {names}.",
        )
    if isinstance(task, ClusteringTask):
        x = _gathered(table.x())
        return TaskData("clustering", x, None, None, _categorical(x), np.full(len(x), np.nan))
    target = task.target_name
    x, y = table.xy(target)
    x = _gathered(x)
    labels = table.labels(target)
    if isinstance(task, RegressionTask):
        if labels or not np.issubdtype(np.asarray(y).dtype, np.number):
            raise TaskError(
                f"task {task.id} is a regression, and its target {target!r} is no number"
            )
        return TaskData("regression", x, y, None, _categorical(x), y.to_numpy(np.float64))
    if not labels:
        raise TaskError(
            f"task {task.id} is a classification, and its target {target!r} has no classes"
        )
    truth = y.cat.codes.to_numpy(np.int32)
    return TaskData("classification", x, y, labels, _categorical(x), truth)


def _gathered(x: pd.DataFrame) -> pd.DataFrame:
    """The same features, columns of one type in one array if they are not too large for a copy.

    Taking the rows of a fold is then several times faster than column by column.
    """
    return x if x.memory_usage().sum() > _GATHERED else x.copy()


def _categorical(x: pd.DataFrame) -> tuple[str, ...]:
    return tuple(str(name) for name in x.columns if x[name].dtype == "category")


def plan(
    description: Description,
    data: TaskData,
    splits: Splits,
    *,
    seed: int,
    trust: Trust,
    compat: Compat = "semantic",
    artefacts: frozenset[str] = frozenset(),
    progress: bool = False,
) -> Iterator[FoldJob]:
    """The jobs of all folds, made one by one so that only few hold their rows at once."""
    for key, fold in splits.items():
        yield FoldJob(
            key=key,
            description=description,
            trust=trust,
            data=data.fold(fold, key, artefacts=artefacts, progress=progress),
            test=fold.test,
            seed=seed_of_fold(seed, key),
            compat=compat,
        )


def seed_of_fold(seed: int, key: Key) -> int:
    """Seed of a fold, of the root seed of the run."""
    return derive(seed, "fold", *key)


def execute(
    jobs: Iterator[FoldJob], *, total: int, executor: Executor | None, progress: bool
) -> list[FoldOutcome]:
    """The outcomes of jobs, in their order.

    Raises
    ------
    TaskError
        If every fold failed, with the traceback of the first one.
    """
    from tqdm.auto import tqdm

    outcomes: list[FoldOutcome] = []
    with tqdm(total=total, desc="folds", disable=not progress, leave=False) as bar:
        source = map(run_job, jobs) if executor is None else _run_elsewhere(jobs, executor)
        for outcome in source:
            outcomes.append(outcome)
            bar.update()
    failures = [outcome.result.failure for outcome in outcomes if outcome.result.failure]
    if failures and len(failures) == len(outcomes):
        first = failures[0]
        error = TaskError(
            f"the model failed in all {len(failures)} folds; in the first one, in {first.stage}, "
            f"with {first.error}",
            hint=_remedy(first.error),
        )
        error.add_note(first.traceback)
        raise error
    return outcomes


def _run_elsewhere(jobs: Iterator[FoldJob], executor: Executor) -> Iterator[FoldOutcome]:
    """The outcomes of jobs in an executor, in their order.

    Only some are handed over ahead, for each holds the rows of its fold.
    """
    waiting: deque[Future[FoldOutcome]] = deque()
    try:
        for job in jobs:
            waiting.append(executor.submit(run_job, job))
            if len(waiting) >= _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def _remedy(error: str) -> str | None:
    """What to do about the two faults that most new users meet."""
    if "could not convert string to float" in error:
        return "The model takes numbers only: encode the text and category columns in a pipeline."
    if "NaN" in error:
        return "The model takes no missing values: impute them in a pipeline."
    return None


def run_job(job: FoldJob) -> FoldOutcome:
    """The outcome of one fold; what the model raises becomes the result's failure."""
    extension = get_extension(job.description.extension)
    model = extension.build(job.description, trust=job.trust, compat=job.compat, notes=[])
    result = extension.run_fold(model, job.data, seed=job.seed)
    return FoldOutcome(job.key, job.test, _checked(result, len(job.test), job.data))


def _checked(result: FoldResult, n_rows: int, data: FoldData) -> FoldResult:
    """The result, which becomes a failure if it does not fit the rows that were asked for."""
    if result.failure is not None:
        return result
    complaint = _complaint(result, n_rows, data)
    if complaint is None:
        return result
    failure = FoldFailure(stage="predict", error=complaint, traceback="")
    return replace(result, predictions=None, probabilities=None, log=None, failure=failure)


def _complaint(result: FoldResult, n_rows: int, data: FoldData) -> str | None:
    values = np.asarray(result.predictions)
    if values.shape != (n_rows,):
        return f"predict gave an array of the shape {values.shape} for {n_rows} rows"
    if data.task != "classification":
        if not np.issubdtype(values.dtype, np.number):
            return f"predict gave values of the type {values.dtype}, not numbers"
    elif odd := _odd_labels(values, result.probability_labels, data.labels):
        return odd
    if result.probabilities is not None:
        shape = np.shape(result.probabilities)
        wanted = (n_rows, len(result.probability_labels))
        if shape != wanted:
            return f"the confidences have the shape {shape} instead of {wanted}"
    if result.log is not None:
        try:
            canonical(result.log)
        except (TypeError, ValueError) as error:
            return f"the log of the training is no JSON: {error}"
    return None


def _odd_labels(
    predicted: NDArray[Any], confident: Sequence[str], labels: tuple[str, ...]
) -> str | None:
    """Complaint about labels that the task does not have, as of models that answer in codes."""
    said = {"predict gave": _texts(predicted), "the confidences are of": map(str, confident)}
    for what, found in said.items():
        odd = sorted({*found} - {*labels})
        if odd:
            return f"{what} the class {odd[0]!r}; the task has {', '.join(map(repr, labels[:10]))}"
    if len({*confident}) < len(confident):
        return f"the confidences are of some class twice: {', '.join(map(repr, confident[:10]))}"
    return None


def _texts(labels: NDArray[Any]) -> list[str]:
    if labels.dtype.kind == "U":
        return cast(list[str], labels.tolist())  # a third of the time that a loop takes
    return [str(label) for label in labels]


def file_of_fold(name: str, key: Key, *, has_samples: bool) -> str:
    """Name in the run of a fold's file: ``weights.bin`` becomes ``weights_r0_f3.bin``."""
    kind, dot, extension = name.partition(".")
    repeat, fold, sample = key
    place = f"_r{repeat}_f{fold}" + (f"_s{sample}" if has_samples else "")
    return f"{kind}{place}{dot}{extension}"


def collect(outcomes: Sequence[FoldOutcome], data: TaskData, *, has_samples: bool) -> Outcome:
    """The predictions, measures and files of all folds.

    Probabilities are paired with classes by their label, never by position; classes that a
    training fold lacked get 0.
    """
    done = [
        (outcome, outcome.result)
        for outcome in outcomes
        if outcome.result.failure is None and outcome.result.predictions is not None
    ]
    confidences = [_confidence(result, data.labels) for _, result in done]
    has_confidence = bool(confidences) and all(c is not None for c in confidences)
    rows = np.concatenate([outcome.test for outcome, _ in done])
    kinds = {result.confidence_kind for _, result in done}
    predictions = Predictions(
        repeat=_repeated(done, 0),
        fold=_repeated(done, 1),
        sample=_repeated(done, 2) if has_samples else None,
        row_id=rows.astype(np.int64),
        prediction=np.concatenate([_prediction(result, data.labels) for _, result in done]),
        truth=None if data.y is None else data.truth[rows],
        labels=data.labels,
        confidence=np.concatenate([c for c in confidences if c is not None])
        if has_confidence
        else None,
        confidence_kind="score" if "score" in kinds else "probability",
        is_clustering=data.kind == "clustering",
    )
    return Outcome(
        predictions=predictions,
        evaluations=tuple(_times(done, has_samples=has_samples)),
        trace=tuple(_trace(done)),
        artefacts={
            file_of_fold(name, outcome.key, has_samples=has_samples): content
            for outcome, result in done
            for name, content in result.artefacts.items()
        },
        failures={
            outcome.key: outcome.result.failure for outcome in outcomes if outcome.result.failure
        },
        logs={outcome.key: result.log for outcome, result in done if result.log is not None},
    )


_Done = Sequence[tuple[FoldOutcome, FoldResult]]


def _repeated(done: _Done, position: int) -> NDArray[np.int32]:
    numbers = [outcome.key[position] for outcome, _ in done]
    sizes = [len(outcome.test) for outcome, _ in done]
    return np.repeat(np.array(numbers, dtype=np.int32), sizes)


def _prediction(
    result: FoldResult, labels: tuple[str, ...] | None
) -> NDArray[np.int32] | NDArray[np.float64]:
    values = np.asarray(result.predictions)
    if labels is None:
        return values.astype(np.float64)
    places = {label: n for n, label in enumerate(labels)}
    return np.array([places.get(label, -1) for label in _texts(values)], dtype=np.int32)


def _confidence(result: FoldResult, labels: tuple[str, ...] | None) -> NDArray[np.float64] | None:
    if result.probabilities is None or labels is None:
        return None
    given = np.asarray(result.probabilities, dtype=np.float64)
    # Decision values may all be below 0: a class that was not learned must not be above them.
    is_score = result.confidence_kind == "score" and given.shape[1] > 0
    lowest = given.min(axis=1, keepdims=True) if is_score else 0.0
    out = np.full((len(given), len(labels)), lowest, dtype=np.float64)
    places = {label: n for n, label in enumerate(labels)}
    for n, label in enumerate(result.probability_labels):
        out[:, places[str(label)]] = given[:, n]
    return out


def _times(done: _Done, *, has_samples: bool) -> Iterator[RunEvaluation]:
    """CPU and wall time in milliseconds, of each fold and in all."""
    for name, unit in (("usercpu_time_millis", "cpu_ms"), ("wall_clock_time_millis", "wall_ms")):
        totals = {"": 0.0, "_training": 0.0, "_testing": 0.0}
        for outcome, result in done:
            if result.fit_time is None or result.predict_time is None:
                continue
            fit: float = getattr(result.fit_time, unit)
            predict: float = getattr(result.predict_time, unit)
            values = {"": fit + predict, "_training": fit, "_testing": predict}
            repeat, fold, sample = outcome.key
            for suffix, value in values.items():
                totals[suffix] += value
                yield RunEvaluation(
                    measure=name + suffix,
                    value=value,
                    repeat=repeat,
                    fold=fold,
                    sample=sample if has_samples else None,
                )
        for suffix, total in totals.items():
            yield RunEvaluation(measure=name + suffix, value=total)


def _trace(done: _Done) -> Iterator[TraceIteration]:
    # A trace names no sample: those of one fold are numbered one after the other.
    before: Counter[tuple[int, int]] = Counter()
    for outcome, result in done:
        repeat, fold, _ = outcome.key
        first = before[repeat, fold]
        for row in result.trace:
            yield replace(row, repeat=repeat, fold=fold, iteration=first + row.iteration)
        before[repeat, fold] += 1 + max((row.iteration for row in result.trace), default=-1)
