"""How a checkout stands."""

from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from portico.domain.checkout import CheckoutSession
from portico.domain.payment import Payment
from portico.domain.scope import BuyerScope, StoreScope
from portico.storage import checkout as checkouts
from portico.storage import order as orders

Status = Literal["open", "card", "declined", "action", "confirming", "completed", "expired"]
STATUSES: tuple[Status, ...] = (
    "open",  # nothing is ordered
    "card",  # ordered, and no card is given yet: ordering again leads to the provider's page
    "declined",  # ... and the card was refused: ordering again leads there for another one
    "action",  # the bank wants the buyer's word, on the provider's page
    "confirming",  # the provider has not told yet how the charge went
    "completed",
    "expired",
)


@dataclass(frozen=True, slots=True)
class State:
    """`failure_code` says why a card was declined, `action_url` where the bank waits. `attempt_key` is the charge that is under way.
    `trial_used`: it is open again, since the buyer has had the trial, and offers none any more."""

    session: CheckoutSession
    status: Status
    subscription_id: str | None = None
    failure_code: str | None = None
    action_url: str | None = None
    attempt_key: str | None = None

    @property
    def is_over(self) -> bool:
        return self.status in ("completed", "expired")

    @property
    def trial_used(self) -> bool:
        return self.status == "open" and self.session.placed_at is not None


def read(tx: sa.Connection, scope: StoreScope, checkout_id: str) -> State:
    """How a checkout stands by our books; nobody is asked. Raises NotFound."""
    return of_session(tx, scope, checkouts.get(tx, scope, checkout_id))


def of_session(tx: sa.Connection, scope: StoreScope, session: CheckoutSession) -> State:
    """The same for one that is at hand."""
    if session.order_id is None or session.buyer_id is None:
        return State(session, "expired" if session.status == "expired" else "open")
    order = orders.get(tx, BuyerScope(scope.store_id, scope.environment, session.buyer_id), session.order_id)
    carried = order.subscription_id
    if session.status == "completed":
        return State(session, "completed", carried)
    if session.status == "expired" or order.status != "pending":
        return State(session, "expired", carried)
    payment = next((payment for payment in order.payments if payment.status != "canceled"), None)
    return State(session, "card", carried) if payment is None else _charged(session, carried, payment)


def _charged(session: CheckoutSession, subscription_id: str | None, payment: Payment) -> State:
    last = payment.attempts[-1] if payment.attempts else None
    if payment.status == "failed":
        return State(session, "declined", subscription_id, failure_code=last and last.failure_code)
    key = last and last.key
    if last is not None and last.status == "pending" and last.action_url:
        return State(session, "action", subscription_id, action_url=last.action_url, attempt_key=key)
    return State(session, "confirming", subscription_id, attempt_key=key)
