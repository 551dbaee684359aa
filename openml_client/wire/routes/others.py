"""The rows of users and files.  Source: protocol note, section 9."""

from __future__ import annotations

from openml_client.wire import vocabulary
from openml_client.wire.filters import Filter, Kind, ListCodes
from openml_client.wire.route import Auth, Route

USER_LIST = Route(
    "user.list",
    "GET",
    "user/list",
    vocabulary.USERS,
    filters=(Filter("user_id", Kind.INTS, "ids"),),
    list_codes=ListCodes(370, 371, 372, 373, one_by_one=True),
)
USER_WHOAMI = Route("user.whoami", "GET", "user/whoami", vocabulary.USERS, auth=Auth.KEY)
"""Whose key it is: an addition of our registry, which other servers refuse."""
FILE_UPLOAD = Route(
    "file.upload",
    "POST",
    "file",
    vocabulary.UPLOADED_FILE,
    files=("file",),
    auth=Auth.ADMIN,
    codes={"admin": 104, "no_file": 491},
)
