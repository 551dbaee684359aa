"""Reading ARFF: the dialects, and the faults with their lines."""

import time

import numpy as np
import pyarrow as pa
import pytest

from openml_client.errors import ArffError
from openml_client.formats.arff import Attribute, read_arff, read_header

from .arff_reference import rows_of

pytestmark = pytest.mark.fault(21)


def arff(attributes, data, *, end="\n"):
    """A file of ``NAME TYPE`` declarations and data lines."""
    header = ["@relation probe", *(f"@attribute {a}" for a in attributes), "@data"]
    return end.join([*header, *data, ""]).encode()


def strings(line):
    """The values of a line of a file of strings."""
    n_commas = line.count(",")
    for width in range(1, n_commas + 2):
        try:
            return rows_of(read_arff(arff([f"s{n} string" for n in range(width)], [line])))[0]
        except ArffError as error:
            if f"values for {width} attributes" not in error.message:
                raise
    raise AssertionError(line)


def error_of(attributes, data):
    with pytest.raises(ArffError) as caught:
        read_arff(arff(attributes, data))
    return caught.value


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("a,b", ["a", "b"]),
        ("'a,b',c", ["a,b", "c"]),
        ('"a,b",c', ["a,b", "c"]),
        ("""'say "hi"',"it's" """, ['say "hi"', "it's"]),
        (r"'it\'s'," r'"say \"hi\""', ["it's", 'say "hi"']),
        ("O'Brien,5\" pipe", ["O'Brien", '5" pipe']),
        (r"'a\nb','a\tb','a\\b','a\%b','a\rb'", ["a\nb", "a\tb", "a\\b", "a%b", "a\rb"]),
        (r"'\101\7\060x','\400'", ["A\a0x", " 0"]),
        (r"'\u00e9\u20AC','\ud83d\ude00'", ["é€", "😀"]),
        (r"C:\new,\u0041", [r"C:\new", r"\u0041"]),
        ("?,'?',\"?\", ? ,'?' ", [None, "?", "?", None, "?"]),
        ("'',\"\",x", ["", "", "x"]),
        ("a,,b,", ["a", None, "b", None]),
        ("a,{a},{b}c", ["a", "{a}", "{b}c"]),
        (" \ta\t ,\t'b' \t, c d ", ["a", "b", "c d"]),
        ("50%,a%b", ["50%", "a%b"]),
        ("'%',x", ["%", "x"]),
        ("NA,null,nan,None,NULL,''", ["NA", "null", "nan", "None", "NULL", ""]),
        ("@data,@relation", ["@data", "@relation"]),
        ("a\u00a0,\u2028,\x0bb", ["a\u00a0", "\u2028", "\x0bb"]),
        ("'a\u0085b',\u3000", ["a\u0085b", "\u3000"]),
        ("😀,'ü\u0301'", ["😀", "ü\u0301"]),
    ],
)
def test_a_line_is_cut_into_these_values(line, values):
    assert strings(line) == values


def test_a_nominal_question_mark_in_quotes_is_a_value_and_without_them_is_missing():
    file = read_arff(arff(["a {'?',b}", "c {?,x}"], ["?,?", "'?','?'", "b,x"]))
    assert rows_of(file) == [[None, None], ["?", "?"], ["b", "x"]]


def test_numbers_come_as_float64_with_nan_for_what_is_missing():
    file = read_arff(
        arff(["a numeric", "b REAL", "c Integer"], ["1,-2.5e-3,1.0", "?,.5,-7", ",1,2"])
    )
    assert rows_of(file) == [[1.0, -0.0025, 1.0], [None, 0.5, -7.0], [None, 1.0, 2.0]]


def test_the_largest_and_smallest_floats_are_read_exactly():
    texts = ["1.7976931348623157e308", "5e-324", "0.1", "-0.0", "123456789012345678"]
    for quoted in (texts, [f"'{text}'" for text in texts]):
        column = read_arff(arff(["a real"], quoted)).columns[0]
        assert column.tobytes() == np.array([float(text) for text in texts]).tobytes()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_will_do(end):
    content = arff(["a numeric", "s string"], ["1,x", "2,'y z'"], end=end)
    assert rows_of(read_arff(content)) == [[1.0, "x"], [2.0, "y z"]]


