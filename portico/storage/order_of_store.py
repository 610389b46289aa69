"""Orders as a store's programs see them: of all its buyers, with their payments."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from portico.domain.catalog import ProductKind
from portico.domain.errors import NotFound
from portico.domain.order import Order
from portico.domain.scope import StoreScope
from portico.storage import listing, order, payment_of_store
from portico.storage.columns import Instant
from portico.storage.listing import Listing
from portico.storage.page import PAGE_SIZE, Cursor, Page
from portico.storage.rows import first
from portico.storage.scoped import in_store, store_values
from portico.storage.tables import order as table

_SELECT = sa.select(*order.COLUMNS).select_from(order.WITH_SUBSCRIPTION)
_GET = _SELECT.where(in_store(table), table.c.id == sa.bindparam("p_id"))
_BY_EXTERNAL_ID = _SELECT.where(in_store(table), table.c.external_id == sa.bindparam("p_external_id"))
_LISTING = Listing(
    _SELECT,
    table,
    {
        **listing.equal(table, "buyer_id", "status", "product_id", "kind", "external_id"),
        "created_from": table.c.created_at >= sa.bindparam("p_created_from", type_=Instant()),
        "created_until": table.c.created_at < sa.bindparam("p_created_until", type_=Instant()),
    },
)


def get(tx: sa.Connection, scope: StoreScope, order_id: str) -> Order:
    """The order with its payments, newest first, their attempts and refunds. Raises NotFound."""
    row = first(tx, _GET, {**store_values(scope), "p_id": order_id})
    if row is None:
        raise NotFound
    return _with_payments(tx, scope, [row])[0]


def by_external_id(tx: sa.Connection, scope: StoreScope, external_id: str) -> Order | None:
    """The order that the merchant calls so, without its payments."""
    row = first(tx, _BY_EXTERNAL_ID, {**store_values(scope), "p_external_id": external_id})
    return None if row is None else order.of_row(row, ())


def page(
    tx: sa.Connection,
    scope: StoreScope,
    cursor: Cursor | None = None,
    limit: int = PAGE_SIZE,
    *,
    buyer_id: str | None = None,
    status: str | None = None,
    product_id: str | None = None,
    kind: ProductKind | None = None,
    external_id: str | None = None,
    created_from: datetime | None = None,
    created_until: datetime | None = None,
) -> Page[Order]:
    """Orders, newest first, with their payments, their attempts and refunds: four statements, however many there are."""
    rows, following = listing.page(
        tx, _LISTING, scope, cursor, limit, buyer_id=buyer_id, status=status, product_id=product_id, kind=kind,
        external_id=external_id, created_from=created_from, created_until=created_until,
    )  # fmt: skip
    return Page(_with_payments(tx, scope, rows), following)


def _with_payments(tx: sa.Connection, scope: StoreScope, rows: Sequence[tuple[object, ...]]) -> tuple[Order, ...]:
    payments = payment_of_store.of_orders(tx, scope, [str(row[0]) for row in rows])
    width = len(order.COLUMNS)
    return tuple(order.of_row(row[:width], payments.get(str(row[0]), ())) for row in rows)
