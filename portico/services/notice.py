"""Mails that tell a buyer what happened to his money and his plans, and what will.

`add` belongs into the transaction of the effect: the mail is sent if and only if that commits. What may change before the mail
leaves (the plan, the next charge, the card, why a payment failed) is written down at that moment; what never changes (a
payment's amounts, an invoice's number) and what must be the newest (the address, the language) is read when it is sent: see
`notice_mail`.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
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
    "refund_made", "refund_failed", "invoice_corrected", "tax_id_unknown", "order_confirmed", "trial_started",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
Fact = str | int | bool | None

# What a mail needs to know of, the subject first: one of them is the subject, the others go along as facts.
_NEEDS: Mapping[Kind, tuple[str, ...]] = {
    "plan_changed": ("subscription_id",),
    "plan_change_scheduled": ("subscription_id",),
    "plan_change_failed": ("payment_id",),
    "cancellation_scheduled": ("cancellation_id", "subscription_id"),
    "subscription_resumed": ("subscription_id",),
    "subscription_ended": ("subscription_id",),
    "subscription_ended_unpaid": ("payment_id",),
    "payment_received": ("payment_id",),
    "payment_failed": ("payment_id",),
    "payment_uncertain": ("payment_id",),
    "trial_ending": ("subscription_id",),
    "upcoming_charge": ("subscription_id",),
    "card_expiring": ("subscription_id",),
    "card_updated": ("subscription_id",),
    "pause_scheduled": ("subscription_id",),
    "paused": ("subscription_id",),
    "refund_requested": ("ticket_id",),
    "refund_rejected": ("ticket_id",),
    "refund_made": ("refund_id", "payment_id"),
    "refund_failed": ("refund_id", "payment_id"),
    "invoice_corrected": ("document_id", "payment_id"),
    "tax_id_unknown": ("check_id",),
    "order_confirmed": ("order_id",),
    "trial_started": ("subscription_id",),
}
# What is most often known a moment later is told only if it is not: the worker drops what is settled by then.
_DELAY_SECONDS: Mapping[Kind, int] = {"payment_uncertain": 300}
_ID_OF = {
    "SUB": "subscription_id", "PAY": "payment_id", "CAN": "cancellation_id", "TKT": "ticket_id", "REF": "refund_id", "INV": "document_id",
    "TIC": "check_id", "ORD": "order_id",
}  # fmt: skip


def add(
    tx: sa.Connection, runtime: Runtime, scope: BuyerScope, kind: Kind, subject_id: str, *, now: datetime, **facts: Fact | datetime
) -> None:
    """Has the buyer mailed about what this transaction does, if it commits. Call it when the rows are written: what the caller
    does not say in `facts` is read here, from the same transaction.

    `now` is the store's time. `subject_id` is an order, subscription, payment, cancellation, refund ticket, refund, document or check of
    a tax id, as the kind wants it; other ids go along as `subscription_id`, `payment_id`, `cancellation_id`, `refund_id`, `ticket_id`. A
    caller that holds the subscription as it is after the effect gives `**of_subscription(it)` and saves a statement or two. Further
    facts by kind:

        plan_changed                payment_id if something was charged, or period_total_minor if the change came with a new
                                    period that costs this; from_plan and from_quantity, the plan before
        plan_change_failed          failure_code
        cancellation_scheduled      subscription_id, or cancellation_id where the subject is the subscription
        subscription_ended          cancellation_id if that is what ended it at once; in_trial if it was never paid for
        subscription_ended_unpaid   payment_id if the subject is the subscription
        payment_failed              failure_code; retry_at, None when there will be no other try; ends_at, the last try of all
        refund_made, refund_failed  payment_id
        invoice_corrected           payment_id, and refund_id if tax was given back; the subject is the invoice that was replaced
        order_confirmed             plan and quantity; payment_id if anything was paid
        tax_id_unknown              number, the tax id; consultation_number, the proof, if there is one

    Amounts are minor units, moments aware. Raises ValueError for a kind that there is not, and when it is not told what about.
    """
    told: dict[str, Fact] = {"at": now.isoformat(), **{name: _scalar(fact) for name, fact in facts.items()}}
    told |= {id_name: subject_id for prefix, id_name in _ID_OF.items() if subject_id.startswith(f"{prefix}_")}
    if kind not in _NEEDS or not all(told.get(needed) for needed in _NEEDS[kind]):
        raise ValueError(f"no mail {kind!r} is about {subject_id!r} alone")
    told = {**_as_it_is(tx, scope, told), **told}
    if kind == "payment_failed":
        told = {**_ladder(runtime, told), **told}
    message_id = f"{kind}.{subject_id}.{told.get('step') or f'{now:%Y%m%d%H%M%S%f}'}"
    whose = {"store_id": scope.store_id, "environment": scope.environment, "buyer_id": scope.buyer_id}
    arguments = {**whose, "kind": kind, "message_id": message_id, "facts": told}
    outbox.add(tx, JOB, arguments, now=runtime.clock(), lane="mail", key=message_id, delay_seconds=_DELAY_SECONDS.get(kind, 0))


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
        "tax_rate": now_is.tax_rate,
        "status": now_is.status,
        "period_end": now_is.period_end.isoformat(),
        "trial_end": _iso(now_is.trial_end),
        "resumes_at": _iso(now_is.resumes_at),
        "due_at": _iso(now_is.due_at),
        "failing_since": _iso(now_is.failing_since),
        "next_at": _iso(charge.at) if charge else None,
        "next_net_minor": charge.net_minor if charge else None,
        "next_tax_minor": charge.tax_minor if charge else None,
        "next_total_minor": charge.total_minor if charge else None,
        "change_kind": change.kind if change else None,
        "change_at": _iso(change.at) if change else None,
        "change_product_id": change.product_id if change else None,
        "change_plan": change.product_name if change else None,
        "change_quantity": change.quantity if change else None,
        "has_card": now_is.method_reference is not None,
        "card_brand": method.brand if method else None,
        "card_last4": method.last4 if method else None,
        "card_month": method.expiry_month if method else None,
        "card_year": method.expiry_year if method else None,
    }


def _as_it_is(tx: sa.Connection, scope: BuyerScope, told: Mapping[str, Fact]) -> dict[str, Fact]:
    """The facts about payment and subscription that nobody told."""
    found: dict[str, Fact] = {}
    payment_id, subscription_id = told.get("payment_id"), told.get("subscription_id")
    if isinstance(payment_id, str) and not ("plan" in told and "failure_code" in told):
        paid = payment.get(tx, scope, payment_id)
        found["failure_code"] = paid.attempts[-1].failure_code if paid.attempts else None
        subscription_id = subscription_id or paid.subscription_id
    if isinstance(subscription_id, str) and "plan" not in told:
        found |= of_subscription(subscription.get(tx, scope, subscription_id))
    return found


def _ladder(runtime: Runtime, told: Mapping[str, Fact]) -> dict[str, Fact]:
    """When a failed renewal is tried next, and last."""
    since = told.get("failing_since")
    if told.get("status") != "past_due" or not isinstance(since, str) or not runtime.retry_days:
        return {}
    return {"retry_at": told.get("due_at"), "ends_at": (datetime.fromisoformat(since) + timedelta(days=runtime.retry_days[-1])).isoformat()}


def _scalar(fact: Fact | datetime) -> Fact:
    return fact.isoformat() if isinstance(fact, datetime) else fact


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
