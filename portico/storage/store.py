"""Stores and the merchants they belong to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from portico.domain.errors import Conflict, NotFound, Refused
from portico.domain.invoice import Seller
from portico.domain.tax import TaxPolicy
from portico.storage.rows import changed, first, many
from portico.storage.tables import merchant, store


@dataclass(frozen=True, slots=True)
class StoreRow:
    """A store. `locale` is a language tag, `time_zone` an IANA name, `accent_color` "#rrggbb", `seller` what documents print.
    `test_offset` is how far ahead the time of its test environment runs; `cancel_reasons` are its own reasons for leaving
    ([{"code", "label": {tag: text}}]), None the ones that everybody starts with. With a `tax_policy` its tax table is in use.
    `return_origins` are the origins ("https://shop.example") that the portal may send a buyer back to. One that is
    deleted sells nothing any more; its buyers still come for their documents."""

    id: str
    merchant_id: str
    slug: str
    name: str
    locale: str
    time_zone: str
    support_email: str
    accent_color: str
    seller: Seller
    test_offset: timedelta = timedelta(0)
    cancel_reasons: list[dict[str, Any]] | None = None
    tax_policy: TaxPolicy | None = None
    return_origins: tuple[str, ...] = ()
    deleted_at: datetime | None = None


_NAMES = (
    "id", "merchant_id", "slug", "name", "locale", "time_zone", "support_email", "accent_color", "seller", "test_offset", "cancel_reasons",
    "tax_policy", "return_origins", "deleted_at",
)  # fmt: skip
COLUMNS = tuple(store.c[name] for name in _NAMES)
_BY_SLUG = sa.select(*COLUMNS).where(store.c.slug == sa.bindparam("p_slug"))
_BY_ID = sa.select(*COLUMNS).where(store.c.id == sa.bindparam("p_id"))
_LOCK = _BY_ID.with_for_update()
_ALL = sa.select(*COLUMNS).order_by(store.c.created_at, store.c.id)
_OF_MERCHANT = _ALL.where(store.c.merchant_id == sa.bindparam("p_merchant_id"))
_INSERT = sa.insert(store)
_offset = sa.bindparam("p_offset", type_=store.c.test_offset.type)
_SET_OFFSET = sa.update(store).where(store.c.id == sa.bindparam("p_id"), store.c.test_offset <= _offset).values(test_offset=_offset)
_SET_REASONS = (
    sa.update(store)
    .where(store.c.id == sa.bindparam("p_id"))
    .values(cancel_reasons=sa.bindparam("p_reasons", type_=store.c.cancel_reasons.type))
)
_SET_POLICY = (
    sa.update(store).where(store.c.id == sa.bindparam("p_id")).values(tax_policy=sa.bindparam("p_policy", type_=store.c.tax_policy.type))
)
_SET_SELLER = sa.update(store).where(store.c.id == sa.bindparam("p_id")).values(seller=sa.bindparam("p_seller", type_=store.c.seller.type))
_SET_RETURN_ORIGINS = (
    sa.update(store)
    .where(store.c.id == sa.bindparam("p_id"))
    .values(return_origins=sa.bindparam("p_origins", type_=store.c.return_origins.type))
)
_SHOWN = ("name", "locale", "time_zone", "support_email", "accent_color")
_UPDATE = sa.update(store).where(store.c.id == sa.bindparam("p_id")).values({name: sa.bindparam(f"p_{name}") for name in _SHOWN})
_DELETE = (
    sa.update(store)
    .where(store.c.id == sa.bindparam("p_id"), store.c.deleted_at.is_(None))
    .values(deleted_at=sa.bindparam("p_now", type_=store.c.deleted_at.type))
)
_INSERT_MERCHANT = sa.insert(merchant)


def create_merchant(tx: sa.Connection, merchant_id: str, name: str, now: datetime) -> None:
    """Keeps a new merchant."""
    tx.execute(_INSERT_MERCHANT, {"id": merchant_id, "name": name, "created_at": now})


def create(tx: sa.Connection, row: StoreRow, now: datetime) -> None:
    """Keeps a new store of a merchant there is. Raises Refused("slug_taken")."""
    if by_slug(tx, row.slug) is not None:
        raise Refused("slug_taken")
    tx.execute(_INSERT, {**{column.name: getattr(row, column.name) for column in COLUMNS}, "created_at": now})


def by_slug(tx: sa.Connection, slug: str) -> StoreRow | None:
    """The store whose portal lives under /`slug`/portal."""
    row = first(tx, _BY_SLUG, {"p_slug": slug})
    return None if row is None else of_row(row)


def get(tx: sa.Connection, store_id: str) -> StoreRow:
    """The store. Raises NotFound."""
    return _one(first(tx, _BY_ID, {"p_id": store_id}))


def lock(tx: sa.Connection, store_id: str) -> StoreRow:
    """The store, which nobody else changes until the transaction ends. Raises NotFound."""
    return _one(first(tx, _LOCK, {"p_id": store_id}))


def set_test_offset(tx: sa.Connection, store_id: str, offset: timedelta) -> None:
    """Puts the clock of a store's test environment ahead. It never goes back: Conflict if it stands further ahead already."""
    if changed(tx, _SET_OFFSET, {"p_id": store_id, "p_offset": offset}) != 1:
        raise Conflict


