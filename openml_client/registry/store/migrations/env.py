"""Runs the steps on the connection that `openml_client.registry.store.migrating` hands over."""

from __future__ import annotations

from alembic import context

from openml_client.registry.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite can undo changes of tables too, now that the store begins transactions itself.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