def test_comments_and_blank_lines_inside_the_data_are_passed_over():
    content = arff(["a numeric"], ["% first", "", "1", "   ", "\t% 'quote", "2", "%", ""])
    assert rows_of(read_arff(content)) == [[1.0], [2.0]]


def test_nul_bytes_at_the_end_are_no_row():
    assert rows_of(read_arff(arff(["a {x}"], ["x"]) + b"\0")) == [["x"]]
    assert rows_of(read_arff(arff(["a {x}"], ["x"]) + b"\0\n\0\0")) == [["x"]]


def test_a_byte_order_mark_is_passed_over():
    assert rows_of(read_arff(b"\xef\xbb\xbf" + arff(["a {ä}"], ["ä"]))) == [["ä"]]


def test_what_is_not_utf8_is_read_as_latin1():
    content = arff(["größe {klein,groß}"], ["groß"]).decode().encode("latin-1")
    file = read_arff(content)
    assert file.attributes[0].name == "größe"
    assert rows_of(file) == [["groß"]]


def test_a_file_without_rows_has_columns_of_no_length():
    file = read_arff(arff(["a numeric", "b {x}", "c string", "d date"], []))
    assert file.n_rows == 0
    numbers, codes, texts, dates = file.columns
    assert [column.dtype for column in (numbers, codes, dates)] == ["f8", "i1", "M8[us]"]
    assert texts.type == pa.large_string()


def test_the_data_may_end_without_a_line_end():
    assert rows_of(read_arff(arff(["a numeric"], ["1", "2"]).rstrip())) == [[1.0], [2.0]]


def test_a_path_is_read_like_bytes(tmp_path):
    path = tmp_path / "probe.arff"
    path.write_bytes(arff(["a numeric"], ["1"]))
    assert rows_of(read_arff(path)) == [[1.0]]
    assert read_header(path) == ("probe", (Attribute("a", "numeric"),))


def test_a_hundred_thousand_columns_are_read():
    n = 100_000
    content = arff([f"a{i} numeric" for i in range(n)], [",".join(["1"] * n)] * 2)
    assert read_arff(content).columns[-1].tolist() == [1.0, 1.0]


# Headers


def attribute(declaration):
    return read_header(arff([declaration], []))[1][0]


@pytest.mark.parametrize(
    ("declaration", "expected"),
    [
        ("a numeric", Attribute("a", "numeric")),
        ("a\tREAL", Attribute("a", "real")),
        ("'a b' INTEGER", Attribute("a b", "integer")),
        ('"it\'s" string', Attribute("it's", "string")),
        (r"'it\'s\n' string", Attribute("it's\n", "string")),
        ("'a'numeric", Attribute("a", "numeric")),
        ("a binary", Attribute("a", "numeric")),
        ("a real [0, 10]", Attribute("a", "real")),
        ("a numeric % why", Attribute("a", "numeric")),
        ("a.b-c/d numeric", Attribute("a.b-c/d", "numeric")),
        ("{a} {b}", None),
        ("a {b, c ,d}", Attribute("a", "nominal", ("b", "c", "d"))),
        ("a{b, c}", Attribute("a", "nominal", ("b", "c"))),
        ("'a'{b}", Attribute("a", "nominal", ("b",))),
        ("a {'b, c',\"}\",'{', 'it\\'s'}", Attribute("a", "nominal", ("b, c", "}", "{", "it's"))),
        ("a {very low, very high}", Attribute("a", "nominal", ("very low", "very high"))),
        ("a {b,c} % d}", Attribute("a", "nominal", ("b", "c"))),
        ("a {O'Brien, 50%}", Attribute("a", "nominal", ("O'Brien", "50%"))),
        ("a {'',?}", Attribute("a", "nominal", ("", "?"))),
        ("a {}", Attribute("a", "nominal")),
        ("a {\tb\t,\tc\t}", Attribute("a", "nominal", ("b", "c"))),
        ("a date", Attribute("a", "date")),
        ("a DATE 'yyyy-MM-dd' % day", Attribute("a", "date", date_format="yyyy-MM-dd")),
        ("a date yyyy", Attribute("a", "date", date_format="yyyy")),
    ],
)
def test_an_attribute_is_declared_like_this(declaration, expected):
    if expected is None:
        with pytest.raises(ArffError, match="line 2: the attribute has no name"):
            attribute(declaration)
    else:
        assert attribute(declaration) == expected


