"""Data of every kind that is published is loaded again as it was."""

from __future__ import annotations

import http.server
import io
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests
from scipy import sparse

from openml_client import Client, DatasetDraft
from openml_client.errors import (
    ArffError,
    NotAuthorizedError,
    NotFoundError,
    OpenMLError,
    TransportError,
    ValidationError,
)
from openml_client.registry import Registry
from tests.doors import served

FOREIGN = "ü 漢字 😀"
"""What no label may be."""

AWKWARD = [
    "it's",
    'say "hi"',
    "a,b",
    "line\nfeed",
    "?",
    "",
    FOREIGN,
    "50%",
    "{1 2}",
    "\\n",
    " a ",
]


def draft(**fields: Any) -> DatasetDraft:
    return DatasetDraft(**{"name": "own", "description": "A test.", **fields})


def loaded(client: Client, data: Any, target: str, **options: Any) -> pd.DataFrame:
    """The frame that a dataset gives which was published of this data."""
    dataset = client.datasets.publish(draft(default_target_attribute=target), data, **options)
    assert dataset.status == "active"
    return client.datasets.load(dataset).to_pandas()


def category(values: list[Any], categories: list[str]) -> pd.Categorical:
    """A column of classes as tables have it, whose labels are objects with every pandas."""
    return pd.Categorical(values, categories=pd.Index(categories, dtype=object))


FRAME = pd.DataFrame(
    {
        "whole": [1, 2, 3],
        "real": [0.1, np.nan, -1e300],
        "text": pd.Series(["a", np.nan, "c"], dtype="str"),
        "when": pd.to_datetime(
            ["2020-01-01T12:30:00.125", None, "1999-12-31T00:00:00.000"]
        ).as_unit("us"),
        "kind": category(["x", "z", None], ["z", "y", "x"]),
    }
)


def test_a_frame_comes_back_with_its_values_and_types(client: Client) -> None:
    pd.testing.assert_frame_equal(loaded(client, FRAME, "kind"), FRAME)


def test_types_that_only_frames_have_come_back_as_the_nearest(client: Client) -> None:
    frame = pd.DataFrame(
        {
            "nullable": pd.array([1, None], dtype="Int64"),
            "flag": [True, False],
            "maybe": pd.array([None, True], dtype="boolean"),
            "small": np.array([0.5, 1.5], dtype="float32"),
            "objects": pd.Series([True, None], dtype=object),
            "zoned": pd.to_datetime(["2020-01-01T00:00+02:00", None]),
        }
    )
    found = loaded(client, frame, "flag")
    wanted = pd.DataFrame(
        {
            "nullable": [1.0, np.nan],
            "flag": category(["True", "False"], ["True", "False"]),
            "maybe": category([None, "True"], ["True", "False"]),
            "small": [0.5, 1.5],
            "objects": category(["True", None], ["True", "False"]),
            "zoned": pd.to_datetime(["2019-12-31T22:00", None]).as_unit("us"),
        }
    )
    pd.testing.assert_frame_equal(found, wanted, check_index_type=False)


def test_awkward_texts_and_classes_come_back(client: Client) -> None:
    labels = ["Basic Latin" if text == FOREIGN else text for text in AWKWARD]
    frame = pd.DataFrame(
        {
            "text": pd.Series([*AWKWARD, np.nan], dtype="str"),
            "kind": category([None, *labels], labels),
        }
    )
    pd.testing.assert_frame_equal(loaded(client, frame, "kind"), frame)


def test_the_registry_tells_names_and_labels_as_the_data_file_has_them(client: Client) -> None:
    labels = [" lead", "", "a\rb", "end\n", "\ttab"]
    frame = pd.DataFrame({" k ": [1.0] * 5, "c\r": pd.Categorical(labels), "y": list("abcde")})
    dataset = client.datasets.publish(draft(default_target_attribute="y"), frame)
    described = client.datasets.features(dataset)
    table = client.datasets.load(dataset)
    assert [feature.name for feature in described] == list(table.names) == [" k ", "c\r", "y"]
    assert sorted(described[1].nominal_values) == sorted(table.labels("c\r")) == sorted(labels)
    term = "https://example.org/k"
    assert client.datasets.add_ontology(dataset, " k ", term) == (term,)
    assert client.datasets.features(dataset)[0].ontologies == (term,)


def test_a_column_is_found_by_its_name_where_the_server_dropped_the_blanks(client: Client) -> None:
    frame = pd.DataFrame({"k": [1.0], "k ": [2.0]})
    dataset = client.datasets.publish(draft(default_target_attribute="k"), frame)
    client.datasets.add_ontology(dataset, " k ", "https://example.org/bare")
    client.datasets.add_ontology(dataset, "k ", "https://example.org/same")
    bare, same = client.datasets.features(dataset)
    assert bare.ontologies == ("https://example.org/bare",)
    assert same.ontologies == ("https://example.org/same",)


