"""Documents of runs and traces.  Source: protocol note, section 5; XSD ``openml.run.upload``."""

from __future__ import annotations

from dataclasses import dataclass, replace

from openml_client.model.run import (
    ParameterSetting,
    Run,
    RunEvaluation,
    RunFile,
    RunInput,
    RunSummary,
)
from openml_client.model.trace import Trace, TraceIteration
from openml_client.wire.codec import Field, Passed, Record, Rows
from openml_client.wire.scalars import (
    ADDRESS,
    BOOL,
    FLOAT,
    FLOATS,
    INT,
    NOT_FLOATS,
    TEXT,
    TIMESTAMP,
    Scalar,
    casual,
    limited,
    system,
)

SETTING = Record(
    ParameterSetting,
    "parameter_setting",
    (
        Field("name", "name", TEXT, required=True),
        Field("value", "value", TEXT, keep_empty=True),
        Field("component_id", "component", INT),
    ),
)

RUN_EVALUATION = Record(
    RunEvaluation,
    "evaluation",
    (
        Field("repeat", "repeat", INT, is_attribute=True),
        Field("fold", "fold", INT, is_attribute=True),
        Field("sample", "sample", INT, is_attribute=True),
        Field("interval_start", "interval_start", INT, is_attribute=True),
        Field("interval_end", "interval_end", INT, is_attribute=True),
        Field("dataset_id", "did", INT),
        Field("measure", "name", TEXT, required=True),
        Field("flow_id", "flow_id", INT),
        Field("flow_name", "flow", TEXT),
        Field("label", "label", TEXT),
        Field("value", "value", FLOAT),
        Field("stdev", "stdev", FLOAT),
        Field("per_class", "array_data", FLOATS),
        Field("array_text", "array_data", NOT_FLOATS),
        Field("sample_size", "sample_size", INT),
    ),
)

_FILE = Record(
    RunFile,
    "file",
    (
        Field("dataset_id", "did", INT),
        Field("file_id", "file_id", INT, required=True),
        Field("name", "name", TEXT, required=True),
        Field("url", "url", TEXT, required=True),
    ),
)

_INPUT = Record(
    RunInput,
    "dataset",
    (
        Field("dataset_id", "did", INT, required=True),
        Field("name", "name", TEXT, required=True),
        Field("url", "url", TEXT, required=True),
    ),
)

RUN = Record(
    Run,
    "run",
    (
        Field("id", "run_id", INT, required=True),
        Field("uploader_id", "uploader", INT),
        Field("uploader_name", "uploader_name", TEXT),
        Field("task_id", "task_id", INT, required=True),
        Field("task_type", "task_type", TEXT),
        Field("task_evaluation_measure", "task_evaluation_measure", TEXT),
        Field("flow_id", "flow_id", INT, required=True),
        Field("flow_name", "flow_name", TEXT),
        Field("setup_id", "setup_id", INT),
        Field("error", "error", TEXT, keep_empty=True),
        Field("error_message", "error_message", TEXT),
        Field("run_details", "run_details", TEXT),
        Field("setup_string", "setup_string", TEXT, keep_empty=True),
        Field("settings", "parameter_setting", SETTING, many=True),
        Field("tags", "tag", TEXT, many=True),
        Field("inputs", "input_data/dataset", _INPUT, many=True),
        Field("files", "output_data/file", _FILE, many=True),
        Field("evaluations", "output_data/evaluation", RUN_EVALUATION, many=True),
    ),
)

RUN_SUMMARY = Record(
    RunSummary,
    "run",
    (
        Field("id", "run_id", INT, required=True),
        Field("task_id", "task_id", INT, required=True),
        Field("task_type_id", "task_type_id", INT),
        Field("setup_id", "setup_id", INT, required=True),
        Field("flow_id", "flow_id", INT, required=True),
        Field("uploader_id", "uploader", INT, required=True),
        Field("uploaded_at", "upload_time", TIMESTAMP),
        Field("error_message", "error_message", TEXT, always=True),
        Field("run_details", "run_details", TEXT, always=True),
    ),
)
RUNS = Rows("runs", "run", RUN_SUMMARY, hand_made_json=True)


