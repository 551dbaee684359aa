"""A description that exists is well-formed and within the limits."""

from __future__ import annotations

import pytest

from openml_client.errors import FlowError
from openml_client.extension.description import Description
from openml_client.extension.identity import Json, canonical
from openml_client.extension.tree import MAX_DEPTH
from tests.unit.toy_extension import TOY, Thing


def source_of(tree: str) -> bytes:
    return f'{{"api":1,"extension":"toy","frameworks":{{}},"tree":{tree}}}'.encode()


def test_bytes_come_back_as_the_same_description() -> None:
    description = TOY.describe(Thing(size={"b": 1, "a": (2,)}, inner=Thing()))
    again = Description.from_bytes(description.to_bytes())
    assert again == description
    assert again.digest == description.digest
    assert again.class_name == "tests.unit.toy_extension:Thing"
    assert again.parameters["name"] == "a"


def test_equal_models_have_equal_descriptions() -> None:
    assert TOY.describe(Thing(2)).to_bytes() == TOY.describe(Thing(2)).to_bytes()
    assert TOY.describe(Thing(2)).digest != TOY.describe(Thing(2.0)).digest


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        source_of("[]"),
        source_of('{"$node":{}}'),
        source_of('{"$node":{"kind":"thing","class":1,"params":{},"defaults":{}}}'),
        source_of('{"$node":{"kind":"x","class":"y","params":{},"defaults":{"a":1}}}'),
        source_of('{"$leaf":["a"]}'),
        source_of('{"$call":{}}'),
        source_of('{"$call":{"kind":"function","name":"a:b","args":[],"kwargs":{}}}'),
        source_of('{"$call":{"kind":"class","name":"a:b","args":[],"kwargs":{}}}'),
        source_of('{"$call":{"kind":"data","name":"a:b","args":[],"kwargs":{}}}'),
        source_of('{"$function":3}'),
        source_of('{"$enum":["a"]}'),
        source_of('{"$tuple":[],"b":1}'),
        source_of('{"a":NaN}'),
        source_of('{"a":1e999999}').replace(b"1e999999", b"Infinity"),
        source_of('{"a":' + "1" * 5000 + "}"),
        source_of('{"a":' + "9" * 400 + "}"),
        source_of('{"a":' + "[" * 10_000 + "]" * 10_000 + "}"),
        source_of('{"a":' + "[" * 200 + "]" * 200 + "}"),
        source_of('{"a":[' + "0," * 100_000 + "0]}"),
        source_of('{"a":"' + "x" * 2_000_001 + '"}'),
        source_of('{"a":"' + "x" * 12_000_001 + '"}'),
    ],
    ids=lambda source: str(source[:60]),
)
def test_bytes_that_hold_no_description_are_refused(source: bytes) -> None:
    with pytest.raises(FlowError):
        Description.from_bytes(source)


def test_a_description_with_frameworks_that_are_no_texts_is_refused() -> None:
    source = source_of("{}").replace(b'"frameworks":{}', b'"frameworks":{"a":1}')
    with pytest.raises(FlowError, match="frameworks"):
        Description.from_bytes(source)


def test_a_nested_description_in_memory_is_refused_without_recursion() -> None:
    tree: Json = 1
    for _ in range(10_000):
        tree = [tree]
    with pytest.raises(FlowError, match=f"deeper than {MAX_DEPTH}"):
        Description(extension="toy", api=1, frameworks={}, tree={"a": tree})


def test_a_tree_that_is_no_json_is_refused() -> None:
    with pytest.raises(FlowError, match="/a is no JSON, but object"):
        Description(extension="toy", api=1, frameworks={}, tree={"a": object()})
    with pytest.raises(FlowError, match="key that is no text"):
        Description(extension="toy", api=1, frameworks={}, tree={1: 2})


def test_canonical_text_is_ascii_and_sorted() -> None:
    assert canonical({"ü": 1, "a": [1.0, 1, True]}) == '{"a":[1.0,1,true],"\\u00fc":1}'
