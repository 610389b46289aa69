"""What happened, as a store's programs are told: one row per happening, written in the transaction that made it happen."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

EventType = Literal[
    "buyer.created", "buyer.updated", "billing_detail.updated", "payment_method.updated",
    "checkout.completed", "checkout.expired",
    "order.completed", "order.canceled",
    "subscription.activated", "subscription.trial_started", "subscription.renewed", "subscription.past_due", "subscription.recovered",
    "subscription.cancel_requested", "subscription.resumed", "subscription.canceled", "subscription.expired", "subscription.closed",
    "subscription.plan_changed", "subscription.plan_change_scheduled", "subscription.plan_change_withdrawn",
    "subscription.plan_change_failed", "subscription.pause_scheduled", "subscription.pause_withdrawn", "subscription.paused",
    "subscription.unpaused",
    "payment.succeeded", "payment.failed", "payment.disputed", "payment.dispute_closed", "refund.succeeded", "refund.failed",
    "refund_ticket.created", "refund_ticket.approved", "refund_ticket.rejected",
    "document.issued", "webhook.test",
]  # fmt: skip
EVENT_TYPES: tuple[EventType, ...] = get_args(EventType)
Told = str | int | bool | None


@dataclass(frozen=True, slots=True)
class Event:
    """One happening in one environment of a store. `subject_id` is what it is about (the order of "order.completed", the
    subscription of "subscription.*", ...). `data` is what else is told: ids, states and moments, never more of a person than that;
    only a cancellation tells the reason and comment. Amounts are decimal texts beside a currency. `at` is the store's time."""

    id: str
    type: EventType
    subject_id: str
    buyer_id: str | None
    at: datetime
    data: dict[str, Told]
