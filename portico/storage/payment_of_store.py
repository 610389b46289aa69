"""Payments and refunds as a store's programs see them: of all its buyers, each with whose it is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portico.domain.errors import NotFound
from portico.domain.payment import Payment, PaymentStatus, Refund, RefundStatus
from portico.domain.scope import BuyerScope, StoreScope
from portico.storage import listing
from portico.storage.listing import Listing
from portico.storage.page import PAGE_SIZE, Cursor, Page
from portico.storage.payment_row import ATTEMPT, PAYMENT, REFUND, detailed, payment_of
from portico.storage.rows import first, many
from portico.storage.scoped import also_in_store, in_store, store_values
from portico.storage.tables import payment as table
from portico.storage.tables import payment_attempt, refund


@dataclass(frozen=True, slots=True)
class RefundOfStore:
    """A refund, whose it is, of which payment and order, in which currency. `external_id` is what the merchant calls it."""

    scope: BuyerScope
    refund: Refund
    payment_id: str
    order_id: str
    currency: str
    external_id: str | None


_IDS: sa.BindParameter[Any] = sa.bindparam("p_ids", expanding=True)
_ID: sa.BindParameter[Any] = sa.bindparam("p_id")
_SCOPE = (table.c.store_id, table.c.environment, table.c.buyer_id)
_SELECT = sa.select(*_SCOPE, *PAYMENT)
_WIDTH = 3 + len(PAYMENT)
_GET = _SELECT.where(in_store(table), table.c.id == _ID)
_LISTING = Listing(
    _SELECT,
    table,
    listing.equal(table, "buyer_id", "order_id", "subscription_id", "status"),
    narrow=frozenset({"order_id", "subscription_id"}),
)
_OF_ORDERS = (
    sa.select(*PAYMENT)
    .where(table.c.order_id.in_(_IDS), also_in_store(table))
    .order_by(table.c.order_id, table.c.created_at.desc(), table.c.id.desc())
)
_ATTEMPTS = (
    sa.select(payment_attempt.c.payment_id, *ATTEMPT)
    .select_from(payment_attempt.join(table, table.c.id == payment_attempt.c.payment_id))
    .where(payment_attempt.c.payment_id.in_(_IDS), also_in_store(table))
    .order_by(payment_attempt.c.payment_id, payment_attempt.c.sequence)
)
_REFUNDS = (
    sa.select(refund.c.payment_id, *REFUND)
    .where(refund.c.payment_id.in_(_IDS), also_in_store(refund))
    .order_by(refund.c.payment_id, refund.c.created_at, refund.c.id)
)
_SELECT_REFUNDS = sa.select(
    refund.c.store_id, refund.c.environment, refund.c.buyer_id, refund.c.payment_id, table.c.order_id, refund.c.currency,
    refund.c.external_id, *REFUND,
).select_from(refund.join(table, table.c.id == refund.c.payment_id))  # fmt: skip
_GET_REFUND = _SELECT_REFUNDS.where(in_store(refund), refund.c.id == _ID)
_REFUND_LISTING = Listing(
    _SELECT_REFUNDS,
    refund,
    {**listing.equal(refund, "buyer_id", "payment_id", "status"), **listing.equal(table, "order_id")},
    narrow=frozenset({"payment_id", "order_id"}),
)


def get(tx: sa.Connection, scope: StoreScope, payment_id: str) -> tuple[BuyerScope, Payment]:
    """The payment with its attempts and refunds, and whose it is. Raises NotFound."""
    row = first(tx, _GET, {**store_values(scope), "p_id": payment_id})
    if row is None:
        raise NotFound
    return BuyerScope(*row[:3]), with_details(tx, scope, [payment_of(row[3:])])[0]


def page(
    tx: sa.Connection,
    scope: StoreScope,
    cursor: Cursor | None = None,
    limit: int = PAGE_SIZE,
    *,
    buyer_id: str | None = None,
    order_id: str | None = None,
    subscription_id: str | None = None,
    status: PaymentStatus | None = None,
) -> Page[tuple[BuyerScope, Payment]]:
    """Payments, newest first, with their attempts and refunds, each with whose it is: three statements, however many there are."""
    rows, following = listing.page(
        tx, _LISTING, scope, cursor, limit, buyer_id=buyer_id, order_id=order_id, subscription_id=subscription_id, status=status
    )
    payments = with_details(tx, scope, (payment_of(row[3:_WIDTH]) for row in rows))
    return Page(tuple((BuyerScope(*row[:3]), payment) for row, payment in zip(rows, payments, strict=True)), following)


def of_orders(tx: sa.Connection, scope: StoreScope, order_ids: Sequence[str]) -> dict[str, tuple[Payment, ...]]:
    """The payments of these orders by order id, newest first, with their attempts and refunds: three statements."""
    if not order_ids:
        return {}
    found: dict[str, list[Payment]] = {}
    rows = many(tx, _OF_ORDERS, {**store_values(scope), "p_ids": list(order_ids)})
    for payment in with_details(tx, scope, (payment_of(row) for row in rows)):
        found.setdefault(payment.order_id, []).append(payment)
    return {order_id: tuple(payments) for order_id, payments in found.items()}


def with_details(tx: sa.Connection, scope: StoreScope, payments: Iterable[Payment]) -> tuple[Payment, ...]:
    """The same payments with their attempts and refunds, oldest first, in two statements."""
    payments = tuple(payments)
    if not payments:
        return ()
    values = {**store_values(scope), "p_ids": [payment.id for payment in payments]}
    return detailed(payments, many(tx, _ATTEMPTS, values), many(tx, _REFUNDS, values))


def get_refund(tx: sa.Connection, scope: StoreScope, refund_id: str) -> RefundOfStore:
    """The refund. Raises NotFound."""
    row = first(tx, _GET_REFUND, {**store_values(scope), "p_id": refund_id})
    if row is None:
        raise NotFound
    return _refund(row)


def page_of_refunds(
    tx: sa.Connection,
    scope: StoreScope,
    cursor: Cursor | None = None,
    limit: int = PAGE_SIZE,
    *,
    buyer_id: str | None = None,
    payment_id: str | None = None,
    order_id: str | None = None,
    status: RefundStatus | None = None,
) -> Page[RefundOfStore]:
    """Refunds, newest first: one statement."""
    rows, following = listing.page(
        tx, _REFUND_LISTING, scope, cursor, limit, buyer_id=buyer_id, payment_id=payment_id, order_id=order_id, status=status
    )
    return Page(tuple(_refund(row) for row in rows), following)


def _refund(row: Any) -> RefundOfStore:
    store_id, environment, buyer_id, payment_id, order_id, currency, external_id, *columns = row
    found = Refund(*columns[: len(REFUND)])
    return RefundOfStore(BuyerScope(store_id, environment, buyer_id), found, payment_id, order_id, currency, external_id)
