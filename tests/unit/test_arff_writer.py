"""Writing ARFF: what is written reads back equal, here and by liac-arff, or is refused."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from openml_client.errors import ArffError
from openml_client.formats import arff_writer, workers
from openml_client.formats.arff import Attribute, check_arff, codes_dtype, read_arff, read_header
from openml_client.formats.arff_texts import numbers, quote
from openml_client.formats.arff_texts import texts as arff_texts
from openml_client.formats.arff_writer import arff_blocks, write_arff, write_sparse_arff
from openml_client.formats.frames import arff_from_pandas

from .arff_reference import rows_by_liac, rows_of

pytestmark = pytest.mark.fault(21)

ISO = "yyyy-MM-dd'T'HH:mm:ss"


def objects(*values):
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def written(series):
    """The single column of a frame, written and read back: its attribute and values."""
    content = arff_from_pandas(pd.DataFrame({"x": series}), "probe")
    check_arff(content)
    file = read_arff(content)
    return file.attributes[0], [row[0] for row in rows_of(file)]


def test_a_file_looks_like_this():
    attributes = [
        Attribute("id", "integer"),
        Attribute("a b", "nominal", ("x", "it's", "?")),
        Attribute("note", "string"),
        Attribute("day", "date", date_format="dd/MM/yyyy"),
    ]
    columns = [
        np.array([1.0, np.nan]),
        np.array([2, -1], dtype=np.int32),
        objects("50%, or so", None),
        np.array(["2020-01-31", "NaT"], dtype="datetime64[us]"),
    ]
    content = write_arff("my set", attributes, columns, comment="One.\nTwo.")
    assert content.decode().splitlines() == [
        "% One.",
        "% Two.",
        "@RELATION 'my set'",
        "",
        "@ATTRIBUTE id INTEGER",
        "@ATTRIBUTE 'a b' {x,'it\\'s','?'}",
        "@ATTRIBUTE note STRING",
        '@ATTRIBUTE day DATE "dd/MM/yyyy"',
        "",
        "@DATA",
        "1,'?','50%, or so',31/01/2020",
        "?,?,?,?",
    ]


@pytest.mark.parametrize(
    "value",
    ["", "?", " ", " a ", "a,b", "'", '"', "\\", "\\n", "\n", "\r\n", "\t", "%", "% x", "{", "}",
     "{1}", "@data", "\x0b", "\x85", "\u2028", "\u00a0", "😀", "é", "\ufeff", "NA", "1e5", "-"],
)  # fmt: skip
def test_awkward_texts_read_back_equal_wherever_they_stand(value):
    attributes = [
        Attribute(value, "nominal", (value, "other")),
        Attribute("last", "string"),
    ]
    columns = [np.array([0, 1, -1], dtype=np.int32), objects(value, None, value)]
    content = write_arff(value, attributes, columns, comment=value)
    file = read_arff(content)
    assert (file.relation, file.attributes) == (value, tuple(attributes))
    assert rows_of(file) == [[value, value], ["other", None], [None, value]]
    check_arff(content)


texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\0")
    | st.sampled_from("'\"\\,%{}? \t\n\r"),
    max_size=6,
)
dates = st.datetimes().map(lambda d: d.replace(microsecond=d.microsecond // 1000 * 1000))


@st.composite
def tables(draw):
    """Attributes and columns of one file."""
    n_rows = draw(st.integers(0, 4))
    names = draw(st.lists(texts, min_size=1, max_size=4, unique=True))
    attributes, columns = [], []
    for name in names:
        kind = draw(st.sampled_from(["numeric", "real", "integer", "nominal", "string", "date"]))
        labels = tuple(draw(st.lists(texts, max_size=3, unique=True))) if kind == "nominal" else ()
        cells = st.floats(allow_infinity=False)
        dtype = "float64"
        if kind == "nominal":
            cells, dtype = st.integers(-1, len(labels) - 1), codes_dtype(labels)
        elif kind == "string":
            cells, dtype = st.none() | texts, "object"
        elif kind == "date":
            cells, dtype = st.none() | dates, "datetime64[us]"
        column = np.empty(n_rows, dtype=dtype)
        column[:] = draw(st.lists(cells, min_size=n_rows, max_size=n_rows))
        if kind == "string":
            column = pa.array(column, pa.large_string())
        pattern = ISO + ".SSS" if kind == "date" else None
        attributes.append(Attribute(name, kind, labels, pattern))
        columns.append(column)
    return attributes, columns


@settings(max_examples=150, deadline=None)
@given(texts, tables(), texts)
def test_any_table_reads_back_equal(relation, table, comment):
    attributes, columns = table
    file = read_arff(write_arff(relation, attributes, columns, comment=comment))
    assert (file.relation, file.attributes) == (relation, tuple(attributes))
    for column, again in zip(columns, file.columns, strict=True):
        if isinstance(column, pa.Array):
            assert again.equals(column)
        else:
            np.testing.assert_array_equal(again, column)
            assert again.dtype == column.dtype


def test_floats_read_back_bit_by_bit():
    column = np.array([0.1, -0.0, 5e-324, 1.7976931348623157e308, 1 / 3, 1e16, 2.0**60])
    content = write_arff("r", [Attribute("a", "real")], [column])
    assert read_arff(content).columns[0].tobytes() == column.tobytes()


def shortest(value):
    """A number as Python writes it, which is what a file has."""
    return None if np.isnan(value) else repr(value).removesuffix(".0")


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.floats(allow_infinity=False)
        | st.builds(  # of all sizes at which the text changes
            lambda digits, exponent: float(f"{digits}e{exponent}"),
            st.integers(-(10**17), 10**17),
            st.integers(-32, 8),
        )
    )
)
def test_numbers_are_the_shortest_texts(values):
    assert numbers(np.array(values, dtype=np.float64)).to_pylist() == [
        shortest(value) for value in values
    ]


@pytest.mark.parametrize("exponent", range(-325, 309))
def test_numbers_around_powers_of_ten_are_the_shortest_texts(exponent):
    power = np.array(float(f"1e{exponent}"))
    values = np.array([power, np.nextafter(power, 0), np.nextafter(power, 1e308), -power])
    assert numbers(values).to_pylist() == [shortest(value) for value in values.tolist()]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.none() | texts))
def test_texts_are_quoted_in_arrow_as_in_python(values):
    wanted = [None if value is None else quote(value) for value in values]
    for column in (objects(*values), pa.array(values, pa.large_string())):
        assert arff_texts(Attribute("a", "string"), column).to_pylist() == wanted


def suits_liac(table):
    """Whether liac-arff reads such columns: it cuts INTEGER, and knows neither dates nor ``{}``."""
    return all(
        a.kind not in {"date", "integer"} and (a.kind != "nominal" or a.labels) for a in table[0]
    )


@settings(max_examples=150, deadline=None)
@given(tables().filter(suits_liac))
def test_liac_arff_reads_any_table(table):
    attributes, columns = table
    named = [replace(a, name=f"a{n}") for n, a in enumerate(attributes)]
    content = write_arff("r", named, columns)
    assert rows_by_liac(content) == rows_of(read_arff(content))


@pytest.mark.parametrize("n_workers", [1, 3])
def test_blocks_make_the_same_file(monkeypatch, n_workers):
    rng = np.random.default_rng(0)
    attributes = [
        Attribute("n", "real"),
        Attribute("k", "nominal", ("a b", "c")),
        Attribute("t", "string"),
        Attribute("d", "date", date_format=ISO),
    ]
    columns = [
        np.where(rng.random(101) < 0.1, np.nan, rng.normal(size=101)),
        rng.integers(-1, 2, 101).astype(np.int8),
        pa.array([None if n % 7 == 0 else f"'{n}" for n in range(101)], pa.large_string()),
        np.datetime64("2020-01-01", "us") + np.arange(101) * np.timedelta64(1, "D"),
    ]
    whole = write_arff("r", attributes, columns)
    matrix = csr_matrix(np.where(rng.random((101, 5)) < 0.5, rng.normal(size=(101, 5)), 0))
    sparse = write_sparse_arff("r", [Attribute(n, "real") for n in "abcde"], matrix)
    monkeypatch.setattr(arff_writer, "BLOCK_CELLS", 12)
    monkeypatch.setattr(workers, "n_processors", lambda: n_workers)
    assert write_arff("r", attributes, columns) == whole
    assert write_sparse_arff("r", [Attribute(n, "real") for n in "abcde"], matrix) == sparse


def test_a_file_of_many_rows_takes_the_memory_of_a_few_blocks(monkeypatch):
    monkeypatch.setattr(arff_writer, "BLOCK_CELLS", 2**13)
    monkeypatch.setattr(workers, "n_processors", lambda: 2)
    attributes = [Attribute("a", "real"), Attribute("b", "integer"), Attribute("c", "string")]
    n_rows = 600_000
    numbers = np.random.default_rng(0).normal(size=n_rows)
    names = pa.array(["a name"], pa.large_string()).take(pa.array(np.zeros(n_rows, int)))
    columns = [numbers, np.arange(n_rows), names]
    in_arrow, n_bytes, peak = pa.total_allocated_bytes(), 0, 0
    tracemalloc.start()
    for block in arff_blocks("r", attributes, columns):
        n_bytes += len(block)
        peak = max(peak, pa.total_allocated_bytes() - in_arrow)
    peak += tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert n_bytes > 20 * 2**20
    # How many blocks are there at once depends on which thread comes first.
    assert peak < 5 * 2**20


def test_float32_reads_back_as_the_same_number():
    column = np.array([0.1, 1e30], dtype=np.float32)
    content = write_arff("r", [Attribute("a", "real")], [column])
    np.testing.assert_array_equal(read_arff(content).columns[0], column.astype(np.float64))


def test_liac_arff_reads_what_is_written():
    attributes = [
        Attribute("a", "numeric"),
        Attribute("b", "nominal", ("x y", "it's", 'say "hi"', "50%", "a\\b")),
        Attribute("c", "string"),
    ]
    columns = [
        np.array([1.5, np.nan, -1e-30]),
        np.array([1, 2, 4], dtype=np.int32),
        objects("tab\tand\nline", None, "?"),
    ]
    content = write_arff("r", attributes, columns)
    assert rows_by_liac(content) == rows_of(read_arff(content))


@pytest.mark.parametrize(
    ("attributes", "columns", "message"),
    [
        ([], [], "no column to write"),
        ([Attribute("a", "real")], [], "1 attributes, and 0 columns"),
        (
            [Attribute("a", "real"), Attribute("b", "real")],
            [np.zeros(1), np.zeros(2)],
            "columns of the lengths \\[1, 2\\]",
        ),
        ([Attribute("a", "real")] * 2, [np.zeros(1)] * 2, "column 'a' is there more than once"),
        ([Attribute("a", "nominal", ("x", "x"))], [np.zeros(1, int)], "'x' is there more than on"),
        ([Attribute("a", "nominal", ("x",))], [np.array([1])], "'a' has a value that is not decl"),
        ([Attribute("a", "nominal", ("x",))], [np.array([-2])], "'a' has a value that is not dec"),
        ([Attribute("a", "nominal", ("x\0",))], [np.zeros(1, int)], "NUL character"),
        ([Attribute("a\0", "real")], [np.zeros(1)], "NUL character"),
        ([Attribute("a", "string")], [objects("\0")], "NUL character"),
        ([Attribute("a", "string")], [objects(1)], "one of its values is 1 of type int"),
        ([Attribute("a", "string")], [objects("\ud800")], "half of a surrogate pair"),
        ([Attribute("a", "real")], [np.array([np.inf])], "'a' has an infinite value"),
        ([Attribute("a", "real")], [np.array([1j])], "its column is of type complex128"),
        ([Attribute("a", "real")], [objects(1.0)], "its column is of type object"),
        ([Attribute("a", "real")], [np.array([1], "g") / 3], "float128, which would be read bac"),
        ([Attribute("a", "nominal", ("x",))], [np.zeros(1)], "positions are of type float64"),
        ([Attribute("a", "string")], [objects(b"x")], "one of its values is b'x' of type bytes"),
        ([Attribute("a", "integer")], [np.array([2**53 + 1])], "'a' has whole numbers beyond"),
        ([Attribute("a", "integer")], [np.array([2**64 - 1], "u8")], "whole numbers beyond"),
        ([Attribute("a", "integer")], [np.array([-(2**63)])], "whole numbers beyond"),
        ([Attribute("a", "relational")], [np.zeros(1)], "'a' is relational"),
        (
            [Attribute("a", "date", date_format="yyyy-MM-dd")],
            [np.array(["2020-01-01T12"], "M8[us]")],
            "'a': the date 2020-01-01 12:00:00 does not fit into the format 'yyyy-MM-dd'",
        ),
        ([Attribute("a", "date")], [np.array(["20000-01-01"], "M8[us]")], "outside the years"),
        ([Attribute("a", "date", date_format="QQ")], [np.array(["2020"], "M8[us]")], "letter 'Q'"),
        ([Attribute("a", "date")], [np.array([1], "M8[ns]")], "'a' has nanoseconds"),
        ([Attribute("a", "date")], [np.array([1])], "'a' is a date, and its column is of type int"),
    ],
)
def test_what_would_not_read_back_equal_is_refused(attributes, columns, message):
    with pytest.raises(ArffError, match=message):
        write_arff("r", attributes, columns)


def test_a_name_with_a_nul_character_is_refused():
    with pytest.raises(ArffError, match="NUL character"):
        write_arff("r\0", [Attribute("a", "real")], [np.zeros(1)])


# Sparse files


def test_sparse_numbers_read_back_equal():
    matrix = csr_matrix(np.array([[0, 1.5, 0], [0, 0, 0], [np.nan, 0, -2]]))
    attributes = [Attribute(name, "numeric") for name in ("a b", "c", "d")]
    content = write_sparse_arff("r", attributes, matrix)
    file = read_arff(content)
    assert file.attributes == tuple(attributes)
    np.testing.assert_array_equal(file.sparse.toarray(), matrix.toarray())
    assert rows_by_liac(content, is_sparse=True) == rows_of(file)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_sparse_file_reads_back_equal(data):
    names = data.draw(st.lists(texts, min_size=1, max_size=4, unique=True))
    attributes, columns = [], []
    n_rows = data.draw(st.integers(1, 4))
    for name in names:
        labels = tuple(data.draw(st.lists(texts, max_size=3, unique=True)))
        cells = st.floats(allow_infinity=False).filter(lambda value: value != 0) | st.just(0.0)
        if labels:
            cells = st.just(np.nan) | st.integers(0, len(labels) - 1).map(float)
        attributes.append(Attribute(name, "nominal" if labels else "real", labels))
        columns.append(data.draw(st.lists(cells, min_size=n_rows, max_size=n_rows)))
    matrix = csr_matrix(np.array(columns).T)
    file = read_arff(write_sparse_arff("r", attributes, matrix))
    assert file.attributes == tuple(attributes)
    np.testing.assert_array_equal(file.sparse.toarray(), matrix.toarray())


@pytest.mark.parametrize("value", [2, -1, 0.5, np.inf, 1e300])
def test_an_entry_that_is_no_place_of_a_label_is_refused(value):
    attributes = [Attribute("a", "real"), Attribute("b", "nominal", ("x", "y"))]
    with pytest.raises(ArffError, match="'b' has a value that is not declared"):
        write_sparse_arff("r", attributes, csr_matrix([[1.0, value]]))


def test_entries_that_stand_twice_are_added_up_and_the_matrix_is_left_alone():
    matrix = csr_matrix(([1.0, 2.0], [1, 1], [0, 2]), shape=(1, 2))
    content = write_sparse_arff("r", [Attribute("a", "real"), Attribute("b", "real")], matrix)
    assert content.endswith(b"{1 3}\n")
    assert matrix.nnz == 2


@pytest.mark.parametrize(
    ("attributes", "value", "message"),
    [
        (
            [Attribute("a", "string")],
            1.0,
            "'a' is string; sparse files take numbers and classes only",
        ),
        ([Attribute("a", "real")] * 2, 1.0, "2 attributes and 1 columns"),
        ([Attribute("a", "real")], np.inf, "infinite"),
    ],
)
def test_what_no_sparse_file_can_hold_is_refused(attributes, value, message):
    with pytest.raises(ArffError, match=message):
        write_sparse_arff("r", attributes, csr_matrix([[value]]))


# Frames


def arrow(values, dtype):
    return pd.array(values, dtype=pd.ArrowDtype(dtype))


@pytest.mark.parametrize(
    ("series", "attribute", "values"),
    [
        ([1, 2], Attribute("x", "integer"), [1.0, 2.0]),
        (np.array([255], dtype="u1"), Attribute("x", "integer"), [255.0]),
        (pd.array([1, None], dtype="Int64"), Attribute("x", "integer"), [1.0, None]),
        (arrow([1, None], pa.int64()), Attribute("x", "integer"), [1.0, None]),
        ([1.5, np.nan], Attribute("x", "real"), [1.5, None]),
        (pd.array([1.5, None], dtype="Float64"), Attribute("x", "real"), [1.5, None]),
        (pd.arrays.SparseArray([0.0, 1.0]), Attribute("x", "real"), [0.0, 1.0]),
        ([True, False], Attribute("x", "nominal", ("True", "False")), ["True", "False"]),
        (
            pd.array([True, None], dtype="boolean"),
            Attribute("x", "nominal", ("True", "False")),
            ["True", None],
        ),
        (
            arrow([None, True], pa.bool_()),
            Attribute("x", "nominal", ("True", "False")),
            [None, "True"],
        ),
        (
            pd.Categorical(["?", "", None, "b"], categories=["b", "", "?"]),
            Attribute("x", "nominal", ("b", "", "?")),
            ["?", "", None, "b"],
        ),
        (pd.Categorical([2, 1]), Attribute("x", "nominal", ("1", "2")), ["2", "1"]),
        (pd.Categorical([]), Attribute("x", "nominal"), []),
        (["a", "", "?", None], Attribute("x", "string"), ["a", "", "?", None]),
        (objects("a", np.nan, pd.NA, None), Attribute("x", "string"), ["a", None, None, None]),
        (pd.array(["a", None], dtype="string"), Attribute("x", "string"), ["a", None]),
        (arrow(["a", None], pa.string()), Attribute("x", "string"), ["a", None]),
        ([None, None], Attribute("x", "string"), [None, None]),
        (
            pd.to_datetime(["2020-01-01", None]),
            Attribute("x", "date", date_format=ISO),
            [np.datetime64("2020-01-01"), None],
        ),
        (
            pd.to_datetime(["2020-01-01T00:00:00+02:00"]),
            Attribute("x", "date", date_format=ISO),
            [np.datetime64("2019-12-31T22:00")],
        ),
        (
            pd.to_datetime(["2020-01-01T00:00:00.125"]),
            Attribute("x", "date", date_format=ISO + ".SSS"),
            [np.datetime64("2020-01-01T00:00:00.125")],
        ),
        (
            arrow([pd.Timestamp("2020-01-01").date(), None], pa.date32()),
            Attribute("x", "date", date_format=ISO),
            [np.datetime64("2020-01-01"), None],
        ),
    ],
)
def test_a_column_of_a_frame_is_written_by_its_type(series, attribute, values):
    assert written(series) == (attribute, values)


@pytest.mark.parametrize(
    ("series", "message"),
    [
        (objects("a", 1), "'x' is a string, and one of its values is 1 of type int"),
        (objects(True, 1), "one of its values is True of type bool"),
        (objects([1], [2]), "one of its values is \\[1\\] of type list"),
        (pd.to_timedelta(["1s"]), "of type Timedelta"),
        (pd.period_range("2020", periods=1, freq="D"), "of type Period"),
        ([1j], "of type complex"),
        ([2**60], "'x' has whole numbers beyond 2\\*\\*53"),
        (pd.array([2**60, None], dtype="Int64"), "'x' has whole numbers beyond"),
        ([np.inf], "'x' has an infinite value"),
        (pd.to_datetime(["2020-01-01T00:00:00.000001"]), "'x': the date .* does not fit"),
        (pd.Categorical([1, "1"]), "value of attribute 'x', '1' is there more than once"),
    ],
)
def test_a_column_that_arff_can_not_hold_is_refused_by_its_name(series, message):
    with pytest.raises(ArffError, match=message):
        arff_from_pandas(pd.DataFrame({"x": series}), "probe")


def test_columns_that_differ_in_type_only_are_refused():
    with pytest.raises(ArffError, match="column '1' is there more than once"):
        arff_from_pandas(pd.DataFrame([[1, 2]], columns=[1, "1"]), "probe")


def test_the_index_of_a_frame_is_left_out_and_its_order_kept():
    frame = pd.DataFrame({"a": [1, 2]}, index=["x", "x"])
    content = arff_from_pandas(frame, "probe")
    assert rows_of(read_arff(content)) == [[1.0], [2.0]]
    assert [a.name for a in read_header(content)[1]] == ["a"]


def test_a_frame_without_rows_or_columns():
    assert read_arff(arff_from_pandas(pd.DataFrame({"a": []}), "r")).n_rows == 0
    with pytest.raises(ArffError, match="no column"):
        arff_from_pandas(pd.DataFrame(), "r")
