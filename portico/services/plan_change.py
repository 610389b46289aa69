"""Change plan or quantity: look at the plans, review what one would cost, confirm exactly that.

What is shown and what is charged come from one function, `domain.proration.plan_change`. Between the two travels a sealed
quote (`services.quote`): if anything it was made of has moved, nothing is charged and the buyer reviews anew. An upgrade takes
effect when its charge is captured (`services.settlement`), anything else waits for the end of the period.
"""

from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from portico.domain.catalog import Product
from portico.domain.errors import NotFound, Refused
from portico.domain.payment import Payment
from portico.domain.proration import PlanChange, credit_limit, credited_as, plan_change
from portico.domain.reminder import remind_at
from portico.domain.scope import BuyerScope
from portico.domain.subscription import ScheduledChange, Subscription, current_end, taxed_as
from portico.domain.tax import Taxation
from portico.domain.why_not import Action, Standing
from portico.services import change_payment, charging, due, notice, quote, standing, taxation
from portico.services.charging import Begun, Outcome
from portico.services.locked import Locked
from portico.services.quote import Quote
from portico.services.runtime import Runtime
from portico.services.standing import Situation
from portico.storage import audit
from portico.storage import product as products
from portico.storage import subscription as subscriptions


@dataclass(frozen=True, slots=True)
class PlanOffers:
    """The plans of the group at `now`, each with what going to it would mean, or with the code of the reason why it cannot be.
    `why_not` is the reason why none of them can."""

    subscription: Subscription
    standing: Standing
    plans: tuple[tuple[Product, PlanChange | str], ...]
    why_not: str | None
    now: datetime


@dataclass(frozen=True, slots=True)
class Review:
    """What a change would mean at `now`, and the quote that `confirm` asks back."""

    subscription: Subscription
    change: PlanChange
    quote: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What became of a change: where money was asked for, the payment and how it went."""

    change: PlanChange
    payment_id: str | None = None
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class _Terms:
    """What a change is worked out by, beside the plans: how much of the paid time can be credited and how that was taxed, and what
    decides the tax of the new plan, in a store that has a table."""

    credit_limit_minor: int | None
    credited: Taxation
    taxes: taxation.Terms | None


def offers(runtime: Runtime, scope: BuyerScope, subscription_id: str) -> PlanOffers:
    """The plans a buyer may choose from, the current one among them (its entry is about the quantity). Raises NotFound."""
    with runtime.database.read() as connection:
        here = standing.look(connection, runtime, scope, subscription_id)
        terms = _terms(connection, scope, here)
    own = () if any(plan.id == here.product.id for plan in here.plans) else (here.product,)  # no longer on sale, still the buyer's
    plans = tuple((plan, _offer(here, plan, terms)) for plan in (*own, *here.plans))
    return PlanOffers(here.subscription, here.standing, plans, here.why_not("change_plan"), here.now)


def review(runtime: Runtime, scope: BuyerScope, subscription_id: str, product_id: str, quantity: int) -> Review:
    """What the change would cost if it were confirmed within ten minutes. Changes nothing.

    Raises NotFound, also for a product of another store, and Refused with the code of the reason why it cannot be.
    """
    with runtime.database.read() as connection:
        here = standing.look(connection, runtime, scope, subscription_id)
        here.hold(_action(here.subscription, product_id))
        change = _work_out(connection, scope, here, product_id, quantity, at=here.now)
    found = here.subscription
    return Review(found, change, quote.seal(runtime.secret, scope, found.id, found.version, change, at=here.now), here.now)


def confirm(
    runtime: Runtime, scope: BuyerScope, subscription_id: str, sealed: str, *, actor: str = "buyer", on_session: bool = True
) -> Confirmed:
    """Makes the change that was reviewed, exactly as it was shown. `on_session`: the buyer is there, and can confirm the charge with
    his bank if that asks; else such a charge is given up.

    Raises NotFound; Conflict (as `quote.Stale`) when the quote is not ours, too old, or anything is not what it was; Refused
    when the change is no longer possible. Nothing is changed or charged then. A declined card is no error: the outcome says so,
    and the old plan stays.
    """
    with runtime.database.transaction() as tx:
        here = standing.lock(tx, runtime, scope, subscription_id)
        shown = quote.unseal(runtime.secret, scope, subscription_id, sealed, now=here.now)
        change = _as_shown(tx, scope, here, shown)
        audit.record(tx, scope, actor=actor, action="plan_change.confirmed", subject=subscription_id, now=runtime.clock())
        if change.total_minor == 0:
            _make(tx, runtime, scope, here, change)
            return Confirmed(change)
        begun = _begin_charge(tx, runtime, scope, here, change, on_session=on_session)
    return Confirmed(change, begun.payment.id, charging.charge_now(runtime, here.store, begun))


def keep(runtime: Runtime, scope: BuyerScope, subscription_id: str, *, actor: str = "buyer", once: bool = False) -> Subscription:
    """Takes a scheduled change of plan back. Doing it twice does no harm; with `once` it is refused. Raises NotFound, Refused."""
    with runtime.database.transaction() as tx:
        here = standing.lock(tx, runtime, scope, subscription_id)
        found = here.subscription
        if found.scheduled_change is None and not once:
            return found
        here.hold("keep_plan")
        locked = Locked(tx, runtime, scope, found, here.now)
        kept = taxation.refreshed(tx, here.store, scope, replace(found, scheduled_change=None), now=here.now)
        kept = locked.become(locked.planned(kept))
        locked.tell("subscription_resumed", kept.id, kept)
        withdrawn = None if found.scheduled_change is None else found.scheduled_change.product_id
        locked.record("subscription.plan_change_withdrawn", kept, to_product_id=withdrawn)
        audit.record(tx, scope, actor=actor, action="plan_change.taken_back", subject=found.id, now=runtime.clock())
        return kept


def _offer(here: Situation, plan: Product, terms: _Terms) -> PlanChange | str:
    """What going to a plan would mean with as many as there are now, or as near to that as the plan allows."""
    found = here.subscription
    quantity = found.quantity if plan.id == found.product_id else min(max(found.quantity, plan.quantity_min), plan.quantity_max)
    try:
        return _change(here, plan, quantity, terms, at=here.now)
    except Refused as refused:
        return refused.code


def _work_out(tx: sa.Connection, scope: BuyerScope, here: Situation, product_id: str, quantity: int, *, at: datetime) -> PlanChange:
    known = {plan.id: plan for plan in (*here.plans, here.product)}
    target = known.get(product_id) or products.get(tx, scope, product_id)
    return _change(here, target, quantity, _terms(tx, scope, here), at=at)


def _terms(tx: sa.Connection, scope: BuyerScope, here: Situation) -> _Terms:
    found = here.subscription
    taxes = taxation.of_order(tx, here.store, scope, found.order_id)
    paid_as = credited_as(found, here.paid, else_rate=taxes.order_rate if taxes else None)
    return _Terms(credit_limit(found, here.paid), paid_as, taxes)


def _change(here: Situation, target: Product, quantity: int, terms: _Terms, *, at: datetime) -> PlanChange:
    return plan_change(
        here.subscription,
        target,
        quantity,
        now=at,
        group_id=here.product.group_id,
        credit_limit_minor=terms.credit_limit_minor,
        taxed=terms.taxes.at(target.tax_category, at) if terms.taxes else None,
        credited=terms.credited,
    )


def _as_shown(tx: sa.Connection, scope: BuyerScope, here: Situation, shown: Quote) -> PlanChange:
    """The change worked out anew at the quote's instant, from what is true now. Raises quote.Stale, Refused."""
    found = here.subscription
    if found.version != shown.version or here.now >= current_end(found):
        raise quote.Stale("quote_moved")
    here.hold(_action(found, shown.product_id))
    try:
        change = _work_out(tx, scope, here, shown.product_id, shown.quantity, at=shown.at)
    except (NotFound, Refused):  # withdrawn, moved to another group, no longer sold in this currency or quantity, ...
        raise quote.Stale("quote_moved") from None
    quote.hold(shown, found.version, change)
    return change


