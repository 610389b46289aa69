"""Checkouts: what is on offer to a buyer, until he has bought it or its time is over.

open -> placed -> completed, or expired; every step is one guarded UPDATE, and who comes second is told so. Lock order: after what was
ordered (the subscription or the order, its payment and attempt), since whoever settles a charge has locked that; before its visits to the
provider's card page.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from portico.domain.billing_detail import BillingDetail
from portico.domain.checkout import CheckoutSession, CheckoutStatus
from portico.domain.errors import NotFound
from portico.domain.scope import BuyerScope, StoreScope
from portico.storage import listing
from portico.storage.columns import word
from portico.storage.listing import Listing
from portico.storage.page import PAGE_SIZE, Cursor, Page
from portico.storage.rows import changed, first, many, scalar
from portico.storage.scoped import buyer_values, in_store, of_buyer, store_values
from portico.storage.tables import checkout_session as table
from portico.storage.tables import order, payment, subscription

_NAMES = (
    "id", "buyer_id", "email", "product_id", "product_name", "product_version", "kind", "quantity", "currency", "unit_minor",
    "price_is_own", "trial_days", "billing_detail", "locale", "theme", "success_url", "cancel_url", "order_external_id", "status",
    "order_id", "created_at", "expires_at", "placed_at", "completed_at", "actor", "buyer_named", "metadata",
)  # fmt: skip
_COLUMNS = tuple(table.c[name] for name in _NAMES)
_SCOPE = (table.c.store_id, table.c.environment)
_ITSELF = sa.and_(in_store(table), table.c.id == sa.bindparam("p_id"))
_INSERT = sa.insert(table)
_GET = sa.select(*_COLUMNS).where(_ITSELF)
_LOCK = _GET.with_for_update()
_ANY = sa.select(*_SCOPE, *_COLUMNS).where(table.c.id == sa.bindparam("p_id"))
_LISTING = Listing(sa.select(*_COLUMNS), table, listing.equal(table, "status", "buyer_id"))
_IS_GOING_ON = table.c.status.in_((word("open"), word("placed")))
_now = sa.bindparam("p_now", type_=table.c.placed_at.type)
_until = sa.bindparam("p_until", type_=table.c.expires_at.type)
_IS_CHARGED = sa.exists().where(payment.c.order_id == table.c.order_id, payment.c.status.in_(("pending", "unknown")))
_DUE = (
    sa.select(*_SCOPE, *_COLUMNS)
    .where(_IS_GOING_ON, table.c.expires_at <= _now, ~_IS_CHARGED)
    .order_by(table.c.expires_at, table.c.id)
    .limit(sa.bindparam("p_limit"))
)
_PLACE = (
    sa.update(table)
    .where(_ITSELF, _IS_GOING_ON, table.c.expires_at > _now, sa.or_(~table.c.buyer_named, table.c.buyer_id == sa.bindparam("p_buyer_id")))
    .values(
        status="placed",
        buyer_id=sa.bindparam("p_buyer_id"),
        email=sa.bindparam("p_email"),
        billing_detail=sa.bindparam("p_billing_detail", type_=table.c.billing_detail.type),
        locale=sa.bindparam("p_locale"),
        trial_days=sa.bindparam("p_trial_days"),
        order_id=sa.bindparam("p_order_id"),
        placed_at=_now,
        expires_at=sa.case((table.c.expires_at < _until, _until), else_=table.c.expires_at),
    )
)
_REOPEN = (
    sa.update(table)
    .where(_ITSELF, table.c.status == "placed")
    .values(status="open", order_id=None, trial_days=0, buyer_id=sa.case((table.c.buyer_named, table.c.buyer_id), else_=None))
)
_OF_ORDER = sa.and_(in_store(table), table.c.order_id == sa.bindparam("p_order_id"), table.c.status == "placed")
_WAITING_FOR = sa.select(table.c.id).where(_OF_ORDER)
_COMPLETE = sa.update(table).where(_OF_ORDER).values(status="completed", completed_at=_now).returning(table.c.id)
_EXPIRE = sa.update(table).where(_ITSELF, _IS_GOING_ON).values(status="expired")
_CUT_SHORT = sa.update(table).where(in_store(table), _IS_GOING_ON, table.c.expires_at > _now).values(expires_at=_now)
_PRODUCTS: sa.BindParameter[Any] = sa.bindparam("p_product_ids", expanding=True)
_TRIAL_HAD = (
    sa.select(subscription.c.id)
    .select_from(subscription.join(order, order.c.id == subscription.c.order_id))
    .where(
        of_buyer(subscription),
        subscription.c.trial_end.is_not(None),
        subscription.c.status.not_in(("pending", "closed")),
        sa.or_(subscription.c.product_id.in_(_PRODUCTS), order.c.product_id.in_(_PRODUCTS)),
    )
    .limit(1)
)


def create(tx: sa.Connection, scope: StoreScope, session: CheckoutSession) -> None:
    """Keeps a new checkout."""
    row = {name: getattr(session, name) for name in _NAMES} | {"metadata": session.metadata or None}
    tx.execute(_INSERT, {**row, "store_id": scope.store_id, "environment": scope.environment})


def get(tx: sa.Connection, scope: StoreScope, checkout_id: str) -> CheckoutSession:
    """The checkout. Raises NotFound."""
    return _one(first(tx, _GET, {**store_values(scope), "p_id": checkout_id}))


def lock(tx: sa.Connection, scope: StoreScope, checkout_id: str) -> CheckoutSession:
    """The checkout, which nobody else changes until the transaction ends. Raises NotFound."""
    return _one(first(tx, _LOCK, {**store_values(scope), "p_id": checkout_id}))


def get_any(tx: sa.Connection, checkout_id: str) -> tuple[StoreScope, CheckoutSession]:
    """The checkout of whichever store, and of which: for background work, never for a visitor. Raises NotFound."""
    row = first(tx, _ANY, {"p_id": checkout_id})
    if row is None:
        raise NotFound
    return StoreScope(*row[:2]), _one(row[2:])


def page(
    tx: sa.Connection,
    scope: StoreScope,
    cursor: Cursor | None = None,
    limit: int = PAGE_SIZE,
    *,
    status: CheckoutStatus | None = None,
    buyer_id: str | None = None,
) -> Page[CheckoutSession]:
    """Checkouts, newest first: one statement."""
    rows, following = listing.page(tx, _LISTING, scope, cursor, limit, status=status, buyer_id=buyer_id)
    return Page(tuple(_one(row[: len(_NAMES)]) for row in rows), following)


def due(tx: sa.Connection, now: datetime, limit: int) -> list[tuple[StoreScope, CheckoutSession]]:
    """Up to `limit` checkouts of any store whose time was over at `now`, which have not ended and are not being charged, longest over
    first: to lock, one after the other."""
    return [(StoreScope(*row[:2]), _one(row[2:])) for row in many(tx, _DUE, {"p_now": now, "p_limit": limit})]


def place(
    tx: sa.Connection,
    scope: BuyerScope,
    checkout_id: str,
    *,
    email: str,
    billing_detail: BillingDetail,
    order_id: str,
    trial_days: int,
    locale: str | None,
    now: datetime,
    until: datetime,
) -> bool:
    """The buyer ordered: `order_id` waits for its payment, `until` that moment at least, or for a card for the trial that he was shown;
    an order from before is replaced. False, and nothing is written, when the checkout is completed, expired, another buyer's, or its
    time is over."""
    given = {
        "p_email": email,
        "p_billing_detail": billing_detail,
        "p_order_id": order_id,
        "p_trial_days": trial_days,
        "p_locale": locale,
        "p_now": now,
        "p_until": until,
    }
    return changed(tx, _PLACE, {**buyer_values(scope), "p_id": checkout_id, **given}) == 1


def reopen(tx: sa.Connection, scope: StoreScope, checkout_id: str) -> bool:
    """What was ordered cannot be had: the buyer has had the trial. He may order again, without one. False, and nothing is written,
    unless it was placed."""
    return changed(tx, _REOPEN, {**store_values(scope), "p_id": checkout_id}) == 1


def waiting_for(tx: sa.Connection, scope: StoreScope, order_id: str) -> str | None:
    """The checkout that waits for this order to be paid; None when none does."""
    return scalar(tx, _WAITING_FOR, {**store_values(scope), "p_order_id": order_id})


def complete(tx: sa.Connection, scope: StoreScope, order_id: str, now: datetime) -> str | None:
    """The order is paid for, or was free: the checkout that waited for it is completed. None, and nothing is written, when none did."""
    return scalar(tx, _COMPLETE, {**store_values(scope), "p_order_id": order_id, "p_now": now})


def expire(tx: sa.Connection, scope: StoreScope, checkout_id: str) -> bool:
    """Its time is over, or the merchant takes it back. False, and nothing is written, when it is completed or expired."""
    return changed(tx, _EXPIRE, {**store_values(scope), "p_id": checkout_id}) == 1


def cut_short(tx: sa.Connection, scope: StoreScope, now: datetime) -> int:
    """The time of all that goes on is over `now`: nothing more is ordered, and what waits for its payment is ended by the janitor. How
    many there were."""
    return changed(tx, _CUT_SHORT, {**store_values(scope), "p_now": now})


def trial_had(tx: sa.Connection, scope: BuyerScope, product_ids: Sequence[str]) -> bool:
    """Whether the buyer has had a trial of one of these products: one that began, whatever became of it."""
    if not product_ids:
        return False
    return first(tx, _TRIAL_HAD, {**buyer_values(scope), "p_product_ids": list(product_ids)}) is not None


_DETAIL_AT = _NAMES.index("billing_detail")


def _one(row: Any) -> CheckoutSession:
    if row is None:
        raise NotFound
    *values, metadata = row
    if values[_DETAIL_AT] is not None:
        values[_DETAIL_AT] = msgspec.convert(values[_DETAIL_AT], BillingDetail)
    fields: tuple[Any, ...] = (*values, metadata or {})
    return CheckoutSession(*fields)
