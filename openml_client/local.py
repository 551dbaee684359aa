"""The embedded registry as a server of the client: ``local`` and ``local:PATH``."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from openml_client.config import ApiKey, Settings, registry_folder
from openml_client.errors import MissingDependencyError

if TYPE_CHECKING:
    from openml_client.registry import Registry
    from openml_client.transport import Transport

__all__ = ["LocalServer", "open_local", "registry_folder"]


@dataclass(frozen=True)
class LocalServer:
    """An embedded registry, opened in this process."""

    registry: Registry
    transport: Transport
    settings: Settings

    def close(self) -> None:
        """Close the registry."""
        self.registry.close()


def open_local(settings: Settings) -> LocalServer:
    """Open the registry that the settings name, which is made if it is missing.

    The registry's own key is used where the settings have none. The cache lies inside the
    registry's folder unless the caller chose another one: it goes with the registry when the
    folder is deleted, so that no later registry of that name meets stale entries.

    Raises
    ------
    RegistryError
        If the folder is no registry, or a broken one.
    MissingDependencyError
        If the packages of the registry are not installed.
    """
    try:
        from openml_client.registry import Registry
        from openml_client.transport import InProcessTransport
    except ImportError as error:
        raise MissingDependencyError(
            f"the embedded registry needs a package that is missing: {error.name}",
            hint="Install it with `pip install 'openml-client[registry]'`.",
        ) from error
    folder = registry_folder(settings.server)
    registry = Registry.open(folder, fetch="none" if settings.offline else "public")
    key = settings.api_key or ApiKey(registry.local_key, f"the registry in {folder}")
    cache_dir = folder / "cache"
    if "cache_dir" in settings.sources:
        # Ids of one registry mean nothing in another, so each has a folder of its own there.
        mark = hashlib.sha256(registry.local_key.encode()).hexdigest()[:12]
        cache_dir = settings.cache_dir / f"registry-{mark}"
    settings = replace(settings, api_key=key, cache_dir=cache_dir)
    transport = InProcessTransport(registry.wsgi_app, settings)
    return LocalServer(registry, transport, settings)
