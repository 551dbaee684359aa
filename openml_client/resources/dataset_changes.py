"""What can be done with a dataset after it was published."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from openml_client.errors import InUseError, NoResultError, NotAuthorizedError, ValidationError
from openml_client.model.dataset import Dataset, DatasetEdit, DescriptionVersion, Feature
from openml_client.resources.publishing import check_columns
from openml_client.resources.things import Dependants, Kind, Things
from openml_client.resources.writing import check_draft, check_status, check_topic, write_once
from openml_client.wire.routes import datasets as routes
from openml_client.wire.vocabulary import MAX_ONTOLOGY


def _tasks() -> Dependants:
    from openml_client.wire.routes.tasks import TASK_LIST

    return Dependants(name="tasks", route=TASK_LIST, by="datasets", filters={"status": "all"})


DATASETS = Kind(
    name="dataset",
    tag=routes.DATASET_TAG,
    untag=routes.DATASET_UNTAG,
    delete=routes.DATASET_DELETE,
    dependants=_tasks,
)

_EDITABLE = tuple(field.name for field in fields(DatasetEdit))


class DatasetChanges(Things, ABC):
    """The part of ``client.datasets`` that changes stored datasets."""

    _kind = DATASETS
    _documents = (routes.DATASET_GET, routes.DATASET_FEATURES, routes.DATASET_QUALITIES)

    @abstractmethod
    def get(self, id_or_name: Any, *, version: int | None = None) -> Dataset:
        """The dataset of this id or name."""

    @abstractmethod
    def _id_of(self, dataset: Any) -> int:
        """Id of a dataset that is given by id, by name or as itself."""

    @abstractmethod
    def features(self, dataset: Any) -> tuple[Feature, ...]:
        """The columns of a dataset."""

    def edit(self, dataset: Any, changes: DatasetEdit | None = None, **said: Any) -> Dataset:
        """Say something else of a dataset, and get it as it is now.

        Parameters
        ----------
        dataset
            An id, a name or a `Dataset`.
        changes
            What to say, where it is not given by name.
        **said
            The fields of `DatasetEdit`. Anybody may change ``description`` (which makes a new
            version of it), ``creators``, ``contributors``, ``collection_date``, ``language``,
            ``citation``, ``original_data_url`` and ``paper_url``; only the owner, and only
            while no task is on the dataset, ``default_target_attribute``,
            ``row_id_attribute`` and ``ignore_attributes``.

        Raises
        ------
        ValidationError
            If there is nothing to change, no such field, or a field breaks a limit or names a
            column that the dataset does not have.
        NotAuthorizedError
            If the dataset is somebody else's, and its owner's to change; fork it then.
        InUseError
            If tasks are on the dataset, and would not be the same afterwards.
        NotFoundError
            If there is no such dataset.
        """
        id_, wanted = self._target(dataset), _edit_of(changes, said)
        self._caller.check(routes.DATASET_EDIT, wanted)
        self._check_columns(id_, wanted)

        def write() -> int:
            answer = self._caller.call(routes.DATASET_EDIT, body=wanted, form={"data_id": str(id_)})
            return int(answer.id)

        try:
            with self._changing(id_):
                write_once(write, look_up=lambda: id_ if self._says(id_, wanted) else None)
        except NotAuthorizedError as error:
            error.hint = "client.datasets.fork(dataset) makes a copy that is yours to change."
            raise
        except InUseError as error:
            self._name_dependants(error, id_)
            raise
        return self.get(id_)

    def fork(self, dataset: Any) -> Dataset:
        """A new version of a dataset, of the same data, that belongs to the caller.

        Raises
        ------
        NotFoundError
            If there is no such dataset.
        AuthenticationError
            Without an API key, or with a wrong one.
        """
        form = {"data_id": str(self._target(dataset))}
        return self.get(self._caller.call(routes.DATASET_FORK, form=form).id)

    def set_status(self, dataset: Any, status: str) -> Dataset:
        """Make a dataset ``active`` or ``deactivated``, and get it as it is now.

        Raises
        ------
        ValidationError
            If there is no such status, or the dataset has it already.
        NotAuthorizedError
            If the dataset is somebody else's, or is to be made active: an administrator does
            that.
        NotFoundError
            If there is no such dataset.
        """
        check_status(status)
        id_ = self._target(dataset)
        self._set_status(routes.DATASET_STATUS, id_, status)
        return self.get(id_)

    def descriptions(self, dataset: Any) -> tuple[DescriptionVersion, ...]:
        """All texts that a dataset was described by, in the order of their versions.

        Raises
        ------
        NotFoundError
            If there is no such dataset.
        """
        rows = self._caller.call(routes.DATASET_DESCRIPTIONS, id=self._id_of(dataset))
        return tuple(sorted(rows, key=lambda row: row.version))

    def quality_names(self) -> tuple[str, ...]:
        """Names of all qualities that the server's datasets have."""
        try:
            names: tuple[str, ...] = self._caller.call(routes.QUALITY_NAMES).names
        except NoResultError:
            return ()
        return names

    def add_topic(self, dataset: Any, topic: str) -> None:
        """Put a dataset on a topic; administrators only.

        Raises
        ------
        ValidationError
            If that is no topic; nothing was sent.
        NotAuthorizedError
            If the caller is no administrator.
        DuplicateError
            If the dataset is on the topic already.
        NotFoundError
            If there is no such dataset.
        """
        check_topic(topic)
        form = {"data_id": str(self._target(dataset)), "topic": topic}
        self._caller.call(routes.TOPIC_ADD, form=form)

    def remove_topic(self, dataset: Any, topic: str) -> None:
        """Take a dataset from a topic; administrators only.

        Raises
        ------
        ValidationError
            If that is no topic; nothing was sent.
        NotAuthorizedError
            If the caller is no administrator.
        NotFoundError
            If there is no such dataset, or it is not on the topic.
        """
        check_topic(topic)
        form = {"data_id": str(self._target(dataset)), "topic": topic}
        self._caller.call(routes.TOPIC_DELETE, form=form)

    def add_ontology(self, dataset: Any, feature: int | str, url: str) -> tuple[str, ...]:
        """Describe a column by the address of a term, and get all of its terms.

        Parameters
        ----------
        feature
            The column's position, from 0, or its name.
        url
            Where the term is explained.

        Raises
        ------
        ValidationError
            If there is no such column, or that is no address of at most 256 characters.
        DuplicateError
            If the column is described by the term already.
        NotFoundError
            If there is no such dataset.
        """
        is_address = isinstance(url, str) and url.startswith(("http://", "https://"))
        if not is_address or len(url) > MAX_ONTOLOGY:
            shown = url[:80] if isinstance(url, str) else url
            raise ValidationError(
                f"{shown!r} is no http(s) address of at most {MAX_ONTOLOGY} characters"
            )
        return self._describe_column(dataset, feature, url, is_added=True)

    def remove_ontology(self, dataset: Any, feature: int | str, url: str) -> tuple[str, ...]:
        """Describe a column by a term no longer, and get those that are left.

        Raises
        ------
        ValidationError
            If there is no such column, or that is no address.
        NotFoundError
            If there is no such dataset, or the column is not described so.
        ServerError
            If somebody else described it so.
        """
        if not isinstance(url, str):
            raise ValidationError(
                f"{url!r} is no address of a term",
                hint="client.datasets.features(dataset) has those of each column.",
            )
        return self._describe_column(dataset, feature, url, is_added=False)

    def _target(self, thing: Any) -> int:
        if isinstance(thing, str) and not thing.strip().isdecimal():
            raise ValidationError(
                f"{thing!r} is a name, and a name may have versions of several owners: what "
                "changes a dataset takes it by its id",
                hint=f"client.datasets.get({thing!r}).id is the id of its newest version.",
            )
        return super()._target(thing)

    def _describe_column(
        self, dataset: Any, feature: int | str, url: str, *, is_added: bool
    ) -> tuple[str, ...]:
        id_ = self._target(dataset)
        column = self._column(id_, feature)
        route = routes.ONTOLOGY_ADD if is_added else routes.ONTOLOGY_REMOVE
        form = {"data_id": str(id_), "index": str(column.index), "ontology": url}

        def write() -> tuple[str, ...]:
            terms: tuple[str, ...] = self._caller.call(route, form=form).ontologies
            return terms

        def look_up() -> tuple[str, ...] | None:
            terms = self._column(id_, column.index).ontologies
            return terms if (url in terms) is is_added else None

        with self._changing(id_):
            return write_once(write, look_up=look_up)

    def _column(self, id_: int, feature: int | str) -> Feature:
        columns = self.features(id_)
        for column in columns:
            if feature in (column.name, column.index) and not isinstance(feature, bool):
                return column
        # Servers drop the blanks around names, which the data file has.
        bare = [c for c in columns if isinstance(feature, str) and c.name == feature.strip()]
        if bare:
            return bare[0]
        names = ", ".join(column.name for column in columns[:50])
        raise ValidationError(
            f"dataset {id_} has no column {feature!r}",
            hint=f"It has {len(columns)}, numbered from 0: {names}.",
        )

    def _check_columns(self, id_: int, wanted: DatasetEdit) -> None:
        # A server takes any name, and then has neither columns nor qualities of the dataset.
        if not wanted.is_critical:
            return
        try:
            names = [column.name for column in self.features(id_)]
        except NoResultError:
            return  # what it could not process may be mended by this very edit
        check_columns(wanted, names, what=f"the edit of dataset {id_}")

    def _says(self, id_: int, wanted: DatasetEdit) -> bool:
        """Whether a stored dataset is described as an edit wants it."""
        stored = self._read(id_)
        return all(getattr(stored, name) == value for name, value in _given(wanted).items())


def _edit_of(changes: DatasetEdit | None, said: Mapping[str, Any]) -> DatasetEdit:
    """The edit that a caller asks for, in either way.

    Raises
    ------
    ValidationError
        If nothing is asked for, or what can't be edited.
    """
    if changes is not None:
        check_draft(changes, DatasetEdit, "what shall be said of a dataset is a DatasetEdit")
    unknown = [name for name in said if name not in _EDITABLE]
    if unknown:
        raise ValidationError(
            f"the field {unknown[0]!r} of a dataset can't be edited",
            hint=f"These can: {', '.join(_EDITABLE)}.",
        )
    edit = DatasetEdit(**{**(asdict(changes) if changes is not None else {}), **said})
    if not _given(edit):
        raise ValidationError(
            "there is nothing to edit", hint=f"Give one of {', '.join(_EDITABLE)}."
        )
    return edit


def _given(edit: DatasetEdit) -> dict[str, Any]:
    return {name: value for name in _EDITABLE if (value := getattr(edit, name))}
