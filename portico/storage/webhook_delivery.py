"""Events on their way to endpoints, and every attempt at each. What is sent is frozen with the row, so that all attempts send the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portico.domain.errors import NotFound
from portico.domain.scope import StoreScope
from portico.domain.webhook import Attempt, Delivery, DeliveryStatus, Endpoint
from portico.storage import listing, webhook_endpoint
from portico.storage.columns import Instant, word
from portico.storage.listing import Listing
from portico.storage.page import PAGE_SIZE, Cursor, Page
from portico.storage.rows import changed, first, many
from portico.storage.scoped import in_store, store_values
from portico.storage.tables import webhook_attempt, webhook_delivery
from portico.storage.tables import webhook_endpoint as endpoint_table


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A delivery with all that an attempt at it needs."""

    scope: StoreScope
    delivery: Delivery
    body: str
    endpoint: Endpoint


_NAMES = (
    "id", "endpoint_id", "event_id", "event_type", "replay_of_id", "status", "attempts", "next_at", "created_at", "finished_at",
)  # fmt: skip
_ATTEMPT_NAMES = ("sequence", "at", "status_code", "error", "duration_ms")
_COLUMNS = tuple(webhook_delivery.c[name] for name in _NAMES)
_PENDING = webhook_delivery.c.status == word("pending")
_INSERT = sa.insert(webhook_delivery)
_GET = sa.select(*_COLUMNS).where(in_store(webhook_delivery), webhook_delivery.c.id == sa.bindparam("p_delivery_id"))
_BODY = _GET.with_only_columns(webhook_delivery.c.body)
_OUTGOING = (
    sa.select(webhook_delivery.c.store_id, webhook_delivery.c.environment, webhook_delivery.c.body, *_COLUMNS, *webhook_endpoint.COLUMNS)
    .select_from(webhook_delivery.join(endpoint_table, endpoint_table.c.id == webhook_delivery.c.endpoint_id))
    .where(webhook_delivery.c.id == sa.bindparam("p_delivery_id"))
)
# Only whoever knows how many attempts there were writes the next one, or the end.
_MOVE = (
    sa.update(webhook_delivery)
    .where(webhook_delivery.c.id == sa.bindparam("p_delivery_id"), _PENDING, webhook_delivery.c.attempts == sa.bindparam("p_before"))
    .values(
        status=sa.bindparam("p_status"),
        attempts=sa.bindparam("p_attempts"),
        next_at=sa.bindparam("p_next_at", type_=Instant()),
        finished_at=sa.bindparam("p_finished_at", type_=Instant()),
    )
)
_ADD_ATTEMPT = sa.insert(webhook_attempt)
_ATTEMPTS = (
    sa.select(webhook_attempt.c.delivery_id, *(webhook_attempt.c[name] for name in _ATTEMPT_NAMES))
    .select_from(webhook_attempt.join(webhook_delivery, webhook_delivery.c.id == webhook_attempt.c.delivery_id))
    .where(in_store(webhook_delivery), webhook_attempt.c.delivery_id.in_(sa.bindparam("p_ids", expanding=True)))
    .order_by(webhook_attempt.c.delivery_id, webhook_attempt.c.sequence)
)
_PAGE = Listing(
    sa.select(*_COLUMNS),
    webhook_delivery,
    listing.equal(webhook_delivery, "endpoint_id", "event_id", "status"),
    narrow=frozenset({"endpoint_id", "event_id"}),
)


def create(tx: sa.Connection, deliveries: Sequence[tuple[StoreScope, Delivery, str]]) -> None:
    """Keeps new deliveries, each with its body, in one statement. A second one of an event to the same endpoint breaks a unique
    constraint, unless it is a replay."""
    if deliveries:
        tx.execute(_INSERT, [_row(scope, delivery, body) for scope, delivery, body in deliveries])


def get(tx: sa.Connection, scope: StoreScope, delivery_id: str) -> Delivery:
    """One delivery. Raises NotFound."""
    row = first(tx, _GET, {**store_values(scope), "p_delivery_id": delivery_id})
    if row is None:
        raise NotFound
    return Delivery(*row)


def body(tx: sa.Connection, scope: StoreScope, delivery_id: str) -> str:
    """What it sends. Raises NotFound."""
    row = first(tx, _BODY, {**store_values(scope), "p_delivery_id": delivery_id})
    if row is None:
        raise NotFound
    return str(row[0])


def get_any(tx: sa.Connection, delivery_id: str) -> Outgoing:
    """A delivery of any store, for the worker that attempts it. Raises NotFound."""
    row = first(tx, _OUTGOING, {"p_delivery_id": delivery_id})
    if row is None:
        raise NotFound
    store_id, environment, text, *columns = row
    delivery, endpoint = columns[: len(_NAMES)], columns[len(_NAMES) :]
    return Outgoing(StoreScope(store_id, environment), Delivery(*delivery), text, webhook_endpoint.of_row(endpoint))


def attempt(tx: sa.Connection, delivery_id: str, made: Attempt, *, status: DeliveryStatus, next_at: datetime | None, now: datetime) -> bool:
    """Notes an attempt and what follows from it. False, and nothing is written, when somebody else has noted it, or the delivery is
    over."""
    values = {"p_before": made.sequence - 1, "p_attempts": made.sequence, "p_next_at": next_at}
    if not _move(tx, delivery_id, status, now, values):
        return False
    tx.execute(_ADD_ATTEMPT, {"delivery_id": delivery_id, **{name: getattr(made, name) for name in _ATTEMPT_NAMES}})
    return True


def finish(tx: sa.Connection, delivery: Delivery, *, now: datetime) -> bool:
    """Gives a delivery up without another attempt. False: it is not what it was."""
    return _move(tx, delivery.id, "failed", now, {"p_before": delivery.attempts, "p_attempts": delivery.attempts, "p_next_at": None})


def page(
    tx: sa.Connection,
    scope: StoreScope,
    cursor: Cursor | None = None,
    limit: int = PAGE_SIZE,
    *,
    endpoint_id: str | None = None,
    event_id: str | None = None,
    status: DeliveryStatus | None = None,
) -> Page[Delivery]:
    """Deliveries, newest first: all, or those to an endpoint, of an event, that stand so."""
    rows, following = listing.page(tx, _PAGE, scope, cursor, limit, endpoint_id=endpoint_id, event_id=event_id, status=status)
    return Page(tuple(Delivery(*row[: len(_NAMES)]) for row in rows), following)


def attempts(tx: sa.Connection, scope: StoreScope, delivery_ids: Sequence[str]) -> dict[str, tuple[Attempt, ...]]:
    """The attempts at each of some deliveries, first one first; those that have none, or are somebody else's, are left out."""
    found: dict[str, tuple[Attempt, ...]] = {}
    for delivery_id, *made in many(tx, _ATTEMPTS, {**store_values(scope), "p_ids": list(delivery_ids)}):
        found[delivery_id] = (*found.get(delivery_id, ()), Attempt(*made))
    return found


def _move(tx: sa.Connection, delivery_id: str, status: DeliveryStatus, now: datetime, values: dict[str, Any]) -> bool:
    over = {"p_status": status, "p_finished_at": None if status == "pending" else now}
    return changed(tx, _MOVE, {"p_delivery_id": delivery_id, **over, **values}) == 1


def _row(scope: StoreScope, delivery: Delivery, text: str) -> dict[str, Any]:
    kept = {name: getattr(delivery, name) for name in _NAMES}
    return {**kept, "store_id": scope.store_id, "environment": scope.environment, "body": text}
