"""Make all tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Bring the tables one step forward."""
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("group", sa.String(length=16), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("key_hash", name="uq_users_key_hash"),
        sa.UniqueConstraint("name", name="uq_users_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "files",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("md5", sa.String(length=32), nullable=True),
        sa.Column("size_bytes", sa.Integer(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("is_private", sa.Boolean(), nullable=False),
        sa.Column("uploader_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["uploader_id"], ["users.id"], name="fk_files_uploader_id"),
        sa.PrimaryKeyConstraint("id", name="pk_files"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "datasets",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("description_version", sa.Integer(), nullable=False),
        sa.Column("format", sa.String(length=64), nullable=False),
        sa.Column("creators", sa.JSON(), nullable=False),
        sa.Column("contributors", sa.JSON(), nullable=False),
        sa.Column("collection_date", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("licence", sa.Text(), nullable=True),
        sa.Column("default_target_attribute", sa.Text(), nullable=True),
        sa.Column("row_id_attribute", sa.Text(), nullable=True),
        sa.Column("ignore_attributes", sa.JSON(), nullable=False),
        sa.Column("version_label", sa.Text(), nullable=True),
        sa.Column("citation", sa.Text(), nullable=True),
        sa.Column("visibility", sa.String(length=8), nullable=False),
        sa.Column("original_data_url", sa.Text(), nullable=True),
        sa.Column("paper_url", sa.Text(), nullable=True),
        sa.Column("update_comment", sa.Text(), nullable=True),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("uploader_id", sa.Integer(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("processed_at", sa.DateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("warning", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name="fk_datasets_file_id"),
        sa.ForeignKeyConstraint(["uploader_id"], ["users.id"], name="fk_datasets_uploader_id"),
        sa.PrimaryKeyConstraint("id", name="pk_datasets"),
        sa.UniqueConstraint("name", "version", name="uq_datasets_name_version"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_datasets_file_id", "datasets", ["file_id"], unique=False)
    op.create_index("ix_datasets_uploader_id", "datasets", ["uploader_id"], unique=False)
    op.create_table(
        "flows",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("external_version", sa.String(length=128), nullable=False),
        sa.Column("custom_name", sa.Text(), nullable=True),
        sa.Column("class_name", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("creators", sa.JSON(), nullable=False),
        sa.Column("contributors", sa.JSON(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("full_description", sa.Text(), nullable=True),
        sa.Column("installation_notes", sa.Text(), nullable=True),
        sa.Column("dependencies", sa.Text(), nullable=True),
        sa.Column("source_file_id", sa.Integer(), nullable=True),
        sa.Column("source_format", sa.Text(), nullable=True),
        sa.Column("binary_file_id", sa.Integer(), nullable=True),
        sa.Column("binary_format", sa.Text(), nullable=True),
        sa.Column("uploader_id", sa.Integer(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["binary_file_id"], ["files.id"], name="fk_flows_binary_file_id"),
        sa.ForeignKeyConstraint(["source_file_id"], ["files.id"], name="fk_flows_source_file_id"),
        sa.ForeignKeyConstraint(["uploader_id"], ["users.id"], name="fk_flows_uploader_id"),
        sa.PrimaryKeyConstraint("id", name="pk_flows"),
        sa.UniqueConstraint("name", "external_version", name="uq_flows_name_external_version"),
        sa.UniqueConstraint("name", "version", name="uq_flows_name_version"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_flows_uploader_id", "flows", ["uploader_id"], unique=False)
    op.create_table(
        "dataset_tags",
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(length=128), nullable=False),
        sa.Column("uploader_id", sa.Integer(), nullable=False),
        sa.Column("tagged_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name="fk_dataset_tags_dataset_id"),
        sa.ForeignKeyConstraint(["uploader_id"], ["users.id"], name="fk_dataset_tags_uploader_id"),
        sa.PrimaryKeyConstraint("dataset_id", "tag", name="pk_dataset_tags"),
    )
    op.create_index("ix_dataset_tags_tag", "dataset_tags", ["tag"], unique=False)
    op.create_table(
        "features",
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("data_type", sa.String(length=16), nullable=False),
        sa.Column("nominal_values", sa.JSON(), nullable=False),
        sa.Column("is_target", sa.Boolean(), nullable=False),
        sa.Column("is_ignore", sa.Boolean(), nullable=False),
        sa.Column("is_row_identifier", sa.Boolean(), nullable=False),
        sa.Column("number_of_missing_values", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name="fk_features_dataset_id"),
        sa.PrimaryKeyConstraint("dataset_id", "position", name="pk_features"),
    )
    op.create_table(
        "flow_components",
        sa.Column("parent_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("flow_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["flow_id"], ["flows.id"], name="fk_flow_components_flow_id"),
        sa.ForeignKeyConstraint(["parent_id"], ["flows.id"], name="fk_flow_components_parent_id"),
        sa.PrimaryKeyConstraint("parent_id", "position", name="pk_flow_components"),
    )
    op.create_index("ix_flow_components_flow_id", "flow_components", ["flow_id"], unique=False)
    op.create_table(
        "flow_parameters",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("flow_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("data_type", sa.Text(), nullable=True),
        sa.Column("default_value", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("recommended_range", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["flow_id"], ["flows.id"], name="fk_flow_parameters_flow_id"),
        sa.PrimaryKeyConstraint("id", name="pk_flow_parameters"),
        sa.UniqueConstraint("flow_id", "name", name="uq_flow_parameters_flow_id_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "flow_tags",
        sa.Column("flow_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(length=128), nullable=False),
        sa.Column("uploader_id", sa.Integer(), nullable=False),
        sa.Column("tagged_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["flow_id"], ["flows.id"], name="fk_flow_tags_flow_id"),
        sa.ForeignKeyConstraint(["uploader_id"], ["users.id"], name="fk_flow_tags_uploader_id"),
        sa.PrimaryKeyConstraint("flow_id", "tag", name="pk_flow_tags"),
    )
    op.create_index("ix_flow_tags_tag", "flow_tags", ["tag"], unique=False)
    op.create_table(
        "qualities",
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("value", sa.Float(precision=53), nullable=True),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name="fk_qualities_dataset_id"),
        sa.PrimaryKeyConstraint("dataset_id", "name", name="pk_qualities"),
    )
    op.create_index("ix_qualities_name_value", "qualities", ["name", "value"], unique=False)
    op.create_table(
        "setups",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("flow_id", sa.Integer(), nullable=False),
        sa.Column("settings_hash", sa.String(length=64), nullable=False),
        sa.Column("setup_string", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["flow_id"], ["flows.id"], name="fk_setups_flow_id"),
        sa.PrimaryKeyConstraint("id", name="pk_setups"),
        sa.UniqueConstraint("flow_id", "settings_hash", name="uq_setups_flow_id_settings_hash"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "tasks",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("type_id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=True),
        sa.Column("inputs_hash", sa.String(length=64), nullable=False),
        sa.Column("splits_sha256", sa.String(length=64), nullable=True),
        sa.Column("uploader_id", sa.Integer(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name="fk_tasks_dataset_id"),
        sa.ForeignKeyConstraint(["uploader_id"], ["users.id"], name="fk_tasks_uploader_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tasks"),
        sa.UniqueConstraint("inputs_hash", name="uq_tasks_inputs_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_tasks_dataset_id", "tasks", ["dataset_id"], unique=False)
    op.create_index("ix_tasks_type_id", "tasks", ["type_id"], unique=False)
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("setup_id", sa.Integer(), nullable=False),
        sa.Column("setup_string", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("run_details", sa.Text(), nullable=True),
        sa.Column("uploader_id", sa.Integer(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(), nullable=False),
        sa.Column("processed_at", sa.DateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("warning", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["setup_id"], ["setups.id"], name="fk_runs_setup_id"),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name="fk_runs_task_id"),
        sa.ForeignKeyConstraint(["uploader_id"], ["users.id"], name="fk_runs_uploader_id"),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_runs_setup_id", "runs", ["setup_id"], unique=False)
    op.create_index("ix_runs_task_id", "runs", ["task_id"], unique=False)
    op.create_index("ix_runs_uploader_id", "runs", ["uploader_id"], unique=False)
    op.create_table(
        "setup_settings",
        sa.Column("setup_id", sa.Integer(), nullable=False),
        sa.Column("parameter_id", sa.Integer(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parameter_id"], ["flow_parameters.id"], name="fk_setup_settings_parameter_id"
        ),
        sa.ForeignKeyConstraint(["setup_id"], ["setups.id"], name="fk_setup_settings_setup_id"),
        sa.PrimaryKeyConstraint("setup_id", "parameter_id", name="pk_setup_settings"),
    )
    op.create_table(
        "setup_tags",
        sa.Column("setup_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(length=128), nullable=False),
        sa.Column("uploader_id", sa.Integer(), nullable=False),
        sa.Column("tagged_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["setup_id"], ["setups.id"], name="fk_setup_tags_setup_id"),
        sa.ForeignKeyConstraint(["uploader_id"], ["users.id"], name="fk_setup_tags_uploader_id"),
        sa.PrimaryKeyConstraint("setup_id", "tag", name="pk_setup_tags"),
    )
    op.create_index("ix_setup_tags_tag", "setup_tags", ["tag"], unique=False)
    op.create_table(
        "task_inputs",
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name="fk_task_inputs_task_id"),
        sa.PrimaryKeyConstraint("task_id", "name", name="pk_task_inputs"),
    )
    op.create_table(
        "task_tags",
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(length=128), nullable=False),
        sa.Column("uploader_id", sa.Integer(), nullable=False),
        sa.Column("tagged_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name="fk_task_tags_task_id"),
        sa.ForeignKeyConstraint(["uploader_id"], ["users.id"], name="fk_task_tags_uploader_id"),
        sa.PrimaryKeyConstraint("task_id", "tag", name="pk_task_tags"),
    )
    op.create_index("ix_task_tags_tag", "task_tags", ["tag"], unique=False)
    op.create_table(
        "evaluations",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("measure", sa.String(length=128), nullable=False),
        sa.Column("stdev", sa.Float(precision=53), nullable=True),
        sa.Column("value", sa.Float(precision=53), nullable=True),
        sa.Column("per_class", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("array_text", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_evaluations_run_id"),
        sa.PrimaryKeyConstraint("run_id", "measure", name="pk_evaluations"),
    )
    op.create_index(
        "ix_evaluations_measure_value", "evaluations", ["measure", "value"], unique=False
    )
    op.create_table(
        "fold_evaluations",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("measure", sa.String(length=128), nullable=False),
        sa.Column("repeat", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("fold", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Float(precision=53), nullable=True),
        sa.Column("per_class", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("array_text", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_fold_evaluations_run_id"),
        sa.PrimaryKeyConstraint("run_id", "measure", "repeat", "fold", name="pk_fold_evaluations"),
    )
    op.create_table(
        "run_files",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name="fk_run_files_file_id"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_run_files_run_id"),
        sa.PrimaryKeyConstraint("run_id", "name", name="pk_run_files"),
    )
    op.create_table(
        "run_tags",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(length=128), nullable=False),
        sa.Column("uploader_id", sa.Integer(), nullable=False),
        sa.Column("tagged_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_run_tags_run_id"),
        sa.ForeignKeyConstraint(["uploader_id"], ["users.id"], name="fk_run_tags_uploader_id"),
        sa.PrimaryKeyConstraint("run_id", "tag", name="pk_run_tags"),
    )
    op.create_index("ix_run_tags_tag", "run_tags", ["tag"], unique=False)
    op.create_table(
        "sample_evaluations",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("measure", sa.String(length=128), nullable=False),
        sa.Column("repeat", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("fold", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sample", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Float(precision=53), nullable=True),
        sa.Column("per_class", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("array_text", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_sample_evaluations_run_id"),
        sa.PrimaryKeyConstraint(
            "run_id", "measure", "repeat", "fold", "sample", name="pk_sample_evaluations"
        ),
    )
    op.create_table(
        "trace_iterations",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("repeat", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("fold", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("iteration", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("setup_string", sa.Text(), nullable=True),
        sa.Column("evaluation", sa.Float(precision=53), nullable=True),
        sa.Column("is_selected", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_trace_iterations_run_id"),
        sa.PrimaryKeyConstraint(
            "run_id", "repeat", "fold", "iteration", name="pk_trace_iterations"
        ),
    )
