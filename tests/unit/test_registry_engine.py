"""A registry whose datasets and runs wait for an evaluation engine that comes from outside."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from openml_client.registry import Registry

from .registry_client import Api, code, document, run, tag, texts


@pytest.fixture
def registry(empty_registry: Path, tmp_path: Path) -> Iterator[Registry]:
    """An empty registry without an engine of its own."""
    folder = shutil.copytree(empty_registry, tmp_path / "registry")
    with Registry.open(folder, create=False, has_engine=False) as registry:
        yield registry


def features(*columns: str, dataset_id: str = "1", error: str = "") -> str:
    """What an engine says of the columns of a dataset."""
    head = tag("did", dataset_id) + tag("evaluation_engine_id", "1")
    return document(
        "data_features", head + (tag("error", error) if error else "") + "".join(columns)
    )


def column(index: int, name: str, *labels: str, kind: str = "") -> str:
    """One column: nominal if it has labels, and else numeric, unless told otherwise."""
    head = tag("index", str(index)) + tag("name", name)
    kind = kind or ("nominal" if labels else "numeric")
    values = "".join(tag("nominal_value", label) for label in labels)
    return f"<oml:feature>{head}{tag('data_type', kind)}{values}</oml:feature>"


PLACE = column(1, "place", "north", "south")
SPECIES = column(2, "class", "setosa", "virginica")


def qualities(dataset_id: str = "1", **values: str) -> str:
    """What an engine measured of a dataset."""
    rows = "".join(
        f"<oml:quality>{tag('name', name)}{tag('value', value)}</oml:quality>"
        for name, value in values.items()
    )
    head = tag("did", dataset_id) + tag("evaluation_engine_id", "1")
    return document("data_qualities", head + rows)


def process(api: Api) -> None:
    """Do what the real engine does with the dataset 1: features, status, qualities."""
    assert api.post("data/features", features(PLACE, SPECIES)).status_code == 200
    form = {"data_id": "1", "status": "active"}
    assert api.post("data/status/update", form=form).status_code == 200
    assert api.post("data/qualities", qualities(NumberOfInstances="10")).status_code == 200


@pytest.mark.parametrize("columns", [(PLACE, PLACE), (column(-1, "place"),)])
def test_columns_stand_at_places_of_their_own(api: Api, columns: tuple[str, ...]) -> None:
    api.publish_dataset()
    assert code(api.post("data/features", features(*columns))) == 445
    assert code(api.get("data/features/1")) == 273


def test_a_text_in_the_place_of_features_is_refused(api: Api) -> None:
    assert code(api.post("data/features", document("data_features", "text"))) == 443


@pytest.mark.parametrize("value", ["INF", "-INF", "NaN"])
def test_a_quality_that_is_no_finite_number_is_undefined(api: Api, value: str) -> None:
    api.publish_dataset()
    process(api)
    assert api.post("data/qualities", qualities(NumberOfInstances=value)).status_code == 200
    assert texts(api.get("data/qualities/1"), "value") == [""]
    api.publish_task()
    api.publish_flow()
    assert code(api.post("run", run())) == 208