@pytest.mark.parametrize(
    ("relation", "name"),
    [("iris", "iris"), ("'my iris'", "my iris"), ('"a\\"b"', 'a"b'), ("data-R1,2", "data-R1,2")],
)
def test_the_relation_is_named_like_this(relation, name):
    content = f"% about\n\n@RELATION {relation}\n@ATTRIBUTE a REAL\n@DATA\n".encode()
    assert read_header(content)[0] == name


def test_unusual_line_separators_do_not_end_a_line_of_the_header():
    content = "@relation r\n@attribute 'a\x0b\u2028\x85b' real\n@attribute c real\n@data\nx,1\n"
    with pytest.raises(ArffError, match="line 5: 'x' is no number"):
        read_arff(content.encode())


@pytest.mark.parametrize(
    ("header", "line", "message"),
    [
        ("", None, "no @data"),
        ("@relation r\n@attribute a real\n", 2, "no @data"),
        ("@attribute a real\n@data\n", 2, "no @relation"),
        ("@relation r\n@data\n", 2, "no attribute"),
        ("@relation\n@data", 1, "the relation has no name"),
        ("hello,world\n1,2\n", 1, "neither a declaration nor a comment: 'hello,world'"),
        ("@relation r\n@atribute a real\n@data", 2, "unknown declaration @atribute"),
        ("@relation r\n@attribute a\n@data", 2, "'a' has the unknown type ''"),
        ("@relation r\n@attribute a reel\n@data", 2, "'a' has the unknown type 'reel'"),
        ("@relation r\n@attribute a b c real\n@data", 2, "'a' has the unknown type 'b c real'"),
        ("@relation r\n@attribute 'a real\n@data", 2, "quote of the attribute name is not closed"),
        ("@relation r\n@attribute a {b,'c}\n@data", 2, "quote in the values of 'a' is not closed"),
        ("@relation r\n@attribute a {b,c\n@data", 2, "values of attribute 'a' have no closing"),
        ("@relation r\n@attribute a {'b'c}\n@data", 2, "text after a closing quote"),
        ("@relation r\n@attribute a {b{c}, d}\n@data", 2, "text after @attribute: ', d}'"),
        ("@relation r\n@attribute a {b,c,b}\n@data", 2, "declares the value 'b' twice"),
        ("@relation r\n@attribute a real b\n@data", 2, "text after @attribute: 'b'"),
        (
            "@relation r\n@attribute a real\n@attribute a {b}\n@data",
            3,
            "second attribute has the na",
        ),
        ("@relation r\n@attribute a real\n@data 1\n", 3, "text after @data: '1'"),
        ("@relation r\n@attribute a relational\n@data", 2, "relational, which is not supported"),
        ("@relation r\n@attribute a date 'yyyy-QQ'\n@data", 2, "'a': the letter 'Q'"),
        ("@relation r\n@attribute a date 'yyyy yyyy'\n@data", 2, "has a part twice"),
        ("@relation r\n@attribute '\\ud800' real\n@data", 2, "half of a surrogate pair"),
    ],
)
def test_a_broken_header_is_refused_with_its_line(header, line, message):
    with pytest.raises(ArffError, match=message) as caught:
        read_arff(header.encode())
    assert caught.value.line == line


