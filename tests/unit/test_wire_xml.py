"""XML of strangers is refused before it does harm."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openml_client.errors import ProtocolError
from openml_client.wire import dataset, json, xml

BOMB = b"""<?xml version="1.0"?><!DOCTYPE oml:data [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<oml:data xmlns:oml="http://openml.org/openml"><oml:x>&b;</oml:x></oml:data>"""


@pytest.mark.fault(12)
def test_a_document_type_is_refused() -> None:
    with pytest.raises(ProtocolError, match="DOCTYPE"):
        xml.parse(BOMB, source="a test")


@pytest.mark.fault(12)
def test_deep_nesting_is_refused_before_a_tree_is_built() -> None:
    body = b"<a>" * 10_000 + b"</a>" * 10_000
    with pytest.raises(ProtocolError, match="nest deeper than"):
        xml.parse(body, source="a test")


@pytest.mark.fault(12)
def test_a_large_document_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml, "MAX_BYTES", 100)
    with pytest.raises(ProtocolError, match="the limit is 100"):
        xml.parse(b"<a>" + b" " * 200 + b"</a>", source="a test")


def test_another_namespace_is_refused() -> None:
    with pytest.raises(ProtocolError, match="not of the namespace"):
        xml.parse(b'<a:data xmlns:a="http://example.org/"><a:x/></a:data>', source="a test")


def test_another_document_is_refused_and_shown() -> None:
    body = b'<oml:tasks xmlns:oml="http://openml.org/openml"></oml:tasks>'
    with pytest.raises(ProtocolError, match="expected the root element 'data', got 'tasks'"):
        xml.read(dataset.DATASETS, body, source="data/list")


def test_what_is_no_xml_is_shown_by_its_first_line() -> None:
    with pytest.raises(ProtocolError, match="it begins with 'Service unavailable'"):
        xml.parse(b"\n\nService unavailable\nplease wait", source="a test")


@pytest.mark.fault(25)
@given(st.binary(max_size=300))
def test_any_bytes_decode_or_raise_a_protocol_error(body: bytes) -> None:
    for module in (xml, json):
        with contextlib.suppress(ProtocolError):
            module.read(dataset.DATASETS, body, source="a test")


@pytest.mark.fault(25)
@given(
    st.recursive(
        st.none() | st.text(max_size=5) | st.integers() | st.booleans(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["did", "name", "version", "quality", "dataset"]), inner, max_size=4
            )
        ),
        max_leaves=12,
    )
)
def test_any_tree_decodes_or_raises_a_protocol_error(tree: object) -> None:
    import json as stdlib_json

    body = stdlib_json.dumps({"data": tree}).encode()
    with contextlib.suppress(ProtocolError):
        json.read(dataset.DATASETS, body, source="a test")
