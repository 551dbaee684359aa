"""Descriptions become flows that a server takes, and come back without loss."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from openml_client.errors import FlowError, NotSerializableError
from openml_client.extension.description import Description
from openml_client.extension.flows import (
    description_from_flow,
    extension_of,
    flow_from_description,
    setting_text,
)
from openml_client.extension.trust import Trust
from openml_client.model.flow import FlowDraft
from tests.unit.toy_extension import POLICY, TOY, Needy, Part, Thing, columns


def draft_of(model: object) -> FlowDraft:
    return flow_from_description(TOY.describe(model), TOY)


def settings_of(draft: FlowDraft) -> dict[tuple[tuple[str, ...], str], str | None]:
    return {(s.path, s.name): s.value for s in draft.settings}


def back(draft: FlowDraft) -> Description:
    assert draft.source is not None
    return description_from_flow(draft.source, settings_of(draft), draft.long_values)


def build(description: Description) -> Any:
    trust = Trust.of_own(POLICY, description)
    return TOY.build(description, trust=trust, compat="semantic", notes=[])


NESTED = Thing(
    size=(64, 32),
    inner=[("first", Thing(2)), ("second", Needy({"b": 1, "a": 2}, inner=Thing(3)), "x")],
)
MODELS = {
    "plain": Thing(),
    "nested": NESTED,
    "twice": Thing(inner=[("a", Thing(1)), ("b", Thing(1))]),
    "twice deep": Thing(inner=[("a", Thing(inner=Thing())), ("b", Needy(1, inner=Thing()))]),
    "unnamed": Thing(inner=[Thing(), Needy(1)]),
    "by key": Thing(inner={"größe": Thing(), "b c": Needy(1)}),
    "leaf in the wiring": Needy(1, inner=[("num", Thing(), columns(["größe", "b"]))]),
    "only a leaf": Needy(1, inner=[("num", "drop", columns((0, 1)))]),
    "parts": Thing(inner=[("fc1", Part(64)), ("fc2", Part(32, bias=False)), ("pre", Thing())]),
    "part in a part": Needy(1, inner=("net", Part(Part(3)))),
    "long": Thing(size=list(range(2000)), name="x" * 5000),
    "array": Thing(size=np.random.default_rng(0).normal(size=(500, 100))),
}


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_structure_and_values_together_are_the_description(model: object) -> None:
    assert back(draft_of(model)).to_bytes() == TOY.describe(model).to_bytes()


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_all_limits_of_the_server_hold(model: object) -> None:
    draft = draft_of(model)
    for path, flow in draft.walk():
        assert re.fullmatch(r"[a-zA-Z0-9_\-.,():=]{1,1024}", flow.name)
        assert re.fullmatch(r"[a-zA-Z0-9_\-.,():=]{1,128}", flow.external_version)
        assert all(re.fullmatch(r"[a-zA-Z0-9_\-.]{1,128}", identifier) for identifier in path)
        assert flow.description.isascii()
        for parameter in flow.parameters:
            assert re.fullmatch(r"[a-zA-Z0-9_\-.,():]{1,1024}", parameter.name)
            assert parameter.default_value is not None
            assert len(parameter.default_value) <= 2048
    for setting in draft.settings:
        assert len(setting.value) <= 2048
        assert setting.value.isascii()
    assert draft.source is not None
    assert draft.source.isascii()


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_every_parameter_has_one_address_on_the_server(model: object) -> None:
    """The server shares components by name and addresses a value by (component, name)."""
    draft = draft_of(model)
    addresses = []
    flows = dict(draft.walk())
    for setting in draft.settings:
        flow = flows[setting.path]
        assert setting.name in {p.name for p in flow.parameters}
        addresses.append((flow.name.lower(), flow.external_version, setting.name.lower()))
    assert len(set(addresses)) == len(addresses)
    names = [(flow.name, flow.external_version) for _, flow in draft.walk()]
    assert len(set(names)) == len(names)


def test_two_widths_are_one_flow_and_two_setups() -> None:
    small, large = (
        draft_of(Thing(inner=[("x", Thing(1))])),
        draft_of(Thing(inner=[("x", Thing(9))])),
    )
    assert small.source == large.source
    assert small.name == large.name
    assert small.settings != large.settings


def test_the_source_holds_no_values() -> None:
    assert b"secret" not in (draft_of(Thing(name="secret")).source or b"")


def test_another_structure_is_another_flow() -> None:
    names = {
        draft_of(model).name
        for model in (
            Thing(),
            Thing(inner=Thing()),
            Thing(inner=[Thing()]),
            Thing(inner=[("a", Thing())]),
            Thing(inner=[("b", Thing())]),
            Thing(inner=Needy(1)),
        )
    }
    assert len(names) == 6


def test_the_name_tells_what_is_inside() -> None:
    name = draft_of(NESTED).name
    assert re.fullmatch(
        r"tests\.Thing\(first=Thing,second=Needy\(inner=Thing\)\)\.[0-9a-f]{8}", name
    )


def test_a_name_that_would_be_too_long_is_shortened() -> None:
    model = Thing(inner=[(f"step_number_{n}", Thing()) for n in range(60)])
    names = [flow.name for _, flow in draft_of(model).walk()]
    assert max(map(len, names)) <= 1024
    assert re.fullmatch(r"tests\.Thing\.[0-9a-f]{8}", names[0])
    assert len(set(names)) == 61


def test_a_component_that_stands_twice_is_named_by_its_place() -> None:
    names = {path: flow.name for path, flow in draft_of(MODELS["twice deep"]).walk()}
    assert names["a", "inner"].endswith(":a:inner")
    assert names["b", "inner"].endswith(":b:inner")


def test_a_component_is_shared_by_flows() -> None:
    one = dict(draft_of(Thing(inner=[("x", Needy(1))])).walk())
    other = dict(draft_of(Needy(1, inner=[Thing(inner=Needy(2))])).walk())
    assert one["x",].name == other["inner.0", "inner"].name


def test_a_parent_of_renamed_components_is_not_the_flow_of_the_parent_alone() -> None:
    """Else the server would link the stored parent, whose components have other names."""
    parent = Thing(inner=[("x", Needy(1))])
    inside = dict(draft_of(Thing(inner=[("p", parent), ("q", Needy(1))])).walk())
    elsewhere = dict(draft_of(Needy(1, inner=[("p", parent)])).walk())
    assert inside["p",].name != elsewhere["p",].name


def test_a_flow_and_the_same_thing_as_a_component_differ_because_only_one_has_a_source() -> None:
    component = dict(draft_of(Thing(inner=[("x", Needy(1))])).walk())["x",]
    assert component.source is None
    assert draft_of(Needy(1)).name != component.name


def test_parts_have_no_flow_of_their_own() -> None:
    draft = draft_of(MODELS["parts"])
    assert [c.identifier for c in draft.components] == ["pre"]
    names = [p.name for p in draft.parameters]
    assert names == [
        "inner.fc1.bias",
        "inner.fc1.width",
        "inner.fc2.bias",
        "inner.fc2.width",
        "name",
        "seed",
        "size",
    ]
    assert settings_of(draft)[(), "inner.fc2.width"] == "32"


def test_a_leaf_in_the_wiring_is_a_value() -> None:
    draft = draft_of(MODELS["leaf in the wiring"])
    assert settings_of(draft)[(), "inner.num.columns"] == '["gr\\u00f6\\u00dfe","b"]'


def test_parameters_tell_type_and_default_of_the_constructor() -> None:
    by_name = {p.name: p for p in draft_of(Thing(size=7)).parameters}
    assert (by_name["size"].data_type, by_name["size"].default_value) == ("integer", "1")
    assert (by_name["name"].data_type, by_name["name"].default_value) == ("string", '"a"')
    needed = next(p for p in draft_of(Needy(3)).parameters if p.name == "needed")
    assert (needed.data_type, needed.default_value) == (None, "")


def test_versions_and_requirements_stand_in_the_flow() -> None:
    draft = draft_of(Thing())
    assert draft.external_version == "openml_client_toy==1,tests==1.0"
    assert draft.dependencies == "toys==1.0"
    assert extension_of(draft.external_version) == "toy"


@pytest.mark.parametrize("version", [None, "", "1", "openml==0.15.1,sklearn==1.5.0"])
def test_a_flow_of_another_program_has_no_extension(version: str | None) -> None:
    assert extension_of(version) is None


def test_a_flow_without_settings_is_at_the_defaults() -> None:
    draft = draft_of(Thing(size=9, inner=[("x", Thing(name="b"))]))
    model = build(description_from_flow(draft.source or b""))
    assert (model.size, model.inner[0][1].name) == (1, "a")


def test_settings_that_are_left_out_are_at_their_defaults() -> None:
    draft = draft_of(Thing(inner=[("x", Thing())]))
    settings = {(("x",), "size"): "5", ((), "name"): None}
    model = build(description_from_flow(draft.source or b"", settings))
    assert (model.inner[0][1].size, model.name) == (5, "a")


def test_parameters_without_a_default_must_be_given() -> None:
    draft = draft_of(Thing(inner=[("x", Needy(1)), ("y", Needy(2, inner=Part(3)))]))
    with pytest.raises(FlowError, match=r"x__needed, y__inner\.width, y__needed"):
        description_from_flow(draft.source or b"")


def test_a_setting_that_the_flow_does_not_have_is_refused() -> None:
    draft = draft_of(Thing())
    with pytest.raises(FlowError, match="no parameter x__nothing") as caught:
        description_from_flow(draft.source or b"", {(("x",), "nothing"): "1"})
    assert "size" in str(caught.value)


def test_a_long_value_stands_in_a_file_by_its_hash() -> None:
    draft = draft_of(MODELS["long"])
    assert re.fullmatch(r'{"\$sha256":"[0-9a-f]{64}"}', settings_of(draft)[(), "size"] or "")
    assert draft.long_values is not None
    with pytest.raises(FlowError, match=r"setup\.json lacks it"):
        description_from_flow(draft.source or b"", settings_of(draft))
    changed = draft.long_values.replace(b"1999", b"1998")
    with pytest.raises(FlowError, match="does not match its hash"):
        description_from_flow(draft.source or b"", settings_of(draft), changed)


@pytest.mark.parametrize(
    "items",
    [np.zeros(100_000, dtype="i1"), np.zeros(200_000), pd.Index(range(7)).repeat(100_000)],
    ids=["many", "large", "labels"],
)
def test_data_in_a_parameter_is_refused(items: Any) -> None:
    with pytest.raises(NotSerializableError, match=r"100,000|1,048,576|131,072") as caught:
        TOY.describe(Thing(size=items))
    assert "when it is fitted" in str(caught.value)


def test_the_order_of_stored_parameters_and_components_does_not_matter() -> None:
    draft = draft_of(NESTED)
    shuffled = dict(reversed(settings_of(draft).items()))
    assert description_from_flow(draft.source or b"", shuffled) == TOY.describe(NESTED)


@pytest.mark.parametrize("text", ["", "{", "NaN", "\ud800", "[" * 10_000, '{"$sha256":"x"}', "1}{"])
def test_a_setting_that_is_no_typed_json_is_refused(text: str) -> None:
    with pytest.raises(FlowError):
        description_from_flow(draft_of(Thing()).source or b"", {((), "size"): text})


def test_a_structure_in_place_of_a_description_is_refused() -> None:
    source = TOY.describe(Thing()).to_bytes().replace(b'"tree"', b'"structure"')
    with pytest.raises(FlowError, match=r"no valid \$node of a structure"):
        description_from_flow(source)


def names_in(tree: Any) -> Iterator[str]:
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield key
            yield from names_in(value)


def test_the_source_is_canonical() -> None:
    source = draft_of(NESTED).source or b""
    document = json.loads(source)
    assert json.dumps(document, sort_keys=True, separators=(",", ":")).encode() == source
    assert {"defaults", "required", "params", "class"} <= set(names_in(document))


def test_a_text_that_just_fits_stays_a_setting() -> None:
    assert len(setting_text("x" * 2046)) == 2048
    assert setting_text("x" * 2047).startswith('{"$sha256"')
