"""Flows that another program wrote: read by the extension of their framework."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from openml_client.errors import FlowError
from openml_client.model.flow import Flow

if TYPE_CHECKING:
    from openml_client.extension.description import Description
    from openml_client.extension.protocol import Note
    from openml_client.extension.structure import Address

    Notes = list[Note]  # for classes with a method ``list``


def is_own(flow: Flow) -> bool:
    """Whether this client wrote the flow, so that its source holds a description."""
    from openml_client.extension.flows import extension_of

    return extension_of(flow.external_version) is not None and flow.source_url is not None


def reader_of(flow: Flow) -> str | None:
    """Name of the extension that describes the flow, or None if none does."""
    from openml_client.extension.discovery import find_translator
    from openml_client.extension.flows import extension_of

    if is_own(flow):
        return extension_of(flow.external_version)
    found = find_translator(flow.external_version)
    return found[0].name if found is not None else None


def translated(
    flow: Flow,
    settings: Mapping[Address, str | None] | None = None,
    *,
    given: Mapping[Address, str] | None = None,
    is_complete: bool = True,
    notes: list[Note] | None = None,
) -> Description:
    """The description of the model of a flow that another program wrote.

    Parameters
    ----------
    settings
        Values of a run or setup, in the form of that program.
    given
        Typed JSON of values that the caller sets instead.
    notes
        Takes what could not be read as it was written; it is logged without.

    Raises
    ------
    FlowError
        If no installed extension reads such flows, or this one can't be read.
    """
    from openml_client.extension.discovery import find_translator
    from openml_client.extension.flows import extension_of

    is_damaged = extension_of(flow.external_version) is not None  # ours, without its source
    found = None if is_damaged else find_translator(flow.external_version)
    if found is None:
        raise FlowError(
            f"flow {flow.id} ({flow.name}) was not written by openml_client, so it holds no "
            "description that could be rebuilt, and no installed extension reads it",
            hint=f"Its external version is {flow.external_version!r}; the extension of the "
            "framework that it names may read it.",
        )
    collected: list[Note] = [] if notes is None else notes
    description = found[1].translate(
        flow,
        settings or {},
        given={address: json.loads(text) for address, text in (given or {}).items()},
        is_complete=is_complete,
        notes=collected,
    )
    if notes is None:
        log_notes(collected)
    return description


def log_notes(notes: Iterable[Note]) -> None:
    """Tell the user of what was changed while a model was rebuilt."""
    for note in notes:
        logging.getLogger("openml_client").warning("%s", note)
