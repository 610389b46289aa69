"""Issued documents as a store's programs see them: of all its buyers, each with whose it is."""

import sqlalchemy as sa

from portico.domain.errors import NotFound
from portico.domain.invoice import Document, DocumentKind
from portico.domain.scope import BuyerScope, StoreScope
from portico.storage import document, listing
from portico.storage.listing import Listing
from portico.storage.page import PAGE_SIZE, Cursor, Page
from portico.storage.rows import first
from portico.storage.scoped import in_store, store_values
from portico.storage.tables import document as table

_SCOPE = (table.c.store_id, table.c.environment, table.c.buyer_id)
_WIDTH = len(_SCOPE) + len(document.COLUMNS)
_SELECT = sa.select(*_SCOPE, *document.COLUMNS)
_GET = _SELECT.where(in_store(table), table.c.id == sa.bindparam("p_id"))
_LISTING = Listing(
    _SELECT,
    table,
    listing.equal(table, "buyer_id", "kind", "order_id", "payment_id", "refund_id", "number"),
    moment="issued_at",
    narrow=frozenset({"order_id", "payment_id", "refund_id"}),
)


def get(tx: sa.Connection, scope: StoreScope, document_id: str) -> tuple[BuyerScope, Document]:
    """The document without its content, and whose it is. Raises NotFound."""
    row = first(tx, _GET, {**store_values(scope), "p_id": document_id})
    if row is None:
        raise NotFound
    return BuyerScope(*row[:3]), document.listed(row[3:])


def page(
    tx: sa.Connection,
    scope: StoreScope,
    cursor: Cursor | None = None,
    limit: int = PAGE_SIZE,
    *,
    buyer_id: str | None = None,
    kind: DocumentKind | None = None,
    order_id: str | None = None,
    payment_id: str | None = None,
    refund_id: str | None = None,
    number: str | None = None,
) -> Page[tuple[BuyerScope, Document]]:
    """Documents, newest first, without their contents, each with whose it is: one statement."""
    rows, following = listing.page(
        tx, _LISTING, scope, cursor, limit,
        buyer_id=buyer_id, kind=kind, order_id=order_id, payment_id=payment_id, refund_id=refund_id, number=number,
    )  # fmt: skip
    return Page(tuple((BuyerScope(*row[:3]), document.listed(row[3:_WIDTH])) for row in rows), following)
