"""Orders, newest first, with their payments."""

from typing import Any

import msgspec
import sqlalchemy as sa

from portico.domain.billing_detail import BillingDetail
from portico.domain.errors import NotFound
from portico.domain.order import Order
from portico.domain.payment import Payment
from portico.domain.scope import BuyerScope
from portico.storage import payment
from portico.storage.page import PAGE_SIZE, Cursor, Page, newest_first, position
from portico.storage.rows import first, many
from portico.storage.scoped import buyer_values, of_buyer
from portico.storage.tables import order as table
from portico.storage.tables import subscription

_HEAD = (
    "id", "external_id", "buyer_id", "kind", "product_id", "product_name", "quantity", "currency",
    "net_minor", "tax_minor", "total_minor", "status", "created_at",
)  # fmt: skip
_SELECT = (
    sa.select(
        *(table.c[name] for name in _HEAD),
        subscription.c.id,
        *(table.c[name] for name in ("billing_detail", "tax_rate", "tax_reason")),
    )
    .select_from(table.outerjoin(subscription, subscription.c.order_id == table.c.id))
    .where(of_buyer(table))
)
_WITH_STATUS = _SELECT.where(table.c.status == sa.bindparam("p_status"))
_PAGES = {
    (filtered, after): newest_first(_WITH_STATUS if filtered else _SELECT, table.c.created_at, table.c.id, after_cursor=after)
    for filtered in (False, True)
    for after in (False, True)
}
_GET = _SELECT.where(table.c.id == sa.bindparam("p_id"))


def page(
    tx: sa.Connection, scope: BuyerScope, *, status: str | None = None, cursor: Cursor | None = None, limit: int = PAGE_SIZE
) -> Page[Order]:
    """A page of orders, newest first, with payments but without their attempts and refunds: two statements in all."""
    values = {**buyer_values(scope), **position(cursor, limit), **({} if status is None else {"p_status": status})}
    rows = many(tx, _PAGES[status is not None, cursor is not None], values)
    payments = payment.of_orders(tx, scope, [row[0] for row in rows[:limit]])
    orders = tuple(_order(row, payments.get(row[0], ())) for row in rows[:limit])
    return Page(orders, Cursor(orders[-1].created_at, orders[-1].id).encode() if len(rows) > limit else None)


def get(tx: sa.Connection, scope: BuyerScope, order_id: str) -> Order:
    """The order with its payments, newest first, their attempts and refunds. Raises NotFound."""
    row = first(tx, _GET, {**buyer_values(scope), "p_id": order_id})
    if row is None:
        raise NotFound
    payments = payment.of_orders(tx, scope, [order_id]).get(order_id, ())
    return _order(row, payment.with_details(tx, scope, payments))


def _order(row: Any, payments: tuple[Payment, ...]) -> Order:
    *head, subscription_id, detail, tax_rate, tax_reason = row
    return Order(
        *head,
        subscription_id=subscription_id,
        billing_detail=msgspec.convert(detail, BillingDetail),
        payments=payments,
        tax_rate=tax_rate,
        tax_reason=tax_reason,
    )
