"""The one reminder of a period: told before money is taken, where the buyer may have forgotten or the card will not do."""

from datetime import UTC, datetime, timedelta
from typing import Literal

from portico.domain.catalog import Interval
from portico.domain.payment import PaymentMethod
from portico.domain.subscription import Subscription, next_charge

ReminderKind = Literal["trial_ending", "upcoming_charge", "card_expiring"]
_BEFORE_TRIAL_ENDS = timedelta(days=3)
_BEFORE_CHARGE: dict[Interval, timedelta] = {
    "week": timedelta(days=3), "month": timedelta(days=7), "quarter": timedelta(days=7), "year": timedelta(days=7),
}  # fmt: skip
_RARE: tuple[Interval, ...] = ("quarter", "year")


def remind_at(subscription: Subscription, *, now: datetime) -> datetime | None:
    """When the buyer is to be reminded of the next charge: 3 days before a trial ends; 7 days before a quarter or a year is
    charged, or a pause ends; before a week (3 days) or a month (7 days) only when the card expires before the charge.

    None when nothing is due, when nothing will be charged, and when the moment is past.
    """
    kind, charge = reminder_kind(subscription), next_charge(subscription)
    if kind is None or charge is None:
        return None
    before = _BEFORE_TRIAL_ENDS if subscription.status == "trialing" else _BEFORE_CHARGE[subscription.interval]
    moment = charge.at - before
    return moment if moment > now else None


def reminder_kind(subscription: Subscription) -> ReminderKind | None:
    """What the reminder of the current period is about; None when there is none."""
    charge = next_charge(subscription)
    if charge is None or charge.total_minor == 0 or not subscription.managed:
        return None
    if subscription.status == "trialing":
        return "trial_ending"
    if subscription.method is not None and is_expired(subscription.method, charge.at):
        return "card_expiring"
    after_pause = subscription.status == "paused" or charge.at > subscription.period_end
    return "upcoming_charge" if subscription.interval in _RARE or after_pause else None


def is_expired(method: PaymentMethod, at: datetime) -> bool:
    """Whether the card is no longer valid at a moment: after the last day, in UTC, of the month printed on it."""
    if method.expiry_month is None or method.expiry_year is None:
        return False
    at = at.astimezone(UTC)
    return (at.year, at.month) > (method.expiry_year, method.expiry_month)
