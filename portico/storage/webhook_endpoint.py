"""The addresses of a store's programs that are told what happens. Their secrets are not kept: they are made when they are needed."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portico.domain.errors import NotFound
from portico.domain.scope import StoreScope
from portico.domain.webhook import Endpoint
from portico.storage import listing
from portico.storage.columns import word
from portico.storage.listing import Listing
from portico.storage.page import PAGE_SIZE, Cursor, Page
from portico.storage.rows import changed, first, many, scalar
from portico.storage.scoped import in_store, store_values
from portico.storage.tables import webhook_attempt, webhook_delivery
from portico.storage.tables import webhook_endpoint as table

_NAMES = (
    "id", "url", "description", "format", "event_types", "status", "disabled_reason", "secret_generation", "rotated_at", "created_at",
)  # fmt: skip
_WRITTEN = ("url", "description", "event_types", "status", "disabled_reason", "secret_generation", "rotated_at")
COLUMNS = tuple(table.c[name] for name in _NAMES)
_ITSELF = sa.and_(in_store(table), table.c.id == sa.bindparam("p_endpoint_id"))
_ENABLED = table.c.status == word("enabled")
_INSERT = sa.insert(table)
_GET = sa.select(*COLUMNS).where(_ITSELF)
_LOCK = _GET.with_for_update()
_COUNT = sa.select(sa.func.count()).select_from(table).where(in_store(table))
_ENABLED_OF = sa.select(*COLUMNS).where(in_store(table), _ENABLED).order_by(table.c.created_at, table.c.id)
_UPDATE = sa.update(table).where(_ITSELF).values({name: sa.bindparam(f"p_{name}", type_=table.c[name].type) for name in _WRITTEN})
_DISABLE = sa.update(table).where(_ITSELF, _ENABLED).values(status="disabled", disabled_reason=sa.bindparam("p_reason"))
_DELETE = sa.delete(table).where(_ITSELF)
_of_it = sa.and_(in_store(webhook_delivery), webhook_delivery.c.endpoint_id == sa.bindparam("p_endpoint_id"))
_DELETE_DELIVERIES = sa.delete(webhook_delivery).where(_of_it)
_DELETE_ATTEMPTS = sa.delete(webhook_attempt).where(webhook_attempt.c.delivery_id.in_(sa.select(webhook_delivery.c.id).where(_of_it)))
_PAGE = Listing(sa.select(*COLUMNS), table, {})


def create(tx: sa.Connection, scope: StoreScope, endpoint: Endpoint) -> None:
    """Keeps a new endpoint."""
    row = {name: getattr(endpoint, name) for name in _NAMES}
    tx.execute(_INSERT, {**row, "store_id": scope.store_id, "environment": scope.environment})


def get(tx: sa.Connection, scope: StoreScope, endpoint_id: str) -> Endpoint:
    """One endpoint. Raises NotFound."""
    return _one(first(tx, _GET, _values(scope, endpoint_id)))


def lock(tx: sa.Connection, scope: StoreScope, endpoint_id: str) -> Endpoint:
    """The same, and nobody else changes it, or tells it of anything new, until the transaction ends. Raises NotFound."""
    return _one(first(tx, _LOCK, _values(scope, endpoint_id)))


def page(tx: sa.Connection, scope: StoreScope, cursor: Cursor | None = None, limit: int = PAGE_SIZE) -> Page[Endpoint]:
    """All endpoints, newest first."""
    rows, following = listing.page(tx, _PAGE, scope, cursor, limit)
    return Page(tuple(of_row(row[: len(_NAMES)]) for row in rows), following)


def count(tx: sa.Connection, scope: StoreScope) -> int:
    """How many there are."""
    return int(scalar(tx, _COUNT, store_values(scope)))


def enabled_of(tx: sa.Connection, scope: StoreScope) -> tuple[Endpoint, ...]:
    """Those that are told of events, oldest first."""
    return tuple(of_row(row) for row in many(tx, _ENABLED_OF, store_values(scope)))


def update(tx: sa.Connection, scope: StoreScope, endpoint: Endpoint) -> None:
    """Writes what may change of an endpoint: all but its format and when it was made. Raises NotFound."""
    values = {f"p_{name}": getattr(endpoint, name) for name in _WRITTEN}
    if changed(tx, _UPDATE, {**_values(scope, endpoint.id), **values}) != 1:
        raise NotFound


def disable(tx: sa.Connection, scope: StoreScope, endpoint_id: str, *, reason: str) -> bool:
    """Tells it nothing any more. False: it is told nothing already, or is gone."""
    return changed(tx, _DISABLE, {**_values(scope, endpoint_id), "p_reason": reason}) == 1


def delete(tx: sa.Connection, scope: StoreScope, endpoint_id: str) -> None:
    """Removes an endpoint with its deliveries. Call it with the endpoint locked. Raises NotFound."""
    values = _values(scope, endpoint_id)
    tx.execute(_DELETE_ATTEMPTS, values)
    tx.execute(_DELETE_DELIVERIES, values)
    if changed(tx, _DELETE, values) != 1:
        raise NotFound


def of_row(row: Any) -> Endpoint:
    """An endpoint from COLUMNS."""
    endpoint_id, url, description, its_format, event_types, *rest = row
    return Endpoint(endpoint_id, url, description, its_format, tuple(event_types), *rest)


def _one(row: Any) -> Endpoint:
    if row is None:
        raise NotFound
    return of_row(row)


def _values(scope: StoreScope, endpoint_id: str) -> dict[str, str | datetime]:
    return {**store_values(scope), "p_endpoint_id": endpoint_id}
