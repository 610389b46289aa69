"""Payments: an intent with its attempts, and what was given back."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import msgspec

from portico.domain.catalog import Interval
from portico.domain.document_line import DocumentLine
from portico.domain.tax import Taxation, TaxLine
from portico.domain.tax_part import part

PaymentStatus = Literal["pending", "succeeded", "failed", "canceled", "unknown"]
PAYMENT_STATUSES: tuple[PaymentStatus, ...] = ("pending", "succeeded", "failed", "canceled", "unknown")
PaymentPurpose = Literal["purchase", "period", "change"]
PAYMENT_PURPOSES: tuple[PaymentPurpose, ...] = ("purchase", "period", "change")
AttemptStatus = Literal["pending", "succeeded", "failed", "canceled", "unknown"]
ATTEMPT_STATUSES: tuple[AttemptStatus, ...] = ("pending", "succeeded", "failed", "canceled", "unknown")
RefundPurpose = Literal["money", "tax"]  # tax: charged where none was due; its correction documents it
REFUND_PURPOSES: tuple[RefundPurpose, ...] = ("money", "tax")
RefundStatus = Literal["pending", "succeeded", "failed"]
DisputeStatus = Literal["open", "won", "lost"]  # won: the money stays with the merchant
DISPUTE_STATUSES: tuple[DisputeStatus, ...] = ("open", "won", "lost")
TicketStatus = Literal["pending", "approved", "rejected", "succeeded", "failed"]
TICKET_STATUSES: tuple[TicketStatus, ...] = ("pending", "approved", "rejected", "succeeded", "failed")

# Why a charge failed, in our own few words; a provider's codes are mapped onto these in its adapter.
FAILURE_CODES: tuple[str, ...] = (
    "insufficient_funds", "card_declined", "expired_card", "incorrect_details", "authentication_required",
    "limit_exceeded", "lost_or_stolen", "processing_error", "no_payment_method",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """What may be shown of a card: never more than brand, last four digits and expiry."""

    brand: str
    last4: str
    expiry_month: int | None = None
    expiry_year: int | None = None


@dataclass(frozen=True, slots=True)
class PaymentAttempt:
    """One try at a payment. `failure_code` is one of FAILURE_CODES when `status` is failed.

    `key` is ours and was committed before the provider was asked; `reference` is the provider's own. One that waits for the
    buyer on the provider's page is pending and has an `action_url`. An imported one has neither.
    """

    sequence: int
    status: AttemptStatus
    failure_code: str | None
    method: PaymentMethod | None
    attempted_at: datetime
    key: str | None = None
    reference: str | None = None
    action_url: str | None = None
    on_session: bool = False
    customer_reference: str | None = None
    method_reference: str | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back out of one payment, in the payment's currency, minor units. `key` is ours, `reference` the provider's. One that
    somebody gave back at the provider itself (`at_provider`) has the provider's for both."""

    id: str
    amount_minor: int
    status: RefundStatus
    reason: str
    created_at: datetime
    key: str | None = None
    reference: str | None = None
    ticket_id: str | None = None
    purpose: RefundPurpose = "money"
    at_provider: bool = False


@dataclass(frozen=True, slots=True)
class RefundTicket:
    """A buyer's request for money back, in the payment's currency, minor units. `reason` is the buyer's, `note` the answer;
    `external_id` and `metadata` (text to text) are the merchant's own.

    pending -> approved -> succeeded or failed, or pending -> rejected; a rejected one may be asked for again, as its next `version`.
    """

    id: str
    payment_id: str
    version: int
    amount_minor: int
    currency: str
    reason: str
    status: TicketStatus
    note: str
    created_at: datetime
    updated_at: datetime
    decided_at: datetime | None
    external_id: str | None = None
    metadata: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class PlanInEffect:
    """What a subscription is after a change of plan took effect: the plan, its net price per unit, and the period it is in.

    `from_product_id` and `from_quantity` are what it was when the change was asked for; one that is captured too late must not
    replace another plan. With a `new_period` the period begins with the change, and the credit for the one before moved into it.
    `taxation` is how the plan is taxed where that is not how the one before it was.
    """

    product_id: str
    product_name: str
    interval: Interval
    quantity: int
    unit_minor: int
    anchor: datetime
    period_index: int
    period_start: datetime
    period_end: datetime
    from_product_id: str = ""
    from_quantity: int = 0
    new_period: bool = False
    taxation: Taxation | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    """An intent to take an amount once: for a purchase, for one billing period of a subscription (UNIQUE (subscription, period
    start)), or for a change of plan.

    `lines` is what its invoice prints, empty where that is one position of the order's product; `taxes` are its taxes by rate,
    empty where all of it is taxed as the order says (payments from before there were several). `change` is what takes effect
    when a change is captured. `disputed_at` is since when the buyer's bank disputes it, or has taken it back.
    """

    id: str
    external_id: str | None
    order_id: str
    subscription_id: str | None
    period_start: datetime | None
    period_end: datetime | None
    currency: str
    net_minor: int
    tax_minor: int
    total_minor: int
    refunded_minor: int
    status: PaymentStatus
    method: PaymentMethod | None
    created_at: datetime
    succeeded_at: datetime | None
    attempts: tuple[PaymentAttempt, ...] = ()
    refunds: tuple[Refund, ...] = ()
    purpose: PaymentPurpose = "purchase"
    lines: tuple[DocumentLine, ...] = ()
    change: PlanInEffect | None = None
    taxes: tuple[TaxLine, ...] = ()
    disputed_at: datetime | None = None


def refundable_minor(payment: Payment) -> int:
    """What can still be given back: the total less every refund that was made or is on its way, those of `refunds` at least."""
    if payment.status != "succeeded":
        return 0
    taken_back_minor = sum(refund.amount_minor for refund in payment.refunds if refund.status != "failed")
    return payment.total_minor - max(payment.refunded_minor, taken_back_minor)


def net_taken_back_minor(payment: Payment) -> int:
    """The net part of what was given back, or is on its way, of a payment that succeeded. Tax that was never due is no part of it;
    once it is back there is no other tax left, so that all the rest is net."""
    taken_back_minor = payment.total_minor - refundable_minor(payment)
    if any(refund.purpose == "tax" and refund.status != "failed" for refund in payment.refunds):
        return taken_back_minor - payment.tax_minor
    return split_refund(payment, taken_back_minor)[0]


def split_refund(payment: Payment, amount_minor: int, *, before_minor: int = 0) -> tuple[int, int]:
    """Net and tax of a refund, when `before_minor` was given back earlier, in parts of any size: see `tax_part.part`. ValueError
    beyond the payment's total."""
    charged = payment.taxes or (TaxLine("0", "standard", payment.net_minor, payment.tax_minor),)
    parts = part(charged, amount_minor, before_minor=before_minor)
    return sum(each.base_minor for each in parts), sum(each.tax_minor for each in parts)


def change_to_json(change: PlanInEffect | None) -> dict[str, Any] | None:
    """A change as a JSON column keeps it, with moments as RFC 3339 texts."""
    return None if change is None else msgspec.to_builtins(change)


def change_from_json(stored: Any) -> PlanInEffect | None:
    """The change back. Raises msgspec.ValidationError when it is not one."""
    return None if stored is None else msgspec.convert(stored, PlanInEffect)
