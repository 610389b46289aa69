"""Subscriptions as a store's programs see them, of all its buyers; and new ones, which a checkout begins."""

import sqlalchemy as sa

from portico.domain.errors import NotFound
from portico.domain.scope import BuyerScope, StoreScope
from portico.domain.subscription import Subscription, SubscriptionStatus
from portico.storage import bulk, listing, subscription
from portico.storage.listing import Listing
from portico.storage.page import PAGE_SIZE, Cursor, Page
from portico.storage.payment_row import method_values
from portico.storage.rows import first
from portico.storage.scoped import in_store, store_values
from portico.storage.tables import subscription as table
from portico.storage.tables import subscription_event

_SELECT = sa.select(*subscription.SCOPE, *subscription.COLUMNS).select_from(subscription.WITH_PLANNED)
_GET = _SELECT.where(in_store(table), table.c.id == sa.bindparam("p_id"))
_BY_EXTERNAL_ID = _SELECT.where(in_store(table), table.c.external_id == sa.bindparam("p_external_id"))
_LISTING = Listing(
    _SELECT,
    table,
    listing.equal(table, "buyer_id", "status", "product_id", "order_id", "external_id"),
    narrow=frozenset({"order_id"}),
)
_PLAIN = (
    "id", "external_id", "order_id", "product_id", "product_name", "status", "interval", "quantity", "currency", "unit_minor", "tax_rate",
    "tax_reason", "tax_country", "tax_note", "anchor", "period_index", "period_start", "period_end", "trial_end", "resumes_at", "managed",
    "customer_reference", "method_reference", "version", "due_at", "remind_at", "retry_step", "failing_since", "created_at", "ended_at",
)  # fmt: skip
_INSERT, _INSERT_EVENT = sa.insert(table), sa.insert(subscription_event)


def get(tx: sa.Connection, scope: StoreScope, subscription_id: str) -> tuple[BuyerScope, Subscription]:
    """The subscription, and whose it is. Raises NotFound."""
    row = first(tx, _GET, {**store_values(scope), "p_id": subscription_id})
    if row is None:
        raise NotFound
    return subscription.scoped(row)


def by_external_id(tx: sa.Connection, scope: StoreScope, external_id: str) -> tuple[BuyerScope, Subscription] | None:
    """The subscription that the merchant calls so, and whose it is."""
    row = first(tx, _BY_EXTERNAL_ID, {**store_values(scope), "p_external_id": external_id})
    return None if row is None else subscription.scoped(row)


def page(
    tx: sa.Connection,
    scope: StoreScope,
    cursor: Cursor | None = None,
    limit: int = PAGE_SIZE,
    *,
    buyer_id: str | None = None,
    status: SubscriptionStatus | None = None,
    product_id: str | None = None,
    order_id: str | None = None,
    external_id: str | None = None,
) -> Page[tuple[BuyerScope, Subscription]]:
    """Subscriptions, newest first, each with whose it is: one statement."""
    rows, following = listing.page(
        tx, _LISTING, scope, cursor, limit,
        buyer_id=buyer_id, status=status, product_id=product_id, order_id=order_id, external_id=external_id,
    )  # fmt: skip
    return Page(tuple(subscription.scoped(row) for row in rows), following)


def create(tx: sa.Connection, scope: BuyerScope, new: Subscription, *, cause: str = "ordered", actor: str = "buyer") -> None:
    """Keeps a new subscription of an order that has none, and the first line of its history. Nothing is scheduled yet. Raises Conflict
    when the order has one."""
    row = {name: getattr(new, name) for name in _PLAIN} | method_values(new.method)
    line = {"subscription_id": new.id, "sequence": 1, "from_status": None, "to_status": new.status, "at": new.created_at}
    with bulk.refusals(tx):
        tx.execute(_INSERT, {**row, "store_id": scope.store_id, "environment": scope.environment, "buyer_id": scope.buyer_id})
    tx.execute(_INSERT_EVENT, {**line, "cause": cause, "actor": actor})
