"""Users: who published what."""

from __future__ import annotations

from typing import Any

from openml_client.errors import ServerError, ValidationError
from openml_client.model.page import Listing
from openml_client.model.user import User
from openml_client.resources.caller import Caller
from openml_client.resources.ids import as_ids
from openml_client.wire.codes import NO_SUCH_FUNCTION
from openml_client.wire.routes import others as routes


class Users:
    """``client.users``."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def list(self, *, ids: Any = None) -> Listing[User]:
        """The users of these ids, or all, lazily; unknown ids are left out.

        Raises
        ------
        ValidationError
            If one of them is no id.
        """
        filters = {} if ids is None else {"ids": as_ids(ids, "user")}
        return self._caller.listing(routes.USER_LIST, filters, key=("id",), title="users")


def whoami(caller: Caller) -> User:
    """The user whose API key a client has.

    Raises
    ------
    AuthenticationError
        Without an API key, or with a wrong one.
    ServerError
        If the server does not tell whose key it is; it knows the key then.
    """
    try:
        (user,) = caller.call(routes.USER_WHOAMI)
    except ValidationError as error:
        if error.code != NO_SUCH_FUNCTION:
            raise
        raise ServerError(
            f"{caller.host} knows the API key, but does not tell whose it is",
            code=error.code,
            route=routes.USER_WHOAMI.name,
            hint="The protocol has no such function; openml_client's own registry adds it.",
        ) from error
    found: User = user
    return found
