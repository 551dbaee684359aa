"""The versions that a run had, by what it recorded, and those that are here."""

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
    try:
        environment = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"the environment.json of the run is no JSON: {error}") from error
    if not isinstance(environment, dict):
        raise FormatError(
            f"the environment.json of the run is no object but {type(environment).__name__}"
        )
    return versions_of(environment)


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
