"""What a store sells."""

from typing import Any

import sqlalchemy as sa

from portico.domain.catalog import Product
from portico.domain.errors import NotFound
from portico.domain.scope import StoreScope
from portico.storage.rows import changed, many
from portico.storage.scoped import in_store, store_values
from portico.storage.tables import price
from portico.storage.tables import product as table

_NAMES = ("id", "external_id", "name", "description", "kind", "interval", "group_id", "tax_category", "active")
_OPTIONS = ("quantity_min", "quantity_max", "pause_periods_max")
_SELECT = (
    sa.select(*(table.c[name] for name in (*_NAMES, *_OPTIONS)), price.c.currency, price.c.amount_minor)
    .select_from(table.outerjoin(price, price.c.product_id == table.c.id))
    .where(in_store(table))
    .order_by(table.c.created_at, table.c.id, price.c.currency)
)
_GET = _SELECT.where(table.c.id == sa.bindparam("p_id"))
_ACTIVE = _SELECT.where(table.c.active)
_SET_OPTIONS = (
    sa.update(table)
    .where(in_store(table), table.c.id == sa.bindparam("p_id"))
    .values({name: sa.bindparam(f"p_{name}") for name in _OPTIONS})
)
_this = table.alias("this")
_ITS_GROUP = sa.select(_this.c.group_id).where(_this.c.id == sa.bindparam("p_id")).scalar_subquery()
_WITH_GROUP = _SELECT.where(sa.or_(table.c.id == sa.bindparam("p_id"), sa.and_(table.c.active, table.c.group_id == _ITS_GROUP)))


def get(tx: sa.Connection, scope: StoreScope, product_id: str) -> Product:
    """The product with its prices. Raises NotFound."""
    found = _fold(many(tx, _GET, {**store_values(scope), "p_id": product_id}))
    if not found:
        raise NotFound
    return found[0]


def active(tx: sa.Connection, scope: StoreScope) -> tuple[Product, ...]:
    """Everything on sale, oldest first."""
    return _fold(many(tx, _ACTIVE, store_values(scope)))


def with_group(tx: sa.Connection, scope: StoreScope, product_id: str) -> tuple[Product, tuple[Product, ...]]:
    """The product, and the plans of its group that are on sale, oldest first: in one statement. Raises NotFound."""
    found = _fold(many(tx, _WITH_GROUP, {**store_values(scope), "p_id": product_id}))
    itself = next((one for one in found if one.id == product_id), None)
    if itself is None:
        raise NotFound
    return itself, tuple(one for one in found if one.active and one.group_id is not None)


def set_options(
    tx: sa.Connection, scope: StoreScope, product_id: str, *, quantity_min: int, quantity_max: int, pause_periods_max: int
) -> None:
    """Sets which quantities a buyer may choose, and for how many periods in a row (0 to 3) he may pause. Raises NotFound."""
    values = {"p_quantity_min": quantity_min, "p_quantity_max": quantity_max, "p_pause_periods_max": pause_periods_max}
    if changed(tx, _SET_OPTIONS, {**store_values(scope), "p_id": product_id, **values}) != 1:
        raise NotFound


def _fold(rows: Any) -> tuple[Product, ...]:
    """One row per price becomes one product with its prices."""
    products: dict[str, Product] = {}
    for *row, currency, amount_minor in rows:
        item = products.get(row[0])
        if item is None:
            *head, active, quantity_min, quantity_max, pause_periods_max = row
            options = {"quantity_min": quantity_min, "quantity_max": quantity_max, "pause_periods_max": pause_periods_max}
            item = products[row[0]] = Product(*head, prices={}, active=active, **options)
        if currency is not None:
            item.prices[currency] = amount_minor
    return tuple(products.values())
