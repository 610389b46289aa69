"""Payments: an intent with its attempts, and what was given back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

PaymentStatus = Literal["pending", "succeeded", "failed", "canceled", "unknown"]
PAYMENT_STATUSES: tuple[PaymentStatus, ...] = ("pending", "succeeded", "failed", "canceled", "unknown")
AttemptStatus = Literal["succeeded", "failed", "unknown"]
RefundStatus = Literal["pending", "succeeded", "failed"]

# Why a charge failed, in our own few words; a provider's codes are mapped onto these in its adapter.
FAILURE_CODES: tuple[str, ...] = (
    "insufficient_funds", "card_declined", "expired_card", "incorrect_details", "authentication_required",
    "limit_exceeded", "lost_or_stolen", "processing_error",
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
    """One try at a payment. `failure_code` is one of FAILURE_CODES when `status` is failed."""

    sequence: int
    status: AttemptStatus
    failure_code: str | None
    method: PaymentMethod | None
    attempted_at: datetime


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back out of one payment, in the payment's currency, minor units."""

    id: str
    amount_minor: int
    status: RefundStatus
    reason: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Payment:
    """An intent to take an amount once. For a subscription it pays one billing period: UNIQUE (subscription, period start)."""

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
