"""An OpenML registry in a folder: the same protocol as openml.org, without a server."""

from openml_client.registry.core import Registry
from openml_client.registry.store.users import Group, User

__all__ = ["Group", "Registry", "User"]
