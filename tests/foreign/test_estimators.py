"""What openml-python makes of scikit-learn's estimators becomes estimators again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openml_client_sklearn import EXTENSION

from openml_client.extension.codec import Note
from openml_client.extension.trust import Trust
from openml_client.model.flow import Flow, FlowComponent, FlowParameter

pytestmark = pytest.mark.foreign


def flow_of(data: dict[str, Any]) -> Flow:
    return Flow(
        id=1,
        name=data["name"],
        class_name=data["class_name"],
        external_version=data["external_version"],
        parameters=tuple(
            FlowParameter(name=name, default_value=text)
            for name, text in data["parameters"].items()
        ),
        components=tuple(
            FlowComponent(identifier=name, flow=flow_of(part))
            for name, part in data["components"].items()
        ),
    )


@pytest.mark.filterwarnings("ignore:Class .* is deprecated")  # all, those that will go too
def test_the_flow_of_every_estimator_is_rebuilt(
    foreign_python: Path, answers: Callable[..., Any]
) -> None:
    flows = answers(foreign_python, "openml_python_estimators.py")
    unwritten = {name for name, flow in flows.items() if flow is None}
    assert unwritten == {"FeatureAgglomeration"}  # whose numpy.mean openml-python refuses
    written = {name: flow for name, flow in flows.items() if flow is not None}
    assert len(written) > 150
    trust = Trust.of_strangers(EXTENSION.policy)
    for name, data in written.items():
        notes: list[Note] = []
        description = EXTENSION.translate(
            flow_of(data), {}, given={}, is_complete=True, notes=notes
        )
        model = EXTENSION.build(description, trust=trust, notes=notes)
        assert type(model).__name__ == name
        # What was bent is what the versions differ in, and tuples that must be tuples.
        assert all("default" in note.text or "tuple" in note.text for note in notes), notes
