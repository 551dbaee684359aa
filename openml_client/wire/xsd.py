"""Uploaded documents as XML Schemas, made of their records: nothing is stated twice.

The records hold the order, the occurrence and the limits of the elements; a schema says the same
to whoever does not know the records.  Facets stand in the order of the server's schemas, so that
a validator complains in the same words.  Source: XSDs ``openml.data.upload``,
``openml.run.upload``; protocol note, section 1.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from openml_client.wire.codec import Adapted, Document, Field, Pairs, Passed, Record
from openml_client.wire.scalars import Scalar
from openml_client.wire.xml import NAMESPACE, PREFIX

_XSD_NAMESPACE = "http://www.w3.org/2001/XMLSchema"
_BASIC_LATIN = r"\p{IsBasicLatin}*"

_Item = Field | Passed
_Placed = tuple[Sequence[str], _Item]
"""An item, and what is left of its path: the wrappers to be made, and its own name."""


def schema(document: Document) -> bytes:
    """Write the XML Schema of an uploaded document, in UTF-8."""
    if isinstance(document, Adapted):
        document = document.record
    root = Element(
        "xs:schema",
        {
            "targetNamespace": NAMESPACE,
            f"xmlns:{PREFIX}": NAMESPACE,
            "xmlns:xs": _XSD_NAMESPACE,
            "elementFormDefault": "qualified",
        },
    )
    types = _Types(root)
    element = SubElement(root, "xs:element", name=document.root)
    if isinstance(document, Record):
        element.set("type", types.name(document))
    else:
        rows = Field(document.key, document.key, document.record, many=True)
        types.fill(SubElement(element, "xs:complexType"), (rows,))
    indent(root)
    text: bytes = tostring(root, encoding="utf-8")
    return text + b"\n"


@dataclass(frozen=True)
class _Types:
    """The types of a schema, one for each record: flows have flows inside them."""

    root: Element
    named: dict[str, Record] = field(default_factory=dict)

    def name(self, record: Record) -> str:
        """Name of a record's type, which is made when it is asked for first."""
        name = record.root
        while self.named.get(name, record) is not record:
            name += "_"
        if name not in self.named:
            self.named[name] = record
            self.fill(SubElement(self.root, "xs:complexType", name=name), record.content)
        return f"{PREFIX}:{name}"

    def fill(self, type_: Element, content: Sequence[_Item]) -> None:
        """Complete a complex type with what its element has inside."""
        fields = [item for item in content if isinstance(item, Field)]
        target = type_
        for text in (item for item in fields if item.is_text):
            target = _text_with_attributes(type_, _scalar(text))
        if target is type_:
            inner = (i for i in content if isinstance(i, Passed) or not i.is_attribute)
            self._sequence(type_, [(item.key.split("/"), item) for item in inner])
        for item in fields:
            if item.is_attribute:
                attribute = SubElement(target, "xs:attribute", name=item.key)
                _set_type(attribute, _scalar(item))
                if item.required:
                    attribute.set("use", "required")

    def _sequence(self, type_: Element, placed: Iterable[_Placed]) -> None:
        sequence = SubElement(type_, "xs:sequence")
        for key, group in groupby(placed, key=lambda one: one[0][0]):
            members = list(group)
            path, item = members[0]
            element = SubElement(sequence, "xs:element", name=key)
            if len(path) == 1:
                # A second field of this name reads the same element in another way.
                _set_occurrence(element, item)
                self._set_content(element, item)
                continue
            if not any(i.required and not i.many for _, i in members):
                element.set("minOccurs", "0")
            inside = [(names[1:], i) for names, i in members]
            self._sequence(SubElement(element, "xs:complexType"), inside)

    def _set_content(self, element: Element, item: _Item) -> None:
        kind = item.kind
        if isinstance(kind, Scalar):
            _set_type(element, kind)
        elif isinstance(kind, Record):
            element.set("type", self.name(kind))
        elif isinstance(kind, Pairs):
            type_ = SubElement(element, "xs:complexType")
            name = SubElement(_text_with_attributes(type_, kind.value), "xs:attribute", name="name")
            _set_type(name, kind.name)
        else:
            self.fill(SubElement(element, "xs:complexType"), kind)


def _scalar(item: Field) -> Scalar:
    assert isinstance(item.kind, Scalar)  # noqa: S101  (nothing else is an attribute or a text)
    return item.kind


def _text_with_attributes(type_: Element, text: Scalar) -> Element:
    content = SubElement(type_, "xs:simpleContent")
    return SubElement(content, "xs:extension", base=text.xsd)


def _set_occurrence(element: Element, item: _Item) -> None:
    if not item.required:
        element.set("minOccurs", "0")
    if item.many or isinstance(item.kind, Pairs):
        element.set("maxOccurs", "unbounded")


def _set_type(element: Element, scalar: Scalar) -> None:
    """Say what a text may be, in place: types of their own would need names."""
    facets = list(_facets(scalar))
    if not facets:
        element.set("type", scalar.xsd)
        return
    restriction = SubElement(
        SubElement(element, "xs:simpleType"), "xs:restriction", base=scalar.xsd
    )
    for facet, value in facets:
        SubElement(restriction, f"xs:{facet}", value=value)


def _facets(scalar: Scalar) -> Iterable[tuple[str, str]]:
    if scalar.pattern is not None:
        yield "pattern", scalar.pattern.pattern
    elif scalar.ascii_only:
        yield "pattern", _BASIC_LATIN
    if scalar.max_length is not None:
        yield "maxLength", str(scalar.max_length)
    if scalar.min_length is not None:
        yield "minLength", str(scalar.min_length)
    for choice in scalar.choices:
        yield "enumeration", choice
