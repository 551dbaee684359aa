"""Copies of what a server has, with the ids that it has there, in the registry of a folder.

A mirror reads through a client, whatever server that is of, and writes through the registry's
importing.  Each thing is there as a whole or not at all, so that a mirror may be ended at any
point and called again.
"""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, Any

from openml_client.config import registry_folder
from openml_client.errors import (
    MissingDependencyError,
    OfflineError,
    RegistryError,
    ValidationError,
)
from openml_client.model.mirror import Mirrored

if TYPE_CHECKING:
    from openml_client.client import Client

MAX_WORKERS = 64
"""More requests at once are an attack to most servers."""


def mirror(
    client: Client,
    folder: str | PathLike[str],
    *,
    datasets: Iterable[Any] = (),
    tasks: Iterable[Any] = (),
    suites: Iterable[Any] = (),
    studies: Iterable[Any] = (),
    runs_of_tasks: Iterable[Any] = (),
    workers: int = 8,
    progress: bool = True,
) -> Mirrored:
    """What was copied from a client's server into a folder; see `Client.mirror`.

    Raises
    ------
    ValidationError
        If nothing is asked for, or the folder is the very registry that is read.
    MissingDependencyError
        If the packages of the registry are not installed.
    RegistryError
        If the folder can't be written, or not any more: its disk is full, say.
    """
    place = Path(folder).expanduser().absolute()
    _check(client, place, workers)
    wanted = {
        "datasets": _several(datasets),
        "tasks": _several(tasks),
        "suites": _several(suites),
        "studies": _several(studies),
        "runs_of_tasks": _several(runs_of_tasks),
    }
    if not any(wanted.values()):
        raise ValidationError(
            "a mirror of nothing was asked for", hint=f"Give one of {', '.join(wanted)}."
        )
    try:
        from openml_client.mirror.copying import Copier
        from openml_client.registry import Registry
    except ImportError as error:
        raise MissingDependencyError(
            f"a mirror needs a package that is missing: {error.name}",
            hint="Install it with `pip install 'openml-client[registry]'`.",
        ) from error
    with Registry.open(place) as registry:
        copier = Copier(client, registry, workers=workers, progress=progress)
        try:
            return copier.copy(**wanted)
        except OSError as error:  # of files alone: the client's errors are its own
            raise _not_written(place, error) from error


def _check(client: Client, place: Path, workers: int) -> None:
    settings = client.settings
    if settings.is_local and registry_folder(settings.server).resolve() == place.resolve():
        raise ValidationError(
            f"{place} can't be mirrored into itself", hint="Name another folder for the mirror."
        )
    if client.is_offline:
        raise OfflineError(
            f"the client is offline, and {settings.server} was to be mirrored",
            hint=settings.way_online,
        )
    if not 1 <= workers <= MAX_WORKERS:
        raise ValidationError(f"a mirror has 1 to {MAX_WORKERS} workers, not {workers}")


def _not_written(place: Path, error: OSError) -> RegistryError:
    at = f" at {error.filename}" if error.filename else ""
    return RegistryError(
        f"the mirror in {place} can't go on: {error.strerror or error}{at}",
        hint=f"Mend that there, or in {gettempdir()}, where large files are while they are fetched,"
        " and mirror again: what was copied is kept.",
    )


def _several(given: Any) -> tuple[Any, ...]:
    """What was given, one by one; a single thing may be given as it is."""
    is_one = isinstance(given, str) or not isinstance(given, Iterable)
    return (given,) if is_one else tuple(given)
