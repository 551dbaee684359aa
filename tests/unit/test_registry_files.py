"""What the registry serves beside the API: data files, as CSV and as Parquet, and splits."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from werkzeug.test import Client, TestResponse

from openml_client.formats.arff import read_arff
from openml_client.formats.parquet import read_parquet
from openml_client.formats.table import Table
from openml_client.registry.blobs import FolderBlobs
from openml_client.registry.check import check_folder

from .registry_client import IRIS, Api, dataset, id_of

SPARSE = b"@RELATION s\n@ATTRIBUTE a NUMERIC\n@ATTRIBUTE class {x,y}\n@DATA\n{0 1.5}\n{1 y}\n"
PARQUET = "/datasets/0000/0001/dataset_1.pq"


def disposition(answer: TestResponse) -> str | None:
    return answer.headers.get("Content-Disposition")


# Whole files


@pytest.mark.parametrize("root", ["/data/v1", "/data"])
def test_a_file_is_downloaded_by_its_id_whatever_name_is_asked_for(api: Api, root: str) -> None:
    api.publish_dataset()
    for name in ("", "/data.arff", "/another.txt"):
        answer = api.get(f"{root}/download/1{name}")
        assert (answer.status_code, answer.data) == (200, IRIS)
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert answer.headers["Content-Length"] == str(len(IRIS))
        assert disposition(answer) == "attachment; filename=data.arff"


@pytest.mark.parametrize("root", ["/data/v1", "/data"])
def test_a_file_is_viewed_with_the_type_that_it_was_uploaded_with(api: Api, root: str) -> None:
    api.post("data", dataset(), dataset=("data.bin", IRIS))
    answer = api.get(f"{root}/view/1/data.bin")
    assert (answer.status_code, answer.data) == (200, IRIS)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert disposition(answer) is None
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_file_elsewhere_is_redirected_to_and_has_no_csv(api_alone: Api) -> None:
    api = api_alone
    api.post("data", dataset(url="http://nowhere.invalid/data.arff"))
    for verb in ("download", "view"):
        answer = api.get(f"/data/v1/{verb}/1")
        assert answer.status_code == 302
        assert answer.headers["Location"] == "http://nowhere.invalid/data.arff"
        assert answer.data == b""
    assert api.get("/data/v1/get_csv/1").status_code == 404
    assert api.get(PARQUET).status_code == 404


# CSV


def test_csv_is_the_data_lines_below_the_quoted_names_of_the_features(api: Api) -> None:
    content = IRIS.replace(b"@DATA\n", b"@data \n% a comment\n").replace(b"5.1,", b"'5.1',")
    api.publish_dataset(content)
    for path in ("/data/v1/get_csv/1", "/data/v1/get_csv/1/x.csv", "/data/get_csv/1"):
        answer = api.get(path)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert disposition(answer) == "attachment; filename=data.csv"
        lines = answer.get_data(as_text=True).splitlines()
        assert lines[:3] == ['"petal length","place","class"', "1.4,north,setosa",
                             "1.3,south,setosa"]  # fmt: skip
        assert "'5.1',north,virginica" in lines
        assert len(lines) == 11


def test_pandas_reads_the_csv(api: Api) -> None:
    api.publish_dataset(IRIS.replace(b"'petal length'", b"'a \"b\", c'"))
    frame = pd.read_csv(io.BytesIO(api.get("/data/v1/get_csv/1").data), na_values="?")
    assert list(frame.columns) == ['a "b", c', "place", "class"]
    assert frame.shape == (10, 3)
    assert frame.iloc[0].tolist() == [1.4, "north", "setosa"]


def test_there_is_csv_of_processed_arff_files_only(api: Api) -> None:
    api.post("data", dataset(), dataset=("dataset", IRIS))  # as openml-python names it
    api.publish_dataset(default_target_attribute="")
    api.post("flow", FLOW, source=("data.arff", IRIS))
    for file_id in (1, 2, 3, 9):
        answer = api.get(f"/data/v1/get_csv/{file_id}")
        assert answer.status_code == 404
        assert answer.mimetype == "text/html"


FLOW = (
    '<oml:flow xmlns:oml="http://openml.org/openml"><oml:name>f</oml:name>'
    "<oml:external_version>1</oml:external_version><oml:description>F.</oml:description></oml:flow>"
)


# Parquet


def test_parquet_is_the_same_table_as_arff(api: Api) -> None:
    api.publish_dataset()
    answer = api.get(PARQUET)
    assert answer.status_code == 200
    assert answer.headers["Content-Length"] == str(len(answer.data))
    wanted = Table.from_arff(read_arff(IRIS))
    pd.testing.assert_frame_equal(read_parquet(answer.data).to_pandas(), wanted.to_pandas())


def test_parquet_has_the_column_types_of_those_of_openml(api: Api) -> None:
    api.publish_dataset()
    schema = pq.read_schema(io.BytesIO(api.get(PARQUET).data))
    assert str(schema.field("petal length").type) == "double"
    place = schema.field("place").type
    assert (str(place.value_type), place.ordered) == ("string", True)
    frame = pd.read_parquet(io.BytesIO(api.get(PARQUET).data))
    assert frame["class"].cat.categories.tolist() == ["setosa", "virginica"]
    assert frame["class"].cat.ordered


def test_parquet_is_asked_for_in_parts_and_by_what_is_newer(api: Api) -> None:
    api.publish_dataset()
    head = api.get(PARQUET, method="HEAD")
    whole = api.get(PARQUET)
    assert (head.status_code, head.data) == (200, b"")
    for name in ("Content-Length", "ETag", "Last-Modified"):
        assert head.headers[name] == whole.headers[name]
    client = Client(api.registry.wsgi_app)
    part = client.get(PARQUET, headers={"Range": "bytes=0-3"}, buffered=True)
    assert (part.status_code, part.data) == (206, b"PAR1")
    same = client.get(PARQUET, headers={"If-None-Match": whole.headers["ETag"]}, buffered=True)
    assert same.status_code == 304


def test_parquet_is_made_once_and_made_again_if_it_is_lost(api: Api) -> None:
    api.publish_dataset()
    blobs = FolderBlobs(api.registry.folder / "blobs")

    def contents() -> set[Path]:
        return set(blobs)

    before = contents()
    first = api.get(PARQUET).data
    (made,) = contents() - before
    written_at = made.stat().st_mtime_ns
    assert api.get(PARQUET).data == first
    assert made.stat().st_mtime_ns == written_at
    made.unlink()
    assert api.get(PARQUET).data == first
    assert contents() - before == {made}


def test_a_link_that_is_torn_is_made_again(api: Api) -> None:
    api.publish_dataset()
    first = api.get(PARQUET).data
    (link,) = (api.registry.folder / "blobs" / "links").iterdir()
    link.write_text("../../owner.key")
    assert api.get(PARQUET).data == first
    assert len(link.read_text()) == 64


@pytest.mark.parametrize(
    "path",
    [
        "/datasets/0000/0002/dataset_2.pq",
        "/datasets/0000/0001/dataset_2.pq",
        "/datasets/0000/1/dataset_1.pq",
        "/datasets/0000/0001/dataset_01.pq",
        "/datasets/0000/0001/dataset_1.arff",
        f"/datasets/0000/0001/dataset_{10**18}.pq",
        f"/datasets/0000/0001/dataset_{10**30}.pq",
        "/datasets/x",
    ],
)
def test_objects_that_are_not_there_are_missed_as_in_an_object_store(api: Api, path: str) -> None:
    api.publish_dataset()
    answer = api.get(path)
    assert answer.status_code == 404
    assert answer.mimetype == "application/xml"
    assert b"<Code>NoSuchKey</Code>" in answer.data


def test_sparse_data_has_no_parquet(api: Api) -> None:
    api.publish_dataset(SPARSE, format="Sparse_ARFF")
    api.publish_dataset(SPARSE)
    for id_ in (1, 2):
        answer = api.get(f"/datasets/0000/000{id_}/dataset_{id_}.pq")
        assert b"<Code>NoSuchKey</Code>" in answer.data


def test_parquet_of_lost_data_is_told_with_the_way_out(api: Api) -> None:
    api.publish_dataset()
    for path in FolderBlobs(api.registry.folder / "blobs"):
        path.unlink()
    answer = api.get(PARQUET)
    assert answer.status_code == 500
    assert answer.text == (
        "the content of dataset 1 is missing from this registry; "
        "run `openml-client registry check FOLDER`"
    )


def test_a_bucket_says_where_it_is(api: Api) -> None:
    answer = api.get("/datasets?location=")
    assert answer.status_code == 200
    assert answer.data == b'<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>'


@pytest.mark.parametrize("prefix", ["0000/0001", "0000/0001/"])
def test_a_bucket_lists_the_object_of_a_dataset(api: Api, prefix: str) -> None:
    api.publish_dataset()
    etag = api.get(PARQUET).headers["ETag"]
    answer = api.get(f"/datasets?list-type=2&prefix={prefix}")
    assert answer.mimetype == "application/xml"
    assert f"<Key>0000/0001/dataset_1.pq</Key><ETag>{etag}</ETag>" in answer.text


@pytest.mark.parametrize("prefix", ["", "0000", "0000/0002", "0000/00001", "0001/0001", "<x>"])
def test_a_bucket_lists_nothing_for_other_prefixes(api: Api, prefix: str) -> None:
    api.publish_dataset()
    answer = api.get(f"/datasets?list-type=2&prefix={prefix}")
    assert answer.status_code == 200
    assert "<Name>datasets</Name>" in answer.text
    assert "<Contents>" not in answer.text


# Private files


def test_the_files_of_a_private_dataset_are_its_owners(api: Api) -> None:
    key, other = api.registry.add_user("somebody"), api.registry.add_user("somebody else")
    id_of(api.post("data", dataset(visibility="private"), key=key, dataset=("d.arff", IRIS)))
    for verb in ("download", "view", "get_csv"):
        path = f"/data/v1/{verb}/1/d.arff"
        for stranger in (None, other, "f" * 32):
            for method in ("GET", "HEAD"):
                answer = api.get(path, key=stranger, method=method)
                assert (answer.status_code, answer.mimetype) == (403, "text/html")
        for friend in (key, api.key):
            assert b"1.4,north,setosa" in api.get(path, key=friend).data
            assert api.get(path, key=friend, method="HEAD").status_code == 200


def test_the_parquet_of_a_private_dataset_is_its_owners(api: Api) -> None:
    key, other = api.registry.add_user("somebody"), api.registry.add_user("somebody else")
    id_of(api.post("data", dataset(visibility="private"), key=key, dataset=("d.arff", IRIS)))
    for friend in (key, api.key):
        listed = api.get(f"/datasets?list-type=2&prefix=0000/0001&api_key={friend}")
        assert b"<Contents>" in listed.data
        assert api.get(PARQUET, key=friend).data[:4] == b"PAR1"
        assert api.get(PARQUET, key=friend, method="HEAD").status_code == 200
    for stranger in (None, other, "f" * 32):
        answer = api.get(PARQUET, key=stranger)
        assert answer.status_code == 403
        assert b"<Code>AccessDenied</Code>" in answer.data
        query = f"list-type=2&prefix=0000/0001&api_key={stranger or ''}"
        listed = api.get(f"/datasets?{query}")
        assert b"<Contents>" not in listed.data


# HEAD


@pytest.mark.parametrize(
    "path",
    ["/data/v1/download/1", "/data/v1/view/1", "/data/v1/get_csv/1", "/data/download/1/x.arff",
     PARQUET, "/api_splits/get/1", "/datasets", "/"],
)  # fmt: skip
def test_a_head_has_the_headers_of_a_get_and_no_content(api: Api, path: str) -> None:
    api.publish_dataset()
    api.publish_task()
    got, head = api.get(path), api.get(path, method="HEAD")
    assert (got.status_code, head.status_code, head.data) == (200, 200, b"")
    assert dict(got.headers).keys() - dict(head.headers).keys() <= {"Date"}


def test_files_that_are_not_there_are_missed_by_every_verb(api: Api) -> None:
    for verb in ("download", "view", "get_csv"):
        for method in ("GET", "HEAD"):
            answer = api.get(f"/data/v1/{verb}/7", method=method)
            assert (answer.status_code, answer.mimetype) == (404, "text/html")


# Splits


@pytest.mark.parametrize("name", ["", "/Task_1_splits.arff"])
def test_splits_are_plain_text_that_nobody_is_told_to_keep(api: Api, name: str) -> None:
    api.publish_dataset()
    api.publish_task()
    answer = api.get(f"/api_splits/get/1{name}")
    assert answer.text.startswith("@relation flowers_splits\n")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert disposition(answer) is None
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_datasets_are_not_merged(api: Api) -> None:
    answer = api.get("/api_splits/merge_datasets/1323")
    assert answer.status_code == 412
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.text.startswith("failed to perform action merge_datasets. ")


def test_a_check_tells_of_damaged_parquet_how_to_have_it_made_again(api: Api) -> None:
    api.publish_dataset()
    whole = api.get(PARQUET).data
    assert list(check_folder(api.registry.folder)) == []
    blobs = FolderBlobs(api.registry.folder / "blobs")
    ((key, sha256),) = blobs.links()
    blobs.path(sha256).write_bytes(whole[:-1])
    assert list(check_folder(api.registry.folder)) == [
        f"the content of the link {key} is damaged: delete {blobs.path(sha256)}, "
        "and it is made again"
    ]
    blobs.path(sha256).unlink()
    assert api.get(PARQUET).data == whole
