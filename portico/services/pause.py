"""Pause a subscription for some whole periods, and go on: access and billing stop when the paid period ends, and begin again on
the same calendar, or at once when the buyer wants it back before."""

from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from portico.domain import pause as rules
from portico.domain.calendar import period_bounds
from portico.domain.errors import Conflict, Refused
from portico.domain.reminder import remind_at
from portico.domain.scope import BuyerScope
from portico.domain.subscription import NextCharge, ScheduledChange, Subscription, charge_of
from portico.services import charging, due_step, notice, standing, taxation
from portico.services.charging import Outcome
from portico.services.locked import Locked
from portico.services.runtime import Runtime
from portico.services.standing import Situation
from portico.storage import audit
from portico.storage import subscription as subscriptions


@dataclass(frozen=True, slots=True)
class PauseChoice:
    """A pause of some periods: when it would begin and end, and what is charged then."""

    periods: int
    pauses_at: datetime
    resumes_at: datetime
    charge: NextCharge


@dataclass(frozen=True, slots=True)
class PauseOptions:
    """The pauses a buyer may choose from at `now`; none, and the code of the reason, when there are none."""

    subscription: Subscription
    choices: tuple[PauseChoice, ...]
    why_not: str | None
    now: datetime


@dataclass(frozen=True, slots=True)
class Unpausing:
    """What going on at `now` would mean: the amount charged at once for the period that begins, and the end of that period.
    `why_not` is the code of the reason why it is not possible."""

    subscription: Subscription
    charge: NextCharge
    period_end: datetime
    why_not: str | None
    now: datetime


@dataclass(frozen=True, slots=True)
class Unpaused:
    """The subscription as it is now, and the payment and how it went if something was to be paid."""

    subscription: Subscription
    payment_id: str | None
    outcome: Outcome | None


def options(runtime: Runtime, scope: BuyerScope, subscription_id: str) -> PauseOptions:
    """What may be chosen. Changes nothing. Raises NotFound."""
    with runtime.database.read() as connection:
        here = standing.look(connection, runtime, scope, subscription_id)
    reason = here.why_not("pause")
    return PauseOptions(here.subscription, () if reason else _choices(here), reason, here.now)


def pause(
    runtime: Runtime, scope: BuyerScope, subscription_id: str, periods: int, *, version: int | None = None, actor: str = "buyer"
) -> Subscription:
    """Plans a pause of so many periods, from the end of this one. `version` is the subscription's as it was shown.

    Raises NotFound, Conflict, Refused("pause_periods") for a number that is not offered, and Refused with the code of the reason
    why it is not possible.
    """
    with runtime.database.transaction() as tx:
        here = _locked(tx, runtime, scope, subscription_id, version)
        here.hold("pause")
        chosen = next((choice for choice in _choices(here) if choice.periods == periods), None)
        if chosen is None:
            raise Refused("pause_periods")
        found = here.subscription
        planned = ScheduledChange("pause", chosen.pauses_at)
        pausing = replace(found, scheduled_change=planned, resumes_at=chosen.resumes_at, version=found.version + 1)
        pausing = replace(pausing, remind_at=remind_at(pausing, now=here.now))
        subscriptions.change(
            tx, scope, found.id, expected_version=found.version, change_kind="pause", change_at=chosen.pauses_at,
            resumes_at=chosen.resumes_at, remind_at=pausing.remind_at,
        )  # fmt: skip
        notice.add(tx, runtime, scope, "pause_scheduled", found.id, now=here.now, **notice.of_subscription(pausing))
        planned_at = {"pauses_at": chosen.pauses_at, "resumes_at": chosen.resumes_at}
        Locked(tx, runtime, scope, found, here.now).record("subscription.pause_scheduled", pausing, **planned_at)
        audit.record(tx, scope, actor=actor, action="pause.scheduled", subject=found.id, now=runtime.clock())
        return pausing


