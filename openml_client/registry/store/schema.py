"""The tables of a registry.

Ids are never given twice, even after a deletion (AUTOINCREMENT on SQLite, sequences elsewhere).
What changes here needs a migration, and `REVISIONS` names them all.  A column that refers to what
can be deleted is the first of an index: each deletion looks for rows that refer to it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.types import TypeEngine

REVISIONS = ("0001", "0002", "0003")
"""The revisions of the database that this code knows, oldest first; it works with the last."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """An aware instant, kept as a time without a zone, in UTC, as both databases can."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Drop the zone."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Add the zone again."""
        return None if value is None else value.replace(tzinfo=UTC)


def _required(name: str, kind: type[TypeEngine[Any]] | TypeEngine[Any]) -> Column[Any]:
    return Column(name, kind, nullable=False)


def _own_id() -> Column[int]:
    return Column("id", Integer, primary_key=True, autoincrement=True)


def _reference(name: str, target: str, *, primary_key: bool = False) -> Column[int]:
    return Column(
        name, Integer, ForeignKey(f"{target}.id"), nullable=False, primary_key=primary_key
    )


def _with_ids(name: str, *parts: Column[Any] | UniqueConstraint | Index) -> Table:
    """Make a table of things with ids of their own."""
    return Table(name, metadata, _own_id(), *parts, sqlite_autoincrement=True)


def _tags(name: str, thing: str) -> Table:
    """Make the table of the tags of one kind of thing."""
    return Table(
        name,
        metadata,
        _reference(f"{thing}_id", f"{thing}s", primary_key=True),
        Column("tag", String(128), primary_key=True),
        _reference("uploader_id", "users"),
        _required("tagged_at", Instant),
        Index(f"ix_{name}_tag", "tag"),
    )


users = _with_ids(
    "users",
    _required("name", String(128)),
    _required("group", String(16)),
    _required("key_hash", String(64)),
    _required("created_at", Instant),
    UniqueConstraint("name"),
    UniqueConstraint("key_hash"),
)

files = _with_ids(
    "files",
    _required("name", Text),
    _required("content_type", Text),
    Column("sha256", String(64)),
    Column("md5", String(32)),
    Column("size_bytes", Integer),
    Column("url", Text),
    _required("is_private", Boolean),
    _reference("uploader_id", "users"),
    _required("created_at", Instant),
)
"""A file is a blob of this registry or an address elsewhere."""

datasets = _with_ids(
    "datasets",
    _required("name", String(128)),
    _required("version", Integer),
    Column("description", Text),
    _required("description_version", Integer),
    _required("format", String(64)),
    _required("creators", JSON),
    _required("contributors", JSON),
    Column("collection_date", Text),
    Column("language", Text),
    Column("licence", Text),
    Column("default_target_attribute", Text),
    Column("row_id_attribute", Text),
    _required("ignore_attributes", JSON),
    Column("version_label", Text),
    Column("citation", Text),
    _required("visibility", String(8)),
    Column("original_data_url", Text),
    Column("paper_url", Text),
    Column("update_comment", Text),
    _reference("file_id", "files"),
    _reference("uploader_id", "users"),
    _required("uploaded_at", Instant),
    _required("status", String(16)),
    Column("processed_at", Instant),
    Column("error", Text),
    Column("warning", Text),
    UniqueConstraint("name", "version"),
    Index("ix_datasets_uploader_id", "uploader_id"),
    Index("ix_datasets_file_id", "file_id"),
)
dataset_tags = _tags("dataset_tags", "dataset")

dataset_descriptions = Table(
    "dataset_descriptions",
    metadata,
    _reference("dataset_id", "datasets", primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("description", Text),
    _reference("uploader_id", "users"),
    _required("written_at", Instant),
)
"""All texts that a dataset was described by, the one of today among them."""

dataset_topics = Table(
    "dataset_topics",
    metadata,
    _reference("dataset_id", "datasets", primary_key=True),
    Column("topic", String(128), primary_key=True),
    _reference("uploader_id", "users"),
    _required("added_at", Instant),
)

features = Table(
    "features",
    metadata,
    _reference("dataset_id", "datasets", primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    _required("name", Text),
    _required("data_type", String(16)),
    _required("nominal_values", JSON),
    _required("is_target", Boolean),
    _required("is_ignore", Boolean),
    _required("is_row_identifier", Boolean),
    _required("number_of_missing_values", Integer),
)

feature_ontologies = Table(
    "feature_ontologies",
    metadata,
    _reference("dataset_id", "datasets", primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("ontology", String(256), primary_key=True),
    _reference("uploader_id", "users"),
    _required("added_at", Instant),
)
"""They outlive the features, which are found again when a dataset is processed again."""

qualities = Table(
    "qualities",
    metadata,
    _reference("dataset_id", "datasets", primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("value", Float(53)),
    Index("ix_qualities_name_value", "name", "value"),
)

tasks = _with_ids(
    "tasks",
    _required("type_id", Integer),
    Column("dataset_id", Integer, ForeignKey("datasets.id")),
    _required("inputs_hash", String(64)),
    Column("splits_sha256", String(64)),
    _reference("uploader_id", "users"),
    _required("uploaded_at", Instant),
    UniqueConstraint("inputs_hash"),
    Index("ix_tasks_type_id", "type_id"),
    Index("ix_tasks_dataset_id", "dataset_id"),
)
"""``inputs_hash`` is of the type and all inputs: the same task is there only once."""
task_tags = _tags("task_tags", "task")

task_inputs = Table(
    "task_inputs",
    metadata,
    _reference("task_id", "tasks", primary_key=True),
    Column("name", String(64), primary_key=True),
    _required("value", Text),
)

flows = _with_ids(
    "flows",
    _required("name", Text),
    _required("version", Integer),
    _required("external_version", String(128)),
    Column("custom_name", Text),
    Column("class_name", Text),
    Column("description", Text),
    _required("creators", JSON),
    _required("contributors", JSON),
    Column("licence", Text),
    Column("language", Text),
    Column("full_description", Text),
    Column("installation_notes", Text),
    Column("dependencies", Text),
    Column("source_file_id", Integer, ForeignKey("files.id")),
    Column("source_format", Text),
    Column("binary_file_id", Integer, ForeignKey("files.id")),
    Column("binary_format", Text),
    _reference("uploader_id", "users"),
    _required("uploaded_at", Instant),
    UniqueConstraint("name", "external_version"),
    UniqueConstraint("name", "version"),
    Index("ix_flows_uploader_id", "uploader_id"),
    Index("ix_flows_source_file_id", "source_file_id"),
    Index("ix_flows_binary_file_id", "binary_file_id"),
)
flow_tags = _tags("flow_tags", "flow")

flow_parameters = _with_ids(
    "flow_parameters",
    _reference("flow_id", "flows"),
    _required("name", Text),
    Column("data_type", Text),
    Column("default_value", Text),
    Column("description", Text),
    Column("recommended_range", Text),
    UniqueConstraint("flow_id", "name"),
)

flow_components = Table(
    "flow_components",
    metadata,
    _reference("parent_id", "flows", primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    _required("identifier", Text),
    _reference("flow_id", "flows"),
    Index("ix_flow_components_flow_id", "flow_id"),
)

setups = _with_ids(
    "setups",
    _reference("flow_id", "flows"),
    _required("settings_hash", String(64)),
    Column("setup_string", Text),
    UniqueConstraint("flow_id", "settings_hash"),
)
"""``settings_hash`` is of all parameters and their values: the same setup is there only once."""
setup_tags = _tags("setup_tags", "setup")

setup_settings = Table(
    "setup_settings",
    metadata,
    _reference("setup_id", "setups", primary_key=True),
    _reference("parameter_id", "flow_parameters", primary_key=True),
    _required("value", Text),
    Index("ix_setup_settings_parameter_id", "parameter_id"),
)

runs = _with_ids(
    "runs",
    _reference("task_id", "tasks"),
    _reference("setup_id", "setups"),
    Column("setup_string", Text),
    Column("error_message", Text),
    Column("run_details", Text),
    _reference("uploader_id", "users"),
    _required("uploaded_at", Instant),
    Column("processed_at", Instant),
    Column("error", Text),
    Column("warning", Text),
    Index("ix_runs_task_id_setup_id_id", "task_id", "setup_id", "id"),
    Index("ix_runs_setup_id_task_id_id", "setup_id", "task_id", "id"),
    Index("ix_runs_uploader_id_setup_id_task_id_id", "uploader_id", "setup_id", "task_id", "id"),
)
"""``error`` is what the engine complained of, and empty where it was content.  The indices end in
the order of lists, `run_filters.sorting`."""
run_tags = _tags("run_tags", "run")

run_files = Table(
    "run_files",
    metadata,
    _reference("run_id", "runs", primary_key=True),
    Column("name", String(128), primary_key=True),
    _reference("file_id", "files"),
    Index("ix_run_files_file_id", "file_id"),
)


def _values() -> tuple[Column[Any], ...]:
    """Make the columns that all tables of evaluations end in."""
    return (
        Column("value", Float(53)),
        Column("per_class", JSON(none_as_null=True)),
        Column("array_text", Text),
    )


evaluations = Table(
    "evaluations",
    metadata,
    _reference("run_id", "runs", primary_key=True),
    Column("measure", String(128), primary_key=True),
    Column("stdev", Float(53)),
    *_values(),
    Index("ix_evaluations_measure_value", "measure", "value"),
)
"""Of all predictions of a run."""

fold_evaluations = Table(
    "fold_evaluations",
    metadata,
    _reference("run_id", "runs", primary_key=True),
    Column("measure", String(128), primary_key=True),
    Column("repeat", Integer, primary_key=True, autoincrement=False),
    Column("fold", Integer, primary_key=True, autoincrement=False),
    *_values(),
)

sample_evaluations = Table(
    "sample_evaluations",
    metadata,
    _reference("run_id", "runs", primary_key=True),
    Column("measure", String(128), primary_key=True),
    Column("repeat", Integer, primary_key=True, autoincrement=False),
    Column("fold", Integer, primary_key=True, autoincrement=False),
    Column("sample", Integer, primary_key=True, autoincrement=False),
    *_values(),
)
"""Of learning curves; kept, but no route of the protocol shows them."""

trace_iterations = Table(
    "trace_iterations",
    metadata,
    _reference("run_id", "runs", primary_key=True),
    Column("repeat", Integer, primary_key=True, autoincrement=False),
    Column("fold", Integer, primary_key=True, autoincrement=False),
    Column("iteration", Integer, primary_key=True, autoincrement=False),
    Column("setup_string", Text),
    Column("evaluation", Float(53)),
    _required("is_selected", Boolean),
)

setup_differences = Table(
    "setup_differences",
    metadata,
    _reference("setup_a", "setups", primary_key=True),
    _reference("setup_b", "setups", primary_key=True),
    _reference("task_id", "tasks", primary_key=True),
    _required("task_size", Integer),
    _required("differences", Integer),
    Index("ix_setup_differences_setup_b", "setup_b"),
    Index("ix_setup_differences_task_id", "task_id"),
)

studies = _with_ids(
    "studies",
    Column("alias", String(32)),
    _required("main_entity_type", String(8)),
    Column("benchmark_suite_id", Integer, ForeignKey("studies.id")),
    _required("name", String(256)),
    Column("description", Text),
    _required("status", String(16)),
    _reference("uploader_id", "users"),
    _required("created_at", Instant),
    UniqueConstraint("alias"),
    Index("ix_studies_benchmark_suite_id", "benchmark_suite_id"),
)

study_tasks = Table(
    "study_tasks",
    metadata,
    _reference("study_id", "studies", primary_key=True),
    _reference("task_id", "tasks", primary_key=True),
    Index("ix_study_tasks_task_id", "task_id"),
)

study_runs = Table(
    "study_runs",
    metadata,
    _reference("study_id", "studies", primary_key=True),
    _reference("run_id", "runs", primary_key=True),
    Index("ix_study_runs_run_id", "run_id"),
)
