"""Keys with which a merchant's server speaks to Portico. Only a hash is kept; `prefix` tells keys apart in a list."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from portico.domain.scope import StoreScope
from portico.storage import store
from portico.storage.rows import changed, first, many
from portico.storage.scoped import in_store, store_values
from portico.storage.store import StoreRow
from portico.storage.tables import api_key as table
from portico.storage.tables import store as store_table

NOTED_EVERY = timedelta(minutes=1)  # when a key was last used; a write per request would cost more than the request


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key, without what would open the door."""

    id: str
    name: str
    prefix: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


_COLUMNS = tuple(table.c[name] for name in ("id", "name", "prefix", "created_at", "last_used_at", "revoked_at"))
_INSERT = sa.insert(table)
_BY_HASH = (
    sa.select(table.c.environment, *_COLUMNS, *store.COLUMNS)
    .select_from(table.join(store_table, store_table.c.id == table.c.store_id))
    .where(table.c.key_hash == sa.bindparam("p_key_hash"), table.c.revoked_at.is_(None))
)
_TOUCH = (
    sa.update(table)
    .where(
        table.c.id == sa.bindparam("p_id"),
        sa.or_(table.c.last_used_at.is_(None), table.c.last_used_at < sa.bindparam("p_before", type_=table.c.last_used_at.type)),
    )
    .values(last_used_at=sa.bindparam("p_now", type_=table.c.last_used_at.type))
)
_LIST = sa.select(*_COLUMNS).where(in_store(table)).order_by(table.c.created_at, table.c.id)
_REVOKE = (
    sa.update(table)
    .where(in_store(table), table.c.id == sa.bindparam("p_id"), table.c.revoked_at.is_(None))
    .values(revoked_at=sa.bindparam("p_now"))
)


def create(tx: sa.Connection, scope: StoreScope, key_id: str, *, name: str, prefix: str, key_hash: bytes, now: datetime) -> None:
    """Keeps a new key; `key_hash` is the SHA-256 of the whole key."""
    row = {"id": key_id, "name": name, "prefix": prefix, "key_hash": key_hash, "created_at": now}
    tx.execute(_INSERT, {**row, "store_id": scope.store_id, "environment": scope.environment})


def by_hash(tx: sa.Connection, key_hash: bytes) -> tuple[StoreScope, ApiKey, StoreRow] | None:
    """The key with this hash, where it is good, and the store: in one statement. None if there is none or it is revoked."""
    row = first(tx, _BY_HASH, {"p_key_hash": key_hash})
    if row is None:
        return None
    end = 1 + len(_COLUMNS)
    of_store = store.of_row(row[end:])
    return StoreScope(of_store.id, row[0]), ApiKey(*row[1:end]), of_store


def touch(tx: sa.Connection, key_id: str, now: datetime) -> bool:
    """Notes that a key is in use, at most once in NOTED_EVERY; whether it was noted now."""
    return changed(tx, _TOUCH, {"p_id": key_id, "p_now": now, "p_before": now - NOTED_EVERY}) == 1


def list(tx: sa.Connection, scope: StoreScope) -> tuple[ApiKey, ...]:  # noqa: A001  # read as api_key.list
    """All keys of one environment of a store, revoked ones too, oldest first."""
    return tuple(ApiKey(*row) for row in many(tx, _LIST, store_values(scope)))


def revoke(tx: sa.Connection, scope: StoreScope, key_id: str, now: datetime) -> bool:
    """Ends a key for ever; False if there is no such live key."""
    return changed(tx, _REVOKE, {**store_values(scope), "p_id": key_id, "p_now": now}) == 1
