"""What is wrong with a model that is to be uploaded, before it is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from numbers import Number
from typing import Any

from openml_client.wire.codec import MAX_DEPTH, Adapted, Document, Field, Pairs, Record, Rows, short
from openml_client.wire.scalars import NOT_XML, Scalar


def complaints(document: Document, value: Any) -> Iterator[str]:
    """What a server would refuse of a model that is to be uploaded, each with its place in it.

    Places are written as in Python: ``parameters[0].default_value``.
    """
    if isinstance(document, Rows):
        for n, row in enumerate(value):
            yield from _complaints(document.record, row, f"[{n}].", 1)
    elif isinstance(document, Adapted):
        yield from complaints(document.record, document.from_model(value))
    else:
        yield from _complaints(document, value, "", 0)


def _complaints(record: Record, value: Any, before: str, depth: int) -> Iterator[str]:
    if depth > MAX_DEPTH:
        yield f"{before[:200]}… nests deeper than {MAX_DEPTH} elements"
        return
    for field in record.fields:
        content = getattr(value, field.attribute)
        place = f"{before}{field.attribute}"
        if isinstance(field.kind, Pairs):
            yield from _complaints_of_pairs(field, field.kind, content, place)
            continue
        items = enumerate(content or ()) if field.many else ((None, content),)
        n_written = 0
        for n, item in items:
            at = place if n is None else f"{place}[{n}]"
            if isinstance(field.kind, Record) and item is not None:
                if isinstance(item, field.kind.model):
                    yield from _complaints(field.kind, item, f"{at}.", depth + 1)
                else:
                    yield f"{at} = {short(item)} is no {field.kind.model.__name__}"
            elif isinstance(field.kind, Scalar) and (field.keep_empty or not _is_empty(item)):
                yield from _complaint(field.kind, item, at)
            is_blank = isinstance(item, str) and not item.strip()  # XML readers strip texts
            n_written += item is not None and (field.keep_empty or not is_blank)
        # Without items there is no wrapper, which they would have to be in.
        is_left_out = field.many and "/" in field.key
        if field.required and not n_written and not is_left_out:
            yield f"{place} is missing"


def _complaints_of_pairs(field: Field, kind: Pairs, content: Any, place: str) -> Iterator[str]:
    if content is not None and not isinstance(content, Mapping):
        yield f"{place} = {short(content)} is no mapping"
        return
    for name, item in (content or {}).items():
        yield from _complaint(kind.name, name, f"a name in {place}")
        if not _is_empty(item):
            # A number means the text that it is written as.
            value = str(item) if kind.value.is_text and isinstance(item, Number) else item
            yield from _complaint(kind.value, value, f"{place}[{name!r}]")
    if field.required and not content:
        yield f"{place} is missing"


def _complaint(kind: Scalar, item: Any, place: str) -> Iterator[str]:
    if item is None:
        return
    if kind.is_text and not isinstance(item, str):
        yield f"{place} = {short(item)} is no {kind.name}"
        return
    try:
        text = kind.write(item)
    except (TypeError, ValueError, AttributeError):
        yield f"{place} = {short(item)} is no {kind.name}"
        return
    complaint = kind.complaint(text)
    lost = NOT_XML.search(text)
    if lost is not None:
        complaint = f"contains {lost[0]!r}, which no XML document may have"
    elif complaint is None and not _is_read(kind, text):
        complaint = f"is no {kind.name}"
    if complaint is not None:
        yield f"{place} = {short(text)} {complaint}"


def _is_empty(item: Any) -> bool:
    return isinstance(item, str) and not item


def _is_read(kind: Scalar, text: str) -> bool:
    try:
        kind.parse(text)
    except (ValueError, TypeError):
        return False
    return True
