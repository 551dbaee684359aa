"""What all writes have in common: values checked before, and answers that got lost looked up."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from openml_client.errors import OfflineError, ServerError, TransportError, ValidationError
from openml_client.wire.codes import NOT_INDEXED
from openml_client.wire.scalars import TAG
from openml_client.wire.vocabulary import STATUSES

T = TypeVar("T")


def write_once(write: Callable[[], T], *, look_up: Callable[[], T | None]) -> T:
    """What a write gives, also where its answer was lost on the way.

    The thing is looked up then, and the write repeated only if it proves not to have happened.
    A server that could not index the change answers an error although it made it; that is an
    answer lost too.

    Parameters
    ----------
    look_up
        Gives what the write would have given, or None if it has not happened.
    """
    try:
        return write()
    except (TransportError, ServerError) as error:
        if not _may_be_taken(error):
            raise
        try:
            found = look_up()
        except (TransportError, OfflineError):
            raise error from None  # nobody can tell
    return write() if found is None else found


def _may_be_taken(error: TransportError | ServerError) -> bool:
    if isinstance(error, TransportError):
        return error.maybe_taken
    return error.code == NOT_INDEXED


def check_draft(draft: object, cls: type[object], what: str, *, hint: str | None = None) -> None:
    """Refuse what is no draft at all.

    Parameters
    ----------
    what
        Says what is published: ``a task is what TaskDraft says``.

    Raises
    ------
    ValidationError
        If it is of another class.
    """
    if not isinstance(draft, cls):
        raise ValidationError(
            f"{what}, not an object of the type {type(draft).__name__}", hint=hint
        )


def check_tag(tag: object) -> None:
    """Refuse what the server takes for no tag.

    Raises
    ------
    ValidationError
        If it is no text, empty or too long, or has other characters than tags may have.
    """
    if not isinstance(tag, str):
        complaint: str | None = "is no text"
    else:
        complaint = "is empty" if tag == "" else TAG.complaint(tag)
    if complaint is not None:
        raise ValidationError(
            f"the tag {tag!r} {complaint}",
            hint=f"A tag has 1 to {TAG.max_length} of the characters {TAG.alphabet}",
        )


def check_topic(topic: object) -> None:
    """Refuse what the server takes for no topic.

    Raises
    ------
    ValidationError
        If it is no text, or empty.
    """
    if not isinstance(topic, str) or not topic:
        raise ValidationError(f"the topic {topic!r} is {'empty' if topic == '' else 'no text'}")


def check_status(status: str) -> None:
    """Refuse a status that nothing can be given.

    Raises
    ------
    ValidationError
        If it is none of `STATUSES`.
    """
    if status not in STATUSES:
        raise ValidationError(
            f"a status that can be set is {' or '.join(STATUSES)}, not {status!r}",
            hint="What is new is in_preparation; it does not come back to that.",
        )
