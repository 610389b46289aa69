"""Refunds on request: what may be asked for, and what is wrong with a request."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal, get_args

from portico.domain import free_text
from portico.domain.correction import is_giving_tax_back
from portico.domain.errors import FieldError, Invalid
from portico.domain.payment import Payment, RefundTicket, refundable_minor

RefundReason = Literal[
    "payment_not_succeeded", "billed_elsewhere", "refund_ticket_open", "already_refunded", "payment_disputed", "refund_too_late",
    "correction_under_way",
]  # fmt: skip
REFUND_WHY_NOT_CODES: tuple[RefundReason, ...] = get_args(RefundReason)
# For how many days after a payment a refund may be asked for; None is no limit. Whether it is granted, a person decides.
REFUND_DAYS: int | None = None


def refund_why_not(
    payment: Payment, tickets: Iterable[RefundTicket], now: datetime, *, days: int | None = REFUND_DAYS
) -> RefundReason | None:
    """Why no refund of this payment can be asked for at `now`, or None when it can. `payment` is given with its attempts and
    refunds, `tickets` are those of this payment."""
    if payment.status != "succeeded" or payment.succeeded_at is None:
        return "payment_not_succeeded"
    if charge_reference(payment) is None:
        return "billed_elsewhere"
    if any(ticket.status in ("pending", "approved") for ticket in tickets):
        return "refund_ticket_open"
    if refundable_minor(payment) == 0 or payment.disputed_at is not None:
        return "already_refunded" if payment.disputed_at is None else "payment_disputed"
    if days is not None and now > payment.succeeded_at + timedelta(days=days):
        return "refund_too_late"
    return "correction_under_way" if is_giving_tax_back(payment) else None


def charge_reference(payment: Payment) -> str | None:
    """The provider's id of the charge that succeeded; None for money that was taken elsewhere."""
    return next((attempt.reference for attempt in payment.attempts if attempt.status == "succeeded" and attempt.reference), None)


def check(payment: Payment, amount_minor: int, reason: str, *, needs_reason: bool = True) -> str:
    """The reason as it is kept. Raises Invalid: amount "refund_amount" unless it lies between nothing and what is left; reason
    "required" (of a buyer), "too_long" beyond 500 characters, "card_number" when it holds one."""
    text = free_text.clean(reason)
    errors = [] if 0 < amount_minor <= refundable_minor(payment) else [FieldError("amount", "refund_amount")]
    errors += free_text.faults("reason", text) if text or not needs_reason else [FieldError("reason", "required")]
    if errors:
        raise Invalid(errors)
    return text
