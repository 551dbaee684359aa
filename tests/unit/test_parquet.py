"""Tables as Parquet: the same table as from the ARFF file, or an error."""

import io
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openml_client.errors import FormatError, NotFoundError
from openml_client.formats.arff import Attribute, read_arff
from openml_client.formats.parquet import METADATA_KEY, columns_of, read_parquet, write_parquet
from openml_client.formats.table import Table
from openml_client.model.dataset import Feature

from .test_arff_writer import tables

MIXED = b"""@relation mixed
@attribute 'a.b' real
@attribute '' integer
@attribute c {x, '', ?, 'a b', unused}
@attribute s string
@attribute d date 'yyyy-MM-dd'
@attribute e {}
@attribute '__index' numeric
@data
1.5, 1, x,   hi,  2020-01-01, ?, 1
?,   2, '',  ?,   ?,          ?, ?
-0,  3, '?', '?', 1999-12-31, ?, 2.5
?,   4, ?,   '',  ?,          ?, 3
"""


def feature(index, name, data_type="numeric", *values):
    return Feature(index=index, name=name, data_type=data_type, nominal_values=values)


def parquet(frame, **options):
    sink = io.BytesIO()
    if isinstance(frame, pa.Table):
        pq.write_table(frame, sink, **options)
    else:
        frame.to_parquet(sink, **options)
    return sink.getvalue()


def assert_same(table, other):
    assert table.attributes == other.attributes
    assert table.to_arrow().equals(other.to_arrow())
    pd.testing.assert_frame_equal(table.to_pandas(), other.to_pandas())


def test_parquet_gives_the_same_table_as_arff():
    features = [
        feature(n, name) for n, name in enumerate(["a.b", "", "c", "s", "d", "e", "__index"])
    ]
    table = Table.from_arff(read_arff(MIXED), features, target=("c",))
    again = read_parquet(write_parquet(table), features, target=("c",))
    assert_same(table, again)
    assert again.features == table.features
    assert again.target == table.target


@settings(max_examples=60, deadline=None)
@given(tables())
def test_any_table_comes_back_the_same(case):
    table = Table(case[0], columns=case[1])
    assert_same(table, read_parquet(write_parquet(table)))


def test_a_path_is_read_like_bytes(tmp_path):
    table = Table.from_arff(read_arff(MIXED))
    path = tmp_path / "data.pq"
    path.write_bytes(write_parquet(table))
    assert_same(table, read_parquet(path))
    with pytest.raises(FileNotFoundError):
        read_parquet(tmp_path / "absent.pq")


def test_floats_are_split_and_all_is_compressed_with_checksums():
    content = write_parquet(Table.from_arff(read_arff(MIXED)))
    group = pq.ParquetFile(io.BytesIO(content)).metadata.row_group(0)
    columns = {group.column(n).path_in_schema: group.column(n) for n in range(group.num_columns)}
    assert {column.compression for column in columns.values()} == {"ZSTD"}
    assert "BYTE_STREAM_SPLIT" in columns["a.b"].encodings
    assert "RLE_DICTIONARY" in columns["c"].encodings


def test_other_readers_get_the_columns_by_their_names():
    frame = pd.read_parquet(io.BytesIO(write_parquet(Table.from_arff(read_arff(MIXED)))))
    assert list(frame.columns) == ["a.b", "", "c", "s", "d", "e", "__index"]
    assert frame["c"].dtype == "category"


def test_truth_is_boolean_for_other_readers_and_labels_for_ours():
    table = Table.from_arff(
        read_arff(
            b"@relation r\n@attribute a {TRUE, FALSE}\n@attribute b {false, true}\n"
            b"@attribute c {true}\n@attribute d {true, false, False}\n@data\n"
            b"TRUE, false, true, False\n?, true, ?, false\nFALSE, ?, true, true\n"
        )
    )
    content = write_parquet(table)
    assert pq.read_table(io.BytesIO(content)).to_pydict() == {
        "a": [True, None, False],
        "b": [False, True, None],
        "c": ["true", None, "true"],
        "d": ["False", "false", "true"],
    }
    assert_same(read_parquet(content), table)


