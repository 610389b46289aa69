"""Why subscriptions were given up, and which of that was taken back. At most one cancellation of a subscription stands."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portico.domain.cancellation import Cancellation
from portico.domain.errors import NotFound
from portico.domain.scope import BuyerScope
from portico.storage.rows import changed, first
from portico.storage.scoped import also_of_buyer, buyer_values, of_buyer
from portico.storage.tables import cancellation as table

_NAMES = (
    "id", "subscription_id", "reason_code", "comment", "requested_at", "effective_at", "withdrawn_at", "actor", "product_id", "interval",
    "quantity", "net_minor", "currency",
)  # fmt: skip
_SELECT = sa.select(*(table.c[name] for name in _NAMES))
_INSERT = sa.insert(table)
_GET = _SELECT.where(of_buyer(table), table.c.id == sa.bindparam("p_id"))
_STANDING_ONE = sa.and_(table.c.subscription_id == sa.bindparam("p_subscription_id"), table.c.withdrawn_at.is_(None), also_of_buyer(table))
_STANDING = _SELECT.where(_STANDING_ONE)
_WITHDRAW = sa.update(table).where(_STANDING_ONE).values(withdrawn_at=sa.bindparam("p_now", type_=table.c.withdrawn_at.type))


def create(tx: sa.Connection, scope: BuyerScope, row: Cancellation) -> None:
    """Keeps a new cancellation. A second one that stands breaks a unique constraint."""
    whose = {"store_id": scope.store_id, "environment": scope.environment, "buyer_id": scope.buyer_id}
    tx.execute(_INSERT, {**whose, **{name: getattr(row, name) for name in _NAMES}})


def get(tx: sa.Connection, scope: BuyerScope, cancellation_id: str) -> Cancellation:
    """The cancellation. Raises NotFound."""
    found = _one(first(tx, _GET, {**buyer_values(scope), "p_id": cancellation_id}))
    if found is None:
        raise NotFound
    return found


def standing(tx: sa.Connection, scope: BuyerScope, subscription_id: str) -> Cancellation | None:
    """The cancellation of a subscription that was not taken back, in effect or not yet."""
    return _one(first(tx, _STANDING, {**buyer_values(scope), "p_subscription_id": subscription_id}))


def withdraw(tx: sa.Connection, scope: BuyerScope, subscription_id: str, now: datetime) -> bool:
    """Notes that the cancellation of a subscription was taken back. False: none stands."""
    return changed(tx, _WITHDRAW, {**buyer_values(scope), "p_subscription_id": subscription_id, "p_now": now}) == 1


def _one(row: Any) -> Cancellation | None:
    return None if row is None else Cancellation(*row)
