"""The extension that handles a model, found by entry point."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Collection, Iterable
from importlib.metadata import EntryPoint, entry_points

from openml_client.errors import FlowError, MissingDependencyError
from openml_client.extension.protocol import API, Extension, Translator
from openml_client.extension.references import OWN_PREFIX

GROUP = "openml_client.extensions"
EXTENDED = "openml_client.extended"
"""Entry points of extensions that take over some models of the extension of that name: pipelines
whose last step they know, say."""

_OURS = {"sklearn": "sklearn", "torch": "torch", "skorch": "torch"}
"""The extension that this project makes, by framework."""


def find_extension(model: object) -> Extension:
    """Extension of a model: of its class, or of the nearest base class that has one.

    The name of an entry point is the top-level module whose classes it handles, so nothing is
    imported to find out.  Those that extend it (`EXTENDED`) are asked whether the model is theirs.

    Raises
    ------
    MissingDependencyError
        If no extension for the model is installed.
    FlowError
        If two say that the model is theirs.
    """
    roots = [cls.__module__.partition(".")[0] for cls in type(model).__mro__]
    installed = _installed(roots)
    for root in roots:
        if root in installed:
            return _extending(root, model) or _load(root, installed[root])
    cls = type(model)
    raise MissingDependencyError(
        f"no extension handles {cls.__module__}.{cls.__qualname__}",
        hint=_advice(roots, installed),
    )


def get_extension(name: str) -> Extension:
    """Extension of this name.

    Raises
    ------
    MissingDependencyError
        If it is not installed, or can't be imported.
    FlowError
        If two distributions provide it, or it was written for another version of the protocol.
    """
    installed = _installed([name])
    if name not in installed:
        have = f"Installed: {', '.join(sorted(installed))}. " if installed else ""
        raise MissingDependencyError(
            f"no extension {name!r} is installed", hint=f"{have}{_advice([name], installed)}"
        )
    return _load(name, installed[name])


def find_translator(external_version: str | None) -> tuple[Extension, Translator] | None:
    """Extension that reads another program's flows of this version, or None.

    ``openml==0.15.1,sklearn==1.5.2`` names the framework ``sklearn``, whose extension is asked.
    """
    names = re.findall(r"(\w+)==", external_version or "")
    installed = _installed(names)
    for name in names:
        if name in installed:
            extension = _load(name, installed[name])
            if isinstance(extension, Translator):
                return extension, extension
    return None


def _extending(name: str, model: object) -> Extension | None:
    """The extension that takes the model over from the one of this name, or None."""
    takers: dict[str, Extension] = {}
    for point in _found_on(EXTENDED, tuple(sys.path)).get(name, ()):
        extension = _load(name, [point])
        if extension.can_describe(model):
            takers[point.value] = extension
    if len(takers) > 1:
        raise FlowError(
            f"two extensions take a {type(model).__qualname__}: {' and '.join(sorted(takers))}",
            hint="Name one: client.flows.from_model(model, extension=...).",
        )
    return next(iter(takers.values()), None)


def _advice(roots: Iterable[str], installed: Collection[str]) -> str:
    name = next((_OURS[root] for root in roots if root in _OURS), None)
    if name is None and installed:
        # Extensions have a name for classes of their own, too, which tells nobody anything.
        names = ", ".join(sorted(name for name in installed if not name.startswith(OWN_PREFIX)))
        return f"Extensions are installed for {names}: give a model of theirs."
    return f"pip install openml-client-{name or 'sklearn'}"


def _installed(wanted: Iterable[str]) -> dict[str, list[EntryPoint]]:
    """All extensions; looked for again if none of the wanted ones was there before."""
    found = _found_on(GROUP, tuple(sys.path))
    if found.keys().isdisjoint(wanted):
        _found_on.cache_clear()
        found = _found_on(GROUP, tuple(sys.path))
    return found


@functools.cache
def _found_on(group: str, _: tuple[str, ...]) -> dict[str, list[EntryPoint]]:
    # Every fold asks, and reading the lists of all distributions takes 10 ms.
    found: dict[str, dict[tuple[str, str], EntryPoint]] = {}
    for point in entry_points(group=group):
        # One distribution may be seen twice: installed, and as an editable checkout.
        found.setdefault(point.name, {})[_owner(point), point.value] = point
    return {name: list(points.values()) for name, points in found.items()}


def _owner(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "?"


def _load(name: str, points: list[EntryPoint]) -> Extension:
    if len(points) > 1:
        who = " and ".join(sorted(f"{_owner(point)} ({point.value})" for point in points))
        raise FlowError(
            f"two distributions provide the extension {name!r}: {who}",
            hint="Uninstall one of them.",
        )
    (point,) = points
    try:
        extension = point.load()
    except ImportError as error:
        raise MissingDependencyError(
            f"the extension {name!r} ({point.value}) can't be imported: {error}"
        ) from error
    if not isinstance(extension, Extension) or extension.api != API:
        raise FlowError(
            f"the extension {name!r} ({point.value}) does not speak version {API} of the protocol",
            hint="pip install --upgrade openml-client and the extension.",
        )
    return extension
