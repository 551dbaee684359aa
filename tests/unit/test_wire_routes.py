"""The table of routes: addresses, filters and codes."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openml_client import errors
from openml_client.errors import ValidationError
from openml_client.wire.codes import codes, error_for
from openml_client.wire.filters import FilterRefused, decode_filters
from openml_client.wire.routes import every as routes
from openml_client.wire.vocabulary import ErrorAnswer


def test_filters_stand_in_the_path_in_the_order_given() -> None:
    path = routes.DATASET_LIST.url_path(
        {"tag": "uci", "number_instances": (100, 200), "ids": [np.int64(3), 5], "limit": 10}
    )
    assert path == "data/list/tag/uci/number_instances/100..200/data_id/3,5/limit/10"


def test_what_is_no_path_character_is_escaped() -> None:
    assert routes.DATASET_LIST.url_path({"name": "a/b ü"}) == "data/list/data_name/a%2Fb%20%C3%BC"
    path = routes.FLOW_EXISTS_PATH.url_path(name="f(x=y)", external_version="a==1,b")
    assert path == "flow/exists/f(x%3Dy)/a%3D%3D1,b"


@pytest.mark.parametrize(
    ("name", "value"),
    [("limit", -1), ("limit", True), ("ids", "1;2"), ("tag", 3), ("number_classes", "many")],
)
def test_a_filter_refuses_what_it_does_not_take(name: str, value: object) -> None:
    with pytest.raises(ValidationError, match=f"the filter {name} takes"):
        routes.DATASET_LIST.url_path({name: value})


def test_an_unknown_filter_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValidationError, match="no filter 'colour'") as caught:
        routes.DATASET_LIST.url_path({"colour": "red"})
    assert "number_instances" in str(caught.value)


def test_the_registry_reads_what_the_client_writes() -> None:
    wanted = {"tag": "uci", "number_instances": (100, 200), "ids": [3, 5], "limit": 10}
    path = routes.DATASET_LIST.url_path(wanted)
    segments = path.removeprefix("data/list/").split("/")
    route = routes.DATASET_LIST
    assert route.list_codes is not None
    assert decode_filters(route.filters, segments, route.list_codes) == {
        "tag": "uci",
        "number_instances": (100.0, 200.0),
        "data_id": (3, 5),
        "limit": 10,
    }


@pytest.mark.parametrize(
    ("segments", "code"),
    [
        (["colour", "red"], 370),
        (["limit", "abc"], 371),
        (["limit", "-1"], 371),
        (["offset", "5"], 373),
        (["data_id", "1;2"], 371),
    ],
)
def test_the_registry_refuses_filters_with_the_codes_of_the_list(
    segments: list[str], code: int
) -> None:
    route = routes.DATASET_LIST
    assert route.list_codes is not None
    with pytest.raises(FilterRefused) as caught:
        decode_filters(route.filters, segments, route.list_codes)
    assert caught.value.code == code


def test_lists_that_need_a_filter_refuse_none() -> None:
    for route, code in ((routes.RUN_LIST, 510), (routes.SETUP_LIST, 670)):
        assert route.list_codes is not None
        with pytest.raises(FilterRefused) as caught:
            decode_filters(route.filters, [], route.list_codes)
        assert caught.value.code == code


@pytest.mark.fault(25)
@given(st.lists(st.text(max_size=12), max_size=8))
def test_any_path_is_decoded_or_refused(segments: list[str]) -> None:
    route = routes.EVALUATION_LIST
    assert route.list_codes is not None
    with contextlib.suppress(FilterRefused):
        decode_filters(route.filters, segments, route.list_codes)


def test_every_code_that_a_route_answers_is_in_the_table() -> None:
    for route in routes.ROUTES:
        assert set(route.codes.values()) <= set(codes()), route.name


def test_names_and_addresses_of_routes_are_unique() -> None:
    assert len({route.name for route in routes.ROUTES}) == len(routes.ROUTES)
    assert len({(route.method, route.path) for route in routes.ROUTES}) == len(routes.ROUTES)


def test_a_code_becomes_the_class_of_its_row() -> None:
    error = error_for(ErrorAnswer(code=111, message="Unknown dataset"), route="data.get", asked="x")
    assert type(error) is errors.NotFoundError
    assert (error.code, error.route) == (111, "data.get")
    assert str(error) == "x: Unknown dataset [code 111]"


def test_a_duplicate_tells_the_id_of_what_is_there() -> None:
    for text, id_ in (("matched id(s): [1306]", 1306), ("implementation_id:16", 16)):
        answer = ErrorAnswer(code=614, message="Task exists", additional_information=text)
        error = error_for(answer, route="", asked="x")
        assert isinstance(error, errors.DuplicateError)
        assert error.existing_id == id_


def test_an_unknown_code_is_a_server_error() -> None:
    error = error_for(ErrorAnswer(code=99999, message="New"), route="", asked="x")
    assert type(error) is errors.ServerError
