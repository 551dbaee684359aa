"""A dataset as a table: one dtype policy in every view."""

import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.sparse import csr_matrix

from openml_client.errors import FormatError, MissingDependencyError, NotFoundError
from openml_client.formats.arff import Attribute, read_arff
from openml_client.formats.table import Table
from openml_client.model.dataset import Feature

MIXED = b"""@relation mixed
@attribute id integer
@attribute colour {red, green, blue}
@attribute size numeric
@attribute whole integer
@attribute part integer
@attribute gap integer
@attribute note string
@attribute day date 'yyyy-MM-dd'
@attribute class {yes, no}
@data
1, green, 1.5, 3.0, 1.5, 1, 'a note', 2020-01-01, no
2, ?,     ?,   4,   2,   ?, ?,        ?,          yes
3, red,   7,   -5,  3,   3, '',       1999-12-31, no
"""
SPARSE = b"""@relation sparse
@attribute a numeric
@attribute b {x, y}
@attribute c integer
@attribute d numeric
@data
{0 1.5, 3 -1}
{}
{1 y, 2 7, 3 ?}
"""


def feature(index, name, *, is_row_identifier=False, is_ignore=False):
    return Feature(
        index=index,
        name=name,
        data_type="numeric",
        is_row_identifier=is_row_identifier,
        is_ignore=is_ignore,
    )


@pytest.fixture
def table():
    return Table.from_arff(read_arff(MIXED), target=("class",))


@pytest.fixture
def sparse():
    return Table.from_arff(read_arff(SPARSE), target=("d",))


# The policy of the module's docstring, view by view


@pytest.mark.parametrize(
    ("column", "dtype", "values"),
    [
        ("id", "int64", [1, 2, 3]),
        ("size", "float64", [1.5, None, 7.0]),
        ("whole", "int64", [3, 4, -5]),
        ("part", "float64", [1.5, 2.0, 3.0]),
        ("gap", "float64", [1.0, None, 3.0]),
        ("note", "str", ["a note", None, ""]),
        ("day", "datetime64[us]", [pd.Timestamp("2020-01-01"), None, pd.Timestamp("1999-12-31")]),
        ("colour", "category", ["green", None, "red"]),
    ],
)
def test_pandas_gets_the_type_of_the_policy(table, column, dtype, values):
    series = table.to_pandas()[column]
    assert series.dtype == dtype
    assert [None if pd.isna(value) else value for value in series] == values


def test_missing_texts_are_nan_in_pandas(table):
    assert np.isnan(table.to_pandas()["note"][1])


@pytest.mark.parametrize(
    ("column", "type_", "values"),
    [
        ("id", pa.int64(), [1, 2, 3]),
        ("size", pa.float64(), [1.5, None, 7.0]),
        ("whole", pa.int64(), [3, 4, -5]),
        ("part", pa.float64(), [1.5, 2.0, 3.0]),
        ("gap", pa.float64(), [1.0, None, 3.0]),
        ("note", pa.large_string(), ["a note", None, ""]),
        (
            "day",
            pa.timestamp("us"),
            [pd.Timestamp("2020-01-01"), None, pd.Timestamp("1999-12-31")],
        ),
        ("colour", pa.dictionary(pa.int8(), pa.string()), ["green", None, "red"]),
    ],
)
def test_arrow_gets_the_type_of_the_policy(table, column, type_, values):
    array = table.to_arrow()[column]
    assert array.type == type_
    assert array.to_pylist() == values


def test_arrow_shares_the_memory_of_the_table(table):
    first, second = table.to_arrow(), table.described(()).to_arrow()
    for column, other in zip(first.columns, second.columns, strict=True):
        pair = [getattr(c.chunk(0), "indices", c.chunk(0)) for c in (column, other)]
        assert len({array.buffers()[-1].address for array in pair}) == 1


def test_categories_stand_in_the_order_of_declaration_used_or_not(table):
    frame = table.to_pandas()
    assert list(frame["colour"].cat.categories) == ["red", "green", "blue"]
    assert list(frame["class"].cat.categories) == ["yes", "no"]
    assert not frame["class"].cat.ordered
    assert table.to_arrow()["colour"].chunk(0).dictionary.to_pylist() == ["red", "green", "blue"]
    assert table.labels("class") == ("yes", "no")
    assert table.labels("size") == ()


def test_columns_keep_the_order_of_the_file_in_every_view(table):
    names = ["id", "colour", "size", "whole", "part", "gap", "note", "day", "class"]
    assert list(table.names) == names
    assert list(table.to_pandas().columns) == names
    assert table.to_arrow().column_names == names
    assert table.categorical == ("colour", "class")


def test_whole_numbers_that_floats_can_not_hold_stay_floats():
    file = read_arff(b"@relation r\n@attribute a integer\n@data\n9007199254740993\n")
    assert Table.from_arff(file).to_pandas()["a"].dtype == "float64"


