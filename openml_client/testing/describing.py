"""Checks of descriptions: plain, stable, equal for equal models, and without loss."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from openml_client import Client
from openml_client.errors import FlowError, NotSerializableError
from openml_client.extension import (
    API,
    Capabilities,
    Codec,
    Description,
    Extension,
    Policy,
    Trust,
)
from openml_client.extension.discovery import find_extension, get_extension
from openml_client.extension.flows import description_from_flow, flow_from_description
from openml_client.extension.identity import canonical
from openml_client.testing.checks import Checks, demand
from openml_client.testing.processes import answers, attempt
from openml_client.testing.values import UNDESCRIBABLE, VALUES

if TYPE_CHECKING:
    from openml_client.extension import Compat, Note
    from openml_client.testing.cases import Suite

_COMPATS: tuple[Compat, ...] = ("exact", "semantic", "adapt")


class DescriptionChecks(Checks):
    """What must hold of an extension's descriptions."""

    def test_it_speaks_the_protocol(self) -> None:
        """It has all that an extension has, of the version that this client speaks."""
        extension = self.extension
        demand(isinstance(extension, Extension), "it lacks attributes or methods of Extension")
        demand(extension.api == API, f"its api is {extension.api}; this client speaks {API}")
        demand(
            re.fullmatch(r"\w+", extension.name, re.ASCII) is not None,
            f"its name {extension.name!r} is no name of a top-level module",
        )
        demand(isinstance(extension.capabilities, Capabilities), "capabilities are Capabilities")
        demand(isinstance(extension.policy, Policy), "its policy is no Policy")
        demand(isinstance(extension.codec, Codec), "its codec is no Codec")

    def test_the_entry_point_leads_to_it(self) -> None:
        """The client finds it, by its name and by the class of each model."""
        if not self.is_installed:
            pytest.skip("the suite says is_installed = False")
        demand(
            get_extension(self.extension.name) is self.extension,
            f"the entry point {self.extension.name!r} leads to another object",
        )
        for name, case in self.cases.items():
            demand(
                find_extension(case.make()) is self.extension,
                f"{name}: the model's class is not below the module {self.extension.name!r}",
            )

    def test_it_knows_its_models_and_no_others(self) -> None:
        """Other objects are none of its business, and describing one is refused."""
        for name, case in self.cases.items():
            demand(self.extension.can_describe(case.make()) is True, f"{name} is not known")
        for other in (object(), None, 1, "text", [1], dict):
            demand(self.extension.can_describe(other) is False, f"{other!r} passes for a model")
            with pytest.raises(NotSerializableError):
                self.extension.describe(other)

    def test_a_description_is_plain_json(self, case: str) -> None:
        """It names its extension, and reads back equal from its bytes."""
        description = self.describe(self.case(case).make())
        demand(
            description.extension == self.extension.name,
            f"the description names the extension {description.extension!r}",
        )
        _demand_plain(description.tree, "tree")
        again = Description.from_bytes(description.to_bytes())
        demand(again == description, "the description does not read back equal from its bytes")

    def test_equal_models_have_equal_descriptions(self, case: str) -> None:
        """And so the same flow: name, external version and source."""
        make = self.case(case).make
        model = make()
        mine, again, other = map(self._identity, (model, model, make()))
        demand(mine == again, f"one model has two descriptions:\n{mine}\n{again}")
        demand(mine == other, f"equal models have two descriptions:\n{mine}\n{other}")

    def test_a_description_is_the_same_in_every_process(self, case: str) -> None:
        """Whatever the seed of Python's hashes is."""
        mine = self._identity(self.case(case).make())
        for hash_seed in ("1", "2"):
            theirs = _identities_elsewhere(self.suite, hash_seed)[case]
            demand(theirs == mine, f"with PYTHONHASHSEED={hash_seed}:\n{theirs}\nhere:\n{mine}")

    def test_another_value_is_another_setup_of_the_same_flow(self, varied: str) -> None:
        """Structure is the flow, values are the setup."""
        case = self.case(varied)
        make_other = case.other
        demand(make_other is not None, "the case has no other")
        one, other = (self.describe(make()) for make in (case.make, make_other or case.make))
        mine, theirs = (flow_from_description(d, self.extension) for d in (one, other))
        demand(one.digest != other.digest, "the other model has the same description")
        demand(
            (mine.name, mine.external_version, mine.source)
            == (theirs.name, theirs.external_version, theirs.source),
            f"the other model is another flow: {mine.name} and {theirs.name}",
        )

    def test_a_rebuilt_model_is_equal_to_the_original(self, case: str) -> None:
        """With the types of all its values, and nothing to note on the same versions."""
        make = self.case(case).make
        description = self.describe(make())
        for compat in _COMPATS:
            notes: list[Note] = []
            rebuilt = self.build(description, compat=compat, notes=notes)
            mine, theirs = self.state(make()), self.state(rebuilt)
            demand(mine == theirs, f"compat={compat!r}: built\n{theirs}\ninstead of\n{mine}")
            demand(not notes, f"compat={compat!r}: notes without a reason: {notes}")
            demand(
                self.describe(rebuilt) == description, "the rebuilt model is described otherwise"
            )

    def test_describing_and_building_change_nothing(self, case: str) -> None:
        """Neither the caller's model nor the global generators."""
        model = self.case(case).make()
        with self.unchanged(model):
            self.build(self.describe(model))

    def test_a_description_of_another_extension_is_refused(self) -> None:
        """Also one of another version of this one."""
        description = self.describe(next(iter(self.cases.values())).make())
        trust = Trust.of_own(self.extension.policy, description)
        for change in ({"extension": "another_one"}, {"api": description.api + 1}):
            with pytest.raises(FlowError):
                self.extension.build(
                    replace(description, **change), trust=trust, compat="semantic", notes=[]
                )

    def test_a_refusal_names_place_and_remedy(self, refusal: str) -> None:
        """So that the user can mend the model."""
        declared = self.refused[refusal]
        try:
            self.describe(declared.make())
        except NotSerializableError as error:
            demand(
                declared.place in error.path,
                f"the error's place is {error.path!r}; it should contain {declared.place!r}",
            )
            demand(bool(error.why.strip()), "the error gives no reason")
            demand(bool(error.remedy.strip()), "the error gives no remedy")
        else:
            raise AssertionError("it was described, and must be refused")

    def test_values_come_back_as_they_were_or_are_refused(self) -> None:
        """Nothing lossy is silent: tuples stay tuples, and the text "1" no number."""
        trust = Trust.of_strangers(self.extension.policy)
        theirs = _identities_elsewhere(self.suite, "1")["", "values"]
        for name, value in VALUES.items():
            try:
                tree = self.extension.codec.encode(value, "value")
            except NotSerializableError:
                continue
            again = self.extension.codec.decode(tree, trust)
            mine, rebuilt = self.state(value), self.state(again)
            demand(mine == rebuilt, f"{name}: {value!r} came back as {again!r}")
            demand(theirs[name] == canonical(tree), f"{name}: other processes write it otherwise")

    def test_values_without_a_description_are_refused(self) -> None:
        """With the place that the caller named."""
        for name, value in UNDESCRIBABLE.items():
            try:
                tree = self.extension.codec.encode(value, "there")
            except NotSerializableError as error:
                demand(error.path.startswith("there"), f"{name}: the place is {error.path!r}")
                demand(bool(error.remedy.strip()), f"{name}: the error gives no remedy")
            else:
                raise AssertionError(f"{name} was described, as {tree!r}")

    def test_a_server_takes_the_flows_and_gives_them_back(self, tmp_path: Path) -> None:
        """An embedded registry, which validates as the server does; what it keeps is enough."""
        with Client(f"local:{tmp_path / 'registry'}") as client:
            for name, case in self.cases.items():
                description = self.describe(case.make())
                draft = flow_from_description(description, self.extension)
                flow = client.flows.publish(draft)
                settings = {(item.path, item.name): item.value for item in draft.settings}
                source = client.flows.source(flow)
                again = description_from_flow(source, settings, draft.long_values)
                demand(again == description, f"{name}: the server gave back another description")
                demand(
                    self.state(self.build(again)) == self.state(case.make()),
                    f"{name}: another model came back from the server",
                )
                demand(
                    client.flows.publish(draft).id == flow.id,
                    f"{name}: publishing it once more made another flow",
                )

    def _identity(self, model: object) -> dict[str, Any]:
        return _identity(self.extension, model)


