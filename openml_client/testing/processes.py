"""Work in a fresh process, which knows of this one nothing but what a server would hand on."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openml_client.testing.cases import Suite

    Answers = dict[str, Any]
    Job = Callable[[type[Suite], dict[str, Any]], Answers]

_TIMEOUT_S = 300
"""Beyond what importing the slowest framework takes; a process that hangs must not hang CI."""
_MARK = "openml_client.testing answers: "


class ChildError(AssertionError):
    """A process did not come to its end."""


def answers(job: Job, suite: type[Suite], argument: dict[str, Any], **environment: str) -> Answers:
    """What a job answers in a process of its own, name by name.

    Parameters
    ----------
    job
        A function of an importable module, called with the suite and the argument.
    suite
        Found by its module's name, on this process's ``sys.path``, or else by its file.
    environment
        Variables that the process has beside this one's, as ``PYTHONHASHSEED``.

    Raises
    ------
    ChildError
        With what the process wrote, if it failed.
    """
    path = [str(Path(entry).resolve()) for entry in sys.path]
    task = {
        "job": [job.__module__, job.__qualname__],
        "suite": [suite.__module__, suite.__qualname__, sys.modules[suite.__module__].__file__],
        "argument": argument,
    }
    with TemporaryDirectory(prefix="openml-client-") as folder:
        done = subprocess.run(  # noqa: S603  # this very interpreter, with code from here
            [sys.executable, "-c", f"from {__name__} import main; main()"],
            input=json.dumps(task),
            # Importing is the first thing that a process does, before it reads its task.
            env={**os.environ, **environment, "PYTHONPATH": os.pathsep.join(path)},
            cwd=folder,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=_TIMEOUT_S,
            check=False,
        )
    last = done.stdout.rpartition(_MARK)
    if done.returncode or not last[1]:
        raise ChildError(
            f"{suite.__module__}.{suite.__qualname__} can't be used in a fresh process, where "
            f"its models must be importable too:\n{done.stderr or done.stdout}"
        )
    found: Answers = json.loads(last[2])
    return found


def main() -> None:
    """Do the task that stands on the standard input."""
    task = json.load(sys.stdin)
    found = _find(*task["job"])(_find(*task["suite"]), task["argument"])
    sys.stdout.write(f"\n{_MARK}{json.dumps(found)}\n")


def attempt(work: Callable[[], Any]) -> Any:
    """What the work gives, or what it raises as text: one case must not hide the others."""
    try:
        return work()
    except Exception:  # noqa: BLE001  # told to the process that asked, which fails with it
        return {"raised": traceback.format_exc()}


def _find(module: str, qualname: str, file: str | None = None) -> Any:
    return functools.reduce(getattr, qualname.split("."), _load(module, file))


def _load(module: str, file: str | None) -> Any:
    """Module of this name, out of this file if it is given.

    By its name alone another one may be found, or none: pytest's import mode ``importlib`` takes
    modules that are on no path.
    """
    if file is None or _is_at(module, file):
        return importlib.import_module(module)
    spec = importlib.util.spec_from_file_location(module, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no Python module")
    loaded = sys.modules[module] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def _is_at(module: str, file: str) -> bool:
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:  # of the package that it would be in
        return False
    origin = spec.origin if spec else None
    return origin is not None and Path(origin).resolve() == Path(file).resolve()
