"""Reading ARFF: two ways through the data that agree, liac-arff, the upload check, and fuzzing."""

import gzip
import logging
from contextlib import suppress
from pathlib import Path

import pytest
import sklearn.datasets
from hypothesis import given, settings
from hypothesis import strategies as st

from openml_client.errors import ArffError
from openml_client.formats.arff import check_arff, read_arff, read_header

from .arff_reference import assert_same_as_liac, rows_by_liac, rows_of
from .test_arff import arff

OF_SKLEARN = Path(sklearn.datasets.__file__).parent / "tests/data/openml"


# The two ways through the data, and the reference


plain_cells = st.one_of(
    st.text(st.sampled_from("ab1.-+eE?_\u00a0é\x0b"), max_size=4),
    st.floats(allow_nan=False).map(repr),
    st.sampled_from(["nan", "NaN", "inf", "-Infinity", "1e5", "+1", "0x1", "1.", ".5", "?", ""]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(plain_cells, plain_cells, plain_cells), min_size=1, max_size=4))
def test_the_fast_way_and_the_careful_way_agree(rows):
    attributes = ["n numeric", "c {a,b,1,é}", "s string"]
    lines = [",".join(row) for row in rows if not row[0].startswith("%")]
    outcomes = []
    for comment in ("", "% \t'"):  # a comment sends the file down the careful way
        try:
            outcomes.append(rows_of(read_arff(arff(attributes, [*lines, comment]))))
        except ArffError as error:
            outcomes.append(error.line)
    assert outcomes[0] == outcomes[1]


def test_only_files_that_are_not_plain_take_the_careful_way(caplog):
    caplog.set_level(logging.DEBUG, "openml_client")
    read_arff(arff(["a numeric", "b {x}", "c string"], ["1,x,y", "?,?,?"]))
    assert not caplog.records
    read_arff(arff(["a numeric"], ["1 "]))
    assert "not plain" in caplog.text


texts = st.text(
    st.characters(codec="utf-8", exclude_characters="\n\r\0", exclude_categories=["Cs"])
    | st.sampled_from("'\"\\,% \t{}?"),
    max_size=6,
)
labels = st.lists(texts.filter(bool), min_size=1, max_size=4, unique=True)


def escaped(text, quote):
    """A text in quotes, as liac-arff understands it."""
    for special in ("\\", quote):
        text = text.replace(special, "\\" + special)
    return quote + text + quote


@st.composite
def files(draw):
    """A dense file in some dialect, and its values."""
    names = draw(st.lists(st.text("abcXYZ", min_size=1), min_size=1, max_size=4, unique=True))
    kinds = [draw(st.sampled_from(["numeric", "INTEGER", "string"]) | labels) for _ in names]
    end = draw(st.sampled_from(["\n", "\r\n"]))
    lines, rows = ["% a comment", "@relation probe"], []
    for name, kind in zip(names, kinds, strict=True):
        if isinstance(kind, list):
            kind = "{" + ", ".join(escaped(label, "'") for label in kind) + "}"
        lines.append(f"@attribute {name} {kind}")
    lines.append("@data")
    for _ in range(draw(st.integers(0, 4))):
        row, cells = [], []
        for kind in kinds:
            value, cell = draw(values_of(kind))
            row.append(value)
            cells.append(cell)
        rows.append(row)
        lines.append(draw(st.sampled_from([",", ", ", " ,", "\t, "])).join(cells))
        if draw(st.booleans()):
            lines.append(draw(st.sampled_from(["", "  ", "% 'in between"])))
    return end.join([*lines, ""]).encode(), rows


@st.composite
def values_of(draw, kind):
    """A value with its text."""
    if draw(st.integers(0, 5)) == 0:
        return None, "?"
    quote = draw(st.sampled_from("'\""))
    if kind == "INTEGER":
        number = draw(st.integers(-(2**53), 2**53))
        return number, str(number)
    if kind == "numeric":
        number = draw(st.floats(allow_nan=False, allow_infinity=False))
        return number, repr(number)
    text = draw(texts if kind == "string" else st.sampled_from(kind))
    return text, escaped(text, quote)


@settings(max_examples=150, deadline=None)
@given(files())
def test_values_are_read_as_they_were_meant_and_as_liac_arff_reads_them(case):
    content, rows = case
    assert rows_of(read_arff(content)) == rows
    assert rows_by_liac(content) == rows


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.integers(0, 3), st.integers(0, 2), max_size=4), min_size=1, max_size=5
    )
)
def test_sparse_rows_are_read_as_liac_arff_reads_them(rows):
    attributes = ["a numeric", "b {'x y',z,w}", "c numeric", "d {u,v,w}"]
    texts_of = [["0", "-1.5", "?"], ["'x y'", "z", "w"], ["1e3", "7", "0.1"], ["u", "?", "w"]]
    lines = [
        "{" + ", ".join(f"{i} {texts_of[i][value]}" for i, value in row.items()) + "}"
        for row in rows
    ]
    assert_same_as_liac(arff(attributes, lines))


@pytest.mark.parametrize(
    "path", sorted(OF_SKLEARN.glob("id_*/data*.gz")), ids=lambda p: p.parent.name
)
def test_the_openml_files_of_scikit_learn_are_read_as_liac_arff_reads_them(path):
    assert_same_as_liac(gzip.decompress(path.read_bytes()))


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
