"""What is uploaded: a description, and the files beside it."""

from __future__ import annotations

from typing import Any

from openml_client.errors import ArffError, ProtocolError
from openml_client.registry import validation
from openml_client.registry.blobs import BlobInfo
from openml_client.registry.calls import Call
from openml_client.registry.store.files import NewFile
from openml_client.wire import xml
from openml_client.wire.codec import Document, decode

DESCRIPTION = "description"

MISSING = "File meta-info is missing. "
"""What is wrong with a file that is not there."""

EMPTY = "Filesize is 0 bytes, which is not allowed. "
"""What is wrong with a file without content."""


def description(call: Call, missing: str | None = None, empty: str | None = None) -> bytes:
    """The document that must be there, as a file or as a plain field.

    Parameters
    ----------
    missing
        What the server says more where there is none.
    empty
        What it says more where it has no content.

    Raises
    ------
    Refusal
        ``no_description`` if there is none.
    """
    part = call.route.request_part
    body = content(call, part) or call.form.get(part, "").encode()
    if not body:
        raise call.refusal("no_description", empty if part in call.files else missing)
    return body


def tree(call: Call, body: bytes) -> Any:
    """The elements of a description that is what its schema asks for.

    Raises
    ------
    Refusal
        ``invalid`` if it is something else, with the real server's words.
    """
    source = call.route.request_part
    try:
        xml.guard(body, source=source)
        complaint = validation.complaint(_document(call), body)
        if complaint is not None:
            raise call.refusal("invalid", complaint)
        return xml.parse(body, source=source)[1]
    except ProtocolError as error:
        raise call.refusal("invalid", error.message) from error


def model(call: Call, content: Any) -> Any:
    """The model of a description's elements.

    Raises
    ------
    Refusal
        ``invalid`` if an element is not what it should be, as far as its schema can't say.
    """
    try:
        return decode(_document(call), content, source=call.route.request_part)
    except ProtocolError as error:
        raise call.refusal("invalid", error.message) from error


def _document(call: Call) -> Document:
    if call.route.request is None:
        raise TypeError(f"{call.route.name} takes no description")
    return call.route.request


def is_empty(call: Call, name: str) -> bool:
    """Whether an uploaded file has no content at all."""
    stream = call.files[name].stream
    stream.seek(0)
    return not stream.read(1)


def arff_fault(error: ArffError, name: str) -> str:
    """What is wrong with an uploaded ARFF file, in the real server's words."""
    place = f" (l.{error.line})" if error.line is not None else ""
    return f"Arff error in {name} file: {error.summary}{place}"


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