def test_numpy_gets_floats_with_positions_of_labels():
    file = read_arff(b"@relation r\n@attribute a {x,y}\n@attribute b integer\n@data\ny,1\n?,?\n")
    numbers = Table.from_arff(file).to_numpy()
    np.testing.assert_array_equal(numbers, [[1.0, 1.0], [np.nan, np.nan]])


@pytest.mark.parametrize("type_", ["string", "date"])
def test_numpy_gets_no_texts_or_dates(type_):
    file = read_arff(f"@relation r\n@attribute a {type_}\n@data\n?\n".encode())
    with pytest.raises(FormatError, match=f"column 'a' is a {type_}"):
        Table.from_arff(file).to_numpy()


def test_a_table_without_rows_has_the_types_of_its_columns():
    file = read_arff(MIXED.partition(b"@data\n")[0] + b"@data\n")
    table = Table.from_arff(file)
    frame = table.to_pandas()
    assert table.shape == (0, 9)
    assert frame["id"].dtype == "int64"
    assert frame["colour"].dtype == "category"
    assert table.to_arrow().num_rows == 0


@pytest.mark.parametrize("name", ["polars", "torch"])
def test_other_libraries_are_asked_for_where_they_are_missing(table, monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingDependencyError, match=f"{name} is not installed"):
        getattr(table, f"to_{name}")()


def test_polars_gets_the_same_values(table):
    frame = table.to_polars()
    assert frame.to_dict(as_series=False) == table.to_arrow().to_pydict()


def test_torch_gets_what_numpy_gets():
    torch = pytest.importorskip("torch")
    table = Table([Attribute("a", "real")], columns=[np.array([1.5, np.nan])])
    tensor = table.to_torch()
    assert tensor.dtype == torch.float64
    np.testing.assert_array_equal(tensor.numpy(), table.to_numpy())


def test_changing_a_frame_leaves_the_table_alone(table):
    x, y = table.xy()
    for frame in (x, table.to_pandas()):
        frame.loc[0, "size"] = 99.0
        frame.loc[:, "colour"] = "blue"
    y.iloc[0] = "yes"
    assert table.to_pandas()["size"][0] == 1.5
    assert list(table.to_pandas()["colour"][[0, 2]]) == ["green", "red"]
    assert table.xy()[1][0] == "no"


# X and y


def test_x_and_y_are_parted_at_the_default_target(table):
    x, y = table.xy()
    assert "class" not in x
    assert list(x.columns) == list(table.names[:-1])
    assert y.name == "class"
    assert list(y) == ["no", "yes", "no"]


def test_another_target_may_be_given(table):
    x, y = table.xy("size")
    assert "class" in x
    assert "size" not in x
    assert y.name == "size"


def test_several_targets_make_a_frame(table):
    x, y = table.xy(["size", "class"])
    assert list(y.columns) == ["size", "class"]
    assert not {"size", "class"} & set(x.columns)


def test_row_ids_and_ignored_columns_are_left_out_unless_asked_for():
    features = [
        feature(n, name, is_row_identifier=name == "id", is_ignore=name == "note")
        for n, name in enumerate(Table.from_arff(read_arff(MIXED)).names)
    ]
    table = Table.from_arff(read_arff(MIXED), features, target=("class",))
    assert list(table.xy()[0].columns) == ["colour", "size", "whole", "part", "gap", "day"]
    assert "id" in table.xy(include_row_id=True)[0]
    assert "note" not in table.xy(include_row_id=True)[0]
    assert "note" in table.xy(include_ignored=True)[0]


def test_a_target_that_is_ignored_can_still_be_asked_for():
    features = [feature(0, "a", is_ignore=True), feature(1, "b")]
    file = read_arff(b"@relation r\n@attribute a real\n@attribute b real\n@data\n1,2\n")
    x, y = Table.from_arff(file, features).xy("a")
    assert list(x.columns) == ["b"]
    assert list(y) == [1.0]


def test_an_unknown_target_is_an_error_that_names_the_columns(table):
    with pytest.raises(NotFoundError, match="no column 'klass'") as caught:
        table.xy("klass")
    assert "Its columns are id, colour, size" in caught.value.hint


def test_a_wrong_default_target_hinders_only_who_asks_for_it():
    table = Table.from_arff(read_arff(MIXED), target=("klass",))
    assert len(table.to_pandas()) == 3
    assert table.xy("class")[1].name == "class"
    with pytest.raises(NotFoundError, match="no column 'klass'"):
        table.xy()


def test_without_a_default_target_one_must_be_given():
    with pytest.raises(NotFoundError, match="no default target") as caught:
        Table.from_arff(read_arff(SPARSE)).xy()
    assert caught.value.hint == "Give one of its columns: a, b, c, d."


def test_labels_of_an_unknown_column_are_an_error(table):
    with pytest.raises(NotFoundError, match="no column 'klass'"):
        table.labels("klass")


# Sparse data


