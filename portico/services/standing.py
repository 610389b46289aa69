"""Where a subscription stands, and with that what may be done with it now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

import sqlalchemy as sa

from portico.domain.catalog import Product
from portico.domain.errors import Refused
from portico.domain.payment import Payment
from portico.domain.scope import BuyerScope
from portico.domain.subscription import Subscription
from portico.domain.why_not import Action, Standing, why_not
from portico.services import store_time
from portico.services.runtime import Runtime
from portico.storage import payment as payments
from portico.storage import product as products
from portico.storage import subscription as subscriptions
from portico.storage.store import StoreRow

ACTIONS: tuple[Action, ...] = get_args(Action)


@dataclass(frozen=True, slots=True)
class Situation:
    """A subscription with all that decides what may be done with it at `now`, in its store's time. `plans` are those on sale in
    its group, oldest first; `paid` is what was paid for its current period, changes of plan within it among that, oldest first."""

    store: StoreRow
    now: datetime
    standing: Standing
    plans: tuple[Product, ...]
    paid: tuple[Payment, ...]

    @property
    def subscription(self) -> Subscription:
        return self.standing.subscription

    @property
    def product(self) -> Product:
        return self.standing.product

    def why_not(self, action: Action) -> str | None:
        """The code of the reason why an action is not possible; None when it is."""
        return why_not(action, self.standing, self.now)

    def whys(self) -> Mapping[Action, str | None]:
        """Every action, with the code of the reason why it is not possible, or None."""
        return {action: self.why_not(action) for action in ACTIONS}

    def hold(self, action: Action) -> None:
        """Raises Refused with that code when the action is not possible."""
        reason = self.why_not(action)
        if reason is not None:
            raise Refused(reason)


def look(tx: sa.Connection, runtime: Runtime, scope: BuyerScope, subscription_id: str, *, store: StoreRow | None = None) -> Situation:
    """How things stand, for showing; on a reading connection. `store` is the scope's, where it is known already. Raises NotFound."""
    if store is None:
        return _situation(tx, runtime, scope, *subscriptions.get_with_store(tx, scope, subscription_id))
    return _situation(tx, runtime, scope, subscriptions.get(tx, scope, subscription_id), store)


def lock(tx: sa.Connection, runtime: Runtime, scope: BuyerScope, subscription_id: str) -> Situation:
    """How things stand, for acting: nobody else changes the subscription until the transaction ends. Raises NotFound."""
    return _situation(tx, runtime, scope, *subscriptions.lock_with_store(tx, scope, subscription_id))


def _situation(tx: sa.Connection, runtime: Runtime, scope: BuyerScope, subscription: Subscription, store: StoreRow) -> Situation:
    product, plans = products.with_group(tx, scope, subscription.product_id)
    unpaid, paid = payments.of_subscription_now(tx, scope, subscription.id)
    standing = Standing(
        subscription=subscription,
        product=product,
        group_size=len({product.id, *(plan.id for plan in plans)}),  # one that is no longer sold is the buyer's still
        open_payment=unpaid,
        has_gateway=scope.environment in runtime.gateways,
    )
    return Situation(store, store_time.now(runtime, store, scope.environment), standing, plans, paid)
