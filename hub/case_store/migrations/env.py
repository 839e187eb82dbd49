"""Runs the migrations on the connection that the case store hands over.

Alembic executes this file itself, so it acts when loaded, unlike every other module.
"""

from alembic import context

from hub.case_store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite can undo DDL as well, once BEGIN is ours (see database.py).
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
