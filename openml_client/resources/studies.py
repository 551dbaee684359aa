"""Suites and studies: collections of tasks, and of runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from openml_client.errors import (
    InUseError,
    NotFoundError,
    ServerError,
    TransportError,
    ValidationError,
)
from openml_client.model.page import Listing
from openml_client.model.study import EntityType, Study, StudyDraft, StudySummary
from openml_client.resources.ids import as_id, as_ids
from openml_client.resources.things import Stored
from openml_client.resources.writing import check_draft, check_status, write_once
from openml_client.wire.route import Route
from openml_client.wire.routes import studies as routes

_FATAL = 500
"""Status of the empty answer to what a server can't read.  Source: protocol note, section 1.2."""


class Collections(Stored):
    """What ``client.suites`` and ``client.studies`` do, each with its own kind."""

    _name: ClassVar[str]
    _plural: ClassVar[str]
    _holds: ClassVar[EntityType]
    _other: ClassVar[str]
    """The namespace of the collections of the other kind."""
    _documents = (routes.STUDY_GET,)

    def get(self, id_or_alias: Any) -> Study:
        """The collection of this id or alias, with the ids of all that belongs to it.

        Raises
        ------
        NotFoundError
            If there is none.
        ValidationError
            If it is of the other kind: a suite is no study.
        """
        found: Study = self._caller.get_cached(routes.STUDY_GET, self._name_of(id_or_alias))
        if found.is_suite is not (self._holds == "task"):
            other = "suite" if found.is_suite else "study"
            raise ValidationError(
                f"{found.id} ({found.name}) is a {other}, not a {self._name}",
                route=routes.STUDY_GET.name,
                hint=f"Ask for it by client.{self._other}.get({found.id}), or by "
                f"`openml-client {other} show {found.id}`.",
            )
        return found

    def list(self, **filters: Any) -> Listing[StudySummary]:
        """All collections that pass the filters, lazily, in the order of their ids.

        Parameters
        ----------
        **filters
            ``status`` ("active" by default, "in_preparation", "deactivated", "all"),
            ``uploader``, ``benchmark_suite`` (of studies), ``limit``, ``offset``.

        Raises
        ------
        ValidationError
            If a filter does not exist or takes no such value.
        """
        return self._caller.listing(
            routes.STUDY_LIST,
            {**filters, "main_entity_type": self._holds},
            key=("id",),
            title=self._plural,
        )

    def publish(self, draft: StudyDraft) -> Study:
        """The stored collection of a draft, in preparation.

        Raises
        ------
        ValidationError
            If the draft is of the other kind, breaks a limit, or its alias is a number.
        DuplicateError
            If the alias is taken.
        ServerError
            If a task or run that it names does not exist.
        AuthenticationError
            Without an API key, or with a wrong one.
        """
        check_draft(draft, StudyDraft, f"what a {self._name} shall be is said by a StudyDraft")
        draft = self._own(draft)
        self._caller.check(routes.STUDY_UPLOAD, draft)
        try:
            id_ = self._caller.call(routes.STUDY_UPLOAD, body=draft).id
        except TransportError as error:
            if error.status == _FATAL and draft.benchmark_suite_id is not None:
                error.hint = "Some servers fail on benchmark_suite_id: publish without it."
            # The answer was lost; what has an alias can be looked up.
            if not error.maybe_taken or draft.alias is None:
                raise
            try:
                return self.get(draft.alias)
            except NotFoundError:
                raise error from None
        except ServerError as error:
            if error.code == routes.STUDY_UPLOAD.codes["insertion"]:
                error.hint = f"One of the {self._holds}s that it names does not exist, likely."
            raise
        return self.get(id_)

    def attach(self, collection: Any, ids: Any) -> Study:
        """Add tasks to a suite, or runs to a study, and get it as it is now.

        Parameters
        ----------
        collection
            An id, an alias or a `Study`.
        ids
            One or several tasks or runs, or their ids.

        Raises
        ------
        ValidationError
            If one of them does not exist or is there already, or the collection is of the
            other kind.
        NotFoundError
            If there is no such collection.
        """
        return self._relink(routes.STUDY_ATTACH, collection, ids)

    def detach(self, collection: Any, ids: Any) -> Study:
        """Take tasks out of a suite, or runs out of a study, and get it as it is now.

        Raises
        ------
        ValidationError
            If the collection is of the other kind.
        NotFoundError
            If there is no such collection.
        """
        return self._relink(routes.STUDY_DETACH, collection, ids)

    def set_status(self, collection: Any, status: str) -> Study:
        """Make a collection ``active`` or ``deactivated``, and get it as it is now.

        Raises
        ------
        ValidationError
            If there is no such status, or the collection is of the other kind.
        NotAuthorizedError
            If the collection is somebody else's.
        NotFoundError
            If there is no such collection.
        """
        check_status(status)
        id_ = self.get(collection).id
        self._set_status(routes.STUDY_STATUS, id_, status)
        return self.get(id_)

    def delete(self, collection: Any) -> None:
        """Delete a collection; what it holds stays.

        Raises
        ------
        InUseError
            If it is a suite that was made active once.
        NotAuthorizedError
            If it is somebody else's.
        ValidationError
            If it is of the other kind.
        NotFoundError
            If there is no such collection.
        """
        try:
            self._delete(routes.STUDY_DELETE, self.get(collection).id)
        except InUseError as error:
            error.hint = (
                "Others may rely on it. client.suites.set_status(suite, 'deactivated') takes it "
                "out of the lists."
            )
            raise

    def _name_of(self, given: Any) -> int | str:
        if isinstance(given, str) and not given.strip():
            raise ValidationError(
                f"a {self._name} is asked for by its id or its alias, not by {given!r}",
                hint=f"`client.{self._plural}.list()`, or `openml-client {self._name} list`, shows "
                "what is there.",
            )
        if isinstance(given, str) and not given.strip().isdecimal():
            if "/" in given:  # which would ask for something else, and no alias has
                raise NotFoundError(
                    f"no {self._name} has the alias {given!r}", route=routes.STUDY_GET.name
                )
            return given
        return as_id(given, self._name)

    def _own(self, draft: StudyDraft) -> StudyDraft:
        """The draft, with the kind that it has in this namespace.

        Raises
        ------
        ValidationError
            If it is of the other kind, or could not be asked for by its alias.
        """
        others = draft.run_ids if self._holds == "task" else draft.task_ids
        if others or draft.main_entity_type not in {None, self._holds}:
            raise ValidationError(
                f"{draft.name!r} is no {self._name}: a {self._name} holds {self._holds}s",
                hint=f"Publish it by client.{self._other}.publish(draft).",
            )
        if isinstance(draft.alias, str) and draft.alias.strip().isdecimal():
            raise ValidationError(
                f"the alias {draft.alias!r} would be taken for an id",
                hint="Give one that is not all digits.",
            )
        return replace(draft, main_entity_type=self._holds)

    def _relink(self, route: Route, collection: Any, ids: Any) -> Study:
        wanted = as_ids(ids, self._holds)
        id_ = self.get(collection).id
        form = {"ids": ",".join(map(str, wanted))}

        def look_up() -> int | None:
            held = self._held(self._read(id_))
            are_there = [one in held for one in wanted]
            is_done = all(are_there) if route is routes.STUDY_ATTACH else not any(are_there)
            return len(held) if is_done else None

        with self._changing(id_):
            write_once(
                lambda: int(self._caller.call(route, id=id_, form=form).n_linked), look_up=look_up
            )
        return self.get(id_)

    def _held(self, collection: Study) -> tuple[int, ...]:
        return collection.task_ids if self._holds == "task" else collection.run_ids


class Suites(Collections):
    """``client.suites``: collections of tasks, to benchmark on."""

    _name, _plural, _holds, _other = "suite", "suites", "task", "studies"


class Studies(Collections):
    """``client.studies``: collections of runs."""

    _name, _plural, _holds, _other = "study", "studies", "run", "suites"
