"""What the API leaves behind is forgotten in its time, and not before."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from portico.domain.scope import BuyerScope
from portico.storage import checkout, event, housekeeping, idempotency, tables, webhook_delivery
from portico.storage.database import Database
from portico.storage.idempotency import Claim
from tests.factories import Factory
from tests.storage import api_rows
from tests.storage.api_rows import ApiRows

DAY = timedelta(days=1)
KEPT = timedelta(days=2)  # as jobs/housekeeping takes it


@pytest.fixture
def buyer(factory: Factory) -> BuyerScope:
    return factory.buyer()


@pytest.fixture
def rows(database: Database, factory: Factory, buyer: BuyerScope) -> ApiRows:
    product = factory.product(buyer)
    order = factory.order(buyer, product_id=product, status="pending")
    with database.transaction() as tx:
        return api_rows.kept(tx, buyer, factory, order, product)


def _purged(database: Database, factory: Factory, later: timedelta) -> set[str]:
    """The tables that had rows deleted so much later."""
    names = (
        "checkout_session", "event", "idempotency_key", "portal_session", "signing_key", "webhook_attempt", "webhook_delivery",
        "webhook_endpoint",
    )  # fmt: skip
    counts = {name: sa.select(sa.func.count()).select_from(tables.metadata.tables[name]) for name in names}
    with database.transaction() as tx:
        before = {name: tx.execute(statement).scalar_one() for name, statement in counts.items()}
        while housekeeping.purge(tx, factory.now + later - KEPT):
            pass
        return {name for name, statement in counts.items() if tx.execute(statement).scalar_one() < before[name]}


def test_links_and_requests_that_never_ended_go_after_two_days(database: Database, factory: Factory, rows: ApiRows) -> None:
    assert _purged(database, factory, 2 * DAY) == set()
    assert _purged(database, factory, 3 * DAY) == {"portal_session", "idempotency_key"}
    with database.read() as tx:
        assert tx.execute(sa.select(tables.idempotency_key.c.key)).scalars().all() == [rows.answered.key], "what was answered stays"


def test_answers_and_checkouts_that_led_to_nothing_go_after_a_month(
    database: Database, factory: Factory, rows: ApiRows, buyer: BuyerScope
) -> None:
    money = Claim("native", "money", factory.now)
    with database.transaction() as tx:
        assert checkout.expire(tx, buyer, rows.open)
        assert checkout.expire(tx, buyer, rows.placed)
        idempotency.begin(tx, buyer, money, request_hash=api_rows.HASH, keeps_for_ever=True)
        idempotency.finish(tx, buyer, money, status=201, headers={}, body=b"{}", now=factory.now)
    _purged(database, factory, 3 * DAY)
    assert _purged(database, factory, 30 * DAY) == set()
    assert _purged(database, factory, 31 * DAY) == {"idempotency_key", "checkout_session"}
    with database.read() as tx:
        assert tx.execute(sa.select(tables.idempotency_key.c.key)).scalars().all() == ["money"], "what moved money stays for ever"
        assert tx.execute(sa.select(tables.checkout_session.c.id)).scalars().all() == [rows.placed], "it had an order"


def test_events_and_their_deliveries_go_after_three_months_but_not_what_waits(
    database: Database, factory: Factory, rows: ApiRows, buyer: BuyerScope
) -> None:
    replayed = factory.now + 80 * DAY
    with database.transaction() as tx:
        untold = api_rows.happening(buyer, factory.new_id("EVT"), factory.now)
        event.insert(tx, buyer, untold, factory.now)
        webhook_delivery.create(tx, [(buyer, api_rows.delivery("WHD_2", rows.endpoint, rows.event, replayed, rows.delivery), "{}")])
    _purged(database, factory, 31 * DAY)
    assert _purged(database, factory, 91 * DAY) == set(), "the delivery has not ended"
    with database.transaction() as tx:
        ended = {"status": "failed", "finished_at": replayed}
        tx.execute(sa.update(tables.webhook_delivery).values(ended))
    assert _purged(database, factory, 90 * DAY) == set()
    assert _purged(database, factory, 91 * DAY) == {"webhook_attempt", "webhook_delivery"}, "its event was sent once more since"
    assert _purged(database, factory, 171 * DAY) == {"webhook_delivery", "event"}
    with database.read() as tx:
        assert tx.execute(sa.select(tables.event.c.id)).scalars().all() == [untold.id], "nobody has been told of it yet"
