"""Settle what a payment provider says of a charge: once, whoever brings the news, in whatever order it comes.

Money that was taken counts, also where it was reported as refused before. Rows are locked in one order everywhere:
subscription (or the order, of what is bought once), payment, attempt, checkout; the numbers of documents come last, for their counter is
shared by a whole store. A capture that nothing waits for any more (the payment was made by another attempt, the subscription or the
checkout is over) is given back at once.
"""

from dataclasses import replace
from typing import Literal

import sqlalchemy as sa
import structlog

from portico.domain.payment import AttemptStatus, Payment
from portico.domain.subscription import is_final
from portico.gateways.port import ChargeResult, ChargeStatus
from portico.services import change_payment, checkout_payment, document, event, notice, period_payment, store_time, surplus
from portico.services.checkout_payment import Purchase
from portico.services.locked import Locked
from portico.services.runtime import Runtime
from portico.storage import order as orders
from portico.storage import payment as payments
from portico.storage import subscription as subscriptions
from portico.storage.payment import KeyedAttempt

log = structlog.get_logger("portico.payments")

OPEN: tuple[AttemptStatus, ...] = ("pending", "unknown")
FINAL: tuple[ChargeStatus, ...] = ("succeeded", "failed", "canceled")


def settle(tx: sa.Connection, runtime: Runtime, asked: KeyedAttempt, result: ChargeResult) -> None:
    """Writes what became of an attempt, and everything that follows from it. Does nothing where that is written already.

    `asked` may be older than this transaction: what counts is decided by the guards of its updates. `result` fits it.
    """
    locked = _in_hand(tx, runtime, asked)
    if result.status == "succeeded":
        _capture(locked, asked, result)
    elif result.status in FINAL:
        _refuse(locked, asked, result)
    else:
        payments.note_open(tx, asked.key, reference=result.reference, action_url=result.action_url)


def leave_unknown(tx: sa.Connection, runtime: Runtime, asked: KeyedAttempt) -> None:
    """Nobody knows whether the money was taken: nothing else may happen to the payment until the provider has told. If that takes
    longer than minutes, the buyer is mailed not to pay again."""
    if asked.payment.subscription_id is None:
        orders.lock(tx, asked.scope, asked.payment.order_id)  # as whoever settles does first
    if payments.mark_unknown(tx, asked.key):
        now = store_time.now(runtime, asked.store, asked.scope.environment)
        notice.add(tx, runtime, asked.scope, "payment_uncertain", asked.payment.id, now=now, step=asked.key)


def fits(asked: KeyedAttempt, result: ChargeResult) -> bool:
    """Whether a result is about the very charge that was asked for. Else somebody must look, and nothing is settled."""
    expected = (asked.key, asked.payment.total_minor, asked.payment.currency)
    told = (result.key, result.amount_minor, result.currency)
    if told != expected:
        log.error("charge_differs", expected=expected, told=told, reference=result.reference)
    return told == expected


def refused(asked: KeyedAttempt, failure_code: str) -> ChargeResult:
    """A charge that fails without the provider being asked."""
    return ChargeResult(asked.key, "failed", "", asked.payment.total_minor, asked.payment.currency, failure_code)


def given_up(asked: KeyedAttempt) -> ChargeResult:
    """A charge that the provider has never seen, and never will."""
    return ChargeResult(asked.key, "canceled", "", asked.payment.total_minor, asked.payment.currency)


def _in_hand(tx: sa.Connection, runtime: Runtime, asked: KeyedAttempt) -> Locked | Purchase:
    """What is paid for, locked."""
    scope, payment, now = asked.scope, asked.payment, store_time.now(runtime, asked.store, asked.scope.environment)
    if payment.subscription_id is None:
        return Purchase(tx, runtime, scope, orders.lock(tx, scope, payment.order_id), now)
    return Locked(tx, runtime, scope, subscriptions.lock(tx, scope, payment.subscription_id), now)


def _capture(locked: Locked | Purchase, asked: KeyedAttempt, result: ChargeResult) -> None:
    tx, scope, payment = locked.tx, locked.scope, asked.payment
    method = result.method or asked.attempt.method
    if not _is_wanted(locked, payment) or not payments.succeed(tx, scope, payment.id, method=method, now=locked.now):
        _send_back(locked, asked, result)
        return
    payments.settle_attempt(tx, asked.key, status="succeeded", reference=result.reference, method=method)
    paid = replace(payment, status="succeeded", method=method, succeeded_at=locked.now)
    event.record(tx, locked.runtime, scope, "payment.succeeded", paid.id, at=locked.now, **event.of_payment(paid))
    is_first = _is_first(locked)
    paid = _captured(locked, paid)
    document.issue_for_payment(tx, locked.runtime, scope, paid, now=locked.now, seller=asked.store, as_ordered=is_first)


def _captured(locked: Locked | Purchase, paid: Payment) -> Payment:
    """What the money was for happens; the payment as it is then, for its documents."""
    if isinstance(locked, Purchase):
        checkout_payment.purchased(locked, paid)
        return paid
    if _is_first(locked):
        return checkout_payment.subscribed(locked, paid)
    captured = change_payment.captured if paid.purpose == "change" else period_payment.captured
    captured(locked, paid)
    return paid


def _send_back(locked: Locked | Purchase, asked: KeyedAttempt, result: ChargeResult) -> None:
    """Nothing waits for this capture, unless it is the very one that is booked already."""
    tx, payment = locked.tx, asked.payment
    settled = payments.settle_attempt(tx, asked.key, status="canceled", reference=result.reference, method=result.method)
    if settled or payments.attempt_by_key(tx, asked.key).attempt.status == "canceled":
        payments.cancel(tx, locked.scope, payment.id)
        surplus.return_later(tx, locked.runtime, locked.scope.environment, payment.id, result)


def _refuse(locked: Locked | Purchase, asked: KeyedAttempt, result: ChargeResult) -> None:
    """A charge that was given up (canceled) failed for want of the buyer's word, or was not needed any more."""
    tx, payment = locked.tx, asked.payment
    needless = result.status == "canceled" and payment.status in ("succeeded", "canceled")
    code = None if needless else result.failure_code or "authentication_required"
    status: Literal["canceled", "failed"] = "canceled" if needless else "failed"
    if not payments.settle_attempt(tx, asked.key, status=status, failure_code=code, reference=result.reference):
        return
    if not payments.set_status(tx, locked.scope, payment.id, "failed"):
        return
    failed = {**event.of_payment(payment), "failure_code": code}
    event.record(tx, locked.runtime, locked.scope, "payment.failed", payment.id, at=locked.now, **failed)
    if isinstance(locked, Purchase) or _is_first(locked):
        return  # the order waits for another card
    if payment.purpose == "change":
        change_payment.failed(locked, payment, code)
    else:
        period_payment.failed(locked, payment, asked.attempt, code)


def _is_wanted(locked: Locked | Purchase, payment: Payment) -> bool:
    """Whether what this payment pays for still waits for it."""
    if isinstance(locked, Purchase):
        return locked.is_pending
    if is_final(locked.subscription.status):
        return False
    return payment.purpose != "change" or change_payment.still_fits(locked.subscription, payment)


def _is_first(locked: Locked | Purchase) -> bool:
    """Whether a subscription begins with what is paid."""
    return isinstance(locked, Locked) and locked.subscription.status == "pending"
