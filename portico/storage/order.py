"""Orders, newest first, with their payments."""

from typing import Any

import msgspec
import sqlalchemy as sa

from portico.domain.billing_detail import BillingDetail
from portico.domain.buyer import Buyer
from portico.domain.errors import NotFound
from portico.domain.order import ListedOrder, OneTimeStatus, Order
from portico.domain.payment import Payment
from portico.domain.scope import BuyerScope
from portico.storage import bulk, buyer, payment
from portico.storage.page import PAGE_SIZE, Cursor, Page, newest_first, position
from portico.storage.payment_row import METHOD, method_of
from portico.storage.rows import changed, first, many
from portico.storage.scoped import buyer_values, of_buyer
from portico.storage.tables import buyer as buyer_table
from portico.storage.tables import order as table
from portico.storage.tables import payment as payment_table
from portico.storage.tables import subscription

_HEAD = (
    "id", "external_id", "buyer_id", "kind", "product_id", "product_name", "quantity", "currency",
    "net_minor", "tax_minor", "total_minor", "status", "created_at",
)  # fmt: skip
_TAIL = ("billing_detail", "tax_rate", "tax_reason", "product_version", "checkout_id", "metadata")
COLUMNS = (*(table.c[name] for name in _HEAD), subscription.c.id.label("subscription_id"), *(table.c[name] for name in _TAIL))
WITH_SUBSCRIPTION = table.outerjoin(subscription, subscription.c.order_id == table.c.id)
_SELECT = sa.select(*COLUMNS).select_from(WITH_SUBSCRIPTION).where(of_buyer(table))
_LISTED = ("id", "product_name", "status", "currency", "total_minor", "created_at")
_OTHER_PAYMENT = payment_table.alias("other_payment")
# A foreign key carries the scope, so an order's payments are those of its own buyer.
_NEWEST_PAYMENT = (
    sa.select(_OTHER_PAYMENT.c.id)
    .where(_OTHER_PAYMENT.c.order_id == table.c.id)
    .order_by(_OTHER_PAYMENT.c.created_at.desc(), _OTHER_PAYMENT.c.id.desc())
    .limit(1)
    .scalar_subquery()
)
_LIST = (
    sa.select(
        *(table.c[name] for name in _LISTED),
        *(payment_table.c[name] for name in ("status", *METHOD)),
    )
    .select_from(table.outerjoin(payment_table, payment_table.c.id == _NEWEST_PAYMENT))
    .where(of_buyer(table))
)
_LIST_OF_STATUS = _LIST.where(table.c.status == sa.bindparam("p_status"))
_PAGES = {
    (filtered, after): newest_first(_LIST_OF_STATUS if filtered else _LIST, table.c.created_at, table.c.id, after_cursor=after)
    for filtered in (False, True)
    for after in (False, True)
}
_GET = _SELECT.where(table.c.id == sa.bindparam("p_id"))
_LOCK = _GET.with_for_update(of=table)
_FREE_EXTERNAL_ID = sa.update(table).where(of_buyer(table), table.c.id == sa.bindparam("p_id")).values(external_id=None)
_SET_DETAIL = (
    sa.update(table)
    .where(of_buyer(table), table.c.id == sa.bindparam("p_id"))
    .values(billing_detail=sa.bindparam("p_billing_detail", type_=table.c.billing_detail.type))
)
_INSERT = sa.insert(table)
_SET_STATUS = (
    sa.update(table)
    .where(of_buyer(table), table.c.id == sa.bindparam("p_id"), table.c.kind == "one_time", table.c.status == sa.bindparam("p_expected"))
    .values(status=sa.bindparam("p_status"))
)
_WITH_BUYER = _GET.add_columns(*buyer.COLUMNS, buyer_table.c.billing_detail.label("own_detail")).join(
    buyer_table,
    sa.and_(*(buyer_table.c[name] == table.c[name] for name in ("store_id", "environment")), buyer_table.c.id == table.c.buyer_id),
)


def page(
    tx: sa.Connection, scope: BuyerScope, *, status: str | None = None, cursor: Cursor | None = None, limit: int = PAGE_SIZE
) -> Page[ListedOrder]:
    """A page of orders, newest first, each with its newest payment: one statement."""
    values = {**buyer_values(scope), **position(cursor, limit), **({} if status is None else {"p_status": status})}
    rows = many(tx, _PAGES[status is not None, cursor is not None], values)
    orders = tuple(_listed(row) for row in rows[:limit])
    return Page(orders, Cursor(orders[-1].created_at, orders[-1].id).encode() if len(rows) > limit else None)


