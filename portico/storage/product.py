"""What a store sells."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portico.domain.catalog import Product, ProductKind
from portico.domain.errors import Conflict, NotFound
from portico.domain.scope import StoreScope
from portico.storage import bulk, listing
from portico.storage.listing import Listing
from portico.storage.page import PAGE_SIZE, Cursor, Page
from portico.storage.rows import changed, first, many
from portico.storage.scoped import in_store, store_values
from portico.storage.tables import price
from portico.storage.tables import product as table

_NAMES = (
    "id", "external_id", "name", "description", "kind", "interval", "group_id", "tax_category", "active", "quantity_min", "quantity_max",
    "pause_periods_max", "trial_days", "version", "metadata",
)  # fmt: skip
# A product stays of its kind and interval: orders and subscriptions of it count on that.
_CHANGEABLE = (
    "external_id", "name", "description", "group_id", "tax_category", "active", "quantity_min", "quantity_max", "pause_periods_max",
    "trial_days", "metadata",
)  # fmt: skip
_COLUMNS = tuple(table.c[name] for name in _NAMES)
_SELECT = (
    sa.select(*_COLUMNS, price.c.currency, price.c.amount_minor)
    .select_from(table.outerjoin(price, price.c.product_id == table.c.id))
    .where(in_store(table))
    .order_by(table.c.created_at, table.c.id, price.c.currency)
)
_ITSELF = sa.and_(in_store(table), table.c.id == sa.bindparam("p_id"))
_GET = _SELECT.where(table.c.id == sa.bindparam("p_id"))
_BY_EXTERNAL_ID = _SELECT.where(table.c.external_id == sa.bindparam("p_external_id"))
_ACTIVE = _SELECT.where(table.c.active)
_LISTING = Listing(sa.select(*_COLUMNS), table, listing.equal(table, "kind", "active", "group_id"))
_PRICES = sa.select(price.c.product_id, price.c.currency, price.c.amount_minor).where(
    price.c.product_id.in_(sa.bindparam("p_ids", expanding=True))
)
_INSERT, _INSERT_PRICES = sa.insert(table), sa.insert(price)
_DROP_PRICES = sa.delete(price).where(price.c.product_id == sa.bindparam("p_id"))
_NEW: dict[str, Any] = {name: sa.bindparam(f"p_{name}", type_=table.c[name].type) for name in _CHANGEABLE}
_UPDATE = sa.update(table).where(_ITSELF, table.c.version == sa.bindparam("p_expected")).values(_NEW | {"version": table.c.version + 1})
_IS_THERE = sa.select(table.c.id).where(_ITSELF)
_this = table.alias("this")
_ITS_GROUP = sa.select(_this.c.group_id).where(_this.c.id == sa.bindparam("p_id")).scalar_subquery()
_WITH_GROUP = _SELECT.where(sa.or_(table.c.id == sa.bindparam("p_id"), sa.and_(table.c.active, table.c.group_id == _ITS_GROUP)))


def create(tx: sa.Connection, scope: StoreScope, product: Product, now: datetime) -> None:
    """Keeps a new product with its prices. Raises Conflict when the store has one with its external id, or no such group."""
    row = {name: getattr(product, name) for name in _NAMES} | {"metadata": product.metadata or None, "created_at": now}
    with bulk.refusals(tx):
        tx.execute(_INSERT, {**row, "store_id": scope.store_id, "environment": scope.environment})
    _keep_prices(tx, product)


def get(tx: sa.Connection, scope: StoreScope, product_id: str) -> Product:
    """The product with its prices, on sale or not. Raises NotFound."""
    found = _fold(many(tx, _GET, {**store_values(scope), "p_id": product_id}))
    if not found:
        raise NotFound
    return found[0]


def by_external_id(tx: sa.Connection, scope: StoreScope, external_id: str) -> Product | None:
    """The product that the merchant calls so."""
    found = _fold(many(tx, _BY_EXTERNAL_ID, {**store_values(scope), "p_external_id": external_id}))
    return found[0] if found else None


def active(tx: sa.Connection, scope: StoreScope) -> tuple[Product, ...]:
    """Everything on sale, oldest first."""
    return _fold(many(tx, _ACTIVE, store_values(scope)))


def page(
    tx: sa.Connection,
    scope: StoreScope,
    cursor: Cursor | None = None,
    limit: int = PAGE_SIZE,
    *,
    kind: ProductKind | None = None,
    active: bool | None = None,
    group_id: str | None = None,
) -> Page[Product]:
    """Products with their prices, newest first: two statements."""
    rows, following = listing.page(tx, _LISTING, scope, cursor, limit, kind=kind, active=active, group_id=group_id)
    products = {row.id: _product(row[: len(_NAMES)]) for row in rows}
    for product_id, currency, amount_minor in many(tx, _PRICES, {"p_ids": list(products)}) if products else ():
        products[product_id].prices[currency] = amount_minor
    return Page(tuple(products.values()), following)


def with_group(tx: sa.Connection, scope: StoreScope, product_id: str) -> tuple[Product, tuple[Product, ...]]:
    """The product, and the plans of its group that are on sale, oldest first: in one statement. Raises NotFound."""
    found = _fold(many(tx, _WITH_GROUP, {**store_values(scope), "p_id": product_id}))
    itself = next((one for one in found if one.id == product_id), None)
    if itself is None:
        raise NotFound
    return itself, tuple(one for one in found if one.active and one.group_id is not None)


def update(tx: sa.Connection, scope: StoreScope, product: Product) -> int:
    """Replaces all of a product but its kind and interval, prices included; the version it then has, one above `product.version`.

    Raises NotFound, and Conflict when it moved since it was read, its external id is another's, or there is no such group.
    """
    values: dict[str, Any] = {f"p_{name}": getattr(product, name) for name in _CHANGEABLE} | {"p_metadata": product.metadata or None}
    here = {**store_values(scope), "p_id": product.id}
    with bulk.refusals(tx):
        if changed(tx, _UPDATE, {**here, **values, "p_expected": product.version}) != 1:
            raise Conflict("the product moved since it was read") if first(tx, _IS_THERE, here) else NotFound
    tx.execute(_DROP_PRICES, {"p_id": product.id})
    _keep_prices(tx, product)
    return product.version + 1


def _keep_prices(tx: sa.Connection, product: Product) -> None:
    if product.prices:
        prices = product.prices.items()
        tx.execute(_INSERT_PRICES, [{"product_id": product.id, "currency": currency, "amount_minor": minor} for currency, minor in prices])


def _fold(rows: Any) -> tuple[Product, ...]:
    """One row per price becomes one product with its prices."""
    products: dict[str, Product] = {}
    for *row, currency, amount_minor in rows:
        item = products.get(row[0])
        if item is None:
            item = products[row[0]] = _product(row)
        if currency is not None:
            item.prices[currency] = amount_minor
    return tuple(products.values())


_PRICES_AT = _NAMES.index("active")


def _product(row: Any) -> Product:
    """A row of _COLUMNS, without prices yet."""
    *options, metadata = row[_PRICES_AT:]
    values: tuple[Any, ...] = (*row[:_PRICES_AT], {}, *options, metadata or {})
    return Product(*values)
