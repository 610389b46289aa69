"""When something happens to a subscription next."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from portico.domain.dunning import next_retry
from portico.domain.reminder import remind_at
from portico.domain.subscription import Subscription, current_end, is_final

# What a subscription's row says when no change is waiting.
NO_CHANGE: Mapping[str, None] = dict.fromkeys(("change_kind", "change_at", "change_product_id", "change_quantity", "change_unit_minor"))


def due_at(subscription: Subscription, retry_days: tuple[int, ...]) -> datetime | None:
    """When it must be worked on next, if no payment of it is open. None for one that Portico doesn't bill, that is held, or over."""
    if not subscription.managed or subscription.held_at is not None or subscription.status == "pending" or is_final(subscription.status):
        return None
    if subscription.status == "past_due":
        return next_retry(subscription.failing_since or subscription.period_start, subscription.retry_step, retry_days)
    if subscription.status == "paused":
        return subscription.resumes_at
    change = subscription.scheduled_change
    if subscription.status == "canceling" and change is not None:
        return change.at
    return current_end(subscription)


def planned(subscription: Subscription, retry_days: tuple[int, ...], now: datetime) -> Subscription:
    """The subscription with the moments at which it is due, and at which its buyer is reminded of that."""
    reminded = None if subscription.status == "past_due" else remind_at(subscription, now=now)
    return replace(subscription, due_at=due_at(subscription, retry_days), remind_at=reminded)


def awaiting_payment(subscription: Subscription) -> Subscription:
    """The subscription while a payment of it is open: nothing else happens to it until the outcome."""
    return replace(subscription, due_at=None, remind_at=None)


def nothing_more(subscription: Subscription) -> Subscription:
    """The subscription with nothing more to come."""
    return replace(subscription, scheduled_change=None, resumes_at=None, due_at=None, remind_at=None)
