"""A filled database of the third version becomes one of today: nothing is lost, and what was sold before is as it was. That the tables
are those of an empty database is told beside the migration of the second version."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from portico.services import check
from portico.storage import migrate, revision, tables
from portico.storage.database import Database
from tests.conftest import DIALECTS
from tests.factories import Factory
from tests.storage import first_version, third_version
from tests.storage.test_migration_0002 import DIES_AT


@pytest.fixture(params=DIALECTS)
def third(request: pytest.FixtureRequest, now: datetime) -> Iterator[Database]:
    """A filled database of the third version, of either kind."""
    open_fresh = request.getfixturevalue(f"{request.param}_databases")
    with open_fresh(True) as today, open_fresh(False) as database:
        third_version.fill(today, Factory(today, now))
        third_version.make(database, today)
        yield database


def test_not_a_byte_is_lost(third: Database, now: datetime) -> None:
    columns = first_version.columns_of(third)
    before = first_version.contents(third, columns)
    assert set(columns) == {name for name, rows in before.items() if rows}, "the test is about rows of every kind"
    migrate.migrate(third)
    assert third.is_current()
    assert first_version.contents(third, columns) == before
    assert [finding for finding in check.run(third, now) if finding.severity == "error"] == []


def test_what_was_sold_is_as_it_was(third: Database) -> None:
    migrate.migrate(third)
    group, product, order, store = tables.product_group, tables.product, tables.order, tables.store
    made = sa.select(group.c.created_at, store.c.created_at).join(store, store.c.id == group.c.store_id)
    with third.read() as tx:
        assert all(of_group == of_store for of_group, of_store in tx.execute(made)), "a group is as old as its store"
        assert _told(tx, sa.select(group.c.description, group.c.self_service, group.c.shared_trial)) == {("", True, False)}
        assert _told(tx, sa.select(product.c.trial_days, product.c.version, product.c.metadata)) == {(0, 1, None)}
        assert _told(tx, sa.select(order.c.product_version, order.c.checkout_id, order.c.metadata)) == {(1, None, None)}
        assert set(tx.execute(sa.select(tables.card_setup.c.checkout_id)).scalars()) == {None}


def _told(tx: sa.Connection, statement: sa.Select[Any, Any, Any]) -> set[tuple[Any, ...]]:
    return {tuple(row) for row in tx.execute(statement)}


def test_a_visit_is_for_one_thing_and_a_trial_has_its_bounds(third: Database) -> None:
    """The rules that came with the migration hold in a database that was brought on, as in a new one."""
    migrate.migrate(third)
    for change, rule in (("card_setup SET subscription_id = NULL", "purpose"), ("product SET trial_days = 731", "ck_product_trial")):
        with pytest.raises(sa.exc.IntegrityError, match=rule), third.transaction() as tx:
            tx.exec_driver_sql(f"UPDATE {change}")


def test_a_death_on_the_way_leaves_the_old_database(third: Database) -> None:
    columns = first_version.columns_of(third)
    before = first_version.contents(third, columns)
    arguments = [sys.executable, "-c", DIES_AT, third.engine.url.render_as_string(hide_password=False), "44"]
    assert subprocess.run(arguments, check=False, cwd=Path.cwd(), env=os.environ).returncode == -signal.SIGKILL
    with third.read() as connection:
        assert revision.revision(connection) == third_version.THIRD
    assert first_version.columns_of(third) == columns
    assert first_version.contents(third, columns) == before
