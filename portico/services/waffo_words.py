"""Our things by the names that Waffo has for them: what its surface and its webhooks have in common."""

from datetime import UTC, datetime
from typing import Any

from portico.domain.billing_detail import BillingDetail
from portico.domain.catalog import Interval
from portico.domain.event import EventType

BILLING_PERIODS: dict[str, Interval] = {"weekly": "week", "monthly": "month", "quarterly": "quarter", "yearly": "year"}
PERIOD_OF: dict[Interval, str] = {interval: period for period, interval in BILLING_PERIODS.items()}
# The 14 events of Waffo, and which of ours make them happen.
EVENTS: dict[str, tuple[EventType, ...]] = {
    "order.completed": ("order.completed",),
    "subscription.activated": ("subscription.activated", "subscription.trial_started"),
    "subscription.payment_succeeded": ("payment.succeeded",),
    "subscription.renewed": ("subscription.renewed",),
    "subscription.recovered": ("subscription.recovered",),
    "subscription.plan_changed": ("subscription.plan_changed",),
    "subscription.plan_change_scheduled": ("subscription.plan_change_scheduled",),
    "subscription.plan_change_failed": ("subscription.plan_change_failed",),
    "subscription.canceling": ("subscription.cancel_requested",),
    "subscription.uncanceled": ("subscription.resumed",),
    "subscription.canceled": ("subscription.canceled", "subscription.expired"),
    "subscription.past_due": ("subscription.past_due",),
    "refund.succeeded": ("refund.succeeded",),
    "refund.failed": ("refund.failed",),
}
NAME_OF: dict[EventType, str] = {ours: theirs for theirs, all_ours in EVENTS.items() for ours in all_ours}
# A trial is an active subscription to Waffo; money that was given back leaves a one-time order completed.
_STATUS_OF_ORDER = {"trialing": "active", "partially_refunded": "completed", "refunded": "completed"}


def order_status(status: str) -> str:
    """An order's status, or a subscription's. A paused one is "paused", which Waffo has no word for."""
    return _STATUS_OF_ORDER.get(status, status)


def moment(at: datetime) -> str:
    """ "2026-11-22T15:04:05.000Z"."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def billing_detail(detail: BillingDetail) -> dict[str, Any]:
    """Billing details: the six that Waffo knows, and what documents print besides."""
    known: dict[str, Any] = {"country": detail.country, "isBusiness": detail.is_business}
    more = {
        "postcode": detail.postal_code, "state": detail.state, "businessName": detail.business_name, "taxId": detail.tax_id,
        "name": detail.name, "line1": detail.line1, "line2": detail.line2, "city": detail.city,
    }  # fmt: skip
    return known | {name: value for name, value in more.items() if value}
