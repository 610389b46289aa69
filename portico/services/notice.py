"""Mails that tell a buyer what happened to his money and his plans, and what will.

`add` belongs into the transaction of the effect: the mail is sent if and only if that commits. What may change before the mail
leaves (the plan, the next charge, the card, why a payment failed) is written down at that moment; what never changes (a
payment's amounts, an invoice's number) and what must be the newest (the address, the language, names) is read when it is sent.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, get_args

import sqlalchemy as sa

from portico.domain.scope import BuyerScope
from portico.domain.subscription import Subscription, next_charge
from portico.services.runtime import Runtime
from portico.storage import outbox, payment, subscription

JOB = "notice_mail"

Kind = Literal[
    "plan_changed", "plan_change_scheduled", "plan_change_failed", "cancellation_scheduled", "subscription_resumed",
    "subscription_ended", "subscription_ended_unpaid", "payment_received", "payment_failed", "payment_uncertain", "trial_ending",
    "upcoming_charge", "card_expiring", "card_updated", "pause_scheduled", "paused", "refund_requested", "refund_rejected",
    "refund_made",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
Fact = str | int | bool | None

# What a mail may be about, by the beginning of the id.
_SUBJECTS: Mapping[Kind, tuple[str, ...]] = {
    "plan_changed": ("SUB", "PAY"),
    "plan_change_scheduled": ("SUB",),
    "plan_change_failed": ("SUB", "PAY"),
    "cancellation_scheduled": ("CAN", "SUB"),
    "subscription_resumed": ("SUB",),
    "subscription_ended": ("SUB",),
    "subscription_ended_unpaid": ("SUB", "PAY"),
    "payment_received": ("PAY",),
    "payment_failed": ("PAY",),
    "payment_uncertain": ("PAY",),
    "trial_ending": ("SUB",),
    "upcoming_charge": ("SUB",),
    "card_expiring": ("SUB",),
    "card_updated": ("SUB",),
    "pause_scheduled": ("SUB",),
    "paused": ("SUB",),
    "refund_requested": ("TKT",),
    "refund_rejected": ("TKT",),
    "refund_made": ("REF", "TKT"),
}


def add(
    tx: sa.Connection, runtime: Runtime, scope: BuyerScope, kind: Kind, subject_id: str, *, now: datetime, **facts: Fact | datetime
) -> None:
    """Has the buyer mailed about what this transaction does, if it commits. Call it when the rows are written: what the caller
    does not say in `facts` is read here, from the same transaction.

    `now` is the store's time. `subject_id` is a subscription, payment, cancellation, refund ticket or refund, as the kind wants
    it; other ids go along as `subscription_id`, `payment_id`, `cancellation_id`, `refund_id`, `ticket_id`. A caller that holds the
    subscription as it is after the effect gives `**of_subscription(it)` and saves a statement. Further facts by kind:

        plan_changed                payment_id if something was charged; from_plan, the name of the plan before
        plan_change_failed          failure_code
        cancellation_scheduled      cancellation_id if the subject is the subscription
        payment_failed              failure_code; retry_at, None when there will be no other try; ends_at, the last try of all

    Amounts are minor units, moments aware. Raises ValueError for a kind or subject that there is not.
    """
    if kind not in _SUBJECTS or not subject_id.startswith(_SUBJECTS[kind]):
        raise ValueError(f"no mail {kind!r} is about {subject_id!r}")
    told = {name: fact.isoformat() if isinstance(fact, datetime) else fact for name, fact in facts.items()}
    told = {"at": now.isoformat(), **_as_it_is(tx, scope, subject_id, told), **told}
    step = str(told.get("step") or told["at"])
    arguments = {
        "store_id": scope.store_id,
        "environment": scope.environment,
        "buyer_id": scope.buyer_id,
        "kind": kind,
        "subject_id": subject_id,
        "step": step,
        "facts": told,
    }
    outbox.add(tx, JOB, arguments, now=runtime.clock(), lane="mail", key=f"{kind}.{subject_id}.{step}")


def of_subscription(now_is: Subscription) -> dict[str, Fact]:
    """What mails say of a subscription and what may be otherwise tomorrow."""
    charge, change, method = next_charge(now_is), now_is.scheduled_change, now_is.method
    return {
        "subscription_id": now_is.id,
        "plan": now_is.product_name,
        "quantity": now_is.quantity,
        "interval": now_is.interval,
        "unit_minor": now_is.unit_minor,
        "currency": now_is.currency,
        "status": now_is.status,
        "period_end": now_is.period_end.isoformat(),
        "trial_end": _iso(now_is.trial_end),
        "resumes_at": _iso(now_is.resumes_at),
        "next_at": _iso(charge.at) if charge else None,
        "next_net_minor": charge.net_minor if charge else None,
        "next_tax_minor": charge.tax_minor if charge else None,
        "next_total_minor": charge.total_minor if charge else None,
        "change_kind": change.kind if change else None,
        "change_at": _iso(change.at) if change else None,
        "change_product_id": change.product_id if change else None,
        "change_plan": change.product_name if change else None,
        "change_quantity": change.quantity if change else None,
        "change_unit_minor": change.unit_minor if change else None,
        "card_brand": method.brand if method else None,
        "card_last4": method.last4 if method else None,
        "card_month": method.expiry_month if method else None,
        "card_year": method.expiry_year if method else None,
    }


def _as_it_is(tx: sa.Connection, scope: BuyerScope, subject_id: str, told: Mapping[str, Fact]) -> dict[str, Fact]:
    """The facts about subscription and payment that nobody told."""
    payment_id = subject_id if subject_id.startswith("PAY") else told.get("payment_id")
    subscription_id = subject_id if subject_id.startswith("SUB") else told.get("subscription_id")
    found: dict[str, Fact] = {}
    if isinstance(payment_id, str) and not ("plan" in told and "failure_code" in told):
        paid = payment.get(tx, scope, payment_id)
        last = paid.attempts[-1] if paid.attempts else None
        found["failure_code"] = last.failure_code if last else None
        subscription_id = subscription_id or paid.subscription_id
    if isinstance(subscription_id, str) and "plan" not in told:
        found |= of_subscription(subscription.get(tx, scope, subscription_id))
    return found


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
