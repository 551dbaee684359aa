"""Datasets of the registry: published, processed, told, listed, hidden."""

from __future__ import annotations

import hashlib
import json
import shutil
from urllib.parse import quote

import pytest

from openml_client.client import Client
from openml_client.errors import OpenMLError

from .registry_client import IRIS, Api, code, dataset, id_of, information, texts


def test_a_dataset_is_told_as_it_was_published(api: Api) -> None:
    id_ = api.publish_dataset(creator="A. Person", tag="small", language="English")
    answer = api.get(f"data/{id_}")
    told = {
        name: texts(answer, name)
        for name in ("id", "name", "version", "creator", "language", "tag", "status", "licence")
    }
    assert told == {
        "id": ["1"],
        "name": ["flowers"],
        "version": ["1"],
        "creator": ["A. Person"],
        "language": ["English"],
        "tag": ["small"],
        "status": ["active"],
        "licence": ["Public"],
    }
    assert texts(answer, "md5_checksum") == [hashlib.md5(IRIS).hexdigest()]


def test_its_data_is_at_the_address_that_it_names(api: Api) -> None:
    id_ = api.publish_dataset()
    (url,) = texts(api.get(f"data/{id_}"), "url")
    assert url == "http://localhost/data/v1/download/1/flowers.arff"
    answer = api.get(url.removeprefix("http://localhost"))
    assert answer.data == IRIS
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_columns_and_classes_beyond_basic_latin_are_taken_from_other_clients(api: Api) -> None:
    content = IRIS.replace(b"place", "Größe".encode()).replace(b"setosa", "süß".encode())
    id_ = api.publish_dataset(content)
    answer = api.get(f"data/features/{id_}")
    assert texts(answer, "name") == ["petal length", "Größe", "class"]
    assert "süß" in texts(answer, "nominal_value")
    assert texts(api.get(f"data/{id_}"), "status") == ["active"]


def test_its_columns_are_described(api: Api) -> None:
    id_ = api.publish_dataset(row_id_attribute="place")
    answer = api.get(f"data/features/{id_}")
    assert texts(answer, "name") == ["petal length", "place", "class"]
    assert texts(answer, "data_type") == ["numeric", "nominal", "nominal"]
    assert texts(answer, "is_target") == ["false", "false", "true"]
    assert texts(answer, "is_row_identifier") == ["false", "true", "false"]
    assert texts(answer, "number_of_missing_values") == ["1", "1", "0"]
    assert texts(answer, "nominal_value") == ["north", "south", "setosa", "virginica"]


def test_its_qualities_are_measured(api: Api) -> None:
    id_ = api.publish_dataset()
    for path in (f"data/qualities/{id_}", f"data/qualities/{id_}/1"):
        answer = api.get(path)
        names = texts(answer, "name")
        assert names == sorted(names)
        values = dict(zip(names, texts(answer, "value"), strict=False))
        assert values["AutoCorrelation"] == "0.7777777777777778"


def test_the_same_name_gets_the_next_version(api: Api) -> None:
    ids = [api.publish_dataset(), api.publish_dataset(), api.publish_dataset(name="others")]
    assert ids == [1, 2, 3]
    assert texts(api.get("data/list"), "version") == ["1", "2", "1"]


def test_a_dataset_without_a_target_stays_in_preparation_and_says_why(api: Api) -> None:
    for target in ("", "nowhere", "class,place"):
        id_ = api.publish_dataset(default_target_attribute=target)
        answer = api.get(f"data/{id_}")
        assert texts(answer, "status") == ["in_preparation"]
        assert texts(answer, "error") == ["Class is not set!"]
        assert code(api.get(f"data/features/{id_}")) == 274
        assert code(api.get(f"data/qualities/{id_}")) == 364
        assert information(api.get(f"data/qualities/{id_}")) == "Class is not set!"
    assert code(api.get("data/list")) == 372


