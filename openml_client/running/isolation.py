"""The environment that a run recorded, built again with uv, and a process that works in it.

What others wrote decides what is installed, so little is: only distributions that this client
needs itself or that the caller trusts, and what these need.  They are installed as wheels: who
waits for a verdict does not want scikit-learn compiled.
The client and its extensions are not installed but copied as they are here, so that it is the
same code that judges the run, released or not.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from openml_client.errors import MissingDependencyError, TaskError
from openml_client.extension.environment import distribution_named

BUILD_TIMEOUT_S = 1800
"""For what uv does: large wheels over slow lines."""

SHOWN_LINES = 12
"""Of what a process said last, in errors."""

OURS = "openml-client"

_NO_DISTRIBUTIONS = frozenset({"python", "system", "machine"})
_SOURCES_ONLY = frozenset({"liac-arff"})
"""What has no wheels: pure Python, and needed by this client itself."""
_READY = "ready"
"""File that says that an environment is whole."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What an environment is built of."""

    python: str
    """``3.11``; the interpreter's bug fixes do not count."""
    requirements: tuple[str, ...]
    """PEP 508 lines, sorted."""
    constraints: tuple[str, ...]
    """The versions that the run had, of whatever is installed, sorted."""

    @property
    def wheels(self) -> tuple[str, ...]:
        """Names of the distributions that are installed as wheels or not at all."""
        lines = (*self.requirements, *self.constraints)
        names = {canonicalize_name(Requirement(line).name) for line in lines}
        return tuple(sorted(names - _SOURCES_ONLY))

    @property
    def digest(self) -> str:
        """Names the folder of the environment: equal recipes share one."""
        text = json.dumps([self.python, self.requirements, self.constraints])
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def recipe_of(
    dependencies: str | None,
    versions: Mapping[str, str],
    *,
    own: Sequence[str],
    trusted: Collection[str] = (),
) -> Recipe:
    """The recipe for a run.

    Parameters
    ----------
    dependencies
        Of its flow, a PEP 508 line each; lines that are none are passed over.
    versions
        By distribution, with ``python``, as the run recorded them.
    own
        What this client needs itself, as PEP 508 lines.
    trusted
        Packages that the caller vouches for.

    Raises
    ------
    TaskError
        If the run recorded too little, or an older Python than this client runs on, or needs
        what nobody vouches for; nothing was installed then.
    """
    python = _python_of(versions)
    known = {
        canonicalize_name(name): version
        for name, text in versions.items()
        if name not in _NO_DISTRIBUTIONS and (version := _public(text)) is not None
    }
    wanted = {}
    for line in (dependencies or "").splitlines():
        requirement = _requirement(line)
        if requirement is None:
            continue
        name = canonicalize_name(distribution_named(requirement.name))
        pinned = f"=={known[name]}" if name in known else str(requirement.specifier)
        wanted[name] = f"{name}{pinned}"
    _check_vouched(wanted, own, trusted)
    return Recipe(
        python=python,
        requirements=tuple(sorted({*own, *wanted.values()})),
        constraints=tuple(sorted(f"{name}=={version}" for name, version in known.items())),
    )


def _python_of(versions: Mapping[str, str]) -> str:
    match = re.match(r"(\d+)\.(\d+)", versions.get("python", ""))
    if match is None:
        raise TaskError(
            "the run does not tell the Python and the versions that it had",
            hint="Reproduce it without isolated=True.",
        )
    if (int(match[1]), int(match[2])) < (3, 11):
        raise TaskError(
            f"the run had Python {match[0]}, and this client needs 3.11 or newer",
            hint="Reproduce it without isolated=True: the model may be the same with newer ones.",
        )
    return match[0]


def _public(text: str) -> str | None:
    """A version without its local part, which no index has; None if it is no version."""
    try:
        return Version(text).public
    except InvalidVersion:
        return None


def _requirement(line: str) -> Requirement | None:
    """The requirement of a line; none that names an address, whose content nobody knows."""
    try:
        requirement = Requirement(line.strip())
    except InvalidRequirement:
        return None
    return None if requirement.url else requirement


def _check_vouched(wanted: Iterable[str], own: Iterable[str], trusted: Collection[str]) -> None:
    vouched: set[str] = {canonicalize_name(re.split(r"[.:]", name)[0]) for name in trusted}
    vouched |= closure(own)
    strange = sorted(set(wanted) - vouched)
    if strange:
        raise TaskError(
            f"the flow needs packages that nobody vouches for: {', '.join(strange)}; nothing was "
            "installed",
            hint=f"If you trust them, say so: trusted={strange!r}.",
        )


def closure(lines: Iterable[str]) -> set[str]:
    """Names of all distributions that requirements lead to, as far as they are installed."""
    found: set[str] = set()
    pending = [canonicalize_name(Requirement(line).name) for line in lines]
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += [canonicalize_name(Requirement(line).name) for line in _needs(name)]
    return found


