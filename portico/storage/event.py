"""What happened in a store. A row is written in the transaction of the happening, so that the undispatched ones are exactly what its
endpoints have not been told of yet."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portico.domain.errors import NotFound
from portico.domain.event import Event, EventType
from portico.domain.scope import StoreScope
from portico.storage import listing
from portico.storage.columns import Instant
from portico.storage.database import at_the_end, jobs_were_added
from portico.storage.listing import Listing
from portico.storage.page import PAGE_SIZE, Cursor, Page
from portico.storage.rows import first, many
from portico.storage.scoped import in_store, store_values
from portico.storage.tables import event as table

_COLUMNS = tuple(table.c[name] for name in ("id", "type", "subject_id", "buyer_id", "at", "data"))
_WAITS = table.c.dispatched_at.is_(None)
_INSERT = sa.insert(table)
_IS_WAITING = sa.select(table.c.id).where(_WAITS).limit(1)
_UNDISPATCHED = (
    sa.select(table.c.store_id, table.c.environment, *_COLUMNS)
    .where(_WAITS)
    .order_by(table.c.created_at, table.c.id)
    .limit(sa.bindparam("p_limit"))
    .with_for_update(skip_locked=True)
)
_DISPATCHED = (
    sa.update(table)
    .where(table.c.id.in_(sa.bindparam("p_ids", expanding=True)))
    .values(dispatched_at=sa.bindparam("p_now", type_=Instant()))
)
_GET = sa.select(*_COLUMNS).where(in_store(table), table.c.id == sa.bindparam("p_event_id"))
_PAGE = Listing(
    sa.select(*_COLUMNS),
    table,
    {**listing.equal(table, "type", "subject_id"), "since": table.c.created_at >= sa.bindparam("p_since", type_=Instant())},
    narrow=frozenset({"subject_id"}),
)


def insert(tx: sa.Connection, scope: StoreScope, event: Event, now: datetime) -> None:
    """Keeps an event, at the end of the transaction: all of it in one statement. Its commit wakes whoever tells of it."""
    at_the_end(tx, _insert_all, _row(scope, event, now))
    jobs_were_added(tx)


def insert_dispatched(tx: sa.Connection, scope: StoreScope, event: Event, now: datetime) -> None:
    """Keeps an event, at once, that nobody is told of but those whom the caller tells."""
    tx.execute(_INSERT, _row(scope, event, now) | {"dispatched_at": now})


def is_waiting(tx: sa.Connection) -> bool:
    """Whether any event has not been dispatched: to look, on a reading connection, before taking a write lock."""
    return first(tx, _IS_WAITING, {}) is not None


def undispatched(tx: sa.Connection, limit: int) -> list[tuple[StoreScope, Event]]:
    """Locks the events that were not dispatched, oldest first, without those that somebody else has in hand."""
    return [(StoreScope(store_id, environment), Event(*row)) for store_id, environment, *row in many(tx, _UNDISPATCHED, {"p_limit": limit})]


def dispatched(tx: sa.Connection, event_ids: Sequence[str], now: datetime) -> None:
    """Notes that each has a delivery for every endpoint that wants it."""
    if event_ids:
        tx.execute(_DISPATCHED, {"p_ids": list(event_ids), "p_now": now})


def get(tx: sa.Connection, scope: StoreScope, event_id: str) -> Event:
    """One event of an environment of a store. Raises NotFound."""
    row = first(tx, _GET, {**store_values(scope), "p_event_id": event_id})
    if row is None:
        raise NotFound
    return Event(*row)


def page(
    tx: sa.Connection,
    scope: StoreScope,
    cursor: Cursor | None = None,
    limit: int = PAGE_SIZE,
    *,
    type: EventType | None = None,  # noqa: A002
    subject_id: str | None = None,
    since: datetime | None = None,
) -> Page[Event]:
    """Events, newest first: all, or those of a type, about a subject, recorded since a moment."""
    rows, following = listing.page(tx, _PAGE, scope, cursor, limit, type=type, subject_id=subject_id, since=since)
    return Page(tuple(Event(*row[: len(_COLUMNS)]) for row in rows), following)


def _row(scope: StoreScope, event: Event, now: datetime) -> dict[str, Any]:
    row = {"id": event.id, "buyer_id": event.buyer_id, "type": event.type, "subject_id": event.subject_id, "at": event.at}
    whose = {"store_id": scope.store_id, "environment": scope.environment}
    return {**row, **whose, "data": event.data, "created_at": now, "dispatched_at": None}


def _insert_all(tx: sa.Connection, rows: list[dict[str, Any]]) -> None:
    tx.execute(_INSERT, rows)
