"""What the lines of payments and refunds must hold to. What has succeeded gets its documents in the same transaction."""

from datetime import datetime

from portico.domain.errors import Refused
from portico.domain.invoice import could_be_ours
from portico.domain.money import parse_amount
from portico.services import import_format as f
from portico.services.import_batch import Batch, GivenBack, Outcome, Paid
from portico.services.import_rules import amounts, card, instant, moment, same, taxed
from portico.services.import_subscription_rules import on_calendar
from portico.storage import import_rows as r

_SETTLED = ("completed", "partially_refunded", "refunded")
_FIXED = ("order_id", "currency", "net_minor", "tax_minor", "total_minor", "period_start", "period_end", "created_at")


def payment(batch: Batch, line: f.PaymentLine) -> Outcome:
    order = batch.need(r.OrderRow, line.order)
    if line.currency != order.currency:
        raise Refused("currency", f"the order is in {order.currency}")
    net_minor, tax_minor, total_minor = amounts(line)
    reason = line.tax_reason or (order.tax_reason if line.tax_rate in (None, order.tax_rate) else None)
    tax = taxed(line.tax_rate or order.tax_rate, reason, net_minor, tax_minor)
    if order.kind == "one_time" and line.status == "succeeded" and order.status not in _SETTLED:
        raise Refused("status", f"a payment succeeded, but its order is {order.status}")
    created_at = moment(batch, line.created_at)
    succeeded_at, attempts = _attempts(batch, line, created_at)
    subscription_id, period_start, period_end = _period(batch, line, order)
    row = r.PaymentRow(
        id="", store_id=order.store_id, environment=order.environment, buyer_id=order.buyer_id, external_id=line.id, order_id=order.id,
        subscription_id=subscription_id, period_start=period_start, period_end=period_end, currency=line.currency, net_minor=net_minor,
        tax_minor=tax_minor, total_minor=total_minor, refunded_minor=0, status=line.status, created_at=created_at,
        succeeded_at=succeeded_at, purpose="purchase" if subscription_id is None else "period", **card(line.card),
    )  # fmt: skip
    stored = batch.find(r.PaymentRow, line.id)
    if stored is not None:
        same(stored, **{name: getattr(row, name) for name in _FIXED})
    invoice_number = _invoice_number(batch, line, stored)
    if stored is not None:
        return _finish(batch, stored, row, attempts, Paid(stored.id, *tax, invoice_number))
    row = row._replace(id=batch.new_id("PAY"))
    batch.add(row)
    if subscription_id is not None and period_start is not None and period_end is not None:
        batch.periods.setdefault(subscription_id, {})[period_start] = (period_end, line.id)
    _keep(batch, row, attempts, Paid(row.id, *tax, invoice_number))
    return "new"


def _invoice_number(batch: Batch, line: f.PaymentLine, stored: r.PaymentRow | None) -> str | None:
    """The number of the invoice that the sale has had elsewhere. No other document may have it, now or ever."""
    number = line.invoice_number
    if number is not None and line.status != "succeeded":
        raise Refused("invoice_number", "only a payment that succeeded has an invoice, and so an invoice_number")
    if stored is not None and stored.status == line.status == "succeeded":
        kept = batch.invoice_numbers.get(stored.id)
        if number != kept:
            raise Refused("differs", f"already stored with another invoice_number: {kept or 'one that Portico has given'}")
        return number
    if number is None:
        return None
    _hold_free(batch, number, "invoice_number")
    return number


def _hold_free(batch: Batch, number: str, what: str) -> None:
    if number in batch.holders:
        raise Refused(f"{what}_taken", f"the number {number!r} is taken: a document of payment {batch.holders[number]!r} has it")
    if could_be_ours(number):
        raise Refused(what, f"{number!r} has the form of Portico's own numbers, which may come to it one day")


