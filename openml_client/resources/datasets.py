"""Datasets: find, list, load and publish them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeGuard

from openml_client.errors import NoResultError, NotFoundError, OpenMLError, ValidationError
from openml_client.model.dataset import Dataset, DatasetDraft, DatasetSummary, Feature
from openml_client.model.many import ManyDatasets
from openml_client.model.page import Listing
from openml_client.resources.at_once import fetch_each, meanwhile
from openml_client.resources.dataset_changes import DatasetChanges
from openml_client.resources.ids import as_id
from openml_client.resources.writing import check_draft
from openml_client.wire.route import Route
from openml_client.wire.routes import datasets as routes

if TYPE_CHECKING:
    from openml_client.formats.table import Table
    from openml_client.resources.loading import Format

_logger = logging.getLogger("openml_client")


_SHOWN_BY = "`client.datasets.list()`, or `openml-client dataset list`, shows what is there."
"""The hint for who asks for what is not there."""


class Datasets(DatasetChanges):
    """``client.datasets``."""

    def get(self, id_or_name: Any, *, version: int | None = None) -> Dataset:
        """The dataset of this id, or the active one of this name.

        Parameters
        ----------
        id_or_name
            An id (any integer or numeric string), or a name.
        version
            Picks one version of a name; without it the newest active one is taken.

        Raises
        ------
        NotFoundError
            If there is none.
        OfflineError
            If the client is offline and the cache lacks it, or the server was never asked for
            this name.
        ValidationError
            If it is neither an id nor a name, as an empty text.
        """
        if _is_name(id_or_name):
            _check_name(id_or_name)
            found = self._newest(id_or_name, version)
            if found is None:
                raise self._no_such_name(id_or_name, version)
            return found
        dataset: Dataset = self._caller.get_cached(routes.DATASET_GET, as_id(id_or_name, "dataset"))
        if version is not None and dataset.version != version:
            raise NotFoundError(
                f"dataset {dataset.id} is version {dataset.version} of {dataset.name!r}, "
                f"not version {version}",
                hint="An id names one version; give the name to choose among its versions.",
            )
        return dataset

    def find(self, name: str, version: int | None = None) -> Dataset | None:
        """The dataset of this name, or None.

        Offline it is the one that the server named when it was asked last.

        Raises
        ------
        OfflineError
            If the client is offline and the server was never asked for this name.
        """
        return self._newest(name, version)

    def list(self, **filters: Any) -> Listing[DatasetSummary]:
        """All datasets that pass the filters, lazily, in the order of their ids.

        Parameters
        ----------
        **filters
            ``name``, ``version``, ``ids``, ``tag``, ``status`` ("active" by default,
            "deactivated", "in_preparation", "all"), ``uploader``, ``limit``, ``offset``; and
            ``number_instances``, ``number_features``, ``number_classes``,
            ``number_missing_values`` as a number or a range ``(low, high)``, both included.

        Raises
        ------
        ValidationError
            If a filter does not exist or takes no such value.
        """
        return self._caller.listing(routes.DATASET_LIST, filters, key=("id",), title="datasets")

    def features(self, dataset: Any) -> tuple[Feature, ...]:
        """The columns of a dataset, in the order of the data file.

        Raises
        ------
        NotFoundError
            If there is no such dataset.
        NoResultError
            If the server has not processed the dataset, or failed to.
        """
        answer: tuple[Feature, ...] = self._caller.get_cached(
            routes.DATASET_FEATURES, self._id_of(dataset)
        )
        return answer

    def qualities(self, dataset: Any) -> dict[str, float | None]:
        """The measured properties of a dataset by name; None where one is undefined.

        Raises
        ------
        NotFoundError
            If there is no such dataset.
        NoResultError
            If the server has not processed the dataset, or failed to.
        """
        rows = self._caller.get_cached(routes.DATASET_QUALITIES, self._id_of(dataset))
        return {row.name: row.value for row in rows}

    def get_many(
        self,
        ids: Iterable[Any],
        *,
        with_features: bool = False,
        with_qualities: bool = False,
        workers: int = 8,
        progress: bool = True,
    ) -> ManyDatasets:
        """The datasets of these ids, in their order; one that fails does not stop the others.

        What fails is left out, stands in ``errors`` by its id, and is warned of; ``or_raise()``
        raises the first of these errors.  An id that is given twice is fetched once.

        Parameters
        ----------
        ids
            Or things that have them, as the rows of a list.
        with_features, with_qualities
            Fetch these, too, into ``features`` and ``qualities``, by id.  A dataset that the
            server has not processed has none; any other error of one leaves the dataset out.
        workers
            Requests that are under way at once; from 16 on more make no difference.
        progress
            Show a bar, on a terminal.

        Raises
        ------
        ValidationError
            If one is no id, or there are no workers; then nothing is fetched.
        AuthenticationError
            If the API key is wrong.
        OfflineError
            If nothing came because the server is out of reach, or the client offline.
        """
        asked = [as_id(value, "dataset") for value in ids]
        parts: dict[str, Callable[[Datasets, int], Any]] = {"get": Datasets.get}
        parts |= {"features": Datasets.features} if with_features else {}
        parts |= {"qualities": Datasets.qualities} if with_qualities else {}
        done, failed = fetch_each(
            self._caller,
            [(part, id_) for id_ in asked for part in parts],
            lambda caller, key: parts[key[0]](Datasets(caller), key[1]),
            workers=workers,
            title="datasets",
            progress=progress,
        )
        errors: dict[int, OpenMLError] = {}
        for (part, id_), error in failed.items():  # of one dataset the description comes first
            if part == "get" or not isinstance(error, NoResultError):
                errors.setdefault(id_, error)
        came = [id_ for id_ in asked if id_ not in errors]
        datasets = ManyDatasets(
            tuple(done["get", id_] for id_ in came),
            errors,
            "datasets",
            *(
                {id_: done[part, id_] for id_ in came if (part, id_) in done}
                for part in ("features", "qualities")
            ),
        )
        if errors:
            _logger.warning("%s: %s", self._caller.host, datasets.complaint())
        return datasets

    def load(self, dataset: Any, *, format: Format = "auto") -> Table:
        """The data of a dataset as a table.

        The file is downloaded once, checked against the server's md5 and kept in the cache, with
        the table that was made of it: that is mapped into memory the next time.  Given an id, a
        public server is asked once a day what it says of the dataset; given what `get` gives, it
        is that.

        Parameters
        ----------
        dataset
            An id, a name or a `Dataset`.
        format
            ``auto`` takes the best that the server has: the Parquet file, or else the ARFF file;
            ``arff`` and ``parquet`` that one. Either gives the same table.

        Raises
        ------
        IntegrityError
            If what was downloaded does not match the server's checksum.
        FormatError
            If the data file breaks its format; `ArffError` names the line.
        """
        from openml_client.resources.loading import FORMATS, Loading

        if format not in FORMATS:
            known = ", ".join(map(repr, FORMATS))
            raise ValidationError(f"the format {format!r} is unknown; give one of {known}")
        if _is_name(dataset):
            dataset = self.get(dataset)
        # Two round trips in all: the features come while the description does, or else the file.
        with meanwhile(lambda: self._features_if_any(dataset)) as features:
            description = (
                dataset
                if isinstance(dataset, Dataset)
                else self._recent(routes.DATASET_GET, dataset)
            )
            return Loading(self._caller, description).table(features, format)

    def publish(
        self, draft: DatasetDraft, data: Any, *, columns: Sequence[str] | None = None
    ) -> Dataset:
        """The stored dataset of a draft and its data.

        Parameters
        ----------
        draft
            What is said of the data.  Its ``format`` is set to that of the file that is uploaded.
        data
            A pandas, Arrow or polars frame, a numpy array, a scipy sparse matrix, a list of
            mappings or of rows, an ARFF or Parquet file (bytes, an open file or a path); or the
            address of an ARFF file, which is registered and not uploaded, as the draft's ``url``
            is where this is None.  ``help(openml_client.formats.publishable)`` shows what
            becomes of each.
        columns
            Names of the columns, for data that has none: arrays, sparse matrices and rows.

        Raises
        ------
        AuthenticationError
            Without an API key, or with a wrong one.
        ValidationError
            If the draft breaks a limit of the protocol, contradicts the data or names columns
            that it lacks, if this is no such data, or if the server refuses something.
        ArffError
            If the data can't be written as ARFF, or is no ARFF file.
        """
        from openml_client.resources.publishing import prepared
        from openml_client.transport import FilePart

        check_draft(
            draft,
            DatasetDraft,
            "what is said of a dataset is a DatasetDraft",
            hint="It comes first, the data second: client.datasets.publish(draft, data).",
        )
        self._caller.check(routes.DATASET_UPLOAD, draft)
        draft, content = prepared(draft, data, columns)
        files = []
        if content is not None:
            files = [FilePart(name="dataset", filename=f"{draft.name}.arff", content=content)]
        answer = self._caller.call(routes.DATASET_UPLOAD, body=draft, files=files)
        dataset = self.get(answer.id)
        if dataset.error:
            _logger.warning(
                "%s could not process dataset %d (%s): %s",
                *(self._caller.host, dataset.id, dataset.name, dataset.error),
            )
        return dataset

    def _recent(self, route: Route, dataset: Any) -> Any:
        return self._caller.get_recent(route, as_id(dataset, "dataset"))

    def _features_if_any(self, dataset: Any) -> tuple[Feature, ...]:
        try:
            features: tuple[Feature, ...] = self._recent(routes.DATASET_FEATURES, dataset)
        except NoResultError:
            return ()  # not processed: the data file speaks for itself
        return features

    def _id_of(self, dataset: Any) -> int:
        """Id of a dataset that is given by id, by name or as itself."""
        if _is_name(dataset):
            return self.get(dataset).id
        return as_id(dataset, "dataset")

    def _newest(self, name: str, version: int | None) -> Dataset | None:
        if "/" in name:  # which would ask for something else, and no name has
            return None
        if self._caller.is_offline:
            named: Dataset = self._caller.named(routes.DATASET_GET, name, version)
            return named
        status = "active" if version is None else "all"
        found = list(self.list(name=name, version=version, status=status))
        newest = self.get(max(found, key=lambda row: row.version).id) if found else None
        self._caller.keep_name(routes.DATASET_GET, name, version, newest.id if newest else None)
        if newest is not None and version is None:  # which answers the other question too
            self._caller.keep_name(routes.DATASET_GET, name, newest.version, newest.id)
        return newest

    def _no_such_name(self, name: str, version: int | None) -> NotFoundError:
        active, which = ("active ", "") if version is None else ("", f", version {version},")
        return NotFoundError(
            f"no {active}dataset {name!r}{which} on {self._caller.host}",
            route=routes.DATASET_LIST.name,
            hint=self._other_versions(name),
        )

    def _other_versions(self, name: str) -> str:
        rows = () if "/" in name else self.list(name=name, status="all")
        others = [f"version {row.version} (id {row.id}) is {row.status}" for row in rows]
        if others:
            return f"Of this name {', '.join(others)}: ask for it by its id."
        return _SHOWN_BY


def _is_name(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and not value.strip().isdecimal()


def _check_name(name: str) -> None:
    """Nothing, unless a name is blank: servers have no such filter, and would show anything."""
    if not name.strip():
        raise ValidationError(
            f"a dataset is asked for by its id or its name, not by {name!r}", hint=_SHOWN_BY
        )
