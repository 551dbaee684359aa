"""Who asks: the API key of a request.  Source: protocol note, section 1.1."""

from __future__ import annotations

from flask import Request

from openml_client.registry.calls import Refusal
from openml_client.registry.store import users
from openml_client.registry.store.database import Store
from openml_client.registry.store.users import User
from openml_client.wire.codes import NO_KEY

_WRONG_KEY, _READ_ONLY = 103, 104


def authenticate(store: Store, request: Request) -> User | None:
    """The user whose key a request carries; None for a GET without one.

    The key stands in the query, or, for a POST, in the form.

    Raises
    ------
    Refusal
        If a request that may change things has no key, the key is nobody's, or its user may
        only read.
    """
    is_read = request.method == "GET"
    key = request.args.get("api_key") or ""
    if not key and request.method == "POST":
        key = request.form.get("api_key", "")
    if not key:
        if is_read:
            return None
        raise Refusal(NO_KEY)
    with store.read() as connection:
        user = users.by_key(connection, key)
    if user is None:
        raise Refusal(_WRONG_KEY)
    if not is_read and not user.may_write:
        raise Refusal(_READ_ONLY, "API calls of the read-only user can only be of type GET. ")
    return user