def cancel_pause(runtime: Runtime, scope: BuyerScope, subscription_id: str, *, actor: str = "buyer", once: bool = False) -> Subscription:
    """Calls a planned pause off. Doing it twice does no harm; with `once` it is refused. Raises NotFound, Refused."""
    with runtime.database.transaction() as tx:
        here = standing.lock(tx, runtime, scope, subscription_id)
        found = here.subscription
        if found.scheduled_change is None and found.status == "active" and not once:
            return found
        here.hold("cancel_pause")
        locked = Locked(tx, runtime, scope, found, here.now)
        going_on = locked.become(locked.planned(replace(found, scheduled_change=None, resumes_at=None)))
        locked.tell("subscription_resumed", going_on.id, going_on)
        locked.record("subscription.pause_withdrawn", going_on)
        audit.record(tx, scope, actor=actor, action="pause.taken_back", subject=found.id, now=runtime.clock())
        return going_on


def review_unpause(runtime: Runtime, scope: BuyerScope, subscription_id: str) -> Unpausing:
    """What going on now would cost. Changes nothing. Raises NotFound."""
    with runtime.database.read() as connection:
        here = standing.look(connection, runtime, scope, subscription_id)
        found = _taxed_today(connection, scope, here)
    charge = charge_of(found, found.unit_minor * found.quantity, here.now)
    _, period_end = period_bounds(here.now, found.interval, 0)
    return Unpausing(found, charge, period_end, here.why_not("unpause"), here.now)


def unpause_now(
    runtime: Runtime,
    scope: BuyerScope,
    subscription_id: str,
    *,
    version: int | None = None,
    actor: str = "buyer",
    on_session: bool = True,
) -> Unpaused:
    """Ends a pause before its time: a new period begins now and is charged at once. `version` is the subscription's as it was
    shown; `on_session`: the buyer is there to confirm the charge with his bank if that asks.

    A declined card is no error: the subscription is past due then, and the outcome says so. Raises NotFound, Conflict, and Refused
    with the code of the reason why it is not possible.
    """
    with runtime.database.transaction() as tx:
        here = _locked(tx, runtime, scope, subscription_id, version)
        here.hold("unpause")
        begun = due_step.bill_from(
            tx, runtime, scope, here.subscription, here.now,
            event="unpause", store=here.store, now=here.now, actor=actor, on_session=on_session,
        )  # fmt: skip
        audit.record(tx, scope, actor=actor, action="subscription.unpaused", subject=subscription_id, now=runtime.clock())
    outcome = None if begun is None else charging.charge_now(runtime, here.store, begun)
    with runtime.database.read() as connection:
        found = subscriptions.get(connection, scope, subscription_id)
    return Unpaused(found, None if begun is None else begun.payment.id, outcome)


def _locked(tx: sa.Connection, runtime: Runtime, scope: BuyerScope, subscription_id: str, version: int | None) -> Situation:
    here = standing.lock(tx, runtime, scope, subscription_id)
    if version is not None and version != here.subscription.version:
        raise Conflict("the subscription moved since it was shown")
    return here


def _taxed_today(tx: sa.Connection, scope: BuyerScope, here: Situation) -> Subscription:
    """The subscription as a period that begins now is taxed: its next charge may be on a day with another rate."""
    terms = taxation.of_order(tx, here.store, scope, here.subscription.order_id)
    return here.subscription if terms is None else terms.taxed(here.subscription, here.product.tax_category, here.now)


def _choices(here: Situation) -> tuple[PauseChoice, ...]:
    """Periods are skipped, not moved: what follows begins where it would have begun without the pause."""
    found = here.subscription
    net_minor = found.unit_minor * found.quantity
    choices: list[PauseChoice] = []
    for periods in rules.lengths(here.product):
        resumes_at = rules.resumes_at(found, periods)
        choices.append(PauseChoice(periods, found.period_end, resumes_at, charge_of(found, net_minor, resumes_at)))
    return tuple(choices)
