"""A filled database of the first version becomes one of today: nothing is lost, nothing is loosened, and a death on the way leaves
the old one as it was."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from portico.services import check
from portico.storage import migrate, revision, subscription, tables
from portico.storage.database import Database
from tests.conftest import DIALECTS
from tests.factories import Factory
from tests.storage import first_version

# The words the first version refused.
NEW_WORDS = {
    "subscription": "UPDATE subscription SET status = 'paused', resumes_at = 1 WHERE status = 'active'",
    "orders": "UPDATE orders SET status = 'paused' WHERE status = 'active'",
    "payment_attempt": "UPDATE payment_attempt SET status = 'canceled' WHERE status = 'failed'",
}
FROZEN = ("document", "document_file", "audit", "subscription_event")


@pytest.fixture(params=DIALECTS)
def first(request: pytest.FixtureRequest, now: datetime) -> Iterator[Database]:
    """A filled database of the first version, of either kind."""
    with _opened(request, request.param, now) as database:
        yield database


@contextmanager
def _opened(request: pytest.FixtureRequest, dialect: str, now: datetime) -> Iterator[Database]:
    open_fresh = request.getfixturevalue(f"{dialect}_databases")
    with open_fresh(True) as today, open_fresh(False) as first:
        first_version.fill(today, Factory(today, now))
        first_version.make(first, today)
        yield first


def test_not_a_byte_is_lost(first: Database) -> None:
    columns = first_version.columns_of(first)
    before = first_version.contents(first, columns)
    assert set(columns) == {name for name, rows in before.items() if rows}, "the test is about rows of every kind"
    migrate.migrate(first)
    assert first.is_current()
    assert first_version.contents(first, columns) == before
    assert {found.check for found in check.run(first)} == {"imported_refunds_are_credited"}


def test_what_was_billed_elsewhere_stays_elsewhere(first: Database) -> None:
    migrate.migrate(first)
    kept, paid = tables.subscription, tables.payment
    with first.read() as tx:
        state = (kept.c.managed, kept.c.version, kept.c.due_at, kept.c.remind_at, kept.c.retry_step)
        assert {tuple(row) for row in tx.execute(sa.select(*state))} == {(False, 1, None, None, 0)}
        bills = sa.select(paid.c.purpose, paid.c.subscription_id.is_(None), paid.c.period_start.is_(None))
        purposes = {tuple(row) for row in tx.execute(bills)}
        assert purposes == {("purchase", True, True), ("period", False, False)}
        assert not subscription.is_due(tx, now=datetime(9000, 1, 1, tzinfo=UTC))
        assert set(tx.execute(sa.select(tables.store.c.test_offset)).scalars()) == {timedelta(0)}


def test_the_tables_are_those_of_an_empty_database(first: Database, request: pytest.FixtureRequest) -> None:
    """Constraints, indexes and triggers by their very text (SQLite) or names and definitions (PostgreSQL)."""
    migrate.migrate(first)
    with request.getfixturevalue(f"{first.dialect}_databases")(True) as fresh:
        assert _schema(first) == _schema(fresh)


def test_what_is_written_once_still_is(first: Database) -> None:
    migrate.migrate(first)
    for table in FROZEN:
        for change in (f"UPDATE {table} SET {tables.metadata.tables[table].c.keys()[-1]} = NULL", f"DELETE FROM {table}"):
            with pytest.raises(sa.exc.DBAPIError, match="written once"), first.transaction() as tx:
                tx.exec_driver_sql(change)


@pytest.mark.parametrize("over", ["canceled", "expired", "closed"])
def test_what_is_over_does_not_come_back(first: Database, over: str) -> None:
    migrate.migrate(first)
    for status in ("active", "trialing", "canceling", "expired" if over == "canceled" else "canceled"):
        with pytest.raises(sa.exc.DBAPIError, match="does not come back"), first.transaction() as tx:
            tx.exec_driver_sql(f"UPDATE subscription SET status = '{status}' WHERE status = '{over}'")
    with first.transaction() as tx:
        assert tx.exec_driver_sql(f"UPDATE subscription SET status = '{over}', quantity = 2 WHERE status = '{over}'").rowcount == 2


def test_references_are_held_again(first: Database) -> None:
    migrate.migrate(first)
    for table in ("subscription", "payment", "refund", "document_file"):
        reference = {"document_file": "document_id"}.get(table, "buyer_id")
        with pytest.raises(sa.exc.DBAPIError), first.transaction() as tx:
            tx.exec_driver_sql(f"UPDATE {table} SET {reference} = 'nobody'")
    with pytest.raises(sa.exc.DBAPIError), first.transaction() as tx:
        tx.exec_driver_sql("DELETE FROM payment")


@pytest.mark.parametrize("table", NEW_WORDS)
def test_new_words_are_allowed(first: Database, table: str) -> None:
    with pytest.raises(sa.exc.DBAPIError), first.transaction() as tx:
        tx.exec_driver_sql(NEW_WORDS[table].replace(", resumes_at = 1", ""))
    migrate.migrate(first)
    with first.transaction() as tx:
        assert tx.exec_driver_sql(NEW_WORDS[table]).rowcount


def test_a_database_that_holds_foreign_keys_is_not_rebuilt(request: pytest.FixtureRequest, now: datetime) -> None:
    """Dropping a table would then delete what refers to it."""
    with _opened(request, "sqlite", now) as first:
        columns = first_version.columns_of(first)
        before = first_version.contents(first, columns)
        with pytest.raises(RuntimeError, match="foreign keys"), first.transaction() as tx:
            migrate.upgrade(tx)
        assert first_version.contents(first, columns) == before


def test_a_row_that_refers_to_nothing_stops_the_migration(request: pytest.FixtureRequest, now: datetime) -> None:
    """A file that was edited by other means. Whoever runs it must know before the tables are made anew."""
    with _opened(request, "sqlite", now) as first:
        with first.read() as connection:
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
            connection.exec_driver_sql("UPDATE refund SET payment_id = 'PAY_0'")
            connection.exec_driver_sql("PRAGMA foreign_keys = ON")
        with pytest.raises(RuntimeError, match=r"refer to nothing.*refund"):
            migrate.migrate(first)
        with first.read() as connection:
            assert revision.revision(connection) == first_version.FIRST
        with pytest.raises(sa.exc.DBAPIError), first.transaction() as tx:
            tx.exec_driver_sql("UPDATE payment SET buyer_id = 'nobody'")  # foreign keys are on again


DIES_AT = """
import os, signal, sys
from sqlalchemy import event
from portico.storage.database import Database
from portico.storage.migrate import migrate

