"""Reading ARFF: two ways through the data that agree, liac-arff, the upload check, and fuzzing."""

import logging
from contextlib import suppress
from pathlib import Path
from unittest import mock

import pytest
import sklearn.datasets
from hypothesis import given, settings
from hypothesis import strategies as st

from openml_client.errors import ArffError
from openml_client.formats import arff_data, arff_dense, arff_sparse
from openml_client.formats.arff import check_arff, read_arff, read_header

from .arff_reference import rows_of
from .test_arff import arff

pytestmark = [pytest.mark.fault(21), pytest.mark.fault(25)]

OF_SKLEARN = Path(sklearn.datasets.__file__).parent / "tests/data/openml"


# The two ways through the data, and the reference


numbers = st.one_of(
    st.floats(allow_nan=False).map(repr),
    st.sampled_from(
        ["nan", "NaN", "inf", "-Infinity", "1e5", "+1", "0x1", "1.", ".5", "?", "", "é"]
    ),
)
characters = st.text(st.sampled_from("ab, '\"\\nu?%{}\t\u00a0é\x0b\0"), max_size=6)
quotes = st.sampled_from(["{}", "'{}'", '"{}"', " '{}' ", "'{}' x", "'{}"])
texts = st.one_of(
    st.sampled_from(["a", "'a'", '"a"', "1", "'?'", "''", "?", "é", "it\\'s"]),
    st.sampled_from(["", " a", "a\t", "a b"]),
    st.builds(lambda quote, text: quote.replace("{}", text), quotes, characters),
)
dates = st.sampled_from(["2020-01-31T10:00:00", "'2020-01-31T10:00:00'", "?", "2020", "'?'"])
dense_lines = st.lists(
    st.one_of(
        st.tuples(numbers, texts, texts, dates).map(",".join),
        st.tuples(numbers, texts, texts, dates).map(" , ".join),
        st.sampled_from(["", "  ", "% a comment, 'of \" two", "1,a", "{0 1}", "1,a,b,?,{2}"]),
    ),
    max_size=6,
)
entries = st.builds("{} {}".format, st.integers(0, 3), st.one_of(numbers, texts))
sparse_lines = st.lists(
    st.one_of(
        st.lists(entries, max_size=3).map(lambda row: "{" + ",".join(row) + "}"),
        st.lists(entries, max_size=3).map(lambda row: " { " + " , ".join(row) + "\t} "),
        st.sampled_from(["", "  ", "% a comment {", "{}", "{0 1},{2}", "1,a", "{0 1}}"]),
    ),
    max_size=6,
)


def outcome(content):
    """What reading gives: rows, or the line that is refused."""
    try:
        file = read_arff(content)
        return rows_of(file), file.weights is None or file.weights.tolist()
    except ArffError as error:
        return error.line


@pytest.mark.parametrize(
    ("attributes", "some_lines", "reader"),
    [
        (["n numeric", "c {a,b,1,é,'it\\'s'}", "s string", "d date"], dense_lines, arff_dense),
        (["n numeric", "c {a,b,1,é}", "m real", "e {'a b',a}"], sparse_lines, arff_sparse),
    ],
)
def test_the_fast_way_and_the_careful_way_agree(attributes, some_lines, reader):
    @settings(max_examples=400, deadline=None)
    @given(some_lines, st.sampled_from([1, 20, arff_data.BLOCK_BYTES]))
    def agree(lines, block_bytes):
        content = arff(attributes, lines)
        with mock.patch.object(arff_data.Data.spans, "__defaults__", (block_bytes,)):
            fast = outcome(content)
        with mock.patch.object(reader, "read_block", return_value=None):
            careful = outcome(content)
        assert fast == careful

    agree()


@pytest.mark.parametrize(
    "line",
    [
        "1,x,y",
        "?,?,?",
        " 1 ,\tx, y ",
        "1,x,'with, comma'",
        "1,x,'it\\'s 50% \\\\'",
        '1,"x","it\'s"',
        " 1 , 'x' , ' y, z ' ",
        "% a comment, 'of \" two\n1,x,y",
        "1,x,back\\slash",
    ],
)
def test_most_rows_take_the_fast_way(caplog, line):
    caplog.set_level(logging.DEBUG, "openml_client")
    lines = [line, "2,x,z"]
    file = read_arff(arff(["a numeric", "b {x}", "c string"], lines))
    assert file.n_rows == 2
    assert not caplog.records


