"""List runs and evaluations by setup and task, as the real server does."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Bring the tables one step forward."""
    for columns in (
        ["setup_id", "task_id", "id"],
        ["task_id", "setup_id", "id"],
        ["uploader_id", "setup_id", "task_id", "id"],
    ):
        op.drop_index(f"ix_runs_{columns[0]}", "runs")
        op.create_index(f"ix_runs_{'_'.join(columns)}", "runs", columns)
