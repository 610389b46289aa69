"""Cancel a subscription, and take that back. Three steps and no trick: why (if one likes to say), confirm, done.

Time that is paid for, or the trial, is used to its end; until then the cancellation can be taken back, and everything is as it
was. What is not paid for ends at once.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from portico.domain import cancellation as rules
from portico.domain.cancellation import Cancellation
from portico.domain.errors import Conflict
from portico.domain.scope import BuyerScope
from portico.domain.subscription import ScheduledChange, Subscription, current_end
from portico.services import cancel_reasons, checkout_end, due, event, notice, standing
from portico.services.cancel_reasons import Reason
from portico.services.runtime import Runtime
from portico.services.standing import Situation
from portico.storage import audit
from portico.storage import cancellation as cancellations
from portico.storage import payment as payments
from portico.storage import subscription as subscriptions
from portico.storage.store import StoreRow

_PAID_AHEAD = ("active", "trialing")


def reasons(store: StoreRow, random_bytes: Callable[[int], bytes]) -> tuple[Reason, ...]:
    """The store's reasons for leaving, or those that everybody starts with, in an order by chance, "other" last."""
    return cancel_reasons.in_chance_order(store, random_bytes)


def ends_at(subscription: Subscription, now: datetime) -> datetime:
    """When it would end if it were canceled now: with what is paid for, or the trial, and at once where there is neither."""
    return current_end(subscription) if subscription.status in _PAID_AHEAD else now


def canceled(subscription: Subscription, now: datetime) -> Subscription:
    """What it is once it is canceled at `now`. A change or a pause that is planned is no more to be seen, and comes back with `resumed`."""
    end = ends_at(subscription, now)
    if subscription.status in _PAID_AHEAD:
        return replace(subscription, status="canceling", scheduled_change=ScheduledChange("cancel", end))
    return replace(subscription, status="canceled", scheduled_change=None, due_at=None, ended_at=now)


def resumed(subscription: Subscription, now: datetime) -> Subscription:
    """What it is once its cancellation is taken back at `now`."""
    in_trial = subscription.trial_end is not None and now < subscription.trial_end
    return replace(subscription, status="trialing" if in_trial else "active", scheduled_change=_restored(subscription))


def cancel(
    runtime: Runtime,
    scope: BuyerScope,
    subscription_id: str,
    reason_code: str | None,
    comment: str,
    *,
    version: int | None = None,
    actor: str = "buyer",
    once: bool = False,
) -> datetime:
    """Cancels, and tells when it ends. Doing it again changes nothing and tells the same; with `once` it is refused.

    `version` is the subscription's as it was shown; with another the date may be another too. Raises NotFound, Invalid (every
    wrong field of reason and comment), Conflict, and Refused with the code of the reason why it is not possible.
    """
    with runtime.database.transaction() as tx:
        here = standing.lock(tx, runtime, scope, subscription_id)
        code, text = rules.check(reason_code, comment, [reason.code for reason in cancel_reasons.of_store(here.store)])
        before = cancellations.standing(tx, scope, subscription_id)
        if before is not None and not once:
            return before.effective_at
        change = here.subscription.scheduled_change
        if change is not None and change.kind == "cancel" and not once:  # imported so, without a row of its own
            return change.at
        if version is not None and version != here.subscription.version:
            raise Conflict("the subscription moved since it was shown")
        here.hold("cancel")
        row = _row(runtime, here, code, text, actor)
        cancellations.create(tx, scope, row)
        audit.record(tx, scope, actor=actor, action="subscription.canceled", subject=subscription_id, now=runtime.clock())
        follow = _schedule_end if here.subscription.status in _PAID_AHEAD else _end
        follow(tx, runtime, scope, here, row)
        return row.effective_at


