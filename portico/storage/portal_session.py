"""Links into the portal that a merchant's server asked for: good for some minutes and one use. Only a hash of the token is kept."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portico.domain.errors import NotFound
from portico.domain.portal_session import PortalSession
from portico.domain.scope import BuyerScope, StoreScope
from portico.storage.rows import first, scalar
from portico.storage.scoped import also_in_store, also_of_buyer, buyer_values, store_values
from portico.storage.tables import portal_session as table

_NAMES = (
    "id", "buyer_id", "flow", "subject_id", "product_id", "return_url", "locale", "created_at", "expires_at", "used_at",
)  # fmt: skip
_COLUMNS = tuple(table.c[name] for name in _NAMES)
_INSERT = sa.insert(table)
_BY_TOKEN_HASH = sa.select(*_COLUMNS).where(table.c.token_hash == sa.bindparam("p_token_hash"), also_in_store(table))
_GET = sa.select(*_COLUMNS).where(table.c.id == sa.bindparam("p_id"), also_of_buyer(table))
_now = sa.bindparam("p_now", type_=table.c.used_at.type)
_REDEEM = (
    sa.update(table)
    .where(table.c.token_hash == sa.bindparam("p_token_hash"), also_in_store(table), table.c.used_at.is_(None), table.c.expires_at > _now)
    .values(used_at=_now)
    .returning(*_COLUMNS)
)
_MADE_SINCE = sa.select(sa.func.count()).where(
    table.c.buyer_id == sa.bindparam("p_buyer_id"), also_of_buyer(table), table.c.created_at > sa.bindparam("p_since")
)


def create(tx: sa.Connection, scope: BuyerScope, session: PortalSession, token_hash: bytes) -> None:
    """Keeps a new link; `token_hash` is the SHA-256 of its token. The database refuses one that would be good for longer than five
    minutes."""
    whose = {"store_id": scope.store_id, "environment": scope.environment}
    values = {name: getattr(session, name) for name in _NAMES} | {"buyer_id": scope.buyer_id}
    tx.execute(_INSERT, {**whose, **values, "token_hash": token_hash})


def get(tx: sa.Connection, scope: BuyerScope, session_id: str) -> PortalSession:
    """The link with this id. Raises NotFound."""
    found = _one(first(tx, _GET, {**buyer_values(scope), "p_id": session_id}))
    if found is None:
        raise NotFound
    return found


def by_token_hash(tx: sa.Connection, scope: StoreScope, token_hash: bytes) -> PortalSession | None:
    """The link with this token: good, used or expired. The caller looks which."""
    return _one(first(tx, _BY_TOKEN_HASH, {**store_values(scope), "p_token_hash": token_hash}))


def redeem(tx: sa.Connection, scope: StoreScope, token_hash: bytes, now: datetime) -> PortalSession | None:
    """Uses a link up and gives it; None if it was used, is expired, or there is none.

    One statement decides, so of any number at once exactly one gets in.
    """
    return _one(first(tx, _REDEEM, {**store_values(scope), "p_token_hash": token_hash, "p_now": now}))


def made_since(tx: sa.Connection, scope: BuyerScope, since: datetime) -> int:
    """How many links were made for a buyer after a moment."""
    return int(scalar(tx, _MADE_SINCE, {**buyer_values(scope), "p_since": since}))


def _one(row: Any) -> PortalSession | None:
    return None if row is None else PortalSession(*row)
