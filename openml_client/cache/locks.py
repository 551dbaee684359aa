"""One lock per entry, across threads and processes.

The lock only saves work: two who fetch the same thing would both write a file of their own and
rename it, and either is right.  So where locks don't work (some cluster file systems) or the
folder can't be written, nothing is lost by going on without one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

PATIENCE_S = 600
"""A download by somebody else that takes longer than this is not waited for."""
SILENT_S = 2
"""A wait that takes longer than this is announced.  Source: reliability battery, "an error"."""

_logger = logging.getLogger("openml_client")


@contextmanager
def entry_lock(path: Path, *, what: str = "fetches the same") -> Iterator[None]:
    """Hold a lock, if it can be had: the file at ``path`` is made for it.

    Parameters
    ----------
    what
        Another process does that is waited for.
    """
    lock = FileLock(path)
    try:
        _acquire(lock, path, what)
        yield
    finally:
        lock.release()


def _acquire(lock: FileLock, path: Path, what: str) -> None:
    try:
        lock.acquire(timeout=SILENT_S)
    except Timeout:
        _logger.warning("waiting for another process that %s (lock: %s)", what, path)
    except (OSError, NotImplementedError):
        return
    else:
        return
    try:
        lock.acquire(timeout=PATIENCE_S)
    except (OSError, NotImplementedError) as error:
        _logger.warning("going on without the lock %s: %s", path, error or "it was not freed")
