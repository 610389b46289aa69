"""What happens to a subscription by itself when its time has come: it is billed, tried again, paused, resumed or ended.

One step at a time: a period is billed by inserting its payment, which a unique constraint allows once, however many do it and
however often. After downtime each missed period is billed in turn, when the one before is settled.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from portico.domain.calendar import period_at, period_bounds
from portico.domain.document_line import DocumentLine
from portico.domain.errors import Refused
from portico.domain.payment import Payment
from portico.domain.scope import BuyerScope
from portico.domain.subscription import Subscription, SubscriptionEvent, SubscriptionStatus
from portico.domain.tax import tax_line
from portico.services import charging, due, taxation
from portico.services.charging import Begun
from portico.services.locked import Locked
from portico.services.runtime import Runtime
from portico.storage import payment as payments
from portico.storage import product as products
from portico.storage.store import StoreRow

log = structlog.get_logger("portico.renewals")

POSTPONED_BY = timedelta(hours=24)


def process(tx: sa.Connection, runtime: Runtime, scope: BuyerScope, subscription: Subscription, *, store: StoreRow, now: datetime) -> None:
    """Does the one step that is due of a locked subscription of the `store`, in whose time `now` is."""
    locked = Locked(tx, runtime, scope, subscription, now, store=store)
    try:
        _STEPS[subscription.status](locked)
    except Refused as refused:
        if refused.code != "too_many_charges":
            raise
        log.error("charges_postponed", subscription=subscription.id, why=str(refused))
        locked.become(replace(subscription, due_at=now + POSTPONED_BY))


def bill_from(
    tx: sa.Connection,
    runtime: Runtime,
    scope: BuyerScope,
    subscription: Subscription,
    anchor: datetime,
    *,
    event: SubscriptionEvent,
    store: StoreRow,
    now: datetime,
    actor: str,
    on_session: bool,
) -> Begun | None:
    """Lets a locked subscription begin anew at `anchor`, its period 0, and bills that at once, while the buyer is there or not: for a
    pause that is ended before its time.

    Gives the attempt, for `charging.charge_now` after the commit; None when there is nothing to pay.
    Raises Refused("too_many_charges").
    """
    locked = Locked(tx, runtime, scope, subscription, now, actor=actor, store=store)
    begun_anew = _in_period(replace(subscription, resumes_at=None), anchor, 0)
    return _bill(locked, begun_anew, event, cause="resumed", by_hand=True, on_session=on_session)


def _end(locked: Locked) -> None:
    """The paid time of a canceled one is over, or its trial."""
    change = locked.subscription.scheduled_change
    _over(locked, "end", "canceled", in_trial=change is not None and change.at == locked.subscription.trial_end)


def _trial_over(locked: Locked) -> None:
    """The first period begins with the end of the trial; without a card there is none."""
    found = locked.subscription
    start = found.trial_end or found.period_end
    first = _with_planned(locked, found, at=start)
    if first.method_reference is None and first.unit_minor * first.quantity > 0:
        _over(locked, "expire", "trial_without_card", in_trial=True)
    else:
        _bill(locked, _in_period(first, start, 0))


def _period_over(locked: Locked) -> None:
    """The next period begins, on the plan that is scheduled for it; or the pause does."""
    found = locked.subscription
    change = found.scheduled_change
    if change is not None and change.kind == "pause" and change.at <= found.period_end:
        paused = locked.planned(replace(found, status="paused", scheduled_change=None))
        paused = locked.become(paused, "pause", "paused")
        locked.tell("paused", found.id, paused)
        locked.record("subscription.paused", paused, resumes_at=found.resumes_at)
        return
    following = _with_planned(locked, found, at=found.period_end)
    if following.interval == found.interval:
        _bill(locked, _in_period(following, found.anchor, found.period_index + 1))
    else:
        _bill(locked, _in_period(following, found.period_end, 0))


def _retry(locked: Locked) -> None:
    """Another try at the payment that failed."""
    found = locked.subscription
    owed, _ = payments.of_subscription_now(locked.tx, locked.scope, found.id)
    if owed is None:
        raise Refused("nothing_to_pay", "it is past due without an open payment")
    begun = charging.begin(locked.tx, locked.runtime, locked.scope, owed, found, on_session=False, now=locked.now)
    if begun is None:
        raise Refused("payment_open", "it is due while its payment is under way")
    locked.become(due.awaiting_payment(found))


def _unpause(locked: Locked) -> None:
    """The skipped periods are over: the one that begins now is billed, on the same calendar."""
    found = locked.subscription
    index = period_at(found.anchor, found.interval, found.resumes_at or locked.now)
    _bill(locked, _in_period(replace(found, resumes_at=None), found.anchor, index), "unpause")


_STEPS: Mapping[SubscriptionStatus, Callable[[Locked], None]] = {
    "trialing": _trial_over,
    "active": _period_over,
    "past_due": _retry,
    "paused": _unpause,
    "canceling": _end,
}


def _over(locked: Locked, event: SubscriptionEvent, cause: str, *, in_trial: bool) -> None:
    over = locked.become(due.nothing_more(locked.subscription), event, cause)
    locked.tell("subscription_ended", over.id, over, in_trial=in_trial)
    locked.record("subscription.expired" if event == "expire" else "subscription.canceled", over, cause=cause, ended_at=locked.now)


def _bill(
    locked: Locked,
    after: Subscription,
    event: SubscriptionEvent | None = None,
    *,
    cause: str = "due",
    by_hand: bool = False,
    on_session: bool = False,
) -> Begun | None:
    """Puts the subscription into its new period and commits us to the charge for it; a period that costs nothing is simply there.

    `event` is the move that goes with the new period, and `cause` why; `by_hand`: the caller will `charge_now`. Gives the attempt, None
    where there is nothing to pay.
    """
    terms = None if locked.store is None else taxation.of_order(locked.tx, locked.store, locked.scope, after.order_id)
    category = "" if terms is None else products.get(locked.tx, locked.scope, after.product_id).tax_category
    if terms is not None:
        after = terms.taxed(after, category, after.period_start)
    payment, begun = _period_payment(locked, after), None
    if terms is not None:
        after = terms.taxed(after, category, after.period_end)  # when it is charged next
    if payment.total_minor == 0:
        if after.status == "trialing":
            event = "activate"
        after = locked.planned(replace(after, status="active"))
    else:
        begun = charging.begin(
            locked.tx,
            locked.runtime,
            locked.scope,
            payment,
            locked.subscription,
            on_session=on_session,
            by_hand=by_hand,
            now=locked.now,
            delay_seconds=charging.IN_REQUEST_DELAY_SECONDS if by_hand else 0,
        )
        if begun is None:
            raise Refused("period_already_billed", f"there is a payment for the period from {after.period_start.isoformat()}")
        after = due.awaiting_payment(after)
    after = locked.become(after, event, cause)
    before = locked.subscription
    if (after.product_id, after.quantity) != (before.product_id, before.quantity):
        billed = {"period_total_minor": payment.total_minor} if payment.total_minor else {}
        locked.tell("plan_changed", after.id, after, from_plan=before.product_name, from_quantity=before.quantity, **billed)
        left = {"from_product_id": before.product_id, "from_quantity": before.quantity}
        locked.record("subscription.plan_changed", after, **left, payment_id=None if begun is None else payment.id)
    if event == "unpause":
        locked.record("subscription.unpaused", after)
    if begun is None:  # else when it is paid
        locked.record("subscription.activated" if event == "activate" else "subscription.renewed", after, payment_id=None)
    return begun


def _period_payment(locked: Locked, after: Subscription) -> Payment:
    """The intent to take the price of the period that `after` is in."""
    net_minor = after.unit_minor * after.quantity
    tax = tax_line(net_minor, after.taxation)
    period = after.period_start, after.period_end
    return Payment(
        id=locked.runtime.new_id("PAY"),
        external_id=None,
        order_id=after.order_id,
        subscription_id=after.id,
        period_start=after.period_start,
        period_end=after.period_end,
        currency=after.currency,
        net_minor=net_minor,
        tax_minor=tax.tax_minor,
        total_minor=net_minor + tax.tax_minor,
        refunded_minor=0,
        status="pending",
        method=after.method,
        created_at=locked.now,
        succeeded_at=None,
        purpose="period",
        lines=(DocumentLine(after.product_name, after.quantity, after.unit_minor, net_minor, after.tax_rate, *period),),
        taxes=(tax,),
    )


def _with_planned(locked: Locked, found: Subscription, *, at: datetime) -> Subscription:
    """The subscription on the plan that is scheduled until `at`, at the price that was promised."""
    change = found.scheduled_change
    if change is None or change.kind != "change_plan" or change.at > at or change.product_id is None:
        return found
    target = products.get(locked.tx, locked.scope, change.product_id)
    if change.unit_minor is None or target.interval is None:
        raise Refused("plan_not_in_currency", f"{target.id} has no price in {found.currency}")
    return replace(
        found,
        product_id=target.id,
        product_name=target.name,
        interval=target.interval,
        quantity=change.quantity or found.quantity,
        unit_minor=change.unit_minor,
        scheduled_change=None,
    )


def _in_period(subscription: Subscription, anchor: datetime, index: int) -> Subscription:
    start, end = period_bounds(anchor, subscription.interval, index)
    return replace(subscription, anchor=anchor, period_index=index, period_start=start, period_end=end)
