"""The subscriptions that Portico bills, each with all that decides how its next charge is taxed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa

from portico.domain.billing_detail import BillingDetail
from portico.domain.scope import BuyerScope
from portico.domain.subscription import Subscription
from portico.domain.tax import UNTAXED_REASONS
from portico.storage import subscription as subscriptions
from portico.storage.rows import many
from portico.storage.scoped import buyer_values, of_buyer
from portico.storage.tables import buyer, order, product
from portico.storage.tables import subscription as table

_SLICE = 200


@dataclass(frozen=True, slots=True)
class Taxed:
    """A managed subscription that is not over. `category` is that of the plan that is charged next, `ordered_for` whom its order names
    and `own` the buyer's billing details of today."""

    scope: BuyerScope
    subscription: Subscription
    category: str
    ordered_for: BillingDetail
    own: BillingDetail


_later = product.alias("later")
_CATEGORY = sa.case((table.c.change_kind == "change_plan", _later.c.tax_category), else_=product.c.tax_category)
_ALL = (
    sa.select(*subscriptions.SCOPE, *subscriptions.COLUMNS, _CATEGORY, order.c.billing_detail, buyer.c.billing_detail)
    .select_from(
        subscriptions.WITH_PLANNED.join(product, product.c.id == table.c.product_id)
        .join(order, order.c.id == table.c.order_id)
        .join(buyer, buyer.c.id == table.c.buyer_id)
        .outerjoin(_later, _later.c.id == table.c.change_product_id)
    )
    .where(table.c.managed, table.c.ended_at.is_(None))
)
_OF_BUYER = _ALL.where(of_buyer(table)).order_by(*subscriptions.IN_LIST).with_for_update(of=table)
_OF_STORE = (
    _ALL.where(table.c.store_id == sa.bindparam("p_store_id"), table.c.id > sa.bindparam("p_after")).order_by(table.c.id).limit(_SLICE)
)
_OF_STORE_LOCKED = _OF_STORE.with_for_update(of=table, skip_locked=True)
_CURRENCIES = (
    sa.select(table.c.currency, table.c.tax_country)
    .distinct()
    .where(table.c.store_id == sa.bindparam("p_store_id"), table.c.managed, table.c.ended_at.is_(None))
    .where(table.c.tax_reason.not_in(UNTAXED_REASONS))
    .order_by(table.c.currency, table.c.tax_country)
)


def of_buyer_locked(tx: sa.Connection, scope: BuyerScope) -> tuple[Taxed, ...]:
    """Those of a buyer, which nobody else changes until the transaction ends; locked in the order of a list, like by card."""
    return tuple(_of_row(row) for row in many(tx, _OF_BUYER, buyer_values(scope)))


def slice_of_store(tx: sa.Connection, store_id: str, after: str, *, lock: bool) -> tuple[Taxed, ...]:
    """Up to 200 of both environments of a store, by id, from the one after `after`; for operators. `lock`: nobody else changes them, and
    those that somebody works on are left out."""
    statement = _OF_STORE_LOCKED if lock else _OF_STORE
    return tuple(_of_row(row) for row in many(tx, statement, {"p_store_id": store_id, "p_after": after}))


def of_store(tx: sa.Connection, store_id: str) -> Iterator[Taxed]:
    """All of a store, slice by slice: to check them."""
    after = ""
    while found := slice_of_store(tx, store_id, after, lock=False):
        yield from found
        after = found[-1].subscription.id


def currencies(tx: sa.Connection, store_id: str) -> tuple[tuple[str, str], ...]:
    """Those in which a store will charge tax, each with the country that gets it; empty where that is not known."""
    return tuple((row.currency, row.tax_country) for row in many(tx, _CURRENCIES, {"p_store_id": store_id}))


def _of_row(row: Any) -> Taxed:
    scope, subscription = subscriptions.scoped(row)
    category, ordered_for, own = row[-3:]
    return Taxed(scope, subscription, category, msgspec.convert(ordered_for, BillingDetail), msgspec.convert(own, BillingDetail))
