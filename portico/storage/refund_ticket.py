"""What buyers ask to be given back. A payment has one open request at a time; who decides second changes nothing."""

from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portico.domain.errors import NotFound
from portico.domain.payment import RefundTicket, TicketStatus
from portico.domain.scope import BuyerScope, StoreScope
from portico.storage import listing
from portico.storage.columns import word
from portico.storage.listing import Listing
from portico.storage.page import PAGE_SIZE, Cursor, Page
from portico.storage.rows import changed, first, many
from portico.storage.scoped import also_of_buyer, buyer_values, in_store, of_buyer, store_values
from portico.storage.tables import refund_ticket as table

MOST_LISTED = 200
_OPEN = (word("pending"), word("approved"))
_NAMES = (
    "id", "payment_id", "version", "amount_minor", "currency", "reason", "status", "note", "created_at", "updated_at", "decided_at",
    "external_id", "metadata",
)  # fmt: skip
_COLUMNS = tuple(table.c[name] for name in _NAMES)
_ITSELF = sa.and_(of_buyer(table), table.c.id == sa.bindparam("p_id"))
_NEWEST_FIRST = (table.c.created_at.desc(), table.c.id.desc())
_GET = sa.select(*_COLUMNS).where(_ITSELF)
_LIST = sa.select(*_COLUMNS).where(of_buyer(table)).order_by(*_NEWEST_FIRST).limit(MOST_LISTED)
_OF_PAYMENT = sa.select(*_COLUMNS).where(table.c.payment_id == sa.bindparam("p_payment_id"), also_of_buyer(table)).order_by(*_NEWEST_FIRST)
_WITH_SCOPE = sa.select(table.c.store_id, table.c.environment, table.c.buyer_id, *_COLUMNS)
_GET_OF_STORE = _WITH_SCOPE.where(in_store(table), table.c.id == sa.bindparam("p_id"))
_LISTING = Listing(
    _WITH_SCOPE, table, listing.equal(table, "buyer_id", "payment_id", "status", "external_id"), narrow=frozenset({"payment_id"})
)
_ANY = _WITH_SCOPE.where(table.c.id == sa.bindparam("p_id"))
_QUEUE = _WITH_SCOPE.where(table.c.status.in_(_OPEN)).order_by(table.c.created_at, table.c.id)
_another = table.alias("another")
_RESUBMIT = (
    sa.update(table)
    .where(
        _ITSELF,
        table.c.status == "rejected",
        table.c.version == sa.bindparam("p_expected"),
        ~sa.exists().where(_another.c.payment_id == table.c.payment_id, _another.c.status.in_(_OPEN)),
    )
    .values(
        version=table.c.version + 1,
        status="pending",
        amount_minor=sa.bindparam("p_amount_minor"),
        reason=sa.bindparam("p_reason"),
        note="",
        updated_at=sa.bindparam("p_now", type_=table.c.updated_at.type),
        decided_at=None,
    )
)
_DECIDE = (
    sa.update(table)
    .where(_ITSELF, table.c.status == sa.bindparam("p_from"))
    .values(
        status=sa.bindparam("p_status"),
        note=sa.func.coalesce(sa.bindparam("p_note", type_=sa.Text()), table.c.note),
        updated_at=sa.bindparam("p_now", type_=table.c.updated_at.type),
        decided_at=sa.func.coalesce(table.c.decided_at, sa.bindparam("p_now", type_=table.c.decided_at.type)),
    )
)


def _create_statement(insert: Any) -> Any:
    names = (*_NAMES, "store_id", "environment", "buyer_id")
    values = {name: sa.bindparam(f"p_{name}", type_=table.c[name].type) for name in names}
    return insert(table).values(values).on_conflict_do_nothing().returning(table.c.id)


_CREATE = {"sqlite": _create_statement(sqlite.insert), "postgresql": _create_statement(postgresql.insert)}
# What a request may become, and what it must have been before.
_BEFORE: dict[TicketStatus, TicketStatus] = {
    "approved": "pending", "rejected": "pending", "succeeded": "approved", "failed": "approved",
}  # fmt: skip


def create(tx: sa.Connection, scope: BuyerScope, ticket: RefundTicket) -> bool:
    """Keeps a new request. False, and nothing is written, when another one about the payment is open."""
    values = {f"p_{name}": getattr(ticket, name) for name in _NAMES} | {"p_metadata": ticket.metadata or None}
    return first(tx, _CREATE[tx.dialect.name], {**buyer_values(scope), **values}) is not None


