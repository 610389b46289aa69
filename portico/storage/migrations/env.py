"""Alembic's entry. The connection, with its transaction already open, is handed over by `portico.storage.migrate`."""

from alembic import context

from portico.storage.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