def test_a_dataset_elsewhere_waits_where_nothing_is_fetched(api_alone: Api) -> None:
    id_ = id_of(api_alone.post("data", dataset(url="http://nowhere.invalid/data.arff")))
    assert texts(api_alone.get(f"data/{id_}"), "status") == ["in_preparation"]
    assert code(api_alone.get(f"data/features/{id_}")) == 273
    assert code(api_alone.get(f"data/qualities/{id_}")) == 363
    answer = api_alone.get("/data/v1/download/1/data.arff")
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        "http://nowhere.invalid/data.arff",
    )


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:1/data.arff", "127.0.0.1 is a private address"),
        ("http://localhost/data.arff", "localhost is a private address"),
        ("http://nowhere.invalid/data.arff", "nowhere.invalid can't be reached"),
    ],
)
def test_data_that_cannot_be_fetched_is_not_registered(api: Api, url: str, why: str) -> None:
    answer = api.post("data", dataset(url=url))
    assert code(answer) == 136
    assert why in information(answer)
    assert code(api.get("data/1")) == 111


def test_uploads_that_lack_something_are_refused(api: Api) -> None:
    data = ("data.arff", IRIS)
    assert code(api.post("data", dataset=data)) == 135
    assert code(api.post("data", dataset())) == 141
    assert code(api.post("data", dataset(url="http://x.org/a"), dataset=data)) == 140
    assert code(api.post("data", dataset(url="file:///etc/passwd"))) == 131
    assert code(api.post("data", dataset(format="csv"), dataset=data)) == 133
    assert code(api.post("data", dataset(), dataset=("data.arff", b""))) == 130
    assert code(api.post("data", dataset(format="csv"), dataset=("data.arff", b""))) == 133
    assert code(api.post("data", dataset(format="csv"))) == 133
    empty = api.post("data", "", dataset=data)
    assert code(empty) == 135
    assert information(empty) == "Filesize is 0 bytes, which is not allowed. "


def test_descriptions_that_break_the_schema_are_refused(api: Api) -> None:
    for description in (
        "no XML",
        dataset(name="with blanks"),
        dataset(description="café"),
        dataset(description=""),
        dataset().replace("<oml:format>", "<oml:unknown/><oml:format>"),
        dataset().replace("data_set_description", "flow"),
        dataset()
        .replace("<oml:name>flowers</oml:name>", "")
        .replace("</oml:data", "<oml:name>flowers</oml:name></oml:data"),
        f'<!DOCTYPE x [<!ENTITY e "e">]>{dataset()}',
    ):
        answer = api.post("data", description, dataset=("data.arff", IRIS))
        assert code(answer) == 131, description
        assert information(answer)


def test_a_broken_data_file_is_refused_with_its_line(api: Api) -> None:
    broken = IRIS.replace(b"1.3,south,setosa", b"1.3,south,rosa")
    answer = api.post("data", dataset(), dataset=("data.arff", broken))
    assert code(answer) == 145
    assert information(answer).startswith("Arff error in dataset file: ")
    assert information(answer).endswith("(l.7)")


@pytest.mark.parametrize(
    ("good", "bad", "fault"),
    [
        (b"1.3,", b"much,", "invalid value for numeric attribute: much (l.7)"),
        (b"1.3,south,setosa", b"1.3,south", "too few feature values  (l.7)"),
        (b"1.3,south", b"1.3,south,1", "trailing characters on data line  (l.7)"),
        (b"@DATA", b"@DATA x", "trailing content in @data line (l.5)"),
        (b"@DATA", b"@NOTE", "unsupported header field: @note (l.5)"),
        (b"REAL", b"Complex", "unsupported attribute type: complex (l.2)"),
        (b"length'", b"length", "missing trailing quote in string (l.2)"),
        (b"{north,south}", b"{north", "format error in nominal attribute declaration (l.3)"),
    ],
)
def test_faults_of_data_files_are_told_in_the_servers_words(
    api: Api, good: bytes, bad: bytes, fault: str
) -> None:
    broken = IRIS.replace(good, bad, 1)
    answer = api.post("data", dataset(), dataset=("data.arff", broken))
    assert code(answer) == 145
    assert information(answer) == f"Arff error in dataset file: {fault}"


