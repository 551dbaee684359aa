"""What a run is on the wire: its description, its files, and what they say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from numbers import Integral
from typing import TYPE_CHECKING, Any

from openml_client.errors import (
    ArffError,
    FormatError,
    NotFoundError,
    ProtocolError,
    ValidationError,
)
from openml_client.model.flow import Flow, FlowSetting
from openml_client.model.run import FailedFold, ParameterSetting, Predictions, Run, RunDraft
from openml_client.wire.run import RunUpload

if TYPE_CHECKING:
    import pandas as pd

    from openml_client.extension.protocol import Extension
    from openml_client.formats.splits import Key
    from openml_client.running.execute import Outcome
    from openml_client.transport import FilePart

DEFAULT_SEED = 0
"""Root seed of a run whose caller gives none: the same model on the same task is the same run."""

ENVIRONMENT = "environment.json"
LONG_VALUES = "setup.json"
TRAINING_LOG = "training_log.json"
PREDICTIONS = "predictions.arff"
TRACE = "trace.arff"
DESCRIPTION = "description.xml"

_EXECUTABLE = frozenset({"ckpt", "dill", "joblib", "pickle", "pkl", "pt", "pt2", "pth"})
"""Extensions of files that are pickles, or hold some: reading one executes what it says."""


def upload_of(draft: RunDraft, flow: Flow) -> RunUpload:
    """The description that a draft is uploaded with, for the stored flow.

    Raises
    ------
    NotFoundError
        If the stored flow lacks a component that the draft sets.
    """
    ids = {path: part.id for path, part in flow.walk()}
    return _upload(draft, flow.id, tuple(_setting(item, ids) for item in draft.settings))


def preview_of(draft: RunDraft) -> RunUpload:
    """The same where the flow is not stored yet: only ids in it are made up."""
    settings = (
        ParameterSetting(name=s.name, value=s.value, component_id=1) for s in draft.settings
    )
    return _upload(draft, draft.flow_id or 1, tuple(settings))


def _upload(draft: RunDraft, flow_id: int, settings: tuple[ParameterSetting, ...]) -> RunUpload:
    return RunUpload(
        task_id=draft.task_id,
        flow_id=flow_id,
        setup_string=draft.setup_string,
        error_message=draft.error_message,
        run_details=draft.run_details,
        settings=settings,
        tags=draft.tags,
        evaluations=draft.evaluations,
    )


def _setting(item: FlowSetting, ids: Mapping[tuple[str, ...], int]) -> ParameterSetting:
    if item.path not in ids:
        raise NotFoundError(
            f"the stored flow has no component {'.'.join(item.path)!r}, which the run sets",
            hint="The stored flow is not the one that was run; publish the flow again.",
        )
    return ParameterSetting(name=item.name, value=item.value, component_id=ids[item.path])


def files_of(draft: RunDraft) -> tuple[FilePart, ...]:
    """The files that a draft is uploaded with: predictions, trace and further ones."""
    from openml_client.formats.predictions import write_predictions
    from openml_client.formats.trace import write_trace
    from openml_client.transport import FilePart

    files = {PREDICTIONS: write_predictions(draft.predictions, task_id=draft.task_id)}
    if draft.trace:
        files[TRACE] = write_trace(draft.trace, task_id=draft.task_id)
    taken = {_part(name): name for name in (DESCRIPTION, PREDICTIONS, TRACE)}
    for filename, content in draft.files.items():
        _check_file(filename, content)
        if _part(filename) in taken:
            raise ValidationError(
                f"the file {filename!r} of the run would take the place of "
                f"{taken[_part(filename)]!r}",
                hint="A run has one file of a name, whatever comes after the dot: rename it.",
            )
        taken[_part(filename)] = filename
        files[filename] = content
    return tuple(
        FilePart(name=_part(filename), filename=filename, content=content)
        for filename, content in files.items()
    )


def _part(filename: str) -> str:
    """The name by which a server knows a file."""
    return filename.partition(".")[0]


def _check_file(filename: str, content: bytes) -> None:
    """Refuse pickles, and what the server would after it took the flow.

    Source: protocol note, section 5.
    """
    from openml_client.formats.arff import check_arff
    from openml_client.wire import xml

    name, _, extension = filename.partition(".")
    if not name or not extension:
        raise ValidationError(
            f"the file {filename!r} of the run has no name with an extension",
            hint="Name it as model.bin or log.txt.",
        )
    if extension.lower().rpartition(".")[2] in _EXECUTABLE:
        raise ValidationError(
            f"the file {filename!r} of the run is a pickle by its name: who reads it executes it",
            hint="Publish what it holds as data, in a .safetensors, .json or .parquet file.",
        )
    if not isinstance(content, bytes) or not content:
        what = "is empty" if content in {b"", ""} else f"is no bytes but {type(content).__name__}"
        raise ValidationError(f"the file {filename!r} of the run {what}")
    try:
        if extension.lower() == "arff":
            check_arff(content)
        elif extension.lower() == "xml":
            xml.parse(content, source=filename)
    except (ArffError, ProtocolError) as error:
        raise ValidationError(
            f"the file {filename!r} of the run can't be read: {error.message}",
            hint="Servers read files of this extension; give it another one.",
        ) from error


def as_artefacts(given: Iterable[str], extension: Extension) -> frozenset[str]:
    """Make the kinds of files that folds are to give of what a caller asks for.

    Raises
    ------
    ValidationError
        If the extension gives no such files.
    """
    wanted = frozenset([given] if isinstance(given, str) else given)
    unknown = sorted(wanted.difference(extension.capabilities.artefacts))
    if unknown:
        gives = ", ".join(extension.capabilities.artefacts)
        raise ValidationError(
            f"the extension {extension.name!r} gives no artefacts {', '.join(unknown)}",
            hint=f"It gives {gives}." if gives else "It gives none: leave artefacts out.",
        )
    return wanted


def training_log(outcome: Outcome) -> dict[str, bytes]:
    """The file that tells how the training of the folds went; {} if nothing is told."""
    names = ("repeat", "fold", "sample")
    folds = [
        {**dict(zip(names, key, strict=True)), "log": log} for key, log in outcome.logs.items()
    ]
    return {TRAINING_LOG: json_bytes({"folds": folds})} if folds else {}


def source_files(texts: Mapping[str, str]) -> dict[str, bytes]:
    """The files that hold the texts of modules."""
    # A server knows a file by what stands before the first dot.
    return {
        f"source-{module.replace('.', '-')}.py": text.encode("utf-8", "surrogatepass")
        for module, text in texts.items()
        if text
    }


def read_training_log(content: bytes) -> dict[Key, dict[str, Any]]:
    """How the training of each fold went, by ``(repeat, fold, sample)``.

    Raises
    ------
    FormatError
        If the file is anything else.
    """
    try:
        rows = json.loads(content)["folds"]
        logs = {(int(r["repeat"]), int(r["fold"]), int(r["sample"])): dict(r["log"]) for r in rows}
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise FormatError(f"the run's {TRAINING_LOG} is no log of a training: {error!r}") from error
    return logs


def setup_string(extension: str, seed: int) -> str:
    """The text that keeps a run's root seed on the server."""
    return json.dumps({"extension": extension, "seed": seed}, sort_keys=True)


