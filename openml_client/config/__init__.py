"""Settings of a client: arguments > environment > our file > openml-python's file > defaults.

``load_settings`` looks at all of them when it is called, never at import, and makes neither a
file nor a folder. A wrong argument or environment variable raises ConfigError, because
somebody just wrote it; a wrong file is warned of, with its line, and the defaults are used.

A key in a file belongs to one server and goes to no other: to the one that it stands for in the
table ``[keys]``, or as ``api_key`` to the ``server`` of that file. The key of the environment
goes to any server but the embedded registry, which has its own.
"""

from openml_client.config.files import ConfigWarning, SavedKey, config_path, save_key
from openml_client.config.settings import Settings, load_settings, registry_folder
from openml_client.config.values import (
    DEFAULT_SERVER,
    ApiKey,
    check_key,
    is_local,
    is_usual_key,
    normalise_server,
)

__all__ = [
    "DEFAULT_SERVER",
    "ApiKey",
    "ConfigWarning",
    "SavedKey",
    "Settings",
    "check_key",
    "config_path",
    "is_local",
    "is_usual_key",
    "load_settings",
    "normalise_server",
    "registry_folder",
    "save_key",
]
