"""The settings of a client, put together from all places that may say something."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openml_client.config.files import Found, Layer, files_to_read, read_file, warn
from openml_client.config.values import DEFAULT_SERVER, PARSERS, ApiKey, check_key, is_local
from openml_client.errors import ConfigError

DEFAULT_TIMEOUT_S = 30.0
"""A server that stays silent this long is given up."""
DEFAULT_RETRIES = 4
CONNECT_SHARE = 1 / 6
"""Part of the timeout that connecting may take: 5 s of the default 30 s."""
DEADLINE_FACTOR = 10
"""Metadata must be complete, retries included, within this many timeouts: 300 s by default."""

_VARIABLES = {
    "server": "OPENML_SERVER",
    "api_key": "OPENML_API_KEY",
    "cache_dir": "OPENML_CACHE_DIR",
    "offline": "OPENML_OFFLINE",
    "timeout_s": "OPENML_TIMEOUT",
}

_logger = logging.getLogger("openml_client")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a client needs to know before it does anything."""

    server: str = DEFAULT_SERVER
    """Origin and base path of a v1 server, without ``/api/v1``; or ``local``, ``local:PATH``."""
    api_key: ApiKey | None = None
    cache_dir: Path
    """Need not exist."""
    offline: bool = False
    connect_timeout_s: float = DEFAULT_TIMEOUT_S * CONNECT_SHARE
    read_timeout_s: float = DEFAULT_TIMEOUT_S
    deadline_s: float = DEFAULT_TIMEOUT_S * DEADLINE_FACTOR
    retries: int = DEFAULT_RETRIES
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Where each setting that is no default came from, by name."""

    @property
    def is_local(self) -> bool:
        """Whether the server is an embedded registry of this process."""
        return is_local(self.server)

    @property
    def way_online(self) -> str:
        """What to change so that an offline client asks its server, for errors."""
        source = self.sources.get("offline", "")
        if source.startswith("argument"):
            return "It was made with offline=True; with offline=False it asks."
        if source.startswith("file"):
            return f"Set OPENML_OFFLINE=0, or take offline out of {source}."
        return "Unset OPENML_OFFLINE."


def load_settings(
    server: str | None = None,
    *,
    api_key: str | ApiKey | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
    offline: bool | None = None,
    timeout_s: float | None = None,
    retries: int | None = None,
    environ: Mapping[str, str] | None = None,
    config_file: str | os.PathLike[str] | None = None,
) -> Settings:
    """The settings that hold now, for these arguments, this environment and these files.

    With ``config_file`` this file alone is read, in either format.

    Raises
    ------
    ConfigError
        If an argument or an environment variable is malformed, or ``config_file`` is missing.
    """
    environ = os.environ if environ is None else environ
    arguments = {
        "server": server,
        "api_key": api_key,
        "cache_dir": cache_dir,
        "offline": offline,
        "timeout_s": timeout_s,
        "retries": retries,
    }
    given = _strict_layer(arguments, lambda name: f"argument {name}")
    environment = _strict_layer(
        # An empty variable is an unset one, as everywhere in a shell.
        {name: environ.get(variable) or None for name, variable in _VARIABLES.items()},
        lambda name: f"environment variable {_VARIABLES[name]}",
    )
    files = [read_file(path) for path in files_to_read(environ, config_file)]
    found = _merge(given, environment, files)

    def value(name: str, default: Any) -> Any:
        return found[name].value if name in found else default

    timeout = value("timeout_s", DEFAULT_TIMEOUT_S)
    address = value("server", DEFAULT_SERVER)
    return Settings(
        server=address,
        api_key=_usable(address, value("api_key", None)),
        cache_dir=value("cache_dir", None) or _default_cache_dir(),
        offline=value("offline", False),
        connect_timeout_s=timeout * CONNECT_SHARE,
        read_timeout_s=timeout,
        deadline_s=timeout * DEADLINE_FACTOR,
        retries=value("retries", DEFAULT_RETRIES),
        sources={name: item.source for name, item in found.items()},
    )


def _usable(server: str, key: ApiKey | None) -> ApiKey | None:
    """The key; what is none of this server's is an error, and a warning if a file says it."""
    if key is None:
        return None
    try:
        check_key(server, key.reveal())
    except ConfigError as error:
        if not key.source.startswith("file"):
            raise ConfigError(f"{key.source}: {error.message}", hint=error.hint) from None
        warn(f"{key.source}: {error.message}; it is ignored")
        return None
    return key


def _strict_layer(values: Mapping[str, Any], source_of: Callable[[str], str]) -> Layer:
    """Parsed values; a malformed one raises ConfigError that names where it stands."""
    layer = {}
    for name, value in values.items():
        if value is None:
            continue
        source = source_of(name)
        try:
            layer[name] = Found(PARSERS[name](value, source), source)
        except ConfigError as error:
            raise ConfigError(f"{source}: {error.message}", hint=error.hint) from None
    return layer


def _merge(given: Layer, environment: Layer, files: list[Layer]) -> Layer:
    """The first of the layers that has a value wins, but a file's key stays with its server."""
    layers = (given, environment, *files)
    servers = [layer["server"].value for layer in layers if "server" in layer]
    server = servers[0] if servers else DEFAULT_SERVER
    for layer in files:
        keys = layer.pop("keys", None)
        own = keys.value.get(server) if keys and not is_local(server) else None
        if own:
            layer["api_key"] = Found(own, own.source)
            continue
        home = layer["server"].value if "server" in layer else DEFAULT_SERVER
        if home != server and (key := layer.pop("api_key", None)):
            _logger.info("the API key from %s is for %s, not for %s", key.source, home, server)
    if is_local(server):
        environment.pop("api_key", None)
    merged: Layer = {}
    for layer in reversed(layers):
        merged |= layer
    return merged


def registry_folder(server: str) -> Path:
    """Folder of ``local:PATH``, or the user's own one of ``local``."""
    _, _, path = server.partition(":")
    if path:
        return Path(path).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("openml-client") / "registry"


def _default_cache_dir() -> Path:
    import platformdirs

    folder = platformdirs.user_cache_path("openml-client")
    if folder.is_absolute():
        return folder
    # No home folder is known, as in some containers.
    import tempfile

    return Path(tempfile.gettempdir()) / "openml-client"
