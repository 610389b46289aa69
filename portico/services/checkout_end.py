"""End what was ordered at a checkout and never paid for: its time is over, it is ordered otherwise, or nobody wants it any more.

Nothing ends while a charge for it is under way: what the provider says of that decides.
"""

from datetime import datetime

import sqlalchemy as sa
import structlog

from portico.domain.checkout import CheckoutSession
from portico.domain.errors import Refused
from portico.domain.event import Told
from portico.domain.scope import BuyerScope, Environment, StoreScope
from portico.services import checkout_sold, checkout_state, due, event, store_time
from portico.services.checkout_sold import Sold
from portico.services.locked import Locked
from portico.services.runtime import Runtime
from portico.storage import audit
from portico.storage import card_setup as setups
from portico.storage import checkout as checkouts
from portico.storage import order as orders
from portico.storage import payment as payments
from portico.storage import store as stores
from portico.storage.store import StoreRow

log = structlog.get_logger("portico.checkout")

BATCH = 25


def expire(runtime: Runtime, store: StoreRow, environment: Environment, checkout_id: str, *, actor: str) -> CheckoutSession:
    """Takes a checkout back before its time is over, and what was ordered with it; again does nothing.

    Raises NotFound, Refused("checkout_completed"), and Refused("payment_open") while it is being charged.
    """
    scope = StoreScope(store.id, environment)
    with runtime.database.transaction() as tx:
        _expire(tx, runtime, store, scope, checkout_id, actor=actor)
        return checkouts.get(tx, scope, checkout_id)


def why_not(runtime: Runtime, scope: StoreScope, checkout_id: str) -> str | None:
    """Why a checkout cannot be taken back: the code that `expire` refuses with, None when it can. Raises NotFound."""
    with runtime.database.read() as connection:
        state = checkout_state.read(connection, scope, checkout_id)
    if state.status == "completed":
        return "checkout_completed"
    return "payment_open" if state.status in ("action", "confirming") else None


def sweep(runtime: Runtime) -> int:
    """Ends checkouts whose time is over, some at a time; how many. One that is being charged is left until that has ended."""
    with runtime.database.read() as connection:
        found = checkouts.due(connection, runtime.clock(), BATCH)
    ended = 0
    for scope, session in found:
        try:
            with runtime.database.transaction() as tx:
                store = stores.get(tx, scope.store_id)
                ended += _expire(tx, runtime, store, scope, session.id, actor="worker")
        except Refused as refused:  # it was just paid for, or is being
            log.info("checkout_goes_on", checkout=session.id, why=refused.code)
    return ended


def give_up(tx: sa.Connection, runtime: Runtime, store: StoreRow, sold: Sold, *, actor: str, cause: str) -> None:
    """Cancels an order that waits, with what it sold: a subscription is closed, which was never paid for. The merchant's own id is
    free for another order. The caller holds its lock; the checkout is his to end, or to be ordered from anew.

    Raises Refused("payment_open") while it is being charged, and does nothing where it is over.
    """
    scope, now = sold.scope, store_time.now(runtime, store, sold.scope.environment)
    if not sold.is_pending:
        return
    if sold.is_being_charged:
        raise Refused("payment_open")
    if sold.payment is not None:
        payments.cancel(tx, scope, sold.payment.id)
    if sold.subscription is not None:
        locked = Locked(tx, runtime, scope, sold.subscription, now, actor=actor)
        closed = locked.become(due.nothing_more(sold.subscription), "close", cause)
        locked.record("subscription.closed", closed, cause=cause, ended_at=now)
    else:
        orders.cancel_pending(tx, scope, sold.order.id)
        told: dict[str, Told] = {"product_id": sold.order.product_id, "checkout_id": sold.order.checkout_id, "cause": cause}
        event.record(tx, runtime, scope, "order.canceled", sold.order.id, at=now, **told)
    orders.free_external_id(tx, scope, sold.order.id)
    if sold.order.checkout_id is not None:
        setups.expire_of_checkout(tx, scope, sold.order.checkout_id)


def close_of_order(tx: sa.Connection, runtime: Runtime, scope: BuyerScope, order_id: str, *, now: datetime) -> None:
    """Ends the checkout whose order was canceled by hand, if it has one that waits. The caller holds the lock of what it sold."""
    checkout_id = checkouts.waiting_for(tx, scope, order_id)
    if checkout_id is not None and checkouts.expire(tx, scope, checkout_id):
        setups.expire_of_checkout(tx, scope, checkout_id)
        event.record(tx, runtime, scope, "checkout.expired", checkout_id, at=now, order_id=order_id)


def _expire(tx: sa.Connection, runtime: Runtime, store: StoreRow, scope: StoreScope, checkout_id: str, *, actor: str) -> bool:
    seen = checkouts.get(tx, scope, checkout_id)
    sold = checkout_sold.lock_of(tx, scope, seen)
    session = checkouts.lock(tx, scope, checkout_id)
    if session.order_id != seen.order_id:
        raise Refused("payment_open", "it is being ordered from at this very moment")
    if session.status == "completed":
        raise Refused("checkout_completed")
    if sold is not None:
        give_up(tx, runtime, store, sold, actor=actor, cause="checkout_expired")
    if not checkouts.expire(tx, scope, checkout_id):
        return False
    whose = scope if sold is None else sold.scope
    now = store_time.now(runtime, store, scope.environment)
    event.record(tx, runtime, whose, "checkout.expired", checkout_id, at=now, order_id=session.order_id)
    if actor != "worker":
        audit.record(tx, whose, actor=actor, action="checkout.expired", subject=checkout_id, now=runtime.clock())
    return True
