"""Order pages are exact, cheap, and the same on both databases."""

from datetime import timedelta

import pytest

from portico.domain.errors import NotFound
from portico.storage import order
from portico.storage.database import Database, count_statements
from portico.storage.page import Cursor
from tests.factories import Factory


def _ids(database: Database, buyer, **asked) -> list[list[str]]:
    """All pages, walked by their cursors."""
    pages, cursor = [], None
    while True:
        with database.read() as tx:
            page = order.page(tx, buyer, cursor=cursor, **asked)
        pages.append([item.id for item in page.items])
        if page.next is None:
            return pages
        cursor = Cursor.decode(page.next)


def test_pages_are_newest_first_and_lose_and_repeat_nothing(database: Database, factory: Factory) -> None:
    buyer = factory.buyer()
    # Groups of three share a moment, so that the id must break the tie, across the edge of a page too.
    made = [factory.order(buyer, created_at=factory.now + timedelta(microseconds=n // 3)) for n in range(11)]
    pages = _ids(database, buyer, limit=4)
    assert [len(page) for page in pages] == [4, 4, 3]
    assert [order_id for page in pages for order_id in page] == made[::-1]


def test_a_full_last_page_is_the_last(database: Database, factory: Factory) -> None:
    buyer = factory.buyer()
    for _ in range(4):
        factory.order(buyer)
    assert [len(page) for page in _ids(database, buyer, limit=2)] == [2, 2]
    assert _ids(database, factory.buyer()) == [[]]


def test_the_status_filter_keeps_to_the_status(database: Database, factory: Factory) -> None:
    buyer = factory.buyer()
    made = [factory.order(buyer, status=("completed", "refunded")[n % 2], created_at=factory.now + timedelta(seconds=n)) for n in range(6)]
    assert [order_id for page in _ids(database, buyer, status="refunded", limit=2) for order_id in page] == made[5::-2]
    assert _ids(database, buyer, status="nonsense") == [[]]


def test_a_page_shows_each_order_s_newest_payment_in_one_statement(database: Database, factory: Factory) -> None:
    buyer = factory.buyer()
    unpaid = factory.order(buyer, created_at=factory.now + timedelta(seconds=2))
    paid = factory.order(buyer, created_at=factory.now + timedelta(seconds=1))
    factory.payment(buyer, paid, status="failed", attempts=("failed",), created_at=factory.now - timedelta(days=1))
    factory.payment(buyer, paid)
    late = factory.order(buyer)
    factory.payment(buyer, late, created_at=factory.now - timedelta(days=1))
    factory.payment(buyer, late, status="failed", attempts=("failed",))
    with database.read() as tx, count_statements(database) as seen:
        first, second, third = order.page(tx, buyer).items
    assert seen.count == 1
    assert (first.id, first.payment_status, first.payment_method) == (unpaid, None, None)
    assert (second.id, second.payment_status, second.payment_method.last4) == (paid, "succeeded", "4242")
    assert (third.id, third.payment_status) == (late, "failed")


def test_an_order_carries_everything_about_its_payments(database: Database, factory: Factory) -> None:
    buyer = factory.buyer()
    order_id = factory.order(buyer)
    payment_id = factory.payment(buyer, order_id, attempts=("failed", "succeeded"), refunded_minor=1000)
    refund_id = factory.refund(buyer, payment_id)
    with database.read() as tx, count_statements(database) as seen:
        found = order.get(tx, buyer, order_id)
    assert seen.count == 4
    assert (found.total_minor, found.tax_rate, found.billing_detail.city, found.created_at) == (3451, "19", "Berlin", factory.now)
    payment = found.payments[0]
    assert [(a.sequence, a.status, a.failure_code) for a in payment.attempts] == [(1, "failed", "card_declined"), (2, "succeeded", None)]
    assert [(r.id, r.amount_minor, r.status) for r in payment.refunds] == [(refund_id, 1000, "succeeded")]


def test_a_subscription_order_names_its_subscription(database: Database, factory: Factory) -> None:
    buyer = factory.buyer()
    subscription_id = factory.subscription(buyer)
    with database.read() as tx:
        page = order.page(tx, buyer)
        found = order.get(tx, buyer, page.items[0].id)
    assert (found.subscription_id, found.kind) == (subscription_id, "subscription")


def test_an_unknown_order_is_not_found(database: Database, factory: Factory) -> None:
    with database.read() as tx, pytest.raises(NotFound):
        order.get(tx, factory.buyer(), "ORD_0000000000000000000000")


def test_sqlite_walks_an_index_and_sorts_nothing(sqlite_databases, now) -> None:
    """Without statistics SQLite must still not read all of a buyer's rows: a page costs the same for 10 orders and 100,000."""
    with sqlite_databases(True) as database:
        factory = Factory(database, now)
        buyer = factory.buyer()
        factory.payment(buyer, factory.order(buyer))
        cursor = Cursor(now + timedelta(days=1), "ORD_1")
        plans: list[str] = []
        with database.read() as tx, count_statements(database) as seen:
            order.page(tx, buyer, cursor=cursor)
            order.page(tx, buyer, cursor=cursor, status="completed")
        with database.read() as tx:
            for statement in dict.fromkeys(seen.statements):
                arguments = ("x",) * statement.count("?")
                plans += [row[3] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", arguments)]
    assert not [step for step in plans if "TEMP B-TREE" in step and "order_id" not in step and "RIGHT PART" not in step]
    assert not [step for step in plans if step.startswith("SCAN")]
    assert [step for step in plans if "ix_orders_page " in step and "(created_at,id)<(?,?)" in step]
    assert [step for step in plans if "ix_orders_page_status " in step]
    assert [step for step in plans if "payment" in step and "(order_id=?)" in step]
