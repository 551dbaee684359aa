"""Data of all kinds becomes the ARFF file that is uploaded, or is refused with a reason."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import sparse

from openml_client.errors import ArffError, FormatError
from openml_client.formats.arff import Attribute, read_arff
from openml_client.formats.parquet import write_parquet
from openml_client.formats.publishable import data_file
from openml_client.formats.table import Table

from .arff_reference import rows_of

ISO = "yyyy-MM-dd'T'HH:mm:ss"
DENSE = b"@relation r\n@attribute a real\n@attribute b {x,y}\n@data\n% one\n\n1,x\n"
SPARSE = b"@relation r\n@attribute a real\n@attribute b {x,y}\n@data\n% one\n\n {0 1, 1 y}\n"


def rows(data: Any, columns: list[str] | None = None) -> list[list[Any]]:
    return rows_of(read_arff(data_file(data, "probe", columns=columns).content))


def attributes(data: Any, columns: list[str] | None = None) -> tuple[Attribute, ...]:
    return data_file(data, "probe", columns=columns).attributes


def test_an_arff_file_goes_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "data.arff"
    path.write_bytes(DENSE)
    with path.open("rb") as stream:
        given = [DENSE, bytearray(DENSE), memoryview(DENSE), path, str(path), stream]
        files = [data_file(data, "probe") for data in [*given, io.BytesIO(DENSE)]]
    assert {file.content for file in files} == {DENSE}
    assert {file.format for file in files} == {"ARFF"}
    assert files[0].attributes == (Attribute("a", "real"), Attribute("b", "nominal", ("x", "y")))


def test_a_sparse_arff_file_is_known_by_its_first_row() -> None:
    assert data_file(SPARSE, "probe").format == "Sparse_ARFF"
    assert data_file(SPARSE.partition(b"% one")[0], "probe").format == "ARFF"


# Arrays


@pytest.mark.parametrize(
    ("array", "kinds", "cells"),
    [
        (np.array([[1, 2]], dtype="u1"), ["integer", "integer"], [1.0, 2.0]),
        (np.array([[1.5, np.nan]], dtype="float32"), ["real", "real"], [1.5, None]),
        (np.array([[True, False]]), ["nominal", "nominal"], ["True", "False"]),
        (np.array([["a", "?"]]), ["string", "string"], ["a", "?"]),
        (np.array([[1, "a"]], dtype=object), ["integer", "string"], [1.0, "a"]),
        (np.ma.array([[1.5, 2.5]], mask=[[True, False]]), ["real", "real"], [None, 2.5]),
        (np.array([["2020-01-01", "NaT"]], dtype="M8[D]"), ["date", "date"],
         [np.datetime64("2020-01-01"), None]),
    ],
)  # fmt: skip
def test_the_columns_of_an_array_are_written_by_its_type(
    array: Any, kinds: list[str], cells: list[Any]
) -> None:
    found = attributes(array, ["a", "b"])
    assert [(a.name, a.kind) for a in found] == list(zip(["a", "b"], kinds, strict=True))
    assert rows(array, ["a", "b"]) == [cells]


def test_a_structured_array_has_its_fields_as_columns() -> None:
    array = np.array([(1, 0.5, "x")], dtype=[("n", "i2"), ("f", "f4"), ("s", "U3")])
    for data in (array, array.view(np.recarray)):
        assert [(a.name, a.kind) for a in attributes(data)] == [
            ("n", "integer"),
            ("f", "real"),
            ("s", "string"),
        ]
        assert rows(data) == [[1.0, 0.5, "x"]]


@pytest.mark.parametrize("kind", ["csr", "csc", "coo", "lil"])
@pytest.mark.parametrize("cls", ["array", "matrix"])
def test_a_sparse_matrix_becomes_a_sparse_file(kind: str, cls: str) -> None:
    dense = np.array([[0, 1.5, 0], [0, 0, 0], [np.nan, 0, -2]])
    matrix = getattr(sparse, f"{kind}_{cls}")(dense)
    file = data_file(matrix, "probe", columns=["a", "b", "c"])
    assert file.format == "Sparse_ARFF"
    assert [a.kind for a in file.attributes] == ["real"] * 3
    np.testing.assert_array_equal(read_arff(file.content).sparse.toarray(), dense)


def test_a_sparse_matrix_of_integers_or_booleans_holds_integers() -> None:
    for dtype in ("int8", "bool"):
        file = data_file(sparse.csr_array(np.eye(2, dtype=dtype)), "probe", columns=["a", "b"])
        assert [a.kind for a in file.attributes] == ["integer", "integer"]
        np.testing.assert_array_equal(read_arff(file.content).sparse.toarray(), np.eye(2))


# Frames with sparse columns


def test_a_frame_with_sparse_columns_becomes_a_sparse_file() -> None:
    frame = pd.DataFrame(
        {
            "f": pd.arrays.SparseArray([0.0, np.nan, 2.5], fill_value=0.0),
            "i": pd.arrays.SparseArray([0, 3, 0]),
            "b": pd.arrays.SparseArray([True, False, False]),
            "n": pd.arrays.SparseArray([np.nan, 0.0, 1.0], fill_value=np.nan),
            "d": [0.0, None, 7.0],
            "class": pd.Categorical(["x", "y", None], categories=["x", "y"]),
        }
    )
    file = data_file(frame, "probe")
    assert file.format == "Sparse_ARFF"
    assert file.attributes == (
        Attribute("f", "real"),
        Attribute("i", "integer"),
        Attribute("b", "nominal", ("False", "True")),
        Attribute("n", "real"),
        Attribute("d", "real"),
        Attribute("class", "nominal", ("x", "y")),
    )
    assert file.content.decode().splitlines()[-3:] == [
        "{2 True, 3 ?, 5 x}",
        "{0 ?, 1 3, 4 ?, 5 y}",
        "{0 2.5, 3 1, 4 7, 5 ?}",
    ]
    loaded = Table.from_arff(read_arff(file.content)).to_pandas()
    assert loaded["b"].tolist() == ["True", "False", "False"]
    assert loaded["class"].isna().tolist() == [False, False, True]
    assert loaded["f"].dtype == pd.SparseDtype("float64", 0.0)
    np.testing.assert_array_equal(loaded["d"].to_numpy(), [0.0, np.nan, 7.0])


@pytest.mark.parametrize(
    "column", [["a", "b"], pd.to_datetime(["2020-01-01", None])], ids=["string", "date"]
)
def test_a_sparse_frame_can_not_hold_texts_or_dates(column: Any) -> None:
    frame = pd.DataFrame({"n": pd.arrays.SparseArray([0, 1]), "note": column})
    with pytest.raises(ArffError, match=r"column 'note' is a .*, and other columns are sparse"):
        data_file(frame, "probe")


def test_a_sparse_column_whose_fill_is_missing_stays_dense() -> None:
    frame = pd.DataFrame({"n": pd.arrays.SparseArray([np.nan, 1.0])})
    assert data_file(frame, "probe").format == "ARFF"
    assert rows(frame) == [[None], [1.0]]


# Rows


def test_mappings_have_the_union_of_their_keys_in_the_order_of_sight() -> None:
    data = [{"b": 1, "a": "x"}, {"a": None, "c": True}, {"b": 3, "d": 0.5}]
    assert [(a.name, a.kind) for a in attributes(data)] == [
        ("b", "integer"),
        ("a", "string"),
        ("c", "nominal"),
        ("d", "real"),
    ]
    assert rows(data) == [
        [1.0, "x", None, None],
        [None, None, "True", None],
        [3.0, None, None, 0.5],
    ]


@pytest.mark.parametrize("row", [list, tuple])
def test_rows_are_named_by_columns(row: Any) -> None:
    data = [row([1, "a", None]), row([2, "", 1.5])]
    assert [a.kind for a in attributes(data, ["a", "b", "c"])] == ["integer", "string", "real"]
    assert rows(data, ["a", "b", "c"]) == [[1.0, "a", None], [2.0, "", 1.5]]


# Arrow and Parquet


class Stream:
    """A frame of another library, of which only its Arrow stream is known."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self._table.__arrow_c_stream__(requested_schema)


