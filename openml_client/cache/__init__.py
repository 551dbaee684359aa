"""The cache: content on disk with its checksum, safe across threads and processes."""

from openml_client.cache.store import Cache

__all__ = ["Cache"]