def test_a_refused_dataset_leaves_nothing(api: Api) -> None:
    api.post("data", dataset(), dataset=("data.arff", b"no ARFF"))
    assert code(api.get("data/list/status/all")) == 372
    assert api.publish_dataset() == 1


def test_a_description_may_come_as_a_field(api: Api) -> None:
    answer = api.post("data", form={"description": dataset()}, dataset=("data.arff", IRIS))
    assert id_of(answer) == 1


def test_unknown_datasets_are_refused_by_each_route_in_its_own_way(api: Api) -> None:
    assert code(api.get("data/0")) == 110
    assert code(api.get("data/7")) == 111
    assert code(api.get("data/99999999999999999999999999")) == 111
    assert code(api.get("data/features/7")) == 271
    assert code(api.get("data/qualities/7")) == 361


def test_lists_are_filtered(api: Api) -> None:
    api.publish_dataset(name="a", tag="x")
    api.publish_dataset(name="b", tag="y", content=IRIS + b"1.1,north,setosa\n")
    api.publish_dataset(name="b", default_target_attribute="petal length".replace(" ", "_"))
    cases = {
        "": ["1", "2"],
        "/tag/x": ["1"],
        "/data_name/b": ["2"],
        "/data_name/B": ["2"],
        "/data_name/b/data_version/2/status/all": ["3"],
        "/data_id/1,2,3": ["1", "2"],
        "/status/in_preparation": ["3"],
        "/status/all": ["1", "2", "3"],
        "/uploader/1,5": ["1", "2"],
        "/number_instances/11": ["2"],
        "/number_instances/5..10": ["1"],
        "/number_classes/2/number_features/3/number_missing_values/1..2": ["1", "2"],
        "/limit/1": ["1"],
        "/limit/1/offset/1": ["2"],
        "/limit": ["1", "2"],
    }
    for filters, ids in cases.items():
        assert texts(api.get(f"data/list{filters}"), "did") == ids, filters


def test_lists_without_a_result_are_refused(api: Api) -> None:
    api.publish_dataset()
    for filters in (
        "/tag/none",
        "/status/unknown",
        "/uploader/2",
        "/number_instances/1",
        "/number_instances/20..5",
        "/number_instances/abc",
        "/limit/0",
        "/limit/5/offset/5",
    ):
        assert code(api.get(f"data/list{filters}")) == 372, filters


def test_filters_that_make_no_sense_are_refused(api: Api) -> None:
    assert code(api.get("data/list/colour/red")) == 370
    assert code(api.get("data/list/limit/abc")) == 371
    assert code(api.get("data/list/data_id/1,x")) == 371
    assert code(api.get("data/list/offset/3")) == 373


def test_what_a_filter_says_is_no_sql(api: Api) -> None:
    api.publish_dataset()
    for text in ("x' OR '1'='1", 'x" OR 1=1 --', "1); DROP TABLE datasets; --"):
        assert code(api.get(f"data/list/data_name/{quote(text)}")) in {371, 372}
        assert code(api.get(f"data/list/data_id/{quote(text)}")) == 371
    assert texts(api.get("data/list"), "did") == ["1"]


def test_a_list_tells_the_qualities_that_are_defined(api: Api) -> None:
    api.publish_dataset()
    row = json.loads(api.get("json/data/list").data)["data"]["dataset"][0]
    qualities = {item["name"]: item["value"] for item in row["quality"]}
    assert qualities["NumberOfInstances"] == "10.0"
    assert qualities["MajorityClassSize"] == "5.0"
    assert row["did"] == 1


