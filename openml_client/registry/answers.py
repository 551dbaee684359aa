"""Answers of the API, in XML or JSON."""

from __future__ import annotations

from html.entities import codepoint2name
from typing import Any

from flask import Response

from openml_client.wire import json, xml
from openml_client.wire.codec import Document
from openml_client.wire.codes import codes
from openml_client.wire.vocabulary import ERROR, ErrorAnswer

_XML = "text/xml; charset=utf-8"
_JSON = "application/json; charset=utf-8"


def answer(document: Document, value: Any, *, as_json: bool) -> Response:
    """Make the answer that carries a document."""
    if as_json:
        return Response(json.write(document, value), content_type=_JSON)
    return Response(xml.write(document, value), content_type=_XML)


def refuse(code: int, information: str | None = None, *, as_json: bool) -> Response:
    """Make the answer that refuses, with the status and the words of the code."""
    entry = codes()[code]
    if information is not None:
        information = with_entities(information)
    message = with_entities(entry.message)
    error = ErrorAnswer(code=code, message=message, additional_information=information)
    response = answer(ERROR, error, as_json=as_json)
    response.status_code = entry.http_status
    return response


def with_entities(text: str) -> str:
    """Text as it stands in a page: the server writes its words for browsers, too."""
    names = (codepoint2name.get(ord(character)) for character in text)
    return "".join(
        f"&{name};" if name else character for name, character in zip(names, text, strict=True)
    )