def get(tx: sa.Connection, scope: BuyerScope, order_id: str) -> Order:
    """The order with its payments, newest first, their attempts and refunds. Raises NotFound."""
    row = first(tx, _GET, {**buyer_values(scope), "p_id": order_id})
    if row is None:
        raise NotFound
    payments = payment.of_orders(tx, scope, [order_id]).get(order_id, ())
    return of_row(row, payment.with_details(tx, scope, payments))


def with_buyer(tx: sa.Connection, scope: BuyerScope, order_id: str) -> tuple[Order, Buyer, BillingDetail]:
    """The order without its payments, whose it is, and that buyer's own billing details: what documents are made out of, in one
    statement. Raises NotFound."""
    row = first(tx, _WITH_BUYER, {**buyer_values(scope), "p_id": order_id})
    if row is None:
        raise NotFound
    *of_order, own_detail = row
    ordered, owner = of_order[: -len(buyer.COLUMNS)], of_order[-len(buyer.COLUMNS) :]
    return of_row(ordered, ()), Buyer(*owner), msgspec.convert(own_detail, BillingDetail)


def create(tx: sa.Connection, scope: BuyerScope, order: Order) -> None:
    """Keeps a new order, without its payments. Raises Conflict when the store has one with its external id."""
    row = {name: getattr(order, name) for name in (*_HEAD, *_TAIL)} | {"metadata": order.metadata or None}
    with bulk.refusals(tx):
        tx.execute(_INSERT, {**row, "store_id": scope.store_id, "environment": scope.environment, "buyer_id": scope.buyer_id})


def lock(tx: sa.Connection, scope: BuyerScope, order_id: str) -> Order:
    """The order without its payments, whose row nobody else changes until the transaction ends: of one that is bought once, as a
    subscription's own row stands for the other kind. Raises NotFound."""
    row = first(tx, _LOCK, {**buyer_values(scope), "p_id": order_id})
    if row is None:
        raise NotFound
    return of_row(row, ())


def free_external_id(tx: sa.Connection, scope: BuyerScope, order_id: str) -> None:
    """Lets the merchant's own id be that of another order: this one was never paid for."""
    tx.execute(_FREE_EXTERNAL_ID, {**buyer_values(scope), "p_id": order_id})


def set_status(tx: sa.Connection, scope: BuyerScope, order_id: str, status: OneTimeStatus, *, expected: OneTimeStatus) -> bool:
    """Moves a one-time order; that of a subscription follows its subscription. False, and nothing is written, when it is not as
    expected, or not the buyer's."""
    return changed(tx, _SET_STATUS, {**buyer_values(scope), "p_id": order_id, "p_status": status, "p_expected": expected}) == 1


def cancel_pending(tx: sa.Connection, scope: BuyerScope, order_id: str) -> bool:
    """Calls off a one-time order that waits for its payment. False, and nothing is written, when it does not."""
    return set_status(tx, scope, order_id, "canceled", expected="pending")


def set_billing_detail(tx: sa.Connection, scope: BuyerScope, order_id: str, detail: BillingDetail) -> None:
    """Keeps other details with an order, for the documents to come. Raises NotFound."""
    if changed(tx, _SET_DETAIL, {**buyer_values(scope), "p_id": order_id, "p_billing_detail": detail}) != 1:
        raise NotFound


def _listed(row: Any) -> ListedOrder:
    order_id, product_name, status, currency, total_minor, created_at, payment_status, *method = row
    return ListedOrder(order_id, product_name, status, currency, total_minor, created_at, payment_status, method_of(*method))


def of_row(row: Any, payments: tuple[Payment, ...]) -> Order:
    """A row of COLUMNS as an Order with these payments."""
    *head, subscription_id, detail, tax_rate, tax_reason, product_version, checkout_id, metadata = row
    return Order(
        *head,
        subscription_id=subscription_id,
        billing_detail=msgspec.convert(detail, BillingDetail),
        payments=payments,
        tax_rate=tax_rate,
        tax_reason=tax_reason,
        product_version=product_version,
        checkout_id=checkout_id,
        metadata=metadata or {},
    )