def set_cancel_reasons(tx: sa.Connection, store_id: str, reasons: list[dict[str, Any]] | None) -> None:
    """Gives a store its own list of reasons, or the common one back with None. Raises NotFound."""
    if changed(tx, _SET_REASONS, {"p_id": store_id, "p_reasons": reasons}) != 1:
        raise NotFound


def set_tax_policy(tx: sa.Connection, store_id: str, policy: TaxPolicy | None) -> None:
    """Puts the store's tax table in use, under these rules, or out of use with None. Raises NotFound."""
    if changed(tx, _SET_POLICY, {"p_id": store_id, "p_policy": policy}) != 1:
        raise NotFound


def set_seller(tx: sa.Connection, store_id: str, seller: Seller) -> None:
    """Replaces what the store's documents print about it. Raises NotFound."""
    if changed(tx, _SET_SELLER, {"p_id": store_id, "p_seller": seller}) != 1:
        raise NotFound


def update(tx: sa.Connection, row: StoreRow) -> None:
    """Replaces what people see of a store: name, language, time zone, address for help and colour. Raises NotFound."""
    if changed(tx, _UPDATE, {"p_id": row.id, **{f"p_{name}": getattr(row, name) for name in _SHOWN}}) != 1:
        raise NotFound


def set_return_origins(tx: sa.Connection, store_id: str, origins: Sequence[str]) -> None:
    """Replaces the list of origins that the portal may send a buyer back to. Raises NotFound."""
    if changed(tx, _SET_RETURN_ORIGINS, {"p_id": store_id, "p_origins": list(origins) or None}) != 1:
        raise NotFound


def delete(tx: sa.Connection, store_id: str, now: datetime) -> bool:
    """Notes that a store is deleted; all its rows stay. False when it was before."""
    return changed(tx, _DELETE, {"p_id": store_id, "p_now": now}) == 1


def of_merchant(tx: sa.Connection, merchant_id: str) -> tuple[StoreRow, ...]:
    """The stores of a merchant, oldest first."""
    return tuple(of_row(row) for row in many(tx, _OF_MERCHANT, {"p_merchant_id": merchant_id}))


def every(tx: sa.Connection) -> tuple[StoreRow, ...]:
    """All stores, oldest first: for operators."""
    return tuple(of_row(row) for row in many(tx, _ALL))


def of_row(row: Any) -> StoreRow:
    """A row of COLUMNS as a StoreRow."""
    *plain, seller, test_offset, cancel_reasons, policy, return_origins, deleted_at = row
    return StoreRow(
        *plain,
        seller=msgspec.convert(seller, Seller),
        test_offset=test_offset,
        cancel_reasons=cancel_reasons,
        tax_policy=None if policy is None else msgspec.convert(policy, TaxPolicy),
        return_origins=tuple(return_origins or ()),
        deleted_at=deleted_at,
    )


def _one(row: Any) -> StoreRow:
    if row is None:
        raise NotFound
    return of_row(row)