ARROW = pa.table(
    {
        "i": pa.array([1, None], pa.int64()),
        "f": pa.array([0.5, None], pa.float32()),
        "b": pa.array([True, None]),
        "c": pa.array(["y", None]).dictionary_encode(),
        "s": pa.array(["", None], pa.large_string()),
        "v": pa.array(["?", None], pa.string_view()),
        "d": pa.array([18262, None], pa.date32()),
        "t": pa.array([1577836800125, None], pa.timestamp("ms", tz="Europe/Berlin")),
    }
)
ARROW_ATTRIBUTES = (
    Attribute("i", "integer"),
    Attribute("f", "numeric"),
    Attribute("b", "nominal", ("True", "False")),
    Attribute("c", "nominal", ("y",)),
    Attribute("s", "string"),
    Attribute("v", "string"),
    Attribute("d", "date", date_format=ISO),
    Attribute("t", "date", date_format=ISO + ".SSS"),
)
ARROW_ROWS = [
    [1.0, 0.5, "True", "y", "", "?", np.datetime64("2020-01-01"),
     np.datetime64("2020-01-01T00:00:00.125")],
    [None] * 8,
]  # fmt: skip


@pytest.mark.parametrize("data", [ARROW, Stream(ARROW)], ids=["pyarrow", "a stream"])
def test_frames_that_give_an_arrow_stream_are_written(data: Any) -> None:
    assert attributes(data) == ARROW_ATTRIBUTES
    assert rows(data) == ARROW_ROWS


