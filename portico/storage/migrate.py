"""Runs the migrations that live inside the package: all of them, or none."""

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from portico.storage.database import Database
from portico.storage.revision import HEAD

_ADVISORY_LOCK = 0x706F7274  # "port"; two processes that start together must not both create the tables


def migrate(database: Database) -> None:
    """Brings the tables up to this version of the program. Safe to run by several processes at once."""
    with database.restructuring() as tx:
        upgrade(tx)


def upgrade(tx: sa.Connection, to: str = HEAD) -> None:
    """The same in a transaction made by `Database.restructuring`. On PostgreSQL one process at a time; on SQLite the write
    transaction sees to that."""
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
    settings = configuration()
    settings.attributes["connection"] = tx
    command.upgrade(settings, to)
    if tx.dialect.name == "sqlite":
        dangling = tx.exec_driver_sql("PRAGMA foreign_key_check").all()
        if dangling:
            raise RuntimeError(f"after the migration {len(dangling)} rows would refer to nothing, the first in the table {dangling[0][0]}")


def configuration() -> Config:
    """Alembic's settings, without a file."""
    settings = Config()
    settings.set_main_option("script_location", "portico.storage:migrations")
    return settings


def head() -> str | None:
    """The newest migration in the package, which HEAD must name."""
    return ScriptDirectory.from_config(configuration()).get_current_head()
