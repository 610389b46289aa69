"""What a checkout has sold, in hand: the order that waits for its payment, and the subscription that it carries, if it is one.

Locks are taken in one order everywhere: the subscription (or the order, of what is bought once), its payment and attempt, then the
checkout, then the visits to the card page. A buyer's own lock comes before all of them, and numbers of documents after.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from portico.domain.checkout import CheckoutSession
from portico.domain.order import Order
from portico.domain.payment import Payment
from portico.domain.scope import BuyerScope, StoreScope
from portico.domain.subscription import Subscription
from portico.storage import order as orders
from portico.storage import subscription as subscriptions


@dataclass(frozen=True, slots=True)
class Sold:
    """An order with its payments, newest first, as it is under its lock, and its subscription."""

    scope: BuyerScope
    order: Order
    subscription: Subscription | None

    @property
    def is_pending(self) -> bool:
        """Whether it still waits for its payment, or the beginning of its trial."""
        return self.order.status == "pending"

    @property
    def payment(self) -> Payment | None:
        """The payment it waits for, or was tried with; there is one at most that is not given up."""
        return next((payment for payment in self.order.payments if payment.status != "canceled"), None)

    @property
    def is_being_charged(self) -> bool:
        return self.payment is not None and self.payment.status in ("pending", "unknown")


def lock(tx: sa.Connection, scope: BuyerScope, order_id: str) -> Sold:
    """The order, and nobody else changes what it sold until the transaction ends. Raises NotFound."""
    carried = orders.get(tx, scope, order_id).subscription_id
    if carried is None:
        orders.lock(tx, scope, order_id)
        return Sold(scope, orders.get(tx, scope, order_id), None)
    subscription = subscriptions.lock(tx, scope, carried)
    return Sold(scope, orders.get(tx, scope, order_id), subscription)


def lock_of(tx: sa.Connection, scope: StoreScope, session: CheckoutSession) -> Sold | None:
    """The same of what was ordered at a checkout; None when nothing was."""
    if session.order_id is None or session.buyer_id is None:
        return None
    return lock(tx, BuyerScope(scope.store_id, scope.environment, session.buyer_id), session.order_id)
