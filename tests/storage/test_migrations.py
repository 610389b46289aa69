"""The migrations make exactly the tables the code speaks of, on an empty database and on a filled one."""

import threading

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from portico.storage import migrate, tables
from portico.storage.database import Database
from tests.factories import Factory


def _differences(database: Database) -> list[object]:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return compare_metadata(context, tables.metadata)


def test_the_tables_are_those_of_the_code(database: Database) -> None:
    assert _differences(database) == []


def test_a_table_that_drifts_is_seen(database: Database) -> None:
    """The test above is worth nothing unless the comparison sees a column too many and an index too few."""
    with database.transaction() as tx:
        tx.exec_driver_sql("ALTER TABLE merchant ADD COLUMN surplus TEXT")
        tx.exec_driver_sql("DROP INDEX ix_orders_page")
    assert len(_differences(database)) == 2


def test_check_constraints_are_those_of_the_code(database: Database) -> None:
    """Alembic does not compare these."""
    with database.read() as connection:
        inspector = sa.inspect(connection)
        made = {name: {str(check["name"]) for check in inspector.get_check_constraints(name)} for name in tables.metadata.tables}
    meant = {
        name: {str(c.name) for c in table.constraints if isinstance(c, sa.CheckConstraint)}
        for name, table in tables.metadata.tables.items()
    }
    assert made == meant


def test_head_is_the_newest_migration() -> None:
    assert migrate.head() == migrate.HEAD


def test_an_empty_database_is_not_current_until_it_is_migrated(empty_database: Database) -> None:
    assert not empty_database.is_current()
    migrate.migrate(empty_database)
    assert empty_database.is_current()


def test_migrating_a_filled_database_again_changes_nothing(database: Database, factory: Factory) -> None:
    buyer = factory.buyer()
    factory.document(buyer, factory.payment(buyer, factory.order(buyer)))
    before = _everything(database)
    migrate.migrate(database)
    assert _everything(database) == before


def test_processes_that_start_together_migrate_once(empty_database: Database) -> None:
    url = empty_database.engine.url.render_as_string(hide_password=False)
    others = [Database(url, pool_size=1) for _ in range(3)]
    failures: list[Exception] = []

    def run(database: Database) -> None:
        try:
            migrate.migrate(database)
        except Exception as error:
            failures.append(error)
        finally:
            database.dispose()

    threads = [threading.Thread(target=run, args=(other,)) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert empty_database.is_current()


CHANGES = {
    "sqlite": ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "REPLACE INTO {0} SELECT * FROM {0}"],
    "postgresql": ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0} CASCADE"],
}


@pytest.mark.parametrize("table", ["document", "document_file", "audit", "subscription_event"])
def test_what_is_written_once_stays(database: Database, factory: Factory, table: str) -> None:
    _fill(database, factory)
    before = _everything(database)
    assert before[table]
    *_, column = tables.metadata.tables[table].c.keys()
    for change in CHANGES[database.dialect]:
        with pytest.raises(sa.exc.DBAPIError, match="written once"), database.transaction() as tx:
            tx.exec_driver_sql(change.format(table, column))
    assert _everything(database) == before


def _fill(database: Database, factory: Factory) -> None:
    buyer = factory.buyer()
    factory.subscription(buyer)
    document_id = factory.document(buyer, factory.payment(buyer, factory.order(buyer)))
    row = {
        "document_id": document_id,
        "language": "en",
        "media_type": "text/plain",
        "sha256": bytes(32),
        "body": b"x",
        "created_at": factory.now,
    }
    line = {"store_id": buyer.store_id, "environment": "test", "actor": "buyer", "action": "sign_in", "subject": "x", "at": factory.now}
    with database.transaction() as tx:
        tx.execute(tables.document_file.insert(), row)
        tx.execute(tables.audit.insert(), line)


def _everything(database: Database) -> dict[str, list[object]]:
    with database.read() as tx:
        return {name: [tuple(row) for row in tx.execute(sa.select(table))] for name, table in tables.metadata.tables.items()}
