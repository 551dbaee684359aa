"""The files that a flow is published with: source and binary."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openml_client.errors import ValidationError
from openml_client.model.flow import FlowDraft

if TYPE_CHECKING:
    from openml_client.transport import FilePart


def with_files(
    draft: FlowDraft, *, source: bytes | Path | None = None, binary: bytes | Path | None = None
) -> FlowDraft:
    """The draft with these files in the place of its own, and the md5 of all that it holds.

    Raises
    ------
    ValidationError
        If a file is not there, or is neither bytes nor a path.
    """
    fields: dict[str, Any] = {}
    for kind, given in (("source", source), ("binary", binary)):
        content = getattr(draft, kind)
        if given is not None:
            content, name = _read(given, kind)
            fields[kind] = content
            fields |= {f"{kind}_name": name} if name else {}
        if content is not None:
            if not isinstance(content, bytes):
                raise _no_file(kind, content)
            fields[f"{kind}_md5"] = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return replace(draft, **fields)


def files_of(draft: FlowDraft) -> tuple[FilePart, ...]:
    """The files of a draft, as they are sent."""
    from openml_client.transport import FilePart

    parts = (
        ("source", draft.source_name, draft.source),
        ("binary", draft.binary_name, draft.binary),
    )
    return tuple(
        FilePart(name=name, filename=filename, content=content)
        for name, filename, content in parts
        if content is not None
    )


def _read(given: bytes | Path, kind: str) -> tuple[bytes, str | None]:
    """Content, and the name of the file where there is one."""
    if isinstance(given, bytes):
        return given, None
    if isinstance(given, str | Path):
        path = Path(given)
        if path.is_file():
            return path.read_bytes(), path.name
        raise ValidationError(f"there is no file {path} to publish as the {kind} of a flow")
    raise _no_file(kind, given)


def _no_file(kind: str, given: object) -> ValidationError:
    return ValidationError(
        f"the {kind} of a flow is bytes or the path of a file, not of the type "
        f"{type(given).__name__}"
    )
