"""What happened in a store. A row is written in the transaction of the happening, so that the undispatched ones are exactly what its
endpoints have not been told of yet."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portico.domain.errors import NotFound
from portico.domain.event import Event, EventType
from portico.domain.scope import StoreScope
from portico.storage.columns import Instant
from portico.storage.database import at_the_end, jobs_were_added
from portico.storage.page import PAGE_SIZE, Cursor, Page, newest_first, position
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


def insert(tx: sa.Connection, scope: StoreScope, event: Event, now: datetime) -> None:
    """Keeps an event, at the end of the transaction: all of it in one statement. Its commit wakes whoever tells of it."""
    row = {"id": event.id, "buyer_id": event.buyer_id, "type": event.type, "subject_id": event.subject_id, "at": event.at}
    whose = {"store_id": scope.store_id, "environment": scope.environment}
    at_the_end(tx, _insert_all, {**row, **whose, "data": event.data, "created_at": now, "dispatched_at": None})
    jobs_were_added(tx)


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
    wanted = {"p_type": type, "p_subject_id": subject_id, "p_since": since}
    given = {name: value for name, value in wanted.items() if value is not None}
    rows = many(tx, _PAGES[cursor is not None, frozenset(given)], {**store_values(scope), **given, **position(cursor, limit)})
    found = [(created_at, Event(*row)) for created_at, *row in rows]
    last = found[limit - 1] if len(found) > limit else None
    return Page(tuple(event for _, event in found[:limit]), Cursor(last[0], last[1].id).encode() if last else None)


def _insert_all(tx: sa.Connection, rows: list[dict[str, Any]]) -> None:
    tx.execute(_INSERT, rows)


_FILTERS: dict[str, sa.ColumnElement[bool]] = {
    "p_type": table.c.type == sa.bindparam("p_type"),
    "p_subject_id": table.c.subject_id == sa.bindparam("p_subject_id"),
    "p_since": table.c.created_at >= sa.bindparam("p_since", type_=Instant()),
}


def _page_statement(wanted: frozenset[str], *, after_cursor: bool) -> sa.Select[Any]:
    select = sa.select(table.c.created_at, *_COLUMNS).where(in_store(table), *(_FILTERS[name] for name in sorted(wanted)))
    return newest_first(select, table.c.created_at, table.c.id, after_cursor=after_cursor)


_PAGES = {
    (after_cursor, wanted): _page_statement(wanted, after_cursor=after_cursor)
    for after_cursor in (False, True)
    for wanted in (frozenset(name for place, name in enumerate(_FILTERS) if bits >> place & 1) for bits in range(8))
}
