"""Uploads whose elements are unknown, or out of order, are refused as the real server would."""

from __future__ import annotations

import pytest

from openml_client.errors import ProtocolError
from openml_client.wire import routes
from openml_client.wire.sequence import check_sequence

DATASET = routes.DATASET_UPLOAD.request
FLOW = routes.FLOW_UPLOAD.request
assert DATASET is not None
assert FLOW is not None


def test_elements_in_order_are_taken_those_of_the_server_too() -> None:
    tree = {"id": "1", "name": "a", "description": "b", "format": "ARFF", "md5_checksum": "c"}
    check_sequence(DATASET, tree, source="test")


def test_an_element_behind_its_place_is_named() -> None:
    with pytest.raises(ProtocolError, match="/data_set_description has 'description' behind"):
        check_sequence(DATASET, {"name": "a", "format": "b", "description": "c"}, source="test")


def test_an_unknown_element_is_named() -> None:
    with pytest.raises(ProtocolError, match="'colour', which is not known"):
        check_sequence(DATASET, {"name": "a", "colour": "red"}, source="test")


def test_flows_inside_flows_are_checked_with_their_place() -> None:
    inner = {"identifier": "x", "flow": {"description": "b", "name": "a"}}
    for components in (inner, [{"identifier": "w", "flow": {"name": "a"}}, inner]):
        with pytest.raises(ProtocolError, match=r"/flow/component\[\d\]/flow has 'name' behind"):
            check_sequence(FLOW, {"name": "a", "component": components}, source="test")


def test_no_content_is_left_to_whoever_decodes_it() -> None:
    check_sequence(DATASET, None, source="test")
    check_sequence(DATASET, "text", source="test")