def _make(tx: sa.Connection, runtime: Runtime, scope: BuyerScope, here: Situation, change: PlanChange) -> None:
    """Makes a change that costs nothing today, or plans it for the end of the period."""
    found, now = here.subscription, here.now
    if change.timing == "now":
        change_payment.put_into_effect(Locked(tx, runtime, scope, found, now), change.in_effect)
        return
    planned = ScheduledChange("change_plan", change.at, change.product_id, change.product_name, change.unit_minor, change.quantity)
    waiting = replace(taxed_as(found, change.taxation or found.taxation), scheduled_change=planned, version=found.version + 1)
    waiting = replace(waiting, remind_at=remind_at(waiting, now=now))
    subscriptions.change(
        tx, scope, found.id, expected_version=found.version, change_kind="change_plan", change_at=change.at,
        change_product_id=change.product_id, change_quantity=change.quantity, change_unit_minor=change.unit_minor,
        remind_at=waiting.remind_at, tax_rate=waiting.tax_rate, tax_reason=waiting.tax_reason, tax_country=waiting.tax_country,
        tax_note=waiting.tax_note,
    )  # fmt: skip
    notice.add(tx, runtime, scope, "plan_change_scheduled", found.id, now=now, **notice.of_subscription(waiting))
    wanted = {"to_product_id": change.product_id, "to_quantity": change.quantity, "changes_at": change.at}
    Locked(tx, runtime, scope, found, now).record("subscription.plan_change_scheduled", waiting, **wanted)


def _begin_charge(
    tx: sa.Connection, runtime: Runtime, scope: BuyerScope, here: Situation, change: PlanChange, *, on_session: bool
) -> Begun:
    """Commits us to the charge that the change waits for."""
    found, now = here.subscription, here.now
    payment = _payment(runtime, found, change, now)
    Locked(tx, runtime, scope, found, now).become(due.awaiting_payment(found))
    delay = charging.IN_REQUEST_DELAY_SECONDS
    begun = charging.begin(tx, runtime, scope, payment, found, on_session=on_session, by_hand=True, now=now, delay_seconds=delay)
    if begun is None:
        raise quote.Stale("quote_moved")  # another change of this subscription is under way
    return begun


def _payment(runtime: Runtime, found: Subscription, change: PlanChange, now: datetime) -> Payment:
    return Payment(
        id=runtime.new_id("PAY"),
        external_id=None,
        order_id=found.order_id,
        subscription_id=found.id,
        period_start=None,
        period_end=None,
        currency=change.currency,
        net_minor=change.net_minor,
        tax_minor=change.tax_minor,
        total_minor=change.total_minor,
        refunded_minor=0,
        status="pending",
        method=found.method,
        created_at=now,
        succeeded_at=None,
        purpose="change",
        lines=change.lines,
        taxes=change.taxes,
        change=change.in_effect,
    )


def _action(found: Subscription, product_id: str) -> Action:
    return "change_quantity" if product_id == found.product_id else "change_plan"
