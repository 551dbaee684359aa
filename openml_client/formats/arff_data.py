"""The bytes of an ARFF file: its header as text, and its data section in blocks of whole lines."""

from __future__ import annotations

import mmap
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

BLOCK_BYTES = 2 * 2**20
"""Of one block: small enough for the processor's caches and for bounded memory."""

Content = bytes | mmap.mmap
Encoding = Literal["utf-8", "latin-1"]

_BOM = b"\xef\xbb\xbf"
_NO_TEXT = b"\0\r\n"
"""Some servers' files end in NUL bytes."""
# Begun by a byte and without flags, it is searched many times faster.
_DATA = re.compile(rb"@[dD][aA][tT][aA]\b[^\r\n]*")
_BLANKS, _LINE_ENDS = b" \t", b"\r\n"
_COMMENT = re.compile(rb"^[ \t]*%[^\n]*\n", re.MULTILINE)
_START_BYTES = 2**16
_SEARCHED_BYTES = 2**20
"""For the first end of a line; a line that is longer is taken for one that ends as usual."""


@contextmanager
def opened(source: bytes | Path) -> Iterator[tuple[Content, Callable[[int, int], bytes]]]:
    """The content of a file, and a function that gives the bytes between two offsets.

    A file on disk is mapped, to be searched, and read piece by piece, for pages of a mapping that
    were looked at stay in memory.

    Raises
    ------
    OSError
        If a path can't be read.
    """
    if isinstance(source, bytes):
        yield source, lambda start, stop: source[start:stop]
        return
    with source.open("rb") as file:
        if not source.stat().st_size:
            yield b"", lambda start, stop: b""
            return
        lock = threading.Lock()

        def read(start: int, stop: int) -> bytes:
            with lock:
                file.seek(start)
                return file.read(stop - start)

        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            yield mapped, read


@dataclass(frozen=True)
class Data:
    """Where the header and the data of a file are."""

    content: Content
    encoding: Encoding
    header: str
    """Ends with the line that begins the data; only line feeds end lines."""
    start: int
    """Offset of the data."""
    end: int
    line_end: bytes
    """Ends lines, perhaps after a carriage return; old Macs have carriage returns alone."""
    read: Callable[[int, int], bytes]
    """Gives the bytes between two offsets."""

    def spans(self, size: int = BLOCK_BYTES) -> Iterator[tuple[int, int]]:
        """Where blocks of whole lines begin and end, of about ``size`` bytes."""
        start = self.start
        while start < self.end:
            stop = self.content.find(self.line_end, min(start + size, self.end), self.end)
            stop = self.end if stop < 0 else stop + 1
            yield start, stop
            start = stop

    def block(self, span: tuple[int, int]) -> bytes:
        """The lines of a span in UTF-8, each ended by a line feed.

        Raises
        ------
        UnicodeDecodeError
            If it is not in the encoding of the file.
        """
        block = _lines(self.read(*span), self.encoding)
        return block if block.endswith(b"\n") else block + b"\n"

    def line_of(self, offset: int, first: int) -> int:
        """Number of the line at an offset of the data, given that of the first."""
        spans = (span for span in self.spans() if span[0] < offset)
        return first + sum(self.block((a, min(b, offset))).count(b"\n") for a, b in spans)

    @property
    def is_sparse(self) -> bool:
        """Whether the first row is sparse."""
        for span in self.spans(_START_BYTES):
            rows = _COMMENT.sub(b"", self.block(span)).lstrip(b" \t\n")
            if rows:
                return rows.startswith(b"{")
        return False


def split(content: Content, encoding: Encoding, read: Callable[[int, int], bytes]) -> Data:
    """Find out where the data of a file is.

    Raises
    ------
    UnicodeDecodeError
        If the header is not in this encoding.
    """
    start = len(_BOM) if content[: len(_BOM)] == _BOM else 0
    end = len(content)
    while end > start and content[end - 1] in _NO_TEXT:
        end -= 1
    has_feeds = content.find(b"\n", start, _SEARCHED_BYTES) >= 0
    has_returns = content.find(b"\r", start, _SEARCHED_BYTES) >= 0
    line_end = b"\r" if has_returns and not has_feeds else b"\n"
    # A header without its last line is told as such; the search ends where the file does.
    found = _data_line_end(content, start, end)
    after = -1 if found is None else content.find(line_end, found, end)
    stop = end if after < 0 else after + 1
    header = _lines(content[start:stop], encoding).decode()
    return Data(content, encoding, header, stop, end, line_end, read)


def _data_line_end(content: Content, start: int, end: int) -> int | None:
    """Where the line ends that begins the data; None if there is none."""
    for found in _DATA.finditer(content, start, end):
        before = found.start()
        while before > start and content[before - 1] in _BLANKS:
            before -= 1
        if before == start or content[before - 1] in _LINE_ENDS:
            return found.end()
    return None


def _lines(content: bytes, encoding: Encoding) -> bytes:
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if content.isascii():
        return content
    return content.decode(encoding).encode()