def test_a_parquet_file_becomes_an_arff_file(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pq.write_table(ARROW, path)
    for data in (path, path.read_bytes()):
        assert attributes(data) == ARROW_ATTRIBUTES
        assert rows(data) == ARROW_ROWS


def test_a_parquet_file_of_ours_gives_the_header_that_it_was_made_of() -> None:
    content = (
        b"@relation r\n@attribute d date 'dd.MM.yyyy'\n@attribute c {b,'?',a,unused}\n@data\n"
        b"31.01.2020,'?'\n?,?\n"
    )
    file = read_arff(content)
    parquet = write_parquet(Table.from_arff(file))
    assert attributes(parquet) == file.attributes
    assert rows(parquet) == rows_of(file)


def test_a_parquet_file_that_pandas_wrote_has_no_index(tmp_path: Path) -> None:
    frame = pd.DataFrame({"c": pd.Categorical(["b", "a"], categories=["b", "a"])}, index=["u", "v"])
    frame.to_parquet(tmp_path / "data.pq")
    assert attributes(tmp_path / "data.pq") == (Attribute("c", "nominal", ("b", "a")),)


# What is refused


@pytest.mark.parametrize(
    ("data", "columns", "message"),
    [
        (np.eye(2), None, r"shape \(2, 2\) can't be published without the names of its 2 columns"),
        (np.eye(2), ["a"], "columns= gives 1 names, and an array of .* has 2 columns"),
        (np.zeros(3), ["a"], r"an array of the shape \(3,\) can't be published"),
        (np.zeros((1, 1, 1)), ["a"], "can't be published"),
        (np.zeros(1, dtype=[("a", "f8", 2)]), None, "a value in each field"),
        (np.zeros(1, dtype=[("a", "f8")]), ["b"], "a structured array names its columns itself"),
        (sparse.eye_array(2), None, "a sparse matrix of .* without the names of its 2 columns"),
        ([[1], [1, 2]], ["a"], "row 1 has 2 values, and row 0 has 1"),
        ([[1]], None, "a list of rows can't be published without the names"),
        ([{"a": 1}], ["b"], "a list of mappings names its columns itself"),
        ([{"a": 1}, [1]], None, "a list of dict, list can't be published"),
        ([1, 2], ["a"], "a list of int can't be published"),
        (ARROW, list("abcdefgh"), "a frame names its columns itself"),
        (pd.DataFrame({"a": [1]}), ["b"], "a frame names its columns itself"),
        (DENSE, ["b"], "a file names its columns itself"),
        (pa.table([[1], [2]], names=["a", "a"]), None, "two columns of the frame have the same"),
        (pa.table({"a": [[1]]}), None, "column 'a' of the frame is of type list"),
        (pa.table({"a": [2**60]}), None, "column 'a' can't be read as integer"),
        (io.StringIO("@relation r"), None, "open as text can't be published"),
        (Path("nowhere.arff"), None, r"no file nowhere\.arff to publish"),
        (b"PAR1 and no more", None, "the Parquet file is broken"),
        ({"a": [1]}, None, "data of the type dict can't be published"),
        (pd.Series([1]), None, "data of the type Series can't be published"),
        (DENSE.decode(), None, r"'@relation r.*'\.\.\. is no path of a file"),
        (pd.DataFrame({" ": [1], "b": [2]}), None, "column 1 of 2 has no name"),
        (3, None, "data of the type int can't be published"),
        ([], None, "no column to write"),
        (b"a,b\n1,2\n", None, "line 1: neither a declaration nor a comment"),
        ([{"a": "x"}, {"a": 1}], None, "'a' is a string, and one of its values is 1 of type int"),
        ([{"a": 2**60}], None, "'a' has whole numbers beyond"),
        (sparse.csr_array([[1j]]), ["a"], "its column is of type complex128"),
        (pd.DataFrame({"a": pd.arrays.SparseArray([0, 2**60])}), None, "'a' has whole numbers bey"),
        (pd.DataFrame({"x" * 65: [1]}), None, r"column 'x{60}'\.\.\. has 65 characters; the limit"),
        (pd.DataFrame({"a": pd.Categorical(["y" * 257])}), None,
         r"column 'a' has the nominal value 'y{60}'\.\.\., which has 257 characters; the limit is"),
        (pd.DataFrame({"größe": [1]}), None, r"the name of column 'größe' contains 'ö'; the "
         r"protocol takes Basic Latin characters only\nRename the column\."),
        (pd.DataFrame({"a": pd.Categorical(["x", "café"])}), None,
         r"column 'a' has the nominal value 'café', which contains 'é'; the protocol takes Basic "
         r"Latin characters only\nRename the value, or make the column texts instead of categor"),
        (b"@relation r\n@attribute a {x,\xc3\xbc}\n@data\nx\n", None, "'ü', which contains 'ü'"),
        (pd.DataFrame({"a\x01": [1]}), None, r"contains '\\x01', which no XML document may have"),
        ([{"t": pd.Timestamp("2020-01-01")}, {"t": pd.Timestamp("2020-01-01", tz="UTC")}], None,
         "column 't' has dates that don't fit together"),
    ],
)  # fmt: skip
def test_what_can_not_be_published_is_refused_with_a_reason(
    data: Any, columns: list[str] | None, message: str
) -> None:
    with pytest.raises(FormatError, match=message):
        data_file(data, "probe", columns=columns)


def test_a_file_of_another_kind_is_named_with_a_way_out(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a,b\n1,2\n")
    fault = "can't be read as ARFF: line 1: neither a declaration nor a comment: 'a,b'"
    for data, what in ((path, path), (str(path), path), (path.read_bytes(), "the file")):
        with pytest.raises(ArffError) as info:
            data_file(data, "probe")
        assert (info.value.message, info.value.line) == (f"{what} {fault}", 1)
        assert info.value.hint is not None
        assert info.value.hint.endswith("read others into a frame, as by pandas.read_csv.")
    with pytest.raises(FormatError, match=f"{tmp_path} is a folder"):
        data_file(tmp_path, "probe")


def test_names_and_values_at_the_limit_are_taken() -> None:
    frame = pd.DataFrame({"x" * 64: pd.Categorical(["u" * 256]), "text": ["ü" * 257]})
    assert rows(frame) == [["u" * 256, "ü" * 257]]
