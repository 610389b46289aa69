"""Invoice and receipt of every payment that succeeded in a batch, dated when it succeeded, numbered in the order of the file.
What was invoiced before it came here keeps the number it has."""

from functools import partial
from typing import Any

import sqlalchemy as sa

from portico.domain.billing_detail import BillingDetail
from portico.domain.order import Order
from portico.domain.payment import Payment, PaymentMethod
from portico.services.document import Receivable, documents_for_payments
from portico.services.import_batch import Batch, Paid
from portico.services.runtime import Runtime
from portico.storage import document, numbering
from portico.storage import import_rows as r
from portico.storage.store import StoreRow


def issue(tx: sa.Connection, runtime: Runtime, store: StoreRow, batch: Batch) -> None:
    """Comes last in the transaction: the counter rows it locks are shared by all buyers of the store."""
    if batch.paid:
        receivables = [_receivable(batch, paid) for paid in batch.paid]
        reserve = partial(numbering.reserve, tx, batch.scope)
        issues = documents_for_payments(store, batch.scope.environment, receivables, reserve=reserve, new_id=batch.new_id)
        document.insert_many(tx, issues)


def _receivable(batch: Batch, paid: Paid) -> Receivable:
    payment: r.PaymentRow = batch.by_id[paid.payment_id]
    buyer: r.BuyerRow = batch.by_id[payment.buyer_id]
    if payment.succeeded_at is None:
        raise ValueError("a payment is paid when it has succeeded")
    tax: Any = paid.tax_reason
    order = _order(batch.by_id[payment.order_id], payment.subscription_id)
    return Receivable(
        buyer.id, buyer.email, buyer.locale, order, _payment(payment), paid.tax_rate, tax, payment.succeeded_at, paid.invoice_number
    )


def _order(row: r.OrderRow, subscription_id: str | None) -> Order:
    kind: Any = row.kind
    reason: Any = row.tax_reason
    return Order(
        id=row.id, external_id=row.external_id, buyer_id=row.buyer_id, kind=kind, product_id=row.product_id,
        product_name=row.product_name, quantity=row.quantity, currency=row.currency, net_minor=row.net_minor, tax_minor=row.tax_minor,
        total_minor=row.total_minor, status=row.status, created_at=row.created_at, subscription_id=subscription_id,
        billing_detail=BillingDetail(**row.billing_detail), tax_rate=row.tax_rate, tax_reason=reason,
    )  # fmt: skip


def _payment(row: r.PaymentRow) -> Payment:
    status: Any = row.status
    method = None
    if row.method_brand is not None and row.method_last4 is not None:
        method = PaymentMethod(row.method_brand, row.method_last4, row.method_expiry_month, row.method_expiry_year)
    return Payment(
        id=row.id, external_id=row.external_id, order_id=row.order_id, subscription_id=row.subscription_id, period_start=row.period_start,
        period_end=row.period_end, currency=row.currency, net_minor=row.net_minor, tax_minor=row.tax_minor, total_minor=row.total_minor,
        refunded_minor=row.refunded_minor, status=status, method=method, created_at=row.created_at, succeeded_at=row.succeeded_at,
    )  # fmt: skip
