"""Lists of a whole store are exact, cost the same number of statements however long they are, and are read by an index."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portico.domain.errors import NotFound
from portico.domain.scope import BuyerScope, StoreScope
from portico.storage import (
    buyer,
    cancellation,
    checkout,
    document_of_store,
    order_of_store,
    owner,
    payment_of_store,
    product,
    refund_ticket,
    subscription_of_store,
    tables,
)
from portico.storage.database import Database, count_statements
from portico.storage.page import Cursor, Page
from tests.factories import Factory

List = Callable[..., Page[Any]]
HOUR = timedelta(hours=1)


def _bought(factory: Factory, scope: StoreScope, count: int) -> list[BuyerScope]:
    """So many buyers, each with an order, its payment with what hangs on it, and a subscription that was canceled."""
    buyers = [factory.buyer(StoreScope(scope.store_id, scope.environment)) for _ in range(count)]
    for one in buyers:
        paid = factory.payment(one, factory.order(one), attempts=("failed", "succeeded"), refunded_minor=100)
        factory.refund(one, paid, amount_minor=100)
        factory.document(one, paid)
        factory.ticket(one, paid)
        factory.cancellation(one, factory.subscription(one))
    return buyers


# What each list is of, and how many statements it costs.
LISTS: dict[str, tuple[List, int]] = {
    "orders": (order_of_store.page, 4),
    "payments": (payment_of_store.page, 3),
    "refunds": (payment_of_store.page_of_refunds, 1),
    "refund_tickets": (refund_ticket.page_of_store, 1),
    "documents": (document_of_store.page, 1),
    "subscriptions": (subscription_of_store.page, 1),
    "cancellations": (cancellation.page_of_store, 1),
    "buyers": (buyer.page, 1),
    "products": (product.page, 2),
    "checkouts": (checkout.page, 1),
}


def test_a_list_costs_the_same_however_long_it_is(database: Database, factory: Factory) -> None:
    short, long = factory.store(), factory.store()
    _bought(factory, short, 1)
    _bought(factory, long, 4)
    with database.read() as tx:
        for name, (read, statements) in LISTS.items():
            sizes: list[int] = []
            for scope in (short, long):
                with count_statements(database) as seen:
                    sizes.append(len(read(tx, scope).items))
                assert seen.count == statements, name
            if name != "checkouts":
                assert 0 < sizes[0] < sizes[1], name


@pytest.mark.parametrize("limit", [1, 2, 4])
def test_pages_lose_and_repeat_nothing(database: Database, factory: Factory, limit: int) -> None:
    scope = factory.store()
    made = [factory.order(factory.buyer(scope), created_at=factory.now + timedelta(microseconds=n // 3)) for n in range(5)]
    factory.order(factory.buyer())
    seen: list[str] = []
    cursor: Cursor | None = None
    with database.read() as tx:
        while True:
            page = order_of_store.page(tx, scope, cursor, limit)
            seen += [item.id for item in page.items]
            if page.next is None:
                break
            cursor = Cursor.decode(page.next)
    assert seen == made[::-1]


def test_an_order_shows_all_that_was_paid_and_given_back(database: Database, factory: Factory) -> None:
    scope = factory.store()
    (one, other) = _bought(factory, scope, 2)
    with database.read() as tx:
        found = order_of_store.page(tx, scope, buyer_id=one.buyer_id, kind="one_time").items
        (order,) = found
        assert order == order_of_store.get(tx, scope, order.id)
        (payment,) = order.payments
        assert [attempt.status for attempt in payment.attempts] == ["failed", "succeeded"]
        assert [refund.amount_minor for refund in payment.refunds] == [100]
        assert payment_of_store.get(tx, scope, payment.id) == (one, payment)
        (refund,) = payment_of_store.page_of_refunds(tx, scope, order_id=order.id).items
        assert (refund.scope, refund.payment_id, refund.order_id, refund.refund) == (one, payment.id, order.id, payment.refunds[0])
        assert order_of_store.page(tx, scope, created_from=factory.now + HOUR).items == ()
        assert {item.buyer_id for item in order_of_store.page(tx, scope, created_until=factory.now + HOUR).items} == {
            one.buyer_id, other.buyer_id,
        }  # fmt: skip


def test_whose_a_thing_is(database: Database, factory: Factory) -> None:
    (one,) = _bought(factory, factory.store(), 1)
    kinds = {
        "ORD": tables.order, "SUB": tables.subscription, "PAY": tables.payment, "REF": tables.refund, "TKT": tables.refund_ticket,
        "INV": tables.document, "CAN": tables.cancellation, "BUY": tables.buyer,
    }  # fmt: skip
    with database.read() as tx:
        for prefix, table in kinds.items():
            thing = tx.execute(sa.select(table.c.id)).scalars().first()
            assert owner.buyer_of(tx, StoreScope(one.store_id, one.environment), prefix, str(thing)) == one  # type: ignore[arg-type]
            for elsewhere in (StoreScope(one.store_id, "prod"), factory.store()):
                with pytest.raises(NotFound):
                    owner.buyer_of(tx, elsewhere, prefix, str(thing))  # type: ignore[arg-type]


def test_why_they_left_adds_up(database: Database, factory: Factory) -> None:
    scope = factory.store()
    reasons = ("unused", "unused", None, "too_expensive")
    for n, reason in enumerate(reasons):
        one = factory.buyer(scope)
        gone = {"withdrawn_at": factory.now} if n == 0 else {}
        asked = factory.now - timedelta(days=31 * (n == 3))
        factory.cancellation(one, factory.subscription(one), reason_code=reason, requested_at=asked, **gone)
    since, until = factory.now - timedelta(days=60), factory.now + HOUR
    with database.read() as tx:
        by_reason = {each.key: each for each in cancellation.summary(tx, scope, since, until, "reason")}
        assert {key: (each.count, each.withdrawn) for key, each in by_reason.items()} == {
            "": (1, 0), "too_expensive": (1, 0), "unused": (2, 1),
        }  # fmt: skip
        assert by_reason["unused"].net_minor == by_reason[""].net_minor, "one of both was taken back"
        months = cancellation.summary(tx, scope, since, until, "month")
        assert [(each.key, each.count) for each in months] == [("2026-02", 1), ("2026-03", 3)]
        assert [each.count for each in cancellation.summary(tx, scope, factory.now, until, "month")] == [3], "from the first moment on"
        assert cancellation.summary(tx, scope, since, factory.now - timedelta(days=31), "reason") == (), "until just before the last"
        (said_nothing,) = cancellation.page_of_store(tx, scope, reason="").items
        assert said_nothing.cancellation.reason_code is None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_page_is_read_by_an_index_in_its_order(database: Database, factory: Factory) -> None:
    """SQLite keeps no statistics: what it plans for an empty table, it does for a full one."""
    scope = factory.store()
    with database.read() as tx:
        for name, (read, _) in LISTS.items():
            with count_statements(database) as seen:
                read(tx, scope, Cursor(factory.now, "X"), 25)
            if name == "products":
                continue  # a store has few
            statement = seen.statements[0]
            plan = [str(row[3]) for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", (None,) * statement.count("?"))]
            assert not any(step.startswith("SCAN") or "TEMP B-TREE" in step for step in plan), (name, plan)
