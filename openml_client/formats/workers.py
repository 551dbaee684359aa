"""Blocks of a file, some at a time."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

MAX_WORKERS = 8
"""Blocks that are worked on at once; each takes some times its size in memory."""

S = TypeVar("S")
T = TypeVar("T")


def in_order(work: Callable[[S], T], items: Sequence[S]) -> Generator[T]:
    """What ``work`` makes of each item, in their order; few are made ahead."""
    n_workers = min(len(items), n_processors(), MAX_WORKERS)
    if n_workers < 2:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(n_workers) as pool:
        waiting: deque[Future[T]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > 2 * n_workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def n_processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
