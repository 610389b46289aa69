"""Stores and the merchants they belong to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from portico.domain.errors import NotFound, Refused
from portico.domain.invoice import Seller
from portico.storage.rows import first, many
from portico.storage.tables import merchant, store


@dataclass(frozen=True, slots=True)
class StoreRow:
    """A store. `locale` is a language tag, `time_zone` an IANA name, `accent_color` "#rrggbb", `seller` what documents print."""

    id: str
    merchant_id: str
    slug: str
    name: str
    locale: str
    time_zone: str
    support_email: str
    accent_color: str
    seller: Seller


COLUMNS = tuple(
    store.c[name] for name in ("id", "merchant_id", "slug", "name", "locale", "time_zone", "support_email", "accent_color", "seller")
)
_BY_SLUG = sa.select(*COLUMNS).where(store.c.slug == sa.bindparam("p_slug"))
_BY_ID = sa.select(*COLUMNS).where(store.c.id == sa.bindparam("p_id"))
_ALL = sa.select(*COLUMNS).order_by(store.c.created_at, store.c.id)
_INSERT = sa.insert(store)
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
    row = first(tx, _BY_ID, {"p_id": store_id})
    if row is None:
        raise NotFound
    return of_row(row)


def every(tx: sa.Connection) -> tuple[StoreRow, ...]:
    """All stores, oldest first: for operators."""
    return tuple(of_row(row) for row in many(tx, _ALL))


def of_row(row: Any) -> StoreRow:
    """A row of COLUMNS as a StoreRow."""
    *plain, seller = row
    return StoreRow(*plain, seller=msgspec.convert(seller, Seller))
