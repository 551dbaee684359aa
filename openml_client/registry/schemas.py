"""The schemas of uploads, and an example of each kind of upload, for people and programs.

Schemas are made of the protocol's records, and examples of small models by the writers that also
write uploads, so both are what this registry takes.  Source: protocol note, section 9.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, Response

from openml_client.model.dataset import DatasetDraft
from openml_client.model.flow import FlowDraft, FlowDraftComponent, FlowParameter
from openml_client.model.run import ParameterSetting, Predictions, RunEvaluation
from openml_client.model.study import StudyDraft
from openml_client.model.task_draft import TaskDraft
from openml_client.model.trace import Trace, TraceIteration
from openml_client.registry import pages
from openml_client.wire import xml
from openml_client.wire.engine import RunEvaluationUpload
from openml_client.wire.route import Route
from openml_client.wire.routes import every as routes
from openml_client.wire.routes.every import ROUTES
from openml_client.wire.run import RunUpload
from openml_client.wire.xsd import schema

_XML = "text/xml; charset=utf-8"
_TEXT = "text/plain; charset=utf-8"

SCHEMAS: Mapping[str, Route] = {route.schema: route for route in ROUTES if route.schema}
"""The routes whose documents have a schema, by its name."""

_FLOW = FlowDraft(
    name="example.Tree",
    class_name="example.Tree",
    external_version="1.0",
    description="A decision tree.",
    dependencies="example==1.0",
    language="English",
    parameters=(
        FlowParameter(name="max_depth", data_type="integer", default_value="5"),
        FlowParameter(name="criterion", data_type="string", description="Measure of a split."),
    ),
)

EXAMPLES: Mapping[str, tuple[Route, Any]] = {
    "data": (
        routes.DATASET_UPLOAD,
        DatasetDraft(
            name="flowers",
            description="Lengths of petals, and the species.",
            creators=("Jane Doe", "John Doe"),
            collection_date="2026",
            language="English",
            licence="CC0",
            default_target_attribute="species",
            row_id_attribute="number",
            citation="Doe and Doe, Petals, 2026.",
            tags=("botany",),
            visibility="public",
            paper_url="https://example.org/petals",
        ),
    ),
    "task": (
        routes.TASK_UPLOAD,
        TaskDraft(
            type_id=1,
            inputs={
                "source_data": "1",
                "target_feature": "species",
                "estimation_procedure": "1",
                "evaluation_measures": "predictive_accuracy",
            },
            tags=("botany",),
        ),
    ),
    "flow": (
        routes.FLOW_UPLOAD,
        FlowDraft(
            name="example.Forest(tree=example.Tree)",
            class_name="example.Forest",
            external_version="1.0",
            description="Many decision trees that vote.",
            creators=("Jane_Doe",),
            licence="BSD-3-Clause",
            language="English",
            dependencies="example==1.0",
            parameters=(FlowParameter(name="n_trees", data_type="integer", default_value="100"),),
            components=(FlowDraftComponent(identifier="tree", flow=_FLOW),),
            tags=("ensemble",),
        ),
    ),
    "run": (
        routes.RUN_UPLOAD,
        RunUpload(
            task_id=1,
            flow_id=2,
            settings=(
                ParameterSetting(name="n_trees", value="50", component_id=2),
                ParameterSetting(name="max_depth", value="3", component_id=1),
            ),
            tags=("first_try",),
            evaluations=(
                RunEvaluation(measure="predictive_accuracy", value=0.95),
                RunEvaluation(measure="predictive_accuracy", value=0.9, repeat=0, fold=0),
            ),
        ),
    ),
    "run.evaluate": (
        routes.RUN_EVALUATE,
        RunEvaluationUpload(
            run_id=1,
            engine_id=1,
            evaluations=(
                RunEvaluation(measure="predictive_accuracy", value=0.95, stdev=0.05),
                RunEvaluation(
                    measure="precision", value=0.9, per_class=(0.8, 1.0), repeat=0, fold=0
                ),
            ),
        ),
    ),
    "run.trace": (
        routes.RUN_TRACE_UPLOAD,
        Trace(
            run_id=1,
            iterations=(
                TraceIteration(
                    repeat=0,
                    fold=0,
                    iteration=0,
                    setup_string='{"parameter_max_depth": "3"}',
                    evaluation=0.925,
                    selected=True,
                ),
            ),
        ),
    ),
    "study": (
        routes.STUDY_UPLOAD,
        StudyDraft(
            alias="flower-suite",
            main_entity_type="task",
            name="Tasks on flowers",
            description="Small tasks to begin with.",
            task_ids=(1, 2),
        ),
    ),
}
"""Routes and what may be uploaded to them, by the names of the examples."""


def arff_predictions() -> bytes:
    """Predictions of a classification, as a run uploads them."""
    # Heavy, and only needed here.
    import numpy as np

    from openml_client.formats.predictions import write_predictions

    predictions = Predictions(
        repeat=np.zeros(3, dtype=np.int32),
        fold=np.array([0, 0, 1], dtype=np.int32),
        row_id=np.array([2, 0, 1], dtype=np.int64),
        prediction=np.array([0, 1, 1], dtype=np.int32),
        truth=np.array([0, 1, 0], dtype=np.int32),
        labels=("setosa", "virginica"),
        confidence=np.array([[0.75, 0.25], [0, 1], [0.5, 0.5]]),
    )
    return write_predictions(predictions, task_id=1)


def arff_trace() -> bytes:
    """What a search tried, as a run uploads it."""
    # Heavy, and only needed here.
    from openml_client.formats.trace import write_trace

    rows = [
        TraceIteration(
            repeat=0,
            fold=0,
            iteration=n,
            setup_string=f'{{"parameter_max_depth": "{depth}"}}',
            evaluation=evaluation,
            selected=evaluation > 0.9,
        )
        for n, (depth, evaluation) in enumerate([(3, 0.925), (5, 0.875)])
    ]
    return write_trace(rows, task_id=1)


_ARFF: Mapping[str, Callable[[], bytes]] = {"predictions": arff_predictions, "trace": arff_trace}


def add_rules(app: Flask) -> None:
    """Add the addresses to an application."""
    answers: Mapping[str, Callable[[str], Response]] = {
        "xsd": _xsd,
        "xml_example": _xml_example,
        "arff_example": _arff_example,
    }
    for kind, answer in answers.items():
        rule = f"/api/v1/{kind}/<name>"
        app.add_url_rule(rule, rule, answer, methods=["GET", "HEAD"])


def _xsd(name: str) -> Response:
    route = SCHEMAS.get(name)
    if route is None or route.request is None:
        return pages.not_found()
    return Response(schema(route.request), content_type=_XML)


def _xml_example(name: str) -> Response:
    if name not in EXAMPLES:
        return pages.not_found()
    route, value = EXAMPLES[name]
    if route.request is None:
        raise TypeError(f"{route.name} takes no description")
    return Response(xml.write(route.request, value), content_type=_XML)


def _arff_example(name: str) -> Response:
    if name not in _ARFF:
        return pages.not_found()
    return Response(_ARFF[name](), content_type=_TEXT)
