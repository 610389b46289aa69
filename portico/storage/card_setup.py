"""Visits to a payment provider's page to give a card: begun with a key of ours, ended once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from portico.domain.errors import NotFound
from portico.domain.scope import BuyerScope
from portico.storage.rows import changed, first, scalar
from portico.storage.scoped import buyer_values, of_buyer
from portico.storage.tables import card_setup as table

Status = Literal["open", "completed", "expired"]


@dataclass(frozen=True, slots=True)
class CardSetupRow:
    """A visit for a subscription's card. `reference` is the provider's id of it, None until it has answered."""

    id: str
    subscription_id: str
    key: str
    reference: str | None
    status: Status
    created_at: datetime
    completed_at: datetime | None


_COLUMNS = tuple(table.c[name] for name in ("id", "subscription_id", "key", "reference", "status", "created_at", "completed_at"))
_INSERT = sa.insert(table)
_ITSELF = sa.and_(of_buyer(table), table.c.id == sa.bindparam("p_id"))
_GET = sa.select(*_COLUMNS).where(_ITSELF)
_BY_REFERENCE = sa.select(table.c.store_id, table.c.environment, table.c.buyer_id, *_COLUMNS).where(
    table.c.reference == sa.bindparam("p_reference")
)
_COUNT_SINCE = sa.select(sa.func.count()).where(
    of_buyer(table), table.c.subscription_id == sa.bindparam("p_subscription_id"), table.c.created_at > sa.bindparam("p_since")
)
_SET_REFERENCE = sa.update(table).where(_ITSELF, table.c.reference.is_(None)).values(reference=sa.bindparam("p_reference"))
_END = (
    sa.update(table)
    .where(_ITSELF, table.c.status == "open")
    .values(status=sa.bindparam("p_status"), completed_at=sa.bindparam("p_completed_at", type_=table.c.completed_at.type))
)


def create(tx: sa.Connection, scope: BuyerScope, setup_id: str, *, subscription_id: str, key: str, now: datetime) -> None:
    """Keeps a new visit, which is open."""
    whose = {"store_id": scope.store_id, "environment": scope.environment, "buyer_id": scope.buyer_id}
    row = {"id": setup_id, "subscription_id": subscription_id, "key": key, "status": "open", "created_at": now}
    tx.execute(_INSERT, whose | row)


def get(tx: sa.Connection, scope: BuyerScope, setup_id: str) -> CardSetupRow:
    """The visit. Raises NotFound."""
    row = first(tx, _GET, {**buyer_values(scope), "p_id": setup_id})
    if row is None:
        raise NotFound
    return CardSetupRow(*row)


def count_since(tx: sa.Connection, scope: BuyerScope, subscription_id: str, since: datetime) -> int:
    """How many visits for a subscription's card were begun after a moment."""
    return int(scalar(tx, _COUNT_SINCE, {**buyer_values(scope), "p_subscription_id": subscription_id, "p_since": since}))


def by_reference(tx: sa.Connection, reference: str) -> tuple[BuyerScope, CardSetupRow] | None:
    """The visit that a provider knows by this id, and whose: for webhooks, never for a visitor."""
    row = first(tx, _BY_REFERENCE, {"p_reference": reference})
    return None if row is None else (BuyerScope(*row[:3]), CardSetupRow(*row[3:]))


def set_reference(tx: sa.Connection, scope: BuyerScope, setup_id: str, reference: str) -> bool:
    """Notes the provider's id of a visit. False: it has one already, or is not the buyer's."""
    return changed(tx, _SET_REFERENCE, {**buyer_values(scope), "p_id": setup_id, "p_reference": reference}) == 1


def end(tx: sa.Connection, scope: BuyerScope, setup_id: str, *, status: Literal["completed", "expired"], now: datetime) -> bool:
    """Ends a visit that is open. False, and nothing is written, when it has ended already or is not the buyer's."""
    values = {"p_status": status, "p_completed_at": now if status == "completed" else None}
    return changed(tx, _END, {**buyer_values(scope), "p_id": setup_id, **values}) == 1
