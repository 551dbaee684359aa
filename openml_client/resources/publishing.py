"""What goes to a server when a dataset is published: its description, and its file."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from openml_client.errors import ArffError, FormatError, ValidationError
from openml_client.model.dataset import DatasetDraft

if TYPE_CHECKING:
    from openml_client.formats.publishable import DataFile
    from openml_client.model.dataset import DatasetEdit

FORMATS = ("ARFF", "Sparse_ARFF")
"""What servers take, in any case.  Source: protocol note, section 2."""

_URL = re.compile("https?://", re.IGNORECASE)

_logger = logging.getLogger("openml_client")


def prepared(
    draft: DatasetDraft, data: Any, columns: Sequence[str] | None
) -> tuple[DatasetDraft, bytes | None]:
    """The draft with the format and address of its data, and the content of its file, if any.

    Raises
    ------
    ValidationError
        If the draft contradicts the data, or this is no data that can be published.
    ArffError
        If the data can't be written as ARFF, or is no ARFF file.
    """
    _check_format(draft)
    if isinstance(data, str) and _URL.match(data):
        _check_url(draft, data)
        return replace(draft, url=data), None
    if data is None:
        if draft.url is None:
            raise ValidationError(
                f"the draft {draft.name!r} can't be published: it has no url, and its data is None",
                hint="Give the data as the second argument.",
            )
        return draft, None
    if draft.url is not None:
        raise ValidationError(
            f"the draft {draft.name!r} has the url {draft.url}, and data was given as well",
            hint="Give one of them. Where the data came from is told by original_data_url.",
        )
    file = _file(draft, data, columns)
    names = [attribute.name for attribute in file.attributes]
    check_columns(draft, names, what=f"the draft {draft.name!r}")
    _check_target(draft)
    if draft.format.lower() != file.format.lower():
        if not file.is_sparse:
            raise ValidationError(
                f"the draft {draft.name!r} has the format {draft.format}, and its data is dense",
                hint="Leave the format out, or give a scipy matrix or a frame with sparse columns.",
            )
        draft = replace(draft, format=file.format)
    return draft, file.content


def _file(draft: DatasetDraft, data: Any, columns: Sequence[str] | None) -> DataFile:
    # Heavy with numpy, and only needed here.
    from openml_client.formats.publishable import data_file

    try:
        return data_file(data, draft.name, columns=columns)
    except ArffError:
        raise
    except FormatError as error:
        raise ValidationError(error.message, hint=error.hint) from error


def _check_format(draft: DatasetDraft) -> None:
    if draft.format.lower() not in {known.lower() for known in FORMATS}:
        raise ValidationError(
            f"the draft {draft.name!r} has the format {draft.format!r}, which no server takes",
            hint=f"It is one of {', '.join(FORMATS)}, or left out.",
        )


def _check_url(draft: DatasetDraft, url: str) -> None:
    if draft.url not in {None, url}:
        raise ValidationError(
            f"the draft {draft.name!r} has the url {draft.url}, and {url} was given as its data",
            hint="Give one of them.",
        )


def check_columns(said: DatasetDraft | DatasetEdit, names: Sequence[str], *, what: str) -> None:
    """Refuse what names columns that the data does not have.

    Raises
    ------
    ValidationError
        With the field, the name and the columns that there are.
    """
    fields = {
        "default_target_attribute": said.target_names,
        "row_id_attribute": (said.row_id_attribute,) if said.row_id_attribute else (),
        "ignore_attributes": said.ignore_attributes,
    }
    for field, wanted in fields.items():
        missing = [name for name in wanted if name not in names]
        if missing:
            raise ValidationError(
                f"{field} of {what} names {missing[0]!r}, and the data has no such column",
                hint=f"Its columns are {', '.join(names[:50])}.",
            )


def _check_target(draft: DatasetDraft) -> None:
    """Warn of a draft that will be of little use."""
    if len(draft.target_names) != 1:
        _logger.warning(
            "the dataset %r has no single default_target_attribute: the server will leave it in "
            "preparation, so that lists don't show it and it gets no tasks; "
            "client.datasets.edit(id, default_target_attribute=...) names one later",
            draft.name,
        )
