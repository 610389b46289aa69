"""Buyers, and the billing details that prefill their next document."""

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from portico.domain.billing_detail import BillingDetail
from portico.domain.buyer import Buyer
from portico.domain.errors import NotFound
from portico.domain.scope import BuyerScope, StoreScope
from portico.storage import bulk, listing
from portico.storage.listing import Listing
from portico.storage.page import PAGE_SIZE, Cursor, Page
from portico.storage.rows import changed, first, many
from portico.storage.scoped import buyer_values, in_store, store_values
from portico.storage.tables import buyer as table

COLUMNS = tuple(table.c[name] for name in ("id", "email", "external_id", "name", "locale", "created_at"))
_ITSELF = sa.and_(in_store(table), table.c.id == sa.bindparam("p_buyer_id"))
_INSERT = sa.insert(table)
_BY_EMAIL = sa.select(*COLUMNS).where(in_store(table), table.c.email == sa.bindparam("p_email"))
_BY_EXTERNAL_ID = sa.select(*COLUMNS).where(in_store(table), table.c.external_id == sa.bindparam("p_external_id"))
_LISTING = Listing(sa.select(*COLUMNS), table, listing.equal(table, "email", "external_id"))
_DETAILS = sa.select(table.c.id, table.c.billing_detail, table.c.billing_version).where(
    in_store(table), table.c.id.in_(sa.bindparam("p_ids", expanding=True))
)
_CHANGEABLE = ("email", "external_id", "name", "locale")
_UPDATE = sa.update(table).where(_ITSELF).values({name: sa.bindparam(f"p_{name}") for name in _CHANGEABLE})
_GET = sa.select(*COLUMNS).where(_ITSELF)
_LOCK = _GET.with_for_update(key_share=True)  # what names the buyer may still be written
_SET_LOCALE = sa.update(table).where(_ITSELF).values(locale=sa.bindparam("p_locale"))
_BILLING_DETAIL = sa.select(table.c.billing_detail, table.c.billing_version).where(_ITSELF)
_SAVE_BILLING_DETAIL = (
    sa.update(table)
    .where(_ITSELF, table.c.billing_version == sa.bindparam("p_expected"))
    .values(billing_detail=sa.bindparam("p_detail", type_=sa.JSON()), billing_version=table.c.billing_version + 1)
)


def create(tx: sa.Connection, scope: StoreScope, row: Buyer, detail: BillingDetail) -> None:
    """Keeps a new buyer; `row.email` is canonical. Raises Conflict for a second buyer with the same e-mail, or external id."""
    values: dict[str, Any] = {column.name: getattr(row, column.name) for column in COLUMNS}
    with bulk.refusals(tx):
        tx.execute(_INSERT, {**values, "billing_detail": detail, "store_id": scope.store_id, "environment": scope.environment})


def by_email(tx: sa.Connection, scope: StoreScope, email: str) -> Buyer | None:
    """The buyer with this canonical address, compared byte by byte."""
    row = first(tx, _BY_EMAIL, {**store_values(scope), "p_email": email})
    return None if row is None else Buyer(*row)


def get(tx: sa.Connection, scope: BuyerScope) -> Buyer:
    """The buyer. Raises NotFound."""
    row = first(tx, _GET, buyer_values(scope))
    if row is None:
        raise NotFound
    return Buyer(*row)


def lock(tx: sa.Connection, scope: BuyerScope) -> Buyer:
    """The buyer, of whom nobody else does what is counted and limited until the transaction ends. Raises NotFound.

    Lock order: before the buyer's subscriptions and payments.
    """
    row = first(tx, _LOCK, buyer_values(scope))
    if row is None:
        raise NotFound
    return Buyer(*row)


def by_external_id(tx: sa.Connection, scope: StoreScope, external_id: str) -> Buyer | None:
    """The buyer that the merchant calls so."""
    row = first(tx, _BY_EXTERNAL_ID, {**store_values(scope), "p_external_id": external_id})
    return None if row is None else Buyer(*row)


def page(
    tx: sa.Connection,
    scope: StoreScope,
    cursor: Cursor | None = None,
    limit: int = PAGE_SIZE,
    *,
    email: str | None = None,
    external_id: str | None = None,
) -> Page[Buyer]:
    """Buyers, newest first; `email` is canonical."""
    rows, following = listing.page(tx, _LISTING, scope, cursor, limit, email=email, external_id=external_id)
    return Page(tuple(Buyer(*row[: len(COLUMNS)]) for row in rows), following)


def billing_details(tx: sa.Connection, scope: StoreScope, buyer_ids: Sequence[str]) -> dict[str, tuple[BillingDetail, int]]:
    """The billing detail and its version of each of these buyers of a store, in one statement."""
    rows = many(tx, _DETAILS, {**store_values(scope), "p_ids": list(buyer_ids)}) if buyer_ids else ()
    return {buyer_id: (msgspec.convert(detail, BillingDetail), version) for buyer_id, detail, version in rows}


def update(tx: sa.Connection, scope: BuyerScope, row: Buyer) -> None:
    """Replaces a buyer's e-mail (canonical), name, language and external id. Raises NotFound, and Conflict when another buyer has the
    e-mail or the external id."""
    with bulk.refusals(tx):
        if changed(tx, _UPDATE, {**buyer_values(scope), **{f"p_{name}": getattr(row, name) for name in _CHANGEABLE}}) != 1:
            raise NotFound


def set_locale(tx: sa.Connection, scope: BuyerScope, locale: str) -> None:
    """Remembers the language a buyer chose. Raises NotFound."""
    if changed(tx, _SET_LOCALE, {**buyer_values(scope), "p_locale": locale}) != 1:
        raise NotFound


def billing_detail(tx: sa.Connection, scope: BuyerScope) -> tuple[BillingDetail, int]:
    """The billing detail and its version, which `save_billing_detail` asks back. Raises NotFound."""
    row = first(tx, _BILLING_DETAIL, buyer_values(scope))
    if row is None:
        raise NotFound
    return msgspec.convert(row.billing_detail, BillingDetail), row.billing_version


def save_billing_detail(tx: sa.Connection, scope: BuyerScope, detail: BillingDetail, expected_version: int) -> bool:
    """Replaces the billing detail; False if it moved since version `expected_version` was read."""
    values = {**buyer_values(scope), "p_detail": detail, "p_expected": expected_version}
    return changed(tx, _SAVE_BILLING_DETAIL, values) == 1
