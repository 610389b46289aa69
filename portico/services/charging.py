"""Charge a saved card, at most once for each intent, whatever is lost on the way.

The intent, its attempt with the key that the provider will know it by, and a job are committed first; only then is the provider
asked, outside of any transaction. What it answers is settled in one transaction. No answer means unknown: the job asks again
until there is one. Asking twice is harmless, since a key stands for one charge; but providers forget keys after a day, so
whoever may not be the first to ask looks first what became of the charge.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa
import structlog

from portico.domain.errors import Refused
from portico.domain.payment import Payment, PaymentAttempt, PaymentMethod
from portico.domain.scope import BuyerScope
from portico.domain.subscription import Subscription
from portico.gateways.port import Charge, ChargeResult, Unanswered
from portico.services import checkout_address, marks, settlement, store_time
from portico.services.portal_address import base_path
from portico.services.runtime import Runtime
from portico.storage import charge_bound, outbox
from portico.storage import checkout as checkouts
from portico.storage import payment as payments
from portico.storage.payment import KeyedAttempt
from portico.storage.store import StoreRow

log = structlog.get_logger("portico.payments")

JOB = "charge"
JOB_PREFIX = f"{JOB}:"  # of the keys of its jobs, before the attempt's
IN_REQUEST_DELAY_SECONDS = 60  # the job of a charge that a web request makes itself: it steps in if the request died
BUYER_MAY_TAKE = timedelta(minutes=60)  # to confirm a charge on the provider's page
MOST_CHARGES, MOST_DOCUMENTS, PER = 3, 20, timedelta(hours=24)
MOST_TRIES = 20  # by hand within the same time, declined ones too: whoever tries out stolen cards has many
_KEYS_ARE_FRESH = timedelta(hours=1)  # far less than the 24 hours for which Stripe keeps them

OutcomeStatus = Literal["succeeded", "failed", "requires_action", "processing", "unknown"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt so far. `failure_code` is one of FAILURE_CODES when failed; `action_url` is the provider's page
    that the buyer must visit when it requires action; unknown means that the provider has not told yet."""

    status: OutcomeStatus
    failure_code: str | None = None
    action_url: str | None = None

    @property
    def is_final(self) -> bool:
        return self.status in ("succeeded", "failed")


@dataclass(frozen=True, slots=True)
class PaidBy:
    """The card of an attempt, by the provider's ids of customer and card, and as it may be shown. Without one the attempt fails."""

    customer: str | None
    method: str | None
    shown: PaymentMethod | None


@dataclass(frozen=True, slots=True)
class Begun:
    """An attempt that a transaction commits us to: the provider will know it by `key`. The payment is without details."""

    key: str
    scope: BuyerScope
    payment: Payment
    attempt: PaymentAttempt


def begin(
    tx: sa.Connection,
    runtime: Runtime,
    scope: BuyerScope,
    payment: Payment,
    subscription: Subscription,
    *,
    on_session: bool,
    now: datetime,
    by_hand: bool = False,
    delay_seconds: int = 0,
) -> Begun | None:
    """Commits us to an attempt at a payment with the subscription's card: the payment if it is new, the attempt, and its job.

    `payment` is new (no attempts), or one that failed, with its attempts. Gives the attempt, for `charge_now` after the
    commit; None, and nothing is written, when there is a payment for this period, or an open change, already, or it is under way,
    paid or canceled. Whoever calls it sets the subscription's `due_at` to None in the same transaction: nothing else happens to it until
    the outcome. `by_hand`: somebody asked for it, the buyer (who is there, if it is `on_session`) or the store. `delay_seconds`:
    IN_REQUEST_DELAY_SECONDS where the caller will `charge_now`.
    Raises Refused("too_many_charges"), and Conflict when another attempt is under way.
    """
    hold_to_bounds(tx, scope, subscription.id, now, by_hand=by_hand or on_session)
    of_subscription = PaidBy(subscription.customer_reference, subscription.method_reference, subscription.method)
    wanted = payment if payment.attempts else _from_where_it_stands(payment, subscription)
    return _begin(tx, runtime, scope, wanted, of_subscription, on_session=on_session, now=now, delay_seconds=delay_seconds)


def begin_first(tx: sa.Connection, runtime: Runtime, scope: BuyerScope, payment: Payment, card: PaidBy, *, now: datetime) -> Begun | None:
    """The same for what a buyer orders: with the card that he has just given for it, and while he is there. How often that may be
    tried is bound by how many cards may be given for a checkout. The caller holds the lock of what is sold."""
    return _begin(tx, runtime, scope, payment, card, on_session=True, now=now, delay_seconds=IN_REQUEST_DELAY_SECONDS)


