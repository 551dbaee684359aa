"""Flows as openml-python writes them, and what becomes of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from openml_client_sklearn import EXTENSION

from openml_client.extension.codec import Compat, Note
from openml_client.extension.description import Description
from openml_client.extension.identity import Json
from openml_client.extension.structure import Address
from openml_client.extension.trust import Trust
from openml_client.model.flow import Flow, FlowComponent, FlowParameter

VERSION = "openml==0.15.1,sklearn==1.5.2"
SVC_NAME = "sklearn.svm._classes.SVC"
PIPELINE = "sklearn.pipeline.Pipeline"
SEARCH = "sklearn.model_selection._search.RandomizedSearchCV"


def flow(
    class_name: str | None,
    parameters: Mapping[str, Any] | None = None,
    components: Mapping[str, Flow] | None = None,
    *,
    name: str = "a",
) -> Flow:
    """A stored flow whose parameters are written as JSON; None is a value that is left out."""
    return Flow(
        id=1,
        name=class_name or name,
        class_name=class_name,
        external_version=VERSION,
        parameters=tuple(
            FlowParameter(name=key, default_value=None if value is None else json.dumps(value))
            for key, value in (parameters or {}).items()
        ),
        components=tuple(
            FlowComponent(identifier=key, flow=part) for key, part in (components or {}).items()
        ),
    )


def marked(kind: str, value: Json) -> Json:
    return {"oml-python:serialized_object": kind, "value": value}


def step(key: str, *columns: Json, kind: str = "component_reference") -> Json:
    more = {"argument_1": columns[0]} if columns else {}
    return marked(kind, {"key": key, "step_name": key, **more})


def translate(
    written: Flow,
    settings: Mapping[Address, str | None] | None = None,
    *,
    given: Mapping[Address, Json] | None = None,
    is_complete: bool = True,
    notes: list[Note] | None = None,
) -> Description:
    return EXTENSION.translate(
        written,
        settings or {},
        given=given or {},
        is_complete=is_complete,
        notes=[] if notes is None else notes,
    )


def rebuild(
    written: Flow,
    settings: Mapping[Address, str | None] | None = None,
    *,
    compat: Compat = "semantic",
    trusted: tuple[str, ...] = (),
) -> tuple[Any, list[str]]:
    """The model, and the notes of its translation and building."""
    notes: list[Note] = []
    description = translate(written, settings, notes=notes)
    trust = Trust.of_strangers(EXTENSION.policy, trusted)
    model = EXTENSION.build(description, trust=trust, compat=compat, notes=notes)
    return model, [str(note) for note in notes]


def splitter(**parameters: str | None) -> Json:
    name = "sklearn.model_selection._split.StratifiedKFold"
    return marked("cv_object", {"name": name, "parameters": parameters})


def value_of(parameter: Json) -> Any:
    """A value that openml-python wrote as the grid of a search."""
    components = {"estimator": flow(SVC_NAME)}
    reference = marked("component_reference", {"key": "estimator", "step_name": None})
    written = flow(SEARCH, {"estimator": reference, "param_distributions": parameter}, components)
    return rebuild(written)[0].param_distributions
