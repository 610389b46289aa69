"""Public keys of RSA with which a merchant's server signs what it asks. A revoked one does not come back."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from portico.domain.scope import Environment
from portico.storage import bulk
from portico.storage.rows import changed, many
from portico.storage.tables import merchant_key as table

NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class MerchantKey:
    """A key of a merchant, good in one environment of all his stores. `public_key` is PEM, `fingerprint` the SHA-256 of its DER form."""

    id: str
    merchant_id: str
    environment: Environment
    name: str
    public_key: str
    fingerprint: bytes
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


_NAMES = ("id", "merchant_id", "environment", "name", "public_key", "fingerprint", "created_at", "last_used_at", "revoked_at")
_INSERT = sa.insert(table)
_EVERY = (
    sa.select(*(table.c[name] for name in _NAMES))
    .where(table.c.merchant_id == sa.bindparam("p_merchant_id"))
    .order_by(table.c.created_at, table.c.id)
)
_LIVE = _EVERY.where(table.c.revoked_at.is_(None))
_now = sa.bindparam("p_now", type_=table.c.created_at.type)
_REVOKE = (
    sa.update(table)
    .where(table.c.id == sa.bindparam("p_id"), table.c.merchant_id == sa.bindparam("p_merchant_id"), table.c.revoked_at.is_(None))
    .values(revoked_at=_now)
)
_IS_STALE = sa.or_(table.c.last_used_at.is_(None), table.c.last_used_at < sa.bindparam("p_before", type_=table.c.created_at.type))
_TOUCH = sa.update(table).where(table.c.id == sa.bindparam("p_id"), _IS_STALE).values(last_used_at=_now)


def create(tx: sa.Connection, key: MerchantKey) -> None:
    """Keeps a new key. Raises Conflict when the merchant has, or had, one with this fingerprint."""
    with bulk.refusals(tx):
        tx.execute(_INSERT, {name: getattr(key, name) for name in _NAMES})


def of_merchant(tx: sa.Connection, merchant_id: str) -> tuple[MerchantKey, ...]:
    """The keys of a merchant that are good, oldest first, of both environments."""
    return tuple(MerchantKey(*row) for row in many(tx, _LIVE, {"p_merchant_id": merchant_id}))


def every_of_merchant(tx: sa.Connection, merchant_id: str) -> tuple[MerchantKey, ...]:
    """The same with those that were revoked."""
    return tuple(MerchantKey(*row) for row in many(tx, _EVERY, {"p_merchant_id": merchant_id}))


def revoke(tx: sa.Connection, merchant_id: str, key_id: str, now: datetime) -> bool:
    """Ends a key for ever; False if the merchant has no such key that is good."""
    return changed(tx, _REVOKE, {"p_id": key_id, "p_merchant_id": merchant_id, "p_now": now}) == 1


def touch(tx: sa.Connection, key_id: str, now: datetime) -> bool:
    """Notes that a key is in use, at most once in NOTED_EVERY; whether it was noted now."""
    return changed(tx, _TOUCH, {"p_id": key_id, "p_now": now, "p_before": now - NOTED_EVERY}) == 1
