"""Transactions commit whole or not at all, on both databases."""

import sqlite3
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from portico.storage import tables
from portico.storage.database import Database, count_statements
from tests.factories import Factory

_COUNT = sa.select(sa.func.count()).select_from(tables.store)


def test_an_exception_rolls_everything_back(database: Database, factory: Factory) -> None:
    factory.store()
    with pytest.raises(ZeroDivisionError), database.transaction() as tx:
        _ = tx.execute(sa.update(tables.store).values(name="changed")).rowcount // 0
    with database.read() as tx:
        assert tx.execute(sa.select(tables.store.c.name)).scalar_one() == "Nordlicht"


def test_a_nested_transaction_is_refused_and_the_next_one_works(database: Database, factory: Factory) -> None:
    with pytest.raises(RuntimeError, match="already open"), database.transaction(), database.transaction():
        pass
    factory.store()
    with database.read() as tx:
        assert tx.execute(_COUNT).scalar_one() == 1


def test_foreign_keys_hold(database: Database) -> None:
    with database.transaction() as tx, pytest.raises(sa.exc.IntegrityError):
        tx.execute(tables.number_counter.insert(), {"store_id": "STO_nobody", "environment": "test", "series": "INV", "last": 1})


def test_statements_of_every_thread_are_counted_and_begin_is_not(database: Database, factory: Factory) -> None:
    def write() -> None:
        with database.transaction() as tx:
            tx.execute(_COUNT)

    with count_statements(database) as seen:
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
        with database.read() as tx:
            tx.execute(_COUNT)
    assert seen.count == 2


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/x"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="database"):
        Database(url)


def test_sqlite_keeps_what_it_acknowledged_and_checks_keys(sqlite_databases) -> None:
    with sqlite_databases(True) as database, database.read() as tx:
        settings = {name: tx.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("journal_mode", "synchronous", "foreign_keys")}
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_sqlite_waits_for_whoever_makes_the_file(tmp_path: Path) -> None:
    """Two processes that start together on a new file: the second is not told that it is locked."""
    file = tmp_path / "new.db"
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    read: list[object] = []

    def start() -> None:
        database = Database(f"sqlite:///{file}")
        with database.read() as tx:
            read.append(tx.exec_driver_sql("PRAGMA journal_mode").scalar_one())
        database.dispose()

    thread = threading.Thread(target=start)
    thread.start()
    thread.join(0.2)
    other.execute("COMMIT")
    other.close()
    thread.join(20)
    assert read == ["wal"]
