"""What the namespaces have in common: things are tagged, untagged and deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

from openml_client.errors import InUseError, NotFoundError
from openml_client.resources.caller import Caller
from openml_client.resources.ids import as_id
from openml_client.resources.writing import check_tag, write_once
from openml_client.wire.route import Route

SHOWN_DEPENDANTS = 10
"""Ids that an error names of what a thing is needed by."""


@dataclass(frozen=True, kw_only=True)
class Dependants:
    """How to find what keeps a thing from being deleted."""

    name: str
    """In the plural."""
    route: Route
    by: str
    """The filter that takes the thing."""
    filters: Mapping[str, Any] = field(default_factory=dict)
    """Those that show what lists leave out."""


def runs_by(filter_: str) -> Callable[[], Dependants]:
    """Make the way to the runs that need a thing, failed ones too."""

    def runs() -> Dependants:
        from openml_client.wire.routes.runs import RUN_LIST

        return Dependants(name="runs", route=RUN_LIST, by=filter_, filters={"show_errors": True})

    return runs


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of thing, and how it is tagged, untagged and deleted."""

    name: str
    tag: Route
    untag: Route
    delete: Route
    dependants: Callable[[], Dependants] | None = None
    """Makes it when it is needed, for it is a row of another module."""


class Stored:
    """What a server keeps and a cache has: it is changed, and then the cache forgets it."""

    _documents: ClassVar[tuple[Route, ...]]
    """What the cache keeps of a thing; the first is the thing itself."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def _read(self, id_: int) -> Any:
        """What the server has."""
        return self._caller.get_cached(self._documents[0], id_)

    def _delete(self, route: Route, id_: int) -> None:
        def delete() -> bool:
            self._caller.call(route, id=id_)
            return True

        def look_up() -> bool | None:
            try:
                self._read(id_)
            except NotFoundError:
                return True
            return None

        with self._changing(id_):
            write_once(delete, look_up=look_up)

    def _set_status(self, route: Route, id_: int, status: str) -> None:
        form = dict(zip(route.form, (str(id_), status), strict=True))

        def look_up() -> str | None:
            return status if self._read(id_).status == status else None

        with self._changing(id_):
            write_once(lambda: str(self._caller.call(route, form=form).status), look_up=look_up)

    @contextmanager
    def _changing(self, id_: int) -> Iterator[None]:
        """Drop what the cache has of a thing when the change is over, however it went."""
        try:
            yield
        finally:
            for route in self._documents:
                self._caller.forget(route, id_)


class Things(Stored):
    """The verbs of a namespace that are the same for all kinds of things."""

    _kind: ClassVar[Kind]

    def tag(self, thing: Any, tag: str) -> tuple[str, ...]:
        """Tag a thing, and get all tags that it has now.

        Parameters
        ----------
        thing
            The thing or its id.
        tag
            1 to 64 characters of ``A-Z a-z 0-9 _ - .``; anybody may tag anything.

        Raises
        ------
        ValidationError
            If that is no tag; nothing was sent.
        NotFoundError
            If there is no such thing.
        DuplicateError
            If the thing has the tag already.
        AuthenticationError
            Without an API key, or with a wrong one.
        """
        return self._retag(self._kind.tag, self._target(thing), tag)

    def untag(self, thing: Any, tag: str) -> tuple[str, ...]:
        """Take a tag from a thing, and get all tags that it has now.

        Raises
        ------
        NotFoundError
            If there is no such thing, or it has no such tag.
        NotAuthorizedError
            If somebody else has tagged it so.
        AuthenticationError
            Without an API key, or with a wrong one.
        """
        return self._retag(self._kind.untag, self._target(thing), tag)

    def delete(self, thing: Any) -> None:
        """Delete a thing for good; its id is never given again.

        Raises
        ------
        NotFoundError
            If there is no such thing.
        InUseError
            If other things need it; ``dependants`` has their ids, the hint says what they are.
        NotAuthorizedError
            If it is somebody else's.
        AuthenticationError
            Without an API key, or with a wrong one.
        """
        id_ = self._target(thing)
        try:
            self._delete(self._kind.delete, id_)
        except InUseError as error:
            self._name_dependants(error, id_)
            raise

    def _target(self, thing: Any) -> int:
        """Id of what is to be changed, which is given as itself or by its id."""
        return as_id(thing, self._kind.name)

    def _retag(self, route: Route, id_: int, tag: str) -> tuple[str, ...]:
        check_tag(tag)
        is_wanted = route is self._kind.tag
        form = dict(zip(route.form, (str(id_), tag), strict=True))

        def write() -> tuple[str, ...]:
            tags: tuple[str, ...] = self._caller.call(route, form=form).tags
            return tags

        def look_up() -> tuple[str, ...] | None:
            tags = self._tags_of(id_)
            return tags if (tag in tags) is is_wanted else None

        with self._changing(id_):
            return write_once(write, look_up=look_up)

    def _tags_of(self, id_: int) -> tuple[str, ...]:
        tags: tuple[str, ...] = self._read(id_).tags
        return tags

    def _name_dependants(self, error: InUseError, id_: int) -> None:
        """Say what a thing is needed by, as the server does only for flows."""
        if self._kind.dependants is None:
            return
        kept_by = self._kind.dependants()
        name = "flows" if error.code == self._kind.delete.codes.get("is_part") else kept_by.name
        if not error.dependants:
            filters = {kept_by.by: id_, "limit": SHOWN_DEPENDANTS + 1, **kept_by.filters}
            rows = self._caller.listing(kept_by.route, filters, key=("id",), title=kept_by.name)
            error.dependants = tuple(row.id for row in rows)
        if error.dependants:
            more = ", …" if len(error.dependants) > SHOWN_DEPENDANTS else ""
            shown = ", ".join(map(str, error.dependants[:SHOWN_DEPENDANTS])) + more
            error.hint = f"It is needed by the {name} {shown}: delete those first."
