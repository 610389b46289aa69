"""Visits to a payment provider's page to give a card: begun with a key of ours, ended once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from portico.domain.errors import NotFound
from portico.domain.scope import BuyerScope, StoreScope
from portico.storage.rows import changed, first, many, scalar
from portico.storage.scoped import buyer_values, in_store, of_buyer, store_values
from portico.storage.tables import card_setup as table

Status = Literal["open", "completed", "expired"]


@dataclass(frozen=True, slots=True)
class CardSetupRow:
    """A visit for the card of a subscription, or for what a checkout sells. `reference` is the provider's id of it, None until it has
    answered."""

    id: str
    subscription_id: str | None
    key: str
    reference: str | None
    status: Status
    created_at: datetime
    completed_at: datetime | None
    checkout_id: str | None = None


_NAMES = ("id", "subscription_id", "key", "reference", "status", "created_at", "completed_at", "checkout_id")
_COLUMNS = tuple(table.c[name] for name in _NAMES)
_INSERT = sa.insert(table)
_ITSELF = sa.and_(of_buyer(table), table.c.id == sa.bindparam("p_id"))
_GET = sa.select(*_COLUMNS).where(_ITSELF)
_BY_REFERENCE = sa.select(table.c.store_id, table.c.environment, table.c.buyer_id, *_COLUMNS).where(
    table.c.reference == sa.bindparam("p_reference")
)
_COUNT_SINCE = sa.select(sa.func.count()).where(
    of_buyer(table), table.c.subscription_id == sa.bindparam("p_subscription_id"), table.c.created_at > sa.bindparam("p_since")
)
_OF_CHECKOUT = sa.and_(in_store(table), table.c.checkout_id == sa.bindparam("p_checkout_id"))
_COUNT_OF_CHECKOUT_SINCE = sa.select(sa.func.count()).where(_OF_CHECKOUT, table.c.created_at > sa.bindparam("p_since"))
_OPEN_OF_CHECKOUT = (
    sa.select(table.c.store_id, table.c.environment, table.c.buyer_id, *_COLUMNS)
    .where(_OF_CHECKOUT, table.c.status == "open", table.c.reference.is_not(None))
    .order_by(table.c.created_at.desc(), table.c.id.desc())
)
_EXPIRE_OF_CHECKOUT = sa.update(table).where(_OF_CHECKOUT, table.c.status == "open").values(status="expired")
_SET_REFERENCE = sa.update(table).where(_ITSELF, table.c.reference.is_(None)).values(reference=sa.bindparam("p_reference"))
_END = (
    sa.update(table)
    .where(_ITSELF, table.c.status == "open")
    .values(status=sa.bindparam("p_status"), completed_at=sa.bindparam("p_completed_at", type_=table.c.completed_at.type))
)


def create(
    tx: sa.Connection,
    scope: BuyerScope,
    setup_id: str,
    *,
    subscription_id: str | None = None,
    checkout_id: str | None = None,
    key: str,
    now: datetime,
) -> None:
    """Keeps a new visit, which is open, for one of both."""
    whose = {"store_id": scope.store_id, "environment": scope.environment, "buyer_id": scope.buyer_id}
    what_for = {"subscription_id": subscription_id, "checkout_id": checkout_id}
    tx.execute(_INSERT, {**whose, **what_for, "id": setup_id, "key": key, "status": "open", "created_at": now})


def get(tx: sa.Connection, scope: BuyerScope, setup_id: str) -> CardSetupRow:
    """The visit. Raises NotFound."""
    row = first(tx, _GET, {**buyer_values(scope), "p_id": setup_id})
    if row is None:
        raise NotFound
    return CardSetupRow(*row)


def count_since(tx: sa.Connection, scope: BuyerScope, subscription_id: str, since: datetime) -> int:
    """How many visits for a subscription's card were begun after a moment."""
    return int(scalar(tx, _COUNT_SINCE, {**buyer_values(scope), "p_subscription_id": subscription_id, "p_since": since}))


def count_of_checkout_since(tx: sa.Connection, scope: StoreScope, checkout_id: str, since: datetime) -> int:
    """How many visits for a checkout were begun after a moment, whoever ordered."""
    return int(scalar(tx, _COUNT_OF_CHECKOUT_SINCE, {**store_values(scope), "p_checkout_id": checkout_id, "p_since": since}))


def open_of_checkout(tx: sa.Connection, scope: StoreScope, checkout_id: str) -> tuple[tuple[BuyerScope, CardSetupRow], ...]:
    """The visits for a checkout whose end the provider can tell, newest first, each with whose it is."""
    found = many(tx, _OPEN_OF_CHECKOUT, {**store_values(scope), "p_checkout_id": checkout_id})
    return tuple((BuyerScope(*row[:3]), CardSetupRow(*row[3:])) for row in found)


def expire_of_checkout(tx: sa.Connection, scope: StoreScope, checkout_id: str) -> None:
    """Ends every visit for a checkout that is open: a card that is given there later is for nothing."""
    tx.execute(_EXPIRE_OF_CHECKOUT, {**store_values(scope), "p_checkout_id": checkout_id})


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
