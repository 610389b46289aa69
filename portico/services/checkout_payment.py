"""What follows when what was ordered at a checkout is paid for, or begins its trial, and when it could not be paid.

A card that is declined changes nothing: the order waits, and the buyer may give another one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from portico.domain.calendar import period_bounds
from portico.domain.event import Told
from portico.domain.order import Order
from portico.domain.payment import Payment
from portico.domain.scope import BuyerScope
from portico.domain.subscription import Subscription
from portico.services import event, notice
from portico.services.locked import Locked
from portico.services.notice import Fact
from portico.services.runtime import Runtime
from portico.storage import card_setup as setups
from portico.storage import checkout as checkouts
from portico.storage import order as orders
from portico.storage import payment as payments


@dataclass(frozen=True, slots=True)
class Purchase:
    """Something bought once, in hand: its order's row is locked. `now` is the store's time."""

    tx: sa.Connection
    runtime: Runtime
    scope: BuyerScope
    order: Order
    now: datetime

    @property
    def is_pending(self) -> bool:
        return self.order.status == "pending"


def purchased(purchase: Purchase, payment: Payment | None) -> None:
    """It is paid for, or was free: the buyer has it."""
    tx, scope, order = purchase.tx, purchase.scope, purchase.order
    orders.set_status(tx, scope, order.id, "completed", expected="pending")
    _completed(tx, purchase.runtime, scope, order.id, None, purchase.now)
    told: Mapping[str, Told] = {
        "product_id": order.product_id,
        "quantity": order.quantity,
        **event.money(order.total_minor, order.currency),
        "payment_id": payment and payment.id,
        "checkout_id": order.checkout_id,
    }
    event.record(tx, purchase.runtime, scope, "order.completed", order.id, at=purchase.now, **told)
    about: dict[str, Fact] = {"plan": order.product_name, "quantity": order.quantity}
    _confirm(tx, purchase.runtime, scope, order.id, payment, about, now=purchase.now)


def subscribed(locked: Locked, payment: Payment) -> Payment:
    """The first period is paid for: it begins now, and with it the subscription. Gives the payment as it is then."""
    start, end = period_bounds(locked.now, locked.subscription.interval, 0)
    lines = tuple(replace(line, period_start=start, period_end=end) for line in payment.lines)
    payment = replace(payment, period_start=start, period_end=end, lines=lines)
    payments.set_period(locked.tx, locked.scope, payment)
    activate(locked, payment)
    return payment


def activate(locked: Locked, payment: Payment | None) -> None:
    """The subscription begins, its first period now; without a payment where it costs nothing."""
    found, now = locked.subscription, locked.now
    begun = replace(_from_now(locked), status="active")
    begun = locked.become(locked.planned(begun), "activate", "payment_captured" if payment else "free")
    _completed(locked.tx, locked.runtime, locked.scope, found.order_id, found.id, now)
    locked.record("subscription.activated", begun, payment_id=payment and payment.id)
    _confirm(locked.tx, locked.runtime, locked.scope, found.order_id, payment, notice.of_subscription(begun), now=now)


def start_trial(locked: Locked, days: int) -> Subscription:
    """The card is there, and the trial begins; it is charged when that is over."""
    found, now = locked.subscription, locked.now
    trying = replace(_from_now(locked), status="trialing", trial_end=now + timedelta(days=days))
    trying = locked.become(locked.planned(trying), "start_trial", "card_given")
    _completed(locked.tx, locked.runtime, locked.scope, found.order_id, found.id, now)
    locked.record("subscription.trial_started", trying, trial_end=trying.trial_end)
    locked.tell("trial_started", trying.id, trying)
    return trying


def _from_now(locked: Locked) -> Subscription:
    """The subscription with its calendar beginning at this moment."""
    start, end = period_bounds(locked.now, locked.subscription.interval, 0)
    return replace(locked.subscription, anchor=locked.now, period_index=0, period_start=start, period_end=end)


def _completed(  # noqa: PLR0917
    tx: sa.Connection, runtime: Runtime, scope: BuyerScope, order_id: str, subscription_id: str | None, now: datetime
) -> None:
    """The checkout is over, and with it every visit to the card page that is still open."""
    checkout_id = checkouts.complete(tx, scope, order_id, runtime.clock())
    if checkout_id is not None:
        setups.expire_of_checkout(tx, scope, checkout_id)
        event.record(tx, runtime, scope, "checkout.completed", checkout_id, at=now, order_id=order_id, subscription_id=subscription_id)


def _confirm(  # noqa: PLR0917
    tx: sa.Connection,
    runtime: Runtime,
    scope: BuyerScope,
    order_id: str,
    payment: Payment | None,
    about: Mapping[str, Fact],
    *,
    now: datetime,
) -> None:
    paid: Mapping[str, Fact] = {"payment_id": payment.id, "failure_code": None} if payment else {}
    notice.add(tx, runtime, scope, "order_confirmed", order_id, now=now, **about, **paid)
