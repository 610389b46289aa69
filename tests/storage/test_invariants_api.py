"""The rules of what the API adds are silent about sound data, and speak when a row breaks them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from portico.services import check, webhook_dispatch
from portico.services.runtime import Runtime
from portico.storage import checkout, tables, webhook_delivery
from portico.storage.database import Database
from tests.factories import Factory
from tests.storage import api_rows
from tests.storage.api_rows import ApiRows

Break = Callable[[sa.Connection, ApiRows, Factory], object]


def _older(tx: sa.Connection, table: sa.Table, column: str, factory: Factory, age: timedelta) -> None:
    tx.execute(sa.update(table).values({column: factory.now - age}))


def _paid_for_elsewhere(tx: sa.Connection, rows: ApiRows, factory: Factory) -> None:
    """An order is paid for while its checkout says that its time was over."""
    tx.execute(sa.update(tables.checkout_session).where(tables.checkout_session.c.id == rows.placed).values(status="expired"))
    tx.execute(sa.update(tables.order).where(tables.order.c.id == rows.order).values(status="completed"))


def _completed_unpaid(tx: sa.Connection, rows: ApiRows, factory: Factory) -> None:
    where = tables.checkout_session.c.id == rows.placed
    tx.execute(sa.update(tables.checkout_session).where(where).values(status="completed", completed_at=factory.now))


def _called_off(tx: sa.Connection, rows: ApiRows, factory: Factory) -> None:
    tx.execute(sa.update(tables.order).where(tables.order.c.id == rows.order).values(status="canceled"))


def _left_waiting(tx: sa.Connection, rows: ApiRows, factory: Factory) -> None:
    """The time of a checkout is over, and its order goes on waiting."""
    tx.execute(sa.update(tables.checkout_session).where(tables.checkout_session.c.id == rows.placed).values(status="expired"))


def _not_passed_on(tx: sa.Connection, rows: ApiRows, factory: Factory) -> None:
    tx.execute(sa.update(tables.event).values(dispatched_at=None))
    _older(tx, tables.event, "created_at", factory, timedelta(hours=1, microseconds=1))


def _used_late(tx: sa.Connection, rows: ApiRows, factory: Factory) -> None:
    tx.execute(sa.update(tables.portal_session).values(used_at=tables.portal_session.c.expires_at))


BREAKS: tuple[tuple[str, Break], ...] = (
    ("every_delivery_has_its_event", lambda tx, rows, factory: tx.execute(sa.update(tables.event).values(type="order.canceled"))),
    ("a_delivery_on_its_way_has_its_job", lambda tx, rows, factory: tx.execute(sa.delete(tables.job))),
    ("a_completed_checkout_has_its_order", _completed_unpaid),
    ("a_completed_checkout_has_its_order", _paid_for_elsewhere),
    ("a_checkout_waits_with_its_order", _called_off),
    ("a_checkout_waits_with_its_order", _left_waiting),
    ("a_portal_link_opens_in_time", _used_late),
    ("no_event_waits_for_long", _not_passed_on),
    (
        "no_request_is_unfinished_for_long",
        lambda tx, rows, factory: _older(tx, tables.idempotency_key, "started_at", factory, timedelta(days=1, microseconds=1)),
    ),
)
WARNINGS = {"no_event_waits_for_long", "no_request_is_unfinished_for_long"}


@pytest.fixture
def rows(runtime: Runtime, database: Database, factory: Factory) -> ApiRows:
    buyer = factory.buyer()
    product = factory.product(buyer)
    order = factory.order(buyer, product_id=product, status="pending")
    with database.transaction() as tx:
        kept = api_rows.kept(tx, buyer, factory, order, product)
        tx.execute(sa.update(tables.order).where(tables.order.c.id == order).values(checkout_id=kept.placed))
        webhook_dispatch.add_job(tx, runtime, webhook_delivery.get(tx, buyer, kept.delivery), attempts=1, delay_seconds=60)
    return kept


def test_sound_data_has_no_findings(database: Database, rows: ApiRows, factory: Factory) -> None:
    assert check.run(database, factory.now) == []
    with database.transaction() as tx:
        scope, _ = checkout.get_any(tx, rows.placed)
        assert checkout.complete(tx, scope, rows.order, factory.now) == rows.placed
        tx.execute(sa.update(tables.order).where(tables.order.c.id == rows.order).values(status="completed"))
    assert check.run(database, factory.now) == []


@pytest.mark.parametrize(("rule", "break_it"), BREAKS, ids=[f"{n}-{rule}" for n, (rule, _) in enumerate(BREAKS)])
def test_a_rule_sees_what_breaks_it(database: Database, rows: ApiRows, factory: Factory, rule: str, break_it: Break) -> None:
    with database.transaction() as tx:
        break_it(tx, rows, factory)
    found = {finding.check: finding for finding in check.run(database, factory.now)}
    assert set(found) == {rule}
    assert found[rule].severity == ("warning" if rule in WARNINGS else "error")
    assert found[rule].subject
    assert found[rule].detail
