"""What is uploaded: a description, and the files beside it."""

from __future__ import annotations

from typing import Any

from openml_client.errors import ProtocolError
from openml_client.registry.blobs import BlobInfo
from openml_client.registry.calls import Call
from openml_client.registry.store.files import NewFile
from openml_client.wire import xml
from openml_client.wire.codec import decode
from openml_client.wire.sequence import check_sequence

DESCRIPTION = "description"


def description(call: Call, information: str | None = None) -> bytes:
    """The document that must be there, as a file or as a plain field.

    Raises
    ------
    Refusal
        ``no_description`` if there is none.
    """
    part = call.route.part
    body = content(call, part) or call.form.get(part, "").encode()
    if not body:
        raise call.refusal("no_description", information)
    return body


def tree(call: Call, body: bytes) -> Any:
    """The elements of a description, in the order that the protocol asks for.

    Raises
    ------
    Refusal
        ``invalid`` if it is something else.
    """
    document = call.route.request
    if document is None:
        raise TypeError(f"{call.route.name} takes no description")
    try:
        root, content = xml.parse(body, source=DESCRIPTION)
        check_sequence(document, content, source=DESCRIPTION)
    except ProtocolError as error:
        raise call.refusal("invalid", error.message) from error
    if root != document.root:
        text = f"{DESCRIPTION}: expected the root element {document.root!r}, got {root!r}"
        raise call.refusal("invalid", text)
    return content


def model(call: Call, content: Any) -> Any:
    """The model of a description's elements.

    Raises
    ------
    Refusal
        ``invalid`` if an element is missing, or is not what it should be.
    """
    document = call.route.request
    if document is None:
        raise TypeError(f"{call.route.name} takes no description")
    try:
        return decode(document, content, source=DESCRIPTION)
    except ProtocolError as error:
        raise call.refusal("invalid", error.message) from error


def is_empty(call: Call, name: str) -> bool:
    """Whether an uploaded file has no content at all."""
    stream = call.files[name].stream
    stream.seek(0)
    return not stream.read(1)


def content(call: Call, name: str) -> bytes | None:
    """The content of an uploaded file, or None if there is no such file."""
    if name not in call.files:
        return None
    stream = call.files[name].stream
    stream.seek(0)
    return stream.read()


def keep(call: Call, name: str) -> tuple[NewFile, BlobInfo]:
    """Put an uploaded file into the blobs; give what is to be registered of it."""
    upload = call.files[name]
    upload.stream.seek(0)
    info = call.services.blobs.put(upload.stream)
    file = NewFile(
        name=_base_name(upload.filename or "") or name,
        content_type=upload.mimetype or "application/octet-stream",
        sha256=info.sha256,
        md5=info.md5,
        size_bytes=info.size_bytes,
    )
    return file, info


def _base_name(given: str) -> str:
    """The last part of a file's name, without what no name of a file may have."""
    printable = "".join(character for character in given if character.isprintable())
    return printable.replace("\\", "/").rpartition("/")[2][-_MAX_NAME:]


_MAX_NAME = 255
"""Characters; file systems take no longer names."""
