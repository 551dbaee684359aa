"""How two documents differ: elements and attributes, their order, and their texts.

Only what no reader of XML sees is left alone: prefixes, the order of attributes, and the white
space at both ends of texts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree import ElementTree

from openml_client.wire.vocabulary import ONTOLOGY_ADDED

Same = Callable[[str, str, str], bool]
"""Whether two texts may pass for the same; the first argument is the name of their element."""

SHOWN = 160
"""Characters of a value that a sentence shows."""

_NUMBER = r" *-?\d+(\.\d+)?([Ee][+-]?\d+)? *"
_NUMBERS = re.compile(rf"{_NUMBER}|\[{_NUMBER}(,{_NUMBER})*\]")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")


def is_json(body: bytes) -> bool:
    """Whether a body is a document in JSON, as it begins."""
    return body.lstrip()[:1] == b"{"


def same_text(name: str, theirs: str, ours: str) -> bool:
    """Whether two texts are the same, letter by letter."""
    return theirs == ours


def differences(theirs: bytes, ours: bytes, *, same: Same = same_text) -> Iterator[str]:
    """Sentences that say what differs between two documents of one kind.

    Parameters
    ----------
    same
        Compares texts, and in JSON the spelling of numbers; ``150`` is not ``150.0``.
    """
    if is_json(theirs):
        yield from _values(json.loads(theirs), json.loads(ours), "", same)
    else:
        yield from _elements(_parsed(theirs), _parsed(ours), "", same)


def same_value(name: str, theirs: str, ours: str) -> bool:
    """Whether two texts are the same number, list of numbers or time, however they are spelt."""
    if theirs == ours:
        return True
    if _TIME.fullmatch(theirs):
        return theirs.replace("T", " ") == ours.replace("T", " ")
    return bool(_NUMBERS.fullmatch(theirs) and _NUMBERS.fullmatch(ours)) and (
        _floats(theirs) == _floats(ours)
    )


def _floats(text: str) -> list[float]:
    return [float(number) for number in text.strip("[] ").split(",")]


def _parsed(body: bytes) -> ElementTree.Element:
    if ONTOLOGY_ADDED.mend is not None:
        body = ONTOLOGY_ADDED.mend(body)
    # Caches of other clients hold documents that end in NUL bytes.
    return ElementTree.fromstring(body.strip(b" \t\r\n\0"))


def _elements(
    theirs: ElementTree.Element, ours: ElementTree.Element, path: str, same: Same
) -> Iterator[str]:
    path = f"{path}/{_name(theirs)}"
    if ours.tag != theirs.tag:
        yield f"{path} became {ours.tag}"
        return
    if ours.attrib != theirs.attrib:
        yield f"{path} has the attributes {ours.attrib}, not {theirs.attrib}"
    yield from _texts(theirs.text or "", ours.text or "", path, same)
    names = [[_name(child) for child in side] for side in (theirs, ours)]
    if names[0] != names[1]:
        yield f"{path} holds {_short(names[1])}, not {_short(names[0])}"
        return
    for child, other in zip(theirs, ours, strict=True):
        yield from _elements(child, other, path, same)


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _values(theirs: Any, ours: Any, path: str, same: Same) -> Iterator[str]:
    if isinstance(theirs, dict) and isinstance(ours, dict):
        if list(theirs) != list(ours):
            yield f"{path} holds {_short(list(ours))}, not {_short(list(theirs))}"
            return
        for key in theirs:
            yield from _values(theirs[key], ours[key], f"{path}/{key}", same)
    elif isinstance(theirs, list) and isinstance(ours, list):
        if len(theirs) != len(ours):
            yield f"{path} has {len(ours)} items, not {len(theirs)}"
            return
        for n, (item, other) in enumerate(zip(theirs, ours, strict=True)):
            yield from _values(item, other, f"{path}[{n}]", same)
    elif type(theirs) is not type(ours) and not (_is_number(theirs) and _is_number(ours)):
        yield f"{path} = {_short(theirs)} became {_short(ours)}"
    else:
        # As texts, for Python takes 0 and 0.0 for equal, and other readers don't.
        yield from _texts(str(theirs), str(ours), path, same)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _texts(theirs: str, ours: str, path: str, same: Same) -> Iterator[str]:
    left, right = theirs.strip(), ours.strip()
    name = path.rpartition("/")[2].partition("[")[0]
    if not same(name, left, right):
        yield f"{path} = {_short(left)} became {_short(right)}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."