def test_an_array_comes_back(client: Client) -> None:
    array = np.array([[1.5, np.nan], [-0.0, 3.25]])
    found = loaded(client, array, "b", columns=["a", "b"])
    pd.testing.assert_frame_equal(found, pd.DataFrame(array, columns=["a", "b"]))


def test_a_structured_array_comes_back(client: Client) -> None:
    array = np.array([(1, 0.5), (2, 1.5)], dtype=[("n", "i8"), ("f", "f8")])
    pd.testing.assert_frame_equal(loaded(client, array, "f"), pd.DataFrame(array))


@pytest.mark.parametrize("kind", ["csr", "csc", "coo"])
def test_a_sparse_matrix_comes_back(client: Client, kind: str) -> None:
    matrix = sparse.random_array((20, 30), density=0.1, format=kind, rng=0)
    names = [f"w{n}" for n in range(30)]
    dataset = client.datasets.publish(draft(default_target_attribute="w0"), matrix, columns=names)
    assert (dataset.format, dataset.status) == ("Sparse_ARFF", "active")
    found = client.datasets.load(dataset).sparse()
    np.testing.assert_array_equal(found.toarray(), matrix.toarray())


def test_a_sparse_frame_with_a_class_comes_back(client: Client) -> None:
    frame = pd.DataFrame(
        {
            "a": pd.arrays.SparseArray([0.0, 1.5, 0.0], fill_value=0.0),
            "class": category(["x", "y", "x"], ["y", "x"]),
        }
    )
    pd.testing.assert_frame_equal(loaded(client, frame, "class"), frame)


def test_rows_come_back(client: Client) -> None:
    wanted = pd.DataFrame({"a": [1.0, np.nan], "b": pd.Series(["x", np.nan], dtype="str")})
    mappings = [{"a": 1, "b": "x"}, {}]
    pd.testing.assert_frame_equal(loaded(client, mappings, "a"), wanted)
    found = loaded(client, [(1, "x"), (None, None)], "a", columns=["a", "b"])
    pd.testing.assert_frame_equal(found, wanted)


def test_an_arrow_table_and_a_parquet_file_come_back(client: Client, tmp_path: Path) -> None:
    table = pa.Table.from_pandas(FRAME)
    pq.write_table(table, tmp_path / "data.parquet")
    for data in (table, tmp_path / "data.parquet", (tmp_path / "data.parquet").read_bytes()):
        pd.testing.assert_frame_equal(loaded(client, data, "kind"), FRAME)


def test_an_arff_file_comes_back_byte_by_byte(client: Client, tmp_path: Path) -> None:
    content = b"@RELATION r\r\n@ATTRIBUTE a {x,y}\r\n@DATA\r\nx\r\n% end\r\n"
    path = tmp_path / "data.arff"
    path.write_bytes(content)
    for data in (content, path, str(path), io.BytesIO(content)):
        dataset = client.datasets.publish(draft(default_target_attribute="a"), data)
        sink = io.BytesIO()
        assert dataset.url is not None
        client._caller.download(dataset.url, sink)
        assert sink.getvalue() == content


# By address


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Address of a server of the files of a folder."""
    handler = partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Nothing is logged."""


@pytest.mark.parametrize("is_data", [True, False])
def test_a_file_elsewhere_is_fetched_and_processed(
    empty_registry: Path, tmp_path: Path, is_data: bool
) -> None:
    (tmp_path / "data.arff").write_bytes(
        b"@relation r\n@attribute a real\n@attribute y {n,p}\n@data\n1.5,n\n2.5,p\n"
    )
    folder = shutil.copytree(empty_registry, tmp_path / "registry")
    with (
        serving(tmp_path) as files,
        Registry.open(folder, fetch="any") as registry,
        served(registry) as address,
        Client(address, api_key=registry.local_key, cache_dir=tmp_path / "c") as client,
    ):
        url, about = f"{files}/data.arff", draft(default_target_attribute="y")
        if is_data:
            dataset = client.datasets.publish(about, url)
        else:
            dataset = client.datasets.publish(replace(about, url=url), None)
        assert dataset.status == "active"
        assert [f.name for f in client.datasets.features(dataset)] == ["a", "y"]
        assert client.datasets.load(dataset).to_pandas()["a"].tolist() == [1.5, 2.5]
        told = requests.get(dataset.url, allow_redirects=False, timeout=10)
        assert told.headers["Location"] == url