def test_sparse_data_is_refused():
    file = read_arff(b"@relation r\n@attribute a real\n@data\n{0 1}\n")
    with pytest.raises(FormatError, match="sparse data can't be written as Parquet"):
        write_parquet(Table.from_arff(file))


# Files of other servers, which say less


def test_types_of_a_foreign_file_are_those_of_its_columns():
    frame = pd.DataFrame(
        {
            "b": [True, False],
            "c": pd.Categorical(["z", "a"], categories=["z", "y", "a"]),
            "i": [1, 2],
            "f": np.array([0.5, np.nan], dtype="float32"),
            "n": [None, None],
            "t": pd.to_datetime(["2020-01-01", None]),
            "x": ["a", None],
        },
        index=["u", "v"],
    )
    table = read_parquet(parquet(frame))
    assert table.attributes == (
        Attribute("b", "nominal", ("True", "False")),
        Attribute("c", "nominal", ("z", "y", "a")),
        Attribute("i", "integer"),
        Attribute("f", "numeric"),
        Attribute("n", "numeric"),
        Attribute("t", "date"),
        Attribute("x", "string"),
    )
    rows = table.to_pandas().astype(object).where(lambda data: data.notna(), None)
    assert rows.to_numpy().tolist() == [
        ["True", "z", 1, 0.5, None, pd.Timestamp("2020-01-01"), "a"],
        ["False", "a", 2, None, None, None, None],
    ]


def test_the_registry_says_which_texts_and_booleans_are_classes():
    frame = pd.DataFrame({"s": ["lo", None], "b": [True, False], "n": [1.0, 2.0]})
    features = [
        feature(0, "s", "nominal", "hi", "lo"),
        feature(1, "b", "nominal", "FALSE", "TRUE"),
        feature(2, "n", "nominal", "1", "2", "3"),
    ]
    table = read_parquet(parquet(frame), features)
    assert [a.labels for a in table.attributes] == [
        ("hi", "lo"),
        ("FALSE", "TRUE"),
        ("1", "2", "3"),
    ]
    assert table.to_arrow().to_pydict() == {
        "s": ["lo", None],
        "b": ["TRUE", "FALSE"],
        "n": ["1", "2"],
    }


def test_the_file_knows_the_order_of_labels_and_the_registry_those_not_used():
    frame = pd.DataFrame({"c": pd.Categorical(["m"], categories=["m", "f"])})
    table = read_parquet(parquet(frame), [feature(0, "c", "nominal", "f", "i", "m")])
    assert table.labels("c") == ("m", "f", "i")


def test_labels_are_the_same_though_row_groups_have_dictionaries_of_their_own():
    chunks = [pa.array(part).dictionary_encode() for part in (["b", "a"], ["c", "b"])]
    data = pa.table({"c": pa.chunked_array(chunks)})
    table = read_parquet(parquet(data, row_group_size=2))
    assert table.to_arrow()["c"].to_pylist() == ["b", "a", "c", "b"]


def test_attributes_may_be_given():
    attributes = [Attribute("a", "real"), Attribute("b", "nominal", ("y", "x"))]
    data = pa.table({"a": [1, 2], "b": ["x", None]})
    table = read_parquet(parquet(data), attributes=attributes)
    assert table.attributes == tuple(attributes)
    assert table.to_pandas()["a"].dtype == "float64"
    assert table.labels("b") == ("y", "x")


def test_a_class_that_nobody_declared_is_refused():
    features = [feature(0, "s", "nominal", "hi", "lo")]
    with pytest.raises(FormatError, match="'mid' is no declared value of column 's'"):
        read_parquet(parquet(pd.DataFrame({"s": ["lo", "mid"]})), features)


