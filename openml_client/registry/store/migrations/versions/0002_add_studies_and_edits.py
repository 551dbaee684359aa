"""Add studies, and what is said of datasets after they were published."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Bring the tables one step forward."""
    _add_edits()
    _add_studies()
    op.create_table(
        "setup_differences",
        sa.Column("setup_a", sa.Integer(), nullable=False),
        sa.Column("setup_b", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("task_size", sa.Integer(), nullable=False),
        sa.Column("differences", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["setup_a"], ["setups.id"], name="fk_setup_differences_setup_a"),
        sa.ForeignKeyConstraint(["setup_b"], ["setups.id"], name="fk_setup_differences_setup_b"),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name="fk_setup_differences_task_id"),
        sa.PrimaryKeyConstraint("setup_a", "setup_b", "task_id", name="pk_setup_differences"),
    )
    for table, column in (
        ("flows", "source_file_id"),
        ("flows", "binary_file_id"),
        ("run_files", "file_id"),
        ("setup_settings", "parameter_id"),
        ("setup_differences", "setup_b"),
        ("setup_differences", "task_id"),
    ):
        op.create_index(f"ix_{table}_{column}", table, [column])


def _add_edits() -> None:
    op.create_table(
        "dataset_descriptions",
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("uploader_id", sa.Integer(), nullable=False),
        sa.Column("written_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.id"], name="fk_dataset_descriptions_dataset_id"
        ),
        sa.ForeignKeyConstraint(
            ["uploader_id"], ["users.id"], name="fk_dataset_descriptions_uploader_id"
        ),
        sa.PrimaryKeyConstraint("dataset_id", "version", name="pk_dataset_descriptions"),
    )
    op.execute(
        "INSERT INTO dataset_descriptions (dataset_id, version, description, uploader_id, "
        "written_at) SELECT id, description_version, description, uploader_id, uploaded_at "
        "FROM datasets"
    )
    op.create_table(
        "dataset_topics",
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(length=128), nullable=False),
        sa.Column("uploader_id", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.id"], name="fk_dataset_topics_dataset_id"
        ),
        sa.ForeignKeyConstraint(
            ["uploader_id"], ["users.id"], name="fk_dataset_topics_uploader_id"
        ),
        sa.PrimaryKeyConstraint("dataset_id", "topic", name="pk_dataset_topics"),
    )
    op.create_table(
        "feature_ontologies",
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ontology", sa.String(length=256), nullable=False),
        sa.Column("uploader_id", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.id"], name="fk_feature_ontologies_dataset_id"
        ),
        sa.ForeignKeyConstraint(
            ["uploader_id"], ["users.id"], name="fk_feature_ontologies_uploader_id"
        ),
        sa.PrimaryKeyConstraint("dataset_id", "position", "ontology", name="pk_feature_ontologies"),
    )


def _add_studies() -> None:
    op.create_table(
        "studies",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("alias", sa.String(length=32), nullable=True),
        sa.Column("main_entity_type", sa.String(length=8), nullable=False),
        sa.Column("benchmark_suite_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("uploader_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["benchmark_suite_id"], ["studies.id"], name="fk_studies_benchmark_suite_id"
        ),
        sa.ForeignKeyConstraint(["uploader_id"], ["users.id"], name="fk_studies_uploader_id"),
        sa.PrimaryKeyConstraint("id", name="pk_studies"),
        sa.UniqueConstraint("alias", name="uq_studies_alias"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_studies_benchmark_suite_id", "studies", ["benchmark_suite_id"])
    for thing in ("task", "run"):
        table = f"study_{thing}s"
        op.create_table(
            table,
            sa.Column("study_id", sa.Integer(), nullable=False),
            sa.Column(f"{thing}_id", sa.Integer(), nullable=False),
            sa.ForeignKeyConstraint(["study_id"], ["studies.id"], name=f"fk_{table}_study_id"),
            sa.ForeignKeyConstraint(
                [f"{thing}_id"], [f"{thing}s.id"], name=f"fk_{table}_{thing}_id"
            ),
            sa.PrimaryKeyConstraint("study_id", f"{thing}_id", name=f"pk_{table}"),
        )
        op.create_index(f"ix_{table}_{thing}_id", table, [f"{thing}_id"])
