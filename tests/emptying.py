"""A PostgreSQL database that a test has used, made as it was: without a row. To make another and to connect to it takes the
processor ten times as long.

That nothing else was changed is made sure of, or else the database is not used again: an event trigger notes every change of the
schema, every connection must be one that lies idle in the pools, and too many rows that are gone would leave traces in the files.
"""

import psycopg
from psycopg import sql

from portico.storage.database import Database

_MOST_USES = 40
_MOST_ROWS = 300  # of one test
_WATCH = """
CREATE SCHEMA harness;
CREATE SEQUENCE harness.schema_changes;
CREATE FUNCTION harness.note() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('harness.schema_changes'); END $$;
CREATE EVENT TRIGGER note ON ddl_command_end EXECUTE FUNCTION harness.note();
"""
_CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' ORDER BY tablename"
_SEQUENCES = "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false) FROM pg_sequences"
_VERSION = "SELECT string_agg(version_num, ',') FROM alembic_version"


def watch(url: str) -> None:
    """Sees to it that changes of the schema are noted in every database that is made after this one."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_WATCH)


class Emptying:
    """Of the database at `url`, which is new."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True, options="-c session_replication_role=replica -c lock_timeout=2000")
        self._uses = 0
        self._tables = [row[0] for row in self._connection.execute(_TABLES)]
        self._version = self._connection.execute(_VERSION).fetchone()
        has_rows = sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})")
        self._with_rows = sql.SQL(" UNION ALL ").join(has_rows.format(name, sql.Identifier(name)) for name in self._tables)

    def is_done(self, database: Database) -> bool:
        """Empties the database; False where it must be made anew."""
        self._uses += 1
        try:
            return self._uses < _MOST_USES and self._is_as_we_know_it(database) and self._delete() <= _MOST_ROWS
        except psycopg.Error:
            return False

    def close(self) -> None:
        self._connection.close()

    def _is_as_we_know_it(self, database: Database) -> bool:
        pools = [engine.pool for engine in database.engines]
        connected = self._connection.execute(_CONNECTIONS).fetchone()
        changed = self._connection.execute("SELECT is_called FROM harness.schema_changes").fetchone()
        is_of_version = self._connection.execute(_VERSION).fetchone() == self._version
        return connected == (1 + sum(pool.checkedin() for pool in pools),) and changed == (False,) and is_of_version  # type: ignore[attr-defined]

    def _delete(self) -> int:
        """How many rows there were."""
        deleted = 0
        with self._connection.transaction():
            for (name,) in self._connection.execute(self._with_rows, prepare=True).fetchall():
                deleted += self._connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name))).rowcount
            self._connection.execute(_SEQUENCES)
        return deleted