def test_sparse_data_is_a_matrix_of_its_own(sparse):
    matrix = sparse.sparse()
    assert sparse.is_sparse
    assert matrix.shape == sparse.shape == (3, 4)
    expected = [[1.5, 0, 0, -1], [0, 0, 0, 0], [0, 1, 7, np.nan]]
    np.testing.assert_array_equal(matrix.toarray(), expected)
    matrix.data[:] = 0
    np.testing.assert_array_equal(sparse.to_numpy(), expected)


def test_sparse_numbers_stay_sparse_in_pandas_and_classes_are_categories(sparse):
    frame = sparse.to_pandas()
    assert list(frame.columns) == ["a", "b", "c", "d"]
    assert frame["a"].dtype == frame["c"].dtype == pd.SparseDtype("float64", 0.0)
    assert list(frame["a"]) == [1.5, 0.0, 0.0]
    assert list(frame["b"]) == ["x", "x", "y"]
    assert np.isnan(frame["d"][2])


def test_the_target_of_sparse_data_is_dense(sparse):
    x, y = sparse.xy()
    assert list(x.columns) == ["a", "b", "c"]
    assert x["c"].dtype == pd.SparseDtype("float64", 0.0)
    assert y.dtype == "float64"
    np.testing.assert_array_equal(y, [-1.0, 0.0, np.nan])
    assert sparse.xy("b")[1].dtype == "category"


def test_sparse_data_with_numbers_only():
    file = read_arff(b"@relation r\n@attribute a real\n@attribute b real\n@data\n{1 2}\n")
    frame = Table.from_arff(file).to_pandas()
    assert frame.to_numpy().tolist() == [[0.0, 2.0]]


def test_sparse_data_becomes_dense_in_arrow(sparse):
    arrow = sparse.to_arrow()
    assert arrow["a"].to_pylist() == [1.5, 0.0, 0.0]
    assert arrow["b"].to_pylist() == ["x", "x", "y"]
    assert arrow["d"].to_pylist() == [-1.0, 0.0, None]
    assert arrow["c"].type == pa.int64()


def test_dense_data_is_no_matrix(table):
    with pytest.raises(FormatError, match="the data is dense"):
        table.sparse()


# What the registry describes, and how a table shows itself


def test_the_columns_must_be_those_that_the_registry_describes():
    described = [feature(0, "a"), feature(1, "c"), feature(2, "b"), feature(3, "e")]
    with pytest.raises(FormatError, match="differ in the columns d, e"):
        Table.from_arff(read_arff(SPARSE), described)
    described = [feature(n, name) for n, name in enumerate("abdc")]
    with pytest.raises(FormatError, match="differ in the columns their order"):
        Table.from_arff(read_arff(SPARSE), described)


def test_features_may_come_in_any_order_and_without_the_blanks_around_their_names():
    file = read_arff(b"@relation r\n@attribute ' a ' real\n@attribute b real\n@data\n1,2\n")
    table = Table.from_arff(file, [feature(1, "b", is_ignore=True), feature(0, "a")])
    assert list(table.xy("b", include_ignored=True)[0].columns) == [" a "]


def test_a_table_is_dense_or_sparse():
    attributes = [Attribute("a", "real")]
    with pytest.raises(FormatError, match="either dense or sparse"):
        Table(attributes)
    with pytest.raises(FormatError, match="either dense or sparse"):
        Table(attributes, columns=[np.zeros(1)], sparse=csr_matrix((1, 1)))


def test_a_table_shows_its_size_and_target(table, sparse):
    assert repr(table) == "<Table: 3 rows, 9 columns, target class>"
    assert repr(sparse) == "<sparse Table: 3 rows, 4 columns, target d>"
    assert len(table) == 3


def test_notebooks_see_the_first_rows():
    lines = "\n".join(f"row{n:03d}" for n in range(100))
    file = read_arff(f"@relation r\n@attribute s string\n@data\n{lines}\n".encode())
    html = Table.from_arff(file)._repr_html_()
    assert "100 rows, 1 columns" in html
    assert "row004" in html
    assert "row005" not in html


def test_notebooks_run_no_script_that_a_name_or_a_value_holds():
    evil = "<script>alert(1)</script>"
    content = f"@relation r\n@attribute '{evil}' string\n@attribute c {{'{evil}'}}\n@data\n"
    file = read_arff(f"{content}'{evil}','{evil}'\n".encode())
    html = Table.from_arff(file, target=(evil,))._repr_html_()
    assert "<script" not in html
    assert html.count("&lt;script&gt;") == 4


def test_notebooks_show_sparse_and_wide_tables(sparse):
    assert "-1" in sparse._repr_html_()
    header = "".join(f"@attribute name{n} real\n" for n in range(1000))
    file = read_arff(f"@relation r\n{header}@data\n".encode())
    html = Table.from_arff(file)._repr_html_()
    assert "name0<" in html
    assert "name500<" not in html
