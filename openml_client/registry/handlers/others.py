"""Users and files."""

from __future__ import annotations

from collections.abc import Sequence

from openml_client.model.user import User
from openml_client.registry.calls import Call
from openml_client.registry.handlers import lists, uploads
from openml_client.registry.store import files, users
from openml_client.wire.routes import every as routes
from openml_client.wire.vocabulary import UploadedFile


def list_users(call: Call) -> Sequence[User]:
    """Ids and names of users, all unless some are asked for."""
    with call.services.store.read() as connection:
        rows = users.listed(connection, call.filters.get("user_id"))
    return lists.some(call, rows)


def whoami(call: Call) -> Sequence[User]:
    """The user whose key was sent, which no other server tells."""
    return [User(id=call.writer.id, name=call.writer.name)]


def upload_file(call: Call) -> UploadedFile:
    """Keep a file of an administrator's, which belongs to nothing."""
    if "file" not in call.files:
        raise call.refusal("no_file")
    file, _ = uploads.keep(call, "file")
    with call.services.store.write() as connection:
        file_id = files.add(connection, file, uploader_id=call.writer.id)
    return UploadedFile(id=file_id, url=call.addresses.file(file_id, file.name))


HANDLERS = {
    routes.USER_LIST.name: list_users,
    routes.USER_WHOAMI.name: whoami,
    routes.FILE_UPLOAD.name: upload_file,
}
