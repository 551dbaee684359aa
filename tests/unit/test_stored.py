"""Tables that are mapped from files: the same table, and views that don't meet."""

import gc
import io
import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from scipy import sparse

from openml_client.errors import FormatError
from openml_client.formats.arff import Attribute, read_arff
from openml_client.formats.stored import open_stored, write_stored
from openml_client.formats.table import Table

from .test_arff_writer import tables

MIXED = (
    b"@relation r\n@attribute n numeric\n@attribute i integer\n@attribute c {b,a}\n"
    b"@attribute s string\n@attribute d date\n@data\n"
    b"1.5,1,a,'x y',2020-01-31T10:00:00\n?,2,?,?,?\n-3,3,b,'',2021-01-31T10:00:00\n"
)


@pytest.fixture
def stored(tmp_path):
    def stored(table):
        path = tmp_path / "table.arrow"
        with path.open("wb") as sink:
            write_stored(table, sink)
        with path.open("rb") as file:
            return open_stored(file)

    return stored


def assert_same(table, other):
    assert table.attributes == other.attributes
    assert table.shape == other.shape
    pd.testing.assert_frame_equal(table.to_pandas(), other.to_pandas())
    if table.is_sparse:
        assert (table.sparse() != other.sparse()).nnz == 0
    else:
        assert table.to_arrow().equals(other.to_arrow())


def test_a_stored_table_is_the_same(stored):
    table = Table.from_arff(read_arff(MIXED))
    assert_same(table, stored(table))


@settings(max_examples=60, deadline=None)
@given(tables())
def test_any_table_comes_back_the_same(tmp_path_factory, case):
    table = Table(case[0], columns=case[1])
    path = tmp_path_factory.mktemp("stored") / "table.arrow"
    with path.open("w+b") as file:
        write_stored(table, file)
        assert_same(table, open_stored(file))


def test_a_sparse_table_comes_back_the_same(stored):
    matrix = sparse.csr_matrix(np.array([[0, 1.5, np.nan], [0, 0, 0], [2, 0, 0]]))
    attributes = [Attribute("a", "numeric"), Attribute("b", "real"), Attribute("c", "integer")]
    table = Table(attributes, sparse=matrix)
    again = stored(table)
    assert again.is_sparse
    np.testing.assert_array_equal(again.sparse().toarray(), matrix.toarray())
    np.testing.assert_array_equal(again.sparse().indptr, matrix.indptr)


def test_what_is_written_into_a_view_shows_nowhere_else(stored):
    table = stored(Table.from_arff(read_arff(MIXED)))
    wanted = table.to_pandas().copy(deep=True)
    arrow = table.to_arrow()
    frame, other = table.to_pandas(), table.to_pandas()
    frame.loc[0, "n"] = 9
    frame["i"] += 1
    frame.loc[0, "c"] = "b"
    frame.loc[0, "s"] = "z"
    frame.loc[0, "d"] = pd.Timestamp("1999-01-01")
    pd.testing.assert_frame_equal(other, wanted)
    pd.testing.assert_frame_equal(table.to_pandas(), wanted)
    del table, other
    gc.collect()
    frame.loc[2, "n"] = 9  # now it is the only one that has this memory
    assert arrow.column("n").to_pylist() == [1.5, None, -3.0]


def test_views_of_a_table_in_memory_do_not_meet_either():
    table = Table.from_arff(read_arff(MIXED))
    arrow, frame = table.to_arrow(), table.to_pandas()
    features, target = table.xy("c")
    del table
    gc.collect()
    frame.loc[0, "n"] = 9
    features.loc[0, "n"] = 8
    target[0] = "b"
    assert arrow.column("n").to_pylist() == [1.5, None, -3.0]
    assert (frame.loc[0, "n"], features.loc[0, "n"], frame.loc[0, "c"]) == (9, 8, "a")


@pytest.mark.skipif(os.name != "posix", reason="other systems keep files that are mapped")
def test_a_table_outlives_its_file(stored, tmp_path):
    table = stored(Table.from_arff(read_arff(MIXED)))
    (tmp_path / "table.arrow").unlink()
    assert table.to_pandas()["i"].tolist() == [1, 2, 3]


def test_a_wide_table_does_not_make_pandas_warn(stored):
    columns = [np.arange(3.0) for _ in range(150)]
    table = stored(Table([Attribute(f"x{n}", "real") for n in range(150)], columns=columns))
    frame = table.to_pandas()
    frame["new"] = 1
    assert frame.shape == (3, 151)


@pytest.mark.parametrize("content", [b"ARROW1\0\0", b"something else entirely, and long enough"])
def test_what_is_no_stored_table_is_refused(tmp_path, content):
    path = tmp_path / "x"
    path.write_bytes(content)
    with path.open("rb") as file, pytest.raises(FormatError, match="stored table is broken"):
        open_stored(file)


def test_another_arrow_file_is_refused(tmp_path):
    import pyarrow as pa

    path = tmp_path / "x"
    with pa.ipc.new_file(str(path), pa.schema([("a", pa.int32())])) as writer:
        writer.write_batch(pa.record_batch({"a": pa.array([1], pa.int32())}))
    with path.open("rb") as file, pytest.raises(FormatError, match="stored table is broken"):
        open_stored(file)


def test_a_stream_takes_a_table_too():
    sink = io.BytesIO()
    write_stored(Table.from_arff(read_arff(MIXED)), sink)
    assert sink.getvalue().startswith(b"ARROW1")
