"""When a request is sent again, after what wait, and when it is given up.

urllib3's ``Retry`` is not used, for three reasons: it repeats by status and method alone, while
the server reports an overloaded database by code 107 inside a body, even with status 200; it
can't tell a POST that never left this machine from one that the server may have taken; and its
waits are silent. Everything below the decision (pool, sockets, decoding) is urllib3's.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum

from openml_client.transport.message import Response

ANNOUNCE_AFTER_S = 2.0
"""Longer waits are announced, once each.  Source: reliability battery."""
UNREACHABLE_BUDGET_S = 2.0
"""An unreachable server is tried no longer, so that the error comes within 3 s."""
DAMAGED_ATTEMPTS = 2
"""A complete file with the wrong checksum is fetched this often: it may be wrong at its source,
and large."""
BUSY_STATUSES = frozenset({429, 502, 503, 504})

_CODE_107 = re.compile(rb"<oml:code>\s*107\s*</oml:code>")
_DATABASE_DOWN = b"Database connection error"
"""How a download begins, with status 200, while the server's database is down."""


class FaultKind(Enum):
    """What went wrong with one attempt."""

    UNREACHABLE = "unreachable"
    """No connection: nothing was sent."""
    SILENT = "silent"
    """The server took the request and answered too slowly."""
    BROKEN = "broken"
    """The connection ended before the answer began."""
    SHORT = "short"
    """The answer ended before it was complete."""
    DAMAGED = "damaged"
    """The answer is complete and wrong."""
    BUSY = "busy"
    """The server says: not now."""
    UNSAFE = "unsafe"
    """The server could not prove who it is."""
    TOO_LARGE = "too large"
    """The answer is larger than the caller takes."""
    NO_FILE = "no file"
    """A download was answered, but not with the file."""
    PAGE = "page"
    """A download was answered with a page for people."""
    MALFORMED = "malformed"
    """The request can't be written."""


_FINAL = frozenset(
    {
        FaultKind.SILENT,  # a whole timeout was waited already
        FaultKind.UNSAFE,
        FaultKind.TOO_LARGE,
        FaultKind.NO_FILE,
        FaultKind.PAGE,
        FaultKind.MALFORMED,
    }
)


@dataclass(frozen=True)
class Fault:
    """One failed attempt, told without the key."""

    kind: FaultKind
    detail: str
    host: str = ""
    """Who was asked: another one than the address says, after a redirect."""
    retry_after_s: float | None = None
    response: Response | None = None
    """The answer, where there was one."""

    @property
    def was_sent(self) -> bool:
        """Whether the server may have seen the request."""
        unsent = (FaultKind.UNREACHABLE, FaultKind.UNSAFE, FaultKind.MALFORMED)
        return self.kind not in unsent


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """Capped exponential backoff with full jitter.

    Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """

    base_s: float = 0.5
    cap_s: float = 20.0
    max_retry_after_s: float = 120.0
    """A server that asks for a longer wait gets none, and the caller the error at once."""
    jitter: Callable[[], float] = random.random
    """Gives a part of 1."""

    def wait_s(
        self,
        fault: Fault,
        *,
        attempt: int,
        retries: int,
        repeatable: bool,
        elapsed_s: float,
        deadline_s: float,
    ) -> float | None:
        """Seconds to wait before the next attempt, or None to give up.

        Parameters
        ----------
        attempt
            Number of the attempt that failed, counted from 1.
        """
        if attempt > retries or (fault.was_sent and not repeatable):
            return None
        if fault.kind in _FINAL:
            return None
        if fault.kind is FaultKind.DAMAGED and attempt >= DAMAGED_ATTEMPTS:
            return None
        wait_s = self.jitter() * min(self.cap_s, self.base_s * 2.0 ** (attempt - 1))
        if fault.retry_after_s is not None:
            if fault.retry_after_s > self.max_retry_after_s:
                return None
            wait_s = max(wait_s, fault.retry_after_s)
        budget_s = deadline_s
        if fault.kind is FaultKind.UNREACHABLE:
            budget_s = min(budget_s, UNREACHABLE_BUDGET_S)
        return wait_s if elapsed_s + wait_s <= budget_s else None


@dataclass(frozen=True)
class Clock:
    """The time and how to let it pass."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def retry_after_s(value: str | None, *, now: datetime | None = None) -> float | None:
    """Seconds that a ``Retry-After`` header asks for, or None if it asks for nothing readable.

    Source: RFC 9110, section 10.2.3 (seconds or an HTTP date).
    """
    text = (value or "").strip()
    # Ten digits of seconds are centuries: more would only overflow.
    if re.fullmatch("[0-9]{1,10}", text):
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - (now or datetime.now(UTC))).total_seconds())


def is_page(body: bytes) -> bool:
    """Whether a body begins as an HTML page does."""
    return body[:1000].lstrip().lower().startswith((b"<!doctype html", b"<html"))


def is_database_down(body: bytes) -> bool:
    """Whether a body says that the server's database is overloaded (code 107).

    Source: protocol note, section 1.2: XML even under /json, plain text on downloads.
    """
    return body.startswith(_DATABASE_DOWN) or (
        len(body) < 2000 and _CODE_107.search(body) is not None
    )