def _needs(distribution: str, extras: Collection[str] = ()) -> Iterator[str]:
    """Requirements of an installed distribution, with those of some extras."""
    try:
        lines = importlib.metadata.requires(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        return
    for line in lines:
        requirement = Requirement(line)
        marker, requirement.marker = requirement.marker, None
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield str(requirement)


def own_requirements(distributions: Iterable[str], *, extras: Collection[str] = ()) -> list[str]:
    """What this client and its extensions need of others."""
    names = [canonicalize_name(name) for name in distributions]
    lines = [line for name in names for line in _needs(name, extras if name == OURS else ())]
    return sorted(
        {line for line in lines if canonicalize_name(Requirement(line).name) not in names}
    )


def copy_code(distributions: Iterable[tuple[str, str]], folder: Path) -> None:
    """Copy packages as they are here, with what their entry points are found by.

    Parameters
    ----------
    distributions
        Name and top-level module of each.
    """
    for name, module in distributions:
        spec = importlib.util.find_spec(module)
        if spec is None or not spec.submodule_search_locations:
            raise MissingDependencyError(f"the package {module!r} of {name} is no folder of code")
        shutil.copytree(
            spec.submodule_search_locations[0],
            folder / module,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        distribution = importlib.metadata.distribution(name)
        label = canonicalize_name(name).replace("-", "_")
        described = folder / f"{label}-{distribution.version}.dist-info"
        described.mkdir()
        for file in ("METADATA", "entry_points.txt"):
            text = distribution.read_text(file)
            if text is not None:
                (described / file).write_text(text, "utf-8")


def find_uv() -> str:
    """Where uv is.

    Raises
    ------
    MissingDependencyError
        If it is not installed.
    """
    try:
        return str(importlib.import_module("uv").find_uv_bin())
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv")
    if found is None:
        raise MissingDependencyError(
            "uv, which builds environments, is not installed",
            hint="pip install 'openml-client[isolated]'",
        )
    return found


def build(recipe: Recipe, folder: Path, *, uv: str) -> Path:
    """The Python of an environment, which is built in the folder unless it is there already.

    Raises
    ------
    TaskError
        If it can't be built, with what uv says.
    """
    places = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    python = folder.joinpath("environment", *places)
    if (folder / _READY).is_file() and python.exists():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "requirements.txt").write_text("\n".join(recipe.requirements) + "\n", "utf-8")
    (folder / "constraints.txt").write_text("\n".join(recipe.constraints) + "\n", "utf-8")
    is_this = recipe.python == ".".join(map(str, sys.version_info[:2]))
    wanted = sys.executable if is_this else recipe.python
    _call_uv([uv, "venv", "--python", wanted, str(folder / "environment")])
    wheels = [option for name in recipe.wheels for option in ("--only-binary", name)]
    install = [uv, "pip", "install", *wheels, "--python", str(python)]
    files = ["--requirements", str(folder / "requirements.txt")]
    _call_uv([*install, *files, "--constraints", str(folder / "constraints.txt")])
    (folder / _READY).touch()
    return python


def _call_uv(command: Sequence[str]) -> None:
    # A run's environment is not of the project in whose folder the caller happens to be.
    environ = {name: v for name, v in os.environ.items() if name != "VIRTUAL_ENV"}
    run_process(
        [*command[:1], "--no-progress", *command[1:]],
        environ=environ,
        timeout_s=BUILD_TIMEOUT_S,
        what="the environment that the run recorded can't be built: uv",
        more_time="Try again: uv goes on with what it has downloaded.",
    )


def run_process(
    command: Sequence[str],
    *,
    environ: Mapping[str, str],
    timeout_s: float | None,
    what: str,
    stdin: str = "",
    more_time: str = "Give it more time: timeout_s=..., or --timeout on the command line.",
) -> None:
    """Wait for a process that ends well.

    Parameters
    ----------
    more_time
        What to do if it takes too long.

    Raises
    ------
    TaskError
        If it can't be started, takes too long, is killed or fails, with what it said last.
    """
    try:
        done = subprocess.run(  # noqa: S603 - a list, of our own making, and no shell
            list(command),
            env=dict(environ),
            input=stdin.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TaskError(
            f"{what} was stopped after {timeout_s:g} s",
            hint=more_time,
        ) from error
    except OSError as error:
        raise TaskError(f"{what} can't be started: {error}") from error
    if done.returncode == 0:
        return
    lines = done.stdout.decode("utf-8", "replace").strip().splitlines()
    said = "\n".join(lines[-SHOWN_LINES:]) or "It said nothing."
    if done.returncode < 0:
        raise TaskError(f"{what} was killed by signal {-done.returncode}", hint=said)
    raise TaskError(f"{what} ended with status {done.returncode}", hint=said)
