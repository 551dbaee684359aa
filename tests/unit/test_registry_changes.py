"""What happens to datasets after they were published: edits, forks, statuses, topics, terms."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from werkzeug.test import TestResponse

from openml_client.model.dataset import Dataset
from openml_client.registry.publishing import again
from openml_client.registry.publishing.dataset import process
from openml_client.registry.store.datasets import Processed

from .registry_client import IRIS, Api, code, dataset, edit, id_of, information, task, texts

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

    def look(content: bytes, said: Dataset) -> Processed:
        looks.append(said)
        if len(looks) == 1:
            change(api, ignore_attribute="class")
        return process(content, said)

    monkeypatch.setattr(again, "process", look)
    change(api, default_target_attribute="place")
    answer = api.get("data/features/1")
    assert texts(answer, "is_target") == ["false", "true", "false"]
    assert texts(answer, "is_ignore") == ["false", "false", "true"]
    assert len(looks) == 3


def test_anybody_says_something_else_of_a_dataset(api: Api, stranger: str) -> None:
    fields = {
        "creator": "B. Person",
        "contributor": "C. Person",
        "collection_date": "1936",
        "language": "Latin",
        "citation": "Fisher, 1936",
        "original_data_url": "http://x.org/data",
        "paper_url": "http://x.org/paper",
    }
    assert texts(change(api, key=stranger, **fields), "id") == ["1"]
    answer = api.get("data/1")
    assert {name: texts(answer, name) for name in fields} == {n: [v] for n, v in fields.items()}
    assert texts(answer, "description") == ["For this test."]
    assert texts(answer, "processing_date") != []


def test_an_edit_leaves_what_it_does_not_name(api: Api) -> None:
    change(api, creator="B. Person")
    change(api, language="Latin")
    answer = api.get("data/1")
    assert (texts(answer, "creator"), texts(answer, "language")) == (["B. Person"], ["Latin"])


def test_all_texts_that_described_a_dataset_are_kept(api: Api, stranger: str) -> None:
    change(api, description="Second.", key=stranger)
    change(api, language="Latin")
    change(api, description="Third.")
    answer = api.get("data/description/list/1")
    assert texts(answer, "version") == ["3", "2", "1"]
    assert texts(answer, "description") == ["Third.", "Second.", "For this test."]
    told = api.get("data/1")
    assert texts(told, "description") == ["Third."]
    assert texts(told, "description_version") == ["3"]


def test_descriptions_are_of_datasets_that_may_be_seen(api: Api, stranger: str) -> None:
    path = f"data/description/list/{publish_private(api)}"
    assert code(api.get("data/description/list/9")) == 1090
    for key in (None, stranger):
        assert code(api.get(path, key=key)) == 1090
    assert texts(api.get(path, key=api.key), "version") == ["1"]


def test_edits_that_lack_something_are_refused(api: Api) -> None:
    part = edit(language="Latin")
    assert code(api.post("data/edit", edit_parameters=part)) == 1062
    assert code(api.post("data/edit", form={"data_id": "x"}, edit_parameters=part)) == 1063
    assert code(api.post("data/edit", form={"data_id": "1"})) == 1061
    assert code(change(api, 9, language="Latin")) == 1063
    assert code(change(api)) == 1064
    assert code(change(api, nonsense="1")) == 1060
    assert code(change(api, language="Latin", description="first")) == 1060  # in another order
    assert code(change(api, ignore_attribute="petal length")) == 1060  # the schema has no blanks


def test_what_tasks_rest_on_is_its_owners_to_edit(api: Api, stranger: str) -> None:
    for field in ("default_target_attribute", "row_id_attribute", "ignore_attribute"):
        assert code(change(api, key=stranger, **{field: "place"})) == 1065
        assert code(change(api, key=stranger, language="Latin", **{field: "place"})) == 1065
    assert texts(api.get("data/1"), "language") == []
    assert change(api, row_id_attribute="place").status_code == 200
    api.publish_task()
    assert code(change(api, default_target_attribute="place")) == 1066
    assert code(change(api, default_target_attribute="place", key=stranger)) == 1065
    assert change(api, language="Latin").status_code == 200


def test_an_owner_who_is_no_administrator_edits_all(api: Api, stranger: str) -> None:
    answer = api.post("data", dataset(), key=stranger, dataset=("d.arff", IRIS))
    assert (
        change(api, id_of(answer), default_target_attribute="place", key=stranger).status_code
        == 200
    )


def test_another_target_is_looked_at_at_once(api: Api) -> None:
    before = told(api, 1)
    change(api, default_target_attribute="place")
    assert texts(api.get("data/features/1"), "is_target") == ["false", "true", "false"]
    assert told(api, 1) != before
    change(api, default_target_attribute="nowhere")
    assert texts(api.get("data/1"), "error") == ["Class is not set!"]
    assert code(api.get("data/features/1")) == 274
    change(api, default_target_attribute="class")
    assert texts(api.get("data/1"), "error") == []
    assert told(api, 1) == before


def told(api: Api, id_: int) -> tuple[bytes, bytes]:
    """What the engine found in a dataset."""
    return api.get(f"data/features/{id_}").data, api.get(f"data/qualities/{id_}").data


def test_a_dataset_that_waits_becomes_active_by_an_edit_that_mends_it(api: Api) -> None:
    id_ = api.publish_dataset(default_target_attribute="")
    change(api, id_, default_target_attribute="class")
    assert texts(api.get(f"data/{id_}"), "status") == ["active"]
    assert told(api, id_) == told(api, 1)


def test_a_strangers_private_dataset_is_not_edited_or_forked(api: Api, stranger: str) -> None:
    id_ = publish_private(api)
    assert code(change(api, id_, language="Latin", key=stranger)) == 1063
    assert code(change(api, id_, row_id_attribute="place", key=stranger)) == 1063
    assert code(fork(api, id_, key=stranger)) == 1071
    assert code(api.post(f"data/reset/{id_}", key=stranger)) == 1022
    assert change(api, id_, language="Latin").status_code == 200


def fork(api: Api, dataset_id: int = 1, *, key: str = "") -> TestResponse:
    return api.post("data/fork", form={"data_id": str(dataset_id)}, key=key)


def test_a_fork_is_the_next_version_of_the_same_data(api: Api, stranger: str) -> None:
    api.post("data/tag", form={"data_id": "1", "tag": "x"})
    change(api, description="Second.")
    id_ = id_of(fork(api, key=stranger))
    answer = api.get(f"data/{id_}")
    assert id_ == 2
    told_of_it = {
        name: texts(answer, name)
        for name in ("name", "version", "description", "description_version", "status", "tag")
    }
    assert told_of_it == {
        "name": ["flowers"],
        "version": ["2"],
        "description": ["Second."],
        "description_version": ["1"],
        "status": ["active"],
        "tag": [],
    }
    assert texts(answer, "file_id") == texts(api.get("data/1"), "file_id")
    assert texts(api.get(f"data/description/list/{id_}"), "description") == ["Second."]
    assert told(api, id_) == told(api, 1)
    assert texts(api.get("data/list/uploader/2"), "did") == ["2"]


def test_a_fork_is_its_forkers_own(api: Api, stranger: str) -> None:
    id_ = id_of(fork(api, key=stranger))
    change(api, id_, default_target_attribute="place", key=stranger)
    assert texts(api.get(f"data/{id_}"), "default_target_attribute") == ["place"]
    assert texts(api.get("data/1"), "default_target_attribute") == ["class"]
    assert texts(api.get("data/features/1"), "is_target") == ["false", "false", "true"]


def test_a_fork_of_a_private_dataset_is_private(api: Api, stranger: str) -> None:
    id_ = id_of(fork(api, publish_private(api)))
    path = urlsplit(texts(api.get(f"data/{id_}", key=api.key), "url")[0]).path
    assert code(api.get(f"data/{id_}", key=stranger)) == 112
    assert api.get(path, key=stranger).status_code == 403
    assert api.get(path, key=api.key).data == IRIS


def test_a_dataset_elsewhere_is_forked_without_being_fetched(api_alone: Api) -> None:
    api = api_alone
    api.publish_dataset()
    api.post("data", dataset(name="far", url="http://nowhere.invalid/data.arff"))
    id_ = id_of(fork(api, 2))
    answer = api.get(f"data/{id_}")
    assert (texts(answer, "version"), texts(answer, "status")) == (["2"], ["in_preparation"])


def test_forks_that_lack_something_are_refused(api: Api) -> None:
    assert code(api.post("data/fork")) == 1070
    assert code(fork(api, 9)) == 1071


def test_forks_at_once_get_versions_of_their_own(api: Api) -> None:
    with ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(lambda _: id_of(fork(api)), range(6)))
    assert len(set(ids)) == 6
    assert sorted(map(int, texts(api.get("data/list"), "version"))) == list(range(1, 8))


def set_status(api: Api, status: str, dataset_id: int = 1, *, key: str = "") -> TestResponse:
    form = {"data_id": str(dataset_id), "status": status}
    return api.post("data/status/update", form=form, key=key)


def test_a_dataset_is_deactivated_and_activated(api: Api) -> None:
    answer = set_status(api, "deactivated")
    assert (texts(answer, "id"), texts(answer, "status")) == (["1"], ["deactivated"])
    assert code(api.get("data/list")) == 372
    assert texts(api.get("data/list/status/deactivated"), "did") == ["1"]
    assert code(api.post("task", task())) == 623
    assert texts(set_status(api, "active"), "status") == ["active"]
    assert texts(api.get("data/list"), "did") == ["1"]


def test_a_status_that_cannot_be_is_refused(api: Api, stranger: str) -> None:
    for status in ("", "in_preparation", "ACTIVE", "gone"):
        assert code(set_status(api, status)) == 691
    assert code(set_status(api, "active", 9)) == 692
    assert code(api.post("data/status/update", form={"status": "active"})) == 692
    assert code(set_status(api, "deactivated", key=stranger)) == 693
    assert code(set_status(api, "active")) == 694
    set_status(api, "deactivated")
    assert code(set_status(api, "deactivated")) == 694


def test_only_administrators_activate(api: Api, stranger: str) -> None:
    answer = api.post("data", dataset(), key=stranger, dataset=("d.arff", IRIS))
    id_ = id_of(answer)
    assert set_status(api, "deactivated", id_, key=stranger).status_code == 200
    assert code(set_status(api, "active", id_, key=stranger)) == 696
    assert set_status(api, "active", id_).status_code == 200


def put_on_topic(
    api: Api, topic: str, *, verb: str = "add", dataset_id: str = "1", key: str = ""
) -> TestResponse:
    return api.post(f"data/topic{verb}", form={"data_id": dataset_id, "topic": topic}, key=key)


def test_administrators_put_datasets_on_topics(api: Api, stranger: str) -> None:
    for verb in ("add", "delete"):
        assert code(put_on_topic(api, "Botany", verb=verb, key=stranger)) == 1082
        assert code(put_on_topic(api, "", verb=verb)) == 1080
        assert code(put_on_topic(api, "Botany", verb=verb, dataset_id="")) == 1080
        assert code(put_on_topic(api, "Botany", verb=verb, dataset_id="9")) == 1081
    assert code(put_on_topic(api, "Botany", verb="delete")) == 1085
    assert texts(put_on_topic(api, "Botany"), "id") == ["1"]
    assert code(put_on_topic(api, "Botany")) == 1083
    assert texts(put_on_topic(api, "Botany", verb="delete"), "id") == ["1"]
    assert code(put_on_topic(api, "Botany", verb="delete")) == 1085


def undescribe(api: Api, ontology: str = TERM, *, index: str = "0", key: str = "") -> TestResponse:
    form = {"data_id": "1", "index": index, "ontology": ontology}
    return api.post("data/feature/ontology/remove", form=form, key=key)


def test_anybody_describes_a_column_but_only_who_did_takes_it_back(api: Api, stranger: str) -> None:
    other = api.registry.add_user("other")
    assert texts(describe(api, key=stranger), "ontology") == [TERM]
    answer = describe(api, "http://a.org/")
    assert (texts(answer, "id"), texts(answer, "ontology")) == (["1"], ["http://a.org/", TERM])
    assert texts(api.get("data/features/1"), "ontology") == ["http://a.org/", TERM]
    assert code(undescribe(api, key=other)) == 1104
    assert texts(undescribe(api, key=stranger), "ontology") == ["http://a.org/"]
    assert code(undescribe(api, key=stranger)) == 1103
    assert code(undescribe(api, "http://a.org/", index="1")) == 1103


def test_terms_that_lack_something_are_refused(api: Api) -> None:
    assert code(describe(api, "")) == 1100
    assert code(describe(api, index="")) == 1100
    assert code(describe(api, index="-1")) == 1100
    assert code(undescribe(api, "")) == 1100
    assert code(describe(api, "http://x.org/" + "a" * 244)) == 1105
    for index in ("3", "9" * 30):
        answer = describe(api, index=index)
        assert (answer.status_code, code(answer)) == (500, 1102)
        assert information(answer) == f"id=1; description={TERM}"
    describe(api)
    answer = describe(api)
    assert (answer.status_code, code(answer)) == (500, 1101)
    assert information(answer) == f"id=1; description={TERM}"


def test_terms_outlive_what_the_engine_found(api: Api) -> None:
    describe(api)
    change(api, default_target_attribute="place")
    api.post("data/reset/1")
    assert texts(api.get("data/features/1"), "ontology") == [TERM]


def test_the_names_of_qualities_are_those_that_datasets_have(api: Api) -> None:
    names = texts(api.get("data/qualities/list"), "quality")
    assert names == sorted(names)
    assert "NumberOfInstances" in names
    assert set(names) == set(texts(api.get("data/qualities/1"), "name"))
    api.delete("data/1")
    assert code(api.get("data/qualities/list")) == 641


def test_qualities_of_columns_are_always_refused(api: Api) -> None:
    assert code(api.get("data/features/qualities/list")) == 651
    for id_, number in ((1, 635), (9, 632)):
        assert code(api.get(f"data/features/qualities/{id_}")) == number


def test_a_reset_finds_the_same_again(api: Api, stranger: str) -> None:
    before = told(api, 1)
    assert code(api.post("data/reset/9")) == 1021
    assert code(api.post("data/reset/1", key=stranger)) == 1022
    assert texts(api.post("data/reset/1"), "id") == ["1"]
    assert told(api, 1) == before
    assert texts(api.get("data/1"), "status") == ["active"]


def test_a_reset_activates_nothing_that_was_deactivated(api: Api) -> None:
    set_status(api, "deactivated")
    api.post("data/reset/1")
    assert texts(api.get("data/1"), "status") == ["deactivated"]


@pytest.mark.parametrize(
    "path",
    [
        "data/edit",
        "data/fork",
        "data/status/update",
        "data/topicadd",
        "data/topicdelete",
        "data/feature/ontology/add",
        "data/feature/ontology/remove",
        "data/reset/1",
    ],
)
def test_changes_are_posted_with_a_key_that_may_write(api: Api, path: str) -> None:
    reader = api.registry.add_user("reader", group="read-only")
    assert code(api.post(path, key=None)) == 102
    assert code(api.post(path, key="f" * 32)) == 103
    assert code(api.post(path, key=reader)) == 104
    assert code(api.get(path)) == 100
    for method in ("OPTIONS", "DELETE", "PUT", "PATCH"):
        assert code(api.get(path, key=api.key, method=method)) == 100
    assert api.get(path, key=api.key, method="HEAD").status_code == 412


def test_changes_are_answered_in_json_too(api: Api) -> None:
    form = {"data_id": "1", "status": "deactivated"}
    assert api.post("json/data/status/update", form=form).get_json() == {
        "data_status_update": {"id": "1", "status": "deactivated"}
    }
    assert api.post("json/data/fork", form=form).get_json() == {"data_fork": {"id": "2"}}
    change(api, description="Second.")
    assert api.get("json/data/description/list/1").get_json() == {
        "description_history": {
            "description_version": [
                {"version": "2", "description": "Second."},
                {"version": "1", "description": "For this test."},
            ]
        }
    }
