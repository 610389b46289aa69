"""From an id in a request to the thing it names, if whoever asks may reach it. What is another's is as if it were not there."""

from portico.api.waffo.action import Call
from portico.domain.catalog import Product
from portico.domain.errors import NotFound
from portico.domain.ids import Prefix
from portico.domain.order import Order
from portico.domain.payment import Payment
from portico.domain.scope import BuyerScope, StoreScope
from portico.storage import merchant_scope
from portico.storage import order as orders
from portico.storage import payment as payments
from portico.storage import product as products
from portico.storage import store as stores
from portico.storage.store import StoreRow

NAMES: dict[str, str] = {
    "STO": "Store", "PROD": "Product", "GRP": "Product group", "WHE": "Webhook", "CHK": "Checkout session",
    "ORD": "Order", "SUB": "Subscription", "PAY": "Payment", "TKT": "Ticket", "INV": "Document",
}  # fmt: skip
NOT_THEIRS = "Order does not belong to user"


def store_of(call: Call, store_id: str) -> StoreRow:
    """The store with this id. Raises Trouble(404)."""
    with call.runtime.database.read() as connection:
        try:
            row = stores.get(connection, store_id)
        except NotFound:
            row = None
    own = call.asker.scope
    foreign = row is None or row.merchant_id != call.asker.merchant_id or (own is not None and own.store_id != row.id)
    if row is None or foreign or row.deleted_at is not None:
        raise call.trouble(404, "Store not found")
    return row


def scope_of(call: Call, store_id: str) -> StoreScope:
    return StoreScope(store_of(call, store_id).id, call.asker.environment)


def place(call: Call, prefix: Prefix, subject_id: str) -> tuple[StoreScope, str]:
    """Where a thing of a store is, and its own id: a product of prod goes by the id of the test product it was published from, too.
    Raises Trouble(404)."""
    with call.runtime.database.read() as connection:
        try:
            scope, own_id = merchant_scope.place_of(connection, call.asker.merchant_id, call.asker.environment, prefix, subject_id)
        except NotFound:
            raise call.trouble(404, f"{NAMES[prefix]} not found") from None
    if call.asker.scope is not None and call.asker.scope != scope:
        raise call.trouble(404, f"{NAMES[prefix]} not found")
    return scope, own_id


def product(call: Call, product_id: str) -> tuple[StoreScope, Product]:
    """A product and where it is. Raises Trouble(404)."""
    scope, own_id = place(call, "PROD", product_id)
    with call.runtime.database.read() as connection:
        return scope, products.get(connection, scope, own_id)


def owner(call: Call, prefix: Prefix, subject_id: str, *, not_theirs: str = NOT_THEIRS) -> BuyerScope:
    """Whose a thing is. A merchant's request for another's is a 404, a customer's a 403 that is the same for what there is not."""
    with call.runtime.database.read() as connection:
        try:
            scope = merchant_scope.buyer_of(connection, call.asker.merchant_id, call.asker.environment, prefix, subject_id)
        except NotFound:
            scope = None
    if not call.is_merchant and (scope is None or scope != call.asker.buyer):
        raise call.trouble(403, not_theirs)
    if scope is None:
        raise call.trouble(404, f"{NAMES[prefix]} not found")
    return scope


def order(call: Call, order_id: str, *, not_theirs: str = NOT_THEIRS) -> tuple[BuyerScope, Order]:
    """An order and whose it is, like `owner`."""
    scope = owner(call, "ORD", order_id, not_theirs=not_theirs)
    with call.runtime.database.read() as connection:
        return scope, orders.get(connection, scope, order_id)


def payment(call: Call, payment_id: str) -> tuple[BuyerScope, Payment]:
    """A payment and whose it is, like `owner`."""
    scope = owner(call, "PAY", payment_id, not_theirs="Payment does not belong to user")
    with call.runtime.database.read() as connection:
        return scope, payments.get(connection, scope, payment_id)
