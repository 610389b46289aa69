"""What can happen to a subscription: its states, and the one table of moves between them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from portico.domain.catalog import Interval
from portico.domain.payment import PaymentMethod
from portico.domain.tax import TaxReason

SubscriptionStatus = Literal["pending", "trialing", "active", "past_due", "canceling", "canceled", "expired", "closed"]
SUBSCRIPTION_STATUSES: tuple[SubscriptionStatus, ...] = (
    "pending", "trialing", "active", "past_due", "canceling", "canceled", "expired", "closed",
)


@dataclass(frozen=True, slots=True)
class ScheduledChange:
    """The one change waiting for its moment: a cancellation, or a switch to `product_id`."""

    kind: Literal["cancel", "change_plan"]
    at: datetime
    product_id: str | None = None
    product_name: str | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """`unit_minor` is the net price per unit and interval; period n runs from anchor + n intervals (see `calendar`)."""

    id: str
    external_id: str | None
    order_id: str
    product_id: str
    product_name: str
    status: SubscriptionStatus
    interval: Interval
    quantity: int
    currency: str
    unit_minor: int
    tax_rate: str
    tax_reason: TaxReason
    anchor: datetime
    period_index: int
    period_start: datetime
    period_end: datetime
    trial_end: datetime | None
    scheduled_change: ScheduledChange | None
    method: PaymentMethod | None
    created_at: datetime
    ended_at: datetime | None
