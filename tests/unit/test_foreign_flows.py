"""Flows that other programs wrote are read by the extension of their framework, if it can."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path

import pytest
from sklearn.svm import SVC

from openml_client import Client, Flow
from openml_client.errors import FlowError, UntrustedError
from openml_client.extension.description import Description
from openml_client.extension.discovery import find_translator
from openml_client.extension.identity import Json
from openml_client.extension.protocol import API, Extension, Note, Translator
from openml_client.extension.structure import Address
from openml_client.model.flow import FlowDraft, FlowParameter
from tests.unit.test_extension_discovery import install
from tests.unit.toy_extension import TOY, Thing, ToyExtension


class Reader(ToyExtension):
    """Reads flows whose parameters are bare texts."""

    def translate(
        self,
        flow: Flow,
        settings: Mapping[Address, str | None],
        *,
        given: Mapping[Address, Json],
        is_complete: bool,
        notes: list[Note],
    ) -> Description:
        params: dict[str, Json] = {item.name: item.default_value for item in flow.parameters}
        params |= {name: text for (_, name), text in settings.items()}
        params |= {name: value for (_, name), value in given.items()}
        notes.append(Note("thing", "its size is a text"))
        name = f"{flow.class_name}"
        node = {"kind": "thing", "class": name, "params": params, "defaults": {}}
        return Description(extension="toy", api=API, frameworks={}, tree={"$node": node})


READER = Reader()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def written(class_name: str, external_version: str, **values: str) -> FlowDraft:
    return FlowDraft(
        name=f"other.{class_name.rpartition('.')[2].rpartition(':')[2]}",
        class_name=class_name,
        external_version=external_version,
        description="Of another program.",
        parameters=tuple(
            FlowParameter(name=name, default_value=text) for name, text in values.items()
        ),
    )


def thing(client: Client, version: str = "other==1,toy==1.0") -> Flow:
    return client.flows.publish(written("tests.unit.toy_extension:Thing", version, size="3"))


def test_an_extension_without_a_translator_reads_no_flows_of_others(site: Path) -> None:
    install(site, "toys", "toy")
    assert isinstance(TOY, Extension)
    assert not isinstance(TOY, Translator)
    assert find_translator("other==1,toy==1.0") is None


def test_the_frameworks_of_the_version_lead_to_the_translator(site: Path) -> None:
    install(site, "toys", "toy", value="tests.unit.test_foreign_flows:READER")
    assert find_translator("other==1,toy==1.0") == (READER, READER)
    assert find_translator("toy-like 1.0") is None
    assert find_translator(None) is None


def test_what_a_translator_gives_is_built_and_its_notes_are_told(
    site: Path, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    install(site, "toys", "toy", value="tests.unit.test_foreign_flows:READER")
    flow = thing(client)
    with caplog.at_level(logging.WARNING, "openml_client"):
        model = client.flows.to_model(flow)
    assert (type(model), model.size) == (Thing, "3")
    assert caplog.messages == ["thing: its size is a text"]
    assert client.flows.to_model(flow, parameters={"size": (1, 2)}).size == (1, 2)
    with pytest.raises(FlowError, match="no parameter 'width'"):
        client.flows.to_model(flow, parameters={"width": 1})


def test_an_audit_of_such_a_flow_is_silent(
    site: Path, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    install(site, "toys", "toy", value="tests.unit.test_foreign_flows:READER")
    flow = client.flows.publish(written("elsewhere:Thing", "other==1,toy==1.0"))
    assert client.flows.untrusted(flow) == ("elsewhere:Thing",)
    assert caplog.messages == []
    with pytest.raises(UntrustedError, match="elsewhere:Thing"):
        client.flows.to_model(flow)


@pytest.mark.parametrize("version", ["weka==3.9", "1", "openml_client_toy==1,toy==1.0"])
def test_a_flow_that_nobody_reads_is_refused(site: Path, client: Client, version: str) -> None:
    install(site, "toys", "toy", value="tests.unit.test_foreign_flows:READER")
    flow = thing(client, version)  # the last one is as ours, without its source
    for ask in (client.flows.to_model, client.flows.untrusted):
        with pytest.raises(FlowError, match="was not written by openml_client") as caught:
            ask(flow)
        assert version in (caught.value.hint or "")


def test_a_flow_of_openml_python_is_rebuilt_with_values_of_the_caller(client: Client) -> None:
    kernel = json.dumps("poly")
    draft = written("sklearn.svm._classes.SVC", "openml==0.15.1,sklearn==1.5.2", C="2.0")
    flow = client.flows.publish(
        FlowDraft(
            **{
                **vars(draft),
                "parameters": (
                    *draft.parameters,
                    FlowParameter(name="kernel", default_value=kernel),
                ),
            }
        )
    )
    assert client.flows.untrusted(flow) == ()
    model = client.flows.to_model(flow)
    assert (type(model), model.C, model.kernel) == (SVC, 2.0, "poly")
    model = client.flows.to_model(flow, parameters={"C": 4, "kernel": "linear"})
    assert (model.C, model.kernel) == (4, "linear")


def test_a_run_of_a_flow_of_openml_python_is_of_a_flow_of_ours(client: Client) -> None:
    draft = written("sklearn.dummy.DummyClassifier", "sklearn==0.24.2", random_state="null")
    flow = client.flows.publish(draft)
    run = client.runs.publish(client.runs.execute(flow, 1, seed=3, progress=False))
    assert run.flow_id != flow.id
    assert client.runs.reproduce(run).verdict == "identical"