database, left = Database(sys.argv[1]), int(sys.argv[2])

@event.listens_for(database.engine, "before_cursor_execute")
def count(*_):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)

migrate(database)
"""


def test_a_death_on_the_way_leaves_the_old_database(first: Database) -> None:
    columns = first_version.columns_of(first)
    before = first_version.contents(first, columns)
    url = first.engine.url.render_as_string(hide_password=False)
    for statement in (12, 35, 55, 70):
        arguments = [sys.executable, "-c", DIES_AT, url, str(statement)]
        assert subprocess.run(arguments, check=False, cwd=Path.cwd(), env=os.environ).returncode == -signal.SIGKILL
        with first.read() as connection:
            assert revision.revision(connection) == first_version.FIRST
        assert first_version.columns_of(first) == columns
        assert first_version.contents(first, columns) == before
    migrate.migrate(first)
    assert first_version.contents(first, columns) == before
    assert {found.check for found in check.run(first)} == {"imported_refunds_are_credited"}


def _schema(database: Database) -> list[tuple[object, ...]]:
    of_sqlite = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
    of_postgresql = """
        SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid <> 0
        UNION ALL SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT 'column', table_name, column_name, concat(data_type, ' ', is_nullable, ' ', column_default)
        FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2, 3
    """
    with database.read() as connection:
        found = connection.exec_driver_sql(of_sqlite if database.dialect == "sqlite" else of_postgresql)
        return [tuple(row) for row in found]
