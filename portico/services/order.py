"""Orders, as a store and its programs deal with them."""

from portico.domain.errors import Refused
from portico.domain.order import Order
from portico.domain.scope import BuyerScope
from portico.services import checkout_end, checkout_sold, store_time
from portico.services.checkout_sold import Sold
from portico.services.runtime import Runtime
from portico.storage import audit
from portico.storage import order as orders
from portico.storage import store as stores


def cancel(runtime: Runtime, scope: BuyerScope, order_id: str, *, actor: str) -> Order:
    """Calls off something bought once that is not paid for; the checkout it came by is over with it. The order as it is then.

    Raises NotFound, and Refused with the code of `why_not`.
    """
    with runtime.database.transaction() as tx:
        sold = checkout_sold.lock(tx, scope, order_id)
        reason = _why_not(sold)
        if reason is not None:
            raise Refused(reason)
        store = stores.get(tx, scope.store_id)
        now = store_time.now(runtime, store, scope.environment)
        checkout_end.give_up(tx, runtime, store, sold, actor=actor, cause="canceled")
        checkout_end.close_of_order(tx, runtime, scope, order_id, now=now)
        audit.record(tx, scope, actor=actor, action="order.canceled", subject=order_id, now=runtime.clock())
        return orders.get(tx, scope, order_id)


def why_not(runtime: Runtime, scope: BuyerScope, order_id: str) -> str | None:
    """Why an order cannot be canceled, None when it can: "order_of_subscription", where the subscription is what is canceled;
    "order_not_pending", where it is paid for or canceled; "payment_open" while it is being charged. Raises NotFound."""
    with runtime.database.read() as connection:
        return _why_not(Sold(scope, orders.get(connection, scope, order_id), None))


def _why_not(sold: Sold) -> str | None:
    if sold.order.kind == "subscription":
        return "order_of_subscription"
    if not sold.is_pending:
        return "order_not_pending"
    return "payment_open" if sold.is_being_charged else None
