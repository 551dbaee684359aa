"""Reads the recorded exchanges of the real server: raw HTTP bytes in, requests and responses out.

A transcript is two files of one folder, ``NAME.request.txt`` and ``NAME.response.txt``, that hold
the bytes as they were on the wire.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser, HeaderParser
from functools import cached_property
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Part:
    """One part of a form: a field or an uploaded file."""

    name: str
    filename: str | None
    """None for a plain field."""
    content_type: str
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")


@dataclass(frozen=True)
class Request:
    """What a client sent."""

    method: str
    target: str
    """Path and query as they stood in the first line."""
    headers: Message
    """Looked up without regard to case."""
    body: bytes

    @property
    def path(self) -> str:
        """The target without the query, still percent-encoded."""
        return urlsplit(self.target).path

    @property
    def query(self) -> Mapping[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """Fields and files of a multipart or urlencoded form, in order; none for other bodies."""
        content_type = self.headers.get_content_type()
        if content_type == "application/x-www-form-urlencoded":
            fields = parse_qsl(self.body.decode("ascii"), keep_blank_values=True)
            return tuple(Part(name, None, "text/plain", text.encode()) for name, text in fields)
        if content_type != "multipart/form-data":
            return ()
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode("ascii")
        return tuple(map(_part, BytesParser().parsebytes(head + self.body).walk()))[1:]

    def part(self, name: str) -> Part:
        """The first part of this name.

        Raises
        ------
        KeyError
            If the form has none.
        """
        for part in self.parts:
            if part.name == name:
                return part
        raise KeyError(name)


@dataclass(frozen=True)
class Response:
    """What the server answered."""

    status: int
    headers: Message
    """Looked up without regard to case."""
    body: bytes
    """Without the transfer encoding."""

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")


@dataclass(frozen=True)
class Exchange:
    """A request and its response."""

    name: str
    request: Request
    response: Response


def load(folder: Path, name: str) -> Exchange:
    """The exchange ``name`` of a folder of transcripts."""
    return Exchange(
        name=name,
        request=_request((folder / f"{name}.request.txt").read_bytes()),
        response=_response((folder / f"{name}.response.txt").read_bytes()),
    )


def names(folder: Path, pattern: str = ".*") -> list[str]:
    """Names of the exchanges of a folder that match a regular expression as a whole, sorted."""
    suffix = ".request.txt"
    found = (path.name.removesuffix(suffix) for path in folder.glob(f"*{suffix}"))
    return sorted(name for name in found if re.fullmatch(pattern, name))


def _request(raw: bytes) -> Request:
    line, headers, body = _split(raw)
    method, target, _ = line.split(" ", 2)
    return Request(method, target, headers, body)


def _response(raw: bytes) -> Response:
    line, headers, body = _split(raw)
    if headers.get("Transfer-Encoding", "").lower() == "chunked":
        body = _dechunked(body)
    return Response(int(line.split(" ", 2)[1]), headers, body)


def _split(raw: bytes) -> tuple[str, Message, bytes]:
    head, _, body = raw.partition(b"\r\n\r\n")
    line, _, fields = head.decode("latin-1").partition("\r\n")
    return line, HeaderParser().parsestr(fields), body


def _dechunked(body: bytes) -> bytes:
    content = b""
    while True:
        size, _, body = body.partition(b"\r\n")
        n_bytes = int(size.partition(b";")[0], 16)
        if n_bytes == 0:
            return content
        content += body[:n_bytes]
        body = body[n_bytes + 2 :]


def _part(message: Message) -> Part:
    payload = message.get_payload(decode=True)
    return Part(
        name=str(message.get_param("name", "", header="Content-Disposition")),
        filename=message.get_filename(),
        content_type=message.get_content_type(),
        body=payload if isinstance(payload, bytes) else b"",
    )