def _identity(extension: Extension, model: object) -> dict[str, Any]:
    description = extension.describe(model)
    draft = flow_from_description(description, extension)
    return {
        "description": description.to_bytes().decode("ascii"),
        "name": draft.name,
        "external_version": draft.external_version,
        "source": (draft.source or b"").decode("ascii"),
    }


@cache
def _identities_elsewhere(suite: type[Suite], hash_seed: str) -> dict[Any, Any]:
    found = answers(identities, suite, {}, PYTHONHASHSEED=hash_seed)
    return {**found["cases"], ("", "values"): found["values"]}


def identities(suite: type[Suite], _: dict[str, Any]) -> dict[str, Any]:
    """Descriptions and flows of all cases, and the texts of all values."""
    extension = suite.extension
    cases = {
        name: attempt(partial(_identity_of_new, extension, case.make))
        for name, case in suite.cases.items()
    }
    values = {name: attempt(partial(_text, extension, value)) for name, value in VALUES.items()}
    return {"cases": cases, "values": values}


def _identity_of_new(extension: Extension, make: Callable[[], object]) -> dict[str, Any]:
    return _identity(extension, make())


def _text(extension: Extension, value: object) -> str:
    return canonical(extension.codec.encode(value, "value"))


def _demand_plain(value: object, place: str) -> None:
    """Subclasses pass for JSON and lose their type: numpy's float64 is a float."""
    kind = type(value)
    demand(
        kind in (dict, list, str, int, float, bool, type(None)),
        f"{place} is a {kind.__module__}.{kind.__qualname__}, which is no plain JSON",
    )
    parts = value.items() if isinstance(value, dict) else ()
    numbered = enumerate(value) if isinstance(value, list) else ()
    for key, item in (*parts, *numbered):
        _demand_plain(item, f"{place}/{key}")
