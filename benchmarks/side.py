"""One measurement: does a piece of work once, in a process of its own, and prints what it cost.

``python side.py MODULE FUNCTION ARGUMENTS`` calls the function, which does what is not to be
measured (imports, opening) and gives the work as a function without arguments; that is timed.
It needs nothing but the standard library, so it runs in any environment.

The work may have attributes: ``extra`` gives more figures of the result, ``comparable`` makes of
the result what must be equal among the sides.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

MIB = 1024
"""The system counts in KiB."""
PROFILE_LINES = 20


def peak_mib() -> float:
    """The most memory that this process had.

    Of ``ru_maxrss`` a process inherits what its parent had, over fork and exec; ``VmHWM`` is of
    the program itself.
    """
    status = Path("/proc/self/status").read_text("utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) / MIB


def forget_peak() -> None:
    """Let the peak be what is held now, so that what the work adds to it is seen."""
    with contextlib.suppress(OSError):  # not every container allows it; the peak so far stays then
        Path("/proc/self/clear_refs").write_text("5", "utf-8")


def profiled(work: Callable[[], Any]) -> str:
    """The functions that take most of the time of the first thread, without those they call."""
    import cProfile
    import pstats

    profile = cProfile.Profile()
    profile.runcall(work)
    text = io.StringIO()
    pstats.Stats(profile, stream=text).sort_stats("tottime").print_stats(PROFILE_LINES)
    return text.getvalue()


def main(module: str, function: str, arguments: str) -> dict[str, Any]:
    sys.path[0] = str(Path(__file__).parents[1])  # in the place of this file's own folder
    given = json.loads(arguments)
    wants_digest = given.pop("wants_digest", False)
    wants_profile = given.pop("wants_profile", False)
    try:
        work = getattr(importlib.import_module(f"benchmarks.{module}"), function)(**given)
    except NotImplementedError as error:
        return {"unavailable": str(error)}
    if wants_profile:
        return {"profile": profiled(work)}
    gc.collect()
    before = peak_mib()
    forget_peak()
    base = peak_mib()
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    grown = peak_mib() - base
    peak = max(before, base + grown)
    found = {"wall_s": wall, "cpu_s": cpu, "peak_mib": peak, "grown_mib": grown}
    found["extra"] = work.extra(result, grown) if hasattr(work, "extra") else {}
    if wants_digest:
        from benchmarks.digests import digest

        found["digest"] = digest(work.comparable(result) if hasattr(work, "comparable") else result)
    return found


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):  # clients print; the last line is ours
        said = main(*sys.argv[1:])
    print(json.dumps(said))