def _begin(
    tx: sa.Connection,
    runtime: Runtime,
    scope: BuyerScope,
    payment: Payment,
    card: PaidBy,
    *,
    on_session: bool,
    now: datetime,
    delay_seconds: int,
) -> Begun | None:
    if payment.attempts:
        if payment.status != "failed" or not payments.set_status(tx, scope, payment.id, "pending"):
            return None
    elif not payments.start(tx, scope, payment):
        return None
    key = f"{payment.id}-{len(payment.attempts) + 1}"
    attempt = PaymentAttempt(
        sequence=len(payment.attempts) + 1,
        status="pending",
        failure_code=None,
        method=card.shown and PaymentMethod(card.shown.brand, card.shown.last4),
        attempted_at=now,
        key=key,
        on_session=on_session,
        customer_reference=card.customer,
        method_reference=card.method,
    )
    payments.add_attempt(
        tx,
        scope,
        payment.id,
        key=key,
        customer_reference=attempt.customer_reference,
        method_reference=attempt.method_reference,
        method=attempt.method,
        on_session=on_session,
        now=now,
    )
    add_job(tx, runtime, key, first=delay_seconds == 0, delay_seconds=delay_seconds)
    return Begun(key, scope, replace(payment, status="pending", attempts=(), refunds=()), attempt)


def add_job(tx: sa.Connection, runtime: Runtime, key: str, *, first: bool = False, delay_seconds: int = 0) -> bool:
    """The job that sees an attempt to its end. `first`: nobody else will ask before it. False: there is one already."""
    arguments = {"key": key, "first": first}
    return outbox.add(tx, JOB, arguments, now=runtime.clock(), lane="pay", key=JOB_PREFIX + key, delay_seconds=delay_seconds)


def charge_now(runtime: Runtime, store: StoreRow, begun: Begun) -> Outcome:
    """`charge` for whoever has just committed to the attempt: nobody can have asked before, and there is nothing to read."""
    marks.here("intent_committed")
    return _see_through(runtime, KeyedAttempt(begun.key, begun.scope, store, begun.payment, begun.attempt), first=True)


def charge(
    runtime: Runtime, key: str, *, first: bool = False, ending: Callable[[], AbstractContextManager[sa.Connection]] | None = None
) -> Outcome:
    """Asks the provider for the money, or what became of it, and settles what it answers. May be called by anyone at any time.

    `first`: nobody can have asked before. `ending` is the transaction that ends the job which calls this; without it the
    attempt's job ends with the outcome. Raises NotFound for a key that is no attempt's.
    """
    marks.here("intent_committed")
    with runtime.database.read() as connection:
        asked = payments.attempt_by_key(connection, key)
    if asked.attempt.status not in settlement.OPEN:
        return outcome(asked)
    return _see_through(runtime, asked, first=first, ending=ending)


def _see_through(
    runtime: Runtime, asked: KeyedAttempt, *, first: bool, ending: Callable[[], AbstractContextManager[sa.Connection]] | None = None
) -> Outcome:
    """Asks the provider about an open attempt and settles what it answers. `asked` may be older than what others have written since:
    what counts is decided when it is settled."""
    key = asked.key
    now = store_time.now(runtime, asked.store, asked.scope.environment)
    try:
        result = _ask(runtime, asked, now, first=first and now - asked.attempt.attempted_at < _KEYS_ARE_FRESH)
    except Unanswered as silence:
        log.warning("charge_unanswered", key=key, said=str(silence))
        if asked.attempt.status != "unknown":
            with runtime.database.transaction() as tx:
                settlement.leave_unknown(tx, runtime, asked)
        return Outcome("unknown")
    marks.here("provider_answered")
    is_final = result.status in settlement.FINAL
    with ending() if ending is not None and is_final else runtime.database.transaction() as tx:
        if ending is None and is_final:
            outbox.cancel(tx, JOB_PREFIX + key)  # before all else, as a worker ends its job first: in one order nobody waits in a ring
        settlement.settle(tx, runtime, asked, result)
        marks.here("settling")
    marks.here("settled")
    return _outcome_of(result)


def reconsider(runtime: Runtime, key: str) -> None:
    """Asks what became of a charge, also of one that was reported as refused: money that was taken counts, and the news of that may
    have come before we knew the charge. Raises NotFound for a key that is no attempt's, and Unanswered."""
    with runtime.database.read() as connection:
        asked = payments.attempt_by_key(connection, key)
    gateway, customer = runtime.gateways.get(asked.scope.environment), asked.attempt.customer_reference
    if asked.attempt.status in settlement.OPEN and charge(runtime, key).status == "unknown":
        raise Unanswered(key)
    if asked.attempt.status == "failed" and gateway is not None and customer is not None:
        result = gateway.find_charge(key, customer=customer)
        if result is not None and result.status == "succeeded" and settlement.fits(asked, result):
            with runtime.database.transaction() as tx:
                settlement.settle(tx, runtime, asked, result)