def test_other_columns_than_described_are_refused():
    content = parquet(pd.DataFrame({"a": [1], "b": [2]}))
    with pytest.raises(FormatError, match="differ in the columns b, c"):
        read_parquet(content, [feature(0, "a"), feature(1, "c")])
    with pytest.raises(FormatError, match="other columns: b, c"):
        read_parquet(content, attributes=[Attribute("a", "real"), Attribute("c", "real")])
    with pytest.raises(NotFoundError, match="no column 'z'"):
        read_parquet(content, target=("z",)).xy()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([[1], [2]], "column 'a' of the Parquet file is of type list"),
        ([b"x"], "column 'a' of the Parquet file is of type binary"),
        (np.array([1], dtype="M8[ns]"), "column 'a' can't be read as date"),
    ],
)
def test_columns_that_no_table_has_are_refused(values, message):
    with pytest.raises(FormatError, match=message):
        read_parquet(parquet(pa.table({"a": pa.array(values)})))


@pytest.mark.parametrize(
    ("column", "attribute"),
    [(["x"], Attribute("a", "numeric")), (["x"], Attribute("a", "date"))],
)
def test_columns_that_are_not_what_they_should_be_are_refused(column, attribute):
    with pytest.raises(FormatError, match=f"column 'a' can't be read as {attribute.kind}"):
        read_parquet(parquet(pa.table({"a": column})), attributes=[attribute])


@pytest.mark.parametrize(
    "metadata",
    ["", "1", "[1]", "[{}]", "[" * 100_000, "\xff",
     '[{"name": "a", "kind": "complex", "labels": []}]',
     '[{"name": "a", "kind": "nominal", "labels": ["x", "x"]}]',
     '[{"name": "a", "kind": "numeric", "labels": [], "extra": 1}]'],
)  # fmt: skip
def test_broken_metadata_are_refused(metadata):
    data = pa.table({"a": [1]}).replace_schema_metadata({METADATA_KEY: metadata})
    with pytest.raises(FormatError, match="metadata"):
        read_parquet(parquet(data))


def test_metadata_about_other_columns_are_refused():
    text = json.dumps([{"name": "b", "kind": "numeric", "labels": [], "date_format": None}])
    data = pa.table({"a": [1]}).replace_schema_metadata({METADATA_KEY: text})
    with pytest.raises(FormatError, match="other columns: a, b"):
        read_parquet(parquet(data))


def test_two_columns_of_one_name_are_refused():
    data = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pytest.raises(FormatError, match="two columns of the Parquet file have the same name"):
        read_parquet(parquet(data))


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1PAR1", b"<html>", MIXED])
def test_what_is_no_parquet_file_is_refused(content):
    with pytest.raises(FormatError, match="the Parquet file is broken"):
        read_parquet(content)


SAMPLE = write_parquet(Table.from_arff(read_arff(MIXED)))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(SAMPLE) - 1), st.integers(0, 7), st.integers(0, len(SAMPLE)))
def test_a_damaged_file_gives_a_table_or_a_format_error(place, bit, length):
    flipped = bytearray(SAMPLE)
    flipped[place] ^= 1 << bit
    for content in (bytes(flipped), SAMPLE[:length]):
        try:
            read_parquet(content)
        except FormatError:
            continue


def test_a_flipped_bit_in_the_data_is_noticed():
    content = bytearray(SAMPLE)
    start = pq.ParquetFile(io.BytesIO(SAMPLE)).metadata.row_group(0).column(0).data_page_offset
    size = pq.ParquetFile(io.BytesIO(SAMPLE)).metadata.row_group(0).column(0).total_compressed_size
    content[start + size - 1] ^= 1
    with pytest.raises(FormatError, match="broken"):
        read_parquet(bytes(content))


def test_numbers_of_a_slice_are_taken_from_its_place():
    data = pa.table({"x": pa.array([0.0, 1.5, 2.5, 9.0]), "y": pa.array([None, 1.0, None, 3.0])})
    file = columns_of(data.slice(1, 2))
    assert [column.tolist() for column in file.columns] == [
        [1.5, 2.5],
        [1.0, pytest.approx(np.nan, nan_ok=True)],
    ]
    assert columns_of(data.slice(1, 0)).columns[0].tolist() == []
