"""Where things lie in the cache: ``v1/HOST/KEY``."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from urllib.parse import urlsplit

VERSION = "v1"
"""Changes when the layout does; another version's folder is left alone."""

# No capitals: some file systems don't tell them from small letters. No dot at the beginning: so
# begin the names of what lies beside the entries.
_PART = re.compile(r"[a-z0-9][a-z0-9._-]{0,120}")
_HASHED = re.compile(r"x-[0-9a-f]{40}")
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
"""Names that Windows gives to devices, in every folder."""


def host_folder(server: str) -> str:
    """Name of a server's folder: ids of one server never meet those of another."""
    split = urlsplit(server)
    if not split.hostname:
        return "local"
    port = f"-{split.port}" if split.port else ""
    base = split.path.strip("/")
    return _safe(f"{split.scheme}-{split.hostname}{port}" + (f"-{base}" if base else ""))


def entry_path(root: Path, key: str) -> Path:
    """Path of an entry below ``root``; no key leads out of it, and no two lead to one path."""
    return root.joinpath(*(_safe(part) for part in key.split("/")))


def checksum_path(path: Path) -> Path:
    """Path of the checksum of an entry."""
    return path.with_name(f".{path.name}.sha256")


def lock_path(path: Path) -> Path:
    """Path of the lock of an entry."""
    return path.with_name(f".{path.name}.lock")


def _safe(part: str) -> str:
    """Name of a file, whatever a server may have written; odd ones become their hash."""
    is_plain = _PART.fullmatch(part) and not part.endswith(".")
    if is_plain and not _DEVICES.fullmatch(part) and not _HASHED.fullmatch(part):
        return part
    return "x-" + hashlib.sha256(part.encode("utf-8", "surrogatepass")).hexdigest()[:40]
