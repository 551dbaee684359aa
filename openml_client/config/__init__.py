"""Settings of a client: arguments > environment > our file > openml-python's file > defaults.

``load_settings`` looks at all of them when it is called, never at import, and makes neither a
file nor a folder. A wrong argument or environment variable raises ConfigError, because
somebody just wrote it; a wrong file is warned of, with its line, and the defaults are used.

A key in a file belongs to the server of that file and goes to no other; the key of the
environment goes to any server but the embedded registry, which has its own.
"""

from openml_client.config.files import ConfigWarning, config_path, save_settings
from openml_client.config.settings import DEFAULT_SERVER, Settings, load_settings
from openml_client.config.values import ApiKey, normalise_server

__all__ = [
    "DEFAULT_SERVER",
    "ApiKey",
    "ConfigWarning",
    "Settings",
    "config_path",
    "load_settings",
    "normalise_server",
    "save_settings",
]
