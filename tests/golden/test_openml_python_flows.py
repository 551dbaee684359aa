"""The flows and runs of a recorded session of openml-python with the real server are rebuilt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from openml_client.extension.codec import Note
from openml_client.extension.discovery import find_translator
from openml_client.extension.trust import Trust
from openml_client.model.flow import Flow
from openml_client.model.run import Run
from openml_client.resources.flows import settings_of
from openml_client.wire import xml
from openml_client.wire.flow import FLOW
from openml_client.wire.run import RUN

from .transcripts import load, names

pytestmark = pytest.mark.shared

FLOWS = r"\d+_GET_api_v1_xml_flow_\d+"
RUNS = r"\d+_GET_api_v1_xml_run_\d+"


def documents(shared: Path, pattern: str, record: Any) -> list[Any]:
    folder = shared / "golden_openml_python"
    exchanges = [load(folder, name) for name in names(folder, pattern)]
    return [
        xml.read(record, exchange.response.body, source=exchange.name)
        for exchange in exchanges
        if exchange.response.status == 200
    ]


def rebuilt(flow: Flow, run: Run | None = None) -> tuple[Any, list[str]]:
    found = find_translator(flow.external_version)
    assert found is not None
    extension, translator = found
    values = [(p.component_id or flow.id, p.name, p.value) for p in run.settings] if run else []
    notes: list[Note] = []
    description = translator.translate(
        flow, settings_of(flow, values), given={}, is_complete=True, notes=notes
    )
    trust = Trust.of_strangers(extension.policy)
    model = extension.build(description, trust=trust, compat="semantic", notes=notes)
    return model, [str(note) for note in notes]


def shown(model: Any) -> str:
    return " ".join(repr(model).split())


COLUMNS = (
    "('columntransformer', ColumnTransformer(transformers=[('cat', "
    "OneHotEncoder(handle_unknown='ignore'), ['cat']), ('num', SimpleImputer(), ['num', 'int'])]))"
)
TREE = "DecisionTreeClassifier(random_state=0)"
SHALLOW = "DecisionTreeClassifier(max_depth=2, random_state=0)"


def searched(tree: str) -> str:
    search = f"GridSearchCV(cv=2, estimator={tree}, param_grid={{'max_depth': [1, 2, 3]}})"
    return f"Pipeline(steps=[{COLUMNS}, ('gridsearchcv', {search})])"


def search_over(tree: str) -> str:
    steps = f"[('standardscaler', StandardScaler()), ('decisiontreeclassifier', {tree})]"
    return (
        f"GridSearchCV(cv=2, estimator=Pipeline(steps={steps}), "
        "param_grid={'decisiontreeclassifier__max_depth': [1, 2, 3]})"
    )


OF_COLUMNS = f"Pipeline(steps=[{COLUMNS}, ('decisiontreeclassifier', {SHALLOW})])"


def test_recorded_flows_are_rebuilt(shared: Path) -> None:
    flows: list[Flow] = documents(shared, FLOWS, FLOW)
    models = {flow.id: rebuilt(flow) for flow in flows}
    # A flow has the values of the model that was published first.
    assert {id_: shown(model) for id_, (model, _) in models.items()} == {
        23: OF_COLUMNS,
        28: searched(SHALLOW),
        30: "Pipeline(steps=[('standardscaler', StandardScaler()), ('ridge', Ridge())])",
        33: "RandomForestClassifier(n_estimators=3)",
        34: search_over(SHALLOW),
    }
    notes = [note for _, found in models.values() for note in found]
    assert all("was at its default" in note for note in notes)  # which ones, the version decides


def test_recorded_runs_are_rebuilt_with_their_values(shared: Path) -> None:
    flows = {flow.id: flow for flow in documents(shared, FLOWS, FLOW)}
    runs: list[Run] = documents(shared, RUNS, RUN)
    assert {run.id: shown(rebuilt(flows[run.flow_id], run)[0]) for run in runs} == {
        19: OF_COLUMNS,
        20: searched(TREE),
        24: search_over(TREE),
    }
