"""A filled database of the second version becomes one of today: nothing is lost, what was issued stays frozen, and documents may
correct each other from then on. That the tables are those of an empty database is told beside the migration before."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from portico.services import check
from portico.storage import document, migrate, revision, store, subscription, tables
from portico.storage.database import Database
from tests.conftest import DIALECTS
from tests.factories import Factory
from tests.storage import first_version, second_version
from tests.storage.test_migration_0002 import DIES_AT, FROZEN


@pytest.fixture(params=DIALECTS)
def second(request: pytest.FixtureRequest, now: datetime) -> Iterator[Database]:
    """A filled database of the second version, of either kind."""
    open_fresh = request.getfixturevalue(f"{request.param}_databases")
    with open_fresh(True) as today, open_fresh(False) as database:
        second_version.fill(today, Factory(today, now))
        second_version.make(database, today)
        yield database


def test_not_a_byte_is_lost(second: Database, now: datetime) -> None:
    columns = first_version.columns_of(second)
    before = first_version.contents(second, columns)
    assert set(columns) == {name for name, rows in before.items() if rows}, "the test is about rows of every kind"
    migrate.migrate(second)
    assert second.is_current()
    assert first_version.contents(second, columns) == before
    assert [finding for finding in check.run(second, now) if finding.severity == "error"] == []


def test_nothing_is_taxed_otherwise_than_before(second: Database) -> None:
    migrate.migrate(second)
    with second.read() as tx:
        assert {row.tax_policy for row in store.every(tx)} == {None}
        for whose in tx.execute(sa.select(*subscription.SCOPE, tables.subscription.c.id)).all():
            found = subscription.get_any(tx, whose[3])[1]
            assert (found.tax_country, found.tax_note, found.tax_rate) == ("", "", "19")
        assert set(tx.execute(sa.select(tables.payment.c.taxes)).scalars()) == {None}
        assert set(tx.execute(sa.select(tables.refund.c.purpose)).scalars()) == {"money"}
        notes = sa.select(tables.document.c.corrects_id).where(tables.document.c.kind == "credit_note")
        assert tx.execute(notes).scalars().all() == [None], "what was issued stays as it is"


def test_what_was_issued_is_frozen_and_may_be_corrected(second: Database, now: datetime) -> None:
    migrate.migrate(second)
    for table in FROZEN:
        for change in (f"UPDATE {table} SET {tables.metadata.tables[table].c.keys()[-1]} = NULL", f"DELETE FROM {table}"):
            with pytest.raises(sa.exc.DBAPIError, match="written once"), second.transaction() as tx:
                tx.exec_driver_sql(change)
    with second.read() as tx:
        note_id = tx.execute(sa.select(tables.document.c.id).where(tables.document.c.kind == "credit_note")).scalar_one()
        owner, note = document.get_any(tx, note_id)
    _, corrected = Factory(second, now).correction(owner, note.payment_id or "")
    with second.read() as tx:
        assert document.newest_invoice(tx, owner, note.payment_id or "").id == corrected
    assert [finding for finding in check.run(second, now) if finding.severity == "error"] == []


def test_a_death_on_the_way_leaves_the_old_database(second: Database) -> None:
    columns = first_version.columns_of(second)
    before = first_version.contents(second, columns)
    url = second.engine.url.render_as_string(hide_password=False)
    for statement in (20, 26):
        arguments = [sys.executable, "-c", DIES_AT, url, str(statement)]
        assert subprocess.run(arguments, check=False, cwd=Path.cwd(), env=os.environ).returncode == -signal.SIGKILL
        with second.read() as connection:
            assert revision.revision(connection) == second_version.SECOND
        assert first_version.columns_of(second) == columns
        assert first_version.contents(second, columns) == before
