"""CPU and wall time of a piece of work, child processes included."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Elapsed:
    """Time that a block took; complete when the block has ended."""

    cpu_ms: float = 0.0
    """User and system time of this process and of its children."""
    wall_ms: float = 0.0


@contextmanager
def stopwatch() -> Iterator[Elapsed]:
    """Measure the block, also if it raises."""
    elapsed = Elapsed()
    cpu_s, wall_s = _cpu_s(), time.perf_counter()
    try:
        yield elapsed
    finally:
        elapsed.wall_ms = (time.perf_counter() - wall_s) * 1000
        # A child that ends inside the block moves from one account to the other.
        elapsed.cpu_ms = max(0.0, _cpu_s() - cpu_s) * 1000


def _cpu_s() -> float:
    times = os.times()
    ended = times.children_user + times.children_system
    return time.process_time() + ended + _living_children_s(os.getpid())


def _living_children_s(process: int) -> float:
    """CPU seconds of the processes below one, as worker pools that live on.

    Linux only: elsewhere they are counted once they have ended.
    Source: proc(5), fields 14 and 15 of ``/proc/PID/stat``.
    """
    return sum(_cpu_of_child_s(child) + _living_children_s(child) for child in _children(process))


def _children(process: int) -> list[int]:
    folder = f"/proc/{process}/task"
    try:
        threads = [entry.name for entry in os.scandir(folder)]
    except OSError:  # another system, or the process has ended since
        return []
    texts = [_read(f"{folder}/{thread}/children") for thread in threads]
    return [int(child) for text in texts for child in text.split()]


def _cpu_of_child_s(process: int) -> float:
    # The name of the program, in parentheses, may hold blanks and parentheses itself.
    fields = _read(f"/proc/{process}/stat").rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12]) if len(fields) > 12 else 0
    return ticks / os.sysconf("SC_CLK_TCK")


def _read(path: str) -> str:
    try:
        # Path.read_text takes three times as long, and this runs four times in every fold.
        with open(path, encoding="ascii", errors="replace") as file:  # noqa: PTH123
            return file.read()
    except OSError:  # the process ended between the listing and the look
        return ""