# Faults in the data


@pytest.mark.parametrize(
    ("attributes", "data", "line", "message"),
    [
        (["a numeric"], ["1", "x"], 5, "'x' is no number \\(attribute 'a'\\)"),
        (["a numeric"], ["1_000"], 4, "'1_000' is no number"),
        (["a numeric"], ["'?'"], 4, "'\\?' is no number"),
        (["a {x,y}"], ["x", "z"], 5, "'z' is no declared value of attribute 'a'"),
        (["a {x,y}"], ["X"], 4, "'X' is no declared value"),
        (["a {x,y}"], ["''"], 4, "'' is no declared value"),
        (["a numeric", "b numeric"], ["1,2", "3"], 6, "1 values for 2 attributes"),
        (["a numeric", "b numeric"], ["1,2,3"], 5, "3 values for 2 attributes"),
        (["a numeric", "b numeric"], ["1 2"], 5, "1 values for 2 attributes"),
        (["a string"], ["'x"], 4, "a quote is not closed"),
        (["a string"], ["  \"x'"], 4, "a quote is not closed"),
        (["a string", "b string"], ["'x'y,z"], 5, "text after a closing quote: 'y,z'"),
        (["a numeric"], ["1", "{0 1}"], 5, "a sparse row among dense ones"),
        (["a numeric"], ["{0 1}", "1"], 5, "a dense row among sparse ones"),
        (["a numeric"], ["{1 1}"], 4, "index 1 of 1 attributes"),
        (["a numeric"], ["{1000000000 1}"], 4, "no entry of a sparse row"),
        (["a numeric"], ["{0 1, 0 2}"], 4, "index 0 stands twice"),
        (["a numeric"], ["{0}"], 4, "no entry of a sparse row: '0'"),
        (["a numeric"], ["{0 '1'2}"], 4, "no entry of a sparse row"),
        (["a numeric"], ["{0 1"], 4, "a dense row among sparse ones"),
        (["a numeric"], ["{x 1}"], 4, "no entry of a sparse row"),
        (["a {x}"], ["{0 y}"], 4, "'y' is no declared value"),
        (["a string"], ["{0 y}"], 4, "'a' is a string, and the rows are sparse"),
        (["a date"], ["{}"], 4, "'a' is a date, and the rows are sparse"),
        (["a date"], ["yesterday"], 4, "'yesterday' is no date of the format \"yyyy"),
        (["a date 'yyyy-MM-dd'"], ["2020-02-30"], 4, "'2020-02-30' is no date of the format"),
        (["a numeric", "b string"], ["1,x,{y}"], 5, "'y' is no number"),
        (["a numeric", "b string"], ["1,x,y}"], 5, "'y}' is no weight"),
        (["a string"], [r"'\ud800'"], 4, "surrogate"),
    ],
)
def test_a_broken_row_is_refused_with_its_line(attributes, data, line, message):
    error = error_of(attributes, data)
    assert error.line == line
    with pytest.raises(ArffError, match=f"line {line}: .*{message}"):
        raise error


def test_the_first_broken_line_is_named_whatever_its_fault():
    attributes = ["a numeric", "b {x}"]
    assert error_of(attributes, ["1,x", "1,y", "z,x"]).line == 6
    assert error_of(attributes, ["1,x", "1,y", "1"]).line == 6
    assert error_of(attributes, ["1,x", "1", "1,y"]).line == 6


def test_comments_and_blank_lines_count_as_lines():
    assert error_of(["a numeric"], ["% c", "", "1", "% d", "x"]).line == 8


def test_a_fault_beyond_the_first_block_of_rows_has_its_line():
    assert error_of(["a numeric"], ["'1'"] * 12_345 + ["x"]).line == 3 + 12_346


def test_the_error_of_an_undeclared_value_says_what_is_declared():
    error = error_of(["a {red,green}"], ["blue"])
    assert error.hint == "Declared are red, green."


