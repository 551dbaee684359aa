"""Documents that an evaluation engine exchanges with a registry.

The real engine is a program of its own that polls the server as an administrator; ours works
within the registry, which takes the documents of a foreign one all the same.
Source: protocol note, section 10; openml-java.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from openml_client.model.dataset import Quality
from openml_client.model.run import RunEvaluation
from openml_client.model.trace import Trace, TraceIteration
from openml_client.wire.codec import Field, Passed, Record, Rows
from openml_client.wire.scalars import (
    BOOL,
    DOUBLE,
    FLOAT,
    FLOATS,
    INT,
    NOT_FLOATS,
    TEXT,
    TIMESTAMP,
    Scalar,
    limited,
    system,
)


@dataclass(frozen=True, kw_only=True)
class MeasuredFeature:
    """What an engine says of one column."""

    index: int
    name: str
    data_type: str
    nominal_values: tuple[str, ...] = ()
    is_target: bool | None = None
    n_distinct: int | None = None
    n_unique: int | None = None
    n_missing: int | None = None
    n_integers: int | None = None
    n_reals: int | None = None
    n_nominal: int | None = None
    n_values: int | None = None
    maximum: float | None = None
    minimum: float | None = None
    mean: float | None = None
    standard_deviation: float | None = None
    class_distribution: str | None = None
    """JSON: the labels, and how often each class has each of them."""


@dataclass(frozen=True, kw_only=True)
class FeaturesUpload:
    """What an engine found in the columns of a dataset."""

    dataset_id: int | None = None
    engine_id: int | None = None
    error: str | None = None
    features: tuple[MeasuredFeature, ...] = ()


@dataclass(frozen=True, kw_only=True)
class QualitiesUpload:
    """What an engine measured of a dataset."""

    dataset_id: int | None = None
    engine_id: int | None = None
    qualities: tuple[Quality, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RunEvaluationUpload:
    """What an engine measured of a run."""

    run_id: int
    engine_id: int | None = None
    error: str | None = None
    warning: str | None = None
    evaluations: tuple[RunEvaluation, ...] = ()


@dataclass(frozen=True, kw_only=True)
class UnprocessedDataset:
    """A dataset that an engine has to look at."""

    id: int
    name: str
    version: int
    status: str | None = None
    """The server names the element, and leaves it empty."""
    format: str | None = None


@dataclass(frozen=True, kw_only=True)
class UnevaluatedRun:
    """A run that an engine has to evaluate."""

    id: int
    task_id: int
    setup_id: int
    uploader_id: int | None = None
    uploaded_at: datetime | None = None


_DECIMAL = replace(FLOAT, xsd="xs:decimal")


def _array(kind: Scalar) -> Scalar:
    return replace(kind, max_length=4096, min_length=1, ascii_only=True)


_MEASURED_FEATURE = Record(
    MeasuredFeature,
    "feature",
    (
        Field("index", "index", INT, required=True),
        Field("name", "name", limited(64), required=True, is_exact=True),
        Field("data_type", "data_type", limited(64), required=True),
        Field("nominal_values", "nominal_value", limited(256), many=True, is_exact=True),
        Field("is_target", "is_target", BOOL),
        Passed("is_ignore", BOOL),
        Passed("is_row_identifier", BOOL),
        Field("n_distinct", "NumberOfDistinctValues", INT),
        Field("n_unique", "NumberOfUniqueValues", INT),
        Field("n_missing", "NumberOfMissingValues", INT),
        Field("n_integers", "NumberOfIntegerValues", INT),
        Field("n_reals", "NumberOfRealValues", INT),
        Field("n_nominal", "NumberOfNominalValues", INT),
        Field("n_values", "NumberOfValues", INT),
        Field("maximum", "MaximumValue", DOUBLE),
        Field("minimum", "MinimumValue", DOUBLE),
        Field("mean", "MeanValue", DOUBLE),
        Field("standard_deviation", "StandardDeviation", DOUBLE),
        Field("class_distribution", "ClassDistribution", TEXT),
    ),
)

FEATURES_UPLOAD = Record(
    FeaturesUpload,
    "data_features",
    (
        Field("dataset_id", "did", INT),
        Field("engine_id", "evaluation_engine_id", INT),
        Field("error", "error", limited(1024)),
        Field("features", "feature", _MEASURED_FEATURE, many=True),
    ),
)

QUALITIES_UPLOAD = Record(
    QualitiesUpload,
    "data_qualities",
    (
        Field("dataset_id", "did", INT),
        Field("engine_id", "evaluation_engine_id", INT),
        Field(
            "qualities",
            "quality",
            Record(
                Quality,
                "quality",
                (
                    Field("name", "name", TEXT, required=True),
                    Passed("feature_index", INT),
                    Field("value", "value", replace(DOUBLE, xsd="xs:float")),
                ),
            ),
            many=True,
        ),
    ),
)

RUN_EVALUATION_UPLOAD = Record(
    RunEvaluationUpload,
    "run_evaluation",
    (
        Field("run_id", "run_id", INT, required=True),
        Field("engine_id", "evaluation_engine_id", INT, required=True),
        Field("error", "error", limited(1024)),
        Field("warning", "warning", limited(1024)),
        Field(
            "evaluations",
            "evaluation",
            Record(
                RunEvaluation,
                "evaluation",
                (
                    Field("dataset_id", "did", INT),
                    Field("measure", "name", system(128), required=True),
                    Field("value", "value", FLOAT),
                    Field("stdev", "stdev", FLOAT),
                    Field("per_class", "array_data", _array(FLOATS)),
                    Field("array_text", "array_data", _array(NOT_FLOATS)),
                    Field("sample_size", "sample_size", INT),
                    *(
                        Field(name, name, INT, is_attribute=True)
                        for name in ("repeat", "fold", "sample", "interval_start", "interval_end")
                    ),
                ),
            ),
            many=True,
        ),
    ),
)

_NATURAL = replace(INT, xsd="xs:nonNegativeInteger")

TRACE_UPLOAD = Record(
    Trace,
    "trace",
    (
        Field("run_id", "run_id", _NATURAL, required=True),
        Field(
            "iterations",
            "trace_iteration",
            Record(
                TraceIteration,
                "trace_iteration",
                (
                    Field("repeat", "repeat", _NATURAL, required=True),
                    Field("fold", "fold", _NATURAL, required=True),
                    Field("iteration", "iteration", _NATURAL, required=True),
                    Field("setup_string", "setup_string", limited(1024), required=True),
                    Field("evaluation", "evaluation", _DECIMAL, required=True),
                    Field("selected", "selected", BOOL, required=True),
                ),
            ),
            many=True,
            required=True,
        ),
    ),
)

UNPROCESSED = Rows(
    "data_unprocessed",
    "dataset",
    Record(
        UnprocessedDataset,
        "dataset",
        (
            Field("id", "did", INT, required=True),
            Field("name", "name", TEXT, required=True),
            Field("version", "version", INT, required=True),
            Field("status", "status", TEXT, always=True),
            Field("format", "format", TEXT),
        ),
    ),
)

UNEVALUATED = Rows(
    "evaluation_request",
    "run",
    Record(
        UnevaluatedRun,
        "run",
        (
            Field("id", "run_id", INT, required=True),
            Field("task_id", "task_id", INT, required=True),
            Field("setup_id", "setup_id", INT, required=True),
            Field("uploader_id", "uploader", INT),
            Field("uploaded_at", "upload_time", TIMESTAMP),
        ),
    ),
)
