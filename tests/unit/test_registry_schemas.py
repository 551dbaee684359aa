"""The registry serves the schemas of uploads, and examples that keep to them."""

from __future__ import annotations

import pytest
from lxml import etree

from openml_client.formats.predictions import read_predictions
from openml_client.formats.trace import read_trace
from openml_client.registry.schemas import EXAMPLES, SCHEMAS
from openml_client.registry.validation import complaint
from openml_client.wire import xml
from openml_client.wire.routes.every import ROUTES

from .registry_client import Api


def test_every_schema_is_served_and_compiles(api: Api) -> None:
    assert len(SCHEMAS) >= 4
    for name in SCHEMAS:
        answer = api.get(f"xsd/{name}")
        assert answer.status_code == 200
        assert answer.content_type == "text/xml; charset=utf-8"
        etree.XMLSchema(etree.XML(answer.data))


def test_every_request_has_a_schema_of_one_name() -> None:
    named = {id(route.request) for route in ROUTES if route.schema}
    assert all(id(route.request) in named for route in ROUTES if route.request is not None)
    assert len(named) == len(SCHEMAS)


@pytest.mark.parametrize("path", ["xsd/nosuch", "xml_example/nosuch", "arff_example/nosuch"])
def test_an_unknown_name_gives_the_page_for_what_is_not_there(api: Api, path: str) -> None:
    answer = api.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert "Page Not Found" in answer.get_data(as_text=True)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_an_example_is_valid_and_says_what_it_was_made_of(api: Api, name: str) -> None:
    route, value = EXAMPLES[name]
    assert route.request is not None
    answer = api.get(f"xml_example/{name}")
    assert answer.content_type == "text/xml; charset=utf-8"
    assert complaint(route.request, answer.data) is None
    assert xml.read(route.request, answer.data, source="the example") == value


def test_the_examples_of_files_can_be_read(api: Api) -> None:
    predictions = read_predictions(api.get("arff_example/predictions").data)
    assert predictions.labels == ("setosa", "virginica")
    assert predictions.row_id.tolist() == [2, 0, 1]
    trace = read_trace(api.get("arff_example/trace").data)
    assert [row.selected for row in trace] == [True, False]
    assert trace[0].setup_string == '{"parameter_max_depth": "3"}'


def test_schemas_are_only_read(api: Api) -> None:
    assert api.get("xsd/openml.data.upload", method="HEAD").status_code == 200
    assert api.get("xsd/openml.data.upload", method="DELETE").status_code == 412
