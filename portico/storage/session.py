"""Sessions of buyers: opaque, absolute 30 minutes, and only a hash of the token is kept."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portico.domain.buyer import Buyer
from portico.domain.portal_session import Flow
from portico.domain.scope import BuyerScope, Environment
from portico.storage import buyer, store
from portico.storage.rows import changed, first
from portico.storage.scoped import buyer_values, of_buyer
from portico.storage.store import StoreRow
from portico.storage.tables import buyer as buyer_table
from portico.storage.tables import session as table
from portico.storage.tables import store as store_table


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session with whom and what it belongs to. `token_hash` is the SHA-256 of the token. One that a merchant's server opened says
    by which portal session, to do what, and where to after it, if it was told."""

    token_hash: bytes
    environment: Environment
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    buyer: Buyer
    store: StoreRow
    return_url: str | None = None
    flow: Flow | None = None
    portal_session_id: str | None = None

    @property
    def scope(self) -> BuyerScope:
        """Whose data this session may see."""
        return BuyerScope(self.store.id, self.environment, self.buyer.id)


_HEAD = tuple(table.c[name] for name in ("token_hash", "environment", "created_at", "expires_at", "ended_at"))
_OPENED = tuple(table.c[name] for name in ("return_url", "flow", "portal_session_id"))
_BUYER_END = len(_HEAD) + len(buyer.COLUMNS)
_STORE_END = _BUYER_END + len(store.COLUMNS)
_INSERT = sa.insert(table)
_FIND = (
    sa.select(*_HEAD, *buyer.COLUMNS, *store.COLUMNS, *_OPENED)
    .select_from(table.join(buyer_table, buyer_table.c.id == table.c.buyer_id).join(store_table, store_table.c.id == table.c.store_id))
    .where(table.c.token_hash == sa.bindparam("p_token_hash"))
)
_END = (
    sa.update(table)
    .where(table.c.token_hash == sa.bindparam("p_token_hash"), table.c.ended_at.is_(None))
    .values(ended_at=sa.bindparam("p_now"))
)
_END_ALL = sa.update(table).where(of_buyer(table), table.c.ended_at.is_(None)).values(ended_at=sa.bindparam("p_now"))


def create(
    tx: sa.Connection,
    scope: BuyerScope,
    *,
    token_hash: bytes,
    now: datetime,
    expires_at: datetime,
    return_url: str | None = None,
    flow: Flow | None = None,
    portal_session_id: str | None = None,
) -> None:
    """Keeps a new session. The database refuses one that would live longer than 30 minutes."""
    owner = {"store_id": scope.store_id, "environment": scope.environment, "buyer_id": scope.buyer_id}
    opened = {"return_url": return_url, "flow": flow, "portal_session_id": portal_session_id}
    tx.execute(_INSERT, {"token_hash": token_hash, **owner, "created_at": now, "expires_at": expires_at, **opened})


def find(tx: sa.Connection, token_hash: bytes) -> SessionRow | None:
    """The session of a token with its buyer and store, in one statement: live, expired or ended. The caller looks which."""
    row = first(tx, _FIND, {"p_token_hash": token_hash})
    if row is None:
        return None
    head, whose, where = row[: len(_HEAD)], row[len(_HEAD) : _BUYER_END], row[_BUYER_END:_STORE_END]
    values: tuple[Any, ...] = (*head, Buyer(*whose), store.of_row(where), *row[_STORE_END:])
    return SessionRow(*values)


def end(tx: sa.Connection, token_hash: bytes, now: datetime) -> bool:
    """Ends a session for ever, whatever the clock says later; False if it had ended already."""
    return changed(tx, _END, {"p_token_hash": token_hash, "p_now": now}) == 1


def end_all_for_buyer(tx: sa.Connection, scope: BuyerScope, now: datetime) -> int:
    """Signs a buyer out everywhere; how many sessions that ended."""
    return changed(tx, _END_ALL, {**buyer_values(scope), "p_now": now})