def test_only_blocks_that_are_not_plain_take_the_careful_way(caplog):
    caplog.set_level(logging.DEBUG, "openml_client")
    content = arff(["a string"], ["a", "'b\\tc'", "d"])
    with mock.patch.object(arff_data.Data.spans, "__defaults__", (1,)):
        assert rows_of(read_arff(content)) == [["a"], ["b\tc"], ["d"]]
    (record,) = caplog.records
    start = content.index(b"'b")
    assert f"bytes {start} to {start + 7} go line by line" in record.getMessage()


# The upload check


VALID = ["a numeric", "'b c' {x,'y z'}", "s string", "d date 'yyyy'", "e binary"]


def test_the_check_accepts_what_is_right():
    check_arff(arff(VALID, ["1,x,hello,2020,0", "?,'y z','a, b',?,1,{2}"]))
    check_arff(arff(["a numeric", "b {x,y}"], ["{0 1}", "{1 y}, {5}"]))
    check_arff(arff(["a numeric"], []))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("@relation r % comment\n@attribute a real\n@data\n", 1),
        ("@relation r s\n@attribute a real\n@data\n", 1),
        ("@relation r\n@attribute a real % comment\n@data\n", 2),
        ("@relation r\n@attribute a {x,y} % comment\n@data\n", 2),
        ("@relation r\n@attribute a real\n@data % comment\n", 3),
        ("@relation r\n@attribute a real\n@date\n", 3),
        ("@relation r\n@attribute a real\n@data\n1,2\n", 4),
        ("@relation r\n@attribute a real\n@data\n1\nx\n", 5),
        ("@relation r\n@attribute a {x}\n@data\ny\n", 4),
        ("@relation r\n@attribute a real\n@data\n1\n{0 1}\n", 5),
    ],
)
def test_the_check_refuses_with_the_line(text, line):
    with pytest.raises(ArffError) as caught:
        check_arff(text.encode())
    assert caught.value.line == line


@pytest.mark.parametrize("name", ["50% % x", "a%b", "it's % here"])
def test_a_percent_sign_in_a_quoted_name_is_no_comment(name):
    check_arff(arff([f'"{name}" real', "b {'x % y'}"], []))


def test_the_check_looks_at_a_thousand_rows():
    good = ["1"] * 999
    check_arff(arff(["a numeric"], [*good, "1", "x"]))
    with pytest.raises(ArffError, match="line 1003: 'x' is no number"):
        check_arff(arff(["a numeric"], [*good, "x"]))


def test_errors_have_the_words_of_the_server_where_it_has_some():
    with pytest.raises(ArffError) as caught:
        check_arff(b"hello,world\n1,2\n")
    assert caught.value.summary == "invalid line in ARFF header: hello,world"
    with pytest.raises(ArffError) as caught:
        check_arff(arff(["a numeric", "b {x,y}"], ["1,z"]))
    assert caught.value.summary == "invalid value for nominal attribute: z"


# Fuzzing


SAMPLE = arff(
    ["a numeric", "b {x,'y z'}", "s string", "d date 'yyyy-MM-dd'"],
    ["1.5,x,'it\\'s',2020-01-01", "?,'y z',?,?,{2}", "% comment", '-1e5, x ,"a,b",1999-12-31'],
)
pieces = st.sampled_from(
    [b"@data", b"@attribute ", b"@relation ", b"{", b"}", b"'", b'"', b"\\", b"\\u", b"%", b",",
     b"?", b"\n", b"\r", b"\0", b"\xff", b" ", b"\t", b"1", b"x", b"date ", b"real", b"{0 1}",
     b"\\ud800", b"[", b"9" * 400, b"1e999", b"\xe2\x80\xa8"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_damaged_file_gives_a_file_or_an_arff_error(data):
    content = bytearray(SAMPLE)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(len(content), start + 8)))
        content[start:end] = data.draw(pieces | st.binary(max_size=3))
    for read in (read_arff, check_arff):
        with suppress(ArffError):
            read(bytes(content))


@settings(max_examples=150, deadline=None)
@given(st.lists(pieces | st.binary(max_size=4), max_size=12).map(b"".join))
def test_any_bytes_after_a_header_give_a_file_or_an_arff_error(body):
    for attributes in (["a numeric"], ["a {x,'{'}", "s string"], ["d date", "n integer"]):
        try:
            file = read_arff(arff(attributes, []) + body)
        except ArffError:
            continue
        assert len(rows_of(file)) == file.n_rows


@settings(max_examples=150, deadline=None)
@given(st.lists(pieces | st.binary(max_size=4), max_size=12).map(b"".join))
def test_any_bytes_give_a_header_or_an_arff_error(content):
    for prefix in (b"", b"@relation r\n@attribute "):
        with suppress(ArffError):
            read_header(prefix + content + b"\n@data\n")
