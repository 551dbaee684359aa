"""Names lead back to what they name, and nowhere else."""

from __future__ import annotations

import collections
import json.decoder
import os.path

import pytest

from openml_client.errors import MissingDependencyError, NotSerializableError
from openml_client.extension.references import follow, is_reference, reference_to, resolve


class Outer:
    class Inner: ...


def test_the_shortest_public_module_is_named() -> None:
    assert reference_to(json.decoder.JSONDecoder, "x") == "json:JSONDecoder"


def test_a_nested_class_is_named_by_its_dotted_name() -> None:
    reference = reference_to(Outer.Inner, "x")
    assert reference == f"{__name__}:Outer.Inner"
    assert resolve(reference) is Outer.Inner


def test_an_object_that_its_name_does_not_lead_to_is_refused() -> None:
    fake = type("OrderedDict", (), {"__module__": "collections"})
    with pytest.raises(NotSerializableError, match="does not lead to this object"):
        reference_to(fake, "Model.param")


@pytest.mark.parametrize(
    "text",
    [
        "os",
        "os:",
        ":x",
        "os:path:join",
        "os:__class__",
        "os:x.__globals__",
        "o s:x",
        "os:a-b",
        "../x:y",
        "os:mkdir(",
    ],
)
def test_what_is_no_name_is_not_taken_for_one(text: str) -> None:
    assert not is_reference(text)


def test_the_way_does_not_pass_through_a_module() -> None:
    assert follow(os, "path.join") is None
    assert follow(os.path, "join") is os.path.join


def test_the_way_does_not_pass_through_an_object() -> None:
    assert follow(collections, "ChainMap.fromkeys") is not None
    assert follow(json, "dumps.__globals__") is None
    assert follow(json, "_default_encoder.encode") is None


def test_a_package_that_is_not_installed_is_named_with_the_way_out() -> None:
    with pytest.raises(MissingDependencyError, match="not_there") as caught:
        resolve("not_there.models:Net")
    assert "pip install not_there" in str(caught.value)


@pytest.mark.parametrize("reference", ["json.nothing:Net", "json:nothing"])
def test_what_is_gone_from_a_package_is_none(reference: str) -> None:
    assert resolve(reference) is None
