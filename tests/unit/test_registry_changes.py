"""What happens to datasets after they were published: edits, forks, statuses, topics, terms."""

from __future__ import annotations

import pytest
from werkzeug.test import TestResponse

from openml_client.model.dataset import Dataset
from openml_client.registry.publishing import again, dataset
from openml_client.registry.store.datasets import Processed

from .registry_client import Api, code, edit, information, texts

TERM = "https://www.wikidata.org/wiki/Q107"


@pytest.fixture
def api(api: Api) -> Api:
    """A registry with one dataset, of three columns."""
    api.publish_dataset()
    return api


@pytest.fixture
def stranger(api: Api) -> str:
    """The key of a user who owns nothing."""
    return api.registry.add_user("stranger")


def publish_private(api: Api) -> int:
    """Publish a dataset that is its owner's alone."""
    return api.publish_dataset(visibility="private")


def change(api: Api, dataset_id: int = 1, *, key: str = "", **fields: str) -> TestResponse:
    """Say something else of a dataset."""
    form = {"data_id": str(dataset_id)}
    return api.post("data/edit", form=form, key=key, edit_parameters=edit(**fields))


def describe(
    api: Api, ontology: str = TERM, *, dataset_id: int = 1, index: str = "0", key: str = ""
) -> TestResponse:
    """Describe a column by a term."""
    form = {"data_id": str(dataset_id), "index": index, "ontology": ontology}
    return api.post("data/feature/ontology/add", form=form, key=key)


def test_a_column_is_described_by_the_address_of_a_term_only(api: Api) -> None:
    for ontology in (
        "wikidata",
        "ftp://x.org/a",
        "//x.org/a",
        "https://",
        "https:///a",
        "http://[",
        "http://[::1",
        "http://x.org:port/",
        "http://x.org/a b",
        "http://x.org/a\nb",
        "http://x.org/\0",
        "http://x.org/caf\N{LATIN SMALL LETTER E WITH ACUTE}",
    ):
        assert code(describe(api, ontology)) == 1106, ontology
    assert texts(api.get("data/features/1"), "ontology") == []


def test_nobody_describes_a_column_of_a_strangers_private_dataset(api: Api, stranger: str) -> None:
    id_ = publish_private(api)
    answer = describe(api, dataset_id=id_, key=stranger)
    assert (code(answer), information(answer)) == (1102, f"id={id_}; description={TERM}")
    assert texts(describe(api, dataset_id=id_), "ontology") == [TERM]


def test_what_the_engine_looked_at_is_what_is_said_in_the_end(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another edit comes in while the engine looks at the data for the first."""
    looks = []

    def process(content: bytes, said: Dataset) -> Processed:
        looks.append(said)
        if len(looks) == 1:
            change(api, ignore_attribute="class")
        return dataset.process(content, said)

    monkeypatch.setattr(again, "process", process)
    change(api, default_target_attribute="place")
    answer = api.get("data/features/1")
    assert texts(answer, "is_target") == ["false", "true", "false"]
    assert texts(answer, "is_ignore") == ["false", "false", "true"]
    assert len(looks) == 3
