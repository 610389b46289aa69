"""Payments with their attempts and refunds. A payment is read together with its order; see `order`."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from portico.domain.errors import NotFound
from portico.domain.payment import Payment, PaymentAttempt, PaymentMethod, Refund
from portico.domain.scope import BuyerScope
from portico.storage.rows import first, many
from portico.storage.scoped import also_of_buyer, buyer_values, of_buyer
from portico.storage.tables import payment as table
from portico.storage.tables import payment_attempt, refund

_HEAD = (
    "id", "external_id", "order_id", "subscription_id", "period_start", "period_end", "currency",
    "net_minor", "tax_minor", "total_minor", "refunded_minor", "status",
)  # fmt: skip
METHOD = ("method_brand", "method_last4", "method_expiry_month", "method_expiry_year")
_COLUMNS = tuple(table.c[name] for name in (*_HEAD, *METHOD, "created_at", "succeeded_at"))
_IDS: sa.BindParameter[Any] = sa.bindparam("p_ids", expanding=True)
_OF_ORDERS = (
    sa.select(*_COLUMNS)
    .where(table.c.order_id.in_(_IDS), also_of_buyer(table))
    .order_by(table.c.order_id, table.c.created_at.desc(), table.c.id.desc())
)
_GET = sa.select(*_COLUMNS).where(of_buyer(table), table.c.id == sa.bindparam("p_id"))
_ATTEMPTS = (
    sa.select(
        payment_attempt.c.payment_id,
        *(payment_attempt.c[name] for name in ("sequence", "status", "failure_code", "method_brand", "method_last4", "attempted_at")),
    )
    .select_from(payment_attempt.join(table, table.c.id == payment_attempt.c.payment_id))
    .where(payment_attempt.c.payment_id.in_(_IDS), also_of_buyer(table))
    .order_by(payment_attempt.c.payment_id, payment_attempt.c.sequence)
)
_REFUNDS = (
    sa.select(refund.c.payment_id, *(refund.c[name] for name in ("id", "amount_minor", "status", "reason", "created_at")))
    .where(refund.c.payment_id.in_(_IDS), also_of_buyer(refund))
    .order_by(refund.c.payment_id, refund.c.created_at, refund.c.id)
)


def get(tx: sa.Connection, scope: BuyerScope, payment_id: str) -> Payment:
    """The payment with its attempts and refunds. Raises NotFound."""
    row = first(tx, _GET, {**buyer_values(scope), "p_id": payment_id})
    if row is None:
        raise NotFound
    return with_details(tx, scope, [_payment(row)])[0]


def of_orders(tx: sa.Connection, scope: BuyerScope, order_ids: Sequence[str]) -> dict[str, tuple[Payment, ...]]:
    """The payments of these orders by order id, newest first, in one statement; without attempts and refunds."""
    if not order_ids:
        return {}
    found: dict[str, list[Payment]] = {}
    for row in many(tx, _OF_ORDERS, {**buyer_values(scope), "p_ids": order_ids}):
        payment = _payment(row)
        found.setdefault(payment.order_id, []).append(payment)
    return {order_id: tuple(payments) for order_id, payments in found.items()}


def with_details(tx: sa.Connection, scope: BuyerScope, payments: Iterable[Payment]) -> tuple[Payment, ...]:
    """The same payments with their attempts and refunds, oldest first, in two statements."""
    payments = tuple(payments)
    if not payments:
        return ()
    values = {**buyer_values(scope), "p_ids": [payment.id for payment in payments]}
    attempts: dict[str, list[PaymentAttempt]] = {}
    for payment_id, sequence, status, failure_code, brand, last4, attempted_at in many(tx, _ATTEMPTS, values):
        attempt = PaymentAttempt(sequence, status, failure_code, method_of(brand, last4), attempted_at)
        attempts.setdefault(payment_id, []).append(attempt)
    refunds: dict[str, list[Refund]] = {}
    for payment_id, *columns in many(tx, _REFUNDS, values):
        refunds.setdefault(payment_id, []).append(Refund(*columns))
    return tuple(replace(p, attempts=tuple(attempts.get(p.id, ())), refunds=tuple(refunds.get(p.id, ()))) for p in payments)


def method_of(
    brand: str | None, last4: str | None, expiry_month: int | None = None, expiry_year: int | None = None
) -> PaymentMethod | None:
    """What is kept of a card, from its columns."""
    return None if brand is None else PaymentMethod(brand, last4 or "", expiry_month, expiry_year)


def _payment(row: Any) -> Payment:
    *head, brand, last4, month, year, created_at, succeeded_at = row
    return Payment(*head, method=method_of(brand, last4, month, year), created_at=created_at, succeeded_at=succeeded_at)
