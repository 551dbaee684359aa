"""The schema of an uploaded document says what its record says."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from lxml import etree

from openml_client.wire.codec import Adapted, Document, Field, Pairs, Passed, Record, Rows
from openml_client.wire.scalars import (
    ADDRESS,
    BOOL,
    DATE_TIME,
    FLOAT,
    INT,
    INT32,
    NAME,
    TAG,
    TEXT,
    Scalar,
    casual,
    limited,
    one_of,
)
from openml_client.wire.xsd import schema


@dataclass(frozen=True)
class Tea:
    name: str


def faults(document: Document, content: str) -> list[str]:
    """What libxml2 says of a document by its schema, without the namespace."""
    compiled = etree.XMLSchema(etree.XML(schema(document)))
    text = f'<{document.root} xmlns="http://openml.org/openml">{content}</{document.root}>'
    compiled.validate(etree.XML(text))
    return [fault.message.replace("{http://openml.org/openml}", "") for fault in compiled.error_log]


def record(*content: Field | Passed) -> Record:
    return Record(Tea, "tea", content)


def test_elements_must_stand_in_the_order_of_the_record() -> None:
    tea = record(
        Field("name", "name", TEXT, required=True), Field("price", "price", INT, required=True)
    )
    assert faults(tea, "<name>x</name><price>1</price>") == []
    assert faults(tea, "<price>1</price><name>x</name>") == [
        "Element 'price': This element is not expected. Expected is ( name )."
    ]
    assert faults(tea, "<name>x</name>") == [
        "Element 'tea': Missing child element(s). Expected is ( price )."
    ]


def test_only_what_is_required_must_be_there_and_only_what_is_many_may_be_repeated() -> None:
    tea = record(
        Field("tags", "tag", TEXT, many=True),
        Field("name", "name", TEXT),
        Field("cups", "cup", TEXT, many=True, required=True),
    )
    assert faults(tea, "<cup/>") == []
    assert faults(tea, "<tag/><tag/><name/><cup/><cup/>") == []
    assert faults(tea, "<name/><name/><cup/>") != []
    assert faults(tea, "<name/>") != []


def test_an_element_that_only_servers_write_has_its_place_and_its_kind() -> None:
    tea = record(Passed("id", INT32), Field("name", "name", TEXT), Passed("date", DATE_TIME))
    assert faults(tea, "<id>7</id><name>x</name><date>2026-01-02T03:04:05</date>") == []
    assert faults(tea, "<name>x</name><id>7</id>") != []
    assert faults(tea, "<id>x</id>") == [
        "Element 'id': 'x' is not a valid value of the atomic type 'xs:int'."
    ]


def test_what_is_passed_over_is_no_field_of_the_model() -> None:
    tea = record(Passed("id", INT32), Field("name", "name", TEXT))
    assert [field.key for field in tea.fields] == ["name"]


@pytest.mark.parametrize(
    ("kind", "good", "bad", "complaint"),
    [
        (INT, "-12", "1_0", "is not a valid value of the atomic type 'xs:integer'"),
        (INT32, "7", "4294967296", "is not a valid value of the atomic type 'xs:int'"),
        (FLOAT, "1e-3", "1,5", "is not a valid value of the atomic type 'xs:double'"),
        (BOOL, "true", "yes", "is not a valid value of the atomic type 'xs:boolean'"),
        (ADDRESS, "http://a.b/c?d=e", "http://[", "of the atomic type 'xs:anyURI'"),
        (DATE_TIME, "2026-01-02T03:04:05", "2026-01-02 03:04:05", "'xs:dateTime'"),
        (limited(3), "a b", "abcd", "exceeds the allowed maximum length of '3'"),
        (limited(3), "abc", "", "underruns the allowed minimum length of '1'"),
        (limited(3, min_length=0), "", "abcd", "[facet 'maxLength']"),
        (limited(9), "cafe", "café", r"not accepted by the pattern '\p{IsBasicLatin}*'"),
        (casual(9), "a-b.(c),", "a b", r"by the pattern '([a-zA-Z0-9_\-\.\(\),])+'"),
        (casual(9, colon=True), "a:b", "a=b", r"by the pattern '([a-zA-Z0-9_\-\.,\(\):])+'"),
        (
            casual(9, colon=True, equals=True),
            "a:b=c",
            "a/b",
            r"by the pattern '([a-zA-Z0-9_\-\.,\(\):=])+'",
        ),
        (TAG, "a_b-c.d", "a,b", r"by the pattern '([a-zA-Z0-9_\-\.])+'"),
        (one_of("black", "green"), "green", "red", "an element of the set {'black', 'green'}"),
    ],
)
def test_a_text_must_be_of_its_kind(kind: Scalar, good: str, bad: str, complaint: str) -> None:
    tea = record(Field("name", "name", kind))
    assert faults(tea, f"<name>{good}</name>") == []
    assert any(complaint in fault for fault in faults(tea, f"<name>{bad}</name>"))


@pytest.mark.parametrize(
    "kind", [limited(3), casual(3), casual(3, colon=True, equals=True), TAG, one_of("abc", "é")]
)
@pytest.mark.parametrize("text", ["abc", "abcd", "a" * 65, "a c", "a:=", "é", "(,)", "a\tb", "-_."])
def test_a_record_and_its_schema_complain_of_the_same_texts(kind: Scalar, text: str) -> None:
    complains = bool(faults(record(Field("name", "name", kind)), f"<name>{text}</name>"))
    assert complains == (kind.complaint(text) is not None)


def test_elements_in_a_wrapper_share_it() -> None:
    tea = record(
        Field("name", "name", TEXT),
        Passed("shop/id", INT, many=True),
        Field("shops", "shop/city", TEXT, many=True, required=True),
        Field("last", "last", TEXT),
    )
    assert faults(tea, "<shop><id>1</id><city>x</city><city>y</city></shop><last/>") == []
    assert faults(tea, "") == []  # repeated elements don't ask for their wrapper
    assert faults(tea, "<shop><id>1</id></shop>") != []
    assert faults(tea, "<shop><city>x</city></shop><shop><city>y</city></shop>") != []


def test_a_wrapper_must_be_there_for_a_single_element_that_must() -> None:
    tea = record(Field("city", "shop/place/city", TEXT, required=True))
    assert faults(tea, "<shop><place><city>x</city></place></shop>") == []
    assert faults(tea, "") == ["Element 'tea': Missing child element(s). Expected is ( shop )."]


def test_attributes_and_texts_are_told_from_elements() -> None:
    cup = Record(
        Tea,
        "cup",
        (
            Field("name", "", TEXT, is_text=True),
            Field("size", "size", INT, is_attribute=True, required=True),
        ),
    )
    pot = Record(
        Tea,
        "pot",
        (Field("name", "name", TEXT, required=True), Field("n", "n", INT, is_attribute=True)),
    )
    tea = record(Field("cups", "cup", cup, many=True), Field("pot", "pot", pot))
    assert faults(tea, '<cup size="3">x</cup><pot n="1"><name/></pot>') == []
    assert faults(tea, "<cup>x</cup>") == [
        "Element 'cup': The attribute 'size' is required but missing."
    ]
    assert faults(tea, '<cup size="x">x</cup>') != []
    assert faults(tea, '<pot m="1"><name/></pot>') != []


def test_pairs_have_a_name_and_a_text() -> None:
    tea = record(Field("parts", "part", Pairs(INT, name=NAME)))
    assert faults(tea, '<part name="water">3</part><part name="leaf">1</part>') == []
    assert any("the pattern" in fault for fault in faults(tea, '<part name="a b">3</part>'))
    assert faults(tea, '<part name="water">much</part>') != []


def test_two_fields_of_one_element_are_one_element() -> None:
    tea = record(Field("number", "value", limited(9)), Field("text", "value", TEXT))
    assert faults(tea, "<value>1</value>") == []
    assert faults(tea, "<value>1</value><value>1</value>") != []


def test_a_record_may_lie_inside_itself_and_share_its_root_with_another() -> None:
    other = Record(Tea, "tea", (Field("price", "price", INT, required=True),))
    tea = record(Field("name", "name", TEXT), Field("other", "other", other))
    inner = Field("inner", "inner", tea)
    object.__setattr__(tea, "content", (*tea.content, inner))
    assert (
        faults(tea, "<name/><inner><name/><inner><other><price>1</price></other></inner></inner>")
        == []
    )
    assert faults(tea, "<inner><inner><name/><name/></inner></inner>") != []
    assert faults(tea, "<other><name/></other>") != []


def test_elements_inside_what_is_passed_over_are_listed_in_place() -> None:
    tea = record(Passed("shop", (Passed("city", TEXT, required=True),), many=True))
    assert faults(tea, "<shop><city/></shop><shop><city/></shop>") == []
    assert faults(tea, "<shop><name/></shop>") != []


def test_a_list_is_a_root_with_repeated_rows_and_an_adapted_document_that_of_its_record() -> None:
    tea = record(Field("name", "name", TEXT, required=True))
    rows = Rows("teas", "tea", tea)
    assert faults(rows, "") == []
    assert faults(rows, "<tea><name/></tea><tea><name/></tea>") == []
    assert faults(rows, "<tea/>") != []
    assert schema(Adapted(tea, lambda x: x, lambda x: x)) == schema(tea)


def test_another_root_is_refused() -> None:
    compiled = etree.XMLSchema(etree.XML(schema(record())))
    for text in ("<tea/>", '<cup xmlns="http://openml.org/openml"/>', '<tea xmlns="urn:x"/>'):
        assert not compiled.validate(etree.XML(text))
        assert re.search("No matching global declaration", str(compiled.error_log))
