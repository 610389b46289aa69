"""Invoice and receipt of every payment that succeeded in a batch, dated when it succeeded, and the credit note of every refund, dated
when it was made; numbered in the order of the file. What was invoiced before it came here keeps the number it has, and has a credit note
only under the number that it came with."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portico.domain.billing_detail import BillingDetail
from portico.domain.invoice import Document, content_of, could_be_ours
from portico.domain.order import Order
from portico.domain.payment import Payment, PaymentMethod
from portico.domain.tax import TaxLine
from portico.services.document import Credit, Receivable, credit_note_series, documents_for_payments, documents_for_refunds
from portico.services.import_batch import Batch, GivenBack, Paid
from portico.storage import document, importing, numbering
from portico.storage import import_rows as r
from portico.storage.document import Issue
from portico.storage.store import StoreRow


def issue(tx: sa.Connection, store: StoreRow, batch: Batch) -> None:
    """Comes last in the transaction: the counter rows it locks are shared by all buyers of the store."""
    if batch.paid or batch.refunded:
        document.insert_many(tx, _issues(tx, store, batch))


def _issues(tx: sa.Connection, store: StoreRow, batch: Batch) -> list[Issue]:
    scope, brought = batch.scope, {paid.payment_id for paid in batch.paid}
    stored = sorted({given.payment_id for given in batch.refunded} - brought)
    invoices, taxes = document.newest_invoices(tx, scope, stored), importing.charged_taxes(tx, stored)
    notes = [note for given in batch.refunded if (note := _note(store, batch, given, invoices.get(given.payment_id))) is not None]
    own = Counter(credit_note_series(note.issued_at, note.zone) for note in notes if note.given.number is None)
    first = dict[str, int]()

    def reserve(counts: Mapping[str, int]) -> Mapping[str, int]:
        first.update(numbering.reserve(tx, scope, {**counts, **own}))  # all at once, so that everybody locks counters in one order
        return first

    receivables = [_receivable(batch, paid) for paid in batch.paid]
    issues = documents_for_payments(store, scope.environment, receivables, reserve=reserve, new_id=batch.new_id)
    invoices |= {each.document.payment_id or "": each.document for each in issues if each.document.kind == "invoice"}
    credited = [_credit(batch, note, invoices[note.given.payment_id], taxes) for note in notes]
    return issues + documents_for_refunds(scope, credited, reserve=lambda _: first, new_id=batch.new_id)


@dataclass(frozen=True, slots=True)
class _Note:
    """A credit note that is to be, when it is dated, and in which time zone."""

    given: GivenBack
    issued_at: datetime
    zone: str


def _note(store: StoreRow, batch: Batch, given: GivenBack, stored: Document | None) -> _Note | None:
    """None for what was invoiced elsewhere and came without the number of a credit note. `stored` is the invoice that holds, where an
    earlier batch brought it; it may have taken another's place here after the money went back, and nothing is credited before that."""
    is_ours = given.payment_id not in batch.invoice_numbers if stored is None else could_be_ours(stored.number)
    if not is_ours and given.number is None:
        return None
    if stored is None:
        return _Note(given, given.at, store.time_zone)
    return _Note(given, max(given.at, stored.issued_at), content_of(stored).time_zone)


def _credit(batch: Batch, note: _Note, corrected: Document, taxes: Mapping[str, tuple[TaxLine, ...]]) -> Credit:
    given = note.given
    row: r.PaymentRow = batch.by_id[given.payment_id]
    buyer: r.BuyerRow = batch.by_id[row.buyer_id]
    payment = replace(_payment(row), taxes=taxes.get(row.id, ()))
    return Credit(
        buyer.id, buyer.locale, corrected, payment, given.refund_id, given.amount_minor, given.before_minor, given.at, note.issued_at,
        given.number,
    )  # fmt: skip


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
