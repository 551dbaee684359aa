"""What a row of the table of routes says of an endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from string import Formatter
from typing import Any
from urllib.parse import quote

from openml_client.wire.codec import Document
from openml_client.wire.filters import Filter, ListCodes, encode_filters


class Auth(Enum):
    """What a route needs of the API key."""

    NONE = "no key"
    OPTIONAL = "a key, where the thing is private"
    KEY = "a key"
    WRITE = "the key of a user who may write"
    ADMIN = "the key of an administrator"

    @property
    def is_required(self) -> bool:
        """Whether nothing is answered without a key."""
        return self in {Auth.KEY, Auth.WRITE, Auth.ADMIN}


NOT_ADMIN = 106
"""The code with which a route for administrators refuses others, unless it has its own."""


@dataclass(frozen=True)
class Route:
    """One endpoint."""

    name: str
    method: str
    path: str
    """Below ``/api/v1/xml/``, with ``{placeholders}``."""
    response: Document
    request: Document | None = None
    """The XML document that is uploaded."""
    request_part: str = "description"
    """Name of the part that it is uploaded as."""
    schema: str | None = None
    """Name by which servers hand out the XML Schema of the request, below ``/api/v1/xsd/``."""
    files: tuple[str, ...] = ()
    """Further file parts; ``*`` stands for any name."""
    form: tuple[str, ...] = ()
    """Plain form fields."""
    auth: Auth = Auth.NONE
    filters: tuple[Filter, ...] = ()
    list_codes: ListCodes | None = None
    codes: Mapping[str, int] = field(default_factory=dict)
    """Error codes by what went wrong, in this project's words."""

    def url_path(self, filters: Mapping[str, Any] | None = None, **places: object) -> str:
        """Path below the server's base address, with the places filled in.

        Raises
        ------
        ValidationError
            If a filter does not exist or takes no such value.
        """
        values = {name: quote(str(value), safe="(),.:_-~") for name, value in places.items()}
        path = self.path.format(**values)
        if self.filters:
            path += encode_filters(self.filters, filters or {}, route=self.name)
        return path

    def path_of(self, id_or_alias: int | str) -> str:
        """Path of one thing, for routes that take nothing else."""
        ((_, place, _, _),) = (part for part in Formatter().parse(self.path) if part[1])
        places: dict[str, Any] = {str(place): id_or_alias}
        return self.url_path(**places)
