"""The environment of a run, and what a model needs to be rebuilt."""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import os
import platform
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from openml_client.extension.description import Description
from openml_client.extension.identity import Json
from openml_client.extension.references import framework_of, top_level
from openml_client.extension.tree import node_classes


def environment() -> dict[str, Any]:
    """What this process runs on, as JSON: ``environment.json`` of a run.

    No path, user or host name is in it.
    """
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "libc": "-".join(part for part in platform.libc_ver() if part),
        "cpus": os.cpu_count(),
        "distributions": _imported_distributions(),
        "threads": _thread_pools(),
    }


def installed_version(distribution: str) -> str | None:
    """Version of a distribution in this environment, or None if it is not installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


_NAMED_BY_MODULE = {"sklearn": "scikit-learn"}


def distribution_named(name: str) -> str:
    """The distribution that openml-python calls by its module, as ``sklearn``, installed or not."""
    return _NAMED_BY_MODULE.get(name, name)


def requirements(description: Description) -> tuple[str, ...]:
    """PEP 508 lines for all packages that the description names code of, pinned."""
    modules = {top_level(named.name) for named in description.references()}
    return tuple(sorted(pinned(modules).values()))


def frameworks_of(tree: Json) -> Mapping[str, str]:
    """Requirement by top-level module, for the classes of all nodes in a tree."""
    return pinned(framework_of(name) for name in node_classes(tree))


def pinned(modules: Iterable[str]) -> Mapping[str, str]:
    """Requirement by top-level module, as ``sklearn``: ``scikit-learn==1.9.1``.

    Public versions only (no ``+cpu``).  Modules that belong to no distribution are left out:
    the standard library, and a user's own files.
    """
    found = {}
    for module in sorted(set(modules) - sys.stdlib_module_names):
        requirement = _requirement(module)
        if requirement is not None:
            found[module] = requirement
    return found


@functools.cache
def _requirement(module: str) -> str | None:
    names = sorted(_distributions().get(module, ()))
    if not names:
        return None
    return f"{names[0]}=={_version(names[0]).partition('+')[0]}"


@functools.cache
def _distributions() -> Mapping[str, list[str]]:
    """Distributions by top-level module; reading them all takes some 0.1 s."""
    return importlib.metadata.packages_distributions()


def _imported_distributions() -> dict[str, str]:
    modules = {name.partition(".")[0] for name in sys.modules}
    names = {name for module in modules for name in _distributions().get(module, ())}
    return {name: _version(name) for name in sorted(names)}


# What is imported stays as it is, whatever is installed meanwhile.
_version = functools.cache(importlib.metadata.version)


def _thread_pools() -> list[dict[str, Any]]:
    """BLAS and OpenMP with their threads; empty where threadpoolctl is not installed."""
    if importlib.util.find_spec("threadpoolctl") is None:
        return []
    import threadpoolctl

    keep = ("user_api", "internal_api", "prefix", "version", "num_threads", "architecture")
    pools = [{k: pool[k] for k in keep if k in pool} for pool in threadpoolctl.threadpool_info()]
    return sorted(pools, key=lambda pool: sorted(map(str, pool.items())))