def resume(runtime: Runtime, scope: BuyerScope, subscription_id: str, *, actor: str = "buyer", once: bool = False) -> Subscription:
    """Takes a cancellation back before it is effective: everything is as it was, a change or a pause that was planned too.

    Doing it again changes nothing; with `once` it is refused. Raises NotFound, and Refused with the code of the reason why it is not
    possible.
    """
    with runtime.database.transaction() as tx:
        here = standing.lock(tx, runtime, scope, subscription_id)
        found = here.subscription
        if found.status in _PAID_AHEAD and not once:
            return found
        here.hold("resume")
        after = due.planned(replace(resumed(found, here.now), version=found.version + 1), runtime.retry_days, here.now)
        planned = after.scheduled_change
        subscriptions.transition(
            tx, scope, found.id, "resume_trial" if after.status == "trialing" else "resume",
            cause="resumed", actor=actor, now=here.now, locked=found,
            change_kind=planned.kind if planned else None, change_at=planned.at if planned else None,
            due_at=after.due_at, remind_at=after.remind_at,
        )  # fmt: skip
        cancellations.withdraw(tx, scope, found.id, here.now)
        notice.add(tx, runtime, scope, "subscription_resumed", found.id, now=here.now, **notice.of_subscription(after))
        event.record(tx, runtime, scope, "subscription.resumed", found.id, at=here.now, **event.of_subscription(after))
        audit.record(tx, scope, actor=actor, action="subscription.resumed", subject=found.id, now=runtime.clock())
        return after


def _row(runtime: Runtime, here: Situation, code: str | None, comment: str, actor: str) -> Cancellation:
    found = here.subscription
    return Cancellation(
        id=runtime.new_id("CAN"),
        subscription_id=found.id,
        reason_code=code,
        comment=comment,
        requested_at=here.now,
        effective_at=ends_at(found, here.now),
        withdrawn_at=None,
        actor=actor,
        product_id=found.product_id,
        interval=found.interval,
        quantity=found.quantity,
        net_minor=found.unit_minor * found.quantity,
        currency=found.currency,
    )


def _schedule_end(tx: sa.Connection, runtime: Runtime, scope: BuyerScope, here: Situation, row: Cancellation) -> None:
    """A change or a pause that is planned stays in its columns, so that taking the cancellation back restores it."""
    found, end = here.subscription, row.effective_at
    leaving = due.planned(canceled(found, here.now), runtime.retry_days, here.now)
    if here.standing.is_confirming:
        leaving = due.awaiting_payment(leaving)
    subscriptions.transition(
        tx, scope, found.id, "cancel", cause="canceled", actor=row.actor, now=here.now, locked=found,
        change_kind="cancel", change_at=end, due_at=leaving.due_at, remind_at=leaving.remind_at,
    )  # fmt: skip
    notice.add(tx, runtime, scope, "cancellation_scheduled", row.id, now=here.now, **notice.of_subscription(leaving))
    _record_request(tx, runtime, scope, row, leaving)


def _end(tx: sa.Connection, runtime: Runtime, scope: BuyerScope, here: Situation, row: Cancellation) -> None:
    """Nothing is paid for, so nothing is left to use: it ends now, and what is owed for a time not used is owed no more."""
    found, now = here.subscription, here.now
    if here.standing.open_payment is not None:
        payments.cancel(tx, scope, here.standing.open_payment.id)
    subscriptions.transition(tx, scope, found.id, "cancel", cause="canceled", actor=row.actor, now=now, locked=found)
    if found.status == "pending":
        checkout_end.close_of_order(tx, runtime, scope, found.order_id, now=now)
    if found.status == "past_due":  # by way of canceling, which only time ends
        subscriptions.transition(tx, scope, found.id, "end", cause="canceled", actor=row.actor, now=now)
    ended = canceled(found, now)
    facts = {"cancellation_id": row.id, **notice.of_subscription(ended)}
    notice.add(tx, runtime, scope, "subscription_ended", found.id, now=now, **facts)
    _record_request(tx, runtime, scope, row, ended)
    over = {**event.of_subscription(ended), "cause": "canceled", "ended_at": now}
    event.record(tx, runtime, scope, "subscription.canceled", found.id, at=now, **over)


def _record_request(tx: sa.Connection, runtime: Runtime, scope: BuyerScope, row: Cancellation, after: Subscription) -> None:
    """The one event that tells what a person wrote: why he leaves is what a merchant wants to hear at once."""
    why = {"reason": row.reason_code, "comment": row.comment, "effective_at": row.effective_at, "actor": row.actor}
    told = {**event.of_subscription(after), "cancellation_id": row.id, **why}
    event.record(tx, runtime, scope, "subscription.cancel_requested", after.id, at=row.requested_at, **told)


def _restored(found: Subscription) -> ScheduledChange | None:
    """What was planned before the cancellation, for the same moment."""
    canceled = found.scheduled_change
    if canceled is None or (canceled.product_id is None and found.resumes_at is None):
        return None
    return replace(canceled, kind="change_plan" if canceled.product_id else "pause")
