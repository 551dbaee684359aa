"""Reading the body of an answer: capped after decoding, piece by piece.

A small gzip body can expand a thousandfold, so the cap counts decoded bytes and no piece is
larger than ``PIECE_BYTES`` (urllib3 decodes no further than it is asked to).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

from urllib3.exceptions import HTTPError

from openml_client.transport.faults import body_fault_from
from openml_client.transport.policy import Fault, FaultKind

PIECE_BYTES = 256 * 1024


@dataclass(frozen=True)
class Copied:
    """What was written into a sink."""

    n_bytes: int
    md5: str | None
    """None if it was not asked for."""


def read_body(raw: Any, *, max_bytes: int, is_late: Callable[[], bool]) -> bytes | Fault:
    """A whole decoded body of at most ``max_bytes``.

    Parameters
    ----------
    raw
        A ``urllib3.HTTPResponse`` of which nothing was read.
    is_late
        Whether the deadline of the call is over.
    """
    pieces = []
    n_bytes = 0
    while piece := _read_piece(raw):
        if isinstance(piece, Fault):
            return piece
        pieces.append(piece)
        n_bytes += len(piece)
        if n_bytes > max_bytes:
            return _too_large(max_bytes)
        if is_late():
            return Fault(FaultKind.SILENT, f"only {n_bytes} bytes came in time")
    return b"".join(pieces)


def read_excerpt(raw: Any, *, n_bytes: int) -> bytes | Fault:
    """The first ``n_bytes`` of a body, or all of it if it is shorter."""
    excerpt = bytearray()
    while len(excerpt) < n_bytes and (piece := _read_piece(raw)):
        if isinstance(piece, Fault):
            return piece
        excerpt += piece
    return bytes(excerpt[:n_bytes])


def copy_body(
    raw: Any,
    sink: IO[bytes],
    *,
    max_bytes: int,
    check_start: Callable[[bytes], Fault | None],
    needs_md5: bool,
) -> Copied | Fault:
    """Size and md5 of a decoded body, after it was written into ``sink``.

    Parameters
    ----------
    check_start
        Gives the fault of a first piece that says that this is not the file; then nothing is
        written.

    Raises
    ------
    OSError
        If the sink can't be written.
    """
    # It takes longer than the reading does, where the server is near.
    md5 = hashlib.md5(usedforsecurity=False) if needs_md5 else None
    n_bytes = 0
    while piece := _read_piece(raw):
        if isinstance(piece, Fault):
            return piece
        if n_bytes == 0 and (fault := check_start(piece)):
            return fault
        n_bytes += len(piece)
        if n_bytes > max_bytes:
            return _too_large(max_bytes)
        if md5 is not None:
            md5.update(piece)
        sink.write(piece)
    return Copied(n_bytes, None if md5 is None else md5.hexdigest())


def _read_piece(raw: Any) -> bytes | Fault:
    """The next decoded bytes, as many as came at once; empty at the end."""
    try:
        piece: bytes = raw.read1(PIECE_BYTES, decode_content=True)
    except (HTTPError, OSError) as error:
        return body_fault_from(error)
    return piece


def _too_large(max_bytes: int) -> Fault:
    cap = f"{max_bytes / 2**20:g} MB" if max_bytes >= 2**20 else f"{max_bytes} bytes"
    return Fault(FaultKind.TOO_LARGE, f"the answer is larger than {cap}")
