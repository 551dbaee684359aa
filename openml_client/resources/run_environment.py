"""The versions and the code that a run had, by what it recorded, and those that are here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from openml_client.errors import FormatError

SETUP_STRING_NAMES = {
    "Python": "python",
    "Sklearn": "scikit-learn",
    "NumPy": "numpy",
    "SciPy": "scipy",
}
"""What openml-python calls the packages whose versions it records in the setup string of a run,
as ``Python_3.11.7. Sklearn_1.5.2. NumPy_1.26.4. SciPy_1.13.1.``."""

_SOURCES = "sources"
"""Key of an ``environment.json``: hashes of texts by module."""

_RECORDED = re.compile(r"\b([A-Z]\w*?)_(\d[\w.+!-]*?)\.(?=\s|$)")


def versions_of(environment: Mapping[str, Any]) -> dict[str, str]:
    """Interpreter, system and distributions of an ``environment.json``."""
    names = ("python", "system", "machine")
    platform = {name: str(environment[name]) for name in names if name in environment}
    distributions = environment.get("distributions")
    found = distributions if isinstance(distributions, dict) else {}
    return {**platform, **{str(name): str(version) for name, version in found.items()}}


def recorded_versions(content: bytes | None, setup_string: str | None) -> dict[str, str]:
    """Versions by distribution, with ``python``, that a run recorded; {} if it did not.

    Parameters
    ----------
    content
        Of its ``environment.json``, if it has one.
    setup_string
        Where openml-python keeps the versions.

    Raises
    ------
    FormatError
        If the file is no JSON object.
    """
    if content is None:
        found = dict(_RECORDED.findall(setup_string or ""))
        return {name: found[key] for key, name in SETUP_STRING_NAMES.items() if key in found}
    return versions_of(_read(content))


def with_sources(environment: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, Any]:
    """An environment that also tells the hashes of modules' texts."""
    from openml_client.extension.sources import text_hash

    if not texts:
        return dict(environment)
    return {**environment, _SOURCES: {module: text_hash(text) for module, text in texts.items()}}


def changed_sources(content: bytes | None, texts: Mapping[str, str]) -> tuple[str, ...]:
    """Which modules have another text here than a run had, in words.

    Parameters
    ----------
    content
        Of the run's ``environment.json``, if it has one.
    texts
        Those that are here, by module.

    Raises
    ------
    FormatError
        If the file is no JSON object.
    """
    from openml_client.extension.sources import text_hash

    recorded = _read(content).get(_SOURCES) if content is not None else None
    had = recorded if isinstance(recorded, dict) else {}
    here = {module: text_hash(text) for module, text in texts.items()}
    return tuple(
        f"the code of {module} is not what the run had: sha256 {str(had[module])[:12]} there, "
        f"{here[module][:12]} here"
        for module in sorted(here.keys() & had.keys())
        if here[module] != had[module]
    )


def _read(content: bytes) -> dict[str, Any]:
    try:
        environment = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"the environment.json of the run is no JSON: {error}") from error
    if not isinstance(environment, dict):
        raise FormatError(
            f"the environment.json of the run is no object but {type(environment).__name__}"
        )
    return environment


def versions_here(names: Iterable[str]) -> dict[str, str]:
    """The versions that this process has; of the names, those that are installed, too."""
    from openml_client.extension.environment import environment, installed_version

    here = versions_of(environment())
    for name in set(names) - here.keys():
        # Names of distributions have no blanks and dots alone; what a file says may be anything.
        if re.fullmatch(r"[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?", name):
            version = installed_version(name)  # installed, but not imported by this process
            if version is not None:
                here[name] = version
    return here
