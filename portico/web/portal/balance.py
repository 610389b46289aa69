"""How a payment stands for its buyer: paid, failed, called off, or with its end still open."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from portico.domain.dunning import next_retry
from portico.domain.payment import Payment
from portico.domain.subscription import Subscription

# "answer": the provider has not told yet how it ended. "buyer": the buyer's bank waits for a confirmation.
State = Literal["succeeded", "failed", "canceled", "answer", "buyer"]


@dataclass(frozen=True, slots=True)
class Balance:
    """The open payment of a subscription. `retries` are the moments at which its card is tried again."""

    payment: Payment
    state: State
    failure_code: str | None
    retries: tuple[datetime, ...]


def balance_of(payment: Payment, subscription: Subscription, ladder: tuple[int, ...]) -> Balance:
    return Balance(payment, state_of(payment), failure_of(payment), retries(subscription, ladder))


def state_of(payment: Payment) -> State:
    """How it stands; `payment` comes with its attempts."""
    if payment.status in ("pending", "unknown"):
        return "buyer" if action_url(payment) else "answer"
    return payment.status


def action_url(payment: Payment) -> str | None:
    """The provider's page on which the buyer confirms it, while that is what it waits for."""
    newest = payment.attempts[-1] if payment.attempts else None
    return newest.action_url if newest is not None and newest.status == "pending" else None


def failure_of(payment: Payment) -> str | None:
    """Why the newest attempt failed; None when it did not."""
    newest = payment.attempts[-1] if payment.attempts else None
    return newest.failure_code if newest is not None and newest.status == "failed" else None


def retries(subscription: Subscription, ladder: tuple[int, ...]) -> tuple[datetime, ...]:
    """When the card of an overdue subscription is tried again, the next time first: that one is set already."""
    if subscription.failing_since is None or subscription.due_at is None:
        return ()
    later = (next_retry(subscription.failing_since, step, ladder) for step in range(subscription.retry_step + 1, len(ladder)))
    return (subscription.due_at, *(moment for moment in later if moment is not None))
