"""Reproducing a run in the environment that it recorded: what is built, told and read back."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Collection
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from openml_client import errors
from openml_client.config import Settings, registry_folder
from openml_client.errors import FormatError, OpenMLError, TaskError
from openml_client.extension.discovery import GROUP, find_translator
from openml_client.extension.flows import extension_of
from openml_client.model.flow import Flow
from openml_client.model.run import Run
from openml_client.resources.caller import Caller
from openml_client.running import isolation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openml_client.running.reproduce import Reproduction

ENVIRONMENTS = "environments"
"""Folder of the environments, in that of the cache."""


def reproduce_isolated(
    caller: Caller,
    run: Run,
    flow: Flow,
    versions: Mapping[str, str],
    *,
    uv: str,
    tolerance: float,
    trusted: Collection[str],
    timeout_s: float | None,
) -> Reproduction:
    """What comes out when a run is executed in the environment that it recorded.

    Raises
    ------
    TaskError
        If the environment can't be built, or the process in it fails or takes too long.
    """
    settings = caller.settings
    code = code_for(flow)
    extras = ["registry"] if settings.is_local else []
    own = isolation.own_requirements((name for name, _ in code), extras=extras)
    recipe = isolation.recipe_of(flow.dependencies, versions, own=own, trusted=trusted)
    key = f"{ENVIRONMENTS}/{recipe.digest}"
    with caller.cache.hold(key):
        python = isolation.build(recipe, settings.cache_dir / key, uv=uv)
    with tempfile.TemporaryDirectory(prefix="openml-isolated-") as name:
        folder = Path(name)
        isolation.copy_code(code, folder / "code")
        output = folder / "answer.json"
        request = {
            "run": run.id,
            "tolerance": tolerance,
            "trusted": list(trusted),
            "path": [place or str(Path.cwd()) for place in sys.path] if trusted else [],
            "output": str(output),
        }
        isolation.run_process(
            [str(python), "-m", "openml_client.isolated"],
            environ=_environ(settings, folder / "code"),
            timeout_s=timeout_s,
            what="the isolated reproduction",
            stdin=json.dumps(request),
        )
        return _read(output)


def code_for(flow: Flow) -> list[tuple[str, str]]:
    """Distribution and package of the client and of the extensions that a flow needs.

    Others stay away: each brings its framework, and torch is large.
    """
    found = {isolation.OURS: "openml_client"}
    points = [point for point in entry_points(group=GROUP) if point.dist is not None]
    name = _extension_name(flow)
    needed = isolation.closure(
        point.dist.name for point in points if point.dist and name in (None, point.name)
    )
    for point in points:
        if point.dist is not None and canonicalize_name(point.dist.name) in needed:
            found[point.dist.name] = point.module.partition(".")[0]
    return sorted(found.items())


def _extension_name(flow: Flow) -> str | None:
    """Name of the extension that reads a flow, or None if nothing tells."""
    name = extension_of(flow.external_version)
    if name is None:
        translating = find_translator(flow.external_version)
        return translating[0].name if translating else None
    return name


def _environ(settings: Settings, code: Path) -> dict[str, str]:
    """The variables of the other process: the client's settings, and no other code than given."""
    left_out = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "OPENML_API_KEY", "OPENML_SERVER"}
    environ = {name: value for name, value in os.environ.items() if name not in left_out}
    environ["PYTHONPATH"] = str(code)
    environ["OPENML_OFFLINE"] = "1" if settings.offline else "0"
    environ["OPENML_TIMEOUT"] = f"{settings.read_timeout_s:g}"
    if settings.is_local:
        # The registry has its own key, and keeps its cache by itself.
        environ["OPENML_SERVER"] = f"local:{registry_folder(settings.server)}"
        return environ
    environ["OPENML_SERVER"] = settings.server
    environ["OPENML_CACHE_DIR"] = str(settings.cache_dir)
    if settings.api_key is not None:
        environ["OPENML_API_KEY"] = settings.api_key.reveal()
    return environ


def _read(output: Path) -> Reproduction:
    from openml_client.running.reproduce import Reproduction

    try:
        document = json.loads(output.read_bytes())
        fault = document.get("error")
        if fault is None:
            return replace(Reproduction.from_json(document["report"]), isolated=True)
        kind, message, hint = (fault[name] for name in ("kind", "message", "hint"))
    except (OSError, ValueError, KeyError, AttributeError, TypeError, FormatError) as error:
        raise TaskError(f"the isolated reproduction gave no report: {error}") from error
    cls = getattr(errors, str(kind), None)
    if not (isinstance(cls, type) and issubclass(cls, OpenMLError)):
        cls = TaskError
    raise cls(f"in isolation: {message}", hint=hint)
