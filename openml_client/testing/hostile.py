"""Hostile descriptions made of honest ones, and a watch over what building them does."""

from __future__ import annotations

import json
import sys
from importlib.abc import MetaPathFinder
from typing import Any

from openml_client.errors import UntrustedError
from openml_client.extension import Description, Extension, Json, Trust
from openml_client.testing.cases import Suite

PROBE = "openml_client_testing_probe"
"""A package that does not exist: whoever looks for it has begun to import."""

_NAMES = (f"{PROBE}:Model", "os:mkdir", "subprocess:Popen", "builtins:eval", "this:s")
_TAILS = (".__init__.__globals__", ".__subclasses__")
"""Ways from a trusted class to all others."""
_EFFECTS = frozenset(
    {
        "os.exec",
        "os.fork",
        "os.mkdir",
        "os.posix_spawn",
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.system",
        "pickle.find_class",
        "shutil.rmtree",
        "socket.connect",
        "subprocess.Popen",
    }
)
"""Events of Python's auditing that no refusal has a reason for.  Source: the Python Standard
Library, "Audit events table"."""
_KEY = {"$node": "class", "$part": "class", "$call": "name", "$data": "class"}


def hostile_of(description: Description) -> dict[str, Description]:
    """Descriptions like this one, in each of which one name leads elsewhere.

    By what is wrong, as ``estimator sklearn.svm:SVC as os:mkdir``.
    """
    found: dict[str, Description] = {}
    for named in dict.fromkeys((name.kind, name.name) for name in description.references()):
        kind, name = named
        for other in (*_NAMES, *(name + tail for tail in _TAILS)):
            tree = _renamed(json.loads(json.dumps(description.tree)), kind, name, other)
            found[f"{kind} {name} as {other}"] = description.with_tree(tree)
    return found


def refusals(suite: type[Suite], _: dict[str, Any]) -> dict[str, Any]:
    """What is wrong with how each hostile description is refused, by its name.

    Everything that an honest build needs is loaded first, so that nothing that is loaded
    afterwards has an excuse.
    """
    extension = suite.extension
    own = {name: extension.describe(case.make()) for name, case in suite.cases.items()}
    for description in own.values():
        trust = Trust.of_own(extension.policy, description)
        extension.build(description, trust=trust, compat="semantic", notes=[])
    made = {
        f"{case}: {what}": hostile
        for case, description in own.items()
        for what, hostile in hostile_of(description).items()
    }
    watch = _Watch()
    sys.addaudithook(watch.notice)  # there is no way to take it off again: it is told to rest
    sys.meta_path.insert(0, watch)
    return {
        name: complaints
        for name, description in {**made, **suite.hostile}.items()
        if (complaints := _complaints(extension, description, watch))
    }


class _Watch(MetaPathFinder):
    """Notes modules that are looked for meanwhile, and what reaches out of the process."""

    def __init__(self) -> None:
        self._is_on = False
        self._complaints: list[str] = []
        self._before: set[str] = set()

    def notice(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take note of an event of Python's auditing."""
        if self._is_on and (event in _EFFECTS or (event == "open" and _writes(arguments))):
            self._complaints.append(f"meanwhile: {event} {arguments[:1]!r}")

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        """Take note of a module that is looked for, and leave it to others to find it."""
        if self._is_on:
            self._complaints.append(f"meanwhile: import of {fullname}")

    def start(self) -> None:
        """Begin to take notes."""
        self._complaints = []
        self._before = set(sys.modules)
        self._is_on = True

    def stop(self) -> list[str]:
        """Take no more notes, and give those that were taken."""
        self._is_on = False
        loaded = sorted(set(sys.modules) - self._before)
        return [*self._complaints, *(f"meanwhile: {name} was loaded" for name in loaded)]


def _complaints(extension: Extension, description: Description, watch: _Watch) -> list[str]:
    trust = Trust.of_strangers(extension.policy)
    outcome = ["it was built"]
    watch.start()
    try:
        extension.build(description, trust=trust, compat="semantic", notes=[])
    except UntrustedError as error:
        outcome = [] if error.names else ["the error does not say which names are not trusted"]
    except Exception as error:  # noqa: BLE001  # whatever else it raises is the finding
        outcome = [f"refused with {type(error).__name__}, not UntrustedError: {error}"]
    finally:
        seen = watch.stop()
    return outcome + seen


def _writes(arguments: tuple[Any, ...]) -> bool:
    mode = arguments[1] if len(arguments) > 1 else None
    return isinstance(mode, str) and any(letter in mode for letter in "wax+")


def _renamed(tree: Json, kind: str, name: str, other: str) -> Json:
    """The tree with another name wherever something of this kind has that name."""
    if isinstance(tree, list):
        return [_renamed(item, kind, name, other) for item in tree]
    if not isinstance(tree, dict):
        return tree
    new = {key: _renamed(item, kind, name, other) for key, item in tree.items()}
    for tag, payload in new.items():
        if tag in ("$function", "$class") and (tag, payload) == (f"${kind}", name):
            new[tag] = other
        elif tag == "$enum" and (kind, payload[0]) == ("data", name):
            new[tag] = [other, *payload[1:]]
        elif tag in _KEY and (payload.get("kind", "data"), payload[_KEY[tag]]) == (kind, name):
            payload[_KEY[tag]] = other
    return new
