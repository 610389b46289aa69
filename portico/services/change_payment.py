"""What follows when the payment of a change of plan is made, and when it is not. A change is in effect if and only if it is paid."""

from dataclasses import replace

from portico.domain.payment import Payment, PlanInEffect
from portico.domain.subscription import Subscription, taxed_as
from portico.services.locked import Locked


def captured(locked: Locked, payment: Payment) -> None:
    """The change is paid for: it takes effect."""
    if payment.change is None:
        raise ValueError(f"{payment.id} pays for a change and does not say which")
    put_into_effect(locked, payment.change, payment_id=payment.id)


def failed(locked: Locked, payment: Payment, failure_code: str | None) -> None:
    """The old plan stays, at the old price, and goes on where it stood."""
    kept = locked.become(locked.planned(locked.subscription))
    locked.tell("plan_change_failed", payment.id, kept, failure_code=failure_code)
    wanted = {} if payment.change is None else {"to_product_id": payment.change.product_id, "to_quantity": payment.change.quantity}
    locked.record("subscription.plan_change_failed", kept, payment_id=payment.id, failure_code=failure_code, **wanted)


def put_into_effect(locked: Locked, change: PlanInEffect, *, payment_id: str | None = None) -> Subscription:
    """Gives the subscription another plan and, if it says so, another period; the subscription as it is then. A switch that was
    scheduled before is replaced by this one."""
    changed = replace(
        locked.subscription,
        product_id=change.product_id,
        product_name=change.product_name,
        interval=change.interval,
        quantity=change.quantity,
        unit_minor=change.unit_minor,
        anchor=change.anchor,
        period_index=change.period_index,
        period_start=change.period_start,
        period_end=change.period_end,
        scheduled_change=None,
        resumes_at=None,
    )
    if change.taxation is not None:
        changed = taxed_as(changed, change.taxation)
    changed = locked.become(locked.planned(changed))
    facts = {"from_plan": locked.subscription.product_name, "from_quantity": locked.subscription.quantity}
    locked.tell("plan_changed", changed.id, changed, failure_code=None, **facts, **({"payment_id": payment_id} if payment_id else {}))
    before = locked.subscription
    left = {"from_product_id": before.product_id, "from_quantity": before.quantity}
    locked.record("subscription.plan_changed", changed, **left, payment_id=payment_id)
    return changed


def still_fits(subscription: Subscription, payment: Payment) -> bool:
    """Whether the subscription is what it was when this change was asked for. Money for a change that was reported as failed and
    overtaken by another must not bring it about."""
    change, waiting = payment.change, subscription.scheduled_change
    return (
        change is not None
        and (waiting is None or waiting.kind == "change_plan")
        and subscription.status in ("active", "trialing")
        and (subscription.product_id, subscription.quantity) == (change.from_product_id, change.from_quantity)
        and subscription.period_start <= payment.created_at
    )
