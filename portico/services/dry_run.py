"""What an action would make of a subscription, if it were done now. Nothing is changed.

Each function goes by the rules of the action and raises what that would raise. What the payment provider will say to a charge nobody
knows before: what is told is what comes of it when it says yes.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from portico.domain import cancellation as reasons
from portico.domain.calendar import period_bounds
from portico.domain.errors import Refused
from portico.domain.proration import PlanChange
from portico.domain.scope import BuyerScope
from portico.domain.subscription import NextCharge, ScheduledChange, Subscription, SubscriptionStatus, next_charge
from portico.domain.why_not import Action
from portico.services import cancel_reasons, cancellation, charging, plan_change, standing, taxation
from portico.services import pause as pauses
from portico.services.quote import LIFETIME
from portico.services.runtime import Runtime
from portico.services.standing import Situation


@dataclass(frozen=True, slots=True)
class Foreseen:
    """An action as it would be: when it takes effect, the subscription's status right after it was asked for, what is charged at once
    (None: nothing), and the next regular charge (None: none will come)."""

    at: datetime
    status: SubscriptionStatus
    charge: NextCharge | None
    next_charge: NextCharge | None


@dataclass(frozen=True, slots=True)
class ForeseenChange:
    """A change of plan as it would be, with the quote that holds its amounts until `quote_expires_at`."""

    foreseen: Foreseen
    change: PlanChange
    quote: str
    quote_expires_at: datetime


def cancel(runtime: Runtime, scope: BuyerScope, subscription_id: str, reason_code: str | None, comment: str) -> Foreseen:
    """Raises NotFound, Invalid, Refused."""
    here = _look(runtime, scope, subscription_id)
    reasons.check(reason_code, comment, [reason.code for reason in cancel_reasons.of_store(here.store)])
    here.hold("cancel")
    return _without_charge(cancellation.ends_at(here.subscription, here.now), cancellation.canceled(here.subscription, here.now))


def resume(runtime: Runtime, scope: BuyerScope, subscription_id: str) -> Foreseen:
    """Raises NotFound, Refused."""
    here = _look(runtime, scope, subscription_id, "resume")
    return _without_charge(here.now, cancellation.resumed(here.subscription, here.now))


def change(runtime: Runtime, scope: BuyerScope, subscription_id: str, product_id: str, quantity: int) -> ForeseenChange:
    """Raises NotFound, also for a product of another store, Refused."""
    review = plan_change.review(runtime, scope, subscription_id, product_id, quantity)
    found, now = review.subscription, review.now
    charge = None
    if review.change.total_minor:
        _hold_to_bounds(runtime, scope, found.id, now)
        changed = review.change
        charge = NextCharge(now, changed.net_minor, changed.tax_minor, changed.total_minor, changed.currency)
    foreseen = Foreseen(review.change.at, found.status, charge, review.change.next_charge)
    return ForeseenChange(foreseen, review.change, review.quote, now + LIFETIME)


def keep(runtime: Runtime, scope: BuyerScope, subscription_id: str) -> Foreseen:
    """Raises NotFound, Refused."""
    with runtime.database.read() as connection:
        here = standing.look(connection, runtime, scope, subscription_id)
        here.hold("keep_plan")
        kept = taxation.refreshed(connection, here.store, scope, replace(here.subscription, scheduled_change=None), now=here.now)
    return _without_charge(here.now, kept)


def pause(runtime: Runtime, scope: BuyerScope, subscription_id: str, periods: int) -> Foreseen:
    """Raises NotFound, Refused."""
    options = pauses.options(runtime, scope, subscription_id)
    if options.why_not is not None:
        raise Refused(options.why_not)
    chosen = next((choice for choice in options.choices if choice.periods == periods), None)
    if chosen is None:
        raise Refused("pause_periods")
    planned = ScheduledChange("pause", chosen.pauses_at)
    return _without_charge(chosen.pauses_at, replace(options.subscription, scheduled_change=planned, resumes_at=chosen.resumes_at))


def cancel_pause(runtime: Runtime, scope: BuyerScope, subscription_id: str) -> Foreseen:
    """Raises NotFound, Refused."""
    here = _look(runtime, scope, subscription_id, "cancel_pause")
    return _without_charge(here.now, replace(here.subscription, scheduled_change=None, resumes_at=None))


def unpause(runtime: Runtime, scope: BuyerScope, subscription_id: str) -> Foreseen:
    """Raises NotFound, Refused."""
    review = pauses.review_unpause(runtime, scope, subscription_id)
    if review.why_not is not None:
        raise Refused(review.why_not)
    if review.charge.total_minor:
        _hold_to_bounds(runtime, scope, subscription_id, review.now)
    start, end = period_bounds(review.now, review.subscription.interval, 0)
    running = replace(review.subscription, status="active", resumes_at=None, period_start=start, period_end=end)
    return replace(_without_charge(review.now, running), charge=review.charge if review.charge.total_minor else None)


def pay(runtime: Runtime, scope: BuyerScope, subscription_id: str) -> Foreseen:
    """Raises NotFound, Refused."""
    here = _look(runtime, scope, subscription_id, "pay")
    owed = here.standing.open_payment
    if owed is None:
        raise Refused("nothing_to_pay")
    _hold_to_bounds(runtime, scope, subscription_id, here.now)
    charge = NextCharge(here.now, owed.net_minor, owed.tax_minor, owed.total_minor, owed.currency)
    return replace(_without_charge(here.now, replace(here.subscription, status="active")), charge=charge)


def _look(runtime: Runtime, scope: BuyerScope, subscription_id: str, action: Action | None = None) -> Situation:
    with runtime.database.read() as connection:
        here = standing.look(connection, runtime, scope, subscription_id)
    if action is not None:
        here.hold(action)
    return here


def _hold_to_bounds(runtime: Runtime, scope: BuyerScope, subscription_id: str, now: datetime) -> None:
    with runtime.database.read() as connection:
        charging.hold_to_bounds(connection, scope, subscription_id, now, by_hand=True)


def _without_charge(at: datetime, after: Subscription) -> Foreseen:
    return Foreseen(at, after.status, None, next_charge(after))