def as_seed(seed: Any) -> int:
    """Make a root seed of what a caller gives; None is the default one.

    Raises
    ------
    ValidationError
        If it is no integer, or negative.
    """
    if seed is None:
        return DEFAULT_SEED
    if not isinstance(seed, Integral) or int(seed) < 0:
        raise ValidationError(f"the seed of a run is an integer, 0 or more, not {seed!r}")
    return int(seed)


def seed_of(run: Run) -> int:
    """The root seed of a stored run; 0 where it does not say."""
    seed = _recorded_seed(run)
    return DEFAULT_SEED if seed is None else seed


def has_seed(run: Run) -> bool:
    """Whether a stored run says its root seed."""
    return _recorded_seed(run) is not None


def _recorded_seed(run: Run) -> int | None:
    try:
        return int(json.loads(run.setup_string or "")["seed"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def failures_of(outcome: Outcome) -> Iterator[FailedFold]:
    """The folds in which the model raised an error."""
    for (repeat, fold, sample), failure in outcome.failures.items():
        yield FailedFold(
            repeat=repeat,
            fold=fold,
            sample=sample,
            stage=failure.stage,
            error=failure.error,
            traceback=failure.traceback,
        )


def shortened(failure: str | None) -> str | None:
    """The 128 characters of Basic Latin that a run may say of its error."""
    if failure is None:
        return None
    return " ".join(failure.encode("ascii", "replace").decode().split())[:128]


def json_bytes(value: Any) -> bytes:
    """A file of JSON that people can read."""
    return json.dumps(value, indent=1, sort_keys=True).encode()


def predictions_frame(predictions: Predictions) -> pd.DataFrame:
    """Predictions as a frame, one row per prediction, classes by their labels."""
    import numpy as np
    import pandas as pd

    labels = predictions.labels

    def named(codes: Any) -> Any:
        if labels is None:
            return codes
        names = np.array([*labels, None], dtype=object)
        return pd.Categorical(names[codes], categories=list(labels))

    columns: dict[str, Any] = {"repeat": predictions.repeat, "fold": predictions.fold}
    if predictions.sample is not None:
        columns["sample"] = predictions.sample
    columns["row_id"] = predictions.row_id
    predicted = "cluster" if predictions.is_clustering else "prediction"
    columns[predicted] = named(predictions.prediction)
    if predictions.truth is not None:
        columns["truth"] = named(predictions.truth)
    if predictions.confidence is not None:
        for n, label in enumerate(labels or ()):
            columns[f"confidence.{label}"] = predictions.confidence[:, n]
    return pd.DataFrame(columns)
