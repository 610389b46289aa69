"""Runs the migrations that live inside the package, in the caller's transaction: all of them, or none."""

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

HEAD = "0001"
_ADVISORY_LOCK = 0x706F7274  # "port"; two processes that start together must not both create the tables
_REVISION = sa.text("SELECT version_num FROM alembic_version")


def upgrade(tx: sa.Connection) -> None:
    """Brings the tables to HEAD. On PostgreSQL one process at a time; on SQLite the write transaction sees to that."""
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
    settings = configuration()
    settings.attributes["connection"] = tx
    command.upgrade(settings, HEAD)


def revision(connection: sa.Connection) -> str | None:
    """The revision the tables are at; None before the first migration."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(_REVISION).scalar()


def configuration() -> Config:
    """Alembic's settings, without a file."""
    settings = Config()
    settings.set_main_option("script_location", "portico.storage:migrations")
    return settings


def head() -> str | None:
    """The newest migration in the package, which HEAD must name."""
    return ScriptDirectory.from_config(configuration()).get_current_head()