@dataclass(frozen=True, kw_only=True)
class RunUpload:
    """The description that goes with the files of a run: what `RunDraft` becomes on the wire."""

    task_id: int | None = None
    """None only where a setup is looked up."""
    flow_id: int
    setup_string: str | None = None
    error_message: str | None = None
    run_details: str | None = None
    settings: tuple[ParameterSetting, ...] = ()
    tags: tuple[str, ...] = ()
    evaluations: tuple[RunEvaluation, ...] = ()


def _casual(max_length: int) -> Scalar:
    return casual(max_length, colon=True)


_SETTING_DRAFT = Record(
    ParameterSetting,
    "parameter_setting",
    (
        Field("name", "name", _casual(1024), required=True),
        Field("value", "value", limited(2048, min_length=0), required=True, keep_empty=True),
        Field("component_id", "component", INT),
    ),
)


def _array(kind: Scalar) -> Scalar:
    return replace(kind, max_length=128, min_length=1, ascii_only=True)


_EVALUATION_DRAFT = Record(
    RunEvaluation,
    "evaluation",
    (
        Field("dataset_id", "did", INT),
        Field("measure", "name", system(128), required=True),
        Field("flow_id", "flow_id", INT),
        Field("flow_name", "flow", _casual(1024)),
        Field("label", "label", _casual(1024)),
        Field("value", "value", FLOAT),
        Field("stdev", "stdev", FLOAT),
        Field("per_class", "array_data", _array(FLOATS)),
        Field("array_text", "array_data", _array(NOT_FLOATS)),
        Field("sample_size", "sample_size", INT),
        Field("repeat", "repeat", INT, is_attribute=True),
        Field("fold", "fold", INT, is_attribute=True),
        Field("sample", "sample", INT, is_attribute=True),
        Field("interval_start", "interval_start", INT, is_attribute=True),
        Field("interval_end", "interval_end", INT, is_attribute=True),
    ),
)

_DATASET_DRAFT = (
    Passed("did", INT, required=True),
    Passed("name", _casual(128), required=True),
    Passed("url", ADDRESS, required=True),
)

_FILE_DRAFT = (
    Passed("did", INT, required=True),
    Passed("file_id", INT, required=True),
    Passed("name", _casual(128), required=True),
    Passed("url", ADDRESS, required=True),
)

RUN_UPLOAD = Record(
    RunUpload,
    "run",
    (
        Passed("run_id", INT),
        Passed("uploader", INT),
        Passed("uploader_name", limited(128)),
        Field("task_id", "task_id", INT),
        Passed("task_type", limited(128)),
        Passed("task_evaluation_measure", limited(128)),
        Field("flow_id", "flow_id", INT, required=True),
        Passed("flow_name", _casual(1024)),
        Passed("setup_id", INT),
        Field("setup_string", "setup_string", limited(2048, min_length=0)),
        Field("error_message", "error_message", limited(128)),
        Field("run_details", "run_details", _casual(1024)),
        Field("settings", "parameter_setting", _SETTING_DRAFT, many=True),
        Field("tags", "tag", system(128), many=True),
        Passed("input_data/dataset", _DATASET_DRAFT, many=True),
        Passed("input_data/file", _FILE_DRAFT, many=True),
        Passed("input_data/evaluation", _EVALUATION_DRAFT, many=True),
        Passed("output_data/dataset", _DATASET_DRAFT, many=True),
        Passed("output_data/file", _FILE_DRAFT, many=True),
        Field("evaluations", "output_data/evaluation", _EVALUATION_DRAFT, many=True),
    ),
)

TRACE = Record(
    Trace,
    "trace",
    (
        Field("run_id", "run_id", INT),
        Field(
            "iterations",
            "trace_iteration",
            Record(
                TraceIteration,
                "trace_iteration",
                (
                    Field("repeat", "repeat", INT, required=True),
                    Field("fold", "fold", INT, required=True),
                    Field("iteration", "iteration", INT, required=True),
                    Field("setup_string", "setup_string", TEXT),
                    Field("evaluation", "evaluation", FLOAT),
                    Field("selected", "selected", BOOL),
                ),
            ),
            many=True,
        ),
    ),
)
