"""Datasets: what a registry says of them, and what a caller says to publish one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from openml_client.model.several import hold_tuples
from openml_client.model.text import html_table, shorten

_MD5 = re.compile(r"[0-9a-fA-F]{32}")


def md5_of(text: str | None) -> str | None:
    """The checksum that a document tells, in lower case; None if it is something else."""
    return text.lower() if text and _MD5.fullmatch(text) else None


def _target_names(default_target_attribute: str | None) -> tuple[str, ...]:
    names = (default_target_attribute or "").split(",")
    return tuple(name.strip() for name in names if name.strip())


def ignored_names(ignore_attributes: Iterable[str]) -> frozenset[str]:
    """Names of ignored columns, given one by one or several separated by commas.

    A name may itself have a comma, so that the whole text counts as well.
    """
    return frozenset(
        name.strip() for text in ignore_attributes for name in (text, *text.split(","))
    )


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """The description of one dataset."""

    kinds: ClassVar[tuple[str, ...]] = ("dataset",)
    """What its ``id`` is an id of."""
    id: int
    name: str
    version: int
    """Counted by the server, per name, over all uploaders."""
    description: str | None = None
    description_version: int | None = None
    format: str = "ARFF"
    """As it was uploaded: ``ARFF``, ``arff``, ``Sparse_ARFF``."""
    creators: tuple[str, ...] = ()
    contributors: tuple[str, ...] = ()
    collection_date: str | None = None
    """Free text: years, ranges and full dates all occur."""
    uploaded_at: datetime | None = None
    language: str | None = None
    licence: str | None = None
    url: str | None = None
    """Address of the ARFF file."""
    parquet_url: str | None = None
    """Address of the Parquet file; servers give it even where no such file exists."""
    minio_url: str | None = None
    """The same, from old servers."""
    file_id: int | None = None
    default_target_attribute: str | None = None
    """One name, or several separated by commas."""
    row_id_attribute: str | None = None
    ignore_attributes: tuple[str, ...] = ()
    version_label: str | None = None
    citation: str | None = None
    tags: tuple[str, ...] = ()
    visibility: str | None = None
    original_data_url: str | None = None
    paper_url: str | None = None
    status: str | None = None
    """``active``, ``in_preparation`` or ``deactivated``."""
    processed_at: datetime | None = None
    error: str | None = None
    """What the evaluation engine complained of."""
    warning: str | None = None
    md5_checksum: str | None = None
    """Of the raw bytes of the data file; old documents may say ``NotApplicable``."""

    @property
    def md5(self) -> str | None:
        """The checksum of the data file, if the server tells it."""
        return md5_of(self.md5_checksum)

    @property
    def target_names(self) -> tuple[str, ...]:
        """Names of the default targets, none or more."""
        return _target_names(self.default_target_attribute)

    def __repr__(self) -> str:
        target = f", target={self.default_target_attribute!r}" if self.target_names else ""
        status = f", {self.status}" if self.status not in {None, "active"} else ""
        return f"<Dataset {self.id}: {self.name} v{self.version}{target}{status}>"

    def _repr_html_(self) -> str:
        rows = {
            "Dataset": f"{self.id}: {self.name}, version {self.version}",
            "Target": self.default_target_attribute,
            "Status": self.status,
            "Format": self.format,
            "Licence": self.licence,
            "Tags": ", ".join(self.tags),
            "Description": shorten(self.description or "", 300),
        }
        return html_table(rows)


@dataclass(frozen=True, kw_only=True)
class DatasetDraft:
    """What a caller says of a dataset that is to be published; it has no id yet."""

    name: str
    """At most 128 characters of ``A-Z a-z 0-9 _ - . ( ) ,``."""
    description: str
    """Basic Latin only, at most 16,384 characters."""
    format: str = "ARFF"
    creators: tuple[str, ...] = ()
    contributors: tuple[str, ...] = ()
    collection_date: str | None = None
    language: str | None = None
    licence: str | None = None
    url: str | None = None
    """Where the data file lies, instead of uploading one."""
    default_target_attribute: str | None = None
    row_id_attribute: str | None = None
    ignore_attributes: tuple[str, ...] = ()
    version_label: str | None = None
    citation: str | None = None
    tags: tuple[str, ...] = ()
    visibility: str | None = None
    original_data_url: str | None = None
    paper_url: str | None = None
    update_comment: str | None = None

    def __post_init__(self) -> None:
        hold_tuples(self, "creators", "contributors", "ignore_attributes", "tags")

    @property
    def target_names(self) -> tuple[str, ...]:
        """Names of the default targets, none or more."""
        return _target_names(self.default_target_attribute)


@dataclass(frozen=True, kw_only=True)
class DatasetEdit:
    """What shall be said of a stored dataset from now on; None and () leave things as they are."""

    description: str | None = None
    creators: tuple[str, ...] = ()
    contributors: tuple[str, ...] = ()
    collection_date: str | None = None
    language: str | None = None
    default_target_attribute: str | None = None
    """Only the owner may change it, and the two that follow, and only while no task uses them."""
    row_id_attribute: str | None = None
    ignore_attributes: tuple[str, ...] = ()
    citation: str | None = None
    original_data_url: str | None = None
    paper_url: str | None = None

    def __post_init__(self) -> None:
        hold_tuples(self, "creators", "contributors", "ignore_attributes")

    @property
    def target_names(self) -> tuple[str, ...]:
        """Names of the new default targets, none or more."""
        return _target_names(self.default_target_attribute)

    @property
    def is_critical(self) -> bool:
        """Whether it changes what tasks on the dataset would mean."""
        return bool(
            self.default_target_attribute or self.row_id_attribute or self.ignore_attributes
        )


@dataclass(frozen=True, kw_only=True)
class DescriptionVersion:
    """One text that a dataset was described by."""

    version: int
    """Counted from 1."""
    description: str | None = None


@dataclass(frozen=True, kw_only=True)
class DatasetSummary:
    """One row of a list of datasets."""

    kinds: ClassVar[tuple[str, ...]] = ("dataset",)
    """What its ``id`` is an id of."""
    id: int
    name: str
    version: int
    uploader_id: int | None = None
    status: str | None = None
    format: str | None = None
    file_id: int | None = None
    md5_checksum: str | None = None
    qualities: Mapping[str, float] = field(hash=False)
    """The few that lists carry, as ``NumberOfInstances``; undefined ones are absent."""

    def __repr__(self) -> str:
        size = f", {self.n_rows} rows" if self.n_rows is not None else ""
        return f"<DatasetSummary {self.id}: {self.name} v{self.version}{size}>"

    @property
    def n_rows(self) -> int | None:
        """Number of rows, if the dataset has been processed."""
        return self._count("NumberOfInstances")

    @property
    def n_features(self) -> int | None:
        """Number of columns, the target among them."""
        return self._count("NumberOfFeatures")

    @property
    def n_classes(self) -> int | None:
        """Number of classes of the target; 0 if it is numeric."""
        return self._count("NumberOfClasses")

    def _count(self, quality: str) -> int | None:
        value = self.qualities.get(quality)
        return None if value is None else int(value)


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One column of a dataset, as the registry describes it."""

    index: int
    """Position in the data file, from 0."""
    name: str
    data_type: str
    """``numeric``, ``nominal``, ``string`` or ``date``."""
    ontologies: tuple[str, ...] = ()
    nominal_values: tuple[str, ...] = ()
    """Sorted by the server; the order of declaration stands in the data file only."""
    is_target: bool = False
    is_ignore: bool = False
    is_row_identifier: bool = False
    number_of_missing_values: int = 0


@dataclass(frozen=True, kw_only=True)
class Quality:
    """One property of a dataset, measured by the evaluation engine."""

    name: str
    """As ``NumberOfInstances`` or ``MeanSkewnessOfNumericAtts``."""
    value: float | None = None
    """None where it is undefined."""