def outcome(asked: KeyedAttempt) -> Outcome:
    """What the attempt's row says."""
    attempt = asked.attempt
    if attempt.status == "succeeded":
        return Outcome("succeeded")
    if attempt.status in ("failed", "canceled"):
        return Outcome("failed", attempt.failure_code)
    if attempt.status == "unknown":
        return Outcome("unknown")
    return Outcome("requires_action", action_url=attempt.action_url) if attempt.action_url else Outcome("processing")


def _outcome_of(result: ChargeResult) -> Outcome:
    if result.status == "canceled":
        return Outcome("failed", result.failure_code)
    return Outcome(result.status, result.failure_code, result.action_url)


def _ask(runtime: Runtime, asked: KeyedAttempt, now: datetime, *, first: bool) -> ChargeResult:
    """The provider's answer. Raises Unanswered when there is none, or one about another charge than we asked for."""
    attempt, payment = asked.attempt, asked.payment
    if attempt.customer_reference is None or attempt.method_reference is None:
        return settlement.refused(asked, "no_payment_method")
    gateway = runtime.gateways.get(asked.scope.environment)
    if gateway is None:
        raise Unanswered(f"there is no payment provider for {asked.scope.environment}")
    marks.here("asking_provider")
    result = None if first else gateway.find_charge(asked.key, customer=attempt.customer_reference)
    if result is None and payment.status in ("succeeded", "canceled"):
        return settlement.given_up(asked)  # it was never asked for, and is no longer wanted
    if result is None:
        result = gateway.charge(_order(runtime, asked))
    if result.status == "requires_action" and (not attempt.on_session or now - attempt.attempted_at >= BUYER_MAY_TAKE):
        result = gateway.cancel_charge(asked.key, customer=attempt.customer_reference) or settlement.given_up(asked)
    if not settlement.fits(asked, result):
        raise Unanswered("the answer is about another amount")
    return result


def _order(runtime: Runtime, asked: KeyedAttempt) -> Charge:
    """The charge as the provider is asked for it: of rows that never change, since a key stands for one request."""
    attempt, payment = asked.attempt, asked.payment
    return Charge(
        key=asked.key,
        amount_minor=payment.total_minor,
        currency=payment.currency,
        customer=attempt.customer_reference or "",
        method=attempt.method_reference or "",
        description=", ".join(line.description for line in payment.lines if line.kind != "credit"),
        on_session=attempt.on_session,
        return_url=_return_url(runtime, asked),
        metadata={"key": asked.key, "payment": payment.id, "order": payment.order_id, "subscription": payment.subscription_id or ""},
    )


def _return_url(runtime: Runtime, asked: KeyedAttempt) -> str:
    """Where the provider's page leads a buyer back to: the checkout that waits for this payment, which nothing can change while the
    payment is open; else the payment's page in the portal."""
    slug, environment, payment = asked.store.slug, asked.scope.environment, asked.payment
    if asked.attempt.on_session and payment.purpose != "change":
        with runtime.database.read() as connection:
            checkout_id = checkouts.waiting_for(connection, asked.scope, payment.order_id)
        if checkout_id is not None:
            return checkout_address.back(runtime, slug, environment, checkout_id)
    return f"{runtime.origin}{base_path(slug, environment)}/payments/{payment.id}"


def hold_to_bounds(tx: sa.Connection, scope: BuyerScope, subscription_id: str, now: datetime, *, by_hand: bool) -> None:
    """A loop that we did not foresee must not empty a buyer's account. Tries of our own are on the ladder, and are not put off by
    those that somebody asked for. Raises Refused("too_many_charges")."""
    charges, documents, tries = charge_bound.count_since(tx, scope, subscription_id, now - PER)
    if charges >= MOST_CHARGES or documents >= MOST_DOCUMENTS:
        raise Refused("too_many_charges", f"{charges} charges and {documents} documents of {subscription_id} within a day")
    if by_hand and tries >= MOST_TRIES:
        raise Refused("too_many_charges", f"{tries} tries at payments of {subscription_id} within a day")


def _from_where_it_stands(payment: Payment, subscription: Subscription) -> Payment:
    """A change of plan knows the plan it was asked for on."""
    if payment.change is None:
        return payment
    change = replace(payment.change, from_product_id=subscription.product_id, from_quantity=subscription.quantity)
    return replace(payment, change=change)