def get(tx: sa.Connection, scope: BuyerScope, ticket_id: str) -> RefundTicket:
    """The request. Raises NotFound."""
    row = first(tx, _GET, {**buyer_values(scope), "p_id": ticket_id})
    if row is None:
        raise NotFound
    return _ticket(row)


def list(tx: sa.Connection, scope: BuyerScope) -> tuple[RefundTicket, ...]:  # noqa: A001  # read as refund_ticket.list
    """The buyer's requests, newest first, at most MOST_LISTED."""
    return tuple(_ticket(row) for row in many(tx, _LIST, buyer_values(scope)))


def of_payment(tx: sa.Connection, scope: BuyerScope, payment_id: str) -> tuple[RefundTicket, ...]:
    """The requests about a payment, newest first."""
    return tuple(_ticket(row) for row in many(tx, _OF_PAYMENT, {**buyer_values(scope), "p_payment_id": payment_id}))


def get_of_store(tx: sa.Connection, scope: StoreScope, ticket_id: str) -> tuple[BuyerScope, RefundTicket]:
    """The request of any buyer of the store, and whose. Raises NotFound."""
    row = first(tx, _GET_OF_STORE, {**store_values(scope), "p_id": ticket_id})
    if row is None:
        raise NotFound
    return BuyerScope(*row[:3]), _ticket(row[3:])


def page_of_store(
    tx: sa.Connection,
    scope: StoreScope,
    cursor: Cursor | None = None,
    limit: int = PAGE_SIZE,
    *,
    buyer_id: str | None = None,
    payment_id: str | None = None,
    status: TicketStatus | None = None,
    external_id: str | None = None,
) -> Page[tuple[BuyerScope, RefundTicket]]:
    """Requests of all buyers, newest first, each with whose it is: one statement."""
    rows, following = listing.page(
        tx, _LISTING, scope, cursor, limit, buyer_id=buyer_id, payment_id=payment_id, status=status, external_id=external_id
    )
    return Page(tuple((BuyerScope(*row[:3]), _ticket(row[3 : 3 + len(_NAMES)])) for row in rows), following)


def get_any(tx: sa.Connection, ticket_id: str) -> tuple[BuyerScope, RefundTicket]:
    """The request whosoever it is, and whose: for operators and background work, never for a visitor. Raises NotFound."""
    row = first(tx, _ANY, {"p_id": ticket_id})
    if row is None:
        raise NotFound
    return BuyerScope(*row[:3]), _ticket(row[3:])


def open_any(tx: sa.Connection) -> tuple[tuple[BuyerScope, RefundTicket], ...]:
    """Every request that waits for a decision or for its refund, oldest first: for operators."""
    return tuple((BuyerScope(*row[:3]), _ticket(row[3:])) for row in many(tx, _QUEUE))


def resubmit(
    tx: sa.Connection, scope: BuyerScope, ticket_id: str, *, expected_version: int, amount_minor: int, reason: str, now: datetime
) -> bool:
    """Asks once more for what was rejected; the request has the next version. False, and nothing is written, when it is not
    rejected, not at `expected_version`, not the buyer's, or another one about the payment is open."""
    values = {"p_expected": expected_version, "p_amount_minor": amount_minor, "p_reason": reason, "p_now": now}
    return changed(tx, _RESUBMIT, {**buyer_values(scope), "p_id": ticket_id, **values}) == 1


def decide(
    tx: sa.Connection,
    scope: BuyerScope,
    ticket_id: str,
    status: Literal["approved", "rejected", "succeeded", "failed"],
    *,
    now: datetime,
    note: str | None = None,
) -> bool:
    """Approves or rejects a pending request, or says how the refund of an approved one went; `note` replaces the one there is.

    False, and nothing is written, when it was not pending (or approved), or is not the buyer's.
    """
    values = {"p_from": _BEFORE[status], "p_status": status, "p_note": note, "p_now": now}
    return changed(tx, _DECIDE, {**buyer_values(scope), "p_id": ticket_id, **values}) == 1


def _ticket(row: Any) -> RefundTicket:
    *plain, metadata = row
    return RefundTicket(*plain, metadata=metadata or {})
