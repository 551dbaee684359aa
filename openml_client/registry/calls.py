"""A request as the handlers see it, and how they refuse one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from openml_client.registry.blobs import Blobs
from openml_client.registry.store.database import Store
from openml_client.registry.store.rows import MAX_ID
from openml_client.registry.store.users import User, may_change
from openml_client.wire.route import Route

if TYPE_CHECKING:
    from werkzeug.datastructures import FileStorage


NOTHING = frozenset({"", "0"})
"""Texts that the server takes for none."""


def number_of(text: str) -> int | None:
    """The natural number that a text is, at most `MAX_ID`; None if it is none."""
    if not (text.isdecimal() and text.isascii()):
        return None
    digits = text.lstrip("0") or "0"
    # Python reads no number of thousands of digits.
    return int(digits) if len(digits) < len(str(MAX_ID)) else MAX_ID


class Refusal(Exception):  # noqa: N818  (an answer of the protocol, not a failure)
    """What was asked is refused, with one of the protocol's codes."""

    def __init__(self, code: int, information: str | None = None) -> None:
        super().__init__(code, information)
        self.code = code
        self.information = information


Fetch = Literal["public", "any", "none"]
"""From public addresses, from any (those of private networks and of this machine, too), or not."""


@dataclass(frozen=True)
class Services:
    """What all handlers work with."""

    store: Store
    blobs: Blobs
    has_engine: bool = True
    """Whether the embedded engine processes what is published at once; without it, things wait
    for an engine that comes as an administrator."""
    fetch: Fetch = "public"
    """From where data is fetched that is published by its address."""


@dataclass(frozen=True)
class Addresses:
    """The addresses that documents name, below the one that the client used.

    They are made for each answer and never stored: a registry may move.
    """

    base_url: str
    """With a slash at the end."""

    def data_file(self, file_id: int, name: str) -> str:
        """Address of a dataset's file; ``name`` is only there for people."""
        return f"{self.base_url}data/v1/download/{file_id}/{quote(name)}"

    def file(self, file_id: int, name: str) -> str:
        """Address of a file of a run or a flow, which the server names by the older path."""
        return f"{self.base_url}data/download/{file_id}/{quote(name)}"

    def parquet(self, dataset_id: int) -> str:
        """Address of a dataset as Parquet, if there is such a file."""
        return f"{self.base_url}datasets/{parquet_key(dataset_id)}"

    def splits(self, task_id: int) -> str:
        """Address of the splits file of a task."""
        return f"{self.base_url}api_splits/get/{task_id}/Task_{task_id}_splits.arff"


def parquet_key(dataset_id: int) -> str:
    """Key of a dataset's Parquet file in its bucket.  Source: protocol note, section 2."""
    return f"{dataset_id // 10_000:04d}/{dataset_id:04d}/dataset_{dataset_id}.pq"


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request to one route."""

    services: Services
    route: Route
    user: User | None
    """Whose key was sent; None without one."""
    addresses: Addresses
    places: Mapping[str, Any] = field(default_factory=dict)
    """What stands in the placeholders of the route's path."""
    filters: Mapping[str, Any] = field(default_factory=dict)
    """What a list is filtered by."""
    form: Mapping[str, str] = field(default_factory=dict)
    """Plain fields."""
    files: Mapping[str, FileStorage] = field(default_factory=dict)
    """Uploaded files."""

    @property
    def id(self) -> int:
        """The id in the path."""
        return int(self.places["id"])

    @property
    def writer(self) -> User:
        """Who publishes; only routes that need a key have one."""
        if self.user is None:
            raise RuntimeError(f"the route {self.route.name} was called without a key")
        return self.user

    def form_id(self, name: str) -> int | None:
        """An id in the form; None if it is missing or no number."""
        return number_of(self.form.get(name, "").strip())

    def thing_id(self, name: str, *, missing: str) -> int:
        """The id in the form of a thing that must be there.

        Raises
        ------
        Refusal
            ``missing`` if there is none, for which the server takes 0, too; ``unknown`` if it
            is no number.
        """
        if self.form.get(name, "") in NOTHING:
            raise self.refusal(missing)
        id_ = self.form_id(name)
        if id_ is None:
            raise self.refusal("unknown")
        return id_

    def owns(self, uploader_id: int) -> bool:
        """Whether the caller may change what this user published."""
        return may_change(self.user, uploader_id)

    def refusal(self, what: str, information: str | None = None) -> Refusal:
        """Make the refusal that the table of routes names so."""
        return Refusal(self.route.codes[what], information)