def test_a_dataset_that_could_not_be_processed_is_warned_of(
    loopback: str, seeded_registry: Registry, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    key = seeded_registry.local_key
    with Client(loopback, api_key=key, cache_dir=tmp_path / "c") as client:
        client.datasets.publish(draft(), FRAME)
    assert "could not process dataset" in caplog.text


# What contradicts itself


@pytest.mark.parametrize(
    ("fields", "data", "message"),
    [
        ({}, None, "the draft 'own' can't be published: it has no url, and its data is None"),
        ({"url": "http://a.test/x"}, FRAME, "has the url http://a.test/x, and data was given as"),
        ({"url": "http://a.test/x"}, "http://b.test/x", "and http://b.test/x was given as its"),
        ({"format": "csv"}, FRAME, "has the format 'csv', which no server takes"),
        ({"format": "Sparse_ARFF"}, FRAME, "has the format Sparse_ARFF, and its data is dense"),
    ],
)
def test_a_draft_that_contradicts_its_data_is_refused(
    client: Client, fields: dict[str, Any], data: Any, message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        client.datasets.publish(draft(**fields), data)
    assert client.datasets.find("own") is None


def test_the_spelling_of_a_format_that_fits_is_kept(client: Client) -> None:
    assert client.datasets.publish(draft(format="arff"), FRAME).format == "arff"


def test_what_breaks_a_limit_is_told_at_once_and_not_sent(client: Client) -> None:
    offline_like = draft(name="my data", creators=("A. Müller",), tags=("a b",))
    with pytest.raises(ValidationError) as caught:
        client.datasets.publish(offline_like, FRAME)
    assert str(caught.value) == (
        "data.upload: DatasetDraft 'my data': name = 'my data' has characters outside "
        "A-Z a-z 0-9 _ - . ( ) ,\n"
        "The server would refuse this, so nothing was sent. "
        "Also:\ncreators[0] = 'A. Müller' contains 'ü'; the protocol takes Basic Latin characters "
        "only\ntags[0] = 'a b' has characters outside A-Z a-z 0-9 _ - ."
    )
    assert client.datasets.find("my data") is None


# Private


@pytest.fixture(params=["in process", "over a socket"])
def address(request: pytest.FixtureRequest, seeded_registry: Registry) -> str:
    if request.param == "in process":
        return f"local:{seeded_registry.folder}"
    served: str = request.getfixturevalue("loopback")
    return served


def test_names_and_classes_beyond_basic_latin_are_refused_and_not_sent(client: Client) -> None:
    before = len(list(client.datasets.list(status="all")))
    frame = pd.DataFrame({"taste": pd.Categorical(["süß", "sour"])})
    with pytest.raises(ArffError) as caught:
        client.datasets.publish(draft(), frame)
    assert str(caught.value) == (
        "column 'taste' has the nominal value 'süß', which contains 'ü'; the protocol takes Basic "
        "Latin characters only\n"
        "Rename the value, or make the column texts instead of categories: those are not limited."
    )
    with pytest.raises(ArffError, match=r"the name of column 'süß' contains 'ü'.*\nRename the col"):
        client.datasets.publish(draft(), pd.DataFrame({"süß": [1]}))
    assert len(list(client.datasets.list(status="all"))) == before
    texts = frame.astype({"taste": object}).assign(y=[1, 2])
    assert loaded(client, texts, "y")["taste"].tolist() == ["süß", "sour"]


def test_a_private_dataset_is_its_owners_and_nobody_elses(
    address: str, seeded_registry: Registry, tmp_path: Path
) -> None:
    keys = {name: seeded_registry.add_user(name) for name in ("mine", "other")}

    def client_of(name: str, key: str | None) -> Client:
        return Client(address, api_key=key, cache_dir=tmp_path / name, retries=0)

    with client_of("mine", keys["mine"]) as owner:
        private = draft(visibility="private", default_target_attribute="kind")
        dataset = owner.datasets.publish(private, FRAME)
        assert dataset.visibility == "private"
        pd.testing.assert_frame_equal(owner.datasets.load(dataset).to_pandas(), FRAME)
        assert owner.datasets.get("own") == dataset
        assert len(owner.datasets.features(dataset)) == 5
    with client_of("other", keys["other"]) as other:
        assert other.datasets.find("own") is None
        refusals: dict[int, type[OpenMLError]] = {}
        for ask in (other.datasets.get, other.datasets.features, other.datasets.qualities):
            with pytest.raises((NotAuthorizedError, NotFoundError)) as caught:
                ask(dataset.id)
            refusals[caught.value.code or 0] = type(caught.value)
        assert set(refusals) == {112, 275, 361}
        assert dataset.url is not None
        with pytest.raises(TransportError, match="403"):
            other._caller.download(dataset.url, io.BytesIO(), private=True)
