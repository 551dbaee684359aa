"""Who may change a thing that somebody published."""

from __future__ import annotations

from sqlalchemy import Connection

from openml_client.registry.calls import Call
from openml_client.registry.store import deleting


def check_owner(call: Call, connection: Connection, thing: str) -> None:
    """Refuse to delete or reset what is not there, and what is another user's.

    Raises
    ------
    Refusal
        ``unknown`` or ``owner``.
    """
    owner_id = deleting.owner_of(connection, thing, call.id)
    if owner_id is None:
        raise call.refusal("unknown")
    if not call.owns(owner_id):
        raise call.refusal("owner")