def _finish(batch: Batch, stored: r.PaymentRow, row: r.PaymentRow, attempts: list[r.AttemptRow], paid: Paid) -> Outcome:
    """A stored payment changes in one way only: from pending to what became of it."""
    if row.status in (stored.status, "pending"):
        return "unchanged"
    if stored.status != "pending":
        raise Refused("differs", f"already stored with another status: {stored.status}")
    _keep(batch, row._replace(id=stored.id), attempts, paid)
    finished = {name: getattr(row, name) for name in ("status", "succeeded_at", *card(None))}
    return batch.revise(stored, **finished)


def _keep(batch: Batch, row: r.PaymentRow, attempts: list[r.AttemptRow], paid: Paid) -> None:
    kept = batch.attempts.get(row.id, 0)
    batch.new_attempts.extend(attempt._replace(payment_id=row.id) for attempt in attempts[kept:])
    batch.attempts[row.id] = max(kept, len(attempts))
    if row.status == "succeeded":
        batch.paid.append(paid)
        if paid.invoice_number is not None:
            batch.invoice_numbers[row.id] = paid.invoice_number
            batch.holders[paid.invoice_number] = row.external_id


def _attempts(batch: Batch, line: f.PaymentLine, created_at: datetime) -> tuple[datetime | None, list[r.AttemptRow]]:
    """When it succeeded, and its tries in order. A success that lists no tries has had one."""
    given = line.attempts or []
    succeeded_at = moment(batch, line.succeeded_at) if line.succeeded_at else None
    if given and line.status == "succeeded" and succeeded_at is None:
        succeeded_at = moment(batch, given[-1].at)
    if (line.status == "succeeded") != (succeeded_at is not None):
        raise Refused("status", "a payment that succeeded has succeeded_at, another has not")
    if succeeded_at is not None and not given:
        given = [f.AttemptPart(status="succeeded", at=succeeded_at)]
    rows: list[r.AttemptRow] = []
    last = created_at
    for sequence, attempt in enumerate(given, start=1):
        at, shown = moment(batch, attempt.at), attempt.card or line.card
        if at < last:
            raise Refused("attempts", "attempts come in the order of time, none before the payment was created")
        if (attempt.status == "failed") != (attempt.failure_code is not None):
            raise Refused("attempts", "an attempt that failed has a failure_code, another has not")
        last, method = at, (shown.brand, shown.last4) if shown else (None, None)
        rows.append(r.AttemptRow("", sequence, attempt.status, attempt.failure_code, *method, at))
    successes = [row for row in rows if row.status == "succeeded"]
    if len(successes) != (line.status == "succeeded") or (successes and rows[-1] is not successes[0]):
        raise Refused("attempts", "exactly the last attempt of a payment that succeeded has succeeded")
    if successes and successes[0].attempted_at != succeeded_at:
        raise Refused("attempts", "succeeded_at is the moment of the attempt that succeeded")
    if line.charge is not None:
        if not successes:
            raise Refused("charge", "only a payment that succeeded has a charge to give money back from")
        rows[-1] = rows[-1]._replace(reference=line.charge)
    return succeeded_at, rows


def _period(batch: Batch, line: f.PaymentLine, order: r.OrderRow) -> tuple[str | None, datetime | None, datetime | None]:
    """The subscription and the period that is paid. From the anchor on, periods lie on the calendar; before it (an older plan
    with other dates) they are taken as given. A period is paid by one payment."""
    if order.kind == "one_time":
        if line.period_start is not None or line.period_end is not None:
            raise Refused("period", "the payment of a one-time order has no period")
        return None, None, None
    carried = batch.subscriptions_by_order.get(order.id)
    if carried is None:
        raise Refused("unknown_reference", f"the subscription of order {line.order!r} must come before its payments")
    if line.period_start is None or line.period_end is None:
        raise Refused("period", "the payment of a subscription says which period it pays: period_start and period_end")
    start, end = instant(line.period_start), instant(line.period_end)
    if start >= end:
        raise Refused("period", "the period ends before it starts")
    if not on_calendar(carried, start, end):
        raise Refused("period", "the period does not lie on the subscription's calendar")
    _, payer = batch.periods.get(carried.id, {}).get(start, (end, line.id))
    if payer != line.id:
        raise Refused("period_taken", f"payment {payer!r} pays this period")
    return carried.id, start, end