def test_a_private_dataset_is_its_owners(api: Api) -> None:
    key = api.registry.add_user("somebody")
    other = api.registry.add_user("somebody else")
    answer = api.post("data", dataset(visibility="private"), key=key, dataset=("d.arff", IRIS))
    id_ = id_of(answer)
    for stranger in (None, other):
        assert code(api.get(f"data/{id_}", key=stranger)) == 112
        assert code(api.get(f"data/features/{id_}", key=stranger)) == 275
        assert code(api.get(f"data/qualities/{id_}", key=stranger)) == 361
        assert code(api.get("data/list", key=stranger)) == 372
        assert api.get("/data/v1/download/1/d.arff", key=stranger).status_code == 403
    for friend in (key, api.key):
        assert texts(api.get(f"data/{id_}", key=friend), "visibility") == ["private"]
        assert texts(api.get("data/list", key=friend), "did") == ["1"]
        assert api.get("/data/v1/download/1/d.arff", key=friend).data == IRIS
    assert api.get("/data/v1/download/1/d.arff", key="f" * 32).status_code == 403


def test_sparse_data_is_processed(api: Api) -> None:
    content = b"@RELATION s\n@ATTRIBUTE a NUMERIC\n@ATTRIBUTE class {x,y}\n@DATA\n{0 1.5}\n{1 y}\n"
    id_ = api.publish_dataset(content, format="Sparse_ARFF")
    answer = api.get(f"data/{id_}")
    assert texts(answer, "status") == ["active"]
    assert texts(answer, "url")[0].endswith("flowers.sparse_arff")
    assert texts(answer, "parquet_url") == []


@pytest.mark.parametrize("name", ["''", '""', "' '"])
def test_a_column_without_a_name_is_refused(api: Api, name: str) -> None:
    content = IRIS.replace(b"'petal length'", name.encode())
    answer = api.post("data", dataset(), dataset=("data.arff", content))
    assert code(answer) == 145
    assert "attribute 1 of 3 has an empty name" in information(answer)
    assert code(api.get("data/list")) == 372


def test_a_lost_data_file_is_told_with_the_way_out(api: Api) -> None:
    id_ = api.publish_dataset()
    shutil.rmtree(api.registry.folder / "blobs")
    answer = api.get(f"/data/v1/download/{id_}")
    assert answer.status_code == 500
    assert answer.text == (
        "the content of file 1 is missing from this registry; "
        "run `openml-client registry check FOLDER`"
    )


def test_splits_of_a_lost_data_file_are_told_as_lost(api: Api) -> None:
    api.publish_dataset()
    api.publish_task()
    shutil.rmtree(api.registry.folder / "blobs")
    answer = api.get("/api_splits/get/1")
    assert answer.status_code == 500
    assert "is missing from this registry; run `openml-client registry check" in answer.text


def test_a_lost_data_file_is_explained_to_the_user_of_a_client(api: Api) -> None:
    api.publish_dataset()
    shutil.rmtree(api.registry.folder / "blobs")
    with (
        Client(f"local:{api.registry.folder}", retries=0) as client,
        pytest.raises(OpenMLError) as caught,
    ):
        client.datasets.load(1)
    text = str(caught.value)
    assert "the content of file 1 is missing from this registry" in text
    assert "openml-client registry check FOLDER" in text
    assert "private" not in text


def test_a_database_that_is_damaged_inside_is_explained_to_the_user_of_a_client(api: Api) -> None:
    api.publish_dataset()
    with Client(f"local:{api.registry.folder}", retries=0) as client:
        with api.registry.store.write() as connection:
            connection.exec_driver_sql("DROP TABLE features")
        with pytest.raises(OpenMLError) as caught:
            client.datasets.features(1)
    text = str(caught.value)
    assert "this registry can't use its database: no such table: features; run" in text
    assert "openml-client registry check FOLDER" in text