def test_a_long_blank_run_in_a_sparse_row_is_refused_at_once():
    started = time.process_time()
    error_of(["a numeric"], ["{" + " " * 200_000 + "x}"])
    assert time.process_time() - started < 2


# Dates, weights, sparse rows


@pytest.mark.parametrize(
    ("pattern", "text", "instant"),
    [
        ("", "2020-02-29T23:59:58", "2020-02-29T23:59:58"),
        ("'yyyy-MM-dd'", "1999-12-31", "1999-12-31"),
        ("'yyyy-MM-dd HH:mm:ss.SSS'", "'2001-02-03 04:05:06.789'", "2001-02-03T04:05:06.789"),
        ("'MM/dd/yy hh:mm a'", "'04/23/99 01:15 PM'", "1999-04-23T13:15"),
        ("'EEE, d MMM yyyy'", "'Mon, 2 Jan 2006'", "2006-01-02"),
        (
            r"'d. MMMM yyyy \'at\' H \'o\'\'clock\''",
            r"'2. May 2006 at 7 o\'clock'",
            "2006-05-02T07",
        ),
        ("'HH:mm'", "07:30", "1970-01-01T07:30"),
        ("\"yyyy-MM-dd'T'HH:mm:ssZ\"", "2020-01-01T00:00:00+0230", "2019-12-31T21:30"),
        ("'100% yyyy'", "'100% 2020'", "2020-01-01"),
        ("'yyyyMMdd'", "20200229", "2020-02-29"),
    ],
)
def test_dates_are_read_by_their_java_format(pattern, text, instant):
    file = read_arff(arff([f"d date {pattern}"], [text, "?"]))
    assert rows_of(file) == [[np.datetime64(instant)], [None]]


def test_a_date_with_an_offset_beyond_the_calendar_is_refused():
    error = error_of(['d date "yyyy Z"'], ["'0001 +0100'"])
    assert error.line == 4


def test_weights_of_rows_are_read_apart_from_their_values():
    file = read_arff(arff(["a numeric", "b string"], ["1,x,{2.5}", "2,{7}", "3,'{8}', { 0 }"]))
    assert rows_of(file) == [[1.0, "x"], [2.0, "{7}"], [3.0, "{8}"]]
    assert file.weights.tolist() == [2.5, 1.0, 0.0]


def test_a_file_without_weights_has_none():
    assert read_arff(arff(["a numeric"], ["1"])).weights is None
    assert read_arff(arff(["a numeric"], ["1 "])).weights is None


def test_sparse_rows_may_have_weights():
    file = read_arff(arff(["a numeric", "b numeric"], ["{0 1}, {3}", "{}"]))
    assert file.weights.tolist() == [3.0, 1.0]
    assert file.sparse.toarray().tolist() == [[1.0, 0.0], [0.0, 0.0]]


def test_sparse_rows_have_the_shape_that_header_and_lines_say():
    file = read_arff(arff(["a numeric", "b numeric", "c numeric"], ["{}", "{0 2.5}", "{ }"]))
    assert file.sparse.shape == (3, 3)
    assert file.sparse.dtype == np.float64
    assert file.columns is None
    assert file.sparse.toarray().tolist() == [[0, 0, 0], [2.5, 0, 0], [0, 0, 0]]


def test_what_a_sparse_row_leaves_out_is_zero_and_that_is_the_first_label():
    file = read_arff(arff(["a {x,y}", "b numeric"], ["{1 5}", "{0 y}", "{0 x}", "{0 ?, 1 ?}"]))
    dense = file.sparse.toarray()
    assert dense[:3].tolist() == [[0, 5], [1, 0], [0, 0]]
    assert np.isnan(dense[3]).all()


def test_sparse_values_may_be_quoted_and_in_any_order():
    file = read_arff(arff(["a {'x, y',z}", "b numeric"], ["{1 '2.5' ,\t0 'x, y'}", '{0 "z"}']))
    assert rows_of(file) == [[(0, "x, y"), (1, 2.5)], [(0, "z")]]