def refund(batch: Batch, line: f.RefundLine) -> Outcome:
    paid = batch.need(r.PaymentRow, line.payment)
    if line.currency != paid.currency:
        raise Refused("currency", f"the payment is in {paid.currency}")
    if paid.status != "succeeded" or paid.succeeded_at is None:
        raise Refused("payment_not_succeeded", "only a payment that succeeded can be refunded")
    amount_minor, created_at = parse_amount(line.amount, line.currency), moment(batch, line.created_at)
    if amount_minor == 0:
        raise Refused("amount_format", "a refund is more than nothing")
    if created_at < paid.succeeded_at:
        raise Refused("time", "the refund was made before its payment")
    stored = batch.find(r.RefundRow, line.id)
    if stored is not None:
        same(stored, payment_id=paid.id, currency=line.currency, amount_minor=amount_minor, created_at=created_at)
        return _end_refund(batch, stored, line, paid)
    number = _credit_note_number(batch, line, paid, None)
    given_back = batch.given_back.get(paid.id, 0) + (amount_minor if line.status != "failed" else 0)
    if given_back > paid.total_minor:
        raise Refused("refund_too_large", "the refunds of this payment would exceed it")
    batch.given_back[paid.id] = given_back
    row = r.RefundRow(
        id=batch.new_id("REF"), store_id=paid.store_id, environment=paid.environment, buyer_id=paid.buyer_id, external_id=line.id,
        payment_id=paid.id, currency=line.currency, amount_minor=amount_minor, status=line.status, reason=line.reason or "",
        created_at=created_at,
    )  # fmt: skip
    batch.add(row)
    if row.status == "succeeded":
        _give_back(batch, row, paid, number)
    return "new"


def _credit_note_number(batch: Batch, line: f.RefundLine, paid: r.PaymentRow, stored: r.RefundRow | None) -> str | None:
    """The number of the credit note that was issued elsewhere, as the invoice was. No other document may have it, now or ever."""
    number = line.credit_note_number
    if number is not None and line.status != "succeeded":
        raise Refused("credit_note_number", "only a refund that succeeded has a credit note, and so a credit_note_number")
    if stored is not None and stored.status == line.status == "succeeded":
        kept = batch.credit_note_numbers.get(stored.id)
        if number != kept:
            raise Refused("differs", f"already stored with another credit_note_number: {kept or 'none, or one that Portico has given'}")
        return number
    if number is None:
        return None
    if paid.id not in batch.invoice_numbers:
        raise Refused("credit_note_number", "Portico has numbered the invoice of this payment, and numbers its credit note too")
    _hold_free(batch, number, "credit_note_number")
    return number


def _end_refund(batch: Batch, stored: r.RefundRow, line: f.RefundLine, paid: r.PaymentRow) -> Outcome:
    """A stored refund changes in one way only: from pending to what became of it."""
    number = _credit_note_number(batch, line, paid, stored)
    if line.status in (stored.status, "pending"):
        return batch.revise(stored, reason=line.reason if line.reason is not None else stored.reason)
    if stored.status != "pending":
        raise Refused("differs", f"already stored with another status: {stored.status}")
    if line.status == "succeeded":
        _give_back(batch, stored, paid, number)
    else:
        batch.given_back[paid.id] = batch.given_back.get(paid.id, 0) - stored.amount_minor
    return batch.revise(stored, status=line.status)


def _give_back(batch: Batch, row: r.RefundRow, paid: r.PaymentRow, number: str | None) -> None:
    batch.refunded.append(GivenBack(row.id, paid.id, row.amount_minor, paid.refunded_minor, row.created_at, number))
    if number is not None:
        batch.credit_note_numbers[row.id] = number
        batch.holders[number] = paid.external_id
    batch.revise(paid, refunded_minor=paid.refunded_minor + row.amount_minor)
    order: r.OrderRow = batch.by_id[paid.order_id]
    if order.kind == "one_time":
        batch.refunded_orders.add(order.id)
