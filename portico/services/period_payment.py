"""What follows when the payment of a billing period is made, and when it is not."""

from dataclasses import replace

from portico.domain.dunning import is_early, next_retry
from portico.domain.event import EventType
from portico.domain.payment import Payment, PaymentAttempt
from portico.domain.subscription import SubscriptionEvent, SubscriptionStatus
from portico.services import due
from portico.services.locked import Locked
from portico.storage import payment as payments

_CAPTURED: dict[SubscriptionStatus, SubscriptionEvent] = {"pending": "activate", "trialing": "activate", "past_due": "recover"}
_TOLD: dict[SubscriptionEvent, EventType] = {"activate": "subscription.activated", "recover": "subscription.recovered"}


def captured(locked: Locked, payment: Payment) -> None:
    """The period is paid: a trial becomes active, a past-due one recovers, and the next thing to happen is planned again."""
    found = locked.subscription
    event = _CAPTURED.get(found.status)
    paid = replace(found, status="active" if event else found.status, retry_step=0, failing_since=None)
    paid = locked.become(locked.planned(paid), event, "payment_captured")
    locked.tell("payment_received", payment.id, paid, failure_code=None)
    locked.record(_TOLD[event] if event else "subscription.renewed", paid, payment_id=payment.id)


def failed(locked: Locked, payment: Payment, attempt: PaymentAttempt, failure_code: str | None) -> None:
    """The period could not be paid: past due, with the next try on the ladder; after the last one the subscription ends.

    A try that the buyer made, or the store's hand before its time, is no step of the ladder: it must neither shorten the time he has
    nor lengthen it.
    """
    found, now, ladder = locked.subscription, locked.now, locked.runtime.retry_days
    event: SubscriptionEvent | None = None
    by_hand = attempt.on_session
    if found.status == "past_due":
        by_hand = by_hand or is_early(attempt.attempted_at, found.failing_since or now, found.retry_step, ladder)
        step = found.retry_step if by_hand else found.retry_step + 1
        failing = replace(found, retry_step=step)
    elif found.status in ("trialing", "active"):
        event = "payment_failed"
        failing = replace(found, status="past_due", retry_step=0, failing_since=now, remind_at=None)
    else:
        _leave_unpaid(locked, payment)
        return
    since = failing.failing_since or now
    retry_at = next_retry(since, failing.retry_step, ladder, now=None if by_hand else now)
    if retry_at is None:
        _end_unpaid(locked, payment, failure_code)
        return
    failing = locked.become(replace(failing, failing_since=since, due_at=retry_at), event, "payment_failed")
    last = next_retry(since, len(ladder) - 1, ladder)
    locked.tell("payment_failed", payment.id, failing, failure_code=failure_code, retry_at=retry_at, ends_at=last)
    if event is not None:
        locked.record("subscription.past_due", failing, payment_id=payment.id, failure_code=failure_code, retry_at=retry_at)


def _leave_unpaid(locked: Locked, payment: Payment) -> None:
    """The buyer canceled while the payment was being confirmed, and it failed: nothing is paid for, so it ends now and nothing is owed."""
    payments.cancel(locked.tx, locked.scope, payment.id)
    ended = locked.become(due.nothing_more(locked.subscription), "end", "unpaid")
    locked.tell("subscription_ended", ended.id, ended)
    locked.record("subscription.canceled", ended, cause="unpaid", ended_at=locked.now)


def _end_unpaid(locked: Locked, payment: Payment, failure_code: str | None) -> None:
    """Nothing is owed for the time that was not paid: the balance is canceled with the subscription."""
    payments.cancel(locked.tx, locked.scope, payment.id)
    ended = locked.become(due.nothing_more(locked.subscription), "end", "unpaid")
    locked.tell("subscription_ended_unpaid", ended.id, ended, payment_id=payment.id, failure_code=failure_code)
    locked.record("subscription.canceled", ended, cause="unpaid", ended_at=locked.now)
